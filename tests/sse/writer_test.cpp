#include <conclave/sse/parser.hpp>
#include <conclave/sse/writer.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "read_stream.hpp"

namespace {

using namespace std::string_view_literals;
using namespace conclave::testing;
namespace sse = conclave::sse;

std::string written(std::string_view data, std::string_view type = {}, std::string_view id = {}) {
    std::string stream;
    sse::writer(stream).event(data, type, id);
    std::vector<std::string_view> parts;
    sse::writer::gather(parts, data, type, id);
    std::string gathered;
    for (const std::string_view part : parts)
        gathered += part;
    EXPECT_EQ(gathered, stream);
    return stream;
}

// What a reader gets: CR cannot be carried, it comes back as LF.
std::string carried(std::string_view data) {
    std::string text;
    for (std::size_t i = 0; i < data.size(); ++i) {
        if (data[i] == '\r' && i + 1 < data.size() && data[i + 1] == '\n') continue;
        text += data[i] == '\r' ? '\n' : data[i];
    }
    return text;
}

TEST(SseWriter, WritesThePlainForm) {
    EXPECT_EQ(written("{\"a\":1}"), "data: {\"a\":1}\n\n");
    EXPECT_EQ(written("x", "delta", "7"), "event: delta\nid: 7\ndata: x\n\n");
    EXPECT_EQ(written(""), "data: \n\n");
}

TEST(SseWriter, APayloadIsGatheredWithoutACopy) {
    const std::string data = std::string(1 << 20, 'x') + '\n' + std::string(1 << 20, 'y');
    std::vector<std::string_view> parts;
    sse::writer::gather(parts, data);
    ASSERT_EQ(parts.size(), 7u);
    EXPECT_EQ(parts[1].data(), data.data());
    EXPECT_EQ(parts[1].size(), std::size_t{1} << 20);
    EXPECT_EQ(parts[4].data(), data.data() + (1 << 20) + 1);
    EXPECT_EQ(parts[4].size(), std::size_t{1} << 20);
}

TEST(SseWriter, AppendsToWhatIsThere) {
    std::string stream = "data: a\n\n";
    sse::writer writer(stream);
    writer.event("b");
    writer.done();
    EXPECT_EQ(stream, "data: a\n\ndata: b\n\ndata: [DONE]\n\n");
}

TEST(SseWriter, LineEndsInDataBecomeDataLines) {
    EXPECT_EQ(written("a\nb\rc\r\nd"), "data: a\ndata: b\ndata: c\ndata: d\n\n");
    EXPECT_EQ(written("\n"), "data: \ndata: \n\n");
}

TEST(SseWriter, HostilePayloadsComeBackAsOneEventEach) {
    const std::string long_text(1000, 'x');
    for (const std::string& data :
         {std::string(""), std::string("\n"), std::string("\r"), std::string("\r\n"),
          std::string("\n\n\n"), std::string(" leading"), std::string("trailing\n"),
          std::string("a\n\ndata: forged\n\n"), std::string("a\revent: forged\r\rdata: x"),
          std::string("nul \0 inside\n\0"sv), std::string("\xEF\xBB\xBF"), std::string(": comment"),
          std::string("\xFF\xFE\n\xC3"), std::string("\xE2\x80\xA8"), std::string("[DONE]"),
          long_text + "\n" + long_text + "\r" + long_text}) {
        const reading all = read_whole(written(data, "type", "id") + written("behind"));
        ASSERT_EQ(all.events.size(), 2u) << data;
        EXPECT_EQ(all.events[0].data, carried(data));
        EXPECT_EQ(all.events[0].type, "type");
        EXPECT_EQ(all.events[0].id, "id");
        EXPECT_EQ(all.events[1].data, "behind");
    }
}

TEST(SseWriter, RandomPayloadsComeBackAsOneEventEach) {
    std::mt19937_64 random(7);
    constexpr std::string_view alphabet = "\r\n\0: data:eventidx"sv;
    for (int round = 0; round < 2000; ++round) {
        std::string data(random() % 200, ' ');
        for (char& byte : data)
            byte = alphabet[random() % alphabet.size()];
        const reading all = read_whole(written(data));
        ASSERT_EQ(all.events.size(), 1u) << data;
        ASSERT_EQ(all.events[0].data, carried(data));
        ASSERT_EQ(all.events[0].type, "message");
        ASSERT_EQ(all.last_event_id, "");
    }
}

TEST(SseWriter, TypesAndIdsThatNoStreamCanCarryAreLeftOut) {
    for (const std::string_view bad : {"a\nb"sv, "a\r"sv, "\n\ndata: forged\n\n"sv, "\r\n"sv}) {
        EXPECT_EQ(written("x", bad, bad), "data: x\n\n");
    }
    EXPECT_EQ(written("x", {}, "a\0b"sv), "data: x\n\n");
    const reading all = read_whole(written("x", "a\0b"sv, " spaces "));
    ASSERT_EQ(all.events.size(), 1u);
    EXPECT_EQ(all.events[0].type, "a\0b"sv);
    EXPECT_EQ(all.events[0].id, " spaces ");
}

TEST(SseWriter, CommentsStayComments) {
    for (const std::string_view text :
         {""sv, "keep-alive"sv, "a\nb"sv, "\n\ndata: forged\n\n"sv, "x\rdata: forged\r\r"sv}) {
        std::string stream;
        sse::writer(stream).comment(text);
        const reading all = read_whole(stream);
        EXPECT_FALSE(all.events.empty());
        for (const auto& event : all.events)
            EXPECT_EQ(event.kind, sse::event_kind::comment);
    }
    std::string stream;
    sse::writer(stream).comment();
    EXPECT_EQ(stream, ":\n\n");
}

TEST(SseWriter, RetryIsRead) {
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1500}, UINT64_MAX}) {
        std::string stream;
        sse::writer(stream).retry(value);
        EXPECT_EQ(read_whole(stream).retry_ms, value);
    }
}

}  // namespace
