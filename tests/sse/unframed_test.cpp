// Events that are taken as bytes, by one who knows their end, between events that are framed.

#include <conclave/sse/parser.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "read_stream.hpp"

namespace {

using namespace conclave::testing;
namespace sse = conclave::sse;

void receive(sse::parser& parser, std::string_view bytes) {
    const std::span<char> room = parser.prepare(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    parser.commit(room.first(bytes.size()));
}

// The size of the event that `bytes` begins with, if it is one of those that may be skipped.
std::size_t whole_event(std::string_view bytes) {
    if (!bytes.starts_with("data: ") && !bytes.starts_with("event: ")) return 0;
    const std::size_t end = bytes.find("\n\n");
    if (end == bytes.npos) return 0;
    const std::string_view event = bytes.substr(0, end + 2);
    if (event.find('\r') != event.npos || event.find("\nid") != event.npos) return 0;
    return event.starts_with("data: ") || event.find("\ndata: ") != event.npos ? event.size() : 0;
}

TEST(SseUnframed, IsEmptyOnlyWhileAnEventIsLookedAt) {
    sse::parser parser;
    EXPECT_EQ(parser.unframed(), "");
    receive(parser, "data: a\n\ndata: b\n");
    EXPECT_EQ(parser.unframed(), "data: a\n\ndata: b\n");
    EXPECT_EQ(parser.unframed(), "data: a\n\ndata: b\n") << "asking changes nothing";
    ASSERT_NE(parser.next(), nullptr);
    EXPECT_EQ(parser.unframed(), "data: b\n");
    EXPECT_EQ(parser.next(), nullptr);
    EXPECT_EQ(parser.unframed(), "");
    receive(parser, "\nda");
    EXPECT_EQ(parser.unframed(), "");
    ASSERT_NE(parser.next(), nullptr);
    EXPECT_EQ(parser.unframed(), "da");
    EXPECT_EQ(parser.next(), nullptr);
    receive(parser, "ta: c\n\n");
    EXPECT_EQ(parser.unframed(), "");
    ASSERT_NE(parser.next(), nullptr);
    EXPECT_EQ(parser.unframed(), "");
    receive(parser, "data: d\n\n");
    EXPECT_EQ(parser.unframed(), "data: d\n\n");
}

TEST(SseUnframed, IsEmptyAfterLinesThatBelongToTheEventBehindThem) {
    for (const std::string_view first : {"id: 7\n", "event: x\n", "data\n"}) {
        sse::parser parser;
        receive(parser, first);
        EXPECT_EQ(parser.next(), nullptr);
        receive(parser, "data: a\n\n");
        EXPECT_EQ(parser.unframed(), "") << first;
    }
}

TEST(SseUnframed, BeginsBehindTheByteOrderMark) {
    sse::parser parser;
    receive(parser, "\xEF\xBB");
    EXPECT_EQ(parser.unframed(), "");
    receive(parser,
            "\xBF"
            "data: a\n\n");
    EXPECT_EQ(parser.unframed(), "data: a\n\n");
}

TEST(SseUnframed, IsNoMoreThanTheLimitsAllowAnEvent) {
    sse::parser_options options;
    options.max_line_size = 20;
    options.max_event_size = 10;
    sse::parser parser(options);
    receive(parser, "data: 12345678901234567890\n\n");
    EXPECT_EQ(parser.unframed(), "data: 1234");
}

TEST(SseUnframed, IsEmptyAfterAnError) {
    sse::parser_options options;
    options.max_line_size = 4;
    sse::parser failed(options);
    receive(failed, "data: 12345\n\n");
    EXPECT_EQ(failed.next(), nullptr);
    EXPECT_TRUE(failed.error());
    EXPECT_EQ(failed.unframed(), "");
}

TEST(SseUnframed, ResetBeginsAnew) {
    sse::parser parser;
    receive(parser, "data: half");
    EXPECT_EQ(parser.next(), nullptr);
    parser.reset();
    receive(parser, "data: a\n\n");
    EXPECT_EQ(parser.unframed(), "data: a\n\n");
}

// Skips some of the events that may be skipped and has the rest framed.
reading read_with_skips(std::string_view stream, std::mt19937_64& random, std::size_t largest,
                        unsigned share, std::size_t& skipped) {
    sse::parser parser;
    event_recorder recorder;
    const auto take_all = [&] {
        for (;;) {
            const std::string_view bytes = parser.unframed();
            const std::size_t size = whole_event(bytes);
            if (size != 0 && random() % 4 < share) {
                sse::parser one;
                receive(one, bytes.substr(0, size));
                const sse::event* event = one.next();
                if (event == nullptr) break;
                sse::event copy = *event;
                copy.id = parser.last_event_id();
                recorder(copy);
                parser.skip(size);
                ++skipped;
                continue;
            }
            const sse::event* const event = parser.next();
            if (event == nullptr) break;
            recorder(*event);
        }
    };
    for (const std::string_view piece : random_pieces(stream, largest, random)) {
        receive(parser, piece);
        take_all();
    }
    parser.finish();
    take_all();
    return recorder.result(parser);
}

TEST(SseUnframed, SkippingSomeEventsChangesNoOther) {
    std::mt19937_64 random(11);
    const std::string_view parts[] = {"data: plain\n\n",
                                      "event: named\ndata: x\n\n",
                                      "data: crlf\r\n\r\n",
                                      "id: 5\ndata: with an id\n\n",
                                      ": comment\n\n",
                                      ": comment\n",
                                      "data: two\ndata: lines\n\n",
                                      "data: cr\r\r",
                                      "\n",
                                      "event: no data\n\n",
                                      "retry: 7\n",
                                      "data: and its id behind\nid: 9\n\n"};
    std::size_t skipped = 0;
    for (unsigned round = 0; round < 3000; ++round) {
        std::string stream = round % 5 == 0 ? "\xEF\xBB\xBF" : "";
        for (std::size_t part = 0; part < 40; ++part) {
            stream += random() % 2 == 0 ? parts[0] : parts[random() % std::size(parts)];
            if (random() % 8 == 0) {
                stream += "data: " + std::string(random() % 3000, 'y') + "\n\n";
            }
        }
        sse::parser whole;
        const reading expected = pull(whole, {stream});
        ASSERT_EQ(read_with_skips(stream, random, 1 + random() % 2000, round % 5, skipped),
                  expected)
            << stream;
    }
    EXPECT_GT(skipped, 10'000U);
}

TEST(SseRaw, IsTheEventAsItCame) {
    for (const std::string_view event :
         {"data: a\n\n", "event: x\ndata: a\n\n", "data:a\r\n\r\n", "data: a\r\r",
          "data: a\nevent: x\n\n", "data\n\n", "data: a\n\r\n"}) {
        sse::parser parser;
        receive(parser, ": comment\n\n" + std::string(event) + "data: b\n\n");
        const sse::event* found = parser.next();
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->raw, event);
        EXPECT_GE(found->data.data(), found->raw.data());
        found = parser.next();
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->raw, "data: b\n\n");
    }
}

TEST(SseRaw, IsEmptyIfTheEventIsNotThereUnchanged) {
    for (const std::string_view event :
         {"data: a\ndata: b\n\n", "data: a\n: comment\n\n", "data: a\nid: 1\n\n",
          "event: x\nretry: 1\ndata: a\n\n", "data: a\nother: b\n\n"}) {
        sse::parser parser;
        receive(parser, event);
        const sse::event* const found = parser.next();
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->raw, "") << event;
    }
}

TEST(SseRaw, IsEmptyIfTheStreamWasCut) {
    for (const std::string_view stream : {"data: a", "data: a\n"}) {
        sse::parser parser;
        receive(parser, stream);
        parser.finish();
        const sse::event* const found = parser.next();
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->raw, "");
    }
}

TEST(SseRaw, BeginsBehindLinesThatAreNoPartOfIt) {
    for (const std::string_view line : {"id: 1\n", ": comment\n", "retry: 1\n", "other: b\r\n"}) {
        sse::parser parser;
        receive(parser, std::string(line) + "data: a\n\n");
        const sse::event* const found = parser.next();
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->raw, "data: a\n\n") << line;
    }
}

}  // namespace
