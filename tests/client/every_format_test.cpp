// One conversation in every format: what the provider understood of it, and what came back, are the
// same whichever it was.

#include "every_format.hpp"
#include "calling.hpp"

#include <conclave/json/document.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;

using format_and_way = std::tuple<named_format, bool>;

class EveryFormat : public ::testing::TestWithParam<format_and_way> {
protected:
    /// What a model says to a question, streamed or whole.
    calling::result ask(scripted_reply reply, call what = call("m", "Why so?")) {
        if (!std::get<1>(GetParam())) reply.always_whole();
        provider.on("m", std::move(reply));
        client_options options = calling::options_for(provider.base_url());
        options.endpoints[0].format = std::get<0>(GetParam()).format;
        return calling::caller(std::move(options)).ask(std::move(what.max_retries(0)));
    }

    scripted_provider provider;
};

TEST_P(EveryFormat, AsksTheSame) {
    call what("m");
    what.instructions("Be brief.").max_tokens(100);
    what.output_schema(R"({"type":"object","properties":{"thing":{"type":"string"}},)"
                       R"("required":["thing"],"additionalProperties":false})");
    what.add(message("Who are you?"));
    what.add(message(message_role::assistant, "A model."));
    message shown("What is this?");
    shown.attach(attachment::image("image/png", "not really"));
    what.add(shown);
    const auto got = ask(answer("{}"), what);
    ASSERT_EQ(got.what(), "no error");
    const recorded_request seen = provider.requests().at(0);
    EXPECT_EQ(seen.model, "m");
    EXPECT_TRUE(seen.stream);
    EXPECT_NE(seen.instructions.find("Be brief."), std::string::npos);
    EXPECT_EQ(seen.prompt, "What is this?");
    EXPECT_NE(seen.body.find("A model."), std::string::npos);
    EXPECT_NE(seen.body.find("bm90IHJlYWxseQ=="), std::string::npos) << seen.body;
    EXPECT_NE(seen.output_schema.find("\"thing\""), std::string::npos) << seen.body;
}

TEST_P(EveryFormat, BringsTheSameAnswer) {
    const auto got =
        ask(answer("Bring an umbrella, “please”.").reasoning("Rain means wet.").usage(12, 9));
    ASSERT_EQ(got.what(), "no error");
    EXPECT_EQ(got.answer.text, "Bring an umbrella, “please”.");
    EXPECT_EQ(got.answer.reasoning, "Rain means wet.");
    EXPECT_EQ(got.answer.refusal, "");
    EXPECT_EQ(got.answer.finish, finish_reason::stop);
    EXPECT_EQ(got.answer.model, "m");
    EXPECT_NE(got.answer.id, "");
    EXPECT_NE(got.answer.request_id, "");
    ASSERT_TRUE(got.answer.usage);
    EXPECT_EQ(got.answer.usage->input_tokens, 12);
    EXPECT_EQ(got.answer.usage->output_tokens, 9);
    EXPECT_TRUE(got.answer.notes.empty());
    EXPECT_EQ(got.shown.find("Bring") != std::string::npos, true);
}

TEST_P(EveryFormat, KeepsWhatTheHeadOfTheReplySays) {
    const bool whole = !std::get<1>(GetParam());
    const auto got = ask(answer("yes")
                             .header("x-ratelimit-remaining-tokens", "990")
                             .header("x-opper-cost", "0.0125"));
    ASSERT_EQ(got.what(), "no error");
    ASSERT_EQ(got.answer.rate_limits.size(), 1U);
    EXPECT_EQ(got.answer.rate_limits[0].remaining, 990);
    // the head of a stream comes before there is anything to pay for
    EXPECT_EQ(got.answer.cost, whole ? std::optional(0.0125) : std::nullopt);
}

TEST_P(EveryFormat, CallsTheSameTools) {
    call what("m", "Weather?");
    what.add(tool("weather", "The weather in a city",
                  R"({"type":"object","properties":{"city":{"type":"string"}}})"));
    const auto got = ask(answer("Let me see.")
                             .tool_call("weather", R"({"city":"Oslo \"N\""})")
                             .tool_call("weather", "{}"),
                         what);
    ASSERT_EQ(got.what(), "no error");
    EXPECT_NE(provider.requests().at(0).body.find("The weather in a city"), std::string::npos);
    EXPECT_EQ(got.answer.text, "Let me see.");
    EXPECT_EQ(got.answer.finish, finish_reason::tool_calls);
    ASSERT_EQ(got.answer.tool_calls.size(), 2U);
    for (const tool_call& each : got.answer.tool_calls) {
        EXPECT_EQ(each.name, "weather");
        EXPECT_NE(each.id, "");
    }
    EXPECT_EQ(got.answer.tool_calls[0].arguments, R"({"city":"Oslo \"N\""})");
    EXPECT_EQ(got.answer.tool_calls[1].arguments, "{}");
}

TEST_P(EveryFormat, TakesTheToolsResults) {
    call what("m", "Weather?");
    what.add(tool("weather", "", R"({"type":"object"})"));
    message asked(message_role::assistant, "Let me see.");
    asked.call_tool({"call_1", "weather", R"({"city":"Oslo"})"});
    what.add(asked).add(message::tool_result("call_1", "rain"));
    const auto got = ask(answer("Bring an umbrella."), what);
    ASSERT_EQ(got.what(), "no error");
    const std::string body = provider.requests().at(0).body;
    for (const char* const part : {"Let me see.", "weather", "Oslo", "rain"})
        EXPECT_NE(body.find(part), std::string::npos) << part << " in " << body;
}

TEST_P(EveryFormat, SaysThatTheAnswerWasCutOff) {
    const auto got = ask(answer("Once upon a").finish_reason("length"));
    ASSERT_EQ(got.what(), "no error");
    EXPECT_EQ(got.answer.text, "Once upon a");
    EXPECT_EQ(got.answer.finish, finish_reason::length);
}

TEST_P(EveryFormat, TellsAFilteredAnswerFromOthers) {
    const auto got = ask(answer(std::vector<std::string>{}).finish_reason("content_filter"));
    EXPECT_EQ(got.code(), errc::refused) << got.what();
    EXPECT_EQ(got.answer.text, "");
}

TEST_P(EveryFormat, ReadsErrors) {
    const auto got = ask(status(429).retry_after(std::chrono::seconds(1)));
    EXPECT_EQ(got.code(), errc::http_status);
    EXPECT_EQ(got.failure.details().http_status, 429);
    EXPECT_TRUE(got.says("scripted failure")) << got.what();
    EXPECT_NE(got.failure.details().provider_code, "");
}

std::string way_name(const ::testing::TestParamInfo<format_and_way>& info) {
    return std::get<0>(info.param).name + (std::get<1>(info.param) ? "Streamed" : "Whole");
}

INSTANTIATE_TEST_SUITE_P(Speaks, EveryFormat,
                         ::testing::Combine(::testing::ValuesIn(every_format()), ::testing::Bool()),
                         way_name);

}  // namespace
