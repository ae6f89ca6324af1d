#include "calling.hpp"

#include <conclave/json/document.hpp>
#include <conclave/wire/responses.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

// Both dialects, as OpenAI and Opper have them.
std::vector<wire::responses> both_dialects() {
    return {{}, {.speaks = wire::responses::dialect::open_responses, .path = "/openresponses"}};
}

client_options speaking(const wire::responses& format, const scripted_provider& provider) {
    client_options options;
    options.endpoints.emplace_back(provider.base_url(), canary, format);
    return options;
}

TEST(ResponsesCall, StreamsAnAnswerInBothDialects) {
    for (const wire::responses& format : both_dialects()) {
        scripted_provider provider(provider_options().require_key(canary));
        provider.on("m", answer("Größe zählt, 大小.").reasoning("Let me").usage(12, 4).cost(0.25));
        caller client(speaking(format, provider));
        const result got = client.ask(question().instructions("Be brief."));
        ASSERT_EQ(got.code(), errc{}) << got.what();
        EXPECT_EQ(got.shown, "(Let)( me)Größe zählt, 大小.");
        EXPECT_EQ(got.answer.text, "Größe zählt, 大小.");
        EXPECT_EQ(got.answer.reasoning, "Let me");
        EXPECT_EQ(got.answer.finish, finish_reason::stop);
        EXPECT_EQ(got.answer.cost, 0.25);
        EXPECT_EQ(got.answer.model, "m");
        EXPECT_EQ(got.answer.id, "resp_1");
        EXPECT_EQ(got.answer.request_id, "req_1");
        ASSERT_TRUE(got.answer.usage);
        EXPECT_EQ(got.answer.usage->input_tokens, 12);
        EXPECT_EQ(got.answer.usage->output_tokens, 4);
        EXPECT_EQ(got.answer.usage->reasoning_tokens, 2);
        ASSERT_TRUE(got.answer.details);
        EXPECT_EQ(got.answer.details->instructions, "Be brief.");
        const auto requests = provider.requests();
        EXPECT_TRUE(std::string_view(requests.at(0).target).ends_with(format.path));
        EXPECT_EQ(requests.at(0).instructions, "Be brief.");
        EXPECT_EQ(requests.at(0).prompt, "Why so?");
        EXPECT_EQ(client.ask(question()).code(), errc{});
        EXPECT_EQ(provider.connections(), 1u) << "a stream leaves its connection fit for another";
    }
}

TEST(ResponsesCall, TakesAWholeReply) {
    for (const wire::responses& format : both_dialects()) {
        scripted_provider provider;
        provider.on("m", answer("All at once.").reasoning("Hm.").always_whole().usage(3, 4));
        const result got = caller(speaking(format, provider)).ask(question());
        ASSERT_EQ(got.code(), errc{}) << got.what();
        EXPECT_EQ(got.shown, "All at once.(Hm.)");
        EXPECT_EQ(got.answer.id, "resp_1");
        EXPECT_EQ(got.answer.request_id, "req_1");
        EXPECT_EQ(got.answer.usage.value_or(usage()).output_tokens, 4);
    }
}

TEST(ResponsesCall, BringsToolCalls) {
    for (const bool whole : {false, true}) {
        for (const wire::responses& format : both_dialects()) {
            scripted_provider provider;
            auto reply = answer("").reasoning("Hm.").tool_call("weather", R"({"city":"Oslo"})");
            reply.tool_call("time", "{}");
            provider.on("m", whole ? reply.always_whole() : reply);
            call what = question();
            what.add(tool("weather", "In a city", R"({"type":"object"})"));
            what.add(tool("time", "", R"({"type":"object"})"));
            const result got = caller(speaking(format, provider)).ask(what);
            ASSERT_EQ(got.code(), errc{}) << got.what();
            EXPECT_EQ(got.answer.finish, finish_reason::tool_calls);
            EXPECT_EQ(got.answer.tool_calls,
                      (std::vector<tool_call>{{"call_1_0", "weather", R"({"city":"Oslo"})"},
                                              {"call_1_1", "time", "{}"}}));
            ASSERT_TRUE(got.answer.details);
            EXPECT_EQ(got.answer.details->tools.size(), 2u);
        }
    }
}

TEST(ResponsesCall, SendsEncryptedReasoningBackWithAToolsResult) {
    for (const bool whole : {false, true}) {
        scripted_provider provider;
        auto first = answer("").reasoning("Hm.").tool_call("weather", "{}");
        provider.on("m", whole ? first.always_whole() : first);
        provider.on("m", answer("Rain."));
        wire::responses format;
        format.options.include = {"reasoning.encrypted_content"};
        caller client(speaking(format, provider));
        call what = question();
        what.add(tool("weather", "", R"({"type":"object"})"));
        const result asked = client.ask(what);
        ASSERT_EQ(asked.code(), errc{}) << asked.what();
        ASSERT_EQ(asked.answer.reasoning_parts.size(), 1u);
        what.add(message(asked.answer));
        what.add(message::tool_result(asked.answer.tool_calls.at(0).id, "rain"));
        EXPECT_EQ(client.ask(what).answer.text, "Rain.");
        EXPECT_NE(provider.requests().at(1).body.find(R"("encrypted_content":"gAAAA)"),
                  std::string::npos);
    }
}

TEST(ResponsesCall, SendsTheSchemaOfAStructuredAnswer) {
    scripted_provider provider;
    provider.on("m", choice("B"));
    call what = question();
    what.output_schema(R"({"type":"object","required":["choice"]})");
    const result got = caller(speaking({}, provider)).ask(what);
    EXPECT_EQ(got.answer.text, R"({"choice":"B"})") << got.what();
    EXPECT_EQ(provider.requests().at(0).output_schema,
              R"({"type":"object","required":["choice"]})");
}

TEST(ResponsesCall, TellsRefusalFilterLimitAndFailureApart) {
    scripted_provider provider;
    provider.on("refuses", answer("").refusal("I will not."));
    provider.on("filtered", answer("").finish_reason("content_filter"));
    provider.on("long", answer("So far").finish_reason("length"));
    provider.on("fails", answer("a b").error_in_stream(R"({"type":"error","code":"invalid_prompt",)"
                                                       R"("message":"not this","param":null})",
                                                       6));
    caller client(speaking({}, provider));
    const result refused = client.ask(question("refuses"));
    EXPECT_EQ(refused.code(), errc::refused);
    EXPECT_EQ(refused.what(), "I will not.");
    EXPECT_EQ(refused.shown, "{I will not.}");
    const result filtered = client.ask(question("filtered"));
    EXPECT_EQ(filtered.code(), errc::refused);
    EXPECT_EQ(filtered.failure.provider_code(), "content_filter");
    const result cut = client.ask(question("long"));
    EXPECT_EQ(cut.code(), errc{});
    EXPECT_EQ(cut.answer.finish, finish_reason::length);
    const result failed = client.ask(question("fails"));
    EXPECT_EQ(failed.code(), errc::provider_error);
    EXPECT_TRUE(failed.says("not this")) << failed.what();
    EXPECT_EQ(failed.failure.provider_code(), "invalid_prompt");
    EXPECT_EQ(failed.shown, "a b");
}

TEST(ResponsesCall, IsTriedAgainWhenTheStreamBreaksOffOrTheServerIsBusy) {
    for (const wire::responses& format : both_dialects()) {
        scripted_provider provider;
        provider.on("m", answer("one two").close_in_event(6)).on("m", answer("three"));
        provider.on("busy", status(503)).on("busy", answer("four"));
        caller client(speaking(format, provider));
        const result cut = client.ask(question());
        EXPECT_EQ(cut.answer.text, "three") << cut.what();
        EXPECT_NE(cut.shown.find("|three"), std::string::npos) << cut.shown;
        EXPECT_EQ(client.ask(question("busy")).answer.text, "four");
    }
}

TEST(ResponsesCall, SendsOppersHeaderFieldsAndRefusesThoseThatAreNone) {
    scripted_provider provider;
    provider.on("m", answer("x"));
    wire::responses format = both_dialects()[1];
    format.opper.name = "panel";
    format.opper.guard_input = {"pii", "secrets"};
    format.opper.action = wire::guard_action::block;
    const result got = caller(speaking(format, provider)).ask(question());
    EXPECT_EQ(got.code(), errc{}) << got.what();
    const auto requests = provider.requests();
    const auto& header = requests.at(0).header;
    EXPECT_EQ(header.find("x-opper-name"), "panel");
    EXPECT_EQ(header.find("x-opper-guard-input"), "pii,secrets");
    EXPECT_EQ(header.find("x-opper-guard-action"), "block");
    EXPECT_FALSE(header.find("x-opper-guard-output"));
    format.opper.guard_output = {"toxicity\r\nX-Evil: 1"};
    const result refused = caller(speaking(format, provider)).ask(question());
    EXPECT_EQ(refused.code(), errc::invalid_header);
    EXPECT_TRUE(refused.says("X-Opper-Guard-Output")) << refused.what();
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(ResponsesCall, NotesWhatItCouldNotSend) {
    scripted_provider provider;
    provider.on("m", answer("x"));
    const result got = caller(speaking({.without_sampling = {"m"}}, provider))
                           .ask(question().temperature(1).max_tokens(1));
    EXPECT_EQ(got.answer.notes.size(), 2u) << got.what();
}

TEST(ResponsesProvider, HidesTheSizesOfPiecesUnlessAskedNotTo) {
    wire::responses format;
    for (const bool without : {true, false}) {
        scripted_provider provider;
        provider.on("m", answer("a b c"));
        format.without_obfuscation = without;
        caller client(speaking(format, provider));
        EXPECT_EQ(client.ask(question()).answer.text, "a b c");
        EXPECT_EQ(provider.requests().at(0).body.find("include_obfuscation") != std::string::npos,
                  without);
    }
}

TEST(ResponsesProvider, SaysWhatIsWrongWithARequest) {
    scripted_provider provider;
    const result got = caller(speaking({}, provider)).ask(question("unknown"));
    EXPECT_EQ(got.code(), errc::http_status);
    EXPECT_EQ(got.failure.http_status(), 404);
    EXPECT_TRUE(got.says("no such model")) << got.what();

    provider.on("m", answer("yes"));
    const auto refused = [&](const std::string& reasoning) {
        completion earlier;
        earlier.text = "x";
        reasoning_part& part = earlier.reasoning_parts.emplace_back();
        part.from = reasoning_part::format::responses;
        part.text_before = 1;
        part.json = R"({"type":"reasoning","id":"rs_1","summary":[])" + reasoning + "}";
        return caller(speaking({}, provider)).ask(question().add(message(earlier)));
    };
    EXPECT_TRUE(refused("").says("not found"));
    EXPECT_TRUE(refused(R"(,"encrypted_content":"forged")").says("could not be verified"));
    EXPECT_TRUE(refused(R"(,"encrypted_content":"gAAAAABc2NyaXB0ZWQgdGhvdWdodHM=")")
                    .says("without its required following item"));
}

}  // namespace
