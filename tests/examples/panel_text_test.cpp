#include "../../examples/panel/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using strings = std::vector<std::string>;

TEST(PanelText, AModelCannotDriveTheTerminal) {
    EXPECT_EQ(panel::printable("a\x1b[2Jb\a\b\r\x7f"), "a[2Jb");
    EXPECT_EQ(panel::printable("a\u009b2Jb"), "a2Jb");
    EXPECT_EQ(panel::printable("a\u202eb\u2066c"), "abc");
    EXPECT_EQ(panel::printable("two\nlines\tand a tab"), "two\nlines    and a tab");
}

TEST(PanelText, WhatIsNotUtf8IsReplaced) {
    EXPECT_EQ(panel::printable("a\xff"), "a\uFFFD");
    EXPECT_EQ(panel::printable("a\xe2\x82"), "a\uFFFD\uFFFD");
    EXPECT_EQ(panel::printable("\xc0\xaf"), "\uFFFD\uFFFD");
    EXPECT_EQ(panel::printable("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
    EXPECT_EQ(panel::printable("grün 語 🙂"), "grün 語 🙂");
}

TEST(PanelText, OneLineHasNoLineFeeds) { EXPECT_EQ(panel::one_line("a\nb\n"), "a b "); }

TEST(PanelText, ColumnsAreThoseOfTheTerminal) {
    EXPECT_EQ(panel::columns_of(""), 0u);
    EXPECT_EQ(panel::columns_of("grün"), 4u);
    EXPECT_EQ(panel::columns_of("e\u0301"), 1u);
    EXPECT_EQ(panel::columns_of("日本"), 4u);
    EXPECT_EQ(panel::columns_of("🙂"), 2u);
    EXPECT_EQ(panel::columns_of("✓ █"), 3u);
}

TEST(PanelText, ClippedTextFits) {
    EXPECT_EQ(panel::clipped("four", 4), "four");
    EXPECT_EQ(panel::clipped("fourteen", 4), "fou…");
    EXPECT_EQ(panel::clipped("日本語", 4), "日…");
    EXPECT_EQ(panel::clipped("abc", 1), "…");
    EXPECT_EQ(panel::clipped("abc", 0), "");
}

TEST(PanelText, LinesBreakBetweenWords) {
    EXPECT_EQ(panel::wrapped("one two three", 7), (strings{"one two", "three"}));
    EXPECT_EQ(panel::wrapped("one  two", 3), (strings{"one", "two"}));
    EXPECT_EQ(panel::wrapped("one two three", 100), (strings{"one two three"}));
}

TEST(PanelText, LinesOfTheTextAreKept) {
    EXPECT_EQ(panel::wrapped("a\n\n  b\n", 10), (strings{"a", "", "  b"}));
    EXPECT_TRUE(panel::wrapped("", 10).empty());
}

TEST(PanelText, AWordWiderThanTheLineIsCut) {
    EXPECT_EQ(panel::wrapped("abcdefgh", 3), (strings{"abc", "def", "gh"}));
    EXPECT_EQ(panel::wrapped("  abcdefgh", 4), (strings{"  ab", "cdef", "gh"}));
    EXPECT_EQ(panel::wrapped("日本語", 4), (strings{"日本", "語"}));
}

TEST(PanelText, NoLineIsWiderThanAskedAndNothingIsLost) {
    const std::string text =
        "Das ist 日本語 mit ümlauten, wide🙂faces and averyverylongwordindeed.";
    for (std::size_t width = 2; width < 80; ++width) {
        std::string joined;
        for (const std::string& line : panel::wrapped(text, width)) {
            EXPECT_LE(panel::columns_of(line), width) << line;
            joined += line;
        }
        std::string expected = text;
        std::erase(expected, ' ');
        std::erase(joined, ' ');
        EXPECT_EQ(joined, expected) << "at " << width;
    }
}

}  // namespace
