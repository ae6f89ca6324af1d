#include "calling.hpp"

#include <conclave/client/retry_budget.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using conclave::detail::retry_budget;

retry_budget_options budget_of(std::uint32_t percent, std::uint32_t reserve) {
    retry_budget_options options;
    options.percent = percent;
    options.reserve = reserve;
    return options;
}

// How many retries it grants until it grants none.
std::size_t drain(retry_budget& budget) {
    std::size_t granted = 0;
    while (granted < 10'000 && budget.withdraw())
        ++granted;
    return granted;
}

TEST(RetryBudget, BeginsWithItsReserve) {
    for (const std::uint32_t reserve : {0u, 1u, 50u}) {
        retry_budget budget(budget_of(20, reserve));
        EXPECT_EQ(drain(budget), reserve);
        EXPECT_FALSE(budget.withdraw());
    }
}

TEST(RetryBudget, IsAShareOfTheCallsOnceTheReserveIsSpent) {
    for (const std::uint32_t percent : {1u, 20u, 33u, 100u, 250u}) {
        retry_budget budget(budget_of(percent, 10));
        EXPECT_EQ(drain(budget), 10u);
        std::size_t granted = 0;
        for (int i = 0; i < 1'000; ++i) {
            budget.deposit();
            granted += drain(budget);
        }
        EXPECT_EQ(granted, std::size_t{percent} * 10);
    }
}

TEST(RetryBudget, HoldsNoMoreThanItsReserve) {
    retry_budget budget(budget_of(20, 3));
    for (int i = 0; i < 1'000; ++i)
        budget.deposit();
    EXPECT_EQ(drain(budget), 3u);
    for (int i = 0; i < 14; ++i)
        budget.deposit();
    EXPECT_EQ(drain(budget), 2u);
    budget.deposit();
    EXPECT_EQ(drain(budget), 1u);
}

TEST(RetryBudget, WithoutAReserveIsSavedUpForOneRetry) {
    retry_budget budget(budget_of(20, 0));
    for (int i = 0; i < 4; ++i)
        budget.deposit();
    EXPECT_EQ(drain(budget), 0u);
    for (int i = 0; i < 100; ++i)
        budget.deposit();
    EXPECT_EQ(drain(budget), 1u);
}

TEST(RetryBudget, OfZeroPercentIsNoLimit) {
    retry_budget budget(budget_of(0, 0));
    EXPECT_EQ(drain(budget), 10'000u);
}

TEST(RetryBudget, OfTheLargestNumbersDoesNotOverflow) {
    constexpr auto most = std::numeric_limits<std::uint32_t>::max();
    retry_budget budget(budget_of(most, most));
    budget.deposit();
    EXPECT_EQ(drain(budget), 10'000u);
    retry_budget small(budget_of(most, 1));
    small.deposit();
    EXPECT_EQ(drain(small), 1u);
}

TEST(RetryBudget, GrantsEachRetryToOneThreadAlone) {
    retry_budget budget(budget_of(20, 100));
    std::atomic<std::size_t> granted = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int call = 0; call < 500; ++call) {
                budget.deposit();
                if (budget.withdraw()) ++granted;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    // What is paid in while the reserve is full is lost.
    const std::size_t all = granted + drain(budget);
    EXPECT_LE(all, 100u + 400u);
    EXPECT_GE(all, 100u + 300u);
}

// Always fails in a way that is worth another attempt, and asks for no wait.
scripted_reply unavailable() { return status(503).header("retry-after-ms", "1"); }

// One client that asks a provider many times, some calls side by side, on several threads.
class retry_storm {
public:
    retry_storm(const scripted_provider& provider, retry_budget_options budget)
        : via_(context_, with(options_for(provider), budget)) {}

    void play(std::size_t calls) {
        left_ = static_cast<std::ptrdiff_t>(calls);
        context_.restart();
        for (int i = 0; i < 50; ++i)
            asio::co_spawn(context_, ask_on(), asio::detached);
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([this] { context_.run(); });
        for (auto& thread : threads)
            thread.join();
    }

    std::size_t failed() const { return failed_; }
    std::size_t refused() const { return refused_; }

private:
    static client_options with(client_options options, retry_budget_options budget) {
        options.retry_budget = budget;
        return options;
    }

    asio::awaitable<void> ask_on() {
        while (left_-- > 0) {
            call what = question();
            what.max_retries(3);
            try {
                co_await complete(via_, std::move(what));
            } catch (const error& failure) {
                ++failed_;
                const std::string text = failure.what();
                if (text.find("retry budget") != std::string::npos) ++refused_;
                EXPECT_EQ(failure.http_status(), 503) << text;
            }
        }
    }

    asio::io_context context_;
    client via_;
    std::atomic<std::ptrdiff_t> left_ = 0;
    std::atomic<std::size_t> failed_ = 0;
    std::atomic<std::size_t> refused_ = 0;
};

TEST(RetryStorm, OfAThousandCallsIsAtMostAFifthMoreThanTheCallsAndTheReserve) {
    scripted_provider provider;
    provider.otherwise(unavailable());
    const retry_budget_options by_default;
    retry_storm calls(provider, by_default);
    calls.play(1'000);
    EXPECT_EQ(calls.failed(), 1'000u);
    const std::size_t seen = provider.requests().size();
    EXPECT_LE(seen, 1'200u + by_default.reserve);
    EXPECT_GE(seen, 1'000u + by_default.reserve);
    EXPECT_GE(calls.refused(), 900u);
    // With the reserve spent, a fifth more and no more.
    calls.play(1'000);
    EXPECT_LE(provider.requests().size() - seen, 1'201u);
}

TEST(RetryStorm, IsAsLargeAsTheCallsAllowWhereTheBudgetIsTurnedOff) {
    scripted_provider provider;
    provider.otherwise(unavailable());
    retry_storm calls(provider, budget_of(0, 0));
    calls.play(100);
    EXPECT_EQ(provider.requests().size(), 400u);
    EXPECT_EQ(calls.refused(), 0u);
}

TEST(RetryBudgetOfAClient, LeavesTheLastErrorAsItWasAndSaysWhyItIsTheLast) {
    scripted_provider provider;
    provider.on("m", status(503, R"({"error":{"message":"overloaded","type":"server_error"}})")
                         .header("retry-after-ms", "1")
                         .header("x-request-id", "req-7"));
    client_options options = options_for(provider);
    options.retry_budget.reserve = 1;
    caller client(options);
    EXPECT_EQ(client.ask(question().max_retries(1)).shown, "|");
    const result got = client.ask(question().max_retries(3));
    EXPECT_EQ(got.code(), errc::http_status);
    EXPECT_EQ(got.failure.http_status(), 503);
    EXPECT_EQ(got.failure.provider_code(), "server_error");
    EXPECT_EQ(got.failure.request_id(), "req-7");
    EXPECT_EQ(got.failure.retry_after(), 1ms);
    const std::string origin = "http://127.0.0.1:" + std::to_string(provider.port());
    EXPECT_TRUE(got.says("overloaded")) << got.what();
    EXPECT_TRUE(got.says("not tried again: the client's retry budget for " + origin + " is spent"))
        << got.what();
    EXPECT_EQ(got.shown, "") << "a restart is announced that does not come";
    EXPECT_EQ(provider.requests().size(), 3u);
}

TEST(RetryBudgetOfAClient, IsSpentOnlyOnRetriesThatAreMade) {
    scripted_provider provider;
    provider.on("late", status(503).header("retry-after", "60"));
    provider.on("bad", status(400));
    provider.on("busy", unavailable()).on("busy", answer("well"));
    provider.on("down", unavailable());
    client_options options = options_for(provider);
    options.retry_budget.reserve = 1;
    caller client(options);
    EXPECT_TRUE(client.ask(question("late").timeout(5s)).says("does not fit"));
    EXPECT_EQ(client.ask(question("bad")).failure.http_status(), 400);
    EXPECT_FALSE(client.ask(question("down").max_retries(0)).says("not tried again"));
    EXPECT_EQ(client.ask(question("busy")).answer.text, "well");
    EXPECT_TRUE(client.ask(question("down")).says("retry budget"));
}

TEST(RetryBudgetOfAClient, GrowsWithCallsThatGoWell) {
    scripted_provider provider;
    provider.on("good", answer("well"));
    provider.on("bad", unavailable());
    client_options options = options_for(provider);
    options.retry_budget = budget_of(50, 0);
    caller client(options);
    EXPECT_EQ(client.ask(question("bad")).shown, "");
    EXPECT_EQ(client.ask(question("good")).answer.text, "well");
    EXPECT_EQ(client.ask(question("bad")).shown, "|");
    EXPECT_EQ(provider.requests_for("bad").size(), 3u);
}

TEST(RetryBudgetOfAClient, IsOneForEachOrigin) {
    scripted_provider one;
    scripted_provider other;
    one.otherwise(unavailable());
    other.otherwise(unavailable());
    client_options options = options_for(one);
    options.endpoints.emplace_back(one.base_url() + "/elsewhere");
    options.endpoints.back().prefix = "elsewhere/";
    options.endpoints.emplace_back(other.base_url());
    options.endpoints.back().prefix = "other/";
    options.retry_budget.reserve = 2;
    caller client(options);
    // One's is spent, by whichever of its endpoints, and the other's is not.
    EXPECT_EQ(client.ask(question().max_retries(2)).shown, "||");
    EXPECT_EQ(client.ask(question("elsewhere/m").max_retries(2)).shown, "");
    EXPECT_EQ(client.ask(question("other/m").max_retries(2)).shown, "||");
    EXPECT_EQ(one.requests().size(), 4u);
    EXPECT_EQ(other.requests().size(), 3u);
}

}  // namespace
