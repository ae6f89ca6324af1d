#include <conclave/wire/rate_limits.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using conclave::rate_limit;
using conclave::http::fields;
using milliseconds = std::chrono::milliseconds;

// 2026-11-21T15:37:21Z
constexpr std::chrono::system_clock::time_point noon{std::chrono::seconds(1'795'275'441)};

std::vector<rate_limit> limits_in(const std::vector<std::pair<std::string, std::string>>& header) {
    fields all;
    for (const auto& [name, value] : header)
        EXPECT_FALSE(all.add(name, value)) << name;
    return conclave::wire::read_rate_limits(all, noon);
}

std::optional<milliseconds> wait_of(const std::string& value) {
    const auto found = limits_in({{"x-ratelimit-reset-requests", value}});
    return found.empty() ? std::nullopt : found[0].reset;
}

TEST(RateLimits, OfOpenAiAreRead) {
    const auto found = limits_in({{"content-type", "application/json"},
                                  {"x-ratelimit-limit-requests", "5000"},
                                  {"x-ratelimit-limit-tokens", "160000"},
                                  {"x-ratelimit-remaining-requests", "4999"},
                                  {"x-ratelimit-remaining-tokens", "159976"},
                                  {"x-ratelimit-reset-requests", "12ms"},
                                  {"x-ratelimit-reset-tokens", "6m0s"}});
    const std::vector<rate_limit> expected = {{"requests", 5000, 4999, 12ms},
                                              {"tokens", 160000, 159976, 6min}};
    EXPECT_EQ(found, expected);
}

TEST(RateLimits, OfAnthropicAreRead) {
    const auto found =
        limits_in({{"Anthropic-RateLimit-Requests-Limit", "50"},
                   {"anthropic-ratelimit-requests-remaining", "49"},
                   {"anthropic-ratelimit-requests-reset", "2026-11-21T15:37:51Z"},
                   {"anthropic-ratelimit-input-tokens-limit", "30000"},
                   {"anthropic-ratelimit-input-tokens-remaining", "0"},
                   {"anthropic-ratelimit-input-tokens-reset", "2026-11-21T16:37:21.25+01:00"},
                   {"anthropic-ratelimit-unified-status", "allowed"}});
    const std::vector<rate_limit> expected = {{"requests", 50, 49, 30s},
                                              {"input-tokens", 30000, 0, 250ms}};
    EXPECT_EQ(found, expected);
}

TEST(RateLimits, OfTheDraftsAreRead) {
    const std::vector<rate_limit> plain = {{"", 100, 50, 30s}};
    EXPECT_EQ(limits_in({{"RateLimit-Limit", "100, 100;w=60"},
                         {"RateLimit-Remaining", "50"},
                         {"RateLimit-Reset", "30"}}),
              plain);
    EXPECT_EQ(limits_in({{"RateLimit", "limit=100, remaining=50, reset=30"}}), plain);
    EXPECT_EQ(limits_in({{"X-RateLimit-Limit", "100"},
                         {"X-RateLimit-Remaining", "50"},
                         {"X-RateLimit-Reset", "1795275471"}}),
              plain);
    const std::vector<rate_limit> named = {{"burst", 100, 50, 30s}, {"daily", 1000, 990, {}}};
    EXPECT_EQ(limits_in({{"RateLimit-Policy", R"("burst";q=100;w=60,"daily";q=1000;w=86400)"},
                         {"RateLimit", R"( "burst" ; r=50 ; t=30 ;x="a;r=1", "daily";r=990)"}}),
              named);
}

TEST(RateLimits, ResetInManyUnits) {
    EXPECT_EQ(wait_of("1s"), 1s);
    EXPECT_EQ(wait_of("8.64s"), 8640ms);
    EXPECT_EQ(wait_of("1h2m3.5s"), 1h + 2min + 3500ms);
    EXPECT_EQ(wait_of("20ms"), 20ms);
    EXPECT_EQ(wait_of("1m20ms"), 1min + 20ms);
    EXPECT_EQ(wait_of("500\xC2\xB5s"), 0ms);
    EXPECT_EQ(wait_of("2d1h"), 49h);
    EXPECT_EQ(wait_of("0"), 0ms);
    EXPECT_EQ(wait_of("33011.5"), 33011500ms);
    EXPECT_EQ(wait_of("1795275442"), 1s);        // seconds since 1970
    EXPECT_EQ(wait_of("1795275441750"), 750ms);  // milliseconds
    EXPECT_EQ(wait_of("1795275440"), 0ms);       // over
    EXPECT_EQ(wait_of("2026-11-21T15:37:20Z"), 0ms);
    EXPECT_EQ(wait_of("2026-11-21t10:37:22-05:00"), 1s);
}

TEST(RateLimits, ThatMakeNoSenseAreLeftOut) {
    for (const char* value : {"",
                              "-1",
                              "1x",
                              "s",
                              "1s1",
                              "ms",
                              "nan",
                              "inf",
                              "0x10",
                              "1 s",
                              "-2s",
                              "soon",
                              "2026-13-01T00:00:00Z",
                              "2026-02-30T00:00:00Z",
                              "2026-11-21T25:00:00Z",
                              "2026-11-21T15:37:21",
                              "2026-11-21",
                              "2026-11-21T15:37:21.Z",
                              "2026-11-21T15:37:21.5",
                              "2026-11-21T15:37:21+1:00",
                              "2026-11-21T15:37:21+99:00",
                              "26-11-21T15:37:21Z"}) {
        EXPECT_EQ(wait_of(value), std::nullopt) << value;
    }
    EXPECT_EQ(wait_of(std::string(400, '9')), std::nullopt);
    EXPECT_EQ(wait_of("99999999999999999999h"), 1'000'000'000'000ms);
    EXPECT_EQ(wait_of("9999-12-31T23:59:59Z"), 1'000'000'000'000ms);
    for (const char* value : {"", "-1", "many", "1.5", "0x10", "9007199254740993",
                              "99999999999999999999999", ",", "1 2"}) {
        EXPECT_TRUE(limits_in({{"x-ratelimit-limit-tokens", value}}).empty()) << value;
    }
    EXPECT_TRUE(limits_in({{"x-ratelimit-", "1"},
                           {"x-ratelimit-limits", "1"},
                           {"anthropic-ratelimit-limit-tokens", "1"},
                           {"ratelimit-policy", "\"a\";w=60;q=;q;=3;\"b"},
                           {"ratelimit", ";;,,\"\"\";=,==,limit=,limit"}})
                    .empty());
}

TEST(RateLimits, AreTakenFromTheFirstFieldOfAName) {
    const auto found = limits_in({{"x-ratelimit-limit-tokens", "nonsense"},
                                  {"x-ratelimit-limit-tokens", "7"},
                                  {"X-RateLimit-Limit-Tokens", "8"}});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].limit, 7);
}

TEST(RateLimits, AreBounded) {
    std::vector<std::pair<std::string, std::string>> header;
    for (int i = 0; i < 1000; ++i)
        header.emplace_back("x-ratelimit-limit-" + std::to_string(i), "1");
    EXPECT_EQ(limits_in(header).size(), 16u);
    EXPECT_TRUE(limits_in({{"x-ratelimit-limit-" + std::string(65, 'a'), "1"}}).empty());
    EXPECT_TRUE(limits_in({{"ratelimit", "\"caf\xC3\xA9\";r=1"}}).empty());
    std::string long_list;
    for (int i = 0; i < 10'000; ++i)
        long_list += "\"" + std::to_string(i) + "\";r=1,";
    EXPECT_EQ(limits_in({{"ratelimit", long_list}}).size(), 16u);
}

}  // namespace
