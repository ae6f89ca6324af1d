#include <conclave/json/document.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <conclave/error.hpp>

namespace {

namespace json = conclave::json;

json::document parsed(std::string_view text) {
    json::document out;
    EXPECT_FALSE(json::document::parse(text, out)) << text;
    return out;
}

bool accepts(std::string_view text) {
    json::document out;
    const std::error_code failed = json::document::parse(text, out);
    EXPECT_TRUE(!failed || failed == conclave::errc::malformed_json);
    return !failed;
}

TEST(Document, StaysValidWhenMoved) {
    json::document first =
        parsed(R"({"name": "a rather long text, too long for any short buffer"})");
    json::document second = std::move(first);
    json::document third;
    third = std::move(second);
    const auto object = json::object_of(third.root());
    ASSERT_TRUE(object);
    EXPECT_EQ(json::string_at(*object, "name"),
              "a rather long text, too long for any short buffer");
}

TEST(Document, NeedsNothingBehindTheText) {
    const std::string text = R"({"a":[1,2,3]})";
    const auto exact = std::make_unique<char[]>(text.size());
    text.copy(exact.get(), text.size());
    EXPECT_TRUE(accepts({exact.get(), text.size()}));
}

TEST(Document, IsParsedIntoAgain) {
    json::document out = parsed("[1]");
    ASSERT_FALSE(json::document::parse(R"({"a":2})", out));
    EXPECT_TRUE(out.root().is_object());
}

TEST(Document, RefusesWhatIsNotJson) {
    for (const std::string_view text :
         {"", " ", "{", "{}}", "{} {}", "[1,]", "{'a':1}", "tru", "nul", "01", "\"\xff\"", "NaN",
          "\"\\ud8\"", "\"a\nb\"", "{\"a\":1,}", "[1 2]", "<html>", "[DONE]"}) {
        EXPECT_FALSE(accepts(text)) << text;
    }
}

TEST(Document, RefusesNestingBeyondItsLimit) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_TRUE(accepts(nested(1000)));
    EXPECT_FALSE(accepts(nested(1100)));
    EXPECT_FALSE(accepts(nested(100'000)));
    EXPECT_FALSE(accepts(std::string(1'000'000, '[')));
}

TEST(Document, RefusesNumbersThatNothingHolds) {
    EXPECT_FALSE(accepts("1e400"));
    EXPECT_FALSE(accepts("[-1e999999]"));
    EXPECT_FALSE(accepts("1" + std::string(1'000'000, '0')));
}

TEST(DocumentReaders, TellAbsentNullAndWrongTypesApart) {
    const json::document document = parsed(R"({"null":null,"text":"t","number":1.5,"list":[]})");
    const auto object = *json::object_of(document.root());
    EXPECT_FALSE(json::find(object, "missing"));
    ASSERT_TRUE(json::find(object, "null"));
    EXPECT_TRUE(json::find(object, "null")->is_null());
    EXPECT_FALSE(json::string_at(object, "null"));
    EXPECT_FALSE(json::string_at(object, "number"));
    EXPECT_FALSE(json::number_at(object, "text"));
    EXPECT_FALSE(json::boolean_at(object, "number"));
    EXPECT_FALSE(json::object_at(object, "list"));
    EXPECT_FALSE(json::array_at(object, "text"));
    EXPECT_EQ(json::string_at(object, "text"), "t");
    EXPECT_EQ(json::number_at(object, "number"), 1.5);
    EXPECT_TRUE(json::array_at(object, "list"));
}

TEST(DocumentReaders, FindMembersInAnyOrder) {
    const json::document document = parsed(R"({"b":2,"a":1})");
    const auto object = *json::object_of(document.root());
    EXPECT_EQ(json::integer_at(object, "a"), 1);
    EXPECT_EQ(json::integer_at(object, "b"), 2);
    EXPECT_EQ(json::integer_at(object, "a"), 1);
}

TEST(DocumentReaders, ReadWholeNumbersHoweverSpelled) {
    const auto integer = [](std::string_view text) {
        const json::document document = parsed(text);
        return json::integer_of(document.root());
    };
    EXPECT_EQ(integer("5"), 5);
    EXPECT_EQ(integer("-5"), -5);
    EXPECT_EQ(integer("5.0"), 5);
    EXPECT_EQ(integer("5e2"), 500);
    EXPECT_EQ(integer("-0"), 0);
    EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
    EXPECT_EQ(integer("18446744073709551615"), std::nullopt);
    EXPECT_EQ(integer("9223372036854775808.0"), std::nullopt);
    EXPECT_EQ(integer("1e300"), std::nullopt);
    EXPECT_EQ(integer("5.5"), std::nullopt);
    EXPECT_EQ(integer("\"5\""), std::nullopt);
    EXPECT_EQ(integer("true"), std::nullopt);
    EXPECT_EQ(integer("null"), std::nullopt);
}

TEST(DocumentReaders, ReadAnyNumberAsDouble) {
    const json::document document = parsed("[3, -3, 18446744073709551615, 2.5, false]");
    const auto list = *json::array_of(document.root());
    EXPECT_EQ(json::number_of(list.at(0)), 3.0);
    EXPECT_EQ(json::number_of(list.at(1)), -3.0);
    EXPECT_EQ(json::number_of(list.at(2)), 18446744073709551615.0);
    EXPECT_EQ(json::number_of(list.at(3)), 2.5);
    EXPECT_EQ(json::number_of(list.at(4)), std::nullopt);
}

TEST(DocumentReaders, KnowTheTextOfAnObject) {
    EXPECT_TRUE(json::is_object_text(" {} "));
    EXPECT_TRUE(json::is_object_text(R"({"type":"object"})"));
    EXPECT_FALSE(json::is_object_text("[]"));
    EXPECT_FALSE(json::is_object_text("{"));
    EXPECT_FALSE(json::is_object_text(""));
}

}  // namespace
