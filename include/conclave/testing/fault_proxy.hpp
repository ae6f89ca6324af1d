#pragma once

#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/testing/fault_connection.hpp>
#include <conclave/testing/toxics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace conclave::testing {

/// A bad network on this machine, for tests: a TCP proxy on 127.0.0.1 in front of a server, which
/// passes bytes on as they are, TLS or not, and does to them what it was told, in each direction
/// apart, also in the middle of a stream.
///
///     scripted_provider provider;
///     fault_proxy proxy(provider.base_url());
///     // … point a client at proxy.base_url(), and then:
///     proxy.downstream(toxics().latency(200ms, 50ms).bandwidth(10'000));
///     proxy.downstream(toxics());  // all is well again
///     proxy.disable();             // connections are refused
///
/// It listens from its construction on, and runs on one thread of its own. Its destructor ends all
/// connections at once. All functions may be called by any thread at any time, and what they change
/// is in effect when they return, for the connections that are open too.
///
/// It holds at most 64 KiB of each direction of a connection, beside what the kernel does; while
/// that much is held, the sender waits, and is not noticed to leave. A half-closed connection stays
/// open in its other direction, and who resets one side resets the other.
class fault_proxy {
public:
    /// Starts to listen on a free port, for the server at `upstream_url`: its host and port count,
    /// and each connection is made to the first of its addresses that answers; where none does, the
    /// client's connection is closed. What is left to chance, as jitter is, follows from `seed` and
    /// the connection's number.
    ///
    /// Throws `std::invalid_argument` if that is no `http` or `https` URL, and `std::system_error`
    /// if the host has no address or the proxy cannot listen.
    explicit fault_proxy(std::string_view upstream_url, std::uint64_t seed = 1)
        : seed_(seed), acceptor_(context_), work_(context_.get_executor()) {
        if (http::url::parse(upstream_url, url_)) {
            throw std::invalid_argument("fault_proxy: not a URL: " + std::string(upstream_url));
        }
        tcp::resolver resolver(context_);
        for (const auto& found : resolver.resolve(url_.host(), std::to_string(url_.port())))
            upstream_.push_back(found.endpoint());
        bind(0);
        port_ = acceptor_.local_endpoint().port();
        listen();
        thread_ = std::thread([this] { context_.run(); });
    }

    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;

    ~fault_proxy() {
        context_.stop();
        thread_.join();
    }

    // ---- where it is

    /// The upstream's URL with the proxy in its place: `http://127.0.0.1:41234/v1`, or
    /// `https://localhost:41234/v1`, for a certificate has to be for `localhost` then.
    std::string base_url() const {
        const std::string place = url_.is_tls() ? "https://localhost:" : "http://127.0.0.1:";
        return place + std::to_string(port_) + (url_.path() == "/" ? "" : url_.path());
    }
    /// The port it listens on.
    unsigned short port() const noexcept { return port_; }

    // ---- what it does

    /// Does this, from now on, to what clients send; in place of what was set before.
    fault_proxy& upstream(const toxics& what) {
        perform([&] {
            upstream_toxics_ = what.settings();
            for (const auto& each : alive())
                each->set_upstream(upstream_toxics_);
        });
        return *this;
    }
    /// Does this, from now on, to what the server sends; in place of what was set before.
    fault_proxy& downstream(const toxics& what) {
        perform([&] {
            downstream_toxics_ = what.settings();
            for (const auto& each : alive())
                each->set_downstream(downstream_toxics_);
        });
        return *this;
    }
    /// Closes all connections, and has new ones refused.
    fault_proxy& disable() {
        perform([&] {
            if (!is_enabled_) return;
            is_enabled_ = false;
            ++generation_;
            acceptor_.close();
            // Bound and not listening: nobody else gets the port meanwhile.
            bind(port_);
            for (const auto& each : alive())
                each->close();
        });
        return *this;
    }
    /// Takes connections again, at the same port.
    fault_proxy& enable() {
        perform([&] {
            if (!is_enabled_) listen();
        });
        return *this;
    }

    // ---- what it saw

    /// Connections accepted so far.
    std::size_t connections() const noexcept { return record_.connections; }
    /// Connections open now.
    std::size_t open_connections() const noexcept { return record_.open; }
    /// Bytes of clients that were passed on so far.
    std::uint64_t upstream_bytes() const noexcept { return record_.upstream_bytes; }
    /// Bytes of the server that were passed on so far.
    std::uint64_t downstream_bytes() const noexcept { return record_.downstream_bytes; }

    /// Waits until `holds()`, which is called again after each change of the above, on the calling
    /// thread. Returns whether it did hold in time.
    template <class Predicate>
    bool wait_until(const Predicate& holds,
                    std::chrono::milliseconds timeout = std::chrono::seconds(5)) const {
        return record_.changes.wait_until(holds, timeout);
    }

private:
    using tcp = asio::ip::tcp;

    /// Runs this on the proxy's thread, to its end.
    template <class Action>
    void perform(Action action) {
        std::packaged_task<void()> task(std::move(action));
        auto done = task.get_future();
        asio::post(context_, [&task] { task(); });
        done.get();
    }

    void bind(unsigned short port) {
        const tcp::endpoint place(asio::ip::address_v4::loopback(), port);
        acceptor_.open(place.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        acceptor_.bind(place);
    }

    void listen() {
        acceptor_.listen();
        is_enabled_ = true;
        asio::co_spawn(context_, accept_all(generation_), asio::detached);
    }

    /// Until the proxy is disabled: a connection that was just accepted then is dropped.
    asio::awaitable<void> accept_all(std::uint64_t generation) {
        while (true) {
            net::error_code error;
            tcp::socket socket(context_);
            co_await acceptor_.async_accept(socket,
                                            asio::redirect_error(asio::use_awaitable, error));
            if (generation != generation_) co_return;
            if (error) {
                // Out of descriptors, most likely: some come back.
                asio::steady_timer pause(context_, std::chrono::milliseconds(10));
                co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
                if (generation != generation_) co_return;
                continue;
            }
            accept(std::move(socket));
        }
    }

    void accept(tcp::socket socket) {
        auto accepted = std::make_shared<detail::fault_connection>(
            std::move(socket), record_, seed_ * 1'000'003 + record_.connections);
        accepted->set_upstream(upstream_toxics_);
        accepted->set_downstream(downstream_toxics_);
        std::erase_if(connections_, [](const auto& each) { return each.expired(); });
        connections_.push_back(accepted);
        asio::co_spawn(context_, detail::fault_connection::run(std::move(accepted), upstream_),
                       asio::detached);
    }

    std::vector<std::shared_ptr<detail::fault_connection>> alive() const {
        std::vector<std::shared_ptr<detail::fault_connection>> found;
        for (const auto& each : connections_) {
            if (auto locked = each.lock()) found.push_back(std::move(locked));
        }
        return found;
    }

    std::uint64_t seed_;
    http::url url_;
    std::vector<tcp::endpoint> upstream_;
    detail::toxic_settings upstream_toxics_;
    detail::toxic_settings downstream_toxics_;
    detail::proxy_record record_;
    std::vector<std::weak_ptr<detail::fault_connection>> connections_;
    bool is_enabled_ = false;
    std::uint64_t generation_ = 0;
    asio::io_context context_{1};
    tcp::acceptor acceptor_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    unsigned short port_ = 0;
    std::thread thread_;
};

}  // namespace conclave::testing
