#pragma once

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

// Overwrites bytes that were consumed, so that a view kept for too long shows. On in debug builds;
// define it to 0 or 1, the same in the whole program, to choose otherwise.
#if !defined(CONCLAVE_POISON_CONSUMED)
#if defined(NDEBUG)
#define CONCLAVE_POISON_CONSUMED 0
#else
#define CONCLAVE_POISON_CONSUMED 1
#endif
#endif

namespace conclave::sse {

/// One linear piece of memory that bytes are received into and parsed in place. Its owner keeps
/// offsets into it, says which byte is the first it still needs (`keep`), and adds to its offsets
/// what `prepare` and `commit` return. Amortised over a stream each byte is moved a bounded number
/// of times, however small the pieces it comes in.
class receive_buffer {
public:
    /// Bytes behind the received ones that may be read.
    static constexpr std::size_t padding = 64;

    receive_buffer() = default;
    receive_buffer(const receive_buffer&) = delete;
    receive_buffer& operator=(const receive_buffer&) = delete;

    /// The memory; offsets count from here.
    char* bytes() noexcept { return memory_.get(); }
    /// Offset behind the last received byte.
    std::size_t end() const noexcept { return end_; }
    /// Bytes of memory held, padding not counted.
    std::size_t capacity() const noexcept { return capacity_; }
    /// Where the next bytes are to be received.
    std::span<char> room() noexcept { return {memory_.get() + end_, capacity_ - end_}; }
    /// Forgets all bytes and keeps the memory.
    void clear() noexcept {
        poison(end_);
        end_ = poisoned_ = 0;
    }

    /// Makes `room()` at least `minimum` bytes large; bytes before the offset `keep` are lost.
    /// Returns what to add to offsets (modulo 2^64: kept bytes move down). Throws
    /// `std::bad_alloc`.
    std::size_t prepare(std::size_t keep, std::size_t minimum) {
        poison(keep);
        const std::size_t kept = end_ - keep;
        std::size_t moved = 0;
        // Moving at most a quarter of what was consumed pays for itself.
        if (kept == 0 || keep / 4 >= kept) moved = move_down(keep);
        if (capacity_ - end_ < minimum) {
            moved += move_down(keep - moved);
            if (capacity_ - end_ < minimum) grow(2 * (end_ + minimum));
        }
        return 0 - moved;
    }

    /// Takes `received`, a part of `room()`, as the bytes that follow the received ones. If it does
    /// not begin where the room does, the gap is closed by moving the shorter side. Returns what to
    /// add to offsets.
    std::size_t commit(std::size_t keep, std::span<const char> received) noexcept {
        if (received.empty()) return 0;
        const auto first = static_cast<std::size_t>(received.data() - memory_.get());
        assert(first >= end_ && received.size() <= capacity_ - first);
        const std::size_t gap = first - end_;
        const std::size_t kept = end_ - keep;
        if (gap == 0 || kept > received.size()) {
            if (gap != 0) std::memmove(memory_.get() + end_, received.data(), received.size());
            end_ += received.size();
            return 0;
        }
        if (kept != 0) std::memmove(memory_.get() + keep + gap, memory_.get() + keep, kept);
        end_ = first + received.size();
        return gap;
    }

private:
    struct free_memory {
        void operator()(char* memory) const noexcept { std::free(memory); }
    };

    std::size_t move_down(std::size_t keep) noexcept {
        if (keep == 0) return 0;
        std::memmove(memory_.get(), memory_.get() + keep, end_ - keep);
        end_ -= keep;
        poisoned_ = 0;
        return keep;
    }

    // realloc, because the C library moves large blocks by remapping them: the old and the new one
    // are never held together.
    void grow(std::size_t capacity) {
        void* grown = std::realloc(memory_.get(), capacity + padding);
        if (grown == nullptr) throw std::bad_alloc();
        static_cast<void>(memory_.release());
        memory_.reset(static_cast<char*>(grown));
        capacity_ = capacity;
    }

    void poison(std::size_t keep) noexcept {
#if CONCLAVE_POISON_CONSUMED
        if (keep > poisoned_) std::memset(memory_.get() + poisoned_, 0xDB, keep - poisoned_);
#endif
        poisoned_ = keep;
    }

    std::unique_ptr<char, free_memory> memory_;
    std::size_t capacity_ = 0;
    std::size_t end_ = 0;
    std::size_t poisoned_ = 0;
};

}  // namespace conclave::sse
