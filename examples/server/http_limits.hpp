#pragma once

#include <chrono>
#include <cstddef>

namespace server {

/// How much one client may take, and for how long.
struct http_limits {
    /// Bytes of a request's head.
    std::size_t head_size = 16 * 1024;
    /// Bytes of a request's body: 413 beyond.
    std::size_t body_size = std::size_t{4} << 20;
    /// Connections open at a time; further ones wait to be accepted.
    std::size_t connections = 4096;
    /// From a connection's beginning, or the end of its last response, to the end of the request.
    std::chrono::milliseconds request_time{30'000};
    /// How long a client may leave a response unread.
    std::chrono::milliseconds write_time{60'000};
    /// How long requests under way may go on when the server is told to end.
    std::chrono::milliseconds drain_time{30'000};
};

}  // namespace server
