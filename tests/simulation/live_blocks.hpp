#pragma once

#include <cstddef>

namespace conclave::simulation {

// How many blocks of memory this program has allocated and not freed. Coroutine frames are among
// them, as this program is compiled with ASIO_DISABLE_STD_ALIGNED_ALLOC.
std::size_t live_blocks() noexcept;

}  // namespace conclave::simulation
