#pragma once

#include <memory>

#include <conclave/net/asio.hpp>

namespace conclave::net {

/// Something that happens once, and a coroutine that waits for it. Who makes it happen may be on
/// another thread. Held by a `shared_ptr`.
///
/// It needs no clock: its timer never expires, so that it serves a world with a time of its own.
class notification : public std::enable_shared_from_this<notification> {
public:
    /// For a coroutine that runs on `strand`.
    explicit notification(const asio::any_io_executor& strand)
        : strand_(strand), timer_(strand, asio::steady_timer::time_point::max()) {}

    /// Makes it happen. May be called by any thread.
    void notify() {
        asio::post(strand_, [self = shared_from_this()] {
            self->happened_ = true;
            self->timer_.cancel();
        });
    }

    /// Completes when it has happened, or when the coroutine is cancelled: false if it has not
    /// happened by then.
    ///
    /// Cancellation: terminal; the next await of the caller throws.
    asio::awaitable<bool> wait() {
        const auto alive = shared_from_this();
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!alive->happened_) {
            const auto mine = co_await asio::this_coro::cancellation_state;
            if (mine.cancelled() != asio::cancellation_type::none) break;
            error_code woken;
            co_await alive->timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        co_await asio::this_coro::throw_if_cancelled(true);
        co_return alive->happened_;
    }

private:
    asio::any_io_executor strand_;
    asio::steady_timer timer_;
    bool happened_ = false;
};

}  // namespace conclave::net
