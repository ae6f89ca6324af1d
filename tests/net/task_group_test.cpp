#include "running.hpp"

#include <conclave/net/task_group.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using namespace conclave;
using namespace running;

// A parent coroutine on a context of one thread, which can be cancelled while it runs.
class family {
public:
    template <class Parent>
    void run(Parent parent) {
        std::exception_ptr thrown;
        const auto on_end = [&](std::exception_ptr what) { thrown = what; };
        asio::co_spawn(context, std::move(parent),
                       asio::bind_cancellation_slot(signal.slot(), on_end));
        context.run_for(60s);
        ASSERT_TRUE(context.stopped()) << "something has not ended after a minute";
        if (thrown) std::rethrow_exception(thrown);
    }

    void cancel_after(std::chrono::milliseconds time) {
        asio::steady_timer& timer = timers.emplace_back(context, time);
        timer.async_wait(
            [this](net::error_code) { signal.emit(asio::cancellation_type::terminal); });
    }

    asio::io_context context{1};
    asio::cancellation_signal signal;
    std::deque<asio::steady_timer> timers;
};

TEST(TaskGroup, JoinReturnsAfterTheLastChildHasEnded) {
    family parent;
    int ended = 0;
    int ended_at_join = -1;
    parent.run([&]() -> asio::awaitable<void> {
        net::task_group group(co_await asio::this_coro::executor);
        for (const auto time : {3ms, 20ms, 0ms}) {
            const auto child = [&ended, time]() -> asio::awaitable<void> {
                if (time.count() > 0) co_await sleep(time);
                ++ended;
            };
            group.spawn(child);
        }
        co_await group.join();
        ended_at_join = ended;
        EXPECT_FALSE(group.stopped());
    });
    EXPECT_EQ(ended_at_join, 3);
}

TEST(TaskGroup, WithoutChildrenJoinsAtOnceAndCanBeUsedAgain) {
    family parent;
    std::string order;
    parent.run([&]() -> asio::awaitable<void> {
        net::task_group group(co_await asio::this_coro::executor);
        co_await group.join();
        const auto child = [&order]() -> asio::awaitable<void> {
            co_await sleep(5ms);
            order += "child ";
        };
        group.spawn(child);
        co_await group.join();
        order += "joined ";
        group.spawn(child);
        co_await group.join();
        order += "joined";
    });
    EXPECT_EQ(order, "child joined child joined");
}

TEST(TaskGroup, AnExceptionStopsTheOthersAndIsThrownOnceTheyHaveEnded) {
    family parent;
    bool other_ended = false;
    const auto failing = [&]() -> asio::awaitable<void> {
        net::task_group group(co_await asio::this_coro::executor);
        const auto waiting = [&other_ended]() -> asio::awaitable<void> {
            try {
                co_await wait_for_cancellation();
            } catch (...) {
                other_ended = true;
                throw std::logic_error("a second failure");
            }
        };
        const auto throwing = []() -> asio::awaitable<void> {
            co_await sleep(2ms);
            throw std::runtime_error("the first failure");
        };
        group.spawn(waiting);
        group.spawn(throwing);
        co_await group.join();
    };
    try {
        parent.run(failing);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::exception& thrown) {
        EXPECT_STREQ(thrown.what(), "the first failure");
        EXPECT_TRUE(other_ended);
    }
}

TEST(TaskGroup, AnExceptionBeforeTheFirstAwaitIsThrownByJoinToo) {
    family parent;
    bool spawned = false;
    const auto failing = [&]() -> asio::awaitable<void> {
        net::task_group group(co_await asio::this_coro::executor);
        const auto throwing = []() -> asio::awaitable<void> {
            throw std::runtime_error("at once");
            co_return;
        };
        group.spawn(throwing);
        spawned = true;
        co_await group.join();
    };
    EXPECT_THROW(parent.run(failing), std::runtime_error);
    EXPECT_TRUE(spawned);
}

// Takes a while to end when it is cancelled.
asio::awaitable<void> end_slowly(std::string& order) {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(stall);
    net::error_code ended;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    order += ended == asio::error::operation_aborted ? "stopped " : "not stopped ";
    // Not to be disturbed by a second cancellation: that one would end the timer's wait.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    timer.expires_after(50ms);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    order += "ended ";
}

asio::awaitable<void> join_and_go_on(std::string& order) {
    net::task_group group(co_await asio::this_coro::executor);
    const auto child = [&order] { return end_slowly(order); };
    group.spawn(child);
    co_await group.join();
    order += "joined ";
    co_await sleep(1ms);
    order += "went on";
}

TEST(TaskGroup, CancellingTheParentStopsTheChildrenAndStillWaitsForThem) {
    family parent;
    std::string order;
    parent.cancel_after(5ms);
    const auto taken = time_of([&] {
        EXPECT_THROW(parent.run([&] { return join_and_go_on(order); }), std::system_error);
    });
    EXPECT_EQ(order, "stopped ended joined ");
    EXPECT_LT(taken, at_once);
}

TEST(TaskGroup, CancellingTwiceIsLikeCancellingOnce) {
    family parent;
    std::string order;
    parent.cancel_after(5ms);
    parent.cancel_after(5ms);
    parent.cancel_after(25ms);
    EXPECT_THROW(parent.run([&] { return join_and_go_on(order); }), std::system_error);
    EXPECT_EQ(order, "stopped ended joined ");
}

TEST(TaskGroup, AParentCancelledBeforeItJoinsDoesNotWaitForItsChildrensWork) {
    family parent;
    const auto taken = time_of([&] {
        EXPECT_THROW(parent.run([&]() -> asio::awaitable<void> {
            net::task_group group(co_await asio::this_coro::executor);
            const auto child = [] { return sleep(stall); };
            group.spawn(child);
            parent.signal.emit(asio::cancellation_type::terminal);
            co_await asio::this_coro::throw_if_cancelled(false);
            co_await group.join();
            co_await sleep(1ms);
        }),
                     std::system_error);
    });
    EXPECT_LT(taken, at_once);
}

TEST(TaskGroup, AChildSpawnedAfterStopIsCancelledToo) {
    family parent;
    std::string order;
    const auto taken = time_of([&] {
        parent.run([&]() -> asio::awaitable<void> {
            net::task_group group(co_await asio::this_coro::executor);
            group.stop();
            group.stop();
            EXPECT_TRUE(group.stopped());
            const auto waits = [&order]() -> asio::awaitable<void> {
                order += "began ";
                try {
                    co_await sleep(stall);
                } catch (const std::system_error&) {
                    order += "cancelled ";
                }
            };
            const auto hops_first = [&order]() -> asio::awaitable<void> {
                co_await asio::post(asio::use_awaitable);
                try {
                    co_await sleep(stall);
                } catch (const std::system_error&) {
                    order += "cancelled ";
                }
            };
            group.spawn(waits);
            group.spawn(hops_first);
            co_await group.join();
        });
    });
    EXPECT_EQ(order, "began cancelled cancelled ");
    EXPECT_LT(taken, at_once);
}

TEST(TaskGroup, AStopperStopsTheGroupAndMayOutliveIt) {
    family parent;
    std::function<void()> stopper;
    const auto taken = time_of([&] {
        EXPECT_THROW(parent.run([&]() -> asio::awaitable<void> {
            net::task_group group(co_await asio::this_coro::executor);
            stopper = group.stopper();
            const auto child = [] { return sleep(stall); };
            const auto stopping = [&stopper]() -> asio::awaitable<void> {
                co_await sleep(2ms);
                stopper();
            };
            group.spawn(child);
            group.spawn(stopping);
            co_await group.join();
        }),
                     std::system_error);
    });
    EXPECT_LT(taken, at_once);
    stopper();
}

TEST(TaskGroup, AStopThatFindsAChildsLastWaitOverDoesNotUndoItsSuccess) {
    family parent;
    bool waited = false;
    bool stopped_by_then = false;
    parent.run([&]() -> asio::awaitable<void> {
        net::task_group group(co_await asio::this_coro::executor);
        const auto now = std::chrono::steady_clock::now();
        const auto child = [&, now]() -> asio::awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor, now - 1ms);
            co_await timer.async_wait(asio::use_awaitable);
            waited = true;
            stopped_by_then = group.stopped();
        };
        group.spawn(child);
        // Both timers are over; this one is taken first.
        asio::steady_timer earlier(parent.context, now - 2ms);
        earlier.async_wait([&group](net::error_code) { group.stop(); });
        co_await group.join();
    });
    EXPECT_TRUE(waited);
    EXPECT_TRUE(stopped_by_then);
}

TEST(TaskGroup, AStopByAChildInItsLastStatementReachesTheOthersOnly) {
    family parent;
    std::string order;
    parent.run([&]() -> asio::awaitable<void> {
        net::task_group group(co_await asio::this_coro::executor);
        const auto child = [&order] { return end_slowly(order); };
        const auto last = [&group]() -> asio::awaitable<void> {
            co_await sleep(2ms);
            group.stop();
        };
        group.spawn(child);
        group.spawn(last);
        co_await group.join();
    });
    EXPECT_EQ(order, "stopped ended ");
}

TEST(TaskGroup, ItsChildrenEndWithTheContextThatTheyRanOn) {
    const auto token = std::make_shared<int>(1);
    {
        asio::io_context context;
        const auto parent = [token]() -> asio::awaitable<void> {
            net::task_group group(co_await asio::this_coro::executor);
            const auto child = [token]() -> asio::awaitable<void> {
                const auto mine = token;
                co_await sleep(stall);
            };
            group.spawn(child);
            group.spawn(child);
            co_await group.join();
        };
        asio::co_spawn(context, parent, asio::detached);
        context.poll();
        EXPECT_GT(token.use_count(), 1);
    }
    EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
