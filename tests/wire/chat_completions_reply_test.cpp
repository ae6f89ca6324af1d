#include <conclave/wire/chat_completions.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using conclave::completion;
using conclave::errc;
using conclave::finish_reason;
using conclave::usage;
using conclave::wire::chat_completions;
using conclave::wire::failure;

completion answer(std::string_view body) {
    completion out;
    const auto failed = chat_completions::read_reply(body, out);
    EXPECT_FALSE(failed) << failed->message << "\n" << body;
    return out;
}

failure refusal(std::string_view body) {
    completion out;
    const auto failed = chat_completions::read_reply(body, out);
    EXPECT_TRUE(failed) << body;
    return failed.value_or(failure{});
}

std::string with_message(std::string_view message) {
    return R"({"choices":[{"index":0,"message":)" + std::string(message) +
           R"(,"finish_reason":"stop"}]})";
}

usage used(std::string_view text) {
    const completion out =
        answer(R"({"choices":[{"message":{"content":"x"}}],"usage":)" + std::string(text) + "}");
    EXPECT_TRUE(out.usage) << text;
    return out.usage.value_or(usage{});
}

TEST(ChatCompletionsReply, IsReadWhole) {
    const completion out = answer(R"({
      "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion",
      "created": 1763700000, "model": "gpt-5.5-2026-03-05",
      "choices": [{"index": 0, "message": {"role": "assistant", "content": "It's \"R\u00e9d\".",
        "refusal": null, "annotations": []}, "logprobs": null, "finish_reason": "stop"}],
      "usage": {"prompt_tokens": 19, "completion_tokens": 110, "total_tokens": 129,
        "prompt_tokens_details": {"cached_tokens": 7, "cache_write_tokens": 3, "audio_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 64, "audio_tokens": 2,
          "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}},
      "service_tier": "default", "system_fingerprint": null})");
    EXPECT_EQ(out.text, "It's \"Réd\".");
    EXPECT_EQ(out.refusal, "");
    EXPECT_EQ(out.finish, finish_reason::stop);
    EXPECT_EQ(out.id, "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG");
    EXPECT_EQ(out.model, "gpt-5.5-2026-03-05");
    usage expected;
    expected.input_tokens = 19;
    expected.output_tokens = 110;
    expected.cache_read_tokens = 7;
    expected.cache_creation_tokens = 3;
    expected.input_audio_tokens = 1;
    expected.reasoning_tokens = 64;
    expected.output_audio_tokens = 2;
    EXPECT_EQ(out.usage, expected);
    EXPECT_EQ(out.cost, std::nullopt);
}

TEST(ChatCompletionsReply, NeedsNothingButAMessage) {
    const completion out = answer(R"({"choices":[{"message":{"content":"x"}}]})");
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.finish, finish_reason::unknown);
    EXPECT_EQ(out.usage, std::nullopt);
}

TEST(ChatCompletionsReply, MayComeAfterBlankLines) {
    EXPECT_EQ(answer("\n\r\n  \n" + with_message(R"({"content":"x"})") + "\n\n").text, "x");
}

TEST(ChatCompletionsReply, MayHaveItsFieldsInAnyOrder) {
    const completion out = answer(
        R"({"usage":{"completion_tokens":2,"prompt_tokens":1},"choices":[{"finish_reason":"length",)"
        R"("message":{"reasoning_content":"r","content":"x"},"index":0}],"model":"m","id":"i"})");
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.reasoning, "r");
    EXPECT_EQ(out.finish, finish_reason::length);
    EXPECT_EQ(out.usage->input_tokens, 1);
    EXPECT_EQ(out.model + out.id, "mi");
}

TEST(ChatCompletionsReply, TellsWhyTheModelStopped) {
    const auto finish = [](std::string_view json) {
        return answer(R"({"choices":[{"message":{"content":"x"},"finish_reason":)" +
                      std::string(json) + "}]}")
            .finish;
    };
    EXPECT_EQ(finish(R"("stop")"), finish_reason::stop);
    EXPECT_EQ(finish(R"("length")"), finish_reason::length);
    EXPECT_EQ(finish(R"("tool_calls")"), finish_reason::tool_calls);
    EXPECT_EQ(finish(R"("function_call")"), finish_reason::tool_calls);
    EXPECT_EQ(finish(R"("content_filter")"), finish_reason::content_filter);
    EXPECT_EQ(finish(R"("something new")"), finish_reason::unknown);
    EXPECT_EQ(finish("null"), finish_reason::unknown);
    EXPECT_EQ(finish("3"), finish_reason::unknown);
}

TEST(ChatCompletionsReply, KeepsARefusalApart) {
    const completion out =
        answer(with_message(R"({"role":"assistant","content":null,"refusal":"I can't."})"));
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.refusal, "I can't.");
}

TEST(ChatCompletionsReply, ReportsThatToolsAreWanted) {
    const completion out = answer(
        R"({"choices":[{"message":{"content":null,"tool_calls":[{"id":"c","type":"function",)"
        R"("function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})");
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.finish, finish_reason::tool_calls);
}

TEST(ChatCompletionsReply, ReadsReasoningInBothDialects) {
    for (
        const std::string_view message :
        {R"({"content":"x","reasoning_content":"r\n"})", R"({"reasoning":"r\n","content":"x"})",
         R"({"content":"x","reasoning":"r\n","reasoning_content":null})",
         R"({"content":"x","reasoning":"r\n","reasoning_content":""})",
         R"({"content":"x","reasoning":"r\n","reasoning_content":"r\n","reasoning_details":[{}]})"}) {
        const completion out = answer(with_message(message));
        EXPECT_EQ(out.text, "x") << message;
        EXPECT_EQ(out.reasoning, "r\n") << message;
    }
}

TEST(ChatCompletionsReply, JoinsContentGivenInParts) {
    EXPECT_EQ(answer(with_message(
                         R"({"content":[{"type":"text","text":"a\n"},{"text":"b","type":"text"},)"
                         R"({"type":"image_url","text":"no"},{"text":"c"},"d",null]})"))
                  .text,
              "a\nbc");
    EXPECT_EQ(answer(R"({"choices":[{"index":0,"message":{"content":[{"type":"text",)"
                     R"("text":"right"}]}},{"index":1,"message":{"content":[{"type":"text",)"
                     R"("text":"wrong"}]}}]})")
                  .text,
              "right");
}

TEST(ChatCompletionsReply, ReadsOnlyTheFirstChoice) {
    EXPECT_EQ(answer(R"({"choices":[{"index":1,"message":{"content":"second"}},)"
                     R"({"message":{"content":"first"},"index":0},)"
                     R"({"index":2,"message":{"content":"third"}}]})")
                  .text,
              "first");
    for (const std::string_view index :
         {"-1", "2147483648", "1000000000", "1e400", "0.5", "\"0\"", "true"}) {
        EXPECT_EQ(refusal(R"({"choices":[{"index":)" + std::string(index) +
                          R"(,"message":{"content":"x"}}]})")
                      .code,
                  errc::malformed_reply)
            << index;
    }
}

TEST(ChatCompletionsReply, TakesTheLastOfRepeatedKeys) {
    EXPECT_EQ(answer(with_message(R"({"content":"a","content":"b"})")).text, "b");
}

TEST(ChatCompletionsUsage, KnowsTheDialects) {
    EXPECT_EQ(used(R"({"prompt_tokens":9,"completion_tokens":1,"prompt_cache_hit_tokens":5,)"
                   R"("prompt_cache_miss_tokens":4})")
                  .cache_read_tokens,
              5);
    EXPECT_EQ(used(R"({"prompt_cache_hit_tokens":5,"prompt_tokens":9,"completion_tokens":1,)"
                   R"("prompt_tokens_details":{"cached_tokens":6}})")
                  .cache_read_tokens,
              6);
    const usage tools = used(R"({"prompt_tokens":9,"completion_tokens":1,"server_tool_use":)"
                             R"({"web_search_requests":2,"web_fetch_requests":3}})");
    EXPECT_EQ(tools.web_search_requests, 2);
    EXPECT_EQ(tools.web_fetch_requests, 3);
}

TEST(ChatCompletionsUsage, IsAbsentWhenItSaysNothing) {
    for (const std::string_view text : {"null", "{}", "[]", "\"\"", R"({"total_tokens":5})",
                                        R"({"prompt_tokens":null,"completion_tokens":"3"})"}) {
        EXPECT_FALSE(
            answer(R"({"choices":[{"message":{"content":"x"}}],"usage":)" + std::string(text) + "}")
                .usage)
            << text;
    }
}

TEST(ChatCompletionsUsage, IgnoresNumbersThatAreNoCounts) {
    for (const std::string_view number :
         {"-1", "1e400", "-1e400", "9223372036854775807", "18446744073709551616", "1.5", "\"7\"",
          "null", "{}", "[1]", "true"}) {
        const std::string n(number);
        const usage read = used(R"({"prompt_tokens":3,"completion_tokens":)" + n +
                                R"(,"completion_tokens_details":{"reasoning_tokens":)" + n +
                                R"(},"prompt_tokens_details":{"cached_tokens":)" + n + "}}");
        EXPECT_EQ(read.input_tokens, 3) << n;
        EXPECT_EQ(read.output_tokens, 0) << n;
        EXPECT_EQ(read.reasoning_tokens, std::nullopt) << n;
        EXPECT_EQ(read.cache_read_tokens, std::nullopt) << n;
    }
    EXPECT_EQ(used(R"({"prompt_tokens":3.0,"completion_tokens":2e1})").output_tokens, 20);
}

TEST(ChatCompletionsCost, IsReadWhereverAProviderPutsIt) {
    const auto cost = [](std::string_view members) {
        return answer(R"({"choices":[{"message":{"content":"x"}}],)" + std::string(members) + "}")
            .cost;
    };
    EXPECT_EQ(cost(R"("usage":{"prompt_tokens":1,"cost":0.25})"), 0.25);
    EXPECT_EQ(cost(R"("usage":{"opper":{"cost":{"total":0.5,"tools":0.1}},"prompt_tokens":1})"),
              0.5);
    EXPECT_EQ(cost(R"("usage":{"opper":{"cost":0.5},"prompt_tokens":1})"), 0.5);
    EXPECT_EQ(cost(R"("cost":0)"), 0.0);
    for (const std::string_view bad : {"-1", "1e400", "null", "\"1\"", "{}"}) {
        EXPECT_EQ(cost(R"("cost":)" + std::string(bad)), std::nullopt) << bad;
    }
}

TEST(ChatCompletionsReply, MayBeAnErrorInspiteOfItsStatus) {
    const failure read = refusal(R"({"error":{"code":502,"message":"upstream died"}})");
    EXPECT_EQ(read.code, errc::provider_error);
    EXPECT_EQ(read.status, 502);
    EXPECT_EQ(read.message, "upstream died");
    EXPECT_EQ(refusal(R"({"error":"no","choices":[{"message":{"content":"x"}}]})").message, "no");
    EXPECT_EQ(refusal(R"({"object":"error","message":"too long","code":400})").status, 400);
    EXPECT_EQ(refusal(R"({"choices":[{"message":{"content":"x"},"finish_reason":"error",)"
                      R"("error":{"code":429,"message":"slow down"}}]})")
                  .status,
              429);
    EXPECT_EQ(refusal(R"({"choices":[{"message":{"content":"x"},"finish_reason":"error"}]})").code,
              errc::provider_error);
}

TEST(ChatCompletionsReply, IsAnAnswerWithAnEmptyError) {
    for (const std::string_view none : {"null", "false", "\"\"", "0"}) {
        EXPECT_EQ(answer(R"({"error":)" + std::string(none) +
                         R"(,"choices":[{"message":{"content":"x"}}]})")
                      .text,
                  "x");
    }
}

TEST(ChatCompletionsReply, IsRefusedWhenItIsSomethingElse) {
    for (const std::string_view body :
         {"", "   ", "<html><title>Login</title>", "[]", "[DONE]",
          R"({"choices":[{"message":{"content":"x"}}])", R"({"choices":[{"message":{"content":"x)",
          "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
          R"({"choices":[]} {"choices":[]})"}) {
        EXPECT_EQ(refusal(body).code, errc::malformed_json) << body;
    }
    for (const std::string_view body :
         {"{}", R"({"choices":[]})", R"({"choices":null})", R"({"choices":{}})",
          R"({"choices":[null]})", R"({"choices":[{}]})", R"({"id":"x","object":"ping"})"}) {
        EXPECT_EQ(refusal(body).code, errc::malformed_reply) << body;
    }
}

TEST(ChatCompletionsReply, CutAnywhereIsNoAnswer) {
    const std::string body = with_message(R"({"content":"a {b} [c]","refusal":null})");
    for (std::size_t size = 0; size < body.size(); ++size) {
        completion out;
        EXPECT_TRUE(chat_completions::read_reply(std::string_view(body).substr(0, size), out))
            << size;
    }
}

TEST(ChatCompletionsReply, SurvivesAnyNesting) {
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    EXPECT_EQ(answer(R"({"x":)" + deep + R"(,"choices":[{"message":{"content":"x"}}]})").text, "x");
    EXPECT_EQ(answer(with_message(R"({"content":)" + deep + "}")).text, "");
    EXPECT_TRUE(refusal(R"({"error":)" + deep + "}").message.size() > 0);
}

}  // namespace
