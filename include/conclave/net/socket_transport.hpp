#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/http/proxy.hpp>
#include <conclave/http/proxy_settings.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/proxy_tunnel.hpp>
#include <conclave/net/resolve.hpp>
#include <conclave/net/stream.hpp>
#include <conclave/net/tls.hpp>

namespace conclave::net {

/// Times within which the steps to a connection must be done. Zero: no limit of its own.
struct connect_options {
    connect_options() = default;

    /// Finding the addresses of a name.
    std::chrono::milliseconds resolve_timeout{10'000};
    /// Connecting to one of them. Through a proxy: connecting to that, and, counted anew, all that
    /// is said with it, TLS included, until it has made the connection to the server.
    std::chrono::milliseconds connect_timeout{10'000};
    /// The TLS handshake.
    std::chrono::milliseconds tls_timeout{10'000};
    /// The proxies to go through. None, unless they are set here or read from the environment.
    http::proxy_settings proxy;
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

    /// A new connection to the origin of `to`, through a proxy if `options` have one for it. Throws
    /// `error` with `errc::resolve_failed`, `connect_failed`, `proxy_failed`, `tls_failed` or
    /// `connection_lost`, and with `invalid_url` for a proxy that is none; the limits of `options`
    /// run on `timers`.
    ///
    /// Cancellation: terminal; what was opened is closed.
    asio::awaitable<stream> connect(http::url to, connect_options options,
                                    clocks<timer_type>& timers) {
        std::optional<http::proxy> via;
        if (options.proxy.find(to, via)) throw error(errc::invalid_url, "the proxy's URL is none");
        std::optional<stream> connected;
        if (via) {
            connected = co_await connect_through(*via, to, options, timers);
        } else {
            auto socket = co_await connect_tcp(to, options, timers);
            connected.emplace(std::move(socket));
        }
        if (to.is_tls()) {
            start(timers, errc::tls_timeout, options.tls_timeout);
            co_await connected->start_tls(prepare_tls(), to.host());
            timers.clear(errc::tls_timeout);
        }
        co_return std::move(*connected);
    }

    /// 64 unpredictable bits.
    static std::uint64_t random() {
        std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    }

private:
    // A TCP connection to one of the addresses of the origin's host.
    asio::awaitable<asio::ip::tcp::socket> connect_tcp(http::url to, connect_options options,
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
        co_return socket;
    }

    // A connection to the origin of `to` that a proxy has made.
    asio::awaitable<stream> connect_through(http::proxy via, http::url to, connect_options options,
                                            clocks<timer_type>& timers) {
        std::optional<stream> connected;
        try {
            auto socket = co_await connect_tcp(via.address(), options, timers);
            connected.emplace(std::move(socket));
            start(timers, errc::connect_timeout, options.connect_timeout);
            if (via.is_tls()) {
                co_await connected->start_tls(prepare_proxy_tls(), via.address().host());
            }
        } catch (const error& failure) {
            if (failure.code() == errc::cancelled) throw;
            const bool may_pass = failure.code() != errc::tls_failed;
            throw detail::proxy_error(via, failure.what(), may_pass, failure.details().cause);
        }
        proxy_tunnel<stream> tunnel(*connected, via, to);
        co_await tunnel.open();
        timers.clear(errc::connect_timeout);
        co_return std::move(*connected);
    }

    // A proxy is verified like a server, but it is not the server: the pins are not its own, and
    // our certificate is not for it.
    asio::ssl::context& prepare_proxy_tls() {
        const std::lock_guard lock(mutex_);
        if (!proxy_tls_context_) {
            tls_options options = tls_options_;
            options.pinned_public_keys.clear();
            options.certificate_file.clear();
            options.certificate_pem.clear();
            proxy_tls_context_ = make_tls_context(options);
        }
        return *proxy_tls_context_;
    }

    static void start(clocks<timer_type>& timers, errc which, std::chrono::milliseconds limit) {
        if (limit.count() > 0) timers.set(which, clock_type::now() + limit);
    }

    asio::any_io_executor executor_;
    tls_options tls_options_;
    std::mutex mutex_;
    std::shared_ptr<asio::ssl::context> tls_context_;
    std::shared_ptr<asio::ssl::context> proxy_tls_context_;
};

}  // namespace conclave::net
