#include "calling.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

TEST(RateLimits, OfAReplyAreWithTheAnswer) {
    scripted_provider provider;
    const auto limited = [](scripted_reply reply) {
        return reply.header("x-ratelimit-limit-tokens", "1000")
            .header("x-ratelimit-remaining-tokens", "990")
            .header("x-ratelimit-reset-tokens", "600ms");
    };
    provider.on("m", limited(answer("yes"))).on("m", limited(answer("yes").always_whole()));
    provider.on("m", answer("yes"));
    caller client(provider);
    const std::vector<rate_limit> expected = {{"tokens", 1000, 990, 600ms}};
    EXPECT_EQ(client.ask(question()).answer.rate_limits, expected);
    EXPECT_EQ(client.ask(question()).answer.rate_limits, expected);
    EXPECT_TRUE(client.ask(question()).answer.rate_limits.empty());
}

TEST(RateLimits, OfARefusalAreWithTheError) {
    scripted_provider provider;
    provider.on("m", status(429)
                         .header("anthropic-ratelimit-requests-limit", "50")
                         .header("anthropic-ratelimit-requests-remaining", "0")
                         .header("anthropic-ratelimit-" + canary + "-limit", "1"));
    const result got = caller(provider).ask(question().max_retries(0));
    EXPECT_EQ(got.code(), errc::http_status);
    const auto& limits = got.failure.details().rate_limits;
    ASSERT_EQ(limits.size(), 2u);
    EXPECT_EQ(limits[0], (rate_limit{"requests", 50, 0, {}}));
    EXPECT_EQ(limits[1].name.find("canary"), std::string::npos) << limits[1].name;
}

TEST(RateLimits, AreThoseOfTheLastAttempt) {
    scripted_provider provider;
    provider.on("m", status(429).header("x-ratelimit-remaining-requests", "0"));
    provider.on("m", answer("yes").header("x-ratelimit-remaining-requests", "5"));
    const result got = caller(provider).ask(question());
    ASSERT_EQ(got.answer.rate_limits.size(), 1u) << got.what();
    EXPECT_EQ(got.answer.rate_limits[0].remaining, 5);
}

}  // namespace
