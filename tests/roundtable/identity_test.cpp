#include <conclave/roundtable/identity.hpp>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace conclave {
namespace {

using std::chrono::milliseconds;
constexpr std::uint64_t all_ones = ~std::uint64_t{0};

std::chrono::system_clock::time_point at(std::int64_t unix_milliseconds) {
    return std::chrono::system_clock::time_point(milliseconds(unix_milliseconds));
}

TEST(RoundtableId, HasTheLayoutOfAUlid) {
    // 1469918176385 is 01ARYZ6S41 in the ULID specification's own example.
    EXPECT_EQ(make_roundtable_id(at(1469918176385), 0, 0), "rt_01ARYZ6S410000000000000000");
    EXPECT_EQ(make_roundtable_id(at(0), 0xffff, all_ones), "rt_0000000000ZZZZZZZZZZZZZZZZ");
    EXPECT_EQ(make_roundtable_id(at(0), 0, 1), "rt_00000000000000000000000001");
    EXPECT_EQ(make_roundtable_id(at(0), 0x8000, 0), "rt_0000000000G000000000000000");
}

TEST(RoundtableId, SortsByTimeWhateverTheRandomBits) {
    std::mt19937_64 random(7);
    std::string before;
    for (std::int64_t time = 1; time < (std::int64_t{1} << 42); time += 1 + time / 3) {
        const std::string id =
            make_roundtable_id(at(time), static_cast<std::uint16_t>(random()), random());
        EXPECT_LT(before, id);
        EXPECT_EQ(id.size(), 29U);
        EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 3), std::string::npos);
        before = id;
    }
}

TEST(RoundtableId, DiffersInEachRandomBit) {
    const std::string base = make_roundtable_id(at(5), 0, 0);
    for (int bit = 0; bit < 16; ++bit) {
        EXPECT_NE(make_roundtable_id(at(5), static_cast<std::uint16_t>(1U << bit), 0), base);
    }
    for (int bit = 0; bit < 64; ++bit) {
        EXPECT_NE(make_roundtable_id(at(5), 0, std::uint64_t{1} << bit), base);
    }
}

TEST(RoundtableId, HoldsATimeBeforeTheEpochAtTheEpoch) {
    EXPECT_EQ(make_roundtable_id(at(-5), 0, 0), make_roundtable_id(at(0), 0, 0));
}

TEST(TraceUuid, IsVersion4OfRfc9562) {
    EXPECT_EQ(make_trace_uuid(0, 0), "00000000-0000-4000-8000-000000000000");
    EXPECT_EQ(make_trace_uuid(all_ones, all_ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    EXPECT_EQ(make_trace_uuid(0x0123456789abcdef, 0x0123456789abcdef),
              "01234567-89ab-4def-8123-456789abcdef");
}

TEST(Traceparent, NamesTheTraceAndTheSpan) {
    EXPECT_EQ(traceparent("01234567-89ab-4def-8123-456789abcdef", 0xb7ad6b7169203331),
              "00-0123456789ab4def8123456789abcdef-b7ad6b7169203331-01");
    EXPECT_EQ(traceparent("01234567-89AB-4DEF-8123-456789ABCDEF", 0xb7),
              "00-0123456789ab4def8123456789abcdef-00000000000000b7-01");
}

TEST(Traceparent, IsNeverAllZeros) {
    EXPECT_EQ(traceparent(make_trace_uuid(0, 0), 0),
              "00-00000000000040008000000000000000-0000000000000001-01");
    EXPECT_EQ(traceparent("00000000-0000-0000-0000-000000000000", 1), "");
}

TEST(Traceparent, RefusesWhatIsNotAUuid) {
    for (const char* text :
         {"", "x", "0123456789ab4def8123456789abcdef", "01234567-89ab-4def-8123-456789abcde",
          "01234567-89ab-4def-8123-456789abcdefa", "01234567-89ab-4def-8123-456789abcd\r\n",
          "01234567-89ab-4def-8123456789abcdef--", "0123456g-89ab-4def-8123-456789abcdef",
          "-1234567-89ab-4def-8123-456789abcdef"}) {
        EXPECT_EQ(traceparent(text, 1), "") << text;
    }
}

}  // namespace
}  // namespace conclave
