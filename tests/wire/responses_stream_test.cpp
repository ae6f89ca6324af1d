#include <conclave/wire/responses.hpp>

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
using conclave::wire::responses;
namespace sse = conclave::sse;
using response_status = conclave::wire::stream_status;
using response_outcome = conclave::testing::stream_outcome;

response_outcome read_response(std::string_view stream) {
    return conclave::testing::read_stream<responses::stream_reader>(stream);
}

// An event of this type, with these members behind it.
std::string named(std::string_view type, std::string_view rest = "") {
    std::string event = "event: " + std::string(type) + "\ndata: {\"type\":\"";
    return event.append(type).append("\",\"sequence_number\":7").append(rest).append("}\n\n");
}
std::string text_event(std::string_view text) {
    return named("response.output_text.delta",
                 R"(,"item_id":"msg_1","output_index":0,"content_index":0,"delta":")" +
                     std::string(text) + R"(","logprobs":[],"obfuscation":"k8Pq")");
}
std::string end_event(std::string_view kind, std::string_view response) {
    return named("response." + std::string(kind),
                 R"(,"response":{"id":"resp_1","model":"m")" + std::string(response) + "}");
}
std::string argument_event(std::string_view where, std::string_view text) {
    return named("response.function_call_arguments.delta",
                 "," + std::string(where) + R"(,"delta":")" + std::string(text) + "\"");
}
std::string call_added(std::string_view where, std::string_view id, std::string_view name) {
    std::string event = "," + std::string(where) + R"(,"item":{"type":"function_call","id":"fc_)";
    event.append(id).append(R"(","call_id":"call_)").append(id).append(R"(","name":")");
    return named("response.output_item.added",
                 event.append(name).append(R"(","arguments":"","status":"in_progress"})"));
}

const std::string begin =
    named("response.created", R"(,"response":{"id":"resp_1","object":"response","model":"m",)"
                              R"("status":"in_progress","output":[],"error":null})") +
    named("response.in_progress", R"(,"response":{"id":"resp_1"})");
const std::string completed = end_event("completed", R"(,"status":"completed")");
const std::string marker = "data: [DONE]\n\n";

TEST(ResponsesStream, IsReadPieceByPiece) {
    const response_outcome out = read_response(
        begin +
        named("response.output_item.added",
              R"(,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress",)"
              R"("content":[],"role":"assistant"})") +
        named("response.content_part.added",
              R"(,"item_id":"msg_1","output_index":0,"content_index":0,"part":)"
              R"({"type":"output_text","text":"","annotations":[]})") +
        text_event("Post") + text_event("gre\\u00e9 \\\"SQL\\\"\\n") + text_event("🦊") +
        named("response.output_text.done",
              R"(,"item_id":"msg_1","text":"Postgreé \"SQL\"\n🦊")") +
        named("response.content_part.done", R"(,"part":{"type":"output_text","text":"Post"})") +
        named("response.output_item.done",
              R"(,"output_index":0,"item":{"id":"msg_1","type":"message","content":[)"
              R"({"type":"output_text","text":"Postgreé \"SQL\"\n🦊"}]})") +
        end_event("completed",
                  R"(,"status":"completed","service_tier":"flex","output":[{"type":"message",)"
                  R"("content":[{"type":"output_text","text":"Postgreé \"SQL\"\n🦊"}]}],)"
                  R"("usage":{"input_tokens":12,"output_tokens":34,"total_tokens":46,)"
                  R"("output_tokens_details":{"reasoning_tokens":5}},"cost":0.5)"));
    EXPECT_EQ(out.end, response_status::done) << out.error.message;
    EXPECT_EQ(out.text, "Postgreé \"SQL\"\n🦊");
    EXPECT_EQ(out.pieces, 3U);
    EXPECT_EQ(out.result.finish, finish_reason::stop);
    EXPECT_EQ(out.result.id, "resp_1");
    EXPECT_EQ(out.result.model, "m");
    EXPECT_EQ(out.result.cost, 0.5);
    ASSERT_TRUE(out.result.usage);
    EXPECT_EQ(out.result.usage->output_tokens, 34);
    EXPECT_EQ(out.result.usage->reasoning_tokens, 5);
    ASSERT_TRUE(out.result.details);
    EXPECT_EQ(out.result.details->service_tier, "flex");
}

TEST(ResponsesStream, HandsOutTextWithoutEscapesInPlaceAndReadsMostByTemplate) {
    responses::stream_reader answer;
    sse::parser events;
    std::size_t in_place = 0;
    std::string stream = begin;
    for (int i = 0; i < 20; ++i)
        stream += text_event("plain");
    events.feed(stream, [&](const sse::event& event) {
        delta piece;
        answer.read(event, piece);
        if (piece.text == "plain" && piece.text.data() > event.data.data() &&
            piece.text.data() < event.data.data() + event.data.size())
            ++in_place;
    });
    EXPECT_EQ(in_place, 20u);
    EXPECT_EQ(answer.templates().hits(), 19u);
}

TEST(ResponsesStream, ReadsReasoningUnderAllItsNames) {
    const auto piece = [](std::string_view type, std::string_view text) {
        return named(type, R"(,"item_id":"rs_1","delta":")" + std::string(text) + "\"");
    };
    const std::string part =
        named("response.reasoning_summary_part.added",
              R"(,"summary_index":0,"part":{"type":"summary_text","text":""})");
    const response_outcome out =
        read_response(begin + part + piece("response.reasoning_summary_text.delta", "One") +
                      piece("response.reasoning_summary_text.delta", " and") + part +
                      piece("response.reasoning_text.delta", "two") +
                      piece("response.reasoning.delta", "!") + text_event("x") + completed);
    EXPECT_EQ(out.reasoning, "One and\n\ntwo!");
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.end, response_status::done);
}

TEST(ResponsesStream, KeepsARefusalApart) {
    const response_outcome out = read_response(
        begin + named("response.refusal.delta", R"(,"delta":"I ")") +
        named("response.refusal.delta", R"(,"delta":"can't.")") +
        named("response.refusal.done", R"(,"refusal":"I can't.")") +
        end_event("completed", R"(,"output":[{"type":"message","content":[{"type":"refusal",)"
                               R"("refusal":"I can't."}]}])"));
    EXPECT_EQ(out.refusal, "I can't.");
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.result.finish, finish_reason::stop);
}

TEST(ResponsesStream, JoinsThePiecesOfToolCalls) {
    const std::string one = R"("output_index":1,"item_id":"fc_a")";
    const std::string two = R"("output_index":2,"item_id":"fc_b")";
    const response_outcome out = read_response(
        begin + text_event("Let me see.") + call_added(one, "a", "weather") +
        argument_event(one, "{\\\"city\\\":") + call_added(two, "b", "time") +
        argument_event(two, "{") + argument_event(one, "\\\"Oslo\\\"}") + argument_event(two, "}") +
        named("response.function_call_arguments.done",
              "," + one + R"(,"arguments":"{\"city\":\"Oslo\"}")") +
        named("response.output_item.done",
              R"(,"output_index":1,"item":{"type":"function_call","id":"fc_a","call_id":"call_a",)"
              R"("name":"weather","arguments":"{\"city\":\"Oslo\"}"})") +
        completed);
    EXPECT_EQ(out.end, response_status::done);
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.result.tool_calls,
              (std::vector<tool_call>{{"call_a", "weather", R"({"city":"Oslo"})"},
                                      {"call_b", "time", "{}"}}));
}

TEST(ResponsesStream, FindsTheToolCallByWhateverTheServerNames) {
    const std::vector<std::vector<std::string>> servers = {
        {R"("item_id":"fc_a")", R"("item_id":"fc_b")"},
        {R"("call_id":"call_a")", R"("call_id":"call_b")"},
        {R"("output_index":1000000000)", R"("output_index":-1)"},
    };
    for (const auto& places : servers) {
        const response_outcome out =
            read_response(call_added(places[0], "a", "t") + call_added(places[1], "b", "u") +
                          argument_event(places[0], "1") + argument_event(places[1], "2") +
                          argument_event(places[0], "3") + completed);
        EXPECT_EQ(out.result.tool_calls,
                  (std::vector<tool_call>{{"call_a", "t", "13"}, {"call_b", "u", "2"}}))
            << places[0];
    }
    const response_outcome silent = read_response(call_added(R"("x":0)", "a", "t") +
                                                  argument_event(R"("x":0)", "1") + completed);
    EXPECT_EQ(silent.result.tool_calls, (std::vector<tool_call>{{"call_a", "t", "1"}}));
}

TEST(ResponsesStream, TakesMemoryForToolCallsAndNotForTheirNumbers) {
    std::string stream;
    for (int i = 0; i < 129; ++i) {
        stream += call_added(R"("output_index":)" + std::to_string(i * 1'000'000),
                             std::to_string(i), "t");
    }
    const response_outcome out =
        conclave::testing::read_parts<responses::stream_reader>({stream + completed});
    EXPECT_EQ(out.end, response_status::failed);
    EXPECT_EQ(out.error.code, errc::malformed_reply);
}

TEST(ResponsesStream, PassesOverWhatNobodyAskedFor) {
    const response_outcome out = read_response(
        begin + ": comment\n\n" + named("keepalive") +
        named("response.web_search_call.searching", R"(,"item_id":"ws_1")") +
        named("response.output_text.annotation.added", R"(,"annotation":{"type":"x"})") +
        named("opper:progress", R"(,"delta":"not text")") +
        named("response.custom_tool_call_input.delta", R"(,"delta":"not text")") +
        named("response.output_item.added", R"(,"item":null)") +
        named("response.output_item.done", R"(,"item":{"type":"acme:thing","content":[]})") +
        "data: {}\n\n" + "data: {\"delta\":\"no type\"}\n\n" + "data: []\n\ndata: 12\n\ndata\n\n" +
        text_event("x") + completed);
    EXPECT_EQ(out.end, response_status::done) << out.error.message;
    EXPECT_EQ(out.text, "x");
}

TEST(ResponsesStream, ReadsKeysInAnyOrderAndEveryFraming) {
    const response_outcome out = read_response(
        "\xEF\xBB\xBF"
        "data:{\"delta\":\"x\",\r\ndata:\"type\":\"response.output_text.delta\"}\r\n\r\n"
        "data: {\"response\":{\"status\":\"completed\"},\r"
        "data: \"type\":\"response.completed\"}\r\r");
    EXPECT_EQ(out.end, response_status::done);
    EXPECT_EQ(out.text, "x");
}

TEST(ResponsesStreamEnd, ShowsWhatOnlyTheLastEventHas) {
    const std::string whole = end_event(
        "completed",
        R"(,"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},)"
        R"({"type":"message","content":[{"type":"output_text","text":"one two"}]},)"
        R"({"type":"function_call","call_id":"c","name":"t","arguments":"{}"}])");
    for (const std::string& before : {std::string(), begin, begin + text_event("one")}) {
        const response_outcome out = read_response(before + whole);
        EXPECT_EQ(out.end, response_status::done);
        EXPECT_EQ(out.text, "one two") << before;
        EXPECT_EQ(out.reasoning, "hm");
        EXPECT_EQ(out.result.tool_calls, (std::vector<tool_call>{{"c", "t", "{}"}}));
        EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    }
    EXPECT_EQ(read_response(text_event("other") + whole).text, "other") << "it has been shown";
}

TEST(ResponsesStreamEnd, KeepsWhatCameWhereTheLastEventHasNoOutput) {
    for (const std::string_view output : {"", R"(,"output":[])", R"(,"output":null)"}) {
        const response_outcome out = read_response(begin + text_event("one ") + text_event("two") +
                                                   end_event("completed", output));
        EXPECT_EQ(out.end, response_status::done);
        EXPECT_EQ(out.result.text, "one two");
        EXPECT_EQ(out.result.finish, finish_reason::stop);
    }
    EXPECT_EQ(read_response(text_event("x") + named("response.completed")).end,
              response_status::done);
}

TEST(ResponsesStreamEnd, TakesItemsThatCameWhole) {
    const auto item = [](std::string_view text) {
        return named("response.output_item.done",
                     R"(,"item":{"type":"message","content":[{"type":"output_text","text":")" +
                         std::string(text) + R"("}]})");
    };
    const response_outcome out = read_response(begin + item("one ") + item("two") + completed);
    EXPECT_EQ(out.text, "one two");
    EXPECT_EQ(out.pieces, 2u);
    EXPECT_EQ(read_response(begin + text_event("one") + item("one") + completed).text, "one");
}

TEST(ResponsesStreamEnd, SaysWhyTheAnswerIsIncomplete) {
    const auto incomplete = [](std::string_view reason) {
        return read_response(text_event("x") +
                             end_event("incomplete", R"(,"incomplete_details":{"reason":")" +
                                                         std::string(reason) + "\"}"));
    };
    EXPECT_EQ(incomplete("max_output_tokens").result.finish, finish_reason::length);
    EXPECT_EQ(incomplete("content_filter").result.finish, finish_reason::content_filter);
    EXPECT_EQ(incomplete("max_messages").result.finish, finish_reason::length);
    EXPECT_EQ(incomplete("max_messages").result.notes.size(), 1u);
    EXPECT_EQ(incomplete("max_output_tokens").end, response_status::done);
}

TEST(ResponsesStreamEnd, NeedsNoMarkerAndBearsOne) {
    for (const std::string& behind : {std::string(), marker, marker + marker, text_event("late"),
                                      std::string("data: {x\n\n")}) {
        const response_outcome out = read_response(begin + text_event("x") + completed + behind);
        EXPECT_EQ(out.end, response_status::done) << behind;
        EXPECT_EQ(out.result.text, "x");
    }
}

TEST(ResponsesStreamEnd, IsTruncationWithoutALastEvent) {
    for (const std::string& stream :
         {std::string(), begin, begin + text_event("x"), begin + text_event("x") + marker, marker,
          begin + text_event("x") + named("response.output_text.done", R"(,"text":"x")")}) {
        const response_outcome out = read_response(stream);
        EXPECT_EQ(out.end, response_status::failed) << stream;
        EXPECT_EQ(out.error.code, errc::truncated_stream) << stream;
    }
}

TEST(ResponsesStreamEnd, CutAtAnyByteIsTruncationWithThePartialText) {
    const std::string stream =
        begin + text_event("one ") + text_event("two \\\\ [DONE]") + completed;
    const std::size_t last = stream.size() - completed.size();
    const std::size_t whole_json = stream.size() - 2;  // its line end and blank line may be missing
    for (std::size_t size = 0; size < stream.size(); ++size) {
        const response_outcome out = conclave::testing::read_parts<responses::stream_reader>(
            {std::string_view(stream).substr(0, size)});
        EXPECT_EQ(out.end == response_status::done, size >= whole_json) << size;
        if (size < whole_json) {
            EXPECT_EQ(out.error.code, errc::truncated_stream) << size;
        }
        if (size >= last) {
            EXPECT_EQ(out.result.text, "one two \\ [DONE]") << size;
        }
    }
}

TEST(ResponsesStreamFailure, IsToldByTheProvider) {
    struct {
        std::string event;
        std::string_view message, code;
    } const cases[] = {
        {named("error", R"(,"code":"rate_limit_exceeded","message":"slow","param":null)"), "slow",
         "rate_limit_exceeded"},
        {named("error", R"(,"error":{"type":"server_error","code":null,"message":"boom"})"), "boom",
         "server_error"},
        {"data: {\"type\":\"error\",\"message\":\"unnamed\",\"code\":\"c\"}\n\n", "unnamed", "c"},
        {"data: {\"error\":{\"code\":\"c\",\"message\":\"bare\"}}\n\n", "bare", "c"},
        {"event: error\ndata: plain words\n\n", "plain words", ""},
        {named("response.surprise", R"(,"error":{"message":"anywhere"})"), "anywhere", ""},
        {end_event("failed",
                   R"(,"status":"failed","error":{"code":"server_error","message":"ow"})"),
         "ow", "server_error"},
        {end_event("failed", R"(,"status":"completed")"),
         "the provider says that the response is failed", "failed"},
        {end_event("completed", R"(,"status":"failed","error":{"code":"c","message":"hidden"})"),
         "hidden", "c"},
    };
    for (const auto& each : cases) {
        const response_outcome out = read_response(begin + text_event("partial") + each.event +
                                                   text_event("no") + completed);
        EXPECT_EQ(out.end, response_status::failed) << each.event;
        EXPECT_EQ(out.error.code, errc::provider_error) << each.event;
        EXPECT_EQ(out.error.message, each.message);
        EXPECT_EQ(out.error.provider_code, each.code) << each.event;
        EXPECT_EQ(out.result.text, "partial");
        EXPECT_EQ(out.result.id, "resp_1");
    }
}

TEST(ResponsesStreamFailure, IsAnEventThatIsNotJson) {
    for (const std::string_view event :
         {"{", "<html>", R"({"type":"response.output_text.delta","delta":"x")",
          R"({"type":"response.output_text.delta","delta":"\q"})",
          R"({"type":"response.completed","response":{]})", R"({"type":"other",7})", "[1,"}) {
        const response_outcome out = read_response(
            text_event("partial") + "data: " + std::string(event) + "\n\n" + completed);
        EXPECT_EQ(out.end, response_status::failed) << event;
        EXPECT_EQ(out.error.code, errc::malformed_json) << event;
        EXPECT_EQ(out.result.text, "partial") << event;
    }
}

TEST(ResponsesStreamFailure, InBareJsonBetweenTheEventsIsTheProvidersError) {
    const response_outcome out =
        read_response(begin + text_event("so far") +
                      "{\"error\": {\"code\": 503, \"message\": \"overloaded\"}}\n");
    EXPECT_EQ(out.error.code, errc::provider_error);
    EXPECT_EQ(out.error.message, "overloaded");
    EXPECT_EQ(out.error.status, 503);
}

TEST(ResponsesStreamHostile, OddValuesAreNoTrouble) {
    const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
    const response_outcome out = conclave::testing::read_parts<responses::stream_reader>(
        {named("response.output_text.delta", R"(,"delta":)" + deep) +
         named("response.output_text.delta", R"(,"delta":null)") +
         named("response.content_part.added", R"(,"part":)" + deep) +
         argument_event(R"("output_index":1e400)", "a") + text_event("a\\ud83e") + text_event("b") +
         end_event("completed", R"(,"output":)" + deep + R"(,"metadata":)" + deep)});
    EXPECT_EQ(out.end, response_status::done) << out.error.message;
    EXPECT_EQ(out.text,
              "a\xEF\xBF\xBD"
              "b");
}

}  // namespace
