#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/resolve.hpp>
#include <conclave/net/stream.hpp>
#include <conclave/net/tls.hpp>

namespace conclave::net {

/// Times within which the steps to a connection must be done. Zero: no limit of its own.
struct connect_options {
    connect_options() = default;

    /// Finding the addresses of a name.
    std::chrono::milliseconds resolve_timeout{10'000};
    /// Connecting to one of them.
    std::chrono::milliseconds connect_timeout{10'000};
    /// The TLS handshake.
    std::chrono::milliseconds tls_timeout{10'000};
};

/// Where bytes, time and chance come from: real sockets, the steady clock, the system's random
/// device. The layers above take it as a parameter, so that a test can put a simulated world in its
/// place.
///
/// Thread-safety: may be used by several threads at once.
class socket_transport {
public:
    using stream_type = stream;
    using timer_type = asio::steady_timer;
    using clock_type = timer_type::clock_type;
    /// The date, by its `now()`.
    using wall_clock_type = std::chrono::system_clock;

    /// Sockets are made on `executor`, so that a pooled one outlives the strand of the call that
    /// made it.
    socket_transport(asio::any_io_executor executor, tls_options tls)
        : executor_(std::move(executor)), tls_options_(std::move(tls)) {}

    /// Reads the certificates to trust, unless that is done. That takes some 20 ms for the
    /// system's: whoever is going to speak TLS calls this where nothing waits; else the first
    /// connection does it. Throws `error` with `errc::tls_failed` when one cannot be read.
    asio::ssl::context& prepare_tls() {
        const std::lock_guard lock(mutex_);
        if (!tls_context_) tls_context_ = make_tls_context(tls_options_);
        return *tls_context_;
    }

    /// A new connection to the origin of `to`. Throws `error` with `errc::resolve_failed`,
    /// `connect_failed`, `tls_failed` or `connection_lost`; the limits of `options` run on
    /// `timers`.
    ///
    /// Cancellation: terminal; what was opened is closed.
    asio::awaitable<stream> connect(http::url to, connect_options options,
                                    clocks<timer_type>& timers) {
        start(timers, errc::resolve_timeout, options.resolve_timeout);
        const auto endpoints = co_await resolve(to.host(), to.port());
        timers.clear(errc::resolve_timeout);

        start(timers, errc::connect_timeout, options.connect_timeout);
        asio::ip::tcp::socket socket(executor_);
        error_code failure;
        co_await asio::async_connect(socket, endpoints,
                                     asio::redirect_error(asio::use_awaitable, failure));
        if (failure) {
            error_details details;
            details.cause = failure;
            throw error(errc::connect_failed,
                        "connection failed: " + to.origin() + ": " + failure.message(),
                        std::move(details));
        }
        timers.clear(errc::connect_timeout);
        error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay(true), ignored);

        stream connected(std::move(socket));
        if (to.is_tls()) {
            start(timers, errc::tls_timeout, options.tls_timeout);
            co_await connected.start_tls(prepare_tls(), to.host());
            timers.clear(errc::tls_timeout);
        }
        co_return connected;
    }

    /// 64 unpredictable bits.
    static std::uint64_t random() {
        std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    }

private:
    static void start(clocks<timer_type>& timers, errc which, std::chrono::milliseconds limit) {
        if (limit.count() > 0) timers.set(which, clock_type::now() + limit);
    }

    asio::any_io_executor executor_;
    tls_options tls_options_;
    std::mutex mutex_;
    std::shared_ptr<asio::ssl::context> tls_context_;
};

}  // namespace conclave::net
