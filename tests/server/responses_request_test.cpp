#include "responses_request.hpp"

#include <conclave/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using server::compat_request;
using server::read_responses_request;

std::string field_refused_in_response(const std::string& body) {
    try {
        read_responses_request(body);
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_request);
        return failure.field();
    }
    return "nothing refused";
}

TEST(ResponsesRequest, ReadsATextAndTheSettings) {
    const compat_request read = read_responses_request(
        R"({"model":"m","input":"Hi","instructions":"Be brief.","temperature":0.5,"top_p":0.9,)"
        R"("max_output_tokens":9,"reasoning":{"effort":"low","summary":"auto"},"stream":true,)"
        R"("store":true,"include":["reasoning.encrypted_content"],"user":"u",)"
        R"("text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}},)"
        R"("verbosity":"low"},"previous_response_id":null})");
    EXPECT_EQ(read.what.model(), "m");
    EXPECT_EQ(read.what.messages().at(0).text(), "Hi");
    EXPECT_EQ(read.what.instructions(), "Be brief.");
    EXPECT_EQ(read.what.temperature(), 0.5);
    EXPECT_EQ(read.what.max_tokens(), 9);
    EXPECT_EQ(read.what.reasoning(), reasoning_effort::low);
    EXPECT_EQ(read.what.output_schema(), R"({"type":"object"})");
    EXPECT_TRUE(read.stream);
}

TEST(ResponsesRequest, ReadsItems) {
    const compat_request read = read_responses_request(
        R"({"model":"m","input":[{"role":"developer","content":"Be brief."},)"
        R"({"type":"message","role":"user","content":[{"type":"input_text","text":"Weather?"},)"
        R"({"type":"input_image","image_url":"data:image/png;base64,QUJD"},)"
        R"({"type":"input_file","file_url":"https://example.org/a.pdf"}]},)"
        R"({"type":"reasoning","id":"rs_1","summary":[]},)"
        R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look.",)"
        R"("annotations":[]}]},)"
        R"({"type":"function_call","id":"fc_1","call_id":"c1","name":"look","arguments":"{}",)"
        R"("extra_content":{"google":{"thought_signature":"sig"}}},)"
        R"({"type":"function_call_output","call_id":"c1","output":"sunny"}],)"
        R"("tools":[{"type":"function","name":"look","parameters":{"type":"object"},)"
        R"("strict":true}],"tool_choice":"required"})");
    EXPECT_EQ(read.what.instructions(), "Be brief.");
    const auto& messages = read.what.messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0].text(), "Weather?");
    ASSERT_EQ(messages[0].attachments().size(), 2U);
    EXPECT_EQ(messages[0].attachments()[1].url(), "https://example.org/a.pdf");
    EXPECT_EQ(messages[1].text(), "I look.");
    EXPECT_EQ(messages[1].tool_calls(), (std::vector<tool_call>{{"c1", "look", "{}", "sig"}}));
    EXPECT_EQ(messages[2].text(), "sunny");
    EXPECT_EQ(read.what.tools().at(0).name(), "look");
    EXPECT_EQ(read.what.tool_choice()->how(), tool_choice::mode::required);
}

TEST(ResponsesRequest, NamesWhatIsWrong) {
    const std::string start = R"({"model":"m","input":"Hi",)";
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"nonsense", "body"},
        {R"({"input":"Hi"})", "model"},
        {R"({"model":"m"})", "input"},
        {R"({"model":"m","input":5})", "input"},
        {R"({"model":"m","input":[{"role":"judge","content":""}]})", "input[0].role"},
        {R"({"model":"m","input":[{"type":"item_reference","id":"x"}]})", "input[0].type"},
        {R"({"model":"m","input":[{"type":"function_call","name":"x"}]})", "input[0].call_id"},
        {R"({"model":"m","input":[{"role":"user","content":[{"type":"input_image",)"
         R"("file_id":"f"}]}]})",
         "input[0].content[0].image_url"},
        {start + R"("previous_response_id":"resp_1"})", "previous_response_id"},
        {start + R"("conversation":"conv_1"})", "conversation"},
        {start + R"("background":true})", "background"},
        {start + R"("tools":[{"type":"web_search"}]})", "tools[0].type"},
        {start + R"("tool_choice":{"type":"web_search"}})", "tool_choice.type"},
        {start + R"("reasoning":{"effort":"huge"}})", "reasoning.effort"},
        {start + R"("text":{"format":{"type":"json_schema","name":"n"}}})", "text.format.schema"},
    };
    for (const auto& [body, field] : wrong)
        EXPECT_EQ(field_refused_in_response(body), field) << body;
}

}  // namespace
