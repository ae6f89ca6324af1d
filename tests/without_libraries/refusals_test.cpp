// Compiled as where neither RE2 nor libidn2 is: what needs them is refused by name, the rest works.

#include <conclave/json/format.hpp>
#include <conclave/json/pattern.hpp>

#include <string>

#include <gtest/gtest.h>

#include <conclave/error.hpp>

namespace {

namespace json = conclave::json;

template <class Action>
std::string refusal_of(Action&& action) {
    try {
        action();
    } catch (const conclave::error& refused) {
        EXPECT_EQ(refused.code(), conclave::errc::invalid_schema);
        return refused.what();
    }
    return "none";
}

TEST(WithoutRe2, APatternIsRefusedByName) {
    EXPECT_EQ(refusal_of([] { json::pattern("^a+$"); }),
              "The regular expression \"^a+$\" needs a build with RE2 (CONCLAVE_WITH_RE2).");
}

TEST(WithoutRe2, WhetherATextIsARegularExpressionIsKnownAllTheSame) {
    EXPECT_EQ(json::matches_format("regex", "^a+$"), true);
    EXPECT_EQ(json::matches_format("regex", "^(a+$"), false);
    EXPECT_NE(refusal_of([] { json::pattern("("); }).find("is not valid"), std::string::npos);
}

TEST(WithoutIdn2, InternationalisedHostNamesAreRefusedByName) {
    EXPECT_FALSE(json::can_check(json::format::idn_hostname));
    EXPECT_EQ(refusal_of([] { json::matches_format("idn-hostname", "a"); }),
              "The format \"idn-hostname\" needs a build with libidn2 (CONCLAVE_WITH_IDN2).");
}

TEST(WithoutIdn2, HostNamesAreCheckedButNotWhatPunycodeStandsFor) {
    EXPECT_TRUE(json::can_check(json::format::hostname));
    EXPECT_EQ(json::matches_format("hostname", "example.org"), true);
    EXPECT_EQ(json::matches_format("hostname", "-example.org"), false);
    EXPECT_EQ(json::matches_format("hostname", "xn--X"), true);
}

}  // namespace
