#include <conclave/wire/anthropic_messages.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/sse/parser.hpp>

#include "wire/reading_streams.hpp"

namespace {

using conclave::delta;
using conclave::errc;
using conclave::finish_reason;
using conclave::tool_call;
using conclave::usage;
using conclave::wire::anthropic_messages;
using anthropic_stream = anthropic_messages::stream_reader;
using anthropic_outcome = conclave::testing::stream_outcome;
using anthropic_status = conclave::wire::stream_status;

anthropic_outcome read_anthropic(std::string_view stream) {
    return conclave::testing::read_stream<anthropic_stream>(stream);
}

// An event of this type with these members behind it.
std::string anthropic_frame(std::string_view type, std::string_view members = "") {
    const std::string name(type);
    return "event: " + name + "\ndata: {\"type\":\"" + name + '"' + (members.empty() ? "" : ",") +
           std::string(members) + "}\n\n";
}
std::string anthropic_delta(std::string_view type, std::string_view key, std::string_view value,
                            int index = 0) {
    return anthropic_frame("content_block_delta", R"("index":)" + std::to_string(index) +
                                                      R"(,"delta":{"type":")" + std::string(type) +
                                                      R"(",")" + std::string(key) + R"(":")" +
                                                      std::string(value) + "\"}");
}
std::string anthropic_text(std::string_view text) {
    return anthropic_delta("text_delta", "text", text);
}
std::string anthropic_begin(std::string_view block, int index = 0) {
    return anthropic_frame("content_block_start", R"("index":)" + std::to_string(index) +
                                                      R"(,"content_block":)" + std::string(block));
}
std::string anthropic_tool(std::string_view id, std::string_view name, int index,
                           std::string_view input = "{}") {
    return anthropic_begin(R"({"type":"tool_use","id":")" + std::string(id) + R"(","name":")" +
                               std::string(name) + R"(","input":)" + std::string(input) + "}",
                           index);
}
std::string anthropic_input(std::string_view json, int index) {
    return anthropic_delta("input_json_delta", "partial_json", json, index);
}
std::string anthropic_stop(std::string_view reason, std::string_view more = "",
                           std::string_view usage = R"({"output_tokens":9})") {
    return anthropic_frame("message_delta", R"("delta":{"stop_reason":")" + std::string(reason) +
                                                R"(","stop_sequence":null)" + std::string(more) +
                                                R"(},"usage":)" + std::string(usage));
}
const std::string anthropic_opening = anthropic_frame(
    "message_start",
    R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-6",)"
    R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,)"
    R"("cache_creation_input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}})");
const std::string anthropic_text_block = anthropic_begin(R"({"type":"text","text":""})");
const std::string anthropic_block_end = anthropic_frame("content_block_stop", R"("index":0)");
const std::string anthropic_ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
const std::string anthropic_end = anthropic_frame("message_stop");

TEST(AnthropicStream, IsReadPieceByPiece) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening + anthropic_text_block + anthropic_ping + anthropic_text("Post") +
        anthropic_text("gre\\u00e9 \\\"SQL\\\"\\n") + anthropic_text("🦊") + anthropic_block_end +
        anthropic_stop("end_turn") + anthropic_end);
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_EQ(out.text, "Postgreé \"SQL\"\n🦊");
    EXPECT_EQ(out.pieces, 3U);
    EXPECT_EQ(out.result.finish, finish_reason::stop);
    EXPECT_EQ(out.result.id, "msg_1");
    EXPECT_EQ(out.result.model, "claude-opus-4-6");
    EXPECT_TRUE(out.result.notes.empty());
    usage expected;
    expected.input_tokens = 40;
    expected.output_tokens = 9;
    expected.cache_creation_tokens = 10;
    expected.cache_read_tokens = 5;
    EXPECT_EQ(out.result.usage, expected);
}

TEST(AnthropicStream, SaysWhenItIsDone) {
    anthropic_stream answer;
    conclave::sse::parser events;
    std::vector<anthropic_status> seen;
    events.feed(anthropic_opening + anthropic_stop("end_turn") + anthropic_end + "data: [DONE]\n\n",
                [&](const conclave::sse::event& event) {
                    delta piece;
                    seen.push_back(answer.read(event, piece));
                });
    using enum conclave::wire::stream_status;
    EXPECT_EQ(seen, (std::vector<anthropic_status>{more, more, done, done}));
}

TEST(AnthropicStream, ReadsMostEventsByTemplates) {
    std::string stream = anthropic_opening + anthropic_text_block;
    for (int i = 0; i < 50; ++i)
        stream += anthropic_text("t" + std::to_string(i)) + anthropic_ping;
    anthropic_stream answer;
    conclave::sse::parser events;
    events.feed(stream + anthropic_stop("end_turn") + anthropic_end,
                [&](const conclave::sse::event& event) {
                    delta piece;
                    answer.read(event, piece);
                });
    EXPECT_EQ(answer.state(), anthropic_status::done);
    EXPECT_GE(answer.templates().hits(), 96U);
}

TEST(AnthropicStream, ShowsThinkingApart) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening + anthropic_begin(R"({"type":"thinking","thinking":"","signature":""})") +
        anthropic_delta("thinking_delta", "thinking", "Let me") +
        anthropic_delta("thinking_delta", "thinking", " see.\\n") +
        anthropic_delta("signature_delta", "signature", "EqQBCgIYAhIM1gbcDa9GJwZA2b3h") +
        anthropic_block_end + anthropic_begin(R"({"type":"redacted_thinking","data":"EmwK"})", 1) +
        anthropic_block_end + anthropic_text_block + anthropic_text("Yes.") + anthropic_block_end +
        anthropic_stop("end_turn", "",
                       R"({"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}})") +
        anthropic_end);
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_EQ(out.reasoning, "Let me see.\n");
    EXPECT_EQ(out.text, "Yes.");
    EXPECT_EQ(out.pieces, 3U);
    EXPECT_EQ(out.result.usage->reasoning_tokens, 4);
    ASSERT_EQ(out.result.reasoning_parts.size(), 2U);
    EXPECT_EQ(out.result.reasoning_parts[0].json,
              R"({"type":"thinking","thinking":"Let me see.\n",)"
              R"("signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"})");
    EXPECT_EQ(out.result.reasoning_parts[1].json, R"({"type":"redacted_thinking","data":"EmwK"})");
}

TEST(AnthropicStream, KnowsWhereInTheAnswerItsThinkingWas) {
    const auto thought = [](std::string_view text, std::string_view signature, int index) {
        return anthropic_begin(R"({"type":"thinking","thinking":"","signature":""})", index) +
               anthropic_delta("thinking_delta", "thinking", text, index) +
               anthropic_delta("signature_delta", "signature", "early", index) +
               anthropic_delta("signature_delta", "signature", signature, index) +
               anthropic_block_end;
    };
    const anthropic_outcome out = read_anthropic(
        anthropic_opening + thought("One.", "s1", 0) +
        anthropic_begin(R"({"type":"text","text":"Größe."})", 1) + anthropic_block_end +
        thought("Two.", "s2", 2) +
        anthropic_begin(R"({"type":"tool_use","id":"t","name":"n","input":{}})", 3) +
        anthropic_block_end + thought("", "s3", 4) + anthropic_stop("tool_use") + anthropic_end);
    EXPECT_EQ(out.reasoning, "One.Two.");
    const auto part = [](std::string_view text, std::string_view signature, std::size_t text_before,
                         std::size_t calls_before) {
        conclave::reasoning_part made;
        made.json = R"({"type":"thinking","thinking":")" + std::string(text) +
                    R"(","signature":")" + std::string(signature) + "\"}";
        made.text_before = text_before;
        made.calls_before = calls_before;
        return made;
    };
    EXPECT_EQ(out.result.reasoning_parts,
              (std::vector<conclave::reasoning_part>{
                  part("One.", "s1", 0, 0), part("Two.", "s2", 8, 0), part("", "s3", 8, 1)}));
}

TEST(AnthropicStream, TakesTextThatABlockBeginsWith) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening + anthropic_begin(R"({"type":"thinking","thinking":"Hm"})") +
        anthropic_begin(R"({"text":"a","type":"text"})") + anthropic_text("b") +
        anthropic_stop("end_turn") + anthropic_end);
    EXPECT_EQ(out.text, "ab");
    EXPECT_EQ(out.reasoning, "Hm");
}

TEST(AnthropicStream, IgnoresWhatItDoesNotKnow) {
    const anthropic_outcome out = read_anthropic(
        anthropic_frame("message_teaser", R"("delta":{"type":"text_delta","text":"no"})") +
        anthropic_opening + anthropic_text_block + ": keep-alive\n\n" +
        anthropic_frame("content_block_delta",
                        R"("index":0,"delta":{"type":"citations_delta","citation":)"
                        R"({"type":"char_location","cited_text":"no","text":"no"}})") +
        anthropic_delta("poem_delta", "text", "no") +
        anthropic_frame("content_block_delta", R"("index":0,"delta":null)") +
        anthropic_frame("content_block_delta", R"("index":-1)") +
        anthropic_frame("content_block_start") + "data: []\n\ndata: 12\n\ndata\n\ndata: {}\n\n" +
        anthropic_text("yes") + anthropic_stop("end_turn") + anthropic_end);
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_EQ(out.text, "yes");
    EXPECT_EQ(out.pieces, 1U);
}

TEST(AnthropicStream, IsToldByTheJsonWhereEventsHaveNoNames) {
    std::string stream = anthropic_opening + anthropic_text_block + anthropic_text("a") +
                         anthropic_ping + anthropic_text("b") + anthropic_stop("end_turn") +
                         anthropic_end + "data: [DONE]\n\n";
    std::string unnamed;
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t end = stream.find('\n', at) + 1;
        if (stream.compare(at, 6, "event:") != 0) unnamed += stream.substr(at, end - at);
        at = end;
    }
    ASSERT_EQ(unnamed.find("event:"), unnamed.npos);
    const anthropic_outcome out = read_anthropic(unnamed);
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_EQ(out.text, "ab");
    const anthropic_outcome named = read_anthropic(
        anthropic_opening +
        "event: content_block_delta\ndata: {\"delta\":{\"text\":\"c\",\"type\":\"text_delta\"}}\n\n"
        "event: message_stop\ndata: {}\n\n");
    EXPECT_EQ(named.end, anthropic_status::done);
    EXPECT_EQ(named.text, "c");
}

TEST(AnthropicToolCalls, AreJoinedByTheNumbersOfTheirBlocks) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening + anthropic_text_block + anthropic_text("Let me look.") +
        anthropic_block_end + anthropic_tool("toolu_1", "weather", 1) +
        anthropic_tool("toolu_2", "time", 2) + anthropic_input("", 1) +
        anthropic_input("{\\\"city\\\"", 1) + anthropic_input("{\\\"zone\\\":", 2) +
        anthropic_input(": \\\"Oslo\\\"}", 1) + anthropic_input("1}", 2) +
        anthropic_tool("toolu_3", "now", 3) + anthropic_stop("tool_use") + anthropic_end);
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_EQ(out.text, "Let me look.");
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.result.tool_calls,
              (std::vector<tool_call>{{"toolu_1", "weather", R"({"city": "Oslo"})"},
                                      {"toolu_2", "time", R"({"zone":1})"},
                                      {"toolu_3", "now", "{}"}}));
}

TEST(AnthropicToolCalls, ShowThatTheyGrow) {
    anthropic_stream answer;
    conclave::sse::parser events;
    std::string shown;
    events.feed(anthropic_opening + anthropic_tool("i", "f", 0) + anthropic_input("{}", 0),
                [&](const conclave::sse::event& event) {
                    delta piece;
                    answer.read(event, piece);
                    shown += piece.tool_arguments;
                });
    EXPECT_EQ(shown, "{}");
}

TEST(AnthropicToolCalls, AreNotThoseOfTheProvidersOwnTools) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening +
        anthropic_begin(R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search",)"
                        R"("input":{}})") +
        anthropic_input("{\\\"query\\\":1}", 0) + anthropic_block_end +
        anthropic_begin(R"({"type":"web_search_tool_result","tool_use_id":"srvtoolu_1",)"
                        R"("content":[{"type":"web_search_result","title":"t"}]})",
                        1) +
        anthropic_text("x") + anthropic_input("{}", 7) +
        anthropic_stop("end_turn", "",
                       R"({"output_tokens":1,"server_tool_use":{"web_search_requests":1}})") +
        anthropic_end);
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_TRUE(out.result.tool_calls.empty());
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.result.usage->web_search_requests, 1);
}

TEST(AnthropicToolCalls, MayComeWhole) {
    const anthropic_outcome out =
        read_anthropic(anthropic_opening + anthropic_tool("i", "f", 0, R"({"a":{"b":[1]}})") +
                       anthropic_stop("tool_use") + anthropic_end);
    ASSERT_EQ(out.result.tool_calls.size(), 1U);
    EXPECT_EQ(out.result.tool_calls[0].arguments, R"({"a":{"b":[1]}})");
}

TEST(AnthropicToolCalls, AreNotMoreThanCanBeTaken) {
    std::string stream = anthropic_opening;
    for (int i = 0; i < 129; ++i)
        stream += anthropic_tool("i" + std::to_string(i), "f", i * 1'000'000);
    const anthropic_outcome out =
        conclave::testing::read_parts<anthropic_stream>({stream, anthropic_end});
    EXPECT_EQ(out.end, anthropic_status::failed);
    EXPECT_EQ(out.error.code, errc::malformed_reply);
    EXPECT_EQ(out.result.tool_calls.size(), 128U);
}

TEST(AnthropicStreamUsage, IsOverwrittenAndNeverAddedUp) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening +
        anthropic_stop("end_turn", "",
                       R"({"input_tokens":30,"cache_creation_input_tokens":null,)"
                       R"("cache_read_input_tokens":6,"output_tokens":5,"server_tool_use":)"
                       R"({"web_search_requests":1,"web_fetch_requests":0}})") +
        anthropic_stop("end_turn", "",
                       R"({"input_tokens":null,"output_tokens":8,"server_tool_use":null})") +
        anthropic_frame("message_delta", R"("delta":{"stop_reason":null},"usage":null)") +
        anthropic_end);
    ASSERT_TRUE(out.result.usage);
    EXPECT_EQ(out.result.usage->input_tokens, 46);
    EXPECT_EQ(out.result.usage->cache_creation_tokens, 10);
    EXPECT_EQ(out.result.usage->cache_read_tokens, 6);
    EXPECT_EQ(out.result.usage->output_tokens, 8);
    EXPECT_EQ(out.result.usage->web_search_requests, 1);
    EXPECT_EQ(out.result.finish, finish_reason::stop);
}

TEST(AnthropicStreamStop, MayBeARefusalInTheMidst) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening + anthropic_text("So far") +
        anthropic_stop("refusal", R"(,"stop_details":{"type":"refusal","category":"bio",)"
                                  R"("explanation":"I will \"not\"."})") +
        anthropic_stop("refusal") + anthropic_end);
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_EQ(out.refusal, "I will \"not\".");
    EXPECT_EQ(out.result.finish, finish_reason::content_filter);
    ASSERT_EQ(out.result.notes.size(), 1U);
    EXPECT_TRUE(out.result.notes[0].ends_with("bio"));
    const anthropic_outcome mute =
        read_anthropic(anthropic_opening + anthropic_stop("refusal") + anthropic_end);
    EXPECT_FALSE(mute.refusal.empty());
}

TEST(AnthropicStreamStop, IsNeverSilentlyTakenForAnEnd) {
    for (const std::string_view stop : {"pause_turn", "model_context_window_exceeded"}) {
        const anthropic_outcome out =
            read_anthropic(anthropic_opening + anthropic_text("x") + anthropic_stop(stop) +
                           anthropic_stop(stop) + anthropic_end);
        EXPECT_EQ(out.end, anthropic_status::done);
        EXPECT_EQ(out.result.finish, finish_reason::length) << stop;
        EXPECT_EQ(out.result.notes.size(), 1U) << stop;
    }
    const anthropic_outcome none =
        read_anthropic(anthropic_opening + anthropic_text("x") + anthropic_end);
    EXPECT_EQ(none.result.finish, finish_reason::unknown);
}

TEST(AnthropicStreamEnd, IsMissingWithoutItsLastEvent) {
    for (const std::string& stream :
         {std::string(), anthropic_opening, anthropic_opening + anthropic_text("x"),
          anthropic_opening + anthropic_text("x") + anthropic_stop("end_turn"),
          anthropic_opening + anthropic_stop("end_turn") + "data: [DONE]\n\n", anthropic_end,
          anthropic_ping + anthropic_end}) {
        const anthropic_outcome out = read_anthropic(stream);
        EXPECT_EQ(out.end, anthropic_status::failed) << stream;
        EXPECT_EQ(out.error.code, errc::truncated_stream) << stream;
    }
    // the last event is whole without the blank line behind it
    const std::string whole =
        anthropic_opening + anthropic_text("x") + anthropic_stop("end_turn") + anthropic_end;
    EXPECT_EQ(read_anthropic(whole.substr(0, whole.size() - 2)).end, anthropic_status::done);
    for (std::size_t size = 0; size < whole.size() - 3; ++size) {
        const auto out = conclave::testing::read_parts<anthropic_stream>({whole.substr(0, size)});
        EXPECT_EQ(out.end, anthropic_status::failed) << size;
        EXPECT_EQ(out.error.code, errc::truncated_stream) << size;
    }
}

TEST(AnthropicStreamEnd, MakesTheRestIgnored) {
    const anthropic_outcome out = read_anthropic(
        anthropic_opening + anthropic_text("x") + anthropic_stop("end_turn") + anthropic_end +
        anthropic_text("y") + "event: error\ndata: {\"type\":\"error\"}\n\ndata: {nonsense\n\n");
    EXPECT_EQ(out.end, anthropic_status::done);
    EXPECT_EQ(out.text, "x");
}

TEST(AnthropicStreamError, EndsTheAnswer) {
    const std::string error =
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},)"
        R"("request_id":"req_7"})";
    for (const std::string& event :
         {"event: error\ndata: " + error + "\n\n", "data: " + error + "\n\n",
          "event: something\ndata: " + error + "\n\n"}) {
        const anthropic_outcome out =
            read_anthropic(anthropic_opening + anthropic_text("x") + event + anthropic_text("y"));
        EXPECT_EQ(out.end, anthropic_status::failed);
        EXPECT_EQ(out.error.code, errc::provider_error);
        EXPECT_EQ(out.error.status, 529);
        EXPECT_EQ(out.error.provider_code, "overloaded_error");
        EXPECT_EQ(out.error.message, "Overloaded");
        EXPECT_EQ(out.error.request_id, "req_7");
        EXPECT_EQ(out.text, "x");
    }
}

TEST(AnthropicStreamError, MayHaveAnyShape) {
    const auto message = [](std::string_view event) {
        const anthropic_outcome out = read_anthropic(anthropic_opening + std::string(event));
        EXPECT_EQ(out.end, anthropic_status::failed) << event;
        return out.error.message;
    };
    EXPECT_EQ(message("event: error\ndata: Too busy\n\n"), "Too busy");
    EXPECT_EQ(message("event: error\ndata: {\"message\":\"no\"}\n\n"), "no");
    EXPECT_EQ(message("data: {\"error\":{\"message\":\"no\"}}\n\n"), "no");
    EXPECT_EQ(message("data: {\"error\":\"no\"}\n\n"), "no");
    EXPECT_EQ(message("{\"type\":\"error\",\"error\":{\"message\":\"stray\"}}\n"), "stray");
}

TEST(AnthropicStreamError, IsWhatIsNoJson) {
    for (const std::string_view nonsense :
         {"data: {\"type\":\"content_block_delta\"\n\n", "data: hello\n\n",
          "data: {\"type\":\"ping\"} {}\n\n", "event: ping\ndata: {]\n\n"}) {
        const anthropic_outcome out = read_anthropic(anthropic_opening + std::string(nonsense));
        EXPECT_EQ(out.end, anthropic_status::failed) << nonsense;
        EXPECT_EQ(out.error.code, errc::malformed_json) << nonsense;
    }
}

}  // namespace
