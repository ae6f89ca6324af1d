#include <conclave/http/characters.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

namespace http = conclave::http;
using namespace std::string_view_literals;

TEST(Characters, TokensAreMadeOfTheSeventySevenTokenCharacters) {
    const std::string_view allowed =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        EXPECT_EQ(http::is_token(text), allowed.find(text) != allowed.npos) << byte;
        EXPECT_EQ(http::is_token("a" + text + "b"), http::is_token(text)) << byte;
    }
    EXPECT_FALSE(http::is_token(""));
}

TEST(Characters, ValuesHaveNoControlCharacterButTab) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        const bool control = byte < 32 || byte == 127;
        EXPECT_EQ(http::is_field_value(text), !control || byte == 9) << byte;
        EXPECT_EQ(http::is_field_value("a" + text), http::is_field_value(text)) << byte;
    }
    EXPECT_TRUE(http::is_field_value(""));
}

TEST(Characters, OnlyAsciiLettersIgnoreCase) {
    EXPECT_TRUE(http::equals_ignoring_case("Content-Length", "cONTENT-lENGTH"));
    EXPECT_FALSE(http::equals_ignoring_case("Content-Length", "Content-Lengt"));
    EXPECT_TRUE(http::equals_ignoring_case("", ""));
    for (int byte = 0; byte < 256; ++byte) {
        const char flipped = static_cast<char>(byte ^ 0x20);
        const bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        const std::string left(1, static_cast<char>(byte));
        EXPECT_EQ(http::equals_ignoring_case(left, std::string(1, flipped)), letter) << byte;
    }
}

TEST(Characters, TrimTakesSpacesAndTabsAndNothingElse) {
    EXPECT_EQ(http::trim(" \t a b\t "), "a b");
    EXPECT_EQ(http::trim(" \t "), "");
    EXPECT_EQ(http::trim(""), "");
    EXPECT_EQ(http::trim("\va\n"), "\va\n");
    EXPECT_EQ(http::trim("\0a\0"sv), "\0a\0"sv);
}

}  // namespace
