#include <conclave/wire/responses.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>
#include <conclave/wire/chat_completions.hpp>
#include <conclave/wire/format.hpp>

namespace {

using conclave::call;
using conclave::wire::opper_headers;
using conclave::wire::responses;

static_assert(conclave::wire::format<responses>);

const responses open_responses = {.speaks = responses::dialect::open_responses,
                                  .path = "/openresponses"};

std::string response_request(const call& what, bool stream = false, const responses& chosen = {},
                             std::string_view model = "gpt-5.5") {
    std::string out;
    chosen.write_request(what, model, stream, out);
    conclave::json::document parsed;
    EXPECT_FALSE(conclave::json::document::parse(out, parsed)) << out;
    return out;
}

// A request with one question, and this behind it.
std::string response_question(std::string_view rest) {
    return R"({"model":"gpt-5.5","input":[{"type":"message","role":"user","content":"q"}])" +
           std::string(rest) + "}";
}

TEST(ResponsesRequest, HasNothingButTheQuestionUnlessAskedAndIsNotKept) {
    EXPECT_EQ(response_request(call("alias", "q")), response_question(R"(,"store":false)"));
}

TEST(ResponsesRequest, GoesWhereTheDialectIs) {
    EXPECT_EQ(responses().target("m", true), "/responses");
    EXPECT_EQ(open_responses.target("m", false), "/openresponses");
    EXPECT_EQ(responses().models_target(), "/models");
}

TEST(ResponsesRequest, CarriesTheConversationAsItems) {
    call what("m");
    what.instructions("Be brief.");
    what.add({conclave::message_role::user, "one"});
    conclave::message asked(conclave::message_role::assistant, "let me see");
    asked.call_tool({"call_1", "weather", R"({"city":"Oslo"})"});
    what.add(asked);
    conclave::message asked_only(conclave::message_role::assistant, "");
    asked_only.call_tool({"call_2", "time", ""});
    what.add(asked_only);
    what.add(conclave::message::tool_result("call_1", "rain"));
    EXPECT_EQ(
        response_request(what),
        R"({"model":"gpt-5.5","instructions":"Be brief.","input":[)"
        R"({"type":"message","role":"user","content":"one"},)"
        R"({"type":"message","role":"assistant","content":"let me see"},)"
        R"({"type":"function_call","call_id":"call_1","name":"weather",)"
        R"("arguments":"{\"city\":\"Oslo\"}"},)"
        R"({"type":"function_call","call_id":"call_2","name":"time","arguments":"{}"},)"
        R"({"type":"function_call_output","call_id":"call_1","output":"rain"}],"store":false})");
}

TEST(ResponsesRequest, CarriesReasoningWhereItWas) {
    conclave::completion answered;
    answered.text = "ab";
    answered.tool_calls = {{"call_1", "t", "{}"}};
    for (const std::size_t text_before : {std::size_t{0}, std::size_t{2}}) {
        conclave::reasoning_part& part = answered.reasoning_parts.emplace_back();
        part.from = conclave::reasoning_part::format::responses;
        part.json = R"({"type":"reasoning","id":"rs_)" + std::to_string(text_before) + "\"}";
        part.text_before = text_before;
    }
    answered.reasoning_parts.emplace_back().json = R"({"of":"another"})";
    call what("m", "q");
    what.add(conclave::message(answered));
    what.add(conclave::message::tool_result("call_1", "r"));
    EXPECT_NE(response_request(what).find(
                  R"({"type":"reasoning","id":"rs_0"},{"type":"message","role":"assistant",)"
                  R"("content":"ab"},{"type":"reasoning","id":"rs_2"},{"type":"function_call",)"
                  R"("call_id":"call_1","name":"t","arguments":"{}"},)"
                  R"({"type":"function_call_output","call_id":"call_1","output":"r"}])"),
              std::string::npos)
        << response_request(what);
}

TEST(ResponsesRequest, CarriesImagesAndDocuments) {
    call what("m");
    conclave::message asked("What is this?");
    asked.attach(conclave::attachment::image_url("https://a.test/b.png"));
    asked.attach(conclave::attachment::image("image/png", "ab"));
    asked.attach(conclave::attachment::document("application/pdf", "abc", "c.pdf"));
    asked.attach(conclave::attachment::document_url("https://a.test/d.pdf"));
    what.add(asked);
    EXPECT_NE(
        response_request(what).find(
            R"("content":[)"
            R"({"type":"input_image","detail":"auto","image_url":"https://a.test/b.png"},)"
            R"({"type":"input_image","detail":"auto","image_url":"data:image/png;base64,YWI="},)"
            R"({"type":"input_file","filename":"c.pdf",)"
            R"("file_data":"data:application/pdf;base64,YWJj"},)"
            R"({"type":"input_file","file_url":"https://a.test/d.pdf"},)"
            R"({"type":"input_text","text":"What is this?"}]}])"),
        std::string::npos)
        << response_request(what);
}

TEST(ResponsesRequest, SendsEverySetting) {
    call what("m", "q");
    what.temperature(0.7).top_p(1).max_tokens(300).reasoning(conclave::reasoning_effort::max);
    EXPECT_EQ(response_request(what),
              response_question(R"(,"temperature":0.7,"top_p":1,"max_output_tokens":300,)"
                                R"("reasoning":{"effort":"max"},"store":false)"));
}

TEST(ResponsesRequest, TakesTheNearestEffortThatOpenResponsesHas) {
    const auto effort = [](conclave::reasoning_effort asked) {
        const std::string out =
            response_request(call("m", "q").reasoning(asked), false, open_responses);
        const auto begin = out.find(R"("effort":")") + 10;
        return out.substr(begin, out.find('"', begin) - begin);
    };
    EXPECT_EQ(effort(conclave::reasoning_effort::minimal), "low");
    EXPECT_EQ(effort(conclave::reasoning_effort::high), "high");
    EXPECT_EQ(effort(conclave::reasoning_effort::max), "xhigh");
    EXPECT_EQ(effort(conclave::reasoning_effort::none), "none");
}

TEST(ResponsesRequest, DropsWithANoteWhatTheModelRefuses) {
    const call what = call("m", "q").temperature(0.7).top_p(1);
    const responses chosen = {.without_sampling = {"gpt-5"}};
    std::string out;
    EXPECT_EQ(chosen.write_request(what, "gpt-5.5", false, out),
              (std::vector<std::string>{"temperature was dropped: this model does not take it",
                                        "top_p was dropped: this model does not take it"}));
    EXPECT_EQ(out, response_question(R"(,"store":false)"));
}

TEST(ResponsesRequest, RaisesATokenLimitThatWouldBeRefused) {
    std::string out;
    const auto notes =
        responses().write_request(call("m", "q").max_tokens(15), "gpt-5.5", false, out);
    EXPECT_EQ(notes,
              (std::vector<std::string>{"max_tokens was raised to 16: this format takes no less"}));
    EXPECT_EQ(out, response_question(R"(,"max_output_tokens":16,"store":false)"));
    EXPECT_NE(response_request(call("m", "q").max_tokens(17)).find(R"(_tokens":17)"),
              std::string::npos);
}

TEST(ResponsesRequest, SendsASchemaWhereTheEndpointTakesOne) {
    const call what = call("m", "q").output_schema(R"({"type": "object"})");
    EXPECT_EQ(response_request(what),
              response_question(R"(,"text":{"format":{"type":"json_schema","name":"answer",)"
                                R"("schema":{"type": "object"}}},"store":false)"));
    const call shaped = call("m", "q").output_schema(R"({"type":"object","properties":{}})");
    EXPECT_NE(response_request(shaped).find(R"("schema":{"type":"object","properties":{},)"
                                            R"("required":[],"additionalProperties":false},)"
                                            R"("strict":true}})"),
              std::string::npos);
    for (const responses& lax : {responses{.strict_schema = false}, open_responses}) {
        EXPECT_NE(response_request(shaped, false, lax)
                      .find(R"("schema":{"type":"object","properties":{}}}})"),
                  std::string::npos);
    }
}

TEST(ResponsesRequest, PutsASchemaIntoTheInstructionsElsewhere) {
    const call what = call("m", "q").instructions("Be brief.").output_schema(R"({"type":"array"})");
    const std::string out = response_request(what, false, {.json_schema = false});
    EXPECT_EQ(out.find("json_schema"), std::string::npos);
    EXPECT_NE(out.find(R"("instructions":"Be brief.\n)"), std::string::npos) << out;
    EXPECT_NE(out.find(R"({\"type\":\"array\"})"), std::string::npos) << out;
}

TEST(ResponsesRequest, CarriesToolsFlat) {
    call what("m", "q");
    what.add(conclave::tool("weather", "In a city", R"({"type":"object"})"));
    const std::string tools =
        R"(,"tools":[{"type":"function","name":"weather","description":"In a city",)"
        R"("parameters":{"type":"object"},"strict":false}])";
    EXPECT_EQ(response_request(what), response_question(tools + R"(,"store":false)"));
    what.tool_choice(conclave::tool_choice::mode::required);
    EXPECT_EQ(response_request(what),
              response_question(tools + R"(,"tool_choice":"required","store":false)"));
    what.tool_choice(conclave::tool_choice("weather"));
    EXPECT_EQ(response_request(what),
              response_question(tools + R"(,"tool_choice":{"type":"function","name":"weather"},)"
                                        R"("store":false)"));
}

TEST(ResponsesRequest, DeclinesRandomTextInAStreamWhereThatIsKnown) {
    const call what("m", "q");
    EXPECT_EQ(response_request(what, true),
              response_question(R"(,"store":false,"stream":true,)"
                                R"("stream_options":{"include_obfuscation":false})"));
    const std::string without = response_question(R"(,"store":false,"stream":true)");
    EXPECT_EQ(response_request(what, true, {.without_obfuscation = false}), without);
    EXPECT_EQ(response_request(what, true, open_responses), without);
}

TEST(ResponsesRequest, CarriesWhatOnlyThisFormatCanSay) {
    using namespace conclave::wire;
    responses chosen = open_responses;
    responses_options& options = chosen.options;
    options.store = true;
    options.summary = reasoning_summary::automatic;
    options.verbosity = text_verbosity::low;
    options.truncation = input_truncation::automatic;
    options.parallel_tool_calls = false;
    options.max_tool_calls = 3;
    options.frequency_penalty = 0.5;
    options.presence_penalty = -1;
    options.previous_response_id = "resp_1";
    options.service_tier = "flex";
    options.user = "u";
    options.include = {"reasoning.encrypted_content", "message.output_text.logprobs"};
    options.metadata = {{"a", "1"}, {"b", "\"2\""}};
    EXPECT_EQ(response_request(call("m", "q"), false, chosen),
              response_question(R"(,"frequency_penalty":0.5,"presence_penalty":-1,)"
                                R"("reasoning":{"summary":"auto"},"text":{"verbosity":"low"},)"
                                R"("store":true,"truncation":"auto","parallel_tool_calls":false,)"
                                R"("max_tool_calls":3,"previous_response_id":"resp_1",)"
                                R"("service_tier":"flex","user":"u","include":)"
                                R"(["reasoning.encrypted_content","message.output_text.logprobs"],)"
                                R"("metadata":{"a":"1","b":"\"2\""})"));
    chosen.speaks = responses::dialect::openai;
    std::string out;
    EXPECT_EQ(
        chosen.write_request(call("m", "q"), "m", false, out),
        (std::vector<std::string>{"frequency_penalty was dropped: this endpoint does not take it",
                                  "presence_penalty was dropped: this endpoint does not take it"}));
    EXPECT_EQ(out.find("penalty"), std::string::npos);
}

TEST(ResponsesRequest, IsValidJsonWhateverTheTexts) {
    const std::string nasty = "\"\\\n\x1b[2J\xff\xed\xa0\x80 </script> \xF0\x9F\xA6\x8A";
    responses chosen;
    chosen.options.metadata = {{nasty, nasty}};
    chosen.options.user = nasty;
    response_request(call(nasty, nasty).instructions(nasty), true, chosen, nasty);
}

std::string opper_header_lines(const std::vector<conclave::http::field>& header) {
    std::string lines;
    for (const auto& [name, value] : header)
        lines += name + ": " + value + "\n";
    return lines;
}

TEST(OpperHeaders, AreSentWithAnyFormatThatHasThem) {
    EXPECT_EQ(opper_header_lines(responses().header("")), "");
    responses chosen = open_responses;
    opper_headers& opper = chosen.opper;
    opper.name = "panel/seat";
    opper.parent_span_id = "0b8f3c1e-5d0e-4a53-9d43-0f1b3a7d2c11";
    opper.guard_input = {"pii", "secrets"};
    opper.guard_output = {"toxicity"};
    opper.action = conclave::wire::guard_action::redact;
    const std::string lines =
        "Authorization: Bearer key\n"
        "X-Opper-Name: panel/seat\n"
        "X-Opper-Parent-Span-Id: 0b8f3c1e-5d0e-4a53-9d43-0f1b3a7d2c11\n"
        "X-Opper-Guard-Input: pii,secrets\n"
        "X-Opper-Guard-Output: toxicity\n"
        "X-Opper-Guard-Action: redact\n";
    EXPECT_EQ(opper_header_lines(chosen.header("key")), lines);
    conclave::wire::chat_completions chat;
    chat.opper = opper;
    EXPECT_EQ(opper_header_lines(chat.header("key")), lines);
    chat.opper = {};
    chat.opper.action = conclave::wire::guard_action::block;
    EXPECT_EQ(opper_header_lines(chat.header("")), "X-Opper-Guard-Action: block\n");
    chat.opper.action = conclave::wire::guard_action::flag;
    EXPECT_EQ(opper_header_lines(chat.header("")), "X-Opper-Guard-Action: flag\n");
}

}  // namespace
