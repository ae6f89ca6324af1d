#include <conclave/wire/google_generate_content.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using conclave::completion;
using conclave::errc;
using conclave::finish_reason;
using conclave::wire::failure;
using conclave::wire::google_generate_content;

struct gemini_reply {
    completion answer;
    std::optional<failure> failed;
};

gemini_reply gemini_read(std::string_view body) {
    gemini_reply out;
    out.failed = google_generate_content::read_reply(body, out.answer);
    return out;
}

std::string gemini_body(std::string_view parts, std::string_view finish = "STOP",
                        std::string_view more = "") {
    return R"({"candidates":[{"content":{"parts":[)" + std::string(parts) +
           R"(],"role":"model"},"finishReason":")" + std::string(finish) + "\"" +
           std::string(more) +
           R"(,"index":0}],"modelVersion":"gemini-3-flash-001",)"
           R"("responseId":"r-1"})";
}

TEST(GoogleGenerateContentReply, IsReadWhole) {
    const gemini_reply out = gemini_read(
        R"({"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true},{"text":"Post"},)"
        R"({"text":"gr\u00e9s","thoughtSignature":"c2ln"}],"role":"model"},"finishReason":"STOP",)"
        R"("index":0}],"usageMetadata":{"promptTokenCount":12,"cachedContentTokenCount":4,)"
        R"("candidatesTokenCount":5,"thoughtsTokenCount":7,"toolUsePromptTokenCount":3,)"
        R"("totalTokenCount":27,"promptTokensDetails":[{"modality":"TEXT","tokenCount":9},)"
        R"({"modality":"AUDIO","tokenCount":3}]},"modelVersion":"gemini-3-flash-001",)"
        R"("responseId":"r-1"})");
    ASSERT_FALSE(out.failed);
    EXPECT_EQ(out.answer.text, "Postgrés");
    EXPECT_EQ(out.answer.reasoning, "Hm.");
    EXPECT_EQ(out.answer.finish, finish_reason::stop);
    EXPECT_EQ(out.answer.id, "r-1");
    EXPECT_EQ(out.answer.model, "gemini-3-flash-001");
    ASSERT_TRUE(out.answer.usage);
    EXPECT_EQ(out.answer.usage->input_tokens, 15);
    EXPECT_EQ(out.answer.usage->output_tokens, 12);
    EXPECT_EQ(out.answer.usage->reasoning_tokens, 7);
    EXPECT_EQ(out.answer.usage->cache_read_tokens, 4);
    EXPECT_EQ(out.answer.usage->input_audio_tokens, 3);
    EXPECT_FALSE(out.answer.usage->output_audio_tokens);
}

TEST(GoogleGenerateContentReply, HasToolCallsWithTheirArgumentsAsText) {
    const gemini_reply out = gemini_read(gemini_body(
        R"({"functionCall":{"name":"weather","args":{"city": "Oslo","days":[1, 2]},"id":"fc-1"},)"
        R"("thoughtSignature":"c2ln"},{"functionCall":{"name":"time"}})"));
    ASSERT_FALSE(out.failed);
    EXPECT_EQ(out.answer.finish, finish_reason::tool_calls);
    EXPECT_EQ(
        out.answer.tool_calls,
        (std::vector<conclave::tool_call>{
            {"fc-1", "weather", R"({"city": "Oslo","days":[1, 2]})", "c2ln"}, {"", "time", "{}"}}));
}

TEST(GoogleGenerateContentReply, SaysWhyTheModelStopped) {
    const auto finish = [](std::string_view word) {
        const gemini_reply out = gemini_read(gemini_body(R"({"text":"x"})", word));
        EXPECT_FALSE(out.failed) << word;
        EXPECT_EQ(out.answer.text, "x");
        return out.answer;
    };
    EXPECT_EQ(finish("STOP").finish, finish_reason::stop);
    EXPECT_TRUE(finish("STOP").notes.empty());
    EXPECT_EQ(finish("MAX_TOKENS").finish, finish_reason::length);
    for (const std::string_view filter :
         {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
          "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER"}) {
        const completion answer = finish(filter);
        EXPECT_EQ(answer.finish, finish_reason::content_filter) << filter;
        EXPECT_EQ(answer.notes.size(), 1U);
    }
    for (const std::string_view other : {"OTHER", "LANGUAGE", "NO_IMAGE", "NEW_ONE"}) {
        const completion answer = finish(other);
        EXPECT_EQ(answer.finish, finish_reason::unknown) << other;
        ASSERT_EQ(answer.notes.size(), 1U);
        EXPECT_EQ(answer.notes[0], "the model stopped early: " + std::string(other));
    }
    EXPECT_EQ(finish("FINISH_REASON_UNSPECIFIED").finish, finish_reason::unknown);
}

TEST(GoogleGenerateContentReply, IsNeverSilentlyCutOff) {
    const gemini_reply out = gemini_read(
        gemini_body(R"({"text":"so far"})", "CONTINUATION", R"(,"continuationToken":"abc")"));
    ASSERT_FALSE(out.failed);
    EXPECT_EQ(out.answer.finish, finish_reason::length);
    ASSERT_EQ(out.answer.notes.size(), 1U);
    EXPECT_NE(out.answer.notes[0].find("incomplete"), std::string::npos);
}

TEST(GoogleGenerateContentReply, TellsAWithheldAnswerInTheProvidersWords) {
    const gemini_reply out =
        gemini_read(gemini_body("", "SAFETY", R"(,"finishMessage":"It may do harm.")"));
    ASSERT_FALSE(out.failed);
    EXPECT_EQ(out.answer.finish, finish_reason::content_filter);
    EXPECT_EQ(out.answer.refusal, "It may do harm.");
    const gemini_reply blocked =
        gemini_read(R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":)"
                    R"({"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"m"})");
    ASSERT_FALSE(blocked.failed);
    EXPECT_EQ(blocked.answer.finish, finish_reason::content_filter);
    EXPECT_EQ(blocked.answer.notes,
              std::vector<std::string>{"the prompt was blocked: PROHIBITED_CONTENT"});
    EXPECT_EQ(blocked.answer.usage->input_tokens, 9);
}

TEST(GoogleGenerateContentReply, FailsWhereTheModelBrokeTheFormat) {
    for (const std::string_view word : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
                                        "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"}) {
        const gemini_reply out =
            gemini_read(gemini_body("", word, R"(,"finishMessage":"print(weather(")"));
        ASSERT_TRUE(out.failed) << word;
        EXPECT_EQ(out.failed->code, errc::provider_error);
        EXPECT_EQ(out.failed->provider_code, word);
        EXPECT_EQ(out.failed->message, std::string(word) + ": print(weather(");
    }
}

TEST(GoogleGenerateContentReply, FailsWithoutACandidateOrJson) {
    EXPECT_EQ(gemini_read("{}").failed->code, errc::malformed_reply);
    EXPECT_EQ(gemini_read(R"({"candidates":[]})").failed->code, errc::malformed_reply);
    EXPECT_EQ(gemini_read("<html>").failed->code, errc::malformed_json);
    EXPECT_EQ(gemini_read("[]").failed->code, errc::malformed_json);
    EXPECT_EQ(gemini_read("").failed->code, errc::malformed_json);
}

TEST(GoogleGenerateContentReply, ThatTellsOfAnErrorIsOne) {
    for (const std::string_view body :
         {R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})",
          R"([{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}])"}) {
        const gemini_reply out = gemini_read(body);
        ASSERT_TRUE(out.failed);
        EXPECT_EQ(out.failed->code, errc::provider_error);
        EXPECT_EQ(out.failed->status, 503);
        EXPECT_EQ(out.failed->provider_code, "UNAVAILABLE");
        EXPECT_EQ(out.failed->message, "overloaded");
    }
}

TEST(GoogleGenerateContentReply, SaysHowLongToWait) {
    const auto wait = [](std::string_view delay) {
        return google_generate_content::read_error(
                   429, R"({"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED",)"
                        R"("details":[{"@type":"type.googleapis.com/google.rpc.Help"},7,)"
                        R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
                            std::string(delay) + R"("}]}})")
            .retry_after;
    };
    using std::chrono::milliseconds;
    EXPECT_EQ(wait("22s"), milliseconds(22'000));
    EXPECT_EQ(wait("0.5s"), milliseconds(500));
    EXPECT_EQ(wait("22m"), milliseconds(1'320'000));  // as in the fields of rate limits
    for (const std::string_view nonsense : {"", "s", "22", "-1s", "nans", "infs", "1e300s", "22x"})
        EXPECT_FALSE(wait(nonsense)) << nonsense;
}

TEST(GoogleGenerateContentReply, TakesCountsForCountsAndNothingElse) {
    const auto used = [](std::string_view usage) {
        const std::string body = gemini_body("");
        const gemini_reply out = gemini_read(body.substr(0, body.size() - 1) +
                                             ",\"usageMetadata\":" + std::string(usage) + "}");
        EXPECT_FALSE(out.failed);
        return out.answer.usage;
    };
    EXPECT_FALSE(used("null"));
    EXPECT_FALSE(used("{}"));
    EXPECT_FALSE(used(R"({"promptTokenCount":-1})"));
    EXPECT_FALSE(used(R"({"promptTokenCount":"7"})"));
    EXPECT_FALSE(used(R"({"candidatesTokenCount":1e30})"));
    EXPECT_EQ(used(R"({"promptTokenCount":7})")->output_tokens, 0);
}

TEST(GoogleGenerateContentReply, TakesABoundedNumberOfToolCalls) {
    std::string parts = R"({"functionCall":{"name":"t"}})";
    for (int i = 0; i < 127; ++i)
        parts += R"(,{"functionCall":{"name":"t"}})";
    EXPECT_EQ(gemini_read(gemini_body(parts)).answer.tool_calls.size(), 128U);
    parts += R"(,{"functionCall":{"name":"t"}})";
    EXPECT_EQ(gemini_read(gemini_body(parts)).failed->code, errc::malformed_reply);
}

}  // namespace
