#pragma once

// The socket that RESTinio reads from and writes to. What it reads has been through the strict
// filter; and a read from the network is under way at all times, so that a client that goes away is
// noticed while its request is being answered, when RESTinio itself reads nothing.

#include "http_limits.hpp"
#include "request_filter.hpp"

#include <conclave/net/asio.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace server {

namespace asio = conclave::asio;

class guard;

/// What the guards of one server share; RESTinio makes the sockets, and knows nothing of it, so
/// that it is found by way of the context.
class guard_service : public asio::execution_context::service {
public:
    static inline asio::execution_context::id id;

    explicit guard_service(asio::execution_context& context)
        : asio::execution_context::service(context) {}

    http_limits limits;
    /// Makes the bytes of a response that refuses a request.
    std::function<std::string(int status)> refuse;
    /// By RESTinio's number of the connection.
    std::unordered_map<std::uint64_t, std::weak_ptr<guard>> connections;

private:
    void shutdown() noexcept override;
};

/// One connection.
class guard : public std::enable_shared_from_this<guard> {
public:
    using tcp = asio::ip::tcp;
    using read_handler = std::function<void(const std::error_code&, std::size_t)>;

    explicit guard(asio::io_context& context)
        : service_(asio::use_service<guard_service>(context)),
          socket_(context),
          linger_(context),
          filter_(service_.limits) {}

    ~guard() {
        if (number_ != 0) service_.connections.erase(number_);
    }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

    tcp::socket& socket() noexcept { return socket_; }
    const http_limits& limits() const noexcept { return service_.limits; }

    /// The connection has its number, and begins.
    void start(std::uint64_t number) {
        number_ = number;
        service_.connections[number] = weak_from_this();
        read_ahead();
    }

    /// Called once, on the server's thread, when the client goes away or RESTinio closes the
    /// connection; null once the request is done.
    void on_gone(std::function<void()> told) { told_ = std::move(told); }
    /// Whether the client has gone away.
    bool gone() const noexcept { return ended_ || closed_; }
    /// Whether a request is coming in or being answered.
    bool busy() const noexcept { return told_ || !filter_.untouched() || !input_.empty(); }

    /// The next bytes for RESTinio.
    void read(std::span<char> to, read_handler done) {
        target_ = to;
        reader_ = std::move(done);
        pump();
    }

    /// Ends a read that waits.
    void cancel_read() { complete(asio::error::operation_aborted, 0); }

    /// Lets go of RESTinio's connection, which a read that waits keeps alive, as it does the guard.
    void abandon() noexcept {
        reader_ = nullptr;
        told_ = nullptr;
    }

    /// RESTinio sees the end of the connection: for those that are idle when the server ends.
    void end_idle() { complete(asio::error::eof, 0); }

    bool is_open() const noexcept { return !closed_ && socket_.is_open(); }

    /// Closes the connection; what was sent still arrives, though the client may be sending.
    void close() {
        if (closed_) return;
        closed_ = true;
        cancel_read();
        const bool cut_off = told_ != nullptr || ended_;
        tell();
        if (cut_off) {
            shut();
        } else {
            begin_linger();
        }
    }

    /// Closes the connection so that the client sees it broken.
    void abort() {
        std::error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        shut();
    }

    /// Closes the connection at once.
    void shut() {
        std::error_code ignored;
        socket_.close(ignored);
        linger_.cancel();
    }

private:
    static constexpr std::size_t read_ahead_limit = 16 * 1024;
    static constexpr std::size_t linger_limit = 1024 * 1024;
    static constexpr std::chrono::seconds linger_time{1};

    // A close with bytes unread would be a reset, which takes the response with it.
    void begin_linger() {
        if (ended_) return shut();
        std::error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
        linger_.expires_after(linger_time);
        linger_.async_wait([self = shared_from_this()](const std::error_code& error) {
            if (!error) self->shut();
        });
        read_ahead();
    }

    void tell() {
        if (!told_) return;
        asio::post(socket_.get_executor(), std::exchange(told_, nullptr));
    }

    void read_ahead() {
        if (reading_ || ended_ || !socket_.is_open()) return;
        if (input_.size() >= read_ahead_limit) return;
        reading_ = true;
        socket_.async_read_some(
            asio::buffer(received_),
            [self = shared_from_this()](const std::error_code& error, std::size_t length) {
                self->reading_ = false;
                self->on_read(error, length);
            });
    }

    void on_read(const std::error_code& error, std::size_t length) {
        if (closed_) return discard(error, length);
        input_.append(received_.data(), length);
        if (error) {
            ended_ = true;
            end_ = error;
            tell();
        }
        pump();
        read_ahead();
    }

    void discard(const std::error_code& error, std::size_t length) {
        discarded_ += length;
        ended_ = ended_ || error;
        if (refusing_) return;
        if (ended_ || discarded_ > linger_limit) return shut();
        read_ahead();
    }

    // Lets the filter work only while RESTinio asks for bytes, which it does when no response is
    // under way: a refusal then is the answer to what is refused.
    void pump() {
        if (!reader_ || closed_) return;
        while (ready_.empty() && !input_.empty()) {
            if (filter_.complete()) filter_.next();
            const std::size_t taken = filter_.feed(std::span<char>(input_), ready_);
            input_.erase(0, taken);
            if (filter_.refusal() != 0) return refuse(filter_.refusal());
            if (filter_.take_expectation() && input_.empty()) allow_body();
        }
        if (!ready_.empty()) {
            const std::size_t length = std::min(ready_.size(), target_.size());
            std::copy_n(ready_.begin(), length, target_.begin());
            ready_.erase(0, length);
            complete({}, length);
        } else if (ended_) {
            complete(end_, 0);
        }
        read_ahead();
    }

    void complete(const std::error_code& error, std::size_t length) {
        if (!reader_) return;
        asio::post(socket_.get_executor(), [done = std::exchange(reader_, nullptr), error, length] {
            done(error, length);
        });
    }

    void allow_body() {
        send("HTTP/1.1 100 Continue\r\n\r\n", [] {});
    }

    void refuse(int status) {
        input_.clear();
        closed_ = refusing_ = true;
        send(service_.refuse(status), [self = shared_from_this()] {
            self->refusing_ = false;
            self->begin_linger();
            self->complete(asio::error::eof, 0);
        });
    }

    void send(std::string bytes, std::function<void()> then) {
        auto kept = std::make_shared<std::string>(std::move(bytes));
        asio::async_write(socket_, asio::buffer(*kept),
                          [self = shared_from_this(), kept, then = std::move(then)](
                              const std::error_code&, std::size_t) { then(); });
    }

    guard_service& service_;
    tcp::socket socket_;
    asio::steady_timer linger_;
    request_filter filter_;
    std::uint64_t number_ = 0;

    std::array<char, 8 * 1024> received_;
    std::string input_;
    std::string ready_;
    std::span<char> target_;
    read_handler reader_;
    std::function<void()> told_;
    std::error_code end_;
    std::size_t discarded_ = 0;
    bool reading_ = false;
    bool ended_ = false;
    bool closed_ = false;
    bool refusing_ = false;
};

inline void guard_service::shutdown() noexcept {
    for (const auto& [number, weak] : std::exchange(connections, {})) {
        if (const auto alive = weak.lock()) alive->abandon();
    }
}

/// A guard in the shape that RESTinio wants its sockets to have.
class guarded_socket {
public:
    using executor_type = asio::ip::tcp::socket::executor_type;
    using lowest_layer_type = asio::ip::tcp::socket;

    explicit guarded_socket(asio::io_context& context)
        : context_(&context), guard_(std::make_shared<guard>(context)) {}
    guarded_socket(guarded_socket&& other)
        : context_(other.context_),
          guard_(std::exchange(other.guard_, std::make_shared<guard>(*other.context_))) {}
    guarded_socket& operator=(guarded_socket&&) = delete;

    executor_type get_executor() { return guard_->socket().get_executor(); }
    lowest_layer_type& lowest_layer() { return guard_->socket(); }
    const std::shared_ptr<guard>& guarded() const { return guard_; }

    bool is_open() const { return guard_->is_open(); }
    void cancel(std::error_code&) { guard_->cancel_read(); }
    void shutdown(asio::ip::tcp::socket::shutdown_type, std::error_code&) {}
    void close() { guard_->close(); }

    template <class Buffers, class Handler>
    void async_read_some(const Buffers& buffers, Handler&& done) {
        const asio::mutable_buffer first = *asio::buffer_sequence_begin(buffers);
        guard_->read({static_cast<char*>(first.data()), first.size()}, std::forward<Handler>(done));
    }
    template <class Buffers, class Handler>
    void async_write_some(const Buffers& buffers, Handler&& done) {
        guard_->socket().async_write_some(buffers, std::forward<Handler>(done));
    }

private:
    asio::io_context* context_;
    std::shared_ptr<guard> guard_;
};

}  // namespace server
