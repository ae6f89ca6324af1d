// With templates, a stream says what it says without them: whatever a byte of it is changed to,
// and however it is cut.

#include <conclave/wire/template_set.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "two_readers.hpp"

namespace {

using namespace std::string_view_literals;
using namespace conclave::testing;

// What means something in a stream, in JSON or in UTF-8.
constexpr std::string_view telling =
    "\"\\\n\r {}[]:,0"
    "a9-u\x01\x7F\x80\xC3\xA9\xE2\xF0\xFF\0"sv;

void expect_the_same(const sample& of, const std::string& stream, std::size_t step) {
    const transcript expected = of.by_fields(stream);
    ASSERT_EQ(expected.by_template, 0U);
    const transcript said = of.by_templates(stream, step);
    ASSERT_TRUE(said.says_the_same(expected)) << of.name << " in steps of " << step << ":\n"
                                              << stream << "\nshould say\n"
                                              << expected << "\nsays\n"
                                              << said;
}

class TemplateDifferential : public testing::TestWithParam<sample> {};

TEST_P(TemplateDifferential, SamplesAreReadByTemplates) {
    const std::string stream = GetParam().whole();
    EXPECT_GE(GetParam().by_templates(stream, stream.size()).by_template, 2U);
}

TEST_P(TemplateDifferential, EveryPieceSize) {
    const std::string stream = GetParam().whole();
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        expect_the_same(GetParam(), stream, step);
        if (HasFatalFailure()) return;
    }
}

TEST_P(TemplateDifferential, EveryByteChanged) {
    const sample& of = GetParam();
    for (std::size_t place = 0; place < of.event.size(); ++place) {
        for (const char byte : telling) {
            std::string event = of.event;
            event[place] = byte;
            expect_the_same(of, of.before + event + of.behind, 100'000);
            if (HasFatalFailure()) return;
        }
    }
}

TEST_P(TemplateDifferential, EveryByteLostOrDoubled) {
    const sample& of = GetParam();
    for (std::size_t place = 0; place < of.event.size(); ++place) {
        std::string lost = of.event;
        lost.erase(place, 1);
        expect_the_same(of, of.before + lost + of.behind, 100'000);
        std::string doubled = of.event;
        doubled.insert(place, 1, doubled[place]);
        expect_the_same(of, of.before + doubled + of.behind, 61);
        if (HasFatalFailure()) return;
    }
}

TEST_P(TemplateDifferential, EveryTellingByteInserted) {
    const sample& of = GetParam();
    for (std::size_t place = 0; place <= of.event.size(); ++place) {
        for (const char byte : telling) {
            std::string event = of.event;
            event.insert(place, 1, byte);
            expect_the_same(of, of.before + event + of.behind, 100'000);
            if (HasFatalFailure()) return;
        }
    }
}

TEST_P(TemplateDifferential, EveryEnd) {
    const std::string stream = GetParam().whole();
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        expect_the_same(GetParam(), stream.substr(0, size), 37);
        if (HasFatalFailure()) return;
    }
}

TEST_P(TemplateDifferential, ManyChangesAtOnce) {
    const sample& of = GetParam();
    std::mt19937_64 random(20250101);
    for (int round = 0; round < 4000; ++round) {
        std::string stream = of.whole();
        for (std::size_t change = 0; change < 1 + random() % 4; ++change) {
            const std::size_t place = random() % stream.size();
            const std::size_t size = random() % 8;
            switch (random() % 4) {
                case 0: stream[place] = telling[random() % telling.size()]; break;
                case 1: stream.erase(place, size); break;
                case 2: stream.insert(place, size, telling[random() % telling.size()]); break;
                default: stream.insert(random() % stream.size(), stream.substr(place, size * 40));
            }
        }
        expect_the_same(of, stream, 1 + random() % 400);
        if (HasFatalFailure()) return;
    }
}

// Texts of every length, so that their end is at every place of a word, plain and difficult.
TEST_P(TemplateDifferential, TextsOfEveryLength) {
    const sample& of = GetParam();
    std::string stream = of.before;
    for (const std::string_view odd : {"", "\\n", "é", "\\u00e9", "\\ud83e\\udd8c", "日本", "\\"}) {
        for (std::size_t size = 0; size < 200; ++size) {
            std::string event = of.event;
            const std::size_t text = event.find("two") != event.npos     ? event.find("two")
                                     : event.find("th\\") != event.npos  ? event.find("th\\")
                                     : event.find("so\\n") != event.npos ? event.find("so\\n")
                                                                         : event.rfind("ping");
            ASSERT_NE(text, event.npos);
            event.insert(text, std::string(size, 'x') + std::string(odd));
            expect_the_same(of, of.before + event + of.behind, 100'000);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(TemplateSet, LearnsAgainWhenEventsRepeatAfterManyThatDidNot) {
    std::string stream;
    for (int i = 0; i < 1000; ++i) {
        const std::string odd = R"({"content":"x","k)" + std::to_string(i) + "\":1}";
        stream += samples::chat(odd, "");
    }
    for (int i = 0; i < 400; ++i)
        stream += samples::chat(R"({"content":"y)" + std::to_string(i) + "\"}", "");
    const transcript said = read_by_templates<chat_reader>(stream, 16'384);
    EXPECT_EQ(said.pieces.size(), 1400U);
    EXPECT_GT(said.by_template, 250U);
    EXPECT_LE(said.by_template, 399U);
}

TEST(TemplateSet, ReadsMarksWithoutTextByTemplates) {
    std::string stream;
    for (int i = 0; i < 5; ++i) {
        stream += samples::anthropic("one", "  ");
        stream += "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    }
    EXPECT_EQ(read_by_templates<anthropic_reader>(stream, stream.size()).by_template, 8U);
}

INSTANTIATE_TEST_SUITE_P(Formats, TemplateDifferential, testing::ValuesIn(all_samples()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
