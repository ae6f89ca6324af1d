#include <conclave/wire/google_generate_content.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "wire/reading_streams.hpp"

namespace {

using conclave::errc;
using conclave::finish_reason;
using gemini_status = conclave::wire::stream_status;
using gemini_outcome = conclave::testing::stream_outcome;
using gemini_reader = conclave::wire::google_generate_content::stream_reader;

gemini_outcome gemini_stream(std::string_view stream) {
    return conclave::testing::read_stream<gemini_reader>(stream);
}

std::string gemini_frame(std::string_view json) {
    return "data: " + std::string(json) + "\r\n\r\n";
}
std::string gemini_chunk(std::string_view parts, int counted, std::string_view finish = "") {
    return gemini_frame(
        R"({"candidates": [{"content": {"parts": [)" + std::string(parts) +
        R"(],"role": "model"},)" + std::string(finish) +
        R"("index": 0}],"usageMetadata": {"promptTokenCount": 7,"candidatesTokenCount": )" +
        std::to_string(counted) + R"(,"totalTokenCount": )" + std::to_string(7 + counted) +
        R"(},"modelVersion": "gemini-2.5-pro","responseId": "r-1"})");
}
std::string gemini_text(std::string_view text, int counted) {
    return gemini_chunk(R"({"text": ")" + std::string(text) + R"("})", counted);
}
std::string gemini_end(std::string_view finish, int counted = 9) {
    return gemini_chunk(R"({"text": ""})", counted,
                        R"("finishReason": ")" + std::string(finish) + R"(",)");
}

TEST(GoogleGenerateContentStream, IsReadPieceByPiece) {
    const gemini_outcome out =
        gemini_stream(gemini_chunk(R"({"text": "Hm","thought": true})", 0) +
                      gemini_text("Post", 1) + gemini_text("gre\\u00e9 \\\"SQL\\\"\\n", 4) +
                      gemini_text("🦊", 5) + gemini_text("!", 12) + gemini_end("STOP", 21));
    EXPECT_EQ(out.end, gemini_status::done);
    EXPECT_EQ(out.reasoning, "Hm");
    EXPECT_EQ(out.text, "Postgreé \"SQL\"\n🦊!");
    EXPECT_EQ(out.pieces, 5U);
    EXPECT_EQ(out.result.finish, finish_reason::stop);
    EXPECT_EQ(out.result.id, "r-1");
    EXPECT_EQ(out.result.model, "gemini-2.5-pro");
    ASSERT_TRUE(out.result.usage);
    EXPECT_EQ(out.result.usage->input_tokens, 7);
    EXPECT_EQ(out.result.usage->output_tokens, 21);
}

TEST(GoogleGenerateContentStream, IsReadByTemplates) {
    gemini_reader answer;
    conclave::sse::parser events;
    conclave::delta piece;
    std::string stream;
    for (int i = 0; i < 50; ++i)
        stream += gemini_text("word", i);
    events.feed(stream, [&](const conclave::sse::event& event) { answer.read(event, piece); });
    EXPECT_GT(answer.templates().hits(), 40U);
    EXPECT_EQ(answer.result().text.size(), 200U);
}

TEST(GoogleGenerateContentStream, JoinsThePartsOfAChunk) {
    const gemini_outcome out = gemini_stream(
        gemini_chunk(R"({"text": "a","thought": true},{"text": "b"},{"text": "c","thought": true},)"
                     R"({"text": "d"},{"inlineData": {"data": "QQ=="}},{"text": "e"})",
                     1) +
        gemini_end("STOP"));
    EXPECT_EQ(out.reasoning, "ac");
    EXPECT_EQ(out.text, "bde");
    EXPECT_EQ(out.pieces, 1U);
}

TEST(GoogleGenerateContentStream, TakesToolCallsWhole) {
    const gemini_outcome out = gemini_stream(
        gemini_text("Let me see.", 1) +
        gemini_chunk(R"({"functionCall": {"name": "weather","args": {"city": "Oslo"},"id": "a"},)"
                     R"("thoughtSignature": "c2ln"},{"functionCall": {"name": "time","args": {}}})",
                     5) +
        gemini_chunk(R"({"functionCall": {"args": {"n": [1, "}"]},"name": "more"}})", 6) +
        gemini_end("STOP"));
    EXPECT_EQ(out.end, gemini_status::done);
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.result.tool_calls,
              (std::vector<conclave::tool_call>{{"a", "weather", R"({"city": "Oslo"})", "c2ln"},
                                                {"", "time", "{}"},
                                                {"", "more", R"({"n": [1, "}"]})"}}));
    std::string many;
    for (int i = 0; i < 129; ++i)
        many += gemini_chunk(R"({"functionCall": {"name": "t"}})", i);
    EXPECT_EQ(conclave::testing::read_parts<gemini_reader>({many}).error.code,
              errc::malformed_reply);
}

TEST(GoogleGenerateContentStream, WithoutAReasonToStopIsCutOff) {
    const gemini_outcome out = gemini_stream(gemini_text("so ", 1) + gemini_text("far", 2));
    EXPECT_EQ(out.end, gemini_status::failed);
    EXPECT_EQ(out.error.code, errc::truncated_stream);
    EXPECT_EQ(out.result.text, "so far");
    EXPECT_FALSE(out.result.usage) << "a running total is not what was used in the end";
    EXPECT_EQ(gemini_stream("").error.code, errc::truncated_stream);
    EXPECT_EQ(gemini_stream(gemini_text("x", 1) + "data: {\"candidates\": [{\"con").error.code,
              errc::truncated_stream);
}

TEST(GoogleGenerateContentStream, GoesOnBehindAReasonToStop) {
    const std::string ended = R"("finishReason": "STOP",)";
    const gemini_outcome out = gemini_stream(gemini_chunk(R"({"text": "a"})", 1, ended) +
                                             gemini_chunk(R"({"text": "b"})", 2, ended));
    EXPECT_EQ(out.end, gemini_status::done);
    EXPECT_EQ(out.text, "ab");
    EXPECT_EQ(out.result.usage->output_tokens, 2);
}

TEST(GoogleGenerateContentStream, TellsHowItEnded) {
    EXPECT_EQ(gemini_stream(gemini_text("x", 1) + gemini_end("MAX_TOKENS")).result.finish,
              finish_reason::length);
    const gemini_outcome cut = gemini_stream(gemini_text("x", 1) + gemini_end("CONTINUATION"));
    EXPECT_EQ(cut.result.finish, finish_reason::length);
    EXPECT_EQ(cut.result.notes.size(), 1U);
    EXPECT_EQ(gemini_stream(gemini_text("x", 1) + gemini_end("SAFETY")).result.finish,
              finish_reason::content_filter);
    const std::string filtered =
        gemini_chunk("", 1, R"("finishReason": "SPII","finishMessage": "A name.",)");
    EXPECT_EQ(gemini_stream(filtered).refusal, "A name.");
    const gemini_outcome rest = gemini_stream(gemini_text("x", 1) + filtered);
    EXPECT_EQ(rest.refusal, "") << "there is an answer";
    EXPECT_EQ(rest.result.notes,
              std::vector<std::string>{"withheld by the provider: SPII: A name."});
    const gemini_outcome malformed = gemini_stream(gemini_end("MALFORMED_FUNCTION_CALL"));
    EXPECT_EQ(malformed.end, gemini_status::failed);
    EXPECT_EQ(malformed.error.provider_code, "MALFORMED_FUNCTION_CALL");
    const gemini_outcome blocked = gemini_stream(
        gemini_frame(R"({"promptFeedback": {"blockReason": "SAFETY","blockReasonMessage": "No."},)"
                     R"("usageMetadata": {"promptTokenCount": 7,"totalTokenCount": 7}})"));
    EXPECT_EQ(blocked.end, gemini_status::done);
    EXPECT_EQ(blocked.result.finish, finish_reason::content_filter);
    EXPECT_EQ(blocked.refusal, "No.");
    EXPECT_EQ(blocked.result.usage->input_tokens, 7);
}

TEST(GoogleGenerateContentStream, EndsWithAnErrorInAFrame) {
    for (const std::string_view body :
         {R"({"error": {"code": 503,"message": "overloaded","status": "UNAVAILABLE"}})",
          R"([{"error": {"code": 503,"message": "overloaded","status": "UNAVAILABLE"}}])"}) {
        const gemini_outcome out =
            gemini_stream(gemini_text("x", 1) + gemini_frame(body) + gemini_end("STOP"));
        EXPECT_EQ(out.end, gemini_status::failed);
        EXPECT_EQ(out.error.status, 503);
        EXPECT_EQ(out.error.provider_code, "UNAVAILABLE");
        EXPECT_EQ(out.error.message, "overloaded");
    }
}

TEST(GoogleGenerateContentStream, EndsWithAnErrorInBareJson) {
    const std::string bare =
        "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"overloaded\",\n"
        "    \"status\": \"UNAVAILABLE\"\n  }\n}\n";
    for (const std::string& before :
         {gemini_text("x", 1), gemini_text("x", 1) + gemini_end("STOP"), std::string()}) {
        const gemini_outcome out = gemini_stream(before + bare);
        EXPECT_EQ(out.end, gemini_status::failed) << before;
        EXPECT_EQ(out.error.code, errc::provider_error);
        EXPECT_EQ(out.error.status, 503);
        EXPECT_EQ(out.error.message, "overloaded");
    }
    EXPECT_EQ(gemini_stream(gemini_end("STOP") + "nonsense\n\n").end, gemini_status::done);
}

TEST(GoogleGenerateContentStream, PassesOverWhatIsNoChunk) {
    const gemini_outcome out = gemini_stream(
        ": comment\n\n" + gemini_frame("") + gemini_frame("[DONE]") + gemini_frame("null") +
        gemini_frame("{}") + gemini_frame(R"({"candidates": null})") +
        gemini_frame(R"({"candidates": [{"content": {"role": "model"},"index": 0}]})") +
        gemini_frame(R"({"candidates": [{"content": null}, 7]})") +
        gemini_frame(R"({"candidates": [{"finishReason": "FINISH_REASON_UNSPECIFIED"}]})") +
        gemini_text("x", 1) + gemini_end("STOP"));
    EXPECT_EQ(out.end, gemini_status::done);
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.pieces, 1U);
    EXPECT_EQ(gemini_stream(gemini_frame("nonsense") + gemini_end("STOP")).error.code,
              errc::malformed_json);
}

TEST(GoogleGenerateContentStream, TakesTheFirstCandidate) {
    const gemini_outcome out = gemini_stream(gemini_frame(
        R"({"candidates": [{"content": {"parts": [{"text": "a"}]},"finishReason": "STOP"},)"
        R"({"content": {"parts": [{"text": "b"}]},"finishReason": "SAFETY","index": 1}]})"));
    EXPECT_EQ(out.text, "a");
    EXPECT_EQ(out.result.finish, finish_reason::stop);
}

}  // namespace
