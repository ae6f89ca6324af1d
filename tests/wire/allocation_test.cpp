// Counts what the hot path allocates. A file of its own, as it replaces the program's allocation.

#include <conclave/wire/anthropic_messages.hpp>
#include <conclave/wire/chat_completions.hpp>
#include <conclave/wire/responses.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/decode.hpp>
#include <conclave/sse/parser.hpp>

namespace allocation_tests {

struct point {
    int x = 0;
    double y = 0;
    std::string name;
};
CONCLAVE_DESCRIBE(point, x, y, name)

}  // namespace allocation_tests

namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size ? size : 1)) return memory;
    std::abort();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using conclave::wire::chat_completions;
namespace sse = conclave::sse;

std::string event(std::string_view delta) {
    return R"(data: {"id":"chatcmpl-7","object":"chat.completion.chunk","model":"gpt-5.5",)"
           R"("choices":[{"index":0,"delta":)" +
           std::string(delta) +
           R"(,"finish_reason":null}],"usage":{"prompt_tokens":1,"completion_tokens":2}})"
           "\n\n";
}

TEST(ChatCompletionsAllocations, AreNoneForAnEventOnceTheStreamIsWarm) {
    const std::string round = event(R"({"content":"plain"})") +
                              event(R"({"content":"esc\n\u00e9"})") +
                              event(R"({"reasoning_content":"why?\n"})") +
                              event(R"({"content":[{"type":"text","text":"part\t"}]})");
    chat_completions::stream_reader reader;
    sse::parser events;
    reader.result().text.reserve(1 << 20);
    reader.result().reasoning.reserve(1 << 20);
    std::size_t bytes = 0;
    const auto on_event = [&](const sse::event& each) {
        conclave::delta piece;
        reader.read(each, piece);
        bytes += piece.text.size() + piece.reasoning.size();
    };
    events.feed(round, on_event);  // warm
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i)
        events.feed(round, on_event);
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(bytes, 101U * (5 + 6 + 5 + 5));
}

// What reads events received in pieces of any size, by templates and without.
TEST(ChatCompletionsAllocations, AreNoneForAnEventTakenFromTheParser) {
    std::string round;
    for (int i = 0; i < 20; ++i) {
        round += event(R"({"content":"plain"})") + event(R"({"content":"esc\n\u00e9"})") +
                 event(R"({"reasoning_content":"why?\n"})") +
                 event(R"({"content":"one","n":)" + std::to_string(i) + "}");
        // no usage in these, so that they are read by templates
        for (const std::string_view text :
             {"a", "\\n", "\u00e9", "longer than a short string is"}) {
            round += R"(data: {"id":"7","choices":[{"index":0,"delta":{"content":")";
            round.append(text).append("\"}}]}\n\n");
        }
    }
    for (const std::size_t step : {std::size_t{1}, std::size_t{64}, std::size_t{1400}}) {
        chat_completions::stream_reader reader;
        sse::parser events;
        reader.result().text.reserve(1 << 20);
        reader.result().reasoning.reserve(1 << 20);
        std::size_t pieces = 0;
        const auto read = [&] {
            for (std::size_t at = 0; at < round.size(); at += step) {
                const std::string_view part = std::string_view(round).substr(at, step);
                const std::span<char> room = events.prepare(part.size());
                std::memcpy(room.data(), part.data(), part.size());
                events.commit(room.first(part.size()));
                conclave::delta piece;
                while (reader.next(events, piece))
                    ++pieces;
            }
        };
        read();  // warm
        const std::size_t before = allocations;
        for (int i = 0; i < 20; ++i)
            read();
        EXPECT_EQ(allocations, before) << step;
        EXPECT_EQ(pieces, 21U * 20 * 8);
        EXPECT_GT(reader.templates().hits(), 21U * 20 * 3);
    }
}

TEST(ResponsesAllocations, AreNoneForAnEventOnceTheStreamIsWarm) {
    const auto piece = [](std::string_view type, std::string_view text) {
        std::string data = "data: {\"type\":\"response." + std::string(type);
        data.append(R"(.delta","sequence_number":7,"item_id":"fc_1","output_index":1,"delta":")");
        return data.append(text).append("\"}\n\n");
    };
    const std::string round = piece("output_text", "plain") +
                              piece("output_text", "esc\\n\\u00e9") +
                              piece("reasoning_summary_text", "why?\\n") + piece("refusal", "no") +
                              piece("function_call_arguments", "{}") + piece("unknown", "nothing");
    conclave::wire::responses::stream_reader reader;
    sse::parser events;
    reader.result().text.reserve(1 << 20);
    reader.result().reasoning.reserve(1 << 20);
    reader.result().refusal.reserve(1 << 20);
    std::size_t bytes = 0;
    const auto on_event = [&](const sse::event& each) {
        conclave::delta said;
        reader.read(each, said);
        bytes += said.text.size() + said.reasoning.size() + said.tool_arguments.size();
    };
    events.feed(round, on_event);  // warm
    reader.result().tool_calls.at(0).arguments.reserve(1 << 10);
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i)
        events.feed(round, on_event);
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(bytes, 101U * (5 + 6 + 5 + 2));
}

TEST(AnthropicAllocations, AreNoneForAnEventOnceTheStreamIsWarm) {
    const auto delta_event = [](std::string_view type, std::string_view member) {
        return "event: content_block_delta\ndata: "
               R"({"type":"content_block_delta","index":0,"delta":{"type":")" +
               std::string(type) + "\"," + std::string(member) + "}}\n\n";
    };
    const std::string round =
        delta_event("text_delta", R"("text":"plain")") +
        delta_event("text_delta", R"("text":"esc\n\u00e9")") +
        delta_event("thinking_delta", R"("thinking":"why?\n")") +
        "event: ping\ndata: {\"type\": \"ping\"}\n\n"
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":7}}"
        "\n\n";
    for (const bool by_fields : {false, true}) {
        conclave::wire::anthropic_messages::stream_reader reader;
        sse::parser events;
        reader.result().text.reserve(1 << 20);
        reader.result().reasoning.reserve(1 << 20);
        const auto on_event = [&](sse::event each) {
            if (by_fields) each.raw = {};  // what templates are matched with
            conclave::delta piece;
            reader.read(each, piece);
        };
        events.feed(round, on_event);  // warm
        const std::size_t before = allocations;
        for (int i = 0; i < 100; ++i)
            events.feed(round, on_event);
        EXPECT_EQ(allocations, before) << by_fields;
        EXPECT_EQ(reader.result().text.size(), 101U * (5 + 6));
        EXPECT_EQ(reader.result().usage->output_tokens, 7);
    }
}

TEST(DecodeAllocations, AreThoseOfTheValuesOnceTheDecoderIsWarm) {
    using allocation_tests::point;
    conclave::json::decoder reused;
    const std::string_view small = R"({"y":2.5,"name":"esc\n","x":1})";
    const std::string_view list = R"([{"x":1,"y":2,"name":"a"},{"x":1,"y":2,"name":"b"}])";
    point one;
    std::vector<point> two;
    EXPECT_FALSE(reused.try_decode(list, two));
    std::size_t before = allocations;
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(reused.try_decode(R"({"y":2.5,"name":"plain","x":1})", one));
    EXPECT_EQ(allocations, before);
    EXPECT_FALSE(reused.try_decode(small, one));
    EXPECT_EQ(one.name, "esc\n");
    EXPECT_EQ(allocations, before + 1) << "room to undo the escape in";
    before = allocations;
    EXPECT_FALSE(reused.try_decode(list, two));
    EXPECT_EQ(allocations, before + 2) << "the vector, as it grows";
}

}  // namespace
