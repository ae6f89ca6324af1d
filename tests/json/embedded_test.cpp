#include <conclave/json/embedded.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using found_values = std::vector<std::string_view>;

found_values embedded_in(std::string_view text) {
    found_values all;
    conclave::json::embedded values(text);
    while (const auto value = values.next())
        all.push_back(*value);
    EXPECT_FALSE(values.next());
    return all;
}

TEST(Embedded, IsTheWholeTextAloneWhereThatIsJson) {
    EXPECT_EQ(embedded_in(" \n{\"a\":{\"b\":[1]}}\n"), found_values({R"({"a":{"b":[1]}})"}));
    EXPECT_EQ(embedded_in("42"), found_values({"42"}));
    EXPECT_EQ(embedded_in("\"say ```json\\n{}\""), found_values({"\"say ```json\\n{}\""}));
    EXPECT_EQ(embedded_in(""), found_values());
    EXPECT_EQ(embedded_in("no JSON at all"), found_values());
}

TEST(Embedded, FindsCodeBlocks) {
    EXPECT_EQ(embedded_in("```json\n{\"a\":1}\n```").front(), R"({"a":1})");
    EXPECT_EQ(embedded_in("Sure!\n\n  ````\n 7 \n```` \nBye"), found_values({"7"}));
    EXPECT_EQ(embedded_in("~~~\n[1]\r\n~~~\n").front(), "[1]");
    EXPECT_EQ(embedded_in("```\ncode(x[0])\n```\nand\n```json\n{\"b\":2}\n```").front(),
              R"({"b":2})");
    EXPECT_EQ(embedded_in("```json\n{\"a\":1}").front(), R"({"a":1})");
    // a shorter fence, or one of the other kind, ends nothing
    EXPECT_EQ(embedded_in("````\n\"```\"\n````"), found_values({"\"```\""}));
    EXPECT_EQ(embedded_in("```\n1\n~~~\n```"), found_values());
}

TEST(Embedded, FindsObjectsAndArraysInProse) {
    EXPECT_EQ(embedded_in("The answer is {\"a\": [1, {\"b\": \"}\"}]}, I think."),
              found_values({R"({"a": [1, {"b": "}"}]})"}));
    EXPECT_EQ(embedded_in("As [1] says, {\"a\":1} and `{\"a\":2}`."),
              found_values({"[1]", R"({"a":1})", R"({"a":2})"}));
    EXPECT_EQ(embedded_in("{not this} but {\"this\":true}"), found_values({R"({"this":true})"}));
    EXPECT_EQ(embedded_in("```json {\"a\":1} ```"), found_values({R"({"a":1})"}));
    EXPECT_EQ(embedded_in("{\"cut\": {\"a\": 1}, \"off\": \"he"), found_values());
    EXPECT_EQ(embedded_in("12 monkeys"), found_values());
}

TEST(Embedded, IsLinearInWhatCannotBeJson) {
    // each bracket would have to be looked at once for every one before it
    const std::size_t size = 1'000'000;
    EXPECT_TRUE(embedded_in(std::string(size, '{')).empty());
    EXPECT_TRUE(embedded_in(std::string(size, '[')).empty());
    std::string fences;
    while (fences.size() < size)
        fences += "```\n";
    EXPECT_TRUE(embedded_in(fences).empty());
    EXPECT_EQ(embedded_in("x" + std::string(1'000, '[') + std::string(1'000, ']')).size(), 1u);
}

}  // namespace
