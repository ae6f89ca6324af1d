// Thousands of roundtables in simulated worlds. After each of them every seat has been reported
// once and in order, nothing is open, pending or allocated, every call has returned in its time,
// and nothing was asked of a provider that is not reported.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "net/sanitized.hpp"
#include "simulation/campaign.hpp"
#include "simulation/fault.hpp"
#include "simulation/interferences.hpp"
#include "simulation/play.hpp"

namespace conclave::simulation {
namespace {

// The sanitizers take some eight times as long.
constexpr bool sanitized = running::with_address_sanitizer || running::with_thread_sanitizer;

constexpr std::size_t panels_of_each = sanitized ? 2'000 : 10'000;

TEST(Simulation, PromisesHoldInTheWorldsOfFixedSeeds) {
    campaign all;
    all.play_panels(1, panels_of_each);
    all.print(std::cout);
    EXPECT_EQ(all.broken(), 0u);
    EXPECT_GE(all.total().panels, panels_of_each);
    // Where next to nothing succeeds, next to nothing is tested.
    EXPECT_GT(all.total().seats_answered, all.total().seats / 4);
    for (std::size_t i = 0; i < fault_names.size(); ++i) {
        const bool elsewhere = static_cast<fault>(i) == fault::injected_failure ||
                               static_cast<fault>(i) == fault::injected_stall;
        EXPECT_TRUE(elsewhere || all.total().faults[i] > 10) << fault_names[i];
    }
}

TEST(Simulation, PromisesHoldInTheWorldsOfFreshSeeds) {
    std::random_device device;
    const std::uint64_t first = (std::uint64_t{device()} << 20) + (1 << 30);
    std::cout << "fresh seeds from " << first << " on\n";
    campaign all;
    all.play_panels(first, panels_of_each);
    all.print(std::cout);
    EXPECT_EQ(all.broken(), 0u);
    EXPECT_GE(all.total().panels, panels_of_each);
}

// The first line in which two texts differ.
std::string first_difference(std::string_view a, std::string_view b) {
    const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
    const auto at = static_cast<std::size_t>(differ - a.begin());
    const std::size_t begin = a.substr(0, at).rfind('\n') + 1;
    const auto line = [&](std::string_view text) {
        return std::string(text.substr(begin, text.find('\n', at) - begin));
    };
    return line(a) + "\n  and\n" + line(b);
}

TEST(Simulation, TheSameSeedGivesTheSameTraceByteForByte) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const outcome once = play(seed);
        const outcome again = play(seed);
        ASSERT_GT(once.trace.size(), 100u);
        ASSERT_TRUE(once.trace == again.trace)
            << "seed " << seed << ": " << first_difference(once.trace, again.trace);
    }
    EXPECT_NE(play(1).trace, play(2).trace);
}

// As in curl's torture tests: fail the first operation, then the second, and so on until there are
// no more.
TEST(Simulation, EveryOperationOfACanonicalPanelMayFailStallOrMeetACancellation) {
    campaign all;
    for (const auto& [how, word] : interferences) {
        std::uint64_t number = 1;
        while (all.play_operation(number, how, word) && all.broken() < 10)
            ++number;
        std::cout << number - 1 << " operations, each " << word << '\n';
        EXPECT_GT(number, 50u);
    }
    all.print(std::cout);
    EXPECT_EQ(all.broken(), 0u);
    for (const fault each : {fault::injected_failure, fault::injected_stall,
                             fault::cancelled_at_operation, fault::cancelled_after_operation}) {
        EXPECT_GT(all.count(each), 50u) << fault_names[static_cast<std::size_t>(each)];
    }
}

}  // namespace
}  // namespace conclave::simulation
