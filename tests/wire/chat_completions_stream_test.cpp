#include <conclave/wire/chat_completions.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/sse/parser.hpp>

#include "wire/reading_streams.hpp"

namespace {

using conclave::completion;
using conclave::delta;
using conclave::errc;
using conclave::finish_reason;
using conclave::wire::chat_completions;
using conclave::wire::failure;
namespace sse = conclave::sse;
using reader = chat_completions::stream_reader;
using status = conclave::wire::stream_status;

using outcome = conclave::testing::stream_outcome;

outcome read(std::string_view stream) { return conclave::testing::read_stream<reader>(stream); }

std::string frame(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }
std::string chunk(std::string_view delta_json, std::string_view finish = "null") {
    return frame(R"({"id":"chatcmpl-7","object":"chat.completion.chunk","created":1763700000,)"
                 R"("model":"gpt-5.5-2026-03-05","choices":[{"index":0,"delta":)" +
                 std::string(delta_json) + R"(,"logprobs":null,"finish_reason":)" +
                 std::string(finish) + R"(}],"usage":null,"obfuscation":"k8Pq"})");
}
std::string text_chunk(std::string_view text) {
    return chunk(R"({"content":")" + std::string(text) + R"("})");
}
const std::string stop = chunk("{}", R"("stop")");
const std::string done = frame("[DONE]");

TEST(ChatCompletionsStream, IsReadPieceByPiece) {
    const outcome out =
        read(chunk(R"({"role":"assistant","content":"","refusal":null})") + text_chunk("Post") +
             text_chunk("gre\\u00e9 \\\"SQL\\\"\\n") + text_chunk("🦊") + stop +
             frame(R"({"id":"chatcmpl-7","model":"gpt-5.5-2026-03-05","choices":[],"usage":)"
                   R"({"prompt_tokens":12,"completion_tokens":34,"total_tokens":46}})") +
             done);
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "Postgreé \"SQL\"\n🦊");
    EXPECT_EQ(out.pieces, 3U);
    EXPECT_EQ(out.result.finish, finish_reason::stop);
    EXPECT_EQ(out.result.id, "chatcmpl-7");
    EXPECT_EQ(out.result.model, "gpt-5.5-2026-03-05");
    ASSERT_TRUE(out.result.usage);
    EXPECT_EQ(out.result.usage->input_tokens, 12);
    EXPECT_EQ(out.result.usage->output_tokens, 34);
}

TEST(ChatCompletionsStream, SaysWhenItIsDone) {
    reader answer;
    sse::parser events;
    std::vector<status> seen;
    events.feed(text_chunk("x") + stop + done, [&](const sse::event& event) {
        delta piece;
        seen.push_back(answer.read(event, piece));
    });
    EXPECT_EQ(seen, (std::vector<status>{status::more, status::more, status::done}));
}

TEST(ChatCompletionsStream, HandsOutTextWithoutEscapesInPlace) {
    reader answer;
    sse::parser events;
    bool in_place = false;
    events.feed(text_chunk("plain"), [&](const sse::event& event) {
        delta piece;
        answer.read(event, piece);
        in_place = piece.text == "plain" && piece.text.data() > event.data.data() &&
                   piece.text.data() < event.data.data() + event.data.size();
    });
    EXPECT_TRUE(in_place);
}

TEST(ChatCompletionsStream, TakesContentThatIsNullAbsentOrEmpty) {
    const outcome out = read(chunk(R"({"content":null})") + chunk(R"({"role":"assistant"})") +
                             chunk("null") + chunk(R"({"content":""})") + text_chunk("x") + stop);
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.pieces, 1U);
}

TEST(ChatCompletionsStream, KeepsARefusalApart) {
    const outcome out =
        read(chunk(R"({"refusal":"I "})") + chunk(R"({"refusal":"can't."})") + stop + done);
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.refusal, "I can't.");
    EXPECT_EQ(out.text, "");
}

TEST(ChatCompletionsStream, ReadsReasoningInBothDialects) {
    const outcome out =
        read(chunk(R"({"reasoning_content":"a","content":null})") +
             chunk(R"({"content":"","reasoning":"b","reasoning_details":)"
                   R"([{"type":"reasoning.text","text":"b"}]})") +
             chunk(R"({"reasoning":"c","reasoning_content":"c"})") + text_chunk("x") + stop);
    EXPECT_EQ(out.reasoning, "abc");
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.pieces, 4U);
}

TEST(ChatCompletionsStream, PassesOverToolCallsWhateverTheirIndex) {
    std::string stream;
    for (const std::string_view index : {"0", "-1", "2147483648", "1000000000", "1e400"}) {
        stream +=
            chunk(R"({"tool_calls":[{"index":)" + std::string(index) +
                  R"(,"id":"c","type":"function","function":{"name":"f","arguments":"{"}}]})");
    }
    const outcome out = read(stream + chunk("{}", R"("tool_calls")") + done);
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
}

TEST(ChatCompletionsStream, IgnoresFramesOfOtherKinds) {
    const outcome out =
        read(frame(R"({"choices":[],"prompt_filter_results":[{"prompt_index":0}]})") +
             frame(R"({"provider":"x","took_ms":3})") + frame(R"({"choices":null})") + frame("[]") +
             frame("null") + frame("12") + frame("\"text\"") + frame("{}") + "data\n\n" +
             ": OPENROUTER PROCESSING\n\n" + "event: ping\ndata: {\"type\":\"ping\"}\n\n" +
             text_chunk("x") + stop + done);
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "x");
}

TEST(ChatCompletionsStream, ReadsOnlyTheFirstChoice) {
    const outcome out =
        read(frame(R"({"choices":[{"index":1,"delta":{"content":"b"}},{"delta":{"content":"a"},)"
                   R"("index":0}]})") +
             frame(R"({"choices":[{"index":1,"delta":{},"finish_reason":"length"}]})") +
             frame(R"({"choices":[{"index":-1,"delta":{"content":"c"}}]})") +
             frame(R"({"choices":[{"delta":{"content":"d"},"finish_reason":"stop"}]})"));
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "ad");
    EXPECT_EQ(out.result.finish, finish_reason::stop);
}

TEST(ChatCompletionsStream, ReadsEveryFramingOfTheSameEvents) {
    const outcome out = read(
        "\xEF\xBB\xBF"
        "event: message\r\ndata:{\"choices\":[{\"delta\":\r\n"
        "data:{\"content\":\"x\"}}]}\r\n\r\n"
        "id: 3\rdata: {\"choices\":[{\"delta\":{},\r"
        "data: \"finish_reason\":\"stop\"}]}\r\r");
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "x");
}

TEST(ChatCompletionsStreamUsage, MayComeWithTheFinishOrAsRunningTotals) {
    const auto with = [](std::string_view usage) {
        return frame(R"({"choices":[{"delta":{"content":"x"},"finish_reason":null}],"usage":)" +
                     std::string(usage) + "}");
    };
    const outcome out = read(
        with(R"({"prompt_tokens":5,"completion_tokens":1})") +
        with(R"({"prompt_tokens":5,"completion_tokens":2,"cost":0.125})") + with("null") +
        with("{}") +
        frame(R"({"choices":[{"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":5,)"
              R"("completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":1}}})") +
        done);
    EXPECT_EQ(out.end, status::done);
    ASSERT_TRUE(out.result.usage);
    EXPECT_EQ(out.result.usage->output_tokens, 3);
    EXPECT_EQ(out.result.usage->reasoning_tokens, 1);
    EXPECT_EQ(out.result.cost, 0.125);
    EXPECT_EQ(out.result.finish, finish_reason::length);
}

TEST(ChatCompletionsStreamUsage, IsAbsentWhenItIsNonsense) {
    const outcome out = read(text_chunk("x") + stop +
                             frame(R"({"choices":[],"usage":{"prompt_tokens":-1,)"
                                   R"("completion_tokens":1e400,"cost":-1e400}})") +
                             done);
    EXPECT_EQ(out.end, status::done);
    EXPECT_FALSE(out.result.usage);
    EXPECT_FALSE(out.result.cost);
}

TEST(ChatCompletionsStreamEnd, IsToldByFinishReasonAlone) {
    EXPECT_EQ(read(text_chunk("x") + stop).end, status::done);
    EXPECT_EQ(read(text_chunk("x") + frame(R"({"choices":[{"finish_reason":"stop"}]})")).end,
              status::done);
}

TEST(ChatCompletionsStreamEnd, IsToldByTheMarkerAlone) {
    for (const std::string_view marker :
         {"data: [DONE]\n\n", "data:[DONE]\n\n", "data:  [DONE] \n\n", "data: [DONE]\t\r\n\r\n",
          "data: [DONE]\n", "data: [DONE]"}) {
        EXPECT_EQ(read(text_chunk("x") + std::string(marker)).end, status::done) << marker;
    }
}

TEST(ChatCompletionsStreamEnd, IsTruncationWithoutEither) {
    for (const std::string& stream :
         {std::string(), text_chunk("x"), std::string(": comment\n\n"), done,
          frame(R"({"choices":[]})") + done,
          frame(R"({"choices":[{"index":1,"delta":{}}]})") + done,
          text_chunk("x") + chunk("{}", R"("")"), text_chunk("x") + chunk("{}", "7")}) {
        const outcome out = read(stream);
        EXPECT_EQ(out.end, status::failed) << stream;
        EXPECT_EQ(out.error.code, errc::truncated_stream) << stream;
    }
}

TEST(ChatCompletionsStreamEnd, CutAtAnyByteIsTruncationWithThePartialText) {
    const std::string stream = text_chunk("one ") + text_chunk("two \\\\ [DONE]") + stop;
    const std::size_t last = stream.size() - stop.size();
    const std::size_t whole_json = stream.size() - 2;  // its line end and blank line may be missing
    for (std::size_t size = 0; size < stream.size(); ++size) {
        const outcome out =
            conclave::testing::read_parts<reader>({std::string_view(stream).substr(0, size)});
        EXPECT_EQ(out.end == status::done, size >= whole_json) << size;
        if (size < whole_json) {
            EXPECT_EQ(out.error.code, errc::truncated_stream) << size;
        }
        if (size >= last) {
            EXPECT_EQ(out.result.text, "one two \\ [DONE]") << size;
        }
    }
}

TEST(ChatCompletionsStreamEnd, IsNotForged) {
    for (const std::string_view forged :
         {"data: [DONE]x\n\n", "data: [DONE]]\n\n", "data: [done]\n\n", "data: DONE\n\n",
          "data: [DONE]\ndata: [DONE]\n\n", "data: [DO\ndata: NE]\n\n"}) {
        const outcome out = read(text_chunk("x") + std::string(forged));
        EXPECT_EQ(out.end, status::failed) << forged;
        EXPECT_EQ(out.error.code, errc::malformed_json) << forged;
        EXPECT_EQ(out.result.text, "x");
    }
    EXPECT_EQ(read(text_chunk("[DONE]") + text_chunk("y") + stop).text, "[DONE]y");
}

TEST(ChatCompletionsStreamEnd, IgnoresWhatComesAfter) {
    const outcome out = read(text_chunk("x") + stop + done + text_chunk("y") + frame("{broken") +
                             frame(R"({"error":{"message":"late"}})"));
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.result.text, "x");
}

TEST(ChatCompletionsStreamFailure, IsToldByTheProvider) {
    struct {
        std::string event;
        std::string_view message;
        int status;
    } const cases[] = {
        {frame(R"({"error":{"message":"The server had an error","type":"server_error",)"
               R"("code":null,"param":null}})"),
         "The server had an error", 0},
        {frame(R"({"error":"overloaded"})"), "overloaded", 0},
        {"event: error\n" + frame(R"({"message":"boom","code":500})"), "boom", 500},
        {"event: error\n" + frame("plain words"), "plain words", 0},
        {frame(R"({"object":"error","message":"too long","type":"BadRequestError","code":400})"),
         "too long", 400},
        {frame(R"({"id":"gen-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":)"
               R"({"content":""},"finish_reason":"error"}],"error":{"code":502,"message":)"
               R"("Provider disconnected"}})"),
         "Provider disconnected", 502},
        {frame(R"({"error":{"code":429,"message":"slow"},"choices":[{"delta":{"content":"no"}}]})"),
         "slow", 429},
        {frame(R"({"choices":[{"delta":{},"error":{"code":503,"message":"inside"}}]})"), "inside",
         503},
        {frame(R"({"choices":[{"delta":{},"finish_reason":"error"}]})"),
         R"({"choices":[{"delta":{},"finish_reason":"error"}]})", 0},
    };
    for (const auto& each : cases) {
        const outcome out =
            read(text_chunk("partial") + each.event + text_chunk("no") + stop + done);
        EXPECT_EQ(out.end, status::failed) << each.event;
        EXPECT_EQ(out.error.code, errc::provider_error) << each.event;
        EXPECT_EQ(out.error.message, each.message);
        EXPECT_EQ(out.error.status, each.status) << each.event;
        EXPECT_EQ(out.result.text, "partial");
    }
}

TEST(ChatCompletionsStreamFailure, IsNotAnErrorThatIsEmpty) {
    for (const std::string_view none : {"null", "false", "\"\"", "0"}) {
        EXPECT_EQ(read(frame(R"({"error":)" + std::string(none) +
                             R"(,"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]})"))
                      .end,
                  status::done);
    }
}

TEST(ChatCompletionsStreamFailure, IsAnEventThatIsNotJson) {
    for (const std::string_view event :
         {"{", "<html>", "hello", R"({"choices":[{"delta":{"content":"x"}]})",
          R"({"choices":[{"delta":{"content":"x"}}]} {})",
          R"({"choices":[{"delta":{"content":"x}}]})",
          R"({"choices":[{"delta":{"content":"\q"}}]})",
          "{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}", R"({'choices':[]})", "[1,"}) {
        const outcome out = read(text_chunk("partial") + frame(event) + stop + done);
        EXPECT_EQ(out.end, status::failed) << event;
        EXPECT_EQ(out.error.code, errc::malformed_json) << event;
        EXPECT_EQ(out.result.text, "partial") << event;
    }
}

TEST(ChatCompletionsStreamFailure, StaysAFailure) {
    reader answer;
    sse::parser events;
    std::vector<status> seen;
    const auto on_event = [&](const sse::event& event) {
        delta piece;
        seen.push_back(answer.read(event, piece));
        EXPECT_TRUE(piece.empty());
    };
    events.feed(frame("{") + stop + done, on_event);
    EXPECT_EQ(seen, (std::vector<status>(3, status::failed)));
    EXPECT_EQ(answer.finish(), status::failed);
    EXPECT_EQ(answer.error().code, errc::malformed_json);
}

TEST(ChatCompletionsStreamHostile, RepeatedKeysCountOnce) {
    const outcome out =
        read(frame(R"({"choices":[{"delta":{"content":"a","content":"b"},)"
                   R"("delta":{"content":"c"}}],"choices":[{"delta":{"content":"d"},)"
                   R"("finish_reason":"stop"}]})"));
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "d");
}

TEST(ChatCompletionsStreamHostile, HalvesOfASurrogatePairBecomeReplacementCharacters) {
    const outcome out = read(text_chunk("a\\ud83e") + text_chunk("\\udd8ab") + stop);
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text,
              "a\xEF\xBF\xBD\xEF\xBF\xBD"
              "b");
}

TEST(ChatCompletionsStreamHostile, NestingIsNoTrouble) {
    const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
    const outcome out = conclave::testing::read_parts<reader>(
        {text_chunk("a") + chunk(R"({"content":)" + deep + "}") + frame(R"({"x":)" + deep + "}") +
         text_chunk("b") + stop});
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, "ab");
}

TEST(ChatCompletionsStreamHostile, AnEventMayBeLarge) {
    const std::string large(2'000'000, 'x');
    const outcome out =
        conclave::testing::read_parts<reader>({text_chunk(large + "\\n") + stop + done});
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.text, large + "\n");
}

TEST(ChatCompletionsStream, JoinsThePiecesOfToolCalls) {
    const outcome out = read(
        chunk(R"({"role":"assistant","content":null})") +
        chunk(
            R"({"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]})") +
        chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]})") +
        chunk(
            R"({"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"time","arguments":"{}"}}]})") +
        chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"\"Oslo\"}"}}]})") +
        chunk("{}", R"("tool_calls")") + done);
    EXPECT_EQ(out.end, status::done);
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.result.tool_calls,
              (std::vector<conclave::tool_call>{{"call_a", "weather", R"({"city":"Oslo"})"},
                                                {"call_b", "time", "{}"}}));
}

TEST(ChatCompletionsStream, TakesToolCallsOfServersThatDoNotCount) {
    for (const std::string_view index : {"", R"("index":0,)"}) {
        const auto called = [&](std::string_view id) {
            return chunk(R"({"tool_calls":[{)" + std::string(index) + R"("id":")" +
                         std::string(id) + R"(","function":{"name":"t","arguments":"{}"}}]})");
        };
        const outcome out = read(called("a") + called("b") + stop + done);
        EXPECT_EQ(out.result.tool_calls,
                  (std::vector<conclave::tool_call>{{"a", "t", "{}"}, {"b", "t", "{}"}}));
    }
}

TEST(ChatCompletionsStream, TakesMemoryForToolCallsAndNotForTheirNumbers) {
    std::string stream;
    for (const std::string_view index : {"-1", "2147483648", "1000000000"}) {
        stream += chunk(R"({"tool_calls":[{"index":)" + std::string(index) +
                        R"(,"function":{"name":"t","arguments":"{}"}}]})");
    }
    EXPECT_EQ(read(stream + stop + done).result.tool_calls.size(), 3U);
    stream.clear();
    for (int i = 0; i < 129; ++i) {
        stream += chunk(R"({"tool_calls":[{"index":)" + std::to_string(i) + R"(,"id":"x"}]})");
    }
    const outcome out = conclave::testing::read_parts<reader>({stream + stop + done});
    EXPECT_EQ(out.end, status::failed);
    EXPECT_EQ(out.error.code, errc::malformed_reply);
}

TEST(ChatCompletionsStream, ToolCallsOfAnotherChoiceAreNotTheAnswers) {
    const outcome out =
        read(frame(R"({"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"x"}]}},)"
                   R"({"index":0,"delta":{"content":"hi"}}]})") +
             stop + done);
    EXPECT_EQ(out.text, "hi");
    EXPECT_TRUE(out.result.tool_calls.empty());
}

TEST(ChatCompletionsStream, AnErrorInBareJsonIsTheProvidersError) {
    const outcome out = read(text_chunk("so far") +
                             "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": "
                             "\"overloaded\"\n  }\n}\n");
    EXPECT_EQ(out.end, status::failed);
    EXPECT_EQ(out.error.code, errc::provider_error);
    EXPECT_EQ(out.error.status, 503);
    EXPECT_EQ(out.error.message, "overloaded");
    EXPECT_EQ(out.result.text, "so far");
}

TEST(ChatCompletionsStream, APageInItsMidstIsQuoted) {
    const outcome out = read(text_chunk("so far") + "<html><title>502 Bad Gateway</title>");
    EXPECT_EQ(out.error.code, errc::truncated_stream);
    EXPECT_NE(out.error.message.find("502 Bad Gateway"), std::string::npos) << out.error.message;
}

}  // namespace
