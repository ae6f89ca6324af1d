#include <conclave/wire/anthropic_messages.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <conclave/error.hpp>

namespace {

using conclave::completion;
using conclave::errc;
using conclave::finish_reason;
using conclave::usage;
using conclave::wire::anthropic_messages;
using conclave::wire::failure;

completion anthropic_answer(std::string_view body) {
    completion out;
    const auto failed = anthropic_messages::read_reply(body, out);
    EXPECT_FALSE(failed) << failed->message << "\n" << body;
    return out;
}

failure anthropic_failure(std::string_view body) {
    completion out;
    const auto failed = anthropic_messages::read_reply(body, out);
    EXPECT_TRUE(failed) << body;
    return failed.value_or(failure{});
}

std::string with_stop(std::string_view members) {
    return R"({"type":"message","content":[{"type":"text","text":"x"}],)" + std::string(members) +
           "}";
}

usage anthropic_used(std::string_view text) {
    const completion out = anthropic_answer(with_stop(R"("usage":)" + std::string(text)));
    EXPECT_TRUE(out.usage) << text;
    return out.usage.value_or(usage{});
}

TEST(AnthropicReply, IsReadWhole) {
    const completion out = anthropic_answer(R"({
      "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF", "type": "message", "role": "assistant",
      "model": "claude-sonnet-4-5-20250929", "content": [
        {"type": "thinking", "thinking": "Let me \"see\".", "signature": "EqQBCgIYAhIM"},
        {"type": "redacted_thinking", "data": "EmwKAhgBEgy"},
        {"type": "text", "text": "It's \"R\u00e9d\"", "citations": null},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
          {"type": "web_search_result", "title": "t", "url": "u", "encrypted_content": "e"}]},
        {"type": "text", "text": ".", "citations": [{"type": "char_location", "cited_text": "no"}]},
        {"type": "something_new", "text": "no"}],
      "stop_reason": "end_turn", "stop_sequence": null, "stop_details": null, "container": null,
      "usage": {"input_tokens": 2095, "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 7, "cache_creation": {"ephemeral_5m_input_tokens": 40,
        "ephemeral_1h_input_tokens": 60}, "output_tokens": 503,
        "output_tokens_details": {"thinking_tokens": 64}, "server_tool_use":
        {"web_search_requests": 2, "web_fetch_requests": 1}, "service_tier": "standard",
        "inference_geo": "us", "speed": null}})");
    EXPECT_EQ(out.text, "It's \"Réd\".");
    EXPECT_EQ(out.reasoning, "Let me \"see\".");
    ASSERT_EQ(out.reasoning_parts.size(), 2U);
    EXPECT_EQ(out.reasoning_parts[0].json,
              R"({"type":"thinking","thinking":"Let me \"see\".","signature":"EqQBCgIYAhIM"})");
    EXPECT_EQ(out.reasoning_parts[1].json, R"({"type":"redacted_thinking","data":"EmwKAhgBEgy"})");
    EXPECT_EQ(out.refusal, "");
    EXPECT_EQ(out.finish, finish_reason::stop);
    EXPECT_EQ(out.id, "msg_013Zva2CMHLNnXjNJJKqJ2EF");
    EXPECT_EQ(out.model, "claude-sonnet-4-5-20250929");
    EXPECT_TRUE(out.tool_calls.empty());
    EXPECT_TRUE(out.notes.empty());
    EXPECT_EQ(out.cost, std::nullopt);
    usage expected;
    expected.input_tokens = 2202;  // the cache's tokens are beside the others
    expected.output_tokens = 503;
    expected.reasoning_tokens = 64;
    expected.cache_read_tokens = 7;
    expected.cache_creation_tokens = 100;
    expected.cache_creation_1h_tokens = 60;
    expected.web_search_requests = 2;
    expected.web_fetch_requests = 1;
    EXPECT_EQ(out.usage, expected);
}

TEST(AnthropicReply, HasItsMembersInAnyOrder) {
    const completion out = anthropic_answer(
        R"({"usage":{"output_tokens":2,"input_tokens":1},"stop_reason":"max_tokens","content":[)"
        R"({"text":"x","type":"text"},{"input":{"a":1},"name":"f","id":"i","type":"tool_use"}],)"
        R"("model":"m","id":"i"})");
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.finish, finish_reason::length);
    EXPECT_EQ(out.usage->input_tokens, 1);
    EXPECT_EQ(out.model + out.id, "mi");
    ASSERT_EQ(out.tool_calls.size(), 1U);
    EXPECT_EQ(out.tool_calls[0], (conclave::tool_call{"i", "f", R"({"a":1})"}));
}

TEST(AnthropicReply, MayBeEmpty) {
    const completion out = anthropic_answer(R"({"content":[],"stop_reason":"end_turn"})");
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.finish, finish_reason::stop);
    EXPECT_FALSE(out.usage);
}

TEST(AnthropicReply, HasToolCallsAsTheModelWroteThem) {
    const completion out = anthropic_answer(
        R"({"content":[{"type":"tool_use","id":"toolu_1","name":"f","input":)"
        R"({ "n": 1.50, "big": 123456789012345678901, "s": "}\"é" }},)"
        R"({"type":"tool_use","id":"toolu_2","name":"g","input":{}},)"
        R"({"type":"tool_use","id":"toolu_3","name":"h"}],"stop_reason":"tool_use"})");
    EXPECT_EQ(out.finish, finish_reason::tool_calls);
    ASSERT_EQ(out.tool_calls.size(), 3U);
    EXPECT_EQ(out.tool_calls[0].arguments,
              R"({ "n": 1.50, "big": 123456789012345678901, "s": "}\"é" })");
    EXPECT_EQ(out.tool_calls[1], (conclave::tool_call{"toolu_2", "g", "{}"}));
    EXPECT_EQ(out.tool_calls[2], (conclave::tool_call{"toolu_3", "h", "{}"}));
}

TEST(AnthropicReply, HasNotMoreToolCallsThanCanBeTaken) {
    std::string blocks = R"({"type":"text","text":"x"})";
    for (int i = 0; i < 129; ++i)
        blocks += R"(,{"type":"tool_use","id":"i)" + std::to_string(i) + R"(","name":"f"})";
    EXPECT_EQ(anthropic_failure(R"({"content":[)" + blocks + "]}").code, errc::malformed_reply);
}

TEST(AnthropicStop, HasAMeaning) {
    const auto finish = [](std::string_view json) {
        return anthropic_answer(with_stop(R"("stop_reason":)" + std::string(json))).finish;
    };
    EXPECT_EQ(finish(R"("end_turn")"), finish_reason::stop);
    EXPECT_EQ(finish(R"("stop_sequence")"), finish_reason::stop);
    EXPECT_EQ(finish(R"("max_tokens")"), finish_reason::length);
    EXPECT_EQ(finish(R"("tool_use")"), finish_reason::tool_calls);
    EXPECT_EQ(finish(R"("refusal")"), finish_reason::content_filter);
    EXPECT_EQ(finish("null"), finish_reason::unknown);
    EXPECT_EQ(finish("3"), finish_reason::unknown);
}

TEST(AnthropicStop, IsNeverSilentlyTakenForAnEnd) {
    for (const std::string_view stop : {"pause_turn", "model_context_window_exceeded"}) {
        const completion out =
            anthropic_answer(with_stop(R"("stop_reason":")" + std::string(stop) + "\""));
        EXPECT_EQ(out.finish, finish_reason::length) << stop;
        EXPECT_EQ(out.notes.size(), 1U) << stop;
    }
    const completion odd = anthropic_answer(with_stop(R"("stop_reason":"tired\n")"));
    EXPECT_EQ(odd.finish, finish_reason::unknown);
    ASSERT_EQ(odd.notes.size(), 1U);
    EXPECT_TRUE(odd.notes[0].ends_with("tired")) << odd.notes[0];
}

TEST(AnthropicStop, MayBeARefusal) {
    const completion told = anthropic_answer(
        with_stop(R"("stop_reason":"refusal","stop_details":{"type":"refusal","category":"cyber",)"
                  R"("explanation":"I won't."})"));
    EXPECT_EQ(told.refusal, "I won't.");
    EXPECT_EQ(told.finish, finish_reason::content_filter);
    ASSERT_EQ(told.notes.size(), 1U);
    EXPECT_TRUE(told.notes[0].ends_with("cyber"));
    for (const std::string_view details :
         {"", R"(,"stop_details":null)",
          R"(,"stop_details":{"category":null,"explanation":null})"}) {
        const completion mute =
            anthropic_answer(with_stop(R"("stop_reason":"refusal")" + std::string(details)));
        EXPECT_FALSE(mute.refusal.empty()) << details;
        EXPECT_TRUE(mute.notes.empty());
    }
}

TEST(AnthropicUsage, CountsWhatIsThere) {
    const usage plain = anthropic_used(R"({"input_tokens":3,"output_tokens":4,)"
                                       R"("cache_creation_input_tokens":null,)"
                                       R"("cache_read_input_tokens":null,"server_tool_use":null})");
    EXPECT_EQ(plain.input_tokens, 3);
    EXPECT_EQ(plain.cache_read_tokens, std::nullopt);
    EXPECT_EQ(plain.cache_creation_tokens, std::nullopt);
    EXPECT_EQ(plain.web_search_requests, std::nullopt);
    for (const std::string_view number :
         {"-1", "1e400", "9223372036854775807", "1.5", "\"7\"", "null", "{}", "[1]", "true"}) {
        const std::string n(number);
        const usage read = anthropic_used(
            R"({"input_tokens":3,"output_tokens":)" + n + R"(,"cache_read_input_tokens":)" + n +
            R"(,"output_tokens_details":{"thinking_tokens":)" + n + "}}");
        EXPECT_EQ(read.input_tokens, 3) << n;
        EXPECT_EQ(read.output_tokens, 0) << n;
        EXPECT_EQ(read.cache_read_tokens, std::nullopt) << n;
        EXPECT_EQ(read.reasoning_tokens, std::nullopt) << n;
    }
    for (const std::string_view nothing : {"null", "{}", "[]", R"({"speed":"fast"})"}) {
        EXPECT_FALSE(anthropic_answer(with_stop(R"("usage":)" + std::string(nothing))).usage)
            << nothing;
    }
}

TEST(AnthropicCost, IsReadWhereAGatewayPutsIt) {
    EXPECT_EQ(anthropic_answer(with_stop(R"("cost":0.5)")).cost, 0.5);
    EXPECT_EQ(anthropic_answer(with_stop(R"("usage":{"cost":0.25})")).cost, 0.25);
    EXPECT_EQ(anthropic_answer(with_stop(R"("usage":{"opper":{"cost":{"total":0.1}}})")).cost, 0.1);
    EXPECT_EQ(anthropic_answer(with_stop(R"("cost":-1)")).cost, std::nullopt);
}

TEST(AnthropicReply, MayBeAnErrorInspiteOfItsStatus) {
    const failure read = anthropic_failure(
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},)"
        R"("request_id":"req_011CSHoEeqs5C35K2UUqR7Fy"})");
    EXPECT_EQ(read.code, errc::provider_error);
    EXPECT_EQ(read.status, 529);
    EXPECT_EQ(read.message, "Overloaded");
    EXPECT_EQ(read.provider_code, "overloaded_error");
    EXPECT_EQ(read.request_id, "req_011CSHoEeqs5C35K2UUqR7Fy");
    EXPECT_EQ(anthropic_failure(R"({"error":{"message":"no"},"content":[]})").message, "no");
}

TEST(AnthropicReply, IsRefusedWhenItIsSomethingElse) {
    for (const std::string_view body :
         {"", "   ", "<html><title>Login</title>", "[]", "[DONE]", R"({"content":[])",
          R"({"content":[{"type":"text","text":"x)", "{\"content\":[\"\xff\"]}",
          R"({"content":[]} {"content":[]})"}) {
        EXPECT_EQ(anthropic_failure(body).code, errc::malformed_json) << body;
    }
    for (const std::string_view body : {"{}", R"({"content":null})", R"({"content":"x"})",
                                        R"({"type":"message"})", R"({"choices":[]})"}) {
        EXPECT_EQ(anthropic_failure(body).code, errc::malformed_reply) << body;
    }
}

TEST(AnthropicReply, CutAnywhereIsNoAnswer) {
    const std::string body = with_stop(R"("stop_reason":"end_turn","usage":{"input_tokens":1})");
    for (std::size_t size = 0; size < body.size(); ++size) {
        completion out;
        EXPECT_TRUE(anthropic_messages::read_reply(std::string_view(body).substr(0, size), out))
            << size;
    }
}

TEST(AnthropicReply, SurvivesAnyNesting) {
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    EXPECT_EQ(anthropic_answer(with_stop(R"("x":)" + deep)).text, "x");
    EXPECT_EQ(
        anthropic_answer(R"({"content":[{"type":"tool_use","name":"f","input":)" + deep + "}]}")
            .tool_calls[0]
            .arguments,
        deep);
    EXPECT_FALSE(anthropic_failure(R"({"error":)" + deep + "}").message.empty());
}

TEST(AnthropicError, HasItsTypeItsCodeAndItsRequest) {
    const failure plain = anthropic_messages::read_error(
        400,
        R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field)"
        R"( required"},"request_id":"req_1"})");
    EXPECT_EQ(plain.code, errc::http_status);
    EXPECT_EQ(plain.status, 400);
    EXPECT_EQ(plain.message, "max_tokens: Field required");
    EXPECT_EQ(plain.provider_code, "invalid_request_error");
    EXPECT_EQ(plain.request_id, "req_1");
    const failure spent = anthropic_messages::read_error(
        429, R"({"type":"error","error":{"type":"rate_limit_error","message":"Spent.","details":)"
             R"({"error_visibility":"user_facing","error_code":"contract_spend_limit_reached"}},)"
             R"("request_id":null})");
    EXPECT_EQ(spent.provider_code, "contract_spend_limit_reached");
    EXPECT_EQ(spent.request_id, "");
    EXPECT_EQ(anthropic_messages::read_error(502, "<title>Bad gateway</title>").message,
              "Bad gateway");
}

TEST(AnthropicError, StandsForAStatus) {
    const auto status = [](const std::string& type) {
        return anthropic_failure(R"({"type":"error","error":{"type":")" + type +
                                 R"(","message":"m"}})")
            .status;
    };
    EXPECT_EQ(status("invalid_request_error"), 400);
    EXPECT_EQ(status("authentication_error"), 401);
    EXPECT_EQ(status("billing_error"), 402);
    EXPECT_EQ(status("permission_error"), 403);
    EXPECT_EQ(status("not_found_error"), 404);
    EXPECT_EQ(status("conflict_error"), 409);
    EXPECT_EQ(status("request_too_large"), 413);
    EXPECT_EQ(status("rate_limit_error"), 429);
    EXPECT_EQ(status("api_error"), 500);
    EXPECT_EQ(status("timeout_error"), 504);
    EXPECT_EQ(status("overloaded_error"), 529);
    EXPECT_EQ(status("new_error"), 0);
}

}  // namespace
