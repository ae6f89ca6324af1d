#include <conclave/wire/google_interactions.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using conclave::completion;
using conclave::errc;
using conclave::finish_reason;

struct interaction_reply {
    completion answer;
    std::optional<conclave::wire::failure> failed;
};

interaction_reply interaction_read(std::string_view body) {
    interaction_reply out;
    out.failed = conclave::wire::google_interactions::read_reply(body, out.answer);
    return out;
}

std::string interaction_of(std::string_view ended_as, std::string_view more = "") {
    return R"({"id":"v1_a","status":")" + std::string(ended_as) +
           R"(","model":"m","steps":[{"type":"model_output","content":[)"
           R"({"type":"text","text":"so far"}]}])" +
           std::string(more) + "}";
}

TEST(GoogleInteractionsReply, IsReadInTheNewShape) {
    const interaction_reply out = interaction_read(
        R"({"id":"v1_a","object":"interaction","status":"requires_action","model":"gemini-3-flash",)"
        R"("steps":[{"type":"user_input","content":[{"type":"text","text":"not this"}]},)"
        R"({"type":"thought","summary":[{"type":"text","text":"H"},{"type":"text","text":"m"}],)"
        R"("signature":"c2ln"},{"type":"model_output","content":[{"type":"text","text":"a"},)"
        R"({"type":"image","data":"QQ=="},{"type":"text","text":"\u00e9"}]},)"
        R"({"type":"function_call","id":"f1","name":"weather","arguments":{"city": "Oslo"}},)"
        R"({"type":"function_call","id":"f2","name":"time","arguments":{}},)"
        R"({"type":"google_search_call","id":"g","arguments":{"q":"x"}}],)"
        R"("usage":{"total_tokens":349,"total_input_tokens":11,"input_tokens_by_modality":)"
        R"([{"modality":"text","tokens":9},{"modality":"audio","tokens":2}],)"
        R"("total_cached_tokens":4,"total_output_tokens":90,"total_tool_use_tokens":3,)"
        R"("total_thought_tokens":245}})");
    ASSERT_FALSE(out.failed);
    EXPECT_EQ(out.answer.id, "v1_a");
    EXPECT_EQ(out.answer.model, "gemini-3-flash");
    EXPECT_EQ(out.answer.text, "aé");
    EXPECT_EQ(out.answer.reasoning, "Hm");
    EXPECT_EQ(out.answer.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.answer.tool_calls,
              (std::vector<conclave::tool_call>{{"f1", "weather", R"({"city": "Oslo"})", "c2ln"},
                                                {"f2", "time", "{}"}}));
    ASSERT_TRUE(out.answer.usage);
    EXPECT_EQ(out.answer.usage->input_tokens, 14);
    EXPECT_EQ(out.answer.usage->output_tokens, 335);
    EXPECT_EQ(out.answer.usage->reasoning_tokens, 245);
    EXPECT_EQ(out.answer.usage->cache_read_tokens, 4);
    EXPECT_EQ(out.answer.usage->input_audio_tokens, 2);
}

TEST(GoogleInteractionsReply, IsReadInTheOlderShape) {
    const interaction_reply out = interaction_read(
        R"({"id":"v1_a","status":"completed","error":null,"outputs":[)"
        R"({"type":"thought","signature":"c2ln","summary":[{"type":"text","text":"Hm"}]},)"
        R"({"type":"text","text":"one"},{"type":"text","text":" two"},)"
        R"({"type":"function_call","id":"f","name":"t","args":{"n":1}}],"usage":{"total_tokens":9}})");
    ASSERT_FALSE(out.failed);
    EXPECT_EQ(out.answer.text, "one two");
    EXPECT_EQ(out.answer.reasoning, "Hm");
    EXPECT_EQ(out.answer.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.answer.tool_calls.at(0).arguments, R"({"n":1})");
    EXPECT_FALSE(out.answer.usage);
}

TEST(GoogleInteractionsReply, SaysHowItEnded) {
    const auto ended = [](std::string_view ended_as) {
        const interaction_reply out = interaction_read(interaction_of(ended_as));
        EXPECT_FALSE(out.failed) << ended_as;
        EXPECT_EQ(out.answer.text, "so far");
        return out.answer;
    };
    EXPECT_EQ(ended("completed").finish, finish_reason::stop);
    EXPECT_TRUE(ended("completed").notes.empty());
    for (const std::string_view cut : {"incomplete", "budget_exceeded", "requires_continuation"}) {
        const completion answer = ended(cut);
        EXPECT_EQ(answer.finish, finish_reason::length) << cut;
        ASSERT_EQ(answer.notes.size(), 1U);
        EXPECT_NE(answer.notes[0].find("incomplete"), std::string::npos);
    }
    EXPECT_EQ(ended("something_new").finish, finish_reason::unknown);
    EXPECT_EQ(ended("something_new").notes.size(), 1U);
    EXPECT_EQ(ended("").finish, finish_reason::unknown);
}

TEST(GoogleInteractionsReply, ThatIsNoAnswerIsAFailure) {
    for (const std::string_view ended_as : {"failed", "cancelled", "in_progress", "queued"}) {
        const interaction_reply out = interaction_read(interaction_of(ended_as));
        ASSERT_TRUE(out.failed) << ended_as;
        EXPECT_EQ(out.failed->code, errc::provider_error);
        EXPECT_EQ(out.failed->provider_code, ended_as);
        EXPECT_EQ(out.failed->message, "the interaction is " + std::string(ended_as));
    }
    const interaction_reply out = interaction_read(
        interaction_of("failed", R"(,"errors":[{"code":"UNAVAILABLE","message":"overloaded"}])"));
    EXPECT_EQ(out.failed->provider_code, "UNAVAILABLE");
    EXPECT_EQ(out.failed->message, "overloaded");
    EXPECT_EQ(interaction_read(R"({"error":{"code":503,"message":"overloaded"}})").failed->status,
              503);
    EXPECT_EQ(interaction_read(R"([{"error":{"code":503,"message":"x"}}])").failed->status, 503);
    EXPECT_EQ(interaction_read("{}").failed->code, errc::malformed_reply);
    EXPECT_EQ(interaction_read("x").failed->code, errc::malformed_json);
}

TEST(GoogleInteractionsReply, TellsAWithheldAnswer) {
    const interaction_reply out = interaction_read(
        R"({"id":"v1_a","status":"failed","errors":[{"code":"SAFETY","message":"It may do harm."}]})");
    ASSERT_FALSE(out.failed);
    EXPECT_EQ(out.answer.finish, finish_reason::content_filter);
    EXPECT_EQ(out.answer.refusal, "It may do harm.");
    const interaction_reply part = interaction_read(interaction_of(
        "failed", R"(,"errors":[{"code":"https://a.test/errors/prohibited_content"}])"));
    EXPECT_EQ(part.answer.finish, finish_reason::content_filter);
    EXPECT_EQ(part.answer.text, "so far");
}

TEST(GoogleInteractionsReply, HasABoundedNumberOfToolCalls) {
    std::string steps;
    for (int i = 0; i < 129; ++i)
        steps += R"({"type":"function_call","name":"t"},)";
    const interaction_reply out =
        interaction_read(R"({"status":"completed","steps":[)" + steps + R"({"type":"text"}]})");
    EXPECT_EQ(out.failed->code, errc::malformed_reply);
}

}  // namespace
