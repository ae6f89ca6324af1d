#include <conclave/client/prices.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>

namespace {

using conclave::cost_of;
using conclave::price;
using conclave::usage;

// All sums are exact to a trillionth of a dollar, so that they are compared as they are written.

usage tokens(std::int64_t input, std::int64_t output) {
    usage used;
    used.input_tokens = input;
    used.output_tokens = output;
    return used;
}

// No two parts cost the same.
price full_price() {
    price rate;
    rate.input = 3;
    rate.output = 15;
    rate.cache_read = 0.3;
    rate.cache_creation = 3.75;
    rate.cache_creation_1h = 6;
    rate.input_audio = 40;
    rate.reasoning = 20;
    rate.output_audio = 80;
    rate.web_search = 10;
    return rate;
}

TEST(Price, IsForAMillionTokens) {
    EXPECT_EQ(cost_of(tokens(1000, 200), {3, 15}), 0.006);
    EXPECT_EQ(cost_of(tokens(1'000'000, 1'000'000), {3, 15}), 18.0);
    EXPECT_EQ(cost_of(usage(), {3, 15}), 0.0);
}

TEST(Price, OfEachPartIsItsOwn) {
    usage used = tokens(1000, 0);
    used.cache_read_tokens = 400;
    EXPECT_EQ(cost_of(used, full_price()), 0.00192);  // 600 * 3 + 400 * 0.3
    used.cache_creation_tokens = 100;
    EXPECT_EQ(cost_of(used, full_price()), 0.001995);  // 500 * 3 + 400 * 0.3 + 100 * 3.75
    used.cache_creation_1h_tokens = 30;
    EXPECT_EQ(cost_of(used, full_price()), 0.0020625);  // of the 100, 30 at 6
    used.input_audio_tokens = 50;
    EXPECT_EQ(cost_of(used, full_price()), 0.0039125);  // of the 500, 50 at 40

    used = tokens(0, 1000);
    used.reasoning_tokens = 600;
    EXPECT_EQ(cost_of(used, full_price()), 0.018);  // 400 * 15 + 600 * 20
    used.output_audio_tokens = 100;
    EXPECT_EQ(cost_of(used, full_price()), 0.0245);  // of the 400, 100 at 80

    used = tokens(0, 0);
    used.web_search_requests = 3;
    EXPECT_EQ(cost_of(used, full_price()), 0.03);
}

TEST(Price, OfAllPartsTogetherIsTheirSum) {
    usage used = tokens(10'000, 5'000);
    used.cache_read_tokens = 4'000;
    used.cache_creation_tokens = 1'000;
    used.cache_creation_1h_tokens = 1'000;
    used.input_audio_tokens = 500;
    used.reasoning_tokens = 2'000;
    used.output_audio_tokens = 1'000;
    used.web_search_requests = 2;
    used.web_fetch_requests = 7;
    // 4500 * 3 + 4000 * 0.3 + 1000 * 6 + 500 * 40 = 40700; 2000 * 15 + 2000 * 20 + 1000 * 80 =
    // 150000; two searches are 0.02
    EXPECT_EQ(cost_of(used, full_price()), 0.2107);
}

TEST(Price, OfAPartWithoutOneIsThatOfTheWhole) {
    usage used = tokens(1000, 100);
    used.cache_read_tokens = 200;
    used.cache_creation_tokens = 200;
    used.cache_creation_1h_tokens = 100;
    used.input_audio_tokens = 200;
    used.reasoning_tokens = 40;
    used.output_audio_tokens = 40;
    EXPECT_EQ(cost_of(used, {3, 15}), 0.0045);
    price rate{3, 15};
    rate.cache_creation = 4;  // also for an hour
    EXPECT_EQ(cost_of(used, rate), 0.0047);
}

TEST(Price, ThatIsMissingMakesTheCostUnknown) {
    price input_only;
    input_only.input = 0.02;
    EXPECT_EQ(cost_of(tokens(1'000'000, 0), input_only), 0.02);
    EXPECT_EQ(cost_of(tokens(1'000'000, 1), input_only), std::nullopt);
    EXPECT_EQ(cost_of(tokens(1, 0), price()), std::nullopt);
    EXPECT_EQ(cost_of(usage(), price()), 0.0);

    usage used = tokens(10, 10);
    used.web_search_requests = 1;
    EXPECT_EQ(cost_of(used, {3, 15}), std::nullopt);
    used.web_search_requests = 0;
    EXPECT_TRUE(cost_of(used, {3, 15}).has_value());

    price cached_only;
    cached_only.cache_read = 1;
    used = tokens(100, 0);
    used.cache_read_tokens = 100;
    EXPECT_EQ(cost_of(used, cached_only), 0.0001);
    used.cache_read_tokens = 99;
    EXPECT_EQ(cost_of(used, cached_only), std::nullopt);
}

TEST(Price, IsPaidForNoMoreThanTheWholeWhateverAProviderCounts) {
    constexpr std::int64_t most = std::int64_t{1} << 53;
    usage used = tokens(10, 10);
    used.cache_read_tokens = most;
    used.cache_creation_tokens = most;
    used.cache_creation_1h_tokens = most;
    used.input_audio_tokens = most;
    used.reasoning_tokens = most;
    used.output_audio_tokens = most;
    EXPECT_EQ(cost_of(used, full_price()), 0.000203);  // 10 * 0.3 + 10 * 20
    used = tokens(10, 0);
    used.cache_creation_tokens = 4;
    used.cache_creation_1h_tokens = 6;                 // more than all that was written
    EXPECT_EQ(cost_of(used, full_price()), 0.000048);  // 6 * 6 + 4 * 3
    used = tokens(-5, 0);
    used.cache_read_tokens = -7;
    EXPECT_EQ(cost_of(used, full_price()), 0.0);
    used = tokens(std::numeric_limits<std::int64_t>::max(), 0);
    EXPECT_GT(cost_of(used, full_price()).value_or(0), 1e13);
}

}  // namespace
