#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <conclave/client/client.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/pull_queue.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/run.hpp>
#include <conclave/roundtable/seat.hpp>

namespace conclave {

namespace detail {

/// A panel whose events wait in a bounded queue until they are pulled.
template <class Transport>
class event_queue final : public event_sink, public net::pull_queue<stream_event> {
public:
    event_queue(std::shared_ptr<client_state<Transport>> client, roundtable_request request)
        : pull_queue(client->executor), client_(std::move(client)), request_(std::move(request)) {}

    void emit(const roundtable_event& seen) override { this->push(seen); }
    bool is_full() const noexcept override { return this->has_no_room(); }
    asio::awaitable<void> ready() override { return this->wait_for_room(); }

private:
    asio::awaitable<void> run() override {
        co_await run_roundtable<Transport>(client_, request_, *this);
    }

    std::shared_ptr<client_state<Transport>> client_;
    roundtable_request request_;
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
    /// Cancellation: terminal; it ends the whole roundtable. One `next` or `next_all` at a time,
    /// from any thread: another throws `std::logic_error`.
    asio::awaitable<std::optional<stream_event>> next() {
        return queue_->next(asio::use_awaitable);
    }

    /// The same for all events that wait, one at least; none after the last. For those who pass on
    /// what comes: a burst costs them one turn.
    asio::awaitable<std::vector<stream_event>> next_all() {
        return queue_->next_all(asio::use_awaitable);
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
