// However the bytes are cut and handed over, the events are the same.

#include <conclave/sse/parser.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "read_stream.hpp"
#include "reference_parser.hpp"

namespace {

using namespace std::string_view_literals;
using namespace conclave::testing;
namespace sse = conclave::sse;

const std::string_view streams[] = {
    "data: a\n\ndata: b\n\n",
    "\xEF\xBB\xBF"
    "data: a\r\ndata: b\r\n\r\n",
    "\xEF\xBB\xBF\xEF\xBB\xBF"
    "data: a\n\ndata: b\r\r",
    "event: x\nid: 7\ndata: {\"a\": 1}\n\nevent: y\n\ndata\n\n",
    "data: a\nevent: longer than the data\nid: 1\ndata: bbbbbbbbbbbbbb\n\n",
    ": keep-alive\n\nretry: 10\ndata: a\n: in between\rdata: b\r\n\r\n",
    "id: 1\n\nid: 2\0\ndata: \xF0\x9F\xA5\x8C\n\nid\ndata: x\n\n"sv,
    "retry: 99999999999999999999\r\n\r\ndata:a\ndata\ndata:\n\n",
    "\n\r\n\r\n\n\rdata: x\r\r\n\ndata: unterminated\nda",
    "data: one\ndata: cut",
};

TEST(SseSplits, EverySplitInTwoAndThreeGivesTheSameEvents) {
    for (const std::string_view stream : streams) {
        const reading expected = read_by_reference(stream, all_reported());
        for (std::size_t i = 0; i <= stream.size(); ++i) {
            for (std::size_t j = i; j <= stream.size(); ++j) {
                sse::parser parser(all_reported());
                const reading all =
                    pull(parser, {stream.substr(0, i), stream.substr(i, j - i), stream.substr(j)});
                ASSERT_EQ(all, expected) << stream << " cut at " << i << " and " << j;
            }
        }
    }
}

TEST(SseSplits, EveryPieceSizeThroughPushAndPull) {
    for (const std::string_view stream : streams) {
        const reading expected = read_by_reference(stream, all_reported());
        for (std::size_t size = 1; size <= stream.size(); ++size) {
            sse::parser pushed(all_reported());
            ASSERT_EQ(push(pushed, pieces_of(stream, size)), expected) << size;
            sse::parser pulled(all_reported());
            ASSERT_EQ(pull(pulled, pieces_of(stream, size)), expected) << size;
        }
    }
}

TEST(SseSplits, FramingStrippedBeforeEachPieceChangesNothing) {
    for (const std::string_view stream : streams) {
        const reading expected = read_by_reference(stream, all_reported());
        for (std::size_t size = 1; size <= stream.size(); ++size) {
            for (const std::size_t gap : {1u, 6u, 100u}) {
                sse::parser parser(all_reported());
                ASSERT_EQ(pull(parser, pieces_of(stream, size), gap), expected) << size;
            }
        }
    }
}

// Several parts of one read, as a chunked body has them: the framing between them is not content.
TEST(SseSplits, SeveralPartsOfOneReadAreCommittedInTurn) {
    for (const std::string_view stream : streams) {
        const reading expected = read_by_reference(stream, all_reported());
        for (const bool drain_between : {false, true}) {
            for (std::size_t size = 1; size <= stream.size(); ++size) {
                sse::parser parser(all_reported());
                event_recorder recorder;
                const auto pieces = pieces_of(stream, size);
                const std::span<char> room = parser.prepare(stream.size() + 3 * pieces.size());
                std::size_t at = 0;
                for (const std::string_view piece : pieces) {
                    std::memcpy(room.data() + at, "\n\n\n", 3);
                    std::memcpy(room.data() + at + 3, piece.data(), piece.size());
                    at += 3 + piece.size();
                }
                at = 0;
                for (const std::string_view piece : pieces) {
                    parser.commit(room.subspan(at + 3, piece.size()));
                    at += 3 + piece.size();
                    while (drain_between) {
                        const sse::event* event = parser.next();
                        if (event == nullptr) break;
                        recorder(*event);
                    }
                }
                parser.finish(recorder);
                ASSERT_EQ(recorder.result(parser), expected) << stream << " by " << size;
            }
        }
    }
}

TEST(SseSplits, EventsLeftInTheParserAreNotLostByFurtherReads) {
    std::string stream;
    for (int i = 0; i < 500; ++i)
        stream += "data: event " + std::to_string(i) + "\n\n";
    sse::parser parser;
    event_recorder recorder;
    for (const std::string_view piece : pieces_of(stream, 100)) {
        const std::span<char> room = parser.prepare(piece.size());
        std::memcpy(room.data(), piece.data(), piece.size());
        parser.commit(room.first(piece.size()));
        if (const sse::event* event = parser.next()) recorder(*event);
    }
    parser.finish(recorder);
    EXPECT_EQ(recorder.result(parser), read_by_reference(stream));
}

TEST(SseSplits, ResetForgetsAllOfAHalfReadStream) {
    sse::parser parser(all_reported());
    for (const std::string_view stream : streams) {
        for (const std::string_view half :
             {"\xEF\xBB"sv, "data: a\r"sv, "event: x\nid: 9\ndata: y\nevent: z\nretry: 5\nda"sv,
              "id: 3\n\ndata: x\n\ndata: left\n\n"sv}) {
            const std::span<char> room = parser.prepare(half.size());
            std::memcpy(room.data(), half.data(), half.size());
            parser.commit(room.first(half.size()));
            static_cast<void>(parser.next());
            parser.reset();
            EXPECT_EQ(pull(parser, {stream}), read_by_reference(stream, all_reported()));
            parser.reset();
        }
    }
}

}  // namespace
