#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <utility>

#include <conclave/net/asio.hpp>

namespace conclave::net {

/// Coroutines that run side by side on one strand and end before the one that started them goes on:
/// `spawn` some, then `join`.
///
/// Asio at its oldest supported release has no parallel group of a size known only at run time;
/// this is that, with children that can be stopped one and all.
///
/// Thread-safety: everything happens on the strand given to the constructor.
class task_group {
public:
    /// Children run on `strand`.
    explicit task_group(const asio::any_io_executor& strand)
        : state_(std::make_shared<state>(strand)) {}

    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    /// Starts `operation`, a callable that returns `awaitable<void>`, kept until that has ended. An
    /// exception that leaves it stops the whole group and is thrown by `join`.
    template <class Operation>
    void spawn(Operation operation) {
        state_->signals.emplace_back();
        ++state_->running;
        const auto on_end = [state = state_](const std::exception_ptr& thrown) {
            state->end(thrown);
        };
        asio::co_spawn(state_->strand, std::move(operation),
                       asio::bind_cancellation_slot(state_->signals.back().slot(),
                                                    asio::bind_executor(state_->strand, on_end)));
        // Signals are not latched: what was stopped before has to be told again.
        if (state_->stopped) state_->signals.back().emit(asio::cancellation_type::terminal);
    }

    /// Cancels every child, those spawned later too.
    void stop() { state_->stop(); }

    /// Whether the children were told to stop.
    bool stopped() const noexcept { return state_->stopped; }

    /// A callable that stops the group, and does nothing once the group is gone.
    auto stopper() const {
        return [weak = std::weak_ptr<state>(state_)] {
            if (const auto alive = weak.lock()) alive->stop();
        };
    }

    /// Completes when every child has ended, and throws the first exception that left one.
    ///
    /// Cancellation: terminal; the children are stopped and still waited for, then the next await
    /// of the caller throws.
    asio::awaitable<void> join() {
        const std::shared_ptr<state> alive = state_;
        co_await asio::this_coro::throw_if_cancelled(false);
        while (alive->running > 0) {
            const auto mine = co_await asio::this_coro::cancellation_state;
            if (mine.cancelled() != asio::cancellation_type::none) alive->stop();
            error_code woken;
            co_await alive->ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        co_await asio::this_coro::throw_if_cancelled(true);
        if (alive->thrown) std::rethrow_exception(alive->thrown);
    }

private:
    struct state {
        explicit state(const asio::any_io_executor& on)
            : strand(on), ended(on, asio::steady_timer::time_point::max()) {}

        void stop() {
            if (stopped) return;
            stopped = true;
            for (auto& signal : signals)
                signal.emit(asio::cancellation_type::terminal);
        }

        void end(const std::exception_ptr& why) {
            if (why && !thrown) {
                thrown = why;
                stop();
            }
            if (--running == 0) ended.cancel();
        }

        asio::any_io_executor strand;
        asio::steady_timer ended;
        std::deque<asio::cancellation_signal> signals;  // signals do not move
        std::size_t running = 0;
        bool stopped = false;
        std::exception_ptr thrown;
    };

    std::shared_ptr<state> state_;
};

}  // namespace conclave::net
