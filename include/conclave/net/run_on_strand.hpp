#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>

namespace conclave::net {

/// Leaves an operation in place of what a user's handler threw. It is no `std::exception`, so that
/// nothing on the way takes the handler's exception for a failure of the operation; at the door it
/// becomes itself again.
class handler_failed {
public:
    /// Takes what the handler threw.
    explicit handler_failed(std::exception_ptr thrown) : thrown_(std::move(thrown)) {}

    /// What the handler threw.
    const std::exception_ptr& thrown() const noexcept { return thrown_; }

private:
    std::exception_ptr thrown_;
};

namespace detail {

/// What an operation threw as its caller is to see it: a handler's exception as it was thrown, and
/// `operation_aborted`, where Asio threw it, as the error this library reports.
inline std::exception_ptr as_reported(std::exception_ptr thrown) {
    if (!thrown) return thrown;
    try {
        std::rethrow_exception(thrown);
    } catch (const handler_failed& failure) {
        return failure.thrown();
    } catch (const conclave::error&) {
        return thrown;
    } catch (const system_error& failure) {
        if (failure.code() != asio::error::operation_aborted) return thrown;
        return std::make_exception_ptr(error(errc::cancelled));
    } catch (...) {
        return thrown;
    }
}

/// Carries a cancellation from the caller's executor to the strand of the operation. Asio before
/// 1.22.2 runs a coroutine's cancellation on the thread that emits it.
class strand_stopper {
public:
    explicit strand_stopper(asio::any_io_executor strand) : strand_(std::move(strand)) {}

    asio::cancellation_slot slot() noexcept { return signal_.slot(); }

    static void request_stop(const std::shared_ptr<strand_stopper>& self) {
        asio::post(self->strand_,
                   [self] { self->signal_.emit(asio::cancellation_type::terminal); });
    }

private:
    asio::any_io_executor strand_;
    asio::cancellation_signal signal_;
};

/// Takes the result on the strand and hands it to the caller's handler on the handler's executor.
template <class Result, class Handler, class HandlerExecutor>
class strand_completion {
public:
    strand_completion(Handler handler, const HandlerExecutor& executor)
        : handler_(std::move(handler)), executor_(executor), work_(executor) {}

    void operator()(std::exception_ptr thrown, Result result) {
        deliver delivery(std::move(handler_), as_reported(std::move(thrown)), std::move(result));
        asio::post(executor_, std::move(delivery));
        work_.reset();
    }

private:
    class deliver {
    public:
        deliver(Handler handler, std::exception_ptr thrown, Result result)
            : handler_(std::move(handler)),
              thrown_(std::move(thrown)),
              result_(std::move(result)) {}

        void operator()() {
            // From here on the caller's signal has nothing left to cancel.
            auto slot = asio::get_associated_cancellation_slot(handler_);
            if (slot.is_connected()) slot.clear();
            std::move(handler_)(thrown_, std::move(result_));
        }

    private:
        Handler handler_;
        std::exception_ptr thrown_;
        Result result_;
    };

    Handler handler_;
    HandlerExecutor executor_;
    asio::executor_work_guard<HandlerExecutor> work_;
};

/// The operation with the signal that stops it, which has to live as long as the coroutine does.
template <class Operation>
class stoppable_operation {
public:
    stoppable_operation(Operation operation, std::shared_ptr<strand_stopper> stopper)
        : operation_(std::move(operation)), stopper_(std::move(stopper)) {}

    auto operator()() { return operation_(); }

private:
    Operation operation_;
    std::shared_ptr<strand_stopper> stopper_;
};

/// What `async_initiate` starts: a class and not a lambda, because GCC 12 destroys capturing
/// lambdas twice where they stand in an expression with `co_await`.
template <class Result, class Operation>
class strand_initiation {
public:
    using executor_type = asio::any_io_executor;

    strand_initiation(asio::any_io_executor strand, Operation operation)
        : strand_(std::move(strand)), operation_(std::move(operation)) {}

    executor_type get_executor() const noexcept { return strand_; }

    template <class Handler>
    void operator()(Handler&& handler) {
        using handler_type = std::decay_t<Handler>;
        const auto executor = asio::get_associated_executor(handler, strand_);
        using handler_executor = std::decay_t<decltype(executor)>;

        const auto stopper = std::make_shared<strand_stopper>(strand_);
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            // Weak, for the owner of the slot may keep it for longer than the strand's context
            // lives.
            slot.assign([weak = std::weak_ptr(stopper)](asio::cancellation_type type) {
                const bool terminal =
                    (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
                const auto alive = weak.lock();
                if (terminal && alive) strand_stopper::request_stop(alive);
            });
        }
        strand_completion<Result, handler_type, handler_executor> completion(
            std::forward<Handler>(handler), executor);
        stoppable_operation<Operation> operation(std::move(operation_), stopper);
        asio::co_spawn(strand_, std::move(operation),
                       asio::bind_cancellation_slot(
                           stopper->slot(), asio::bind_executor(strand_, std::move(completion))));
    }

private:
    asio::any_io_executor strand_;
    Operation operation_;
};

}  // namespace detail

/// Runs `operation`, a callable that returns `awaitable<Result>`, on `strand` and completes `token`
/// on its own associated executor with `void(std::exception_ptr, Result)`. This is the door through
/// which every call of the library goes in, so that a call's state is on one strand whatever
/// executor, and whatever threads, its caller has. `Result` is default-constructible.
///
/// Cancellation: terminal, from the token's slot; it may be emitted as the slot's owner pleases,
/// and is carried over to the strand. Reported as `errc::cancelled`. A `handler_failed` is reported
/// as what it holds.
template <class Result, class Operation, class CompletionToken>
auto run_on_strand(asio::any_io_executor strand, Operation operation, CompletionToken&& token) {
    return asio::async_initiate<CompletionToken, void(std::exception_ptr, Result)>(
        detail::strand_initiation<Result, Operation>(std::move(strand), std::move(operation)),
        token);
}

}  // namespace conclave::net
