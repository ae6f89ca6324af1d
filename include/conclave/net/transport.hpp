#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

#include <conclave/http/proxy_settings.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>

namespace conclave::net {

/// Times within which the steps to a connection must be done. Zero: no limit of its own.
struct connect_options {
    connect_options() = default;

    /// Finding the addresses of a name: `errc::resolve_timeout`.
    std::chrono::milliseconds resolve_timeout{10'000};
    /// Connecting to one of them: `errc::connect_timeout`. Through a proxy: connecting to that,
    /// and, counted anew, all that is said with it, TLS included, until it has made the connection
    /// to the server.
    std::chrono::milliseconds connect_timeout{10'000};
    /// The TLS handshake: `errc::tls_timeout`.
    std::chrono::milliseconds tls_timeout{10'000};
    /// The proxies to go through. None, unless they are set here or read from the environment.
    http::proxy_settings proxy;
};

/// Where bytes, time and chance come from. The layers above take it as a parameter, so that a test
/// can put a simulated world in the place of `socket_transport`.
///
/// - `T(executor, tls_options, resolve_options)`; `executor` is the client's, and what a connection
///   uses is made on it, since a pooled one outlives the strand of the call that made it.
/// - `stream_type`: as `stream`: `read_some`, `write`, `read_available`, `close`, `reset`; movable.
/// - `timer_type` and its `clock_type`: as `asio::steady_timer`, of which `expires_at`,
///   `expires_after`, `async_wait` and `cancel` are used.
/// - `wall_clock_type`: whose `now()` is the date, as `std::chrono::system_clock` tells it.
/// - `prepare_tls()`: called once when a client is made that is going to need it.
/// - `connect(url, connect_options, clocks&)`: a new connection to the URL's origin; the clocks of
///   `connect_options` run on `clocks`. Cancellation: terminal.
/// - `random()`: 64 bits.
///
/// May be used by several threads at once.
template <class T>
concept transport = requires(T world, http::url to, connect_options limits,
                             clocks<typename T::timer_type> timers) {
    typename T::stream_type;
    requires std::same_as<typename T::clock_type, typename T::timer_type::clock_type>;
    { T::wall_clock_type::now() } -> std::convertible_to<std::chrono::system_clock::time_point>;
    world.prepare_tls();
    { world.connect(to, limits, timers) } -> std::same_as<asio::awaitable<typename T::stream_type>>;
    { T::random() } -> std::same_as<std::uint64_t>;
};

}  // namespace conclave::net
