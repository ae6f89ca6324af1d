#include "chat_request.hpp"

#include <conclave/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using server::compat_request;
using server::read_chat_request;

// The request with these members beside its model and one message.
compat_request with(const std::string& members) {
    return read_chat_request(R"({"model":"m","messages":[{"role":"user","content":"Hi"}])" +
                             (members.empty() ? "" : "," + members) + "}");
}

std::string field_refused_in_chat(const std::string& body) {
    try {
        read_chat_request(body);
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_request);
        return failure.field();
    }
    return "nothing refused";
}

TEST(ChatRequest, ReadsAPlainQuestion) {
    const compat_request read = with("");
    EXPECT_EQ(read.what.model(), "m");
    ASSERT_EQ(read.what.messages().size(), 1U);
    EXPECT_EQ(read.what.messages()[0].text(), "Hi");
    EXPECT_FALSE(read.stream);
    EXPECT_FALSE(read.include_usage);
}

TEST(ChatRequest, ReadsTheSettings) {
    const compat_request read =
        with(R"("temperature":0.5,"top_p":0.9,"max_tokens":7,"max_completion_tokens":9,)"
             R"("reasoning_effort":"high","stream":true,"stream_options":{"include_usage":true})");
    EXPECT_EQ(read.what.temperature(), 0.5);
    EXPECT_EQ(read.what.top_p(), 0.9);
    EXPECT_EQ(read.what.max_tokens(), 9);
    EXPECT_EQ(read.what.reasoning(), reasoning_effort::high);
    EXPECT_TRUE(read.stream);
    EXPECT_TRUE(read.include_usage);
}

TEST(ChatRequest, TakesNullForWhatIsNotSet) {
    const compat_request read =
        with(R"("temperature":null,"max_tokens":null,"stop":null,"tools":null,"tool_choice":null,)"
             R"("response_format":null,"stream_options":null,"n":null)");
    EXPECT_FALSE(read.what.temperature());
    EXPECT_FALSE(read.what.max_tokens());
}

TEST(ChatRequest, MakesOneSystemPromptOfAll) {
    const compat_request read = read_chat_request(
        R"({"model":"m","messages":[{"role":"system","content":"Be brief."},)"
        R"({"role":"user","content":"Hi"},)"
        R"({"role":"developer","content":[{"type":"text","text":"And kind."}]}]})");
    EXPECT_EQ(read.what.instructions(), "Be brief.\n\nAnd kind.");
    EXPECT_EQ(read.what.messages().size(), 1U);
}

TEST(ChatRequest, ReadsAConversationWithTools) {
    const compat_request read = read_chat_request(
        R"({"model":"m","messages":[{"role":"user","content":"Weather?"},)"
        R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",)"
        R"("function":{"name":"look","arguments":"{\"a\":1}"},)"
        R"("extra_content":{"google":{"thought_signature":"sig"}}}]},)"
        R"({"role":"tool","tool_call_id":"c1","content":"sunny"}],)"
        R"("tools":[{"type":"function","function":{"name":"look","description":"d",)"
        R"("parameters":{"type":"object"}}},{"type":"function","function":{"name":"bare"}}],)"
        R"("tool_choice":{"type":"function","function":{"name":"look"}}})");
    const auto& messages = read.what.messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[1].role(), message_role::assistant);
    EXPECT_EQ(messages[1].tool_calls(),
              (std::vector<tool_call>{{"c1", "look", R"({"a":1})", "sig"}}));
    EXPECT_EQ(messages[2].role(), message_role::tool);
    EXPECT_EQ(messages[2].tool_call_id(), "c1");
    EXPECT_EQ(messages[2].text(), "sunny");
    ASSERT_EQ(read.what.tools().size(), 2U);
    EXPECT_EQ(read.what.tools()[0].description(), "d");
    EXPECT_EQ(read.what.tools()[1].parameters(), R"({"type":"object","properties":{}})");
    ASSERT_TRUE(read.what.tool_choice());
    EXPECT_EQ(read.what.tool_choice()->name(), "look");
}

TEST(ChatRequest, ReadsWhatIsAttached) {
    const compat_request read = read_chat_request(
        R"({"model":"m","messages":[{"role":"user","content":[)"
        R"({"type":"text","text":"What is "},{"type":"text","text":"this?"},)"
        R"({"type":"image_url","image_url":{"url":"https://example.org/a.png"}},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},)"
        R"({"type":"file","file":{"filename":"a.pdf",)"
        R"("file_data":"data:application/pdf;base64,QUJD"}}]}]})");
    const message& said = read.what.messages().at(0);
    EXPECT_EQ(said.text(), "What is this?");
    ASSERT_EQ(said.attachments().size(), 3U);
    EXPECT_EQ(said.attachments()[0].url(), "https://example.org/a.png");
    EXPECT_EQ(said.attachments()[1].media_type(), "image/png");
    EXPECT_EQ(said.attachments()[1].base64(), "QUJD");
    EXPECT_EQ(said.attachments()[2].what(), attachment::kind::document);
    EXPECT_EQ(said.attachments()[2].name(), "a.pdf");
}

TEST(ChatRequest, ReadsTheShapeOfTheAnswer) {
    EXPECT_EQ(with(R"("response_format":{"type":"text"})").what.output_schema(), "");
    EXPECT_EQ(with(R"("response_format":{"type":"json_object"})").what.output_schema(),
              R"({"type":"object"})");
    EXPECT_EQ(with(R"("response_format":{"type":"json_schema","json_schema":)"
                   R"({"name":"n","strict":true,"schema":{"type": "array"}}})")
                  .what.output_schema(),
              R"({"type":"array"})");
}

TEST(ChatRequest, LeavesOutWhatIsOnlyAdvice) {
    const compat_request read =
        with(R"("seed":1,"user":"u","metadata":{"a":"b"},"store":true,"n":1,"logprobs":false,)"
             R"("parallel_tool_calls":true,"service_tier":"auto","modalities":["text"],)"
             R"("tool_choice":"auto")");
    EXPECT_EQ(read.what.messages().size(), 1U);
    EXPECT_FALSE(read.what.tool_choice());
}

TEST(ChatRequest, NamesWhatIsWrong) {
    const std::string message = R"("messages":[{"role":"user","content":"Hi"}])";
    const std::string start = R"({"model":"m",)" + message + ",";
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"", "body"},
        {"[]", "body"},
        {"{" + message + "}", "model"},
        {R"({"model":1,)" + message + "}", "model"},
        {R"({"model":"m"})", "messages"},
        {R"({"model":"m","messages":{}})", "messages"},
        {R"({"model":"m","messages":["Hi"]})", "messages[0]"},
        {R"({"model":"m","messages":[{"role":"judge","content":"Hi"}]})", "messages[0].role"},
        {R"({"model":"m","messages":[{"role":"user","content":1}]})", "messages[0].content"},
        {R"({"model":"m","messages":[{"role":"tool","content":"x"}]})", "messages[0].tool_call_id"},
        {R"({"model":"m","messages":[{"role":"user","content":[{"type":"input_audio"}]}]})",
         "messages[0].content[0].type"},
        {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url",)"
         R"("image_url":{"url":"file:///etc/passwd"}}]}]})",
         "messages[0].content[0].image_url.url"},
        {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url",)"
         R"("image_url":{"url":"data:image/png,raw"}}]}]})",
         "messages[0].content[0].image_url.url"},
        {R"({"model":"m","messages":[{"role":"user","content":[{"type":"file",)"
         R"("file":{"file_id":"f"}}]}]})",
         "messages[0].content[0].file"},
        {start + R"("temperature":"hot"})", "temperature"},
        {start + R"("max_tokens":1.5})", "max_tokens"},
        {start + R"("reasoning_effort":"huge"})", "reasoning_effort"},
        {start + R"("n":2})", "n"},
        {start + R"("stop":["x"]})", "stop"},
        {start + R"("logprobs":true})", "logprobs"},
        {start + R"("modalities":["text","audio"]})", "modalities[1]"},
        {start + R"("functions":[]})", "functions"},
        {start + R"("tools":[{"type":"custom"}]})", "tools[0].type"},
        {start + R"("tools":[{"type":"function"}]})", "tools[0].function"},
        {start + R"("tool_choice":"must"})", "tool_choice"},
        {start + R"("response_format":{"type":"xml"}})", "response_format.type"},
        {start + R"("response_format":{"type":"json_schema","json_schema":{"name":"n"}}})",
         "response_format.json_schema.schema"},
    };
    for (const auto& [body, field] : wrong)
        EXPECT_EQ(field_refused_in_chat(body), field) << body;
}

}  // namespace
