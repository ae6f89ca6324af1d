#include <conclave/wire/google_interactions.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "wire/reading_streams.hpp"

namespace {

using conclave::errc;
using conclave::finish_reason;
using interaction_status = conclave::wire::stream_status;
using interaction_outcome = conclave::testing::stream_outcome;
using interaction_reader = conclave::wire::google_interactions::stream_reader;

interaction_outcome interaction_stream(std::string_view stream) {
    return conclave::testing::read_stream<interaction_reader>(stream);
}

std::string interaction_event(std::string_view type, std::string_view members) {
    return "event: " + std::string(type) + "\ndata: {" + std::string(members) +
           R"(,"event_type":")" + std::string(type) + "\"}\n\n";
}
std::string interaction_step(std::string_view index, std::string_view what) {
    return interaction_event(
        "step.start", R"("index":)" + std::string(index) + R"(,"step":)" + std::string(what));
}
std::string interaction_delta(std::string_view index, std::string_view what) {
    return interaction_event(
        "step.delta", R"("index":)" + std::string(index) + R"(,"delta":)" + std::string(what));
}
std::string interaction_text(std::string_view text) {
    return interaction_delta("1", R"({"text":")" + std::string(text) + R"(","type":"text"})");
}
std::string interaction_step_stop(std::string_view index) {
    return interaction_event("step.stop", R"("index":)" + std::string(index));
}
std::string interaction_end(std::string_view ended_as, std::string_view more = "") {
    return interaction_event("interaction.completed", R"("interaction":{"id":"v1_a","status":")" +
                                                          std::string(ended_as) + "\"" +
                                                          std::string(more) + "}");
}
const std::string interaction_created = interaction_event(
    "interaction.created",
    R"("interaction":{"id":"v1_a","status":"in_progress","object":"interaction","model":"m-1"})");
const std::string interaction_done = "event: done\ndata: [DONE]\n\n";
const std::string interaction_output_begins = interaction_step("1", R"({"type":"model_output"})");

TEST(GoogleInteractionsStream, IsReadPieceByPiece) {
    const interaction_outcome out = interaction_stream(
        interaction_created +
        interaction_event("interaction.status_update",
                          R"("interaction_id":"v1_a","status":"in_progress")") +
        interaction_step("0", R"({"type":"thought"})") +
        interaction_delta("0",
                          R"({"content":{"text":"H","type":"text"},"type":"thought_summary"})") +
        interaction_delta("0",
                          R"({"content":{"text":"m","type":"text"},"type":"thought_summary"})") +
        interaction_delta("0", R"({"signature":"c2ln","type":"thought_signature"})") +
        interaction_step_stop("0") + interaction_output_begins + interaction_text("Post") +
        interaction_text("gr\\u00e9s") + interaction_text(" \\\"SQL\\\"") + interaction_text("!") +
        interaction_step_stop("1") +
        interaction_end("completed", R"(,"usage":{"total_tokens":346,"total_input_tokens":11,)"
                                     R"("total_output_tokens":90,"total_thought_tokens":245})") +
        interaction_done);
    EXPECT_EQ(out.end, interaction_status::done);
    EXPECT_EQ(out.text, "Postgrés \"SQL\"!");
    EXPECT_EQ(out.reasoning, "Hm");
    EXPECT_EQ(out.pieces, 6U);
    EXPECT_EQ(out.result.finish, finish_reason::stop);
    EXPECT_EQ(out.result.id, "v1_a");
    EXPECT_EQ(out.result.model, "m-1");
    EXPECT_EQ(out.result.usage->input_tokens, 11);
    EXPECT_EQ(out.result.usage->output_tokens, 335);
}

TEST(GoogleInteractionsStream, IsReadByTemplates) {
    interaction_reader answer;
    conclave::sse::parser events;
    conclave::delta piece;
    std::string stream;
    for (int i = 0; i < 50; ++i) {
        stream += interaction_event(
            "step.delta", R"("index":1,"delta":{"text":"word","type":"text"},"event_id":"e)" +
                              std::to_string(i) +
                              R"(","metadata":{"total_usage":{"total_output_tokens":)" +
                              std::to_string(i) + "}}");
    }
    events.feed(stream, [&](const conclave::sse::event& event) { answer.read(event, piece); });
    EXPECT_GT(answer.templates().hits(), 40U);
    EXPECT_EQ(answer.result().text.size(), 200U);
}

TEST(GoogleInteractionsStream, IsReadInTheOlderShape) {
    const interaction_outcome out = interaction_stream(
        interaction_event("interaction.start",
                          R"("interaction":{"id":"v1_a","status":"in_progress","model":"m-1"})") +
        interaction_event("content.start", R"("index":0,"content":{"type":"thought"})") +
        interaction_event("content.delta",
                          R"("index":0,"delta":{"type":"thought_summary","content":{"type":"text",)"
                          R"("text":"Hm"}})") +
        interaction_event("content.stop", R"("index":0)") +
        interaction_event("content.start", R"("index":1,"content":{"type":"text","text":"o"})") +
        interaction_event("content.delta", R"("index":1,"delta":{"type":"text","text":"ne"})") +
        interaction_event("content.start",
                          R"("index":2,"content":{"type":"function_call","id":"f","name":"t",)"
                          R"("arguments":{}})") +
        interaction_event("content.delta",
                          R"("index":2,"delta":{"type":"function_call","id":"f","name":"t",)"
                          R"("arguments":{"n": 1}})") +
        interaction_event("interaction.complete",
                          R"("interaction":{"id":"v1_a","status":"requires_action"})"));
    EXPECT_EQ(out.end, interaction_status::done);
    EXPECT_EQ(out.text, "one");
    EXPECT_EQ(out.reasoning, "Hm");
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.result.tool_calls, (std::vector<conclave::tool_call>{{"f", "t", R"({"n": 1})"}}));
}

TEST(GoogleInteractionsStream, JoinsThePiecesOfToolCalls) {
    const interaction_outcome out = interaction_stream(
        interaction_created +
        interaction_delta("0", R"({"signature":"c2ln","type":"thought_signature"})") +
        interaction_step("1",
                         R"({"type":"function_call","id":"a","name":"weather","arguments":{}})") +
        interaction_step(
            "2", R"({"type":"function_call","id":"b","name":"time","arguments":{"zone":"utc"}})") +
        interaction_step("3", R"({"type":"function_call","id":"c","name":"none"})") +
        interaction_delta("1", R"({"type":"arguments_delta","arguments":"{\"city\": "})") +
        interaction_delta("9", R"({"type":"arguments_delta","arguments":"lost"})") +
        interaction_delta("1", R"({"type":"arguments_delta","arguments":"\"Oslo\"}"})") +
        interaction_step_stop("1") + interaction_end("requires_action") + interaction_done);
    EXPECT_EQ(out.end, interaction_status::done);
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.result.tool_calls,
              (std::vector<conclave::tool_call>{{"a", "weather", R"({"city": "Oslo"})", "c2ln"},
                                                {"b", "time", R"({"zone":"utc"})"},
                                                {"c", "none", "{}"}}));
    std::string many;
    for (int i = 0; i < 129; ++i)
        many +=
            interaction_step(std::to_string(i * 1000), R"({"type":"function_call","name":"t"})");
    EXPECT_EQ(conclave::testing::read_parts<interaction_reader>({many}).error.code,
              errc::malformed_reply);
}

TEST(GoogleInteractionsStream, TakesWhatComesWithTheBeginOrTheEndOfAStep) {
    const interaction_outcome begin = interaction_stream(
        interaction_step("0", R"({"type":"thought","summary":[{"text":"H","type":"text"},)"
                              R"({"text":"m","type":"text"}],"signature":""})") +
        interaction_step("1",
                         R"({"content":[{"text":"one","type":"text"}],"type":"model_output"})") +
        interaction_text(" two") + interaction_end("completed"));
    EXPECT_EQ(begin.text, "one two");
    EXPECT_EQ(begin.reasoning, "Hm");
    const std::string steps =
        R"(,"steps":[{"type":"thought","summary":[{"type":"text","text":"Hm"}]},)"
        R"({"type":"model_output","content":[{"type":"text","text":"one"}]}])";
    const interaction_outcome end = interaction_stream(interaction_end("completed", steps));
    EXPECT_EQ(end.text, "one");
    EXPECT_EQ(end.reasoning, "Hm");
    EXPECT_EQ(
        interaction_stream(interaction_text("seen") + interaction_end("completed", steps)).text,
        "seen");
}

TEST(GoogleInteractionsStream, TellsHowItEnded) {
    for (const std::string_view cut : {"incomplete", "budget_exceeded", "requires_continuation"}) {
        const interaction_outcome out =
            interaction_stream(interaction_text("x") + interaction_end(cut));
        EXPECT_EQ(out.end, interaction_status::done);
        EXPECT_EQ(out.result.finish, finish_reason::length) << cut;
        EXPECT_EQ(out.result.notes.size(), 1U);
    }
    EXPECT_EQ(interaction_stream(interaction_text("x") + interaction_end("cancelled"))
                  .error.provider_code,
              "cancelled");
    const interaction_outcome failed = interaction_stream(
        interaction_step("1", R"({"type":"model_output","error":{"code":14,"message":"gone"}})") +
        interaction_end("failed"));
    EXPECT_EQ(failed.end, interaction_status::failed);
    EXPECT_EQ(failed.error.message, "gone");
    const interaction_outcome filtered = interaction_stream(
        interaction_end("failed", R"(,"errors":[{"code":"safety","message":"No."}])"));
    EXPECT_EQ(filtered.end, interaction_status::done);
    EXPECT_EQ(filtered.result.finish, finish_reason::content_filter);
    EXPECT_EQ(filtered.refusal, "No.");
}

TEST(GoogleInteractionsStream, IsOverWithoutItsLastEventIfItsStatusSaysSo) {
    const std::string waits =
        interaction_event("interaction.status_update",
                          R"("interaction_id":"v1_a","status":"requires_action","usage":)"
                          R"({"total_input_tokens":3,"total_output_tokens":4})");
    const std::string call_step =
        interaction_step("1", R"({"type":"function_call","id":"a","name":"t"})");
    for (const std::string& end : {std::string(), interaction_done}) {
        const interaction_outcome out = interaction_stream(call_step + waits + end);
        EXPECT_EQ(out.end, interaction_status::done);
        EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
        EXPECT_EQ(out.result.usage->output_tokens, 4);
        const interaction_outcome cut =
            interaction_stream(interaction_created + interaction_text("x") + end);
        EXPECT_EQ(cut.end, interaction_status::failed);
        EXPECT_EQ(cut.error.code, errc::truncated_stream);
        EXPECT_EQ(cut.result.text, "x");
    }
}

TEST(GoogleInteractionsStream, EndsWithAnError) {
    const std::string error = R"("error":{"code":"UNAVAILABLE","message":"overloaded"})";
    const std::string bare =
        "{\n\"error\": {\n\"code\": \"UNAVAILABLE\",\n\"message\": \"overloaded\"\n}\n}\n";
    for (const std::string& event : {interaction_event("error", error), "data: {" + error + "}\n\n",
                                     "data: [{" + error + "}]\n\n", bare}) {
        const interaction_outcome out = interaction_stream(interaction_text("x") + event);
        EXPECT_EQ(out.end, interaction_status::failed) << event;
        EXPECT_EQ(out.error.provider_code, "UNAVAILABLE");
        EXPECT_EQ(out.error.message, "overloaded");
        EXPECT_EQ(out.result.text, "x");
    }
}

TEST(GoogleInteractionsStream, PassesOverWhatItDoesNotKnow) {
    const interaction_outcome out = interaction_stream(
        ": heartbeat\n\n" +
        interaction_event("something.new", R"("delta":{"text":"no","type":"text"})") +
        "data: {}\n\ndata: null\n\ndata:\n\n" +
        interaction_step("0", R"({"type":"google_search_call"})") +
        interaction_delta("0", R"({"type":"image","data":"QQ=="})") +
        interaction_delta("0", R"({"type":"google_search_result","result":[{"text":"no"}]})") +
        interaction_step("1", "null") + interaction_delta("1", "7") +
        interaction_event("step.delta", R"("index":"x")") +
        "event: step.delta\ndata: {\"delta\":{\"text\":\"yes\"}}\n\n" +
        interaction_end("completed"));
    EXPECT_EQ(out.end, interaction_status::done);
    EXPECT_EQ(out.text, "yes");
    EXPECT_EQ(interaction_stream("data: nonsense\n\n").error.code, errc::malformed_json);
}

}  // namespace
