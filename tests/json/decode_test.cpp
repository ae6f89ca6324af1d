#include <conclave/json/decode.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>

#include "described_types.hpp"

namespace {

namespace json = conclave::json;
using conclave::errc;
using described::circle;
using described::colour;
using described::everything;
using described::evidence;
using described::node;
using described::square;
using described::verdict;

constexpr std::string_view decode_test_all =
    R"({"flag":true,"whole":-5,"small":255,"real":1.5,"text":"t","choice":"blue",)"
    R"("inner":{"source":"s","weight":-128},"list":[{"source":"a"},{"source":"b","weight":null}],)"
    R"("flags":[true,false],"pair":[1,2],"sorted":{"x":1,"":2},"hashed":{"k":{"source":"h"}},)"
    R"("maybe":{"source":"m"},"pointed":"p","shape":{"side":2,"fill":"green"}})";

// What failed, as one line; "" if nothing did.
template <class T>
std::string complaint(std::string_view text) {
    T value{};
    const auto failed = json::try_decode(text, value);
    if (!failed) return {};
    EXPECT_EQ(failed->code, errc::schema_mismatch) << text;
    return failed->text();
}

// What failed in an `everything` that is right but for one member.
std::string complaint_of_member(const std::string& member, const std::string& value) {
    simdjson::dom::parser parser;
    simdjson::dom::object all;
    EXPECT_FALSE(parser.parse(decode_test_all.data(), decode_test_all.size()).get(all));
    std::string text = "{";
    for (const auto field : all) {
        const std::string key(field.key);
        text += text.size() > 1 ? "," : "";
        text += '"' + key + "\":" + (key == member ? value : simdjson::minify(field.value));
    }
    return complaint<everything>(text + "}");
}

template <class T>
bool is_not_json(std::string_view text) {
    T value{};
    const auto failed = json::try_decode(text, value);
    return failed && failed->code == errc::malformed_json && failed->instance_location.empty();
}

TEST(Decode, ReadsEveryKindOfMember) {
    const auto all = json::decode<everything>(decode_test_all);
    EXPECT_TRUE(all.flag);
    EXPECT_EQ(all.whole, -5);
    EXPECT_EQ(all.small, 255);
    EXPECT_EQ(all.real, 1.5F);
    EXPECT_EQ(all.text, "t");
    EXPECT_EQ(all.choice, colour::blue);
    EXPECT_EQ(all.inner, (evidence{"s", std::int8_t{-128}}));
    EXPECT_EQ(all.list, (std::vector<evidence>{{"a", std::nullopt}, {"b", std::nullopt}}));
    EXPECT_EQ(all.flags, (std::vector<bool>{true, false}));
    EXPECT_EQ(all.pair, (std::array<int, 2>{1, 2}));
    EXPECT_EQ(all.sorted, (std::map<std::string, double>{{"x", 1}, {"", 2}}));
    EXPECT_EQ(all.hashed.at("k").source, "h");
    EXPECT_EQ(all.maybe, (evidence{"m", std::nullopt}));
    ASSERT_TRUE(all.pointed);
    EXPECT_EQ(*all.pointed, "p");
    EXPECT_EQ(std::get<square>(all.shape), (square{2, colour::green}));
}

TEST(Decode, TakesMembersInAnyOrderAndOptionalOnesLeftOut) {
    const verdict expected{"yes", 0.5, {"a", "b"}, std::nullopt};
    for (const std::string_view text :
         {R"({"label":"yes","confidence":0.5,"reasons":["a","b"]})",
          R"({"reasons":["a","b"],"caveat":null,"label":"yes","confidence":5e-1})",
          "\n { \"confidence\" : 0.5 , \"label\":\"yes\",\t\"reasons\" : [ \"a\" ,\"b\" ] } \r\n",
          R"({"l\u0061bel":"y\u0065s","reasons":["\u0061","b"],"confidence":0.5})"}) {
        EXPECT_EQ(json::decode<verdict>(text), expected) << text;
    }
    EXPECT_EQ(complaint<verdict>(R"({"caveat":"c","confidence":0,"reasons":[],"label":""})"), "");
}

TEST(Decode, ReadsWhatIsNoObject) {
    EXPECT_EQ(json::decode<bool>(" true "), true);
    EXPECT_EQ(json::decode<std::string>("\"\""), "");
    EXPECT_EQ(json::decode<colour>("\"green\""), colour::green);
    EXPECT_EQ(json::decode<colour>(R"("\u0067reen")"), colour::green);
    EXPECT_EQ(json::decode<std::optional<int>>("null"), std::nullopt);
    EXPECT_EQ(json::decode<std::vector<int>>("[]"), std::vector<int>());
    EXPECT_EQ((json::decode<std::map<std::string, int>>(R"({"a":1})")),
              (std::map<std::string, int>{{"a", 1}}));
    EXPECT_EQ((json::decode<std::array<double, 0>>("[]")), (std::array<double, 0>{}));
}

TEST(Decode, ReadsUnicodeAsItIsAndEscaped) {
    const auto text = [](std::string_view spelled) { return json::decode<std::string>(spelled); };
    EXPECT_EQ(text("\"Grüße, 世界 😀\""), "Grüße, 世界 😀");
    EXPECT_EQ(text(R"("Gr\u00fc\u00DFe, \u4e16\u754c \ud83d\ude00")"), "Grüße, 世界 😀");
    EXPECT_EQ(text(R"("\"\\\/\b\f\n\r\t\u0000")"), std::string("\"\\/\b\f\n\r\t\0", 9));
    std::string longer(1000, 'x');
    EXPECT_EQ(text('"' + longer + "\\n" + longer + '"'), longer + '\n' + longer);
    for (const std::string_view wrong :
         {"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\x\"", "\"\\u12g4\"", "\"\xff\"",
          "\"\xed\xa0\x80\"", "\"\n\"", "\"abc", "\"abc\\\"", "\"a\"b"})
        EXPECT_TRUE(is_not_json<std::string>(wrong)) << wrong;
}

TEST(Decode, HoldsIntegersToTheirRangeWithoutLosingABit) {
    EXPECT_EQ(json::decode<std::int64_t>("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(json::decode<std::int64_t>("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(json::decode<std::uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(json::decode<std::uint64_t>("-0"), 0u);
    EXPECT_EQ(json::decode<std::int8_t>("-128"), -128);
    const std::string wide =
        "expected a whole number from -9223372036854775808 to "
        "9223372036854775807, found ";
    for (const std::string number :
         {"9223372036854775808", "-9223372036854775809", "1e19", "123456789012345678901", "1.5",
          "1e400", "1e999999999999999999999", "-1e-1", "9223372036854775807.5"})
        EXPECT_EQ(complaint<std::int64_t>(number), wide + number);
    EXPECT_EQ(complaint<std::uint64_t>("18446744073709551616"),
              "expected a whole number from 0 to 18446744073709551615, found 18446744073709551616");
    EXPECT_EQ(complaint<std::uint8_t>("256"), "expected a whole number from 0 to 255, found 256");
    EXPECT_EQ(complaint<std::uint8_t>("-1"), "expected a whole number from 0 to 255, found -1");
    EXPECT_EQ(complaint<int>("\"5\""),
              "expected a whole number from -2147483648 to 2147483647, found \"5\"");
}

TEST(Decode, ReadsWholeNumbersHoweverSpelled) {
    EXPECT_EQ(json::decode<int>("5.0"), 5);
    EXPECT_EQ(json::decode<int>("5e2"), 500);
    EXPECT_EQ(json::decode<int>("-500E-2"), -5);
    EXPECT_EQ(json::decode<int>("0.00"), 0);
    EXPECT_EQ(json::decode<int>("0e99999999999"), 0);
    EXPECT_EQ(json::decode<std::int64_t>("9007199254740993.0"), 9007199254740993);
    EXPECT_EQ(json::decode<std::int64_t>("-922337203685477580.8e1"), INT64_MIN);
    EXPECT_EQ(json::decode<std::uint64_t>("1844674407370955161500e-2"), UINT64_MAX);
    EXPECT_EQ(json::decode<std::vector<int>>("[1.0, 2e0 ,3.00]"), (std::vector<int>{1, 2, 3}));
    for (const std::string_view wrong :
         {"01", "5.", ".5", "+5", "5e", "--5", "5x", "0x5", "-", "5 5"})
        EXPECT_TRUE(is_not_json<int>(wrong)) << wrong;
}

TEST(Decode, ReadsNumbersThatTheirTypeHolds) {
    EXPECT_EQ(json::decode<double>("18446744073709551616"), 18446744073709551616.0);
    EXPECT_EQ(json::decode<double>("-1.7976931348623157e308"), -1.7976931348623157e308);
    EXPECT_EQ(json::decode<double>("1e-400"), 0.0);
    EXPECT_EQ(complaint<double>("1e400"), "expected a number that a double holds, found 1e400");
    EXPECT_EQ(json::decode<float>("3.4028235e+38"), std::numeric_limits<float>::max());
    EXPECT_EQ(json::decode<float>("-3.4028235677973362e+38"), std::numeric_limits<float>::lowest());
    EXPECT_EQ(complaint<float>("3.4028235677973366e38"),
              "expected a number that a float holds, found 3.4028235677973366e38");
    EXPECT_EQ(complaint<float>("1e39"), "expected a number that a float holds, found 1e39");
    EXPECT_EQ(complaint<double>("null"), "expected a number, found null");
    EXPECT_TRUE(is_not_json<double>("NaN"));
    EXPECT_TRUE(is_not_json<double>("1.e5"));
}

TEST(Decode, SaysWhereAMemberIsWrongAndHow) {
    const auto of = complaint_of_member;
    EXPECT_EQ(of("flag", "1"), "/flag: expected true or false, found 1");
    EXPECT_EQ(of("small", "-1"), "/small: expected a whole number from 0 to 255, found -1");
    EXPECT_EQ(of("real", "\"1\""), "/real: expected a number, found \"1\"");
    EXPECT_EQ(of("text", "{}"), "/text: expected a string, found an object");
    EXPECT_EQ(of("choice", "\"Red\""),
              "/choice: expected one of \"red\", \"green\", \"blue\", found \"Red\"");
    EXPECT_EQ(of("inner", "[]"), "/inner: expected an object (evidence), found an array");
    EXPECT_EQ(of("inner", "{}"), "/inner: the member \"source\" is missing");
    EXPECT_EQ(of("inner", R"({"source":"","weight":200})"),
              "/inner/weight: expected a whole number from -128 to 127, found 200");
    EXPECT_EQ(of("list", R"([{"source":""},{"source":null}])"),
              "/list/1/source: expected a string, found null");
    EXPECT_EQ(of("list", "null"), "/list: expected an array, found null");
    EXPECT_EQ(of("flags", "[true,2]"), "/flags/1: expected true or false, found 2");
    EXPECT_EQ(of("pair", "[1]"), "/pair: expected an array of length 2, found 1");
    EXPECT_EQ(of("pair", "[1,2,3]"), "/pair: expected an array of length 2, found more");
    EXPECT_EQ(of("sorted", R"({"a/b~c\n":true})"),
              "/sorted/a~1b~0c\n: expected a number, found true");
    EXPECT_EQ(of("hashed", "[]"), "/hashed: expected an object, found an array");
    EXPECT_EQ(of("maybe", "0"), "/maybe: expected an object (evidence) or null, found 0");
    EXPECT_EQ(of("pointed", "0"), "/pointed: expected a string or null, found 0");
    EXPECT_EQ(
        of("shape", "null"),
        "/shape: expected true or false or an object (circle) or an object (square), found null");
}

TEST(Decode, RefusesMembersThatAreMissingUnknownOrThereTwice) {
    EXPECT_EQ(complaint<circle>("{}"), "the member \"radius\" is missing");
    EXPECT_EQ(complaint<circle>(R"({"radius":1,"Radius":2})"),
              "/Radius: a member named \"Radius\" is not expected");
    EXPECT_EQ(complaint<circle>(R"({"radius":1,"radius":1})"),
              "/radius: the member \"radius\" is there twice");
    EXPECT_EQ((complaint<std::map<std::string, int>>(R"({"a":1,"\u0061":1})")),
              "/a: the member \"a\" is there twice");
}

TEST(Decode, ShortensWhatItQuotes) {
    std::string umlauts;
    for (int i = 0; i < 1000; ++i)
        umlauts += "ü";
    const std::string found = complaint<int>('"' + umlauts + '"');
    EXPECT_LT(found.size(), 150u);
    EXPECT_TRUE(found.ends_with("ü…")) << found;
    EXPECT_LT(complaint<circle>("{\"" + umlauts + "\":1}").size(), 3000u);
}

TEST(Decode, TellsTextsThatAreNotJsonFromThoseOfAnotherShape) {
    for (const std::string_view text : {"",
                                        " ",
                                        "{",
                                        "}",
                                        "{}}",
                                        "{} {}",
                                        R"({"radius":1)",
                                        R"({"radius":})",
                                        R"({"radius" 1})",
                                        R"({"radius":1,})",
                                        R"({,"radius":1})",
                                        R"({radius:1})",
                                        R"({"radius":1}])",
                                        "[{}",
                                        R"({"radius":tru})",
                                        "{},{}",
                                        "],[",
                                        "]",
                                        R"({"x":1,"radius":nul})",
                                        "\xEF\xBB\xBF{}"})
        EXPECT_TRUE(is_not_json<circle>(text)) << text;
    for (const std::string_view text :
         {"[1", "[1,]", "[,1]", "[1 2]", "[1]]", "[[1]", "1]", "[1},"})
        EXPECT_TRUE(is_not_json<std::vector<int>>(text)) << text;
    for (const std::string_view text : {"tru", "truee", "true,true", "true]", "nul"})
        EXPECT_TRUE(is_not_json<std::optional<bool>>(text)) << text;
}

TEST(Decode, TakesTheFirstAlternativeThatFits) {
    using either = std::variant<int, double, std::string, circle, square, std::vector<int>,
                                std::vector<std::vector<int>>>;
    EXPECT_EQ(json::decode<either>("5"), either(5));
    EXPECT_EQ(json::decode<either>("5000000000"), either(5e9));
    EXPECT_EQ(json::decode<either>("0.5"), either(0.5));
    EXPECT_EQ(json::decode<either>("\"x\""), either("x"));
    EXPECT_EQ(json::decode<either>(R"({"radius":1})"), either(circle{1}));
    EXPECT_EQ(json::decode<either>(R"({"side":1,"fill":"blue"})"), either(square{1, colour::blue}));
    EXPECT_EQ(json::decode<either>("[]"), either(std::vector<int>()));
    EXPECT_EQ(json::decode<either>("[1,2]"), either(std::vector<int>{1, 2}));
    EXPECT_EQ(json::decode<either>("[[1],[]]"), either(std::vector<std::vector<int>>{{1}, {}}));
    EXPECT_EQ(
        complaint<either>("[1,[2]]"),
        "expected a whole number from -2147483648 to 2147483647 or a number or a string or an "
        "object (circle) or an object (square) or an array or an array, found an array of "
        "another shape");
    EXPECT_TRUE(is_not_json<either>(R"({"side":1,"fill":"blue")"));
    EXPECT_TRUE(is_not_json<either>("[[1],[}]"));
}

TEST(Decode, SaysWhatIsWrongInTheOnlyAlternativeOfThatJsonType) {
    using either = std::variant<std::string, circle, std::vector<int>>;
    EXPECT_EQ(complaint<either>(R"({"radius":"1"})"), "/radius: expected a number, found \"1\"");
    EXPECT_EQ(complaint<either>("[1,true]"),
              "/1: expected a whole number from -2147483648 to 2147483647, found true");
    EXPECT_EQ((complaint<std::vector<std::variant<circle, square>>>(R"([{"radius":1},{"a":1}])")),
              "/1: expected an object (circle) or an object (square), found an object of another "
              "shape");
}

TEST(Decode, ReadsAlternativesAgainWhoseBeginsAreAlike) {
    using either = std::variant<std::map<std::string, int>, std::map<std::string, std::string>,
                                std::map<std::string, std::optional<evidence>>>;
    EXPECT_EQ(json::decode<either>("{}").index(), 0u);
    EXPECT_EQ(json::decode<either>(R"({"a":1})").index(), 0u);
    EXPECT_EQ(json::decode<either>(R"({"a":"x\u0041","b":"y"})"),
              either(std::map<std::string, std::string>{{"a", "xA"}, {"b", "y"}}));
    EXPECT_EQ(json::decode<either>(R"({"a":null,"b":{"source":"s"}})").index(), 2u);
    const auto several = json::decode<std::vector<either>>(R"([{},{"a":"b"},{},{"a":null},{}])");
    EXPECT_EQ(several.size(), 5u);
    EXPECT_EQ(several[1].index(), 1u);
    EXPECT_EQ(several[3].index(), 2u);
    EXPECT_EQ(several[4].index(), 0u);
}

TEST(Decode, BoundsHowManyAlternativesItTries) {
    const auto nested = [](int depth, const std::string& innermost) {
        std::string text = R"({"either":[]})";
        for (int i = 0; i < depth; ++i)
            text = R"({"either":[{"below":)" + text + R"(,"end":)" + innermost + "}]}";
        return text;
    };
    EXPECT_EQ(complaint<described::fork>(nested(3, "true")), "");
    EXPECT_EQ(
        complaint<described::fork>(nested(3, "1")),
        "/either/0: expected an object (left) or an object (right), found an object of another "
        "shape");
    EXPECT_EQ(complaint<described::fork>(nested(60, "1")),
              "/either/0: too many alternatives would have to be tried");
}

TEST(Decode, BoundsDepth) {
    const auto children = [](std::size_t depth) {
        std::string text;
        for (std::size_t i = 0; i < depth; ++i)
            text += R"({"value":1,"named":{},"children":[)";
        for (std::size_t i = 0; i < depth; ++i)
            text += "]}";
        return text;
    };
    EXPECT_EQ(complaint<node>(children(128)), "");
    const std::string found = complaint<node>(children(129));
    EXPECT_TRUE(found.starts_with("/children/0/children/0/")) << found;
    EXPECT_TRUE(found.ends_with(": nested deeper than 256 levels")) << found;
    EXPECT_TRUE(complaint<node>(children(10'000)).ends_with(": nested deeper than 256 levels"));
    EXPECT_TRUE(complaint<int>(std::string(100'000, '[') + std::string(100'000, ']'))
                    .ends_with(", found an array"));
    EXPECT_TRUE(is_not_json<node>(std::string(1'000'000, '[')));
    EXPECT_TRUE(is_not_json<node>(R"({"value":)" + std::string(1'000'000, '{')));

    std::string chain = R"({"value":1,"children":[],"named":{"k":null}})";
    EXPECT_EQ(complaint<node>(chain), "/named/k: expected an object (node), found null");
}

TEST(Decode, LeavesTheValueAsItWasWhenItFails) {
    verdict value{"before", 1, {}, "kept"};
    EXPECT_TRUE(json::try_decode(R"({"label":"after","confidence":0,"reasons":[1]})", value));
    EXPECT_EQ(value, (verdict{"before", 1, {}, "kept"}));
    EXPECT_FALSE(json::try_decode(R"({"label":"after","confidence":0,"reasons":[]})", value));
    EXPECT_EQ(value, (verdict{"after", 0, {}, std::nullopt})) << "nothing of before is left";
}

TEST(Decode, ThrowsWhatFailed) {
    try {
        (void)json::decode<std::vector<circle>>(R"([{"radius":null}])");
        ADD_FAILURE() << "nothing was thrown";
    } catch (const conclave::error& failed) {
        EXPECT_EQ(failed.code(), errc::schema_mismatch);
        EXPECT_STREQ(failed.what(), "/0/radius: expected a number, found null");
    }
    try {
        (void)json::decode<circle>("no");
        ADD_FAILURE() << "nothing was thrown";
    } catch (const conclave::error& failed) {
        EXPECT_EQ(failed.code(), errc::malformed_json);
    }
}

TEST(Decode, ReadsManyTextsWithOneDecoder) {
    json::decoder reused;
    for (std::size_t size : {0u, 100'000u, 1u, 64u, 63u}) {
        const std::string text(size, 'x');
        EXPECT_EQ(reused.decode<std::string>('"' + text + '"'), text);
        std::string kept = "kept";
        EXPECT_TRUE(reused.try_decode("[" + text, kept));
        EXPECT_EQ(kept, "kept");
    }
}

TEST(Decode, NeedsNothingBehindTheText) {
    const auto exact = std::make_unique<char[]>(decode_test_all.size());
    decode_test_all.copy(exact.get(), decode_test_all.size());
    EXPECT_EQ(json::decode<everything>({exact.get(), decode_test_all.size()}).text, "t");
}

// Each prefix of a text is not JSON, and each of its bytes changed is taken or refused, but not
// more.
TEST(Decode, SurvivesTextsThatAreCutOrChanged) {
    json::decoder reused;
    everything value;
    for (std::size_t size = 0; size < decode_test_all.size(); ++size) {
        const auto failed = reused.try_decode(decode_test_all.substr(0, size), value);
        ASSERT_TRUE(failed);
        EXPECT_EQ(failed->code, errc::malformed_json) << size;
    }
    std::string changed(decode_test_all);
    for (char& byte : changed) {
        const char before = byte;
        for (const char put : {'"', '{', '}', '[', ']', ',', ':', '\\', '0', 'n', '\0', '\xff'}) {
            byte = put;
            json::document parsed;
            const bool is_json = !json::document::parse(changed, parsed);
            EXPECT_TRUE(is_json || reused.try_decode(changed, value)) << changed;
            (void)reused.try_decode(changed, value);
        }
        byte = before;
    }
}

}  // namespace
