// What is destroyed or cancelled in the middle of a call takes nothing with it that it does not
// own, and leaves nothing behind. Half of what is tested here is for the address sanitizer to see.

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "roundtable/panel_world.hpp"

namespace conclave::tests {
namespace {

using testing::connection_fault;
using testing::provider_options;

roundtable_request two_seats() {
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b");
    return request;
}

std::string code_of(const std::exception_ptr& thrown) {
    if (!thrown) return "nothing thrown";
    try {
        std::rethrow_exception(thrown);
    } catch (const error& failure) {
        return failure.code() == errc::cancelled ? "cancelled" : failure.what();
    } catch (...) {
        return "something else";
    }
}

TEST(Lifetime, CancelledTwiceACallEndsOnce) {
    for (const auto gap : {0ms, 1ms, 20ms}) {
        scripted_provider provider;
        provider.otherwise(testing::silent());
        asio::io_context context;
        client via(context, options_for(provider));
        asio::cancellation_signal stop;
        int ended = 0;
        std::string why;
        auto on_end = [&](const std::exception_ptr& thrown, const roundtable_response&) {
            ++ended;
            why = code_of(thrown);
        };
        async_roundtable(via, two_seats(), asio::bind_cancellation_slot(stop.slot(), on_end));
        context.run_for(50ms);
        stop.emit(asio::cancellation_type::terminal);
        if (gap != 0ms) context.run_for(gap);
        stop.emit(asio::cancellation_type::terminal);
        context.restart();
        context.run();
        EXPECT_EQ(ended, 1);
        EXPECT_EQ(why, "cancelled");
    }
}

TEST(Lifetime, CancelledBeforeAnythingRanACallEndsAtOnce) {
    scripted_provider provider;
    provider.otherwise(testing::silent());
    asio::io_context context;
    client via(context, options_for(provider));
    asio::cancellation_signal stop;
    std::string why;
    auto on_end = [&](const std::exception_ptr& thrown, const roundtable_response&) {
        why = code_of(thrown);
    };
    async_roundtable(via, two_seats(), asio::bind_cancellation_slot(stop.slot(), on_end));
    stop.emit(asio::cancellation_type::terminal);
    context.run();
    EXPECT_EQ(why, "cancelled");
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Lifetime, CancelledAtItsEndACallEndsOneWayOrTheOther) {
    scripted_provider provider;
    provider.otherwise(answer("A few words to say"));
    asio::io_context context;
    client via(context, options_for(provider));
    int answered = 0;
    int cancelled = 0;
    // Somewhere in here the signal meets the last bytes.
    for (int i = 0; i < 300; ++i) {
        asio::cancellation_signal stop;
        auto on_end = [&](const std::exception_ptr& thrown, const roundtable_response& response) {
            if (thrown) {
                EXPECT_EQ(code_of(thrown), "cancelled");
                ++cancelled;
            } else {
                EXPECT_EQ(response.text(), "A few words to say");
                ++answered;
            }
        };
        async_roundtable(via, two_seats(), asio::bind_cancellation_slot(stop.slot(), on_end));
        context.restart();
        for (int step = 0; step < i; ++step)
            context.run_one();
        stop.emit(asio::cancellation_type::terminal);
        context.run();
    }
    EXPECT_EQ(answered + cancelled, 300);
    EXPECT_GT(cancelled, 0);
    EXPECT_GT(answered, 0);
    via.close_idle_connections();
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Lifetime, AClientMayBeDestroyedWhileCallsAreUnderWay) {
    scripted_provider provider;
    provider.otherwise(answer("A few words").first_token_after(50ms));
    asio::io_context context;
    auto via = std::make_unique<client>(context, options_for(provider));
    auto first = async_roundtable(*via, two_seats(), asio::use_future);
    context.run_for(10ms);
    auto second = async_roundtable(*via, two_seats(), asio::use_future);
    via.reset();
    context.restart();
    context.run();
    EXPECT_EQ(first.get().text(), "A few words");
    EXPECT_EQ(second.get().text(), "A few words");
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }))
        << "the pool went with the last call";
}

// ---- the context is destroyed in the middle of a call

struct interruption {
    std::string name;
    std::function<void(scripted_provider&)> script;
    bool tls = false;
    std::chrono::milliseconds after = 40ms;

    // GoogleTest would print it byte by byte.
    friend void PrintTo(const interruption& each, std::ostream* out) { *out << each.name; }
};

std::vector<interruption> interruptions() {
    std::vector<interruption> all;
    const auto replies = [](scripted_reply reply) {
        return [reply](scripted_provider& provider) { provider.otherwise(reply); };
    };
    const auto connects = [](connection_fault fault) {
        return [fault](scripted_provider& provider) {
            provider.on_connect(fault, scripted_provider::every_connection);
        };
    };
    all.push_back({"AtTheStart", replies(answer("A")), false, 0ms});
    all.push_back({"InHandshake", connects(connection_fault::half_tls_handshake), true});
    for (const bool tls : {false, true}) {
        const std::string over = tls ? "OverTls" : "Plain";
        all.push_back({"InHead" + over, replies(testing::silent()), tls});
        all.push_back({"InStream" + over, replies(answer("a b c").stall_in_event(2)), tls});
        all.push_back({"InFlow" + over,
                       replies(answer(std::vector<std::string>(2000, "on ")).token_every(1ms)),
                       tls});
    }
    all.push_back({"InBackOff", replies(status(503).retry_after(30s))});
    all.push_back({"AfterTheEnd", replies(answer("A")), false, 300ms});
    return all;
}

class Interrupted : public ::testing::TestWithParam<interruption> {
protected:
    Interrupted() { GetParam().script(provider); }

    // Runs the context for a while and destroys it, the client before it, whose calls keep what
    // they need of it.
    void run_a_while() {
        via.reset();
        run_and_destroy();
    }

    void run_and_destroy() {
        if (GetParam().after > 0ms) context->run_for(GetParam().after);
        via.reset();  // its idle connections are the context's
        context->stop();
        context.reset();
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    }

    scripted_provider provider{GetParam().tls ? provider_options().tls() : provider_options()};
    std::optional<asio::io_context> context{std::in_place};
    std::unique_ptr<client> via = std::make_unique<client>(*context, options_for(provider));
    asio::cancellation_signal stop;
    std::vector<stream_event> events;
};

TEST_P(Interrupted, ACallbackIsDestroyedUncalled) {
    auto alive = std::make_shared<int>(0);
    auto on_end = [alive](const std::exception_ptr&, const roundtable_response&) { ++*alive; };
    async_roundtable(*via, two_seats(), std::move(on_end));
    run_a_while();
    EXPECT_EQ(alive.use_count(), 1);
    EXPECT_EQ(*alive, GetParam().after > 100ms ? 1 : 0);
}

TEST_P(Interrupted, ASignalMayOutliveTheContext) {
    auto on_end = [](const std::exception_ptr&, const roundtable_response&) {};
    async_roundtable(*via, two_seats(), asio::bind_cancellation_slot(stop.slot(), on_end));
    run_a_while();
}

TEST_P(Interrupted, ACoroutineThatWatchesIsDestroyed) {
    auto on_end = [](const std::exception_ptr&, const roundtable_response&) {};
    asio::co_spawn(*context, watch(*via, two_seats(), events),
                   asio::bind_cancellation_slot(stop.slot(), on_end));
    run_and_destroy();
}

TEST_P(Interrupted, ACoroutineThatPullsIsDestroyed) {
    const auto pull = [this]() -> asio::awaitable<void> {
        auto stream = roundtable_stream(*via, two_seats());
        while (auto seen = co_await stream.next())
            events.push_back(std::move(*seen));
    };
    asio::co_spawn(*context, pull, asio::detached);
    run_and_destroy();
}

TEST_P(Interrupted, ACoroutineThatHasStoppedPullingIsDestroyed) {
    const auto pull = [this]() -> asio::awaitable<void> {
        auto stream = roundtable_stream(*via, two_seats());
        auto seen = co_await stream.next();
        EXPECT_TRUE(seen.has_value());
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        co_await never.async_wait(asio::use_awaitable);
    };
    asio::co_spawn(*context, pull, asio::detached);
    run_and_destroy();
}

TEST_P(Interrupted, AFutureIsBroken) {
    auto future = async_roundtable(*via, two_seats(), asio::use_future);
    run_a_while();
    if (GetParam().after < 100ms) {
        EXPECT_THROW(future.get(), std::future_error);
    } else {
        EXPECT_EQ(future.get().text(), "A");
    }
}

INSTANTIATE_TEST_SUITE_P(By, Interrupted, ::testing::ValuesIn(interruptions()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace conclave::tests
