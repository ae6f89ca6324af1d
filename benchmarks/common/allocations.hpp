#pragma once

#include <cstdint>

namespace conclave::benchmarks {

/// How often this program has asked for memory so far: operator new, and the C library's functions
/// where the linker lets us stand in front of them (see CMakeLists.txt).
std::uint64_t allocation_count();

}  // namespace conclave::benchmarks
