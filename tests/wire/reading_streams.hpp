// Reads streams of any format in every way in which they can be cut.
#pragma once

#include <conclave/sse/parser.hpp>
#include <conclave/wire/format.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::testing {

// How a stream was read: the end, the whole answer, and the pieces put together again.
struct stream_outcome {
    wire::stream_status end = wire::stream_status::more;
    completion result;
    wire::failure error;
    std::string text, reasoning, refusal;
    std::size_t pieces = 0;  // those that were not empty
};

// Reads a stream received in the parts given.
template <wire::stream_reader Reader>
stream_outcome read_parts(const std::vector<std::string_view>& parts) {
    stream_outcome out;
    Reader answer;
    sse::parser events;
    bool ended = false;
    const auto on_event = [&](const sse::event& event) {
        delta piece;
        out.end = answer.read(event, piece);
        if (ended) {
            EXPECT_TRUE(piece.empty());
        }
        ended = out.end != wire::stream_status::more;
        out.text += piece.text;
        out.reasoning += piece.reasoning;
        out.refusal += piece.refusal;
        out.pieces += piece.empty() ? 0 : 1;
    };
    for (const std::string_view part : parts)
        events.feed(part, on_event);
    events.finish(on_event);
    out.end = answer.finish(events.stray_lines());
    out.result = answer.result();
    out.error = answer.error();
    return out;
}

inline void expect_same(const stream_outcome& a, const stream_outcome& b, std::string_view stream) {
    EXPECT_EQ(a.end, b.end) << stream;
    EXPECT_EQ(a.text, b.text);
    EXPECT_EQ(a.reasoning, b.reasoning);
    EXPECT_EQ(a.refusal, b.refusal);
    EXPECT_EQ(a.pieces, b.pieces);
    EXPECT_EQ(a.result.text, b.result.text);
    EXPECT_EQ(a.result.tool_calls, b.result.tool_calls);
    EXPECT_EQ(a.result.reasoning_parts, b.result.reasoning_parts);
    EXPECT_EQ(a.result.finish, b.result.finish);
    EXPECT_EQ(a.result.usage, b.result.usage);
    EXPECT_EQ(a.error.code, b.error.code);
    EXPECT_EQ(a.error.message, b.error.message);
}

// Reads a stream whole, and cut in two at every byte, and byte by byte: always the same.
template <wire::stream_reader Reader>
stream_outcome read_stream(std::string_view stream) {
    const stream_outcome whole = read_parts<Reader>({stream});
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
        expect_same(read_parts<Reader>({stream.substr(0, cut), stream.substr(cut)}), whole, stream);
        if (::testing::Test::HasFailure()) break;
    }
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < stream.size(); ++i)
        bytes.push_back(stream.substr(i, 1));
    expect_same(read_parts<Reader>(bytes), whole, stream);
    EXPECT_EQ(whole.text, whole.result.text);
    EXPECT_EQ(whole.reasoning, whole.result.reasoning);
    EXPECT_EQ(whole.refusal, whole.result.refusal);
    return whole;
}

}  // namespace conclave::testing
