// Hostile streams: bounded memory, linear work, clear errors.

#include <conclave/sse/parser.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "read_stream.hpp"
#include "reference_parser.hpp"

namespace {

using namespace conclave::testing;
namespace sse = conclave::sse;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    all.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

struct counter {
    std::size_t events = 0;
    std::size_t bytes = 0;
    void operator()(const sse::event& event) {
        ++events;
        bytes += event.data.size();
    }
};

TEST(SseLimits, LineOfExactlyTheLimitPassesAndOneByteMoreDoesNot) {
    sse::parser_options options;
    options.max_line_size = 100;
    const std::string line = "data: " + std::string(94, 'x');
    for (const std::size_t size : {1u, 7u, 1000u}) {
        sse::parser good(options);
        EXPECT_EQ(push(good, pieces_of(line + "\n\n", size)).events.size(), 1u);
        sse::parser bad(options);
        const reading all = push(bad, pieces_of("data: before\n\n" + line + "x\n\n", size));
        EXPECT_EQ(all.events.size(), 1u);
        EXPECT_TRUE(all.too_large);
        EXPECT_EQ(bad.error(), conclave::errc::event_too_large);
    }
}

TEST(SseLimits, EventOfExactlyTheLimitPassesAndOneByteMoreDoesNot) {
    sse::parser_options options;
    options.max_event_size = 100;
    const std::string event = "event: x\r\n: comment\r\ndata: " + std::string(73, 'x');
    ASSERT_EQ(event.size(), 100u);
    for (const std::size_t size : {1u, 7u, 1000u}) {
        sse::parser good(options);
        EXPECT_EQ(push(good, pieces_of(event + "\r\n\r\n", size)).events.size(), 1u);
        sse::parser bad(options);
        EXPECT_TRUE(push(bad, pieces_of(event + "x\r\n\r\n", size)).too_large);
    }
}

TEST(SseLimits, ThereIsNothingMoreAfterAnErrorUntilReset) {
    sse::parser_options options;
    options.max_line_size = 10;
    sse::parser parser(options);
    counter count;
    parser.feed("data: 12345678901234567890\n\ndata: a\n\n", count);
    EXPECT_EQ(count.events, 0u);
    parser.feed("data: a\n\n", count);
    parser.finish(count);
    EXPECT_EQ(count.events, 0u);
    EXPECT_TRUE(parser.error());
    parser.reset();
    parser.feed("data: a\n\n", count);
    EXPECT_EQ(count.events, 1u);
    EXPECT_FALSE(parser.error());
}

TEST(SseLimits, LineThatNeverEndsStopsAtTheLimitAndTheMemoryToo) {
    sse::parser_options options;
    options.max_line_size = mebibyte;
    sse::parser parser(options);
    counter count;
    const std::string text(1000, 'x');
    std::size_t fed = 0;
    while (!parser.error() && fed < 8 * mebibyte) {
        parser.feed(text, count);
        fed += text.size();
    }
    EXPECT_TRUE(parser.error());
    EXPECT_LE(fed, mebibyte + text.size());
    EXPECT_LE(parser.capacity(), 2 * mebibyte + 64 * 1024);
}

TEST(SseLimits, CommentsAndIdsBetweenEventsNeverAddUp) {
    sse::parser_options options;
    options.max_event_size = 1000;
    sse::parser parser(options);
    counter count;
    parser.feed(repeated(": keep-alive\nid: 5\nunknown: field\n", 10000), count);
    parser.feed("data: x\n\n", count);
    EXPECT_EQ(count.events, 1u);
    EXPECT_LE(parser.capacity(), 64u * 1024);
}

TEST(SseLimits, FieldsInsideAnEventDoAddUp) {
    sse::parser_options options;
    options.max_event_size = mebibyte;
    sse::parser parser(options);
    counter count;
    parser.feed("data: x\n", count);
    parser.feed(repeated(": keep-alive\n", mebibyte / 10), count);
    EXPECT_TRUE(parser.error());
}

TEST(SseFloods, AMillionEmptyLines) {
    counter count;
    sse::parser parser;
    parser.feed(repeated("\n", 1'000'000), count);
    parser.feed(repeated("\r\n", 1'000'000), count);
    parser.feed("data: x\n\n", count);
    EXPECT_EQ(count.events, 1u);
}

TEST(SseFloods, AMillionDataLinesInOneEvent) {
    counter count;
    sse::parser parser;
    for (int i = 0; i < 1000; ++i)
        parser.feed(repeated("data: x\n", 1000), count);
    parser.feed("\n", count);
    EXPECT_EQ(count.events, 1u);
    EXPECT_EQ(count.bytes, 1'999'999u);
}

TEST(SseFloods, AMillionComments) {
    sse::parser parser(all_reported());
    counter count;
    parser.feed(repeated(":\n", 1'000'000), count);
    EXPECT_EQ(count.events, 1'000'000u);
    EXPECT_LE(parser.capacity(), 64u * 1024);
}

TEST(SseFloods, IdAndTypeOfAMebibyte) {
    const std::string text(mebibyte, 'i');
    const std::string stream =
        "id: " + text + "\nevent: " + text + "\ndata: x\nevent: " + text + "y\n\ndata: z\n\n";
    EXPECT_EQ(read_whole(stream), read_by_reference(stream, all_reported()));
}

TEST(SseLinearity, SixteenMebibyteEventInOneBytePieces) {
    const std::string event = "data: " + std::string(16 * mebibyte - 6, 'x') + "\n\n";
    sse::parser parser;
    counter count;
    for (const char byte : event)
        parser.feed({&byte, 1}, count);
    EXPECT_EQ(count.events, 1u);
    EXPECT_EQ(count.bytes, 16 * mebibyte - 6);
    EXPECT_LE(parser.capacity(), 2 * 16 * mebibyte + 64 * 1024);
}

std::size_t blocks_scanned = 0;

std::uint32_t counting_scanner(const char* bytes, std::size_t count, std::uint64_t* marks) {
    blocks_scanned += count;
    return sse::scan_blocks_portable(bytes, count, marks);
}

TEST(SseLinearity, NoByteIsScannedTwice) {
    const std::string stream = repeated("event: x\ndata: " + std::string(300, 'y') + "\n\n", 200) +
                               "data: " + std::string(100'000, 'z') + "\n\n";
    for (const std::size_t size : {1u, 2u, 63u, 64u, 65u, 1400u, 16384u}) {
        blocks_scanned = 0;
        sse::parser parser({}, counting_scanner);
        EXPECT_EQ(push(parser, pieces_of(stream, size)).events.size(), 201u);
        const std::size_t whole_pieces = stream.size() / size;
        const std::size_t rest = stream.size() % size;
        EXPECT_EQ(blocks_scanned, whole_pieces * ((size + 63) / 64) + (rest + 63) / 64) << size;
    }
}

}  // namespace
