#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <conclave/net/asio.hpp>

#include "simulation/world.hpp"

namespace conclave::simulation {

// An operation under way, and the one who waits for its end. It ends once: when the world says so,
// or when it is cancelled. This is the one thing in a simulated world that a coroutine can await.
class waiting : public std::enable_shared_from_this<waiting> {
public:
    explicit waiting(operation kind)
        : world_(world::current()), kind_(kind), interference_(world_.begin(kind)) {}
    waiting(const waiting&) = delete;
    waiting& operator=(const waiting&) = delete;
    virtual ~waiting() = default;

    bool ended() const noexcept { return ended_; }
    bool singled_out_for(interference how) const noexcept { return interference_ == how; }

    // Somebody has to, where nothing is going to end it but a cancellation.
    void keep() { world_.stalled_.push_back(shared_from_this()); }

    // Ends it, unless it has ended.
    void end(net::error_code result) {
        if (ended_) return;
        const bool aborted = result == asio::error::operation_aborted;
        if (interference_ == interference::stalls && !aborted) return keep();
        if (interference_ == interference::fails && !result) result = failure();
        ended_ = true;
        --world_.waiting_;
        if (event_) world_.forget(*event_);
        bool late = !aborted && world_.strikes(fault::late_completion);
        if (interference_ == interference::cancelled_late && !result) {
            world_.count(fault::cancelled_after_operation);
            world_.cancel_caller();
            late = true;
        }
        // Done and beyond cancelling, but whoever waits hears of it only after all that is ready.
        if (late) {
            world_.at(world_.now(), [self = shared_from_this(), result] { self->tell(result); });
        } else {
            tell(result);
        }
    }

    // Ends it at a time, if nothing else does.
    void end_at(world::time_point when, net::error_code result) {
        event_ = world_.at(when, [self = shared_from_this(), result] {
            self->event_.reset();
            self->end(result);
        });
    }

    // Carries out what is to happen to the operation that is singled out. Called once it has begun.
    void interfere() {
        if (interference_ == interference::fails) {
            world_.count(fault::injected_failure);
            world_.at(world_.now(), [self = shared_from_this()] { self->end(self->failure()); });
        }
        if (interference_ == interference::stalls) world_.count(fault::injected_stall);
        if (interference_ == interference::cancelled) {
            world_.count(fault::cancelled_at_operation);
            world_.at(world_.now(), [&in = world_] { in.cancel_caller(); });
        }
    }

protected:
    virtual void tell(net::error_code result) = 0;

private:
    net::error_code failure() const {
        switch (kind_) {
            case operation::resolve: return asio::error::host_not_found;
            case operation::connect: return asio::error::connection_refused;
            case operation::handshake: return asio::error::eof;
            case operation::read: return asio::error::connection_reset;
            case operation::write: return asio::error::broken_pipe;
            case operation::timer: break;
        }
        return asio::error::operation_aborted;
    }

    world& world_;
    operation kind_;
    interference interference_;
    bool ended_ = false;
    std::optional<world::event_key> event_;
};

template <class Handler>
class waiting_for final : public waiting {
public:
    waiting_for(operation kind, Handler handler, const asio::any_io_executor& otherwise)
        : waiting(kind),
          handler_(std::move(handler)),
          executor_(asio::get_associated_executor(*handler_, otherwise)),
          work_(executor_) {}

    // Separate, for a constructor cannot share what it makes.
    void listen_for_cancellation() {
        auto slot = asio::get_associated_cancellation_slot(*handler_);
        if (!slot.is_connected()) return;
        slot.assign([weak = weak_from_this()](asio::cancellation_type type) {
            const bool terminal =
                (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
            const auto self = weak.lock();
            if (terminal && self) self->end(asio::error::operation_aborted);
        });
    }

private:
    using executor_type = asio::associated_executor_t<Handler, asio::any_io_executor>;

    void tell(net::error_code result) override {
        const auto self = std::static_pointer_cast<waiting_for>(shared_from_this());
        asio::post(executor_, [self, result] { self->call(result); });
    }

    void call(net::error_code result) {
        auto slot = asio::get_associated_cancellation_slot(*handler_);
        if (slot.is_connected()) slot.clear();
        Handler handler = std::move(*handler_);
        handler_.reset();
        work_.reset();
        std::move(handler)(result);
    }

    std::optional<Handler> handler_;
    executor_type executor_;
    asio::executor_work_guard<executor_type> work_;
};

// What `async_initiate` starts: a class and not a lambda, for GCC 12's sake.
template <class Start>
class waiting_initiation {
public:
    using executor_type = asio::any_io_executor;

    waiting_initiation(operation kind, asio::any_io_executor executor, Start start)
        : kind_(kind), executor_(std::move(executor)), start_(start) {}

    executor_type get_executor() const noexcept { return executor_; }

    template <class Handler>
    void operator()(Handler&& handler) {
        const auto begun = std::make_shared<waiting_for<std::decay_t<Handler>>>(
            kind_, std::forward<Handler>(handler), executor_);
        begun->listen_for_cancellation();
        start_(begun);
        begun->interfere();
    }

private:
    operation kind_;
    asio::any_io_executor executor_;
    Start start_;
};

// Begins an operation and completes `token` with `void(error_code)`. `start` is given the
// `std::shared_ptr<waiting>` that it has to keep and to end.
template <class Start, class Token>
auto begin_operation(operation kind, asio::any_io_executor executor, Start start, Token&& token) {
    return asio::async_initiate<Token, void(net::error_code)>(
        waiting_initiation<Start>(kind, std::move(executor), start), token);
}

// The timer of the library's transport.
class timer {
public:
    using clock_type = virtual_clock;
    using duration = virtual_clock::duration;
    using time_point = virtual_clock::time_point;

    explicit timer(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    timer(asio::any_io_executor executor, time_point when)
        : executor_(std::move(executor)), expiry_(when) {}
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    ~timer() { cancel(); }

    void expires_at(time_point when) {
        cancel();
        expiry_ = when;
    }
    void expires_after(duration wait) { expires_at(virtual_clock::now() + wait); }
    time_point expiry() const noexcept { return expiry_; }

    void cancel() {
        for (const auto& each : std::exchange(waiting_, {}))
            each->end(asio::error::operation_aborted);
    }

    template <class Token>
    auto async_wait(Token&& token) {
        const auto start = [this](const std::shared_ptr<waiting>& begun) {
            std::erase_if(waiting_, [](const auto& each) { return each->ended(); });
            waiting_.push_back(begun);
            if (expiry_ == time_point::max()) return;
            begun->end_at(std::max(expiry_, virtual_clock::now()), {});
        };
        return begin_operation(operation::timer, executor_, start, std::forward<Token>(token));
    }

private:
    asio::any_io_executor executor_;
    time_point expiry_{};
    std::vector<std::shared_ptr<waiting>> waiting_;
};

}  // namespace conclave::simulation
