#include "calling.hpp"

#include <conclave/client/models.hpp>
#include <conclave/wire/google_generate_content.hpp>
#include <conclave/wire/google_interactions.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

client_options google_options(const scripted_provider& provider, wire::any_format speaks) {
    client_options options = options_for(provider);
    options.endpoints[0].format = std::move(speaks);
    return options;
}

TEST(GoogleGenerateContent, AnswersInAStream) {
    scripted_provider provider(provider_options().require_key(canary));
    provider.on("google/gemini-4-argon",
                answer("Use Postgres, of course.").reasoning("Which one?").usage(12, 7));
    caller client(google_options(provider, wire::google_generate_content{}));
    const result got = client.ask(question("google/gemini-4-argon").instructions("Be brief."));
    EXPECT_EQ(got.answer.text, "Use Postgres, of course.") << got.what();
    EXPECT_EQ(got.answer.reasoning, "Which one?");
    EXPECT_EQ(got.shown, "(Which)( one?)Use Postgres, of course.");
    EXPECT_EQ(got.answer.finish, finish_reason::stop);
    EXPECT_EQ(got.answer.model, "google/gemini-4-argon");
    ASSERT_TRUE(got.answer.usage);
    EXPECT_EQ(got.answer.usage->input_tokens, 12);
    EXPECT_EQ(got.answer.usage->output_tokens, 7);
    EXPECT_EQ(got.answer.usage->reasoning_tokens, 2);
    const recorded_request request = provider.requests().at(0);
    EXPECT_EQ(request.target,
              "/v1/v1beta/models/google/gemini-4-argon:streamGenerateContent?alt=sse");
    EXPECT_EQ(request.header.find("x-goog-api-key").value_or(""), canary);
    EXPECT_EQ(request.header.count("Authorization"), 0u);
    EXPECT_EQ(request.prompt, "Why so?");
    EXPECT_EQ(request.instructions, "Be brief.");
}

TEST(GoogleGenerateContent, AnswersWhole) {
    scripted_provider provider;
    provider.on("m", answer("Yes.").reasoning("Hm.").always_whole());
    const result got =
        caller(google_options(provider, wire::google_generate_content{})).ask(question());
    EXPECT_EQ(got.answer.text, "Yes.") << got.what();
    EXPECT_EQ(got.answer.reasoning, "Hm.");
}

TEST(GoogleGenerateContent, AnswersByASchema) {
    scripted_provider provider;
    provider.on("m", choice("B"));
    caller client(google_options(provider, wire::google_generate_content{}));
    const result got = client.ask(question().output_schema(R"({"type":"object"})"));
    EXPECT_EQ(got.answer.text, R"({"choice":"B"})") << got.what();
    EXPECT_EQ(provider.requests().at(0).output_schema, R"({"type":"object"})");
}

TEST(GoogleGenerateContent, CallsToolsAndTakesTheirResults) {
    scripted_provider provider;
    provider.on("m", answer("Let me see.").tool_call("weather", R"({"city":"Oslo"})"));
    provider.on("m", answer("Rain."));
    caller client(google_options(provider, wire::google_generate_content{}));
    const call first = question().add(tool("weather", "", R"({"type":"object"})"));
    const result asked = client.ask(first);
    EXPECT_EQ(asked.answer.finish, finish_reason::tool_calls) << asked.what();
    ASSERT_EQ(asked.answer.tool_calls.size(), 1u);
    EXPECT_EQ(asked.answer.tool_calls[0].name, "weather");
    EXPECT_EQ(asked.answer.tool_calls[0].arguments, R"({"city":"Oslo"})");
    message calling_it(message_role::assistant, asked.answer.text);
    calling_it.call_tool(asked.answer.tool_calls[0]);
    call second = first;
    second.add(calling_it).add(message::tool_result(asked.answer.tool_calls[0].id, "rain"));
    EXPECT_EQ(client.ask(second).answer.text, "Rain.");
    const std::string body = provider.requests().at(1).body;
    EXPECT_NE(body.find(R"("thoughtSignature":"c2lnbmF0dXJl")"), body.npos) << body;
    EXPECT_NE(body.find(R"("name":"weather","response":{"output":"rain"})"), body.npos) << body;
}

TEST(GoogleGenerateContent, IsWithheldByAFilter) {
    scripted_provider provider;
    provider.on("m", answer("").refusal("It may do harm."));
    const result got =
        caller(google_options(provider, wire::google_generate_content{})).ask(question());
    EXPECT_EQ(got.code(), errc::refused);
    EXPECT_EQ(got.what(), "It may do harm.");
    EXPECT_EQ(got.shown, "{It may do harm.}");
}

TEST(GoogleGenerateContent, WaitsAsLongAsTheErrorAsks) {
    scripted_provider provider;
    provider.on("m", status(429, R"({"error":{"code":429,"message":"Quota exceeded",)"
                                 R"("status":"RESOURCE_EXHAUSTED","details":[{"@type":)"
                                 R"("type.googleapis.com/google.rpc.RetryInfo",)"
                                 R"("retryDelay":"0.3s"}]}})"));
    provider.on("m", answer("now"));
    caller client(google_options(provider, wire::google_generate_content{}));
    const result got = client.ask(question());
    EXPECT_EQ(got.answer.text, "now") << got.what();
    EXPECT_GE(got.taken, 300ms);
    provider.on("n", status(403));
    const result refused = client.ask(question("n"));
    EXPECT_EQ(refused.code(), errc::http_status);
    EXPECT_EQ(refused.failure.provider_code(), "PERMISSION_DENIED");
}

TEST(GoogleGenerateContent, IsNotTriedAgainWhenTheQuotaOfTheDayIsSpent) {
    const auto exhausted = [](const std::string& quota) {
        return status(429, R"({"error":{"code":429,"message":"You exceeded your current quota",)"
                           R"("status":"RESOURCE_EXHAUSTED","details":[7,{"violations":[7,{}]},)"
                           R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure",)"
                           R"("violations":[{"quotaId":")" +
                               quota +
                               R"("}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo",)"
                               R"("retryDelay":"0.1s"}]}})");
    };
    scripted_provider provider;
    provider.on("m", exhausted("GenerateRequestsPerDayPerProjectPerModel-FreeTier"));
    provider.on("n", exhausted("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"));
    provider.on("n", answer("yes"));
    caller client(google_options(provider, wire::google_generate_content{}));
    EXPECT_EQ(client.ask(question()).failure.details().http_status, 429);
    EXPECT_EQ(provider.requests().size(), 1u);
    EXPECT_EQ(client.ask(question("n")).answer.text, "yes");
}

TEST(GoogleGenerateContent, IsTriedAgainAfterAnErrorInBareJson) {
    scripted_provider provider;
    provider.on("m", raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                         "connection: close\r\n\r\n"
                         "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"overloaded\",\n"
                         "    \"status\": \"UNAVAILABLE\"\n  }\n}\n"));
    provider.on("m", answer("better"));
    caller client(google_options(provider, wire::google_generate_content{}));
    EXPECT_EQ(client.ask(question()).answer.text, "better");
    provider.on("n", answer("one two three").close_in_event(2));
    EXPECT_NE(client.ask(question("n").max_retries(0)).code(), errc{});
}

TEST(GoogleGenerateContent, ListsItsModels) {
    scripted_provider provider;
    provider.on("gemini-3-flash", answer("")).on("google/gemma", answer(""));
    caller client(google_options(provider, wire::google_generate_content{}));
    std::vector<std::string> names;
    result outcome;
    const auto operation = [&]() -> asio::awaitable<void> {
        names = co_await list_models(client.via, 0);
    };
    client.run(operation, std::nullopt, outcome);
    EXPECT_EQ(names, (std::vector<std::string>{"gemini-3-flash", "google/gemma"}))
        << outcome.what();
    EXPECT_EQ(provider.requests().at(0).target, "/v1/v1beta/models?pageSize=1000");
}

wire::google_interactions interactions_of(wire::google_interactions::shape writes) {
    wire::google_interactions speaks;
    speaks.writes = writes;
    return speaks;
}

class GoogleInteractions : public ::testing::TestWithParam<wire::google_interactions::shape> {
protected:
    scripted_provider provider_{provider_options().require_key(canary)};

    caller ask_it() { return caller(google_options(provider_, interactions_of(GetParam()))); }
};

INSTANTIATE_TEST_SUITE_P(Shapes, GoogleInteractions,
                         ::testing::Values(wire::google_interactions::shape::steps,
                                           wire::google_interactions::shape::outputs));

TEST_P(GoogleInteractions, AnswersInAStreamAndWhole) {
    for (const bool whole : {false, true}) {
        auto reply = answer("Use Postgres.").reasoning("Which one?").usage(12, 7);
        provider_.on("google/gemini-4-argon", whole ? reply.always_whole() : reply);
        const result got =
            ask_it().ask(question("google/gemini-4-argon").instructions("Be brief."));
        EXPECT_EQ(got.answer.text, "Use Postgres.") << got.what();
        EXPECT_EQ(got.answer.reasoning, "Which one?");
        EXPECT_EQ(got.answer.finish, finish_reason::stop);
        EXPECT_EQ(got.answer.model, "google/gemini-4-argon");
        ASSERT_TRUE(got.answer.usage);
        EXPECT_EQ(got.answer.usage->input_tokens, 12);
        EXPECT_EQ(got.answer.usage->output_tokens, 7);
        EXPECT_EQ(got.answer.usage->reasoning_tokens, 2);
        const recorded_request request = provider_.requests().back();
        EXPECT_EQ(request.target, "/v1/v1beta/interactions");
        EXPECT_EQ(request.prompt, "Why so?");
        EXPECT_EQ(request.instructions, "Be brief.");
    }
}

TEST_P(GoogleInteractions, AnswersByASchema) {
    provider_.on("m", choice("B"));
    const result got = ask_it().ask(question().output_schema(R"({"type":"object"})"));
    EXPECT_EQ(got.answer.text, R"({"choice":"B"})") << got.what();
    EXPECT_EQ(provider_.requests().at(0).output_schema, R"({"type":"object"})");
}

TEST_P(GoogleInteractions, CallsToolsAndTakesTheirResults) {
    for (const bool whole : {false, true}) {
        auto reply = answer("Let me see.")
                         .tool_call("weather", R"({"city":"Oslo"})")
                         .tool_call("time", R"({"zone":"utc"})");
        provider_.on("m", whole ? reply.always_whole() : reply);
    }
    provider_.on("m", answer("Rain."));
    const call first = question().add(tool("weather", "", R"({"type":"object"})"));
    caller client = ask_it();
    client.ask(first);
    const result asked = client.ask(first);
    EXPECT_EQ(asked.answer.finish, finish_reason::tool_calls) << asked.what();
    ASSERT_EQ(asked.answer.tool_calls.size(), 2u);
    EXPECT_EQ(asked.answer.tool_calls[0].arguments, R"({"city":"Oslo"})");
    EXPECT_EQ(asked.answer.tool_calls[0].signature, "c2lnbmF0dXJl");
    EXPECT_EQ(asked.answer.tool_calls[1].arguments, R"({"zone":"utc"})");
    message calling_it(message_role::assistant, asked.answer.text);
    calling_it.call_tool(asked.answer.tool_calls[0]);
    call second = first;
    second.add(calling_it).add(message::tool_result(asked.answer.tool_calls[0].id, "rain"));
    EXPECT_EQ(client.ask(second).answer.text, "Rain.");
    const recorded_request request = provider_.requests().back();
    EXPECT_EQ(request.prompt, "Why so?");
    EXPECT_NE(request.body.find(R"({"type":"thought","signature":"c2lnbmF0dXJl"})"),
              request.body.npos);
}

TEST_P(GoogleInteractions, TellsOfFailures) {
    provider_.on("busy", status(503)).on("busy", answer("now"));
    caller client = ask_it();
    EXPECT_EQ(client.ask(question("busy")).answer.text, "now");
    provider_.on("cut", answer("so far").finish_reason("requires_continuation"));
    const result cut = client.ask(question("cut"));
    EXPECT_EQ(cut.answer.finish, finish_reason::length);
    EXPECT_EQ(cut.answer.notes.size(), 1u);
    provider_.on("no", answer("").refusal("It may do harm."));
    const result withheld = client.ask(question("no"));
    EXPECT_EQ(withheld.code(), errc::refused);
    EXPECT_EQ(withheld.what(), "It may do harm.");
    provider_.on("lost", answer("one two three").close_in_event(6));
    EXPECT_NE(client.ask(question("lost").max_retries(0)).code(), errc{});
    provider_.on("late", answer("one two").error_in_stream(
                             R"({"event_type":"error","error":{"message":"gone"}})", 5));
    EXPECT_EQ(client.ask(question("late").max_retries(0)).what(), "gone");
}

}  // namespace
