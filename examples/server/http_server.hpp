#pragma once

#include "http.hpp"
#include "http_limits.hpp"

#include <conclave/net/asio.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace server {

/// What the server asks and tells the rest of the program. All are called on the server's thread.
struct http_hooks {
    /// Who calls: the name of the caller, or a `refusal` thrown. Called for routes `with_key`.
    std::function<std::string(const http_request&)> authenticate;
    /// A request has been dealt with, in so many seconds. `route` is its path if that is one of the
    /// table's, else empty; the status is 499 when the client went away before the end.
    std::function<void(const http_request&, std::string_view route, int status, double seconds)>
        on_response;
    /// A request was refused before it was one: 400, 408, 413, 431.
    std::function<void(int status)> on_refusal;
};

/// Serves a table of routes over HTTP/1.1.
///
/// Everything happens on the context's one thread.
class http_server {
public:
    http_server(asio::io_context& context, route_table routes, http_limits limits,
                http_hooks hooks);
    ~http_server();
    http_server(const http_server&) = delete;
    http_server& operator=(const http_server&) = delete;

    /// Begins to accept connections at an address and a port, 0 for any. Throws
    /// `std::system_error`.
    void listen(const std::string& address, unsigned short port);
    /// The port it listens on.
    unsigned short port() const;

    /// Accepts no more, closes idle connections, waits `drain_time` at most for the requests under
    /// way, then cancels them; calls `done` when the last one has ended. A second call waits no
    /// longer.
    void drain(std::function<void()> done);
    /// Whether `drain` has been called.
    bool draining() const noexcept;

    /// Requests under way.
    std::size_t open_requests() const noexcept;
    /// Those whose response has begun and is not whole yet.
    std::size_t open_streams() const noexcept;
    /// Connections open.
    std::size_t open_connections() const noexcept;

private:
    class implementation;
    std::shared_ptr<implementation> self_;
};

}  // namespace server
