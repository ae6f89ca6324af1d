// The fast ways with strings agree with the plain ones.

#include <conclave/json/detail/unescape.hpp>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <conclave/json/detail/string_scan.hpp>
#include <conclave/json/escape.hpp>

#include "plain_strings.hpp"

namespace {

namespace json = conclave::json;

// Whether a string is one that JSON has, as simply as it can be said.
bool is_valid(std::string_view raw) {
    std::string unescaped;
    if (!conclave::tests::append_unescaped(unescaped, raw)) return false;
    while (!raw.empty()) {
        const json::utf8_step step = json::next_utf8(raw);
        if (!step.valid || static_cast<unsigned char>(raw.front()) < 0x20) return false;
        raw.remove_prefix(step.size);
    }
    return true;
}

// A string in memory of its own, the closing quote and all that may be read behind it.
class quoted {
public:
    explicit quoted(std::string_view raw)
        : raw_(raw), bytes_(new char[raw.size() + 1 + json::detail::scan_padding]) {
        std::memcpy(bytes_.get(), raw.data(), raw.size());
        std::memset(bytes_.get() + raw.size(), '"', 1 + json::detail::scan_padding);
    }
    const char* begin() const { return bytes_.get(); }
    const char* limit() const { return bytes_.get() + raw_.size() + 1; }

    void expect_right() const {
        const json::detail::scanned_string found = json::detail::scan_string(begin(), limit());
        const bool ends_there = found.end == limit() - 1;
        if (raw_.find('"') != raw_.npos) return;  // the string may end before
        ASSERT_EQ(ends_there, is_valid(raw_)) << raw_;
        json::detail::unescape_buffer checking;
        // unless it would take its closing quote for an escaped one
        const bool closes = (raw_.size() - (raw_.find_last_not_of('\\') + 1)) % 2 == 0;
        const auto checked = closes
                                 ? checking.check_and_unescape({begin(), raw_.size()}, raw_.size())
                                 : std::nullopt;
        ASSERT_EQ(checked.has_value(), ends_there) << raw_;
        if (!ends_there) return;
        ASSERT_EQ(found.escaped, raw_.find('\\') != raw_.npos);
        std::string expected;
        ASSERT_TRUE(conclave::tests::append_unescaped(expected, raw_));
        json::detail::unescape_buffer buffer;
        ASSERT_EQ(buffer.unescape({begin(), raw_.size()}, raw_.size()), expected) << raw_;
        ASSERT_EQ(*checked, expected) << raw_;
        ASSERT_EQ(checked->data() == begin(), !found.escaped) << "in place";
    }

    // What it means; nothing if it is not valid.
    std::optional<std::string> meaning() const {
        json::detail::unescape_buffer buffer;
        const auto text = buffer.check_and_unescape({begin(), raw_.size()}, raw_.size());
        if (!text) return std::nullopt;
        return std::string(*text);
    }

private:
    std::string_view raw_;
    std::unique_ptr<char[]> bytes_;
};

TEST(Unescape, UndoesWhatTheWriterDid) {
    for (std::uint32_t code_point = 0; code_point <= 0x10FFFF; code_point += 97) {
        if (code_point >= 0xD800 && code_point < 0xE000) continue;
        std::string text = "<", raw;
        conclave::tests::append_utf8(text, code_point);
        text += '>';
        json::append_escaped(raw, text);
        ASSERT_EQ(quoted(raw).meaning(), text);
    }
}

// The writer passes over eight plain bytes at a time.
TEST(Unescape, FindsWhatTheWriterEscapedWhereverItStands) {
    const std::string plain = "an answer of some length";
    for (std::size_t size = 0; size <= plain.size(); ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 0x100; ++byte) {
                std::string text = plain.substr(0, size), expected, raw;
                text[at] = static_cast<char>(byte);
                expected = text;
                if (byte >= 0x80) expected.replace(at, 1, json::replacement_character);
                json::append_escaped(raw, text);
                ASSERT_EQ(quoted(raw).meaning(), expected) << byte << " at " << at;
            }
        }
    }
}

TEST(Unescape, ReadsEveryEscape) {
    EXPECT_EQ(quoted(R"(\"\\\/\b\f\n\r\t\u0041\u00E9\u20ac)").meaning(), "\"\\/\b\f\n\r\tAé€");
    EXPECT_EQ(quoted(R"(\uD83E\uDD8A!)").meaning(), "🦊!");
}

TEST(Unescape, TurnsHalvesOfPairsIntoReplacementCharacters) {
    const std::string r(json::replacement_character);
    for (const auto& [raw, expected] : {std::pair{R"(\ud83e)", r},
                                        {R"(\ud83ex)", r + "x"},
                                        {R"(\udd8a)", r},
                                        {R"(\udd8a\ud83e)", r + r},
                                        {R"(\ud83e\u0041)", r + "A"},
                                        {R"(\ud83e\n)", r + "\n"},
                                        {R"(\ud83e\ud83e\udd8a)", r + "🦊"}}) {
        EXPECT_EQ(quoted(raw).meaning(), expected) << raw;
    }
}

TEST(Unescape, RefusesWhatIsNoEscape) {
    for (const std::string_view raw :
         {"\\x41", "\\u", "\\u12", "\\u123g", "\\u 123", "\\U0041", "\\'", "\\ud83e\\u12"}) {
        EXPECT_FALSE(quoted(raw).meaning()) << raw;
    }
}

TEST(Unescape, EveryUnitOfFourDigitsAndPairs) {
    for (unsigned unit = 0; unit < 0x10000; unit += unit < 0x1000 || unit >= 0xD700 ? 1 : 13) {
        char text[16];
        std::snprintf(text, sizeof text, unit % 2 ? "\\u%04x" : "\\u%04X", unit);
        quoted(text).expect_right();
        quoted(std::string(text) + "\\udc00x").expect_right();
        quoted(std::string(text) + "\\ud83e").expect_right();
        if (HasFatalFailure()) return;
    }
}

TEST(Unescape, EveryTwoAndThreeBytes) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            std::string raw{static_cast<char>(first), static_cast<char>(second)};
            quoted(raw).expect_right();
            for (const int third : {0x7F, 0x80, 0xBF, 0xC0}) {
                const std::string three = raw + static_cast<char>(third);
                quoted(three).expect_right();
                quoted(three + "\x80").expect_right();
                quoted("x" + three + "é").expect_right();
            }
            if (HasFatalFailure()) return;
        }
    }
}

TEST(Unescape, AnyString) {
    std::mt19937_64 random(3);
    constexpr std::string_view parts[] = {
        "x",       "plain text", "\\n",   "\\\\",   "\\/",      "\\u00e9",
        "é",       "日本",       "🦌",  "\\b\\f", "\\r\\t",   "\\ud83e\\udd8c",
        "\\ud83e", "\\",         "\\u12", "\x7F",   "\xE2\x82", "\\x"};
    for (int round = 0; round < 50'000; ++round) {
        std::string raw;
        for (std::size_t count = random() % 12; count > 0; --count) {
            raw += parts[random() % (round % 4 == 0 ? std::size(parts) : 13)];
        }
        quoted(raw).expect_right();
        if (HasFatalFailure()) return;
    }
}

TEST(UnescapeBuffer, KeepsAllStringsUntilItIsCleared) {
    json::detail::unescape_buffer buffer;
    const std::string raw = "a\\nb" + std::string(json::detail::unescape_padding, ' ');
    const std::string_view first = buffer.unescape(std::string_view(raw).substr(0, 4), 8);
    const std::string_view second = buffer.unescape(std::string_view(raw).substr(1, 3), 8);
    EXPECT_EQ(first, "a\nb");
    EXPECT_EQ(second, "\nb");
    buffer.clear();
    EXPECT_EQ(buffer.unescape(std::string_view(raw).substr(0, 4), 4).data(), first.data());
}

}  // namespace
