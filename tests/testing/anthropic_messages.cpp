#include "loopback_client.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace conclave::testing;
using namespace loopback;

constexpr std::string_view newest_version = "anthropic-version: 2026-10-21\r\n";

parsed_response ask_anthropic(const scripted_provider& provider, std::string_view members,
                              std::string_view fields = newest_version,
                              std::string_view model = "m") {
    plain_client client(provider.port(), std::chrono::seconds(10));
    std::string body = R"({"model":")" + std::string(model) + '"';
    if (!members.empty()) body.append(",").append(members);
    body += "}";
    std::string text = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    text.append(fields).append("content-length: ").append(std::to_string(body.size()));
    client.send(text.append("\r\n\r\n").append(body));
    return parse(client.receive_all());
}

constexpr std::string_view plain_question =
    R"("max_tokens":100,"system":[{"type":"text","text":"Be brief."}],)"
    R"("messages":[{"role":"user","content":[{"type":"text","text":"Why so?"}]}])";

std::string streamed(std::string_view question) {
    return std::string(question) + R"(,"stream":true)";
}

// The names and the data of a stream's events.
std::vector<std::pair<std::string, std::string>> named_events(std::string_view stream) {
    std::vector<std::pair<std::string, std::string>> events;
    for (std::size_t end; (end = stream.find("\n\n")) != stream.npos;
         stream.remove_prefix(end + 2)) {
        const std::string_view event = stream.substr(0, end);
        const std::size_t data = event.find("\ndata: ");
        EXPECT_TRUE(event.starts_with("event: ")) << event;
        if (data == event.npos) return events;
        events.emplace_back(event.substr(7, data - 7), event.substr(data + 7));
    }
    return events;
}

TEST(ScriptedAnthropic, AnswersWhole) {
    scripted_provider provider;
    provider.on("m", answer("Use Postgres.")
                         .reasoning("Hm.")
                         .tool_call("look", R"({"at":1})")
                         .usage(12, 34)
                         .cost(0.5));
    const parsed_response reply = ask_anthropic(provider, plain_question);
    EXPECT_EQ(reply.head.status, 200) << reply.body;
    EXPECT_EQ(reply.head.header.find("request-id"), "req_1");
    EXPECT_EQ(at(reply.body, "/type"), "message");
    EXPECT_EQ(at(reply.body, "/id"), "msg_1");
    EXPECT_EQ(at(reply.body, "/role"), "assistant");
    EXPECT_EQ(at(reply.body, "/content/0/thinking"), "Hm.");
    EXPECT_NE(at(reply.body, "/content/0/signature"), "absent");
    EXPECT_EQ(at(reply.body, "/content/1/text"), "Use Postgres.");
    EXPECT_EQ(at(reply.body, "/content/2/type"), "tool_use");
    EXPECT_EQ(at(reply.body, "/content/2/id"), "toolu_1_0");
    EXPECT_EQ(at(reply.body, "/content/2/input/at"), "1");
    EXPECT_EQ(at(reply.body, "/stop_reason"), "tool_use");
    EXPECT_EQ(at(reply.body, "/stop_details"), "null");
    EXPECT_EQ(at(reply.body, "/usage/input_tokens"), "12");
    EXPECT_EQ(at(reply.body, "/usage/output_tokens_details/thinking_tokens"), "1");
    EXPECT_EQ(at(reply.body, "/cost"), "0.5");
    EXPECT_EQ(provider.requests()[0].prompt, "Why so?");
    EXPECT_EQ(provider.requests()[0].instructions, "Be brief.");
}

TEST(ScriptedAnthropic, StreamsInTheOrderOfTheLiveWire) {
    scripted_provider provider;
    provider.on("m", answer("Use it").reasoning("Hm.").tool_call("f", R"({"a":12})"));
    const parsed_response reply = ask_anthropic(provider, streamed(plain_question));
    EXPECT_EQ(reply.head.header.find("content-type"), "text/event-stream");
    std::string order;
    for (const auto& [name, data] : named_events(reply.body)) {
        EXPECT_EQ(at(data, "/type"), name);
        order += name == "content_block_delta" ? at(data, "/delta/type") : name;
        const std::string index = at(data, "/index");
        order += (index == "absent" ? "" : index) + " ";
    }
    EXPECT_EQ(order,
              "message_start content_block_start0 ping thinking_delta0 signature_delta0 "
              "content_block_stop0 content_block_start1 text_delta1 text_delta1 "
              "content_block_stop1 content_block_start2 input_json_delta2 input_json_delta2 "
              "content_block_stop2 message_delta message_stop ");
}

TEST(ScriptedAnthropic, NamesItsErrorEvent) {
    scripted_provider provider;
    provider.on("m", answer("a b").error_in_stream(R"({"type":"error","error":{}})", 3));
    const auto events = named_events(ask_anthropic(provider, streamed(plain_question)).body);
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[3].first, "error");
}

TEST(ScriptedAnthropic, HasItsOwnWordsForTheEnd) {
    scripted_provider provider;
    provider.on("long", answer("x").finish_reason("length"));
    provider.on("no", answer("").refusal("I will not."));
    provider.on("odd", answer("x").finish_reason("pause_turn").without_usage());
    const auto ask_for = [&](std::string_view model) {
        return ask_anthropic(provider, plain_question, newest_version, model).body;
    };
    EXPECT_EQ(at(ask_for("long"), "/stop_reason"), "max_tokens");
    EXPECT_EQ(at(ask_for("no"), "/stop_reason"), "refusal");
    EXPECT_EQ(at(ask_for("no"), "/stop_details/explanation"), "I will not.");
    EXPECT_EQ(at(ask_for("no"), "/content"), "[]");
    EXPECT_EQ(at(ask_for("odd"), "/stop_reason"), "pause_turn");
    EXPECT_EQ(at(ask_for("odd"), "/usage"), "absent");
}

TEST(ScriptedAnthropic, HasItsOwnErrors) {
    scripted_provider provider;
    provider.on("m", status(529));
    const parsed_response reply = ask_anthropic(provider, plain_question);
    EXPECT_EQ(reply.head.status, 529);
    EXPECT_EQ(at(reply.body, "/type"), "error");
    EXPECT_EQ(at(reply.body, "/error/type"), "overloaded_error");
    const parsed_response unknown =
        ask_anthropic(provider, plain_question, newest_version, "unknown");
    EXPECT_EQ(unknown.head.status, 404);
    EXPECT_EQ(at(unknown.body, "/error/type"), "not_found_error");
}

TEST(ScriptedAnthropic, RefusesWhatAnthropicRefuses) {
    scripted_provider provider;
    provider.on("m", answer("x"));
    const std::string question(plain_question);
    const std::string ask = R"("max_tokens":9,"messages":[{"role":"user","content":"q"},)";
    const std::string called =
        R"({"role":"assistant","content":[{"type":"tool_use","id":"i","name":"f","input":{}}]})";
    const std::string result =
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"i","content":"r"}]})";
    const auto expect_refused = [&](const std::string& members, std::string_view fields,
                                    std::string_view word) {
        const parsed_response reply = ask_anthropic(provider, members, fields);
        EXPECT_EQ(reply.head.status, 400) << members;
        EXPECT_EQ(at(reply.body, "/error/type"), "invalid_request_error");
        EXPECT_NE(at(reply.body, "/error/message").find(word), std::string::npos) << reply.body;
    };
    expect_refused(question, "", "anthropic-version");
    expect_refused(question, "anthropic-version: 2024-01-01\r\n", "anthropic-version");
    expect_refused(question + R"(,"temperature":1)", newest_version, "temperature");
    expect_refused(R"("messages":[{"role":"user","content":"q"}])", newest_version, "max_tokens");
    expect_refused(R"("max_tokens":9)", newest_version, "messages");
    expect_refused(ask + R"({"role":"user","content":""}])", newest_version, "empty");
    expect_refused(ask + R"({"role":"user","content":[{"type":"text","text":""}]}])",
                   newest_version, "non-empty");
    expect_refused(ask + R"({"role":"tool","content":"r"}])", newest_version, "role");
    expect_refused(ask + called + "]", newest_version, "tool_result");
    expect_refused(ask + called + R"(,{"role":"user","content":"?"}])", newest_version,
                   "tool_result");
    expect_refused(ask + result + "]", newest_version, "tool_use_id");
    EXPECT_EQ(ask_anthropic(provider, ask + called + "," + result + "]").head.status, 200);
    const std::string forged =
        R"({"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}]})";
    expect_refused(ask + forged + "]", newest_version, "signature");
    const std::string thinks = R"(,"thinking":{"type":"enabled","budget_tokens":1024})";
    expect_refused(ask + called + "," + result + "]" + thinks, newest_version, "Expected");
    const std::string thought =
        R"({"role":"assistant","content":[{"type":"redacted_thinking","data":"d"},)" +
        called.substr(called.find(R"({"type")"));
    EXPECT_EQ(ask_anthropic(provider, ask + thought + "," + result + "]" + thinks).head.status,
              200);
    EXPECT_EQ(ask_anthropic(provider, question + R"(,"temperature":1)",
                            "anthropic-version: 2023-06-01\r\n")
                  .head.status,
              200);
}

}  // namespace
