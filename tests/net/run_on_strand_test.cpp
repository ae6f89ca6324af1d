#include "running.hpp"

#include <conclave/net/run_on_strand.hpp>

#include <asio/use_future.hpp>
#if __has_include(<asio/as_tuple.hpp>)
#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#endif

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <tuple>

namespace {

using namespace conclave;
using namespace running;

#if __has_include(<asio/as_tuple.hpp>)
using asio::deferred;
constexpr auto as_tuple = [](auto token) { return asio::as_tuple(token); };
#else
using asio::experimental::deferred;
constexpr auto as_tuple = [](auto token) { return asio::experimental::as_tuple(token); };
#endif

asio::awaitable<int> answer_soon() {
    co_await sleep(2ms);
    co_return 42;
}

asio::awaitable<int> fail_soon() {
    co_await sleep(2ms);
    throw std::runtime_error("failed");
}

asio::awaitable<int> wait_in_vain() {
    co_await sleep(stall);
    co_return 0;
}

template <class Operation, class CompletionToken>
auto start(asio::io_context& on, Operation operation, CompletionToken&& token) {
    return net::run_on_strand<int>(asio::make_strand(on.get_executor()), std::move(operation),
                                   std::forward<CompletionToken>(token));
}

// The code of the error, 0 without one, -1 for what is no error of ours.
int code_of(const std::exception_ptr& thrown) {
    if (!thrown) return 0;
    try {
        std::rethrow_exception(thrown);
    } catch (const error& ours) {
        return ours.code().value();
    } catch (...) {
        return -1;
    }
}

constexpr int cancelled = static_cast<int>(errc::cancelled);

TEST(RunOnStrand, CompletesACallbackOnceAndOnTheStrand) {
    asio::io_context context;
    const auto strand = asio::make_strand(context.get_executor());
    int calls = 0;
    bool on_strand = false;
    const auto handler = [&](std::exception_ptr thrown, int result) {
        ++calls;
        EXPECT_FALSE(thrown);
        EXPECT_EQ(result, 42);
        on_strand = strand.running_in_this_thread();
    };
    net::run_on_strand<int>(strand, answer_soon, handler);
    EXPECT_EQ(calls, 0);
    context.run_for(at_once);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(on_strand);
}

TEST(RunOnStrand, RunsTheOperationOnTheStrandAndTheHandlerOnItsOwnExecutor) {
    threads workers(2);
    asio::io_context callers;
    const auto strand = asio::make_strand(workers.context.get_executor());
    bool operation_on_strand = false;
    bool operation_elsewhere = true;
    const auto operation = [&]() -> asio::awaitable<int> {
        operation_on_strand = strand.running_in_this_thread();
        operation_elsewhere = !callers.get_executor().running_in_this_thread();
        co_return 1;
    };
    bool handled = false;
    const auto handler = [&](std::exception_ptr, int) {
        handled = callers.get_executor().running_in_this_thread();
    };
    net::run_on_strand<int>(strand, operation, asio::bind_executor(callers, handler));
    // It has work to do until the handler has been called.
    EXPECT_EQ(callers.run_for(stall), 1u);
    EXPECT_TRUE(operation_on_strand);
    EXPECT_TRUE(operation_elsewhere);
    EXPECT_TRUE(handled);
}

TEST(RunOnStrand, TakesDetached) {
    asio::io_context context;
    bool ran = false;
    const auto operation = [&]() -> asio::awaitable<int> {
        co_await sleep(1ms);
        ran = true;
        throw std::runtime_error("nobody hears it");
    };
    start(context, operation, asio::detached);
    context.run_for(at_once);
    EXPECT_TRUE(ran);
}

TEST(RunOnStrand, TakesUseFuture) {
    threads workers(2);
    std::future<int> good = start(workers.context, answer_soon, asio::use_future);
    std::future<int> bad = start(workers.context, fail_soon, asio::use_future);
    EXPECT_EQ(good.get(), 42);
    EXPECT_THROW(bad.get(), std::runtime_error);
}

TEST(RunOnStrand, TakesUseAwaitableAndResumesOnTheCallersExecutor) {
    threads workers(2);
    asio::io_context callers;
    run(callers, [&]() -> asio::awaitable<void> {
        const int result = co_await start(workers.context, answer_soon, asio::use_awaitable);
        EXPECT_EQ(result, 42);
        EXPECT_TRUE(callers.get_executor().running_in_this_thread());
        bool thrown = false;
        try {
            co_await start(workers.context, fail_soon, asio::use_awaitable);
        } catch (const std::runtime_error& failure) {
            thrown = std::string_view(failure.what()) == "failed";
        }
        EXPECT_TRUE(thrown);
        EXPECT_TRUE(callers.get_executor().running_in_this_thread());
    });
}

TEST(RunOnStrand, TakesRedirectError) {
    asio::io_context context;
    run(context, [&]() -> asio::awaitable<void> {
        net::error_code unused;
        const int result =
            co_await start(context, answer_soon, asio::redirect_error(asio::use_awaitable, unused));
        EXPECT_EQ(result, 42);
        EXPECT_FALSE(unused);
    });
}

TEST(RunOnStrand, TakesAsTuple) {
    asio::io_context context;
    run(context, [&]() -> asio::awaitable<void> {
        const auto good = co_await start(context, answer_soon, as_tuple(asio::use_awaitable));
        EXPECT_FALSE(std::get<0>(good));
        EXPECT_EQ(std::get<1>(good), 42);
        const auto bad = co_await start(context, fail_soon, as_tuple(asio::use_awaitable));
        EXPECT_EQ(code_of(std::get<0>(bad)), -1);
    });
}

TEST(RunOnStrand, TakesDeferredAndStartsOnlyWhenThatIsCalled) {
    asio::io_context context;
    bool began = false;
    const auto operation = [&]() -> asio::awaitable<int> {
        began = true;
        co_return 42;
    };
    auto deferred_operation = start(context, operation, deferred);
    context.run_for(at_once);
    EXPECT_FALSE(began);
    int result = 0;
    std::move(deferred_operation)([&](std::exception_ptr, int value) { result = value; });
    context.restart();
    context.run_for(at_once);
    EXPECT_EQ(result, 42);
}

TEST(RunOnStrand, GivesResultsThatCanOnlyBeMoved) {
    asio::io_context context;
    std::unique_ptr<int> received;
    const auto operation = []() -> asio::awaitable<std::unique_ptr<int>> {
        co_return std::make_unique<int>(7);
    };
    net::run_on_strand<std::unique_ptr<int>>(
        asio::make_strand(context.get_executor()), operation,
        [&](std::exception_ptr, std::unique_ptr<int> value) { received = std::move(value); });
    context.run_for(at_once);
    ASSERT_NE(received, nullptr);
    EXPECT_EQ(*received, 7);
}

TEST(RunOnStrand, PassesOnWhatTheCallableItselfThrows) {
    asio::io_context context;
    std::exception_ptr thrown;
    const auto operation = []() -> asio::awaitable<int> { throw std::logic_error("no coroutine"); };
    start(context, operation, [&](std::exception_ptr what, int) { thrown = what; });
    context.run_for(at_once);
    EXPECT_EQ(code_of(thrown), -1);
}

TEST(RunOnStrand, CancelledWhileItRunsReportsCancelledAtOnce) {
    asio::io_context context;
    asio::cancellation_signal signal;
    int code = 0;
    const auto handler = [&](std::exception_ptr thrown, int) { code = code_of(thrown); };
    start(context, wait_in_vain, asio::bind_cancellation_slot(signal.slot(), handler));
    context.poll();
    signal.emit(asio::cancellation_type::terminal);
    signal.emit(asio::cancellation_type::all);
    const auto taken = time_of([&] { context.run_for(stall); });
    EXPECT_EQ(code, cancelled);
    EXPECT_LT(taken, at_once);
}

TEST(RunOnStrand, CancelledBeforeItsFirstStepReportsCancelledAtOnce) {
    asio::io_context context;
    asio::cancellation_signal signal;
    int code = 0;
    const auto handler = [&](std::exception_ptr thrown, int) { code = code_of(thrown); };
    start(context, wait_in_vain, asio::bind_cancellation_slot(signal.slot(), handler));
    signal.emit(asio::cancellation_type::terminal);
    const auto taken = time_of([&] { context.run_for(stall); });
    EXPECT_EQ(code, cancelled);
    EXPECT_LT(taken, at_once);
}

TEST(RunOnStrand, IsNotStartedByACancelledCoroutine) {
    asio::io_context context;
    asio::cancellation_signal signal;
    bool began = false;
    const auto operation = [&]() -> asio::awaitable<int> {
        began = true;
        co_return 1;
    };
    const auto caller = [&]() -> asio::awaitable<void> {
        signal.emit(asio::cancellation_type::terminal);
        co_await start(context, operation, asio::use_awaitable);
    };
    std::exception_ptr thrown;
    asio::co_spawn(context, caller,
                   asio::bind_cancellation_slot(signal.slot(),
                                                [&](std::exception_ptr what) { thrown = what; }));
    context.run_for(at_once);
    EXPECT_TRUE(thrown);
    EXPECT_FALSE(began);
}

TEST(RunOnStrand, CancelsWithTheCoroutineThatAwaitsIt) {
    threads workers(2);
    asio::io_context callers;
    asio::cancellation_signal signal;
    asio::steady_timer timer(callers, 5ms);
    timer.async_wait([&](net::error_code) { signal.emit(asio::cancellation_type::terminal); });
    std::exception_ptr thrown;
    const auto caller = [&]() -> asio::awaitable<void> {
        co_await start(workers.context, wait_in_vain, asio::use_awaitable);
    };
    asio::co_spawn(callers, caller,
                   asio::bind_cancellation_slot(signal.slot(),
                                                [&](std::exception_ptr what) { thrown = what; }));
    const auto taken = time_of([&] { callers.run_for(stall); });
    EXPECT_EQ(code_of(thrown), cancelled);
    EXPECT_LT(taken, at_once);
}

TEST(RunOnStrand, IsDeafToCancellationsThatAreNotTerminal) {
    asio::io_context context;
    asio::cancellation_signal signal;
    int result = 0;
    start(context, answer_soon,
          asio::bind_cancellation_slot(signal.slot(),
                                       [&](std::exception_ptr, int value) { result = value; }));
    context.poll();
    signal.emit(asio::cancellation_type::partial);
    signal.emit(asio::cancellation_type::total);
    context.run_for(at_once);
    EXPECT_EQ(result, 42);
}

TEST(RunOnStrand, CancelledBetweenItsEndAndItsHandlerKeepsItsResult) {
    asio::io_context context;
    asio::io_context callers;
    asio::cancellation_signal signal;
    std::optional<int> result;
    const auto handler = [&](std::exception_ptr thrown, int value) {
        EXPECT_FALSE(thrown);
        result = value;
    };
    start(context, answer_soon,
          asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(callers, handler)));
    context.run_for(at_once);
    EXPECT_FALSE(result);
    signal.emit(asio::cancellation_type::terminal);
    callers.run_for(at_once);
    EXPECT_EQ(result, 42);
    signal.emit(asio::cancellation_type::terminal);
    context.restart();
    EXPECT_EQ(context.run_for(at_once), 0u) << "there is nothing left to stop";
}

TEST(RunOnStrand, ReportsTheResultWhenItWasDoneBeforeItHeardOfTheCancellation) {
    asio::io_context context;
    asio::cancellation_signal signal;
    const auto operation = [&]() -> asio::awaitable<int> {
        co_await sleep(1ms);
        signal.emit(asio::cancellation_type::terminal);
        co_return 42;
    };
    int result = 0;
    start(context, operation,
          asio::bind_cancellation_slot(signal.slot(),
                                       [&](std::exception_ptr, int value) { result = value; }));
    context.run_for(at_once);
    EXPECT_EQ(result, 42);
}

// Each call is cancelled from an executor of its own, while its strand runs on any of four threads.
TEST(RunOnStrand, CompletesOnceWheneverAndWhereverItIsCancelled) {
    constexpr int calls = 400;
    struct one_call {
        explicit one_call(asio::io_context& context)
            : executor(asio::make_strand(context.get_executor())), timer(executor) {}
        asio::strand<asio::io_context::executor_type> executor;
        asio::steady_timer timer;
        asio::cancellation_signal signal;
        std::atomic<int> completions = 0;
        int code = 0;
        int result = 0;
    };
    threads workers(4);
    std::vector<std::unique_ptr<one_call>> all;
    std::minstd_rand random(1);
    for (int i = 0; i < calls; ++i) {
        all.push_back(std::make_unique<one_call>(workers.context));
        one_call& each = *all.back();
        // Some are never cancelled and some never done; for the others it is a race.
        const bool leave_alone = i % 10 == 0;
        const auto operation = i % 10 == 1 ? wait_in_vain : answer_soon;
        const auto pause = std::chrono::microseconds(leave_alone ? 30'000'000 : random() % 4000);
        asio::post(each.executor, [&each, operation, pause, &workers] {
            const auto handler = [&each](std::exception_ptr thrown, int result) {
                ++each.completions;
                each.code = code_of(thrown);
                each.result = result;
                each.timer.cancel();
            };
            start(workers.context, operation,
                  asio::bind_cancellation_slot(each.signal.slot(),
                                               asio::bind_executor(each.executor, handler)));
            each.timer.expires_after(pause);
            each.timer.async_wait(
                [&each](net::error_code) { each.signal.emit(asio::cancellation_type::terminal); });
        });
    }
    workers.join();
    int successes = 0;
    for (const auto& each : all) {
        EXPECT_EQ(each->completions, 1);
        const bool success = each->code == 0 && each->result == 42;
        EXPECT_TRUE(success || (each->code == cancelled && each->result == 0)) << each->code;
        successes += success ? 1 : 0;
    }
    EXPECT_GE(successes, calls / 10);
    EXPECT_LE(successes, calls - calls / 10);
}

TEST(RunOnStrand, LeavesNothingBehindWhenItsContextIsDestroyed) {
    const auto token = std::make_shared<int>(1);
    // Lives longer than the strand, of which it must not keep anything.
    asio::cancellation_signal signal;
    {
        asio::io_context context;
        const auto operation = [token]() -> asio::awaitable<int> {
            const auto mine = token;
            co_await sleep(stall);
            co_return 1;
        };
        const auto handler = [token](std::exception_ptr, int) {};
        start(context, operation, asio::bind_cancellation_slot(signal.slot(), handler));
        context.poll();
        EXPECT_GT(token.use_count(), 3);
    }
    EXPECT_EQ(token.use_count(), 1);
    signal.emit(asio::cancellation_type::terminal);
}

}  // namespace
