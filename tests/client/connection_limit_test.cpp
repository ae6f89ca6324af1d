// Calls that wait for a connection, because there are as many as there may be.

#include "calling.hpp"
#include "net/machine_delay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

// Sends what has no pause in it at once, so that the last chunk is there when the answer is.
constexpr std::size_t at_a_time = 60'000;

// Calls over one client at the same time, and the most connections seen meanwhile.
class crowd {
public:
    crowd(scripted_provider& provider, std::size_t limit) : provider_(provider) {
        client_options options = options_for(provider);
        options.pool.max_connections_per_origin = limit;
        via_.emplace(context_, options);
    }

    void ask(const std::string& model, std::chrono::milliseconds timeout = stall) {
        const auto on_end = [this, model](std::exception_ptr thrown, completion) {
            most = std::max(most, provider_.open_connections());
            (thrown ? failed : answered).push_back(model);
        };
        async_complete(*via_, question(model).timeout(timeout).max_retries(0), on_end);
        context_.poll();
    }

    void run() {
        context_.restart();
        context_.run_for(60s);
        EXPECT_TRUE(context_.stopped());
    }

    std::vector<std::string> answered;
    std::vector<std::string> failed;
    std::size_t most = 0;

private:
    scripted_provider& provider_;
    asio::io_context context_{1};
    std::optional<client> via_;
};

TEST(ConnectionLimit, IsKeptAndTheCallsAreServedInTheirOrder) {
    scripted_provider provider;
    std::vector<std::string> models;
    for (int i = 0; i < 12; ++i) {
        models.push_back("m" + std::to_string(10 + i));
        provider.on(models.back(), answer("a b").token_every(10ms).write_bytes(at_a_time));
    }
    {
        crowd calls(provider, 1);
        for (const auto& model : models)
            calls.ask(model);
        calls.run();
        EXPECT_EQ(calls.answered, models);
        EXPECT_EQ(provider.connections(), 1u);
    }
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));

    crowd three(provider, 3);
    for (const auto& model : models)
        three.ask(model);
    three.run();
    EXPECT_EQ(three.answered.size(), models.size());
    EXPECT_EQ(provider.connections(), 4u);
    EXPECT_LE(three.most, 3u);
}

TEST(ConnectionLimit, CountsNoConnectionThatBroke) {
    scripted_provider provider;
    provider.on("bad", answer("a b").close_in_event(2));
    provider.on("late", silent()).on("good", answer("fine"));
    crowd calls(provider, 1);
    calls.ask("bad");
    calls.ask("late", 150ms);
    calls.ask("good");
    calls.run();
    EXPECT_EQ(calls.answered, std::vector<std::string>{"good"});
    EXPECT_EQ(calls.failed, (std::vector<std::string>{"bad", "late"}));
    EXPECT_LE(calls.most, 1u);
}

TEST(ConnectionLimit, MakesNobodyWaitLongerThanHisTime) {
    scripted_provider provider;
    provider.on("long", answer("a b").first_token_after(400ms)).on("never", answer("no"));
    crowd calls(provider, 1);
    calls.ask("long");
    calls.ask("never", 100ms);
    calls.run();
    EXPECT_EQ(calls.failed, std::vector<std::string>{"never"});
    EXPECT_EQ(calls.answered, std::vector<std::string>{"long"});
    EXPECT_TRUE(provider.requests_for("never").empty());
}

TEST(ConnectionLimit, MakesNobodyWaitWhoIsCancelled) {
    scripted_provider provider;
    provider.on("long", silent()).on("m", answer("fine"));
    client_options options = options_for(provider);
    options.pool.max_connections_per_origin = 1;
    caller client(options);
    bool ended = false;
    async_complete(client.via, question("long").timeout(400ms).max_retries(0),
                   [&](std::exception_ptr, completion) { ended = true; });
    client.context.poll();
    result got;
    asio::cancellation_signal stop;
    std::chrono::steady_clock::duration took{};
    const running::machine_delay delay;
    const auto begin = std::chrono::steady_clock::now();
    const auto operation = [&]() -> asio::awaitable<void> {
        got.answer = co_await complete(client.via, question());
    };
    const auto on_end = [&](std::exception_ptr thrown) {
        took = std::chrono::steady_clock::now() - begin;
        EXPECT_TRUE(thrown);
        EXPECT_FALSE(ended);
    };
    asio::co_spawn(client.context, operation, asio::bind_cancellation_slot(stop.slot(), on_end));
    asio::steady_timer timer(client.context, 40ms);
    timer.async_wait([&](net::error_code) { stop.emit(asio::cancellation_type::terminal); });
    client.context.restart();
    client.context.run_for(60s);
    EXPECT_LT(took, 300ms + delay.longest());
    EXPECT_TRUE(ended);
    EXPECT_EQ(client.ask(question()).answer.text, "fine") << "the place in the queue is free";
}

}  // namespace
