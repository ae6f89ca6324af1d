#include "calling.hpp"

#include <conclave/client/models.hpp>
#include <conclave/testing/schema_instance.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using wire::anthropic_messages;
using wire::anthropic_version;

client_options anthropic_options(const scripted_provider& provider,
                                 anthropic_messages format = {}) {
    client_options options;
    std::string url = provider.base_url();
    url.resize(url.rfind("/v1"));
    options.endpoints.emplace_back(url, canary, format);
    options.tls.ca_pem = provider.certificate_authority();
    return options;
}

result ask_anthropic_model(const scripted_provider& provider, call what = question(),
                           anthropic_messages format = {}) {
    return caller(anthropic_options(provider, format)).ask(std::move(what));
}

TEST(AnthropicCall, StreamsAnAnswer) {
    scripted_provider provider(provider_options().require_key(canary));
    provider.on("m", answer("Use Postgres for it.").reasoning("Let me").usage(12, 6).cost(0.25));
    for (const bool bearer : {false, true}) {
        const result got = ask_anthropic_model(provider, question(), {.bearer = bearer});
        ASSERT_EQ(got.code(), errc{}) << got.what();
        EXPECT_EQ(got.shown, "(Let)( me)Use Postgres for it.");
        EXPECT_EQ(got.answer.text, "Use Postgres for it.");
        EXPECT_EQ(got.answer.reasoning, "Let me");
        EXPECT_EQ(got.answer.finish, finish_reason::stop);
        ASSERT_TRUE(got.answer.usage);
        EXPECT_EQ(got.answer.usage->input_tokens, 12);
        EXPECT_EQ(got.answer.usage->output_tokens, 6);
        EXPECT_EQ(got.answer.usage->reasoning_tokens, 2);
        EXPECT_EQ(got.answer.cost, 0.25);
        EXPECT_EQ(got.answer.id, bearer ? "msg_2" : "msg_1");
        EXPECT_EQ(got.answer.request_id, bearer ? "req_2" : "req_1");
    }
    const auto sent = provider.requests().at(0);
    EXPECT_EQ(sent.target, "/v1/messages");
    EXPECT_EQ(sent.header.find("anthropic-version"), "2023-06-01");
    EXPECT_EQ(sent.header.find("x-api-key"), canary);
    EXPECT_EQ(sent.header.find("authorization"), std::nullopt);
}

TEST(AnthropicCall, WorksOverTlsInSegmentsOfAnySize) {
    scripted_provider provider(provider_options().tls());
    for (const std::size_t size : {1U, 7U, 1000U}) {
        provider.on("m" + std::to_string(size), answer("Größe zählt, 大小.").write_bytes(size));
        const result got = ask_anthropic_model(provider, question("m" + std::to_string(size)));
        EXPECT_EQ(got.answer.text, "Größe zählt, 大小.") << got.what();
    }
}

TEST(AnthropicCall, TakesAWholeReply) {
    scripted_provider provider;
    provider.on("m", answer("All at once.").reasoning("Hm.").always_whole().usage(3, 4));
    const result got = ask_anthropic_model(provider);
    ASSERT_EQ(got.code(), errc{}) << got.what();
    EXPECT_EQ(got.shown, "All at once.(Hm.)");
    EXPECT_EQ(got.answer.usage.value_or(usage()).output_tokens, 4);
    EXPECT_EQ(got.answer.id, "msg_1");
}

TEST(AnthropicCall, CallsAToolAndTakesItsResult) {
    scripted_provider provider;
    provider.on("m", answer("Let me look.")
                         .tool_call("weather", R"({"city":"Oslo","days":[1,2]})")
                         .tool_call("now", "{}"));
    provider.on("m", answer("Rain.").always_whole());
    caller client(anthropic_options(provider));
    call what = question();
    what.add(tool("weather", "The weather", R"({"type":"object","properties":{}})"));
    const result asked = client.ask(what);
    ASSERT_EQ(asked.code(), errc{}) << asked.what();
    EXPECT_EQ(asked.answer.finish, finish_reason::tool_calls);
    EXPECT_EQ(asked.answer.tool_calls,
              (std::vector<tool_call>{{"toolu_1_0", "weather", R"({"city":"Oslo","days":[1,2]})"},
                                      {"toolu_1_1", "now", "{}"}}));
    message said(message_role::assistant, asked.answer.text);
    for (const tool_call& each : asked.answer.tool_calls)
        said.call_tool(each);
    what.add(said);
    for (const tool_call& each : asked.answer.tool_calls)
        what.add(message::tool_result(each.id, "rain"));
    const result told = client.ask(what);
    EXPECT_EQ(told.answer.text, "Rain.") << told.what();
}

TEST(AnthropicCall, GoesOnThinkingAfterAToolsResult) {
    for (const bool whole : {false, true}) {
        scripted_provider provider;
        auto first = answer("Let me look.").reasoning("Rain matters.").tool_call("weather", "{}");
        provider.on("claude-haiku-4-5", whole ? first.always_whole() : first);
        provider.on("claude-haiku-4-5", answer("Rain."));
        caller client(anthropic_options(provider));
        call what("claude-haiku-4-5", "Weather?");
        what.reasoning(reasoning_effort::low).add(tool("weather", "", R"({"type":"object"})"));
        const result asked = client.ask(what);
        ASSERT_EQ(asked.code(), errc{}) << asked.what();
        what.add(message(asked.answer));
        what.add(message::tool_result(asked.answer.tool_calls.at(0).id, "rain"));
        const result told = client.ask(what);
        EXPECT_EQ(told.answer.text, "Rain.") << told.what();
        EXPECT_TRUE(told.answer.notes.empty());
        EXPECT_NE(provider.requests().at(1).body.find("budget_tokens"), std::string::npos);
    }
}

TEST(AnthropicCall, HasAnAnswerOfASchema) {
    scripted_provider provider;
    provider.on("m", answer_with([](const recorded_request& request) {
                    return schema_instance(request.output_schema);
                }));
    call what = question();
    what.output_schema(R"({"type":"object","properties":{"n":{"type":"integer","minimum":5}}})");
    EXPECT_EQ(ask_anthropic_model(provider, what).answer.text, R"({"n":1})");
    EXPECT_NE(provider.requests().at(0).output_schema.find("additionalProperties"),
              std::string::npos);
}

TEST(AnthropicCall, NeverSendsWhatTheVersionRefuses) {
    scripted_provider provider;
    provider.on("m", answer("x").finish_reason("pause_turn"));
    const result got = ask_anthropic_model(provider, question().temperature(0.5).top_p(1),
                                           {.version = anthropic_version::v2026_10_21});
    ASSERT_EQ(got.code(), errc{}) << got.what();
    EXPECT_EQ(got.answer.finish, finish_reason::length);
    ASSERT_EQ(got.answer.notes.size(), 3U);
    EXPECT_TRUE(got.answer.notes[0].starts_with("temperature was dropped"));
    EXPECT_TRUE(got.answer.notes[2].find("paused") != std::string::npos);
    EXPECT_EQ(provider.requests().at(0).header.find("anthropic-version"), "2026-10-21");
}

TEST(AnthropicCall, ReportsARefusalInTheModelsWords) {
    for (const bool whole : {false, true}) {
        scripted_provider provider;
        auto reply = answer("So far").refusal("I will not.").usage(1, 1);
        provider.on("m", whole ? reply.always_whole() : reply);
        const result got = ask_anthropic_model(provider);
        EXPECT_EQ(got.code(), errc::refused);
        EXPECT_EQ(got.failure.provider_message(), "I will not.");
        EXPECT_EQ(got.failure.provider_code(), "content_filter");
        EXPECT_NE(got.shown.find("{I will not.}"), std::string::npos) << got.shown;
        EXPECT_EQ(provider.requests().size(), 1U) << "it is not tried again";
    }
}

constexpr std::string_view overloaded =
    R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";

TEST(AnthropicCall, TriesAgainWhenTheProviderIsOverloaded) {
    scripted_provider provider;
    provider.on("status", status(529).header("retry-after-ms", "1"));
    provider.on("status", answer("fine"));
    provider.on("stream", answer("a b c").error_in_stream(std::string(overloaded), 5));
    provider.on("stream", answer("fine"));
    EXPECT_EQ(ask_anthropic_model(provider, question("status")).answer.text, "fine");
    const result streamed = ask_anthropic_model(provider, question("stream"));
    EXPECT_EQ(streamed.answer.text, "fine") << streamed.what();
    EXPECT_EQ(streamed.shown, "a b|fine");
}

TEST(AnthropicCall, TriesAgainWhenTheStreamEndsEarly) {
    scripted_provider provider;
    provider.on("m", answer("a b").close_in_event(6));
    provider.on("m", answer("fine"));
    EXPECT_EQ(ask_anthropic_model(provider).answer.text, "fine");
}

TEST(AnthropicCall, DoesNotWaitForMoney) {
    for (const std::string_view code :
         {"contract_spend_limit_reached", "enforced_spend_limit_reached",
          "linked_organization_spend_limit_reached"}) {
        scripted_provider provider;
        provider.on("m", status(429, R"({"type":"error","error":{"type":"rate_limit_error",)"
                                     R"("message":"Spent.","details":{"error_code":")" +
                                         std::string(code) + R"("}},"request_id":"req_of_body"})"));
        const result got = ask_anthropic_model(provider);
        EXPECT_EQ(got.failure.http_status(), 429);
        EXPECT_EQ(got.failure.provider_code(), code);
        EXPECT_EQ(got.failure.request_id(), "req_1");
        EXPECT_EQ(provider.requests().size(), 1U);
    }
}

TEST(AnthropicCall, ReportsAnErrorInTheProvidersWords) {
    scripted_provider provider;
    provider.on("m", status(400));
    const result got = ask_anthropic_model(provider);
    EXPECT_EQ(got.code(), errc::http_status);
    EXPECT_EQ(got.failure.provider_code(), "invalid_request_error");
    EXPECT_EQ(got.failure.provider_message(), "scripted failure");
    // behind a proxy that drops the header field, the body still has the id
    provider.on("bare", raw("HTTP/1.1 400 Bad\r\ncontent-length: 52\r\n\r\n"
                            R"({"type":"error","error":{},"request_id":"req_body"}  )"));
    EXPECT_EQ(ask_anthropic_model(provider, question("bare")).failure.request_id(), "req_body");
}

TEST(AnthropicCall, ListsTheModels) {
    scripted_provider provider(provider_options().require_key(canary));
    provider.on("claude-b", answer("")).on("claude-a", answer(""));
    caller client(anthropic_options(provider));
    std::vector<std::string> names;
    result outcome;
    const auto operation = [&]() -> asio::awaitable<void> {
        names = co_await list_models(client.via);
    };
    client.run(operation, std::nullopt, outcome);
    EXPECT_EQ(names, (std::vector<std::string>{"claude-a", "claude-b"})) << outcome.what();
    EXPECT_EQ(provider.requests().at(0).target, "/v1/models?limit=1000");
    EXPECT_EQ(provider.requests().at(0).header.find("anthropic-version"), "2023-06-01");
}

}  // namespace
