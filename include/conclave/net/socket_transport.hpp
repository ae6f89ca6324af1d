#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/http/proxy.hpp>
#include <conclave/http/proxy_settings.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/happy_eyeballs.hpp>
#include <conclave/net/proxy_tunnel.hpp>
#include <conclave/net/resolver.hpp>
#include <conclave/net/stream.hpp>
#include <conclave/net/tls.hpp>
#include <conclave/net/tls_sessions.hpp>
#include <conclave/net/transport.hpp>

namespace conclave::net {

/// The `transport` of real sockets, the steady clock and the system's random device.
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
    socket_transport(asio::any_io_executor executor, tls_options tls, resolve_options names)
        : executor_(std::move(executor)),
          tls_options_(std::move(tls)),
          resolver_(executor_, std::move(names)) {}

    /// Reads the certificates to trust, unless that is done. That takes some 20 ms for the
    /// system's: whoever is going to speak TLS calls this where nothing waits; else the first
    /// connection does it. Throws `error` with `errc::tls_failed` when one cannot be read.
    asio::ssl::context& prepare_tls() {
        const std::lock_guard lock(mutex_);
        if (!tls_context_) {
            tls_context_ = make_tls_context(tls_options_);
            tls_sessions::enable(tls_context_->native_handle());
        }
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
            timers.start(errc::tls_timeout, options.tls_timeout);
            co_await connected->start_tls(prepare_tls(), to.host(), tls_sessions_, to.origin());
            timers.clear(errc::tls_timeout);
        }
        co_return std::move(*connected);
    }

    /// 64 unpredictable bits.
    static std::uint64_t random() {
        // Making one asks the processor what it can do, which takes a virtual one microseconds.
        thread_local std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    }

private:
    // A TCP connection to one of the addresses of the origin's host.
    asio::awaitable<asio::ip::tcp::socket> connect_tcp(http::url to, connect_options options,
                                                       clocks<timer_type>& timers) {
        timers.start(errc::resolve_timeout, options.resolve_timeout);
        const auto found = co_await resolver_.resolve(to.host());
        timers.clear(errc::resolve_timeout);

        timers.start(errc::connect_timeout, options.connect_timeout);
        error_code failure;
        auto endpoints = in_order_of_attempts(found, to.port());
        auto socket = co_await connect_to_first(executor_, std::move(endpoints), failure);
        if (failure) {
            resolver_.forget(to.host());
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
            timers.start(errc::connect_timeout, options.connect_timeout);
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

    asio::any_io_executor executor_;
    tls_options tls_options_;
    resolver<clock_type> resolver_;
    std::mutex mutex_;
    std::shared_ptr<asio::ssl::context> tls_context_;
    std::shared_ptr<asio::ssl::context> proxy_tls_context_;
    std::shared_ptr<tls_sessions> tls_sessions_ = std::make_shared<tls_sessions>();
};

}  // namespace conclave::net
