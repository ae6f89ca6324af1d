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
using conclave::reasoning_part;
using conclave::tool_call;
using conclave::wire::responses;
namespace sse = conclave::sse;
using response_status = conclave::wire::stream_status;
using response_outcome = conclave::testing::stream_outcome;

response_outcome read_response(std::string_view stream) {
    return conclave::testing::read_stream<responses::stream_reader>(stream);
}

// An event of this type, with these members behind it.
std::string response_event(std::string_view type, std::string_view rest = "") {
    std::string event = "event: " + std::string(type) + "\ndata: {\"type\":\"";
    return event.append(type).append("\",\"sequence_number\":7").append(rest).append("}\n\n");
}
std::string response_text(std::string_view text) {
    return response_event("response.output_text.delta",
                          R"(,"item_id":"msg_1","output_index":0,"content_index":0,"delta":")" +
                              std::string(text) + R"(","logprobs":[],"obfuscation":"k8Pq")");
}
std::string response_end(std::string_view kind, std::string_view response) {
    return response_event(
        "response." + std::string(kind),
        R"(,"response":{"id":"resp_1","model":"m")" + std::string(response) + "}");
}
std::string response_argument(std::string_view where, std::string_view text) {
    return response_event("response.function_call_arguments.delta",
                          "," + std::string(where) + R"(,"delta":")" + std::string(text) + "\"");
}
std::string response_call(std::string_view where, std::string_view id, std::string_view name) {
    std::string event = "," + std::string(where) + R"(,"item":{"type":"function_call","id":"fc_)";
    event.append(id).append(R"(","call_id":"call_)").append(id).append(R"(","name":")");
    return response_event("response.output_item.added",
                          event.append(name).append(R"(","arguments":"","status":"in_progress"})"));
}

const std::string response_begun =
    response_event("response.created",
                   R"(,"response":{"id":"resp_1","object":"response","model":"m",)"
                   R"("status":"in_progress","output":[],"error":null})") +
    response_event("response.in_progress", R"(,"response":{"id":"resp_1"})");
const std::string response_completed = response_end("completed", R"(,"status":"completed")");
const std::string response_marker = "data: [DONE]\n\n";

TEST(ResponsesStream, IsReadPieceByPiece) {
    const response_outcome out = read_response(
        response_begun +
        response_event(
            "response.output_item.added",
            R"(,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress",)"
            R"("content":[],"role":"assistant"})") +
        response_event("response.content_part.added",
                       R"(,"item_id":"msg_1","output_index":0,"content_index":0,"part":)"
                       R"({"type":"output_text","text":"","annotations":[]})") +
        response_text("Post") + response_text("gre\\u00e9 \\\"SQL\\\"\\n") + response_text("🦊") +
        response_event("response.output_text.done",
                       R"(,"item_id":"msg_1","text":"Postgreé \"SQL\"\n🦊")") +
        response_event("response.content_part.done",
                       R"(,"part":{"type":"output_text","text":"Post"})") +
        response_event("response.output_item.done",
                       R"(,"output_index":0,"item":{"id":"msg_1","type":"message","content":[)"
                       R"({"type":"output_text","text":"Postgreé \"SQL\"\n🦊"}]})") +
        response_end("completed",
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
    std::string stream = response_begun;
    for (int i = 0; i < 20; ++i)
        stream += response_text("plain");
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
        return response_event(type, R"(,"item_id":"rs_1","delta":")" + std::string(text) + "\"");
    };
    const std::string part =
        response_event("response.reasoning_summary_part.added",
                       R"(,"summary_index":0,"part":{"type":"summary_text","text":""})");
    const response_outcome out = read_response(
        response_begun + part + piece("response.reasoning_summary_text.delta", "One") +
        piece("response.reasoning_summary_text.delta", " and") + part +
        piece("response.reasoning_text.delta", "two") + piece("response.reasoning.delta", "!") +
        response_text("x") + response_completed);
    EXPECT_EQ(out.reasoning, "One and\n\ntwo!");
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.end, response_status::done);
}

TEST(ResponsesStream, KeepsARefusalApart) {
    const response_outcome out = read_response(
        response_begun + response_event("response.refusal.delta", R"(,"delta":"I ")") +
        response_event("response.refusal.delta", R"(,"delta":"can't.")") +
        response_event("response.refusal.done", R"(,"refusal":"I can't.")") +
        response_end("completed", R"(,"output":[{"type":"message","content":[{"type":"refusal",)"
                                  R"("refusal":"I can't."}]}])"));
    EXPECT_EQ(out.refusal, "I can't.");
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.result.finish, finish_reason::stop);
}

TEST(ResponsesStream, JoinsThePiecesOfToolCalls) {
    const std::string one = R"("output_index":1,"item_id":"fc_a")";
    const std::string two = R"("output_index":2,"item_id":"fc_b")";
    const response_outcome out = read_response(
        response_begun + response_text("Let me see.") + response_call(one, "a", "weather") +
        response_argument(one, "{\\\"city\\\":") + response_call(two, "b", "time") +
        response_argument(two, "{") + response_argument(one, "\\\"Oslo\\\"}") +
        response_argument(two, "}") +
        response_event("response.function_call_arguments.done",
                       "," + one + R"(,"arguments":"{\"city\":\"Oslo\"}")") +
        response_event(
            "response.output_item.done",
            R"(,"output_index":1,"item":{"type":"function_call","id":"fc_a","call_id":"call_a",)"
            R"("name":"weather","arguments":"{\"city\":\"Oslo\"}"})") +
        response_completed);
    EXPECT_EQ(out.end, response_status::done);
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.result.tool_calls,
              (std::vector<tool_call>{{"call_a", "weather", R"({"city":"Oslo"})"},
                                      {"call_b", "time", "{}"}}));
}

TEST(ResponsesStream, KeepsEncryptedReasoningAsItCame) {
    const std::string item = R"({"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text",)"
                             R"("text":"Hm \u00e9"}],"encrypted_content":"gAAAA","status":null})";
    const std::string not_encrypted = R"({"id":"rs_2","type":"reasoning","summary":[]})";
    const std::string items =
        response_event("response.output_item.done", R"(,"output_index":0,"item":)" + item) +
        response_event("response.output_item.done", R"(,"output_index":1,"item":)" + not_encrypted);
    // with the items alone, and with all of it at the end once more
    for (const std::string& end :
         {response_completed,
          response_end("completed", R"(,"output":[)" + not_encrypted + "," + item + "]")}) {
        const response_outcome out = read_response(response_begun + items + end);
        ASSERT_EQ(out.result.reasoning_parts.size(), 1U) << end;
        EXPECT_EQ(out.result.reasoning_parts[0].json, item);
        EXPECT_EQ(out.result.reasoning_parts[0].from, reasoning_part::format::responses);
    }
}

TEST(ResponsesStream, FindsTheToolCallByWhateverTheServerNames) {
    const std::vector<std::vector<std::string>> servers = {
        {R"("item_id":"fc_a")", R"("item_id":"fc_b")"},
        {R"("call_id":"call_a")", R"("call_id":"call_b")"},
        {R"("output_index":1000000000)", R"("output_index":-1)"},
    };
    for (const auto& places : servers) {
        const response_outcome out =
            read_response(response_call(places[0], "a", "t") + response_call(places[1], "b", "u") +
                          response_argument(places[0], "1") + response_argument(places[1], "2") +
                          response_argument(places[0], "3") + response_completed);
        EXPECT_EQ(out.result.tool_calls,
                  (std::vector<tool_call>{{"call_a", "t", "13"}, {"call_b", "u", "2"}}))
            << places[0];
    }
    const response_outcome silent =
        read_response(response_call(R"("x":0)", "a", "t") + response_argument(R"("x":0)", "1") +
                      response_completed);
    EXPECT_EQ(silent.result.tool_calls, (std::vector<tool_call>{{"call_a", "t", "1"}}));
}

TEST(ResponsesStream, TakesMemoryForToolCallsAndNotForTheirNumbers) {
    std::string stream;
    for (int i = 0; i < 129; ++i) {
        stream += response_call(R"("output_index":)" + std::to_string(i * 1'000'000),
                                std::to_string(i), "t");
    }
    const response_outcome out =
        conclave::testing::read_parts<responses::stream_reader>({stream + response_completed});
    EXPECT_EQ(out.end, response_status::failed);
    EXPECT_EQ(out.error.code, errc::malformed_reply);
}

TEST(ResponsesStream, PassesOverWhatNobodyAskedFor) {
    const response_outcome out = read_response(
        response_begun + ": comment\n\n" + response_event("keepalive") +
        response_event("response.web_search_call.searching", R"(,"item_id":"ws_1")") +
        response_event("response.output_text.annotation.added", R"(,"annotation":{"type":"x"})") +
        response_event("opper:progress", R"(,"delta":"not text")") +
        response_event("response.custom_tool_call_input.delta", R"(,"delta":"not text")") +
        response_event("response.output_item.added", R"(,"item":null)") +
        response_event("response.output_item.done",
                       R"(,"item":{"type":"acme:thing","content":[]})") +
        "data: {}\n\n" + "data: {\"delta\":\"no type\"}\n\n" + "data: []\n\ndata: 12\n\ndata\n\n" +
        response_text("x") + response_completed);
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
    const std::string whole = response_end(
        "completed",
        R"(,"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},)"
        R"({"type":"message","content":[{"type":"output_text","text":"one two"}]},)"
        R"({"type":"function_call","call_id":"c","name":"t","arguments":"{}"}])");
    for (const std::string& before :
         {std::string(), response_begun, response_begun + response_text("one")}) {
        const response_outcome out = read_response(before + whole);
        EXPECT_EQ(out.end, response_status::done);
        EXPECT_EQ(out.text, "one two") << before;
        EXPECT_EQ(out.reasoning, "hm");
        EXPECT_EQ(out.result.tool_calls, (std::vector<tool_call>{{"c", "t", "{}"}}));
        EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    }
    EXPECT_EQ(read_response(response_text("other") + whole).text, "other") << "it has been shown";
}

TEST(ResponsesStreamEnd, KeepsWhatCameWhereTheLastEventHasNoOutput) {
    for (const std::string_view output : {"", R"(,"output":[])", R"(,"output":null)"}) {
        const response_outcome out =
            read_response(response_begun + response_text("one ") + response_text("two") +
                          response_end("completed", output));
        EXPECT_EQ(out.end, response_status::done);
        EXPECT_EQ(out.result.text, "one two");
        EXPECT_EQ(out.result.finish, finish_reason::stop);
    }
    EXPECT_EQ(read_response(response_text("x") + response_event("response.completed")).end,
              response_status::done);
}

TEST(ResponsesStreamEnd, TakesItemsThatCameWhole) {
    const auto item = [](std::string_view text) {
        return response_event(
            "response.output_item.done",
            R"(,"item":{"type":"message","content":[{"type":"output_text","text":")" +
                std::string(text) + R"("}]})");
    };
    const response_outcome out =
        read_response(response_begun + item("one ") + item("two") + response_completed);
    EXPECT_EQ(out.text, "one two");
    EXPECT_EQ(out.pieces, 2u);
    EXPECT_EQ(
        read_response(response_begun + response_text("one") + item("one") + response_completed)
            .text,
        "one");
}

TEST(ResponsesStreamEnd, SaysWhyTheAnswerIsIncomplete) {
    const auto incomplete = [](std::string_view reason) {
        return read_response(response_text("x") +
                             response_end("incomplete", R"(,"incomplete_details":{"reason":")" +
                                                            std::string(reason) + "\"}"));
    };
    EXPECT_EQ(incomplete("max_output_tokens").result.finish, finish_reason::length);
    EXPECT_EQ(incomplete("content_filter").result.finish, finish_reason::content_filter);
    EXPECT_EQ(incomplete("max_messages").result.finish, finish_reason::length);
    EXPECT_EQ(incomplete("max_messages").result.notes.size(), 1u);
    EXPECT_EQ(incomplete("max_output_tokens").end, response_status::done);
}

TEST(ResponsesStreamEnd, NeedsNoMarkerAndBearsOne) {
    for (const std::string& behind :
         {std::string(), response_marker, response_marker + response_marker, response_text("late"),
          std::string("data: {x\n\n")}) {
        const response_outcome out =
            read_response(response_begun + response_text("x") + response_completed + behind);
        EXPECT_EQ(out.end, response_status::done) << behind;
        EXPECT_EQ(out.result.text, "x");
    }
}

TEST(ResponsesStreamEnd, IsTruncationWithoutALastEvent) {
    for (const std::string& stream :
         {std::string(), response_begun, response_begun + response_text("x"),
          response_begun + response_text("x") + response_marker, response_marker,
          response_begun + response_text("x") +
              response_event("response.output_text.done", R"(,"text":"x")")}) {
        const response_outcome out = read_response(stream);
        EXPECT_EQ(out.end, response_status::failed) << stream;
        EXPECT_EQ(out.error.code, errc::truncated_stream) << stream;
    }
}

TEST(ResponsesStreamEnd, CutAtAnyByteIsTruncationWithThePartialText) {
    const std::string stream = response_begun + response_text("one ") +
                               response_text("two \\\\ [DONE]") + response_completed;
    const std::size_t last = stream.size() - response_completed.size();
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
        {response_event("error", R"(,"code":"rate_limit_exceeded","message":"slow","param":null)"),
         "slow", "rate_limit_exceeded"},
        {response_event("error",
                        R"(,"error":{"type":"server_error","code":null,"message":"boom"})"),
         "boom", "server_error"},
        {"data: {\"type\":\"error\",\"message\":\"unnamed\",\"code\":\"c\"}\n\n", "unnamed", "c"},
        {"data: {\"error\":{\"code\":\"c\",\"message\":\"bare\"}}\n\n", "bare", "c"},
        {"event: error\ndata: plain words\n\n", "plain words", ""},
        {response_event("response.surprise", R"(,"error":{"message":"anywhere"})"), "anywhere", ""},
        {response_end("failed",
                      R"(,"status":"failed","error":{"code":"server_error","message":"ow"})"),
         "ow", "server_error"},
        {response_end("failed", R"(,"status":"completed")"),
         "the provider says that the response is failed", "failed"},
        {response_end("completed", R"(,"status":"failed","error":{"code":"c","message":"hidden"})"),
         "hidden", "c"},
    };
    for (const auto& each : cases) {
        const response_outcome out =
            read_response(response_begun + response_text("partial") + each.event +
                          response_text("no") + response_completed);
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
            response_text("partial") + "data: " + std::string(event) + "\n\n" + response_completed);
        EXPECT_EQ(out.end, response_status::failed) << event;
        EXPECT_EQ(out.error.code, errc::malformed_json) << event;
        EXPECT_EQ(out.result.text, "partial") << event;
    }
}

TEST(ResponsesStreamFailure, InBareJsonBetweenTheEventsIsTheProvidersError) {
    const response_outcome out =
        read_response(response_begun + response_text("so far") +
                      "{\"error\": {\"code\": 503, \"message\": \"overloaded\"}}\n");
    EXPECT_EQ(out.error.code, errc::provider_error);
    EXPECT_EQ(out.error.message, "overloaded");
    EXPECT_EQ(out.error.status, 503);
}

TEST(ResponsesStreamHostile, OddValuesAreNoTrouble) {
    const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
    const response_outcome out = conclave::testing::read_parts<responses::stream_reader>(
        {response_event("response.output_text.delta", R"(,"delta":)" + deep) +
         response_event("response.output_text.delta", R"(,"delta":null)") +
         response_event("response.content_part.added", R"(,"part":)" + deep) +
         response_argument(R"("output_index":1e400)", "a") + response_text("a\\ud83e") +
         response_text("b") +
         response_end("completed", R"(,"output":)" + deep + R"(,"metadata":)" + deep)});
    EXPECT_EQ(out.end, response_status::done) << out.error.message;
    EXPECT_EQ(out.text,
              "a\xEF\xBF\xBD"
              "b");
}

}  // namespace
