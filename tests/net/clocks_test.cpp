#include "running.hpp"

#include <conclave/net/clocks.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace {

using namespace conclave;
using namespace running;
using timer_clock = asio::steady_timer::clock_type;

/// A timer that counts how often it was set.
class counting_timer : public asio::steady_timer {
public:
    using asio::steady_timer::steady_timer;

    std::size_t expires_at(const time_point& when) {
        ++set;
        return asio::steady_timer::expires_at(when);
    }

    static inline int set = 0;
};

struct fixture {
    asio::io_context context{1};
    int expiries = 0;
    std::optional<net::clocks<asio::steady_timer>> clocks{std::in_place, context.get_executor(),
                                                          [this] { ++expiries; }};
};

TEST(Clocks, ThatWereNeverSetWaitForNothing) {
    fixture f;
    EXPECT_EQ(f.context.run_for(at_once), 0u);
    EXPECT_FALSE(f.clocks->expired());
    EXPECT_EQ(f.expiries, 0);
}

TEST(Clocks, TellWhichOfThemRanOutFirstAndTellItOnce) {
    fixture f;
    const auto now = timer_clock::now();
    f.clocks->set(errc::model_timeout, now + 30ms);
    f.clocks->set(errc::connect_timeout, now + 10ms);
    f.clocks->set(errc::tls_timeout, now + 20ms);
    f.context.run_for(at_once);
    EXPECT_EQ(f.clocks->expired(), errc::connect_timeout);
    EXPECT_EQ(f.expiries, 1);
    EXPECT_GE(timer_clock::now(), now + 10ms);

    f.clocks->set(errc::resolve_timeout, now);
    f.context.restart();
    f.context.run_for(at_once);
    EXPECT_EQ(f.clocks->expired(), errc::connect_timeout);
    EXPECT_EQ(f.expiries, 1);
}

TEST(Clocks, OneThatIsSetInThePastHasRunOut) {
    fixture f;
    f.clocks->set(errc::model_timeout, timer_clock::now() + stall);
    f.clocks->set(errc::tls_timeout, timer_clock::now() - 1s);
    f.context.run_one_for(at_once);
    f.context.poll();
    EXPECT_EQ(f.clocks->expired(), errc::tls_timeout);
}

TEST(Clocks, OneThatWasClearedDoesNotRunOut) {
    fixture f;
    f.clocks->set(errc::connect_timeout, timer_clock::now() + 5ms);
    f.clocks->clear(errc::connect_timeout);
    f.clocks->clear(errc::tls_timeout);
    f.context.run_for(at_once);
    EXPECT_FALSE(f.clocks->expired());
    EXPECT_EQ(f.expiries, 0);
}

TEST(Clocks, ClearingOneLeavesTheOthersRunning) {
    fixture f;
    f.clocks->set(errc::connect_timeout, timer_clock::now() + 5ms);
    f.clocks->set(errc::model_timeout, timer_clock::now() + 15ms);
    f.clocks->clear(errc::connect_timeout);
    f.context.run_for(at_once);
    EXPECT_EQ(f.clocks->expired(), errc::model_timeout);
}

TEST(Clocks, OneThatIsSetLaterDoesNotRunOutAtItsOldTime) {
    fixture f;
    const auto begin = timer_clock::now();
    f.clocks->set(errc::model_timeout, begin + 5ms);
    f.clocks->set(errc::model_timeout, begin + stall);
    f.context.run_until(begin + 60ms);
    EXPECT_FALSE(f.clocks->expired());

    f.clocks->set(errc::model_timeout, begin + 120ms);
    f.context.run_for(at_once);
    EXPECT_EQ(f.clocks->expired(), errc::model_timeout);
    EXPECT_GE(timer_clock::now() - begin, 120ms);
}

TEST(Clocks, OneThatIsSetEarlierRunsOutEarlier) {
    fixture f;
    f.clocks->set(errc::model_timeout, timer_clock::now() + stall);
    f.clocks->set(errc::model_timeout, timer_clock::now() + 5ms);
    f.context.run_for(at_once);
    EXPECT_EQ(f.clocks->expired(), errc::model_timeout);
}

TEST(Clocks, OneThatIsSetAgainWhileItsTimerHasAlreadyFiredIsNotTakenForExpired) {
    fixture f;
    const auto now = timer_clock::now();
    f.clocks->set(errc::tls_timeout, now - 1ms);
    // Runs before the clock's own handler, which is in the queue by then.
    asio::steady_timer earlier(f.context, now - 2ms);
    earlier.async_wait(
        [&](net::error_code) { f.clocks->set(errc::tls_timeout, timer_clock::now() + 300ms); });
    f.context.run_for(20ms);
    EXPECT_FALSE(f.clocks->expired());
    f.context.run_for(at_once);
    EXPECT_EQ(f.clocks->expired(), errc::tls_timeout);
}

TEST(Clocks, SettingOneToLaterTimesCostsNoTimerOperation) {
    asio::io_context context;
    net::clocks<counting_timer> clocks(context.get_executor(), [] {});
    counting_timer::set = 0;
    const auto begin = counting_timer::clock_type::now() + stall;
    for (int token = 0; token < 1000; ++token)
        clocks.set(errc::model_timeout, begin + std::chrono::milliseconds(token));
    EXPECT_EQ(counting_timer::set, 1);
}

TEST(Clocks, DestroyedOnesTellNothingAndHoldNobodyUp) {
    fixture f;
    f.clocks->set(errc::model_timeout, timer_clock::now() + stall);
    const auto taken = time_of([&] {
        f.clocks.reset();
        f.context.run_for(stall);
    });
    EXPECT_LT(taken, at_once);
    EXPECT_EQ(f.expiries, 0);
}

TEST(Clocks, DestroyedOnesTellNothingEvenWhenTheirTimerHadFired) {
    fixture f;
    const auto now = timer_clock::now();
    f.clocks->set(errc::model_timeout, now - 1ms);
    asio::steady_timer earlier(f.context, now - 2ms);
    earlier.async_wait([&](net::error_code) { f.clocks.reset(); });
    f.context.run_for(at_once);
    EXPECT_FALSE(f.clocks.has_value());
    EXPECT_EQ(f.expiries, 0);
}

TEST(Clocks, MayBeDestroyedByTheirOwnExpiry) {
    asio::io_context context;
    std::unique_ptr<net::clocks<asio::steady_timer>> clocks;
    clocks = std::make_unique<net::clocks<asio::steady_timer>>(context.get_executor(),
                                                               [&] { clocks.reset(); });
    clocks->set(errc::model_timeout, timer_clock::now());
    context.run_for(at_once);
    EXPECT_EQ(clocks, nullptr);
}

}  // namespace
