#include "running.hpp"

#include <conclave/net/connection_slots.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace conclave;
using namespace running;

const std::string limited_origin = "https://a.test:443";

// Those who want a slot, and the order in which they got one.
class ConnectionSlots : public ::testing::Test {
protected:
    struct guest {
        asio::cancellation_signal stop;
        std::optional<net::connection_slot> slot;
        bool cancelled = false;
    };

    // Number `guests.size()` comes in.
    guest& come(net::connection_slots& slots, const std::string& to = limited_origin) {
        const std::size_t number = guests.size();
        guest& mine = guests.emplace_back();
        const auto caller = [this, &slots, &mine, number, to]() -> asio::awaitable<void> {
            auto got = co_await slots.acquire(to);
            mine.slot.emplace(std::move(got));
            order.push_back(number);
        };
        const auto on_end = [&mine](std::exception_ptr thrown) { mine.cancelled = !!thrown; };
        asio::co_spawn(asio::make_strand(context), caller,
                       asio::bind_cancellation_slot(mine.stop.slot(), on_end));
        step();
        return mine;
    }

    void step() {
        context.restart();
        context.poll();
    }

    void leave(guest& gone) {
        gone.slot.reset();
        step();
    }

    asio::io_context context;
    std::deque<guest> guests;
    std::vector<std::size_t> order;
};

using numbers = std::vector<std::size_t>;

TEST_F(ConnectionSlots, AreGivenInTheOrderInWhichTheyWereAskedFor) {
    net::connection_slots slots(2);
    for (int i = 0; i < 6; ++i)
        come(slots);
    EXPECT_EQ(order, (numbers{0, 1}));
    EXPECT_EQ(slots.waiting(), 4u);
    leave(guests[1]);
    EXPECT_EQ(order, (numbers{0, 1, 2}));
    leave(guests[0]);
    leave(guests[2]);
    EXPECT_EQ(order, (numbers{0, 1, 2, 3, 4}));
    come(slots);
    leave(guests[3]);
    EXPECT_EQ(order, (numbers{0, 1, 2, 3, 4, 5})) << "nobody jumps the queue";
    leave(guests[4]);
    EXPECT_EQ(order, (numbers{0, 1, 2, 3, 4, 5, 6}));
    leave(guests[5]);
    leave(guests[6]);
    EXPECT_EQ(slots.waiting(), 0u);
    come(slots);
    come(slots);
    EXPECT_EQ(order.size(), 9u);
}

TEST_F(ConnectionSlots, OfOneOriginAreNotThoseOfAnother) {
    net::connection_slots slots(1);
    come(slots);
    come(slots, "https://b.test:443");
    EXPECT_EQ(order, (numbers{0, 1}));
    come(slots);
    come(slots, "https://b.test:443");
    leave(guests[1]);
    EXPECT_EQ(order, (numbers{0, 1, 3}));
}

TEST_F(ConnectionSlots, WithoutALimitAreGivenToAll) {
    net::connection_slots slots(0);
    for (int i = 0; i < 100; ++i)
        come(slots);
    EXPECT_EQ(order.size(), 100u);
}

TEST_F(ConnectionSlots, WhoIsCancelledLeavesTheQueue) {
    net::connection_slots slots(1);
    for (int i = 0; i < 4; ++i)
        come(slots);
    guests[1].stop.emit(asio::cancellation_type::terminal);
    step();
    EXPECT_TRUE(guests[1].cancelled);
    EXPECT_EQ(slots.waiting(), 2u);
    leave(guests[0]);
    EXPECT_EQ(order, (numbers{0, 2}));
}

TEST_F(ConnectionSlots, ASlotThatComesTogetherWithACancellationIsNotLost) {
    for (const bool slot_first : {false, true}) {
        net::connection_slots slots(1);
        guests.clear();
        order.clear();
        for (int i = 0; i < 3; ++i)
            come(slots);
        if (slot_first) guests[0].slot.reset();
        guests[1].stop.emit(asio::cancellation_type::terminal);
        if (!slot_first) guests[0].slot.reset();
        step();
        // Whether he got it or not, the next one does when he is gone.
        if (!guests[1].cancelled) leave(guests[1]);
        EXPECT_TRUE(guests[2].slot);
        EXPECT_EQ(slots.waiting(), 0u);
    }
}

TEST_F(ConnectionSlots, AreNeverMoreThanTheLimitOnManyThreads) {
    constexpr int limit = 3;
    std::atomic<int> in_use = 0;
    std::atomic<int> most = 0;
    std::atomic<int> served = 0;
    {
        threads workers(4);
        net::connection_slots slots(limit);
        const auto caller = [&]() -> asio::awaitable<void> {
            for (int i = 0; i < 20; ++i) {
                const auto mine = co_await slots.acquire(limited_origin);
                const int now = ++in_use;
                int before = most;
                while (before < now && !most.compare_exchange_weak(before, now)) {
                }
                co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
                --in_use;
                ++served;
            }
        };
        for (int i = 0; i < 50; ++i)
            asio::co_spawn(asio::make_strand(workers.context), caller, asio::detached);
        workers.join();
        EXPECT_EQ(slots.waiting(), 0u);
    }
    EXPECT_EQ(served, 1000);
    EXPECT_EQ(most, limit);
}

TEST_F(ConnectionSlots, LeaveNothingBehindWhenTheContextIsDestroyedWhileSomeWait) {
    const auto token = std::make_shared<int>(1);
    {
        asio::io_context own;
        net::connection_slots slots(1);
        const auto caller = [&slots, token]() -> asio::awaitable<void> {
            const auto alive = token;
            const auto mine = co_await slots.acquire(limited_origin);
            co_await wait_for_cancellation();
        };
        for (int i = 0; i < 3; ++i)
            asio::co_spawn(asio::make_strand(own), caller, asio::detached);
        own.poll();
        EXPECT_EQ(slots.waiting(), 2u);
        EXPECT_GT(token.use_count(), 3);
    }
    EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
