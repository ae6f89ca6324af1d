#pragma once

#include <conclave/net/asio.hpp>
#include <conclave/testing/change_signal.hpp>
#include <conclave/testing/fault_link.hpp>
#include <conclave/testing/toxics.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// What a `fault_proxy` counts, for its own thread and the test's.
struct proxy_record {
    std::atomic<std::size_t> connections = 0;
    std::atomic<std::size_t> open = 0;
    std::atomic<std::uint64_t> upstream_bytes = 0;
    std::atomic<std::uint64_t> downstream_bytes = 0;
    change_signal changes;
};

/// One connection through a `fault_proxy`: the client's socket, the upstream's, and a link from
/// each to the other. Everything happens on the proxy's one thread.
class fault_connection : public std::enable_shared_from_this<fault_connection> {
    using clock = std::chrono::steady_clock;

    static auto into(net::error_code& error) {
        return asio::redirect_error(asio::use_awaitable, error);
    }

public:
    using tcp = asio::ip::tcp;

    /// `record` must outlive the connection.
    fault_connection(tcp::socket client, proxy_record& record, std::uint64_t seed)
        : client_(std::move(client)),
          server_(client_.get_executor()),
          fuse_(client_.get_executor()),
          record_(record),
          upstream_(client_, server_, record.upstream_bytes, 2 * seed),
          downstream_(server_, client_, record.downstream_bytes, 2 * seed + 1) {
        ++record_.connections;
        ++record_.open;
        record_.changes.notify();
    }

    void set_upstream(const toxic_settings& settings) { set(upstream_, settings); }
    void set_downstream(const toxic_settings& settings) { set(downstream_, settings); }

    /// Connects to the first of these endpoints that answers, and passes on what comes.
    static asio::awaitable<void> run(std::shared_ptr<fault_connection> self,
                                     const std::vector<tcp::endpoint>& upstream) {
        net::error_code error;
        co_await asio::async_connect(self->server_, upstream, into(error));
        if (error || self->closed_) {
            // Reset as soon as it was accepted.
            if (error == asio::error::connection_reset) reset(self->client_);
            self->close();
            co_return;
        }
        self->start();
    }

    /// Closes both sides at once, whatever is under way.
    void close() {
        if (closed_) return;
        closed_ = true;
        net::error_code ignored;
        client_.close(ignored);
        server_.close(ignored);
        fuse_.cancel();
        upstream_.wake();
        downstream_.wake();
        --record_.open;
        record_.changes.notify();
    }

private:
    /// One direction with its sockets.
    struct pump {
        pump(tcp::socket& source, tcp::socket& sink, std::atomic<std::uint64_t>& bytes,
             std::uint64_t seed)
            : from(source),
              to(sink),
              passed(bytes),
              link(seed),
              room(source.get_executor()),
              due(source.get_executor()) {}

        void wake() {
            room.cancel();
            due.cancel();
        }

        tcp::socket& from;
        tcp::socket& to;
        std::atomic<std::uint64_t>& passed;
        fault_link link;
        /// Cancelled when there is room again, and when there may be something to do.
        asio::steady_timer room;
        asio::steady_timer due;
        std::array<char, 16 * 1024> received;
        bool is_finished = false;
    };

    void start() {
        net::error_code ignored;
        client_.set_option(tcp::no_delay(true), ignored);
        server_.set_option(tcp::no_delay(true), ignored);
        for (pump* const each : {&upstream_, &downstream_}) {
            asio::co_spawn(fuse_.get_executor(), receive(shared_from_this(), *each),
                           asio::detached);
            asio::co_spawn(fuse_.get_executor(), deliver(shared_from_this(), *each),
                           asio::detached);
        }
    }

    static void reset(tcp::socket& socket) {
        net::error_code ignored;
        socket.set_option(asio::socket_base::linger(true, 0), ignored);
    }

    static asio::awaitable<void> receive(std::shared_ptr<fault_connection> self, pump& through) {
        net::error_code error;
        while (!self->closed_) {
            if (!through.link.has_room()) {
                through.room.expires_at(clock::time_point::max());
                co_await through.room.async_wait(into(error));
                continue;
            }
            const std::size_t length =
                co_await through.from.async_read_some(asio::buffer(through.received), into(error));
            if (self->closed_) co_return;
            if (error) {
                self->on_end(through, error);
                co_return;
            }
            through.link.push(std::string(through.received.data(), length), clock::now());
            through.due.cancel();
        }
    }

    static asio::awaitable<void> deliver(std::shared_ptr<fault_connection> self, pump& through) {
        using action = link_step::action;
        net::error_code error;
        while (!self->closed_) {
            const link_step step = through.link.next(clock::now());
            if (step.what == action::wait) {
                through.due.expires_at(step.until);
                co_await through.due.async_wait(into(error));
            } else if (step.what == action::write) {
                co_await asio::async_write(
                    through.to, asio::buffer(step.bytes.data(), step.bytes.size()), into(error));
                if (!self->closed_) self->on_written(through, step.bytes.size(), error);
            } else if (step.what == action::finish) {
                self->finish(through);
                co_return;
            } else {
                self->close();
            }
        }
    }

    void on_end(pump& through, net::error_code error) {
        if (error != asio::error::eof) {
            // The sender was reset, and so is the receiver.
            reset(through.to);
            return close();
        }
        through.link.end(clock::now());
        through.due.cancel();
        // Nobody waits for what is held back.
        const bool is_stopped = upstream_.link.is_stopped() || downstream_.link.is_stopped();
        if (is_stopped && upstream_.link.has_ended()) close();
    }

    void on_written(pump& through, std::size_t count, net::error_code error) {
        if (error) {
            reset(through.from);
            return close();
        }
        through.link.written(count, clock::now());
        through.room.cancel();
        through.passed += count;
        record_.changes.notify();
    }

    void finish(pump& through) {
        through.is_finished = true;
        if (upstream_.is_finished && downstream_.is_finished) return close();
        net::error_code ignored;
        through.to.shutdown(tcp::socket::shutdown_send, ignored);
    }

    void set(pump& through, const toxic_settings& settings) {
        through.link.set(settings, clock::now());
        through.wake();
        light_fuse();
    }

    /// Sees to it that the connection ends when the toxics say so.
    void light_fuse() {
        std::optional<clock::time_point> first;
        for (const pump* each : {&upstream_, &downstream_}) {
            for (const auto& when : {each->link.closes_at(), each->link.resets_at()}) {
                if (when && (!first || *when < *first)) first = when;
            }
        }
        fuse_.cancel();
        if (!first || closed_) return;
        fuse_.expires_at(*first);
        fuse_.async_wait([weak = weak_from_this()](net::error_code aborted) {
            const auto alive = weak.lock();
            if (!aborted && alive) alive->burn();
        });
    }

    void burn() {
        const auto now = clock::now();
        const auto is_due = [now](const auto& when) { return when && *when <= now; };
        bool is_over = false;
        for (const pump* each : {&upstream_, &downstream_}) {
            if (is_due(each->link.resets_at())) reset(each->to);
            is_over = is_over || is_due(each->link.resets_at()) || is_due(each->link.closes_at());
        }
        if (is_over) close();
    }

    tcp::socket client_;
    tcp::socket server_;
    asio::steady_timer fuse_;
    proxy_record& record_;
    pump upstream_;
    pump downstream_;
    bool closed_ = false;
};

}  // namespace conclave::testing::detail
