#include <conclave/wire/responses.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using conclave::completion;
using conclave::errc;
using conclave::finish_reason;
using conclave::usage;
using conclave::wire::failure;
using conclave::wire::response_details;
using conclave::wire::response_item;
using conclave::wire::responses;

completion response_answer(std::string_view body) {
    completion out;
    const auto failed = responses::read_reply(body, out);
    EXPECT_FALSE(failed) << failed->message << "\n" << body;
    return out;
}

failure response_failure(std::string_view body) {
    completion out;
    const auto failed = responses::read_reply(body, out);
    EXPECT_TRUE(failed) << body;
    return failed.value_or(failure{});
}

// A message that says "x", with these members behind it.
std::string response_with(std::string_view rest) {
    return R"({"output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}])" +
           std::string(rest) + "}";
}

TEST(ResponsesReply, IsReadWhole) {
    const completion out = response_answer(R"({
      "id": "resp_67cb", "object": "response", "created_at": 1763700000, "status": "completed",
      "error": null, "incomplete_details": null, "model": "gpt-5.5-2026-03-05", "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [
          {"type": "summary_text", "text": "**One**"}, {"text": "Two", "type": "summary_text"}],
          "encrypted_content": "gAAAA"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "q"}},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
         "phase": "commentary", "content": [{"type": "output_text", "text": "It's \"R\u00e9",
           "annotations": [{"type":"url_citation","url":"https://a.test/"}], "logprobs": []}]},
        {"content": [{"text": "d\".", "annotations": [], "type": "output_text"}], "role":
         "assistant", "status": "completed", "id": "msg_2", "type": "message"}],
      "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 7,
        "cache_write_tokens": 3}, "output_tokens": 87, "output_tokens_details":
        {"reasoning_tokens": 64}, "total_tokens": 123}})");
    EXPECT_EQ(out.text, "It's \"Réd\".");
    EXPECT_EQ(out.reasoning, "**One**\n\nTwo");
    EXPECT_EQ(out.refusal, "");
    EXPECT_EQ(out.finish, finish_reason::stop);
    EXPECT_EQ(out.id, "resp_67cb");
    EXPECT_EQ(out.model, "gpt-5.5-2026-03-05");
    EXPECT_EQ(out.cost, std::nullopt);
    EXPECT_TRUE(out.notes.empty());
    usage expected;
    expected.input_tokens = 36;
    expected.output_tokens = 87;
    expected.cache_read_tokens = 7;
    expected.cache_creation_tokens = 3;
    expected.reasoning_tokens = 64;
    EXPECT_EQ(out.usage, expected);
    ASSERT_TRUE(out.details);
    ASSERT_EQ(out.details->items.size(), 4u);
    EXPECT_EQ(out.details->items[0].encrypted_content, "gAAAA");
    EXPECT_EQ(out.details->items[1].type, "web_search_call");
    EXPECT_EQ(out.details->items[2].phase, "commentary");
    EXPECT_EQ(out.details->items[2].annotations,
              (std::vector<std::string>{R"({"type":"url_citation","url":"https://a.test/"})"}));
}

TEST(ResponsesReply, EveryFieldOfOpenResponsesHasItsPlace) {
    const completion out = response_answer(R"({
      "completed_at": 124, "created_at": 123,
      "error": {"message": "", "type": "", "code": "", "param": ""},
      "id": "resp_1", "incomplete_details": {"reason": "max_output_tokens"}, "model": "m",
      "object": "response", "output": [{"type": "opper:guard", "action": "redact",
        "arguments": "{}", "cache_creation_tokens": 4, "cache_read_tokens": 3, "call_id": "c",
        "content": [{"text": "not a message", "type": "note", "annotations": ["a"],
          "refusal": "no"}], "cost_usd": 0.25, "encrypted_content": "e", "execution_ms": 12,
        "findings": [{"kind": "email", "at": [1, 2.50, true, null, "\u00e9\""]}, "f"],
        "flagged": true, "guard_type": "pii", "id": "i", "model_warnings": ["deprecated"],
        "models_used": ["a", "b"], "name": "n", "role": "assistant", "status": "completed",
        "summary": []}],
      "status": "incomplete", "tool_choice": {"type": "function", "name": "t"},
      "frequency_penalty": 0.5, "instructions": "Be brief.", "max_output_tokens": 20,
      "metadata": {"a": "1", "b": 2}, "presence_penalty": -0.5,
      "reasoning": {"effort": "low", "summary": "auto"}, "service_tier": "flex",
      "temperature": 0.25, "text": {"format": {"type": "json_schema", "name": "answer",
        "schema": {"type": "object", "properties": {}}}},
      "tools": [{"type": "function", "description": "d", "name": "t", "parameters": {"a": [] },
        "strict": true}, {"type": "opper:web_search", "strict": null}],
      "top_p": 1, "truncation": "disabled", "usage": {"input_tokens": 5, "output_tokens": 20,
        "total_tokens": 25}})");
    EXPECT_EQ(out.finish, finish_reason::length);
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.cost, 0.25);
    EXPECT_EQ(out.usage.value_or(usage{}).cache_read_tokens, 3);
    EXPECT_EQ(out.usage.value_or(usage{}).cache_creation_tokens, 4);
    EXPECT_EQ(out.notes,
              (std::vector<std::string>{"a guardrail found something: pii, redact", "deprecated"}));
    response_item item;
    item.type = "opper:guard";
    item.action = "redact";
    item.cache_creation_tokens = 4;
    item.cache_read_tokens = 3;
    item.call_id = "c";
    item.annotations = {"a"};
    item.cost_usd = 0.25;
    item.encrypted_content = "e";
    item.execution_ms = 12;
    item.findings = {R"({"kind":"email","at":[1,2.50,true,null,"é\""]})", R"("f")"};
    item.flagged = true;
    item.guard_type = "pii";
    item.id = "i";
    item.model_warnings = {"deprecated"};
    item.models_used = {"a", "b"};
    item.name = "n";
    item.role = "assistant";
    item.status = "completed";
    response_details details;
    details.completed_at = 124;
    details.created_at = 123;
    details.status = "incomplete";
    details.incomplete_details = R"({"reason":"max_output_tokens"})";
    details.items = {item};
    details.instructions = "Be brief.";
    details.max_output_tokens = 20;
    details.temperature = 0.25;
    details.top_p = 1;
    details.frequency_penalty = 0.5;
    details.presence_penalty = -0.5;
    details.reasoning_effort = "low";
    details.reasoning_summary = "auto";
    details.service_tier = "flex";
    details.text_format = "json_schema";
    details.text_schema_name = "answer";
    details.text_schema = R"({"type":"object","properties":{}})";
    details.tool_choice = R"({"type":"function","name":"t"})";
    details.tools = {{"function", "t", "d", R"({"a":[]})", true},
                     {"opper:web_search", "", "", "", std::nullopt}};
    details.truncation = "disabled";
    details.metadata = {{"a", "1"}, {"b", "2"}};
    ASSERT_TRUE(out.details);
    EXPECT_EQ(*out.details, details);
}

TEST(ResponsesReply, HasToolCalls) {
    const completion out = response_answer(
        R"({"status":"completed","output":[{"type":"function_call","id":"fc_1","call_id":"call_1",)"
        R"("name":"weather","arguments":"{\"city\":\"Oslo\"}","status":"completed"},)"
        R"({"arguments":"","name":"time","id":"fc_2","type":"function_call"}]})");
    EXPECT_EQ(out.finish, finish_reason::tool_calls);
    EXPECT_EQ(out.tool_calls,
              (std::vector<conclave::tool_call>{{"call_1", "weather", R"({"city":"Oslo"})"},
                                                {"fc_2", "time", ""}}));
    std::string many = R"({"output":[)";
    for (int i = 0; i < 129; ++i)
        many += R"({"type":"function_call","call_id":"c"},)";
    many.back() = ']';
    EXPECT_EQ(response_failure(many + "}").code, errc::malformed_reply);
}

TEST(ResponsesReply, KeepsARefusalAndRawReasoningApart) {
    const completion out = response_answer(
        R"({"output":[{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text",)"
        R"("text":"hm"}]},{"type":"message","content":[{"type":"refusal","refusal":"I can't."}]}],)"
        R"("status":"completed"})");
    EXPECT_EQ(out.text, "");
    EXPECT_EQ(out.refusal, "I can't.");
    EXPECT_EQ(out.reasoning, "hm");
    EXPECT_EQ(out.finish, finish_reason::stop);
}

TEST(ResponsesReply, SaysWhyItIsIncomplete) {
    const auto incomplete = [](std::string_view details) {
        return response_answer(response_with(R"(,"status":"incomplete","incomplete_details":)" +
                                             std::string(details)));
    };
    EXPECT_EQ(incomplete(R"({"reason":"max_output_tokens"})").finish, finish_reason::length);
    EXPECT_TRUE(incomplete(R"({"reason":"max_output_tokens"})").notes.empty());
    EXPECT_EQ(incomplete(R"({"reason":"content_filter"})").finish, finish_reason::content_filter);
    const completion steered = incomplete(R"({"reason":"steered"})");
    EXPECT_EQ(steered.finish, finish_reason::length);
    EXPECT_EQ(steered.notes, (std::vector<std::string>{"the answer is incomplete: steered"}));
    for (const std::string_view none : {"null", "{}", "7", R"({"reason":null})"}) {
        EXPECT_EQ(incomplete(none).finish, finish_reason::length) << none;
        EXPECT_EQ(incomplete(none).notes.size(), 1u) << none;
    }
    EXPECT_EQ(incomplete(R"("max_output_tokens")").finish, finish_reason::length);
    EXPECT_EQ(incomplete("null").text, "x");
}

TEST(ResponsesReply, TakesTheTextBesideTheOutputWhereThatHasNone) {
    EXPECT_EQ(response_answer(R"({"status":"completed","output":[],"output_text":"hi"})").text,
              "hi");
    EXPECT_EQ(response_answer(response_with(R"(,"output_text":"x")")).text, "x");
}

TEST(ResponsesReply, HasTheCostWhereverItIsSaid) {
    EXPECT_EQ(response_answer(response_with(R"(,"cost":0.5)")).cost, 0.5);
    EXPECT_EQ(response_answer(
                  response_with(R"(,"usage":{"input_tokens":1,"output_tokens":2,"cost":0.25})"))
                  .cost,
              0.25);
    EXPECT_EQ(response_answer(response_with(R"(,"usage":{"input_tokens":1,"opper":)"
                                            R"({"cost":{"total":0.125,"tools":0}}})"))
                  .cost,
              0.125);
    EXPECT_EQ(response_answer(response_with(R"(,"cost":-1)")).cost, std::nullopt);
}

TEST(ResponsesReply, HasNoUsageThatIsNonsense) {
    for (const std::string_view text :
         {"null", "{}", "7", R"({"input_tokens":-1})", R"({"output_tokens":1e300})"}) {
        EXPECT_FALSE(response_answer(response_with(R"(,"usage":)" + std::string(text))).usage)
            << text;
    }
}

TEST(ResponsesReply, IsAFailureWhenItSaysSo) {
    struct {
        std::string_view body, message, code;
        int status;
    } const cases[] = {
        {R"({"status":"failed","error":{"code":"server_error","message":"boom"},"output":[]})",
         "boom", "server_error", 0},
        {R"({"status":"failed","error":{"code":429,"message":"slow"}})", "slow", "429", 429},
        {R"({"status":"failed","error":null,"output":[]})",
         "the provider says that the response is failed", "failed", 0},
        {R"({"status":"cancelled","output":[]})",
         "the provider says that the response is cancelled", "cancelled", 0},
        {R"({"error":{"message":"no credit","type":"insufficient_quota","code":null}})",
         "no credit", "insufficient_quota", 0},
        {R"({"error":"overloaded"})", "overloaded", "", 0},
        {R"({"error":{"type":"model_error"}})", "no explanation given", "model_error", 0},
        {R"({"output":[],"status":"completed","error":true})", "no explanation given", "", 0},
    };
    for (const auto& each : cases) {
        const failure failed = response_failure(each.body);
        EXPECT_EQ(failed.code, errc::provider_error) << each.body;
        EXPECT_EQ(failed.message, each.message);
        EXPECT_EQ(failed.provider_code, each.code);
        EXPECT_EQ(failed.status, each.status);
    }
}

TEST(ResponsesReply, IsNoAnswerUntilItIsThere) {
    for (const std::string_view word : {"queued", "in_progress"}) {
        const failure failed =
            response_failure(R"({"output":[],"status":")" + std::string(word) + R"("})");
        EXPECT_EQ(failed.code, errc::malformed_reply);
        EXPECT_NE(failed.message.find(word), std::string::npos);
    }
}

TEST(ResponsesReply, IsNotWhatElseMayCome) {
    EXPECT_EQ(response_failure("").code, errc::malformed_json);
    EXPECT_EQ(response_failure("[]").code, errc::malformed_json);
    EXPECT_EQ(response_failure(R"({"status":"completed")").code, errc::malformed_json);
    EXPECT_EQ(response_failure("<html><title>Log in</title>").message,
              "the reply is not a JSON object: Log in");
    EXPECT_EQ(response_failure("{}").code, errc::malformed_reply);
    EXPECT_EQ(response_failure(R"({"choices":[]})").code, errc::malformed_reply);
}

TEST(ResponsesReply, IsReadWhateverIsOddInIt) {
    const std::string deep = std::string(5000, '[') + std::string(5000, ']');
    const completion out = response_answer(
        response_with(R"(,"x":)" + deep + R"(,"tool_choice":)" + deep +
                      R"(,"metadata":{"n":123456789012345678901234567890},"tools":[7,null],)"
                      R"("reasoning":null,"text":null,"incomplete_details":1e400,"id":7,)"
                      R"("status":null,"created_at":1.5)"));
    EXPECT_EQ(out.text, "x");
    EXPECT_EQ(out.finish, finish_reason::stop);
    EXPECT_EQ(out.details->metadata.at("n"), "123456789012345678901234567890");
    EXPECT_EQ(response_answer(R"({"output":[7,null,[],{},{"type":"message","content":[7,{},)"
                              R"({"type":"output_text"},{"type":"output_text","text":"\ud83e"}]},)"
                              R"({"type":"message","content":"text"}],"status":"strange"})")
                  .text,
              "\xEF\xBF\xBD");
    EXPECT_EQ(response_answer(response_with(R"(,"status":"strange")")).finish,
              finish_reason::unknown);
}

TEST(ResponsesReply, LeavesTheIdOfTheRequestThatCameWithItsHeader) {
    completion out;
    out.request_id = "req_1";
    EXPECT_FALSE(responses::read_reply(response_with(""), out));
    EXPECT_EQ(out.request_id, "req_1");
}

TEST(ResponsesReply, OfAnErrorStatusIsReadAsAllFormatsHaveIt) {
    const failure failed = responses::read_error(
        429, R"({"error":{"message":"slow","type":"too_many_requests","code":null}})");
    EXPECT_EQ(failed.code, errc::http_status);
    EXPECT_EQ(failed.status, 429);
    EXPECT_EQ(failed.provider_code, "too_many_requests");
}

}  // namespace
