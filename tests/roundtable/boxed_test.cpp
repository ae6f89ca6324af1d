#include <conclave/roundtable/boxed.hpp>

#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace {

using conclave::boxed;

TEST(Boxed, IsEmptyUntilItIsGivenAValue) {
    boxed<std::string> text;
    EXPECT_FALSE(text);
    EXPECT_FALSE(text.has_value());
    text = std::string("one");
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, "one");
    text.emplace(3, 'x');
    EXPECT_EQ(text->size(), 3u);
    text = std::nullopt;
    EXPECT_FALSE(text);
}

TEST(Boxed, CopiesTheValueAndMovesItAway) {
    boxed<std::string> first = std::string("one");
    boxed<std::string> copy = first;
    *copy += " more";
    EXPECT_EQ(*first, "one");
    copy = first;
    EXPECT_EQ(*copy, "one");
    const boxed<std::string> moved = std::move(first);
    EXPECT_EQ(*moved, "one");
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
}

TEST(Boxed, ComparesByItsValue) {
    const boxed<std::string> empty;
    const boxed<std::string> one = std::string("one");
    EXPECT_TRUE(empty == boxed<std::string>());
    EXPECT_FALSE(empty == one);
    EXPECT_FALSE(one == empty);
    EXPECT_TRUE(one == boxed<std::string>(std::string("one")));
    EXPECT_FALSE(one == boxed<std::string>(std::string("two")));
    EXPECT_TRUE(one == std::string("one"));
    EXPECT_FALSE(empty == std::string());
}

}  // namespace
