#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <conclave/client/client.hpp>
#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/run_on_strand.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/run.hpp>
#include <conclave/roundtable/seat.hpp>

namespace conclave {

namespace detail {

/// A panel whose events wait in a bounded queue until they are pulled. Everything happens on
/// `strand`.
template <class Transport>
class event_queue final : public event_sink,
                          public std::enable_shared_from_this<event_queue<Transport>> {
public:
    event_queue(std::shared_ptr<client_state<Transport>> client, roundtable_request request)
        : strand(asio::make_strand(client->executor)),
          client_(std::move(client)),
          request_(std::move(request)),
          changed_(strand, asio::steady_timer::time_point::max()) {}

    /// The next event, in order; nothing after the last. Starts the panel when it is called first.
    asio::awaitable<std::optional<stream_event>> next() {
        const auto self = this->shared_from_this();
        if (!started_) start();
        co_await asio::this_coro::throw_if_cancelled(false);
        while (events_.empty() && !ended_) {
            const auto mine = co_await asio::this_coro::cancellation_state;
            if (mine.cancelled() != asio::cancellation_type::none) stop();
            co_await wait();
        }
        const auto mine = co_await asio::this_coro::cancellation_state;
        if (mine.cancelled() != asio::cancellation_type::none) throw error(errc::cancelled);
        std::optional<stream_event> front;
        if (!events_.empty()) {
            front.emplace(std::move(events_.front()));
            events_.pop_front();
            notify();
        } else if (thrown_) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
        co_return front;
    }

    /// Ends the panel: nobody is going to pull any more.
    void stop() {
        abandoned_ = true;
        notify();
        stop_.emit(asio::cancellation_type::terminal);
    }

    void emit(const roundtable_event& seen) override {
        events_.emplace_back(seen);
        notify();
    }
    bool is_full() const noexcept override { return events_.size() >= limit && !abandoned_; }
    asio::awaitable<void> ready() override {
        while (is_full())
            co_await wait();
    }

    const asio::any_io_executor strand;

private:
    // As many as fit into a few reads; a seat that finds more waiting stops reading from its
    // socket.
    static constexpr std::size_t limit = 256;

    void start() {
        started_ = true;
        const auto run = [self = this->shared_from_this()] { return self->run_panel(); };
        const auto on_end = [self = this->shared_from_this()](std::exception_ptr thrown) {
            self->thrown_ = std::move(thrown);
            self->ended_ = true;
            self->notify();
        };
        asio::co_spawn(
            strand, run,
            asio::bind_cancellation_slot(stop_.slot(), asio::bind_executor(strand, on_end)));
    }

    asio::awaitable<void> run_panel() {
        co_await run_roundtable<Transport>(client_, request_, *this);
    }

    asio::awaitable<void> wait() {
        net::error_code woken;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }

    void notify() { changed_.cancel(); }

    std::shared_ptr<client_state<Transport>> client_;
    roundtable_request request_;
    asio::steady_timer changed_;
    asio::cancellation_signal stop_;
    std::deque<stream_event> events_;
    std::exception_ptr thrown_;
    bool started_ = false;
    bool ended_ = false;
    bool abandoned_ = false;
};

}  // namespace detail

/// A roundtable to pull events from; made by `roundtable_stream(client, request)`. Movable. When it
/// is destroyed before its end, the roundtable is cancelled.
template <class Transport>
class basic_roundtable_stream {
public:
    /// As `roundtable_stream` does.
    basic_roundtable_stream(basic_client<Transport>& via, roundtable_request request)
        : queue_(
              std::make_shared<detail::event_queue<Transport>>(via.state(), std::move(request))) {}
    basic_roundtable_stream(basic_roundtable_stream&&) noexcept = default;
    /// The roundtable that was here is cancelled when `other` is destroyed, which gets it.
    basic_roundtable_stream& operator=(basic_roundtable_stream&& other) noexcept {
        std::swap(queue_, other.queue_);
        return *this;
    }
    ~basic_roundtable_stream() {
        if (!queue_) return;
        const auto strand = queue_->strand;
        asio::post(strand, [queue = std::move(queue_)] { queue->stop(); });
    }

    /// The next event, or nothing after the last, which is `event_type::done`. The first call
    /// starts the roundtable. Throws what `roundtable` throws, once the events before it are taken.
    ///
    /// Up to 256 events wait; with more a model's connection is read no further, so that a slow
    /// reader costs bounded memory. The models' clocks go on meanwhile.
    ///
    /// Cancellation: terminal; it ends the whole roundtable. One `next` at a time.
    asio::awaitable<std::optional<stream_event>> next() {
        auto pull = [queue = queue_] { return queue->next(); };
        return net::run_on_strand<std::optional<stream_event>>(queue_->strand, std::move(pull),
                                                               asio::use_awaitable);
    }

private:
    std::shared_ptr<detail::event_queue<Transport>> queue_;
};

/// A roundtable whose events the caller pulls at its own pace:
/// `while (auto seen = co_await stream.next()) …`. Nothing is sent before the first `next`.
template <class Transport>
basic_roundtable_stream<Transport> roundtable_stream(basic_client<Transport>& via,
                                                     roundtable_request request) {
    return basic_roundtable_stream<Transport>(via, std::move(request));
}

}  // namespace conclave
