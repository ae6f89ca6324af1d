// The matchers for every processor are held to each other and to what a template means.

#include <conclave/wire/event_template.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/detail/string_scan.hpp>
#include <conclave/wire/detail/template_matcher.hpp>

namespace {

using conclave::wire::event_template;
using conclave::wire::hole;
namespace detail = conclave::wire::detail;

std::vector<detail::template_matcher> all_matchers() {
    std::vector<detail::template_matcher> all{detail::match_template};
#if defined(__x86_64__)
    const detail::template_matcher best = detail::best_template_matcher();
    if (best != detail::match_template) all.push_back(detail::match_with_avx2);
    if (best == detail::match_with_avx512) all.push_back(detail::match_with_avx512);
#endif
    return all;
}

// The received bytes, and no more behind them than may be read: what is there is `filler`.
class received {
public:
    explicit received(std::string_view text, char filler = '"')
        : size_(text.size()), bytes_(new char[text.size() + padding]) {
        std::memcpy(bytes_.get(), text.data(), size_);
        std::memset(bytes_.get() + size_, filler, padding);
    }
    std::string_view bytes() const { return {bytes_.get(), size_}; }

private:
    static constexpr std::size_t padding = conclave::json::detail::scan_padding;
    std::size_t size_;
    std::unique_ptr<char[]> bytes_;
};

struct match {
    std::size_t size = 0;
    std::string target;
    bool escaped = false;

    bool operator==(const match&) const = default;
};

std::ostream& operator<<(std::ostream& out, const match& found) {
    return out << found.size << " bytes, target [" << found.target << "] " << found.escaped;
}

// What the first of the matchers finds; the others have to find the same.
match find(const event_template& expected, std::string_view text) {
    std::optional<match> first;
    for (const detail::template_matcher matcher : all_matchers()) {
        for (const char filler : {'"', '\n', 'x', '9', ' '}) {
            const received input(text, filler);
            std::string_view target;
            match found;
            found.size = matcher(expected, input.bytes(), target, found.escaped);
            if (found.size != 0) {
                found.target = target;
            } else {
                found.escaped = false;
            }
            if (!first) first = found;
            EXPECT_EQ(found, *first) << text << " before " << filler;
        }
    }
    return *first;
}

event_template make(const std::vector<std::pair<std::string_view, hole>>& segments) {
    event_template made;
    for (const auto& [literal, after] : segments)
        EXPECT_TRUE(made.add(literal, after));
    return made;
}

TEST(EventTemplate, MatchesNothingWhileItIsEmpty) {
    const event_template none;
    EXPECT_EQ(find(none, "").size, 0U);
    EXPECT_EQ(find(none, std::string(5000, '\n')).size, 0U);
}

TEST(EventTemplate, ComparesEveryByteOfALiteral) {
    for (std::size_t size = 3; size < 700; size += size < 140 ? 1 : 37) {
        std::string literal(size - 2, 'x');
        literal += "\n\n";
        const event_template expected = make({{literal, hole::end}});
        ASSERT_EQ(find(expected, literal).size, size);
        ASSERT_EQ(find(expected, literal + "data: ").size, size);
        ASSERT_EQ(find(expected, std::string_view(literal).substr(1)).size, 0U);
        for (std::size_t place = 0; place < size; place += size < 140 ? 1 : 5) {
            std::string other = literal;
            other[place] ^= 1;
            ASSERT_EQ(find(expected, other).size, 0U) << place << " of " << size;
        }
    }
}

TEST(EventTemplate, TakesTextOfEveryLength) {
    const event_template expected =
        make({{"data: \"", hole::target}, {"\",\"o\":\"", hole::noise}, {"\"\n\n", hole::end}});
    for (std::size_t size = 1; size < 300; ++size) {
        for (const std::size_t noise : {std::size_t{0}, std::size_t{31}, std::size_t{32}, size}) {
            const std::string text(size, 't');
            const std::string event =
                "data: \"" + text + "\",\"o\":\"" + std::string(noise, 'n') + "\"\n\n";
            const match expected_match{event.size(), text, false};
            ASSERT_EQ(find(expected, event), expected_match);
            ASSERT_EQ(find(expected, event + event), expected_match);
        }
    }
}

TEST(EventTemplate, ValidatesText) {
    const event_template expected = make({{"data: \"", hole::target}, {"\"\n\n", hole::end}});
    const auto matches = [&](std::string_view text) {
        return find(expected, "data: \"" + std::string(text) + "\"\n\n").size != 0;
    };
    for (const std::string_view text : {"a", "\\n", "\\u00e9", "\\ud83e\\udd8c", "\\ud83e", "é",
                                        "日本語", "\xF0\x9F\xA6\x8C", "\x7F", "\\\"", "a\\\\"}) {
        EXPECT_TRUE(matches(text)) << text;
        EXPECT_TRUE(matches(std::string(70, 'x') + std::string(text))) << text;
    }
    for (const std::string_view text :
         {"", "\\", "\\x", "\\u12g4", "\\u12", "\x01", "\n", "\t", "a\"b", "\x80", "\xC3",
          "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
        EXPECT_FALSE(matches(text)) << text;
        if (text.empty()) continue;
        EXPECT_FALSE(matches(std::string(70, 'x') + std::string(text))) << text;
    }
}

// All matchers take `text` as the general reader does.
void expect_same_judgement(const event_template& expected, std::string_view text) {
    std::string event = "data: \"" + std::string(text) + "\"\n\n";
    const std::size_t size = event.size();
    event.append(conclave::json::detail::scan_padding, '"');
    const char* const begin = event.data() + 7;
    const char* const limit = event.data() + size;
    const auto judged = conclave::json::detail::scan_string(begin, limit);
    const bool valid = judged.end == begin + text.size() && !text.empty();
    for (const detail::template_matcher matcher : all_matchers()) {
        std::string_view target;
        bool escaped = false;
        const bool taken =
            matcher(expected, std::string_view(event).substr(0, size), target, escaped) == size;
        ASSERT_EQ(taken, valid) << testing::PrintToString(std::string(text));
        if (taken) {
            ASSERT_EQ(escaped, judged.escaped) << text;
            ASSERT_EQ(target, text);
        }
    }
}

TEST(EventTemplate, JudgesLettersAsTheGeneralReaderDoes) {
    const event_template expected = make({{"data: \"", hole::target}, {"\"\n\n", hole::end}});
    constexpr std::string_view bounds =
        "a\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF4\xF5\xFF";
    std::string text = "....";
    for (const char first : bounds) {
        text[0] = first;
        for (const char second : bounds) {
            text[1] = second;
            for (const char third : bounds) {
                text[2] = third;
                for (const char fourth : bounds) {
                    text[3] = fourth;
                    expect_same_judgement(expected, text);
                    if (HasFatalFailure()) return;
                }
            }
        }
    }
}

TEST(EventTemplate, JudgesEscapesAsTheGeneralReaderDoes) {
    const event_template expected = make({{"data: \"", hole::target}, {"\"\n\n", hole::end}});
    for (int letter = 0; letter < 256; ++letter) {
        for (const std::size_t before : {0U, 1U, 31U, 57U, 58U, 59U, 60U, 61U, 62U, 63U}) {
            const std::string text =
                std::string(before, 'x') + '\\' + static_cast<char>(letter) + "0a";
            expect_same_judgement(expected, text);
            expect_same_judgement(expected, text + "Ff");
            if (HasFatalFailure()) return;
        }
    }
    constexpr std::string_view digits = "09afAF/:@G`gu\\\"\x80";
    for (std::size_t i = 0; i < digits.size() * digits.size(); ++i) {
        const std::string two{digits[i % digits.size()], digits[i / digits.size()]};
        for (const std::size_t before : {0U, 29U, 56U, 57U, 58U}) {
            const std::string head = std::string(before, 'x') + "\\u";
            for (const std::string_view rest : {"", "0", "00"}) {
                expect_same_judgement(expected, head + two + std::string(rest));
                expect_same_judgement(expected, head + std::string(rest) + two);
            }
            if (HasFatalFailure()) return;
        }
    }
}

TEST(EventTemplate, ValidatesNoiseIntegersAndSpaces) {
    const auto with = [](hole kind, std::string_view text) {
        const event_template expected = make({{"data: [", kind}, {"\"]\n\n", hole::end}});
        return find(expected, "data: [" + std::string(text) + "\"]\n\n").size != 0;
    };
    for (const std::string_view text : {"", "abc", "]"})
        EXPECT_TRUE(with(hole::noise, text)) << text;
    for (const std::string_view text : {"é", "\\n", "\x01", "\xFF", "\n"})
        EXPECT_FALSE(with(hole::noise, text)) << text;
    for (const std::string_view text : {"0", "7", "10", "123456789012345"})
        EXPECT_TRUE(with(hole::integer, text)) << text;
    for (const std::string_view text : {"", "-1", "01", "00", "1.5", "1e3", "1234567890123456",
                                        " 1", "a", "12345678901234567890"}) {
        EXPECT_FALSE(with(hole::integer, text)) << text;
    }
    for (const std::size_t size : {0U, 1U, 13U, 31U})
        EXPECT_TRUE(with(hole::spaces, std::string(size, ' '))) << size;
    for (const std::size_t size : {32U, 33U, 70U})
        EXPECT_FALSE(with(hole::spaces, std::string(size, ' '))) << size;
    EXPECT_FALSE(with(hole::spaces, "\t"));
}

TEST(EventTemplate, NeverMatchesBeyondTheReceivedBytes) {
    const std::string event =
        "event: x\ndata: {\"n\":12,\"t\":\"" + std::string(40, 't') + "\",\"o\":\"abc\"  }\n\n";
    const event_template expected = make({{"event: x\ndata: {\"n\":", hole::integer},
                                          {",\"t\":\"", hole::target},
                                          {"\",\"o\":\"", hole::noise},
                                          {"\"", hole::spaces},
                                          {"}\n\n", hole::end}});
    ASSERT_EQ(find(expected, event).size, event.size());
    for (std::size_t size = 0; size < event.size(); ++size) {
        // what is missing lies behind, as it does in a buffer that was used before
        const std::string text = event + std::string(100, ' ');
        for (const detail::template_matcher matcher : all_matchers()) {
            std::string_view target;
            bool escaped = false;
            ASSERT_EQ(matcher(expected, std::string_view(text).substr(0, size), target, escaped),
                      0U);
        }
        ASSERT_EQ(find(expected, event.substr(0, size)).size, 0U);
    }
}

TEST(EventTemplate, MatchersAgreeOnAnything) {
    std::mt19937_64 random(7);
    const event_template expected = make({{"data: {\"n\":", hole::integer},
                                          {",\"t\":\"", hole::target},
                                          {"\",\"o\":\"", hole::noise},
                                          {"\"", hole::spaces},
                                          {"}\r\n\r\n", hole::end}});
    std::size_t matched = 0;
    for (std::size_t round = 0; round < 20'000; ++round) {
        const auto some = [&](std::string_view of, std::size_t most) {
            std::string text;
            for (std::size_t size = random() % (most + 1); size > 0; --size)
                text += of[random() % of.size()];
            return text;
        };
        std::string event = "data: {\"n\":" + some("0123456789", 4) + ",\"t\":\"" +
                            some("abcdefghijklm\\n\"", round % 80) + "\",\"o\":\"" +
                            some("abc", round % 40) + "\"" + some(" ", 12) + "}\r\n\r\n";
        if (round % 3 == 0) event[random() % event.size()] = static_cast<char>(random());
        matched += find(expected, event).size != 0;
        if (HasFailure()) return;
    }
    EXPECT_GT(matched, 1000U);
}

TEST(EventTemplate, HasLimits) {
    event_template made;
    EXPECT_FALSE(made.add("", hole::end));
    EXPECT_FALSE(made.add(std::string(event_template::max_size + 1, 'x'), hole::target));
    for (std::size_t i = 0; i < event_template::max_segments; ++i)
        EXPECT_TRUE(made.add("x", hole::integer));
    EXPECT_FALSE(made.add("x", hole::end));
    made.clear();
    EXPECT_TRUE(made.add(std::string(event_template::max_size - 1, 'x') + "\n", hole::end));
    EXPECT_EQ(find(made, std::string(event_template::max_size - 1, 'x') + "\n").size,
              event_template::max_size);
}

}  // namespace
