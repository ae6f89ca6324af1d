#include <conclave/json/writer.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <simdjson.h>

#include <conclave/json/document.hpp>

#include "plain_strings.hpp"

namespace {

using conclave::json::document;
using conclave::json::writer;

std::string as_json(std::string_view text) {
    std::string out;
    writer(out).string(text);
    return out;
}

// What an independent reader makes of a written string.
std::optional<std::string> read_back(const std::string& json) {
    document parsed;
    if (document::parse(json, parsed)) return std::nullopt;
    const auto text = conclave::json::string_of(parsed.root());
    if (!text) return std::nullopt;
    return std::string(*text);
}

std::string utf8(std::uint32_t code_point) {
    std::string out;
    conclave::tests::append_utf8(out, code_point);
    return out;
}

TEST(Writer, PutsCommasBetweenMembersAndElementsOnly) {
    std::string out = "body=";
    writer to(out);
    to.begin_object();
    to.member("text", "a");
    to.member("whole", std::int64_t{-3});
    to.member("real", 0.5);
    to.member("yes", true);
    to.key("none");
    to.null();
    to.key("list");
    to.begin_array();
    to.begin_array();
    to.end_array();
    to.begin_object();
    to.end_object();
    to.string("x");
    to.end_array();
    to.member_raw("raw", R"({"k":[1, 2]})");
    to.member_if("absent", std::optional<int>());
    to.member_if("present", std::optional<int>(7));
    to.end_object();
    EXPECT_EQ(out, R"(body={"text":"a","whole":-3,"real":0.5,"yes":true,"none":null,)"
                   R"("list":[[],{},"x"],"raw":{"k":[1, 2]},"present":7})");
}

TEST(Writer, WritesStringLiteralsAsStrings) {
    std::string out;
    writer(out).value("yes");  // not as the boolean that a pointer converts to
    EXPECT_EQ(out, R"("yes")");
}

TEST(Writer, EscapesKeysToo) {
    std::string out;
    writer to(out);
    to.begin_object();
    to.member("a\"\n", 1);
    to.end_object();
    EXPECT_EQ(out, R"({"a\"\n":1})");
}

TEST(Writer, WritesWholeNumbersOfEveryWidthExactly) {
    const auto written = [](auto number) {
        std::string out;
        writer(out).number(number);
        return out;
    };
    EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(written(std::uint8_t{200}), "200");
    EXPECT_EQ(written(std::int8_t{-100}), "-100");
}

TEST(Writer, WritesDoublesThatReadBackTheSame) {
    for (const double number : {0.0, -0.0, 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 1e21, 1e-7,
                                123456789.125, 9007199254740993.0, 36893945544256364544.0,
                                -9223372036854775808.0, 18446744073709551616.0}) {
        std::string out;
        writer(out).number(number);
        document parsed;
        ASSERT_FALSE(document::parse(out, parsed)) << out;
        EXPECT_EQ(conclave::json::number_of(parsed.root()), number) << out;
        EXPECT_LE(out.size(), 24U) << out;
    }
}

TEST(Writer, WritesNullForNumbersThatJsonDoesNotHave) {
    for (const double number :
         {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
          std::numeric_limits<double>::quiet_NaN()}) {
        std::string out;
        writer to(out);
        to.begin_array();
        to.number(number);
        to.number(1);
        to.end_array();
        EXPECT_EQ(out, "[null,1]");
    }
}

TEST(Writer, EveryCodePointReadsBackTheSame) {
    for (std::uint32_t block = 0; block <= 0x10FFFF; block += 256) {
        if (block >= 0xD800 && block < 0xE000) continue;
        std::string text;
        for (std::uint32_t i = 0; i < 256; ++i)
            text += utf8(block + i);
        ASSERT_TRUE(simdjson::validate_utf8(text)) << std::hex << block;
        ASSERT_EQ(read_back(as_json(text)), text) << std::hex << block;
    }
}

TEST(Writer, LeavesUnicodeAsItIs) {
    EXPECT_EQ(as_json("Zoë ∑ 日本 🦊"), "\"Zoë ∑ 日本 🦊\"");
}

TEST(Writer, EscapesControlCharacters) {
    EXPECT_EQ(as_json({"\0\x1f\b\f\n\r\t\"\\/\x7f", 11}),
              "\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\x7f\"");
}

TEST(Writer, ReplacesEachPartThatIsNotUtf8) {
    const std::string r(conclave::json::replacement_character);
    // The examples of Unicode's section 3.9, "U+FFFD Substitution of Maximal Subparts".
    EXPECT_EQ(as_json("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
              "\"" + r + r + r + r + r + r + r + r + "A\"");
    EXPECT_EQ(as_json("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
              "\"" + r + r + r + r + r + r + r + r + "A\"");
    EXPECT_EQ(as_json("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
              "\"" + r + r + r + r + r + "A" + r + r + "B\"");
    EXPECT_EQ(as_json("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), "\"" + r + r + r + r + "A\"");
    EXPECT_EQ(as_json("cut \xF0\x9F\xA6"), "\"cut " + r + "\"");
}

TEST(Writer, EveryPairOfBytesBecomesAValidString) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string text{'a', static_cast<char>(first), static_cast<char>(second), 'z'};
            const auto back = read_back(as_json(text));
            ASSERT_TRUE(back) << first << ' ' << second;
            if (simdjson::validate_utf8(text)) {
                ASSERT_EQ(*back, text);
            } else {
                ASSERT_NE(back->find(conclave::json::replacement_character), std::string::npos);
                ASSERT_EQ(back->front(), 'a');
                ASSERT_EQ(back->back(), 'z');
            }
        }
    }
}

}  // namespace
