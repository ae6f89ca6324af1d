// Counts what is allocated. A file of its own, as it replaces the program's allocation.

#include "simulation/live_blocks.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> blocks{0};

void* allocated(std::size_t size) {
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) std::abort();
    ++blocks;
    return memory;
}

void freed(void* memory) noexcept {
    if (memory == nullptr) return;
    --blocks;
    std::free(memory);
}

}  // namespace

std::size_t conclave::simulation::live_blocks() noexcept { return blocks; }

void* operator new(std::size_t size) { return allocated(size); }
void* operator new[](std::size_t size) { return allocated(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocated(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocated(size); }
void operator delete(void* memory) noexcept { freed(memory); }
void operator delete[](void* memory) noexcept { freed(memory); }
void operator delete(void* memory, std::size_t) noexcept { freed(memory); }
void operator delete[](void* memory, std::size_t) noexcept { freed(memory); }
