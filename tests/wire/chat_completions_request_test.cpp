#include <conclave/wire/chat_completions.hpp>
#include <conclave/wire/format.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>

namespace {

using namespace std::string_literals;
using conclave::call;
using conclave::wire::chat_completions;
namespace json = conclave::json;

static_assert(conclave::wire::format<chat_completions>);

std::string written(const call& what, bool stream = false, const chat_completions& chosen = {},
                    std::string_view model = "gpt-5.5") {
    std::string out;
    chosen.write_request(what, model, stream, out);
    return out;
}

TEST(ChatCompletionsRequest, HasNothingButTheQuestionUnlessAsked) {
    EXPECT_EQ(
        written(call("alias", "Why is the sky blue?")),
        R"({"model":"gpt-5.5","messages":[{"role":"user","content":"Why is the sky blue?"}]})");
}

TEST(ChatCompletionsRequest, IsAppended) {
    std::string out = "before ";
    chat_completions().write_request(call("m", "q"), "m", false, out);
    EXPECT_EQ(out, R"(before {"model":"m","messages":[{"role":"user","content":"q"}]})");
}

TEST(ChatCompletionsRequest, CarriesTheConversationInOrder) {
    call what("m");
    what.instructions("Be brief.");
    what.add({conclave::message_role::user, "one"});
    what.add({conclave::message_role::assistant, "two"});
    what.add({conclave::message_role::user, "three"});
    EXPECT_EQ(written(what),
              R"({"model":"gpt-5.5","messages":[{"role":"system","content":"Be brief."},)"
              R"({"role":"user","content":"one"},{"role":"assistant","content":"two"},)"
              R"({"role":"user","content":"three"}]})");
}

TEST(ChatCompletionsRequest, SendsEverySetting) {
    call what("m", "q");
    what.temperature(0.7).top_p(1).max_tokens(300).reasoning(conclave::reasoning_effort::xhigh);
    EXPECT_EQ(written(what), R"({"model":"gpt-5.5","messages":[{"role":"user","content":"q"}],)"
                             R"("temperature":0.7,"top_p":1,"max_tokens":300,)"
                             R"("reasoning_effort":"xhigh"})");
}

TEST(ChatCompletionsRequest, DropsWithANoteWhatTheModelRefuses) {
    const call what = call("m", "q").temperature(0.7).top_p(1).max_tokens(300);
    chat_completions chosen;
    chosen.without_sampling = {"o3", "gpt-5"};
    const auto notes_for = [&](std::string_view model, std::string& out) {
        return chosen.write_request(what, model, false, out);
    };
    std::string refusing;
    EXPECT_EQ(notes_for("gpt-5-mini", refusing),
              (std::vector<std::string>{"temperature was dropped: this model does not take it",
                                        "top_p was dropped: this model does not take it"}));
    EXPECT_EQ(refusing, R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"q"}],)"
                        R"("max_tokens":300})");
    std::string taking;
    EXPECT_TRUE(notes_for("gpt-4.1", taking).empty());
    EXPECT_NE(taking.find(R"("temperature":0.7,"top_p":1)"), std::string::npos);
    std::string asked_for_nothing;
    EXPECT_TRUE(chosen.write_request(call("m", "q"), "o3", false, asked_for_nothing).empty());
}

TEST(ChatCompletionsRequest, NamesTheTokenLimitAsTheEndpointWantsIt) {
    call what("m", "q");
    what.max_tokens(10);
    const std::string out = written(what, false, {.max_completion_tokens = true});
    EXPECT_NE(out.find(R"("max_completion_tokens":10)"), std::string::npos);
    EXPECT_EQ(out.find("max_tokens"), std::string::npos);
}

TEST(ChatCompletionsRequest, AsksForUsageInAStream) {
    const call what("m", "q");
    EXPECT_TRUE(written(what, true)
                    .ends_with(R"(,"stream":true,"stream_options":{"include_usage":true}})"));
    EXPECT_TRUE(written(what, true, {.include_usage = false}).ends_with(R"(}],"stream":true})"));
}

TEST(ChatCompletionsRequest, SendsASchemaWhereTheEndpointTakesOne) {
    call what("m", "q");
    what.output_schema(R"({"type": "object"})");
    EXPECT_TRUE(written(what).ends_with(
        R"("response_format":{"type":"json_schema","json_schema":{"name":"answer",)"
        R"("schema":{"type": "object"}}}})"));
    what.output_schema(R"({"type":"object","properties":{"a":{"type":"string"}}})");
    EXPECT_TRUE(written(what).ends_with(
        R"("json_schema":{"name":"answer","strict":true,"schema":{"type":"object","properties":)"
        R"({"a":{"type":["string","null"]}},"required":["a"],"additionalProperties":false}}}})"));
    EXPECT_TRUE(written(what, false, {.strict_schema = false})
                    .ends_with(R"("json_schema":{"name":"answer","schema":)" +
                               what.output_schema() + "}}}"));
}

TEST(ChatCompletionsRequest, PutsASchemaIntoThePromptElsewhere) {
    call what("m", "q");
    what.instructions("Be brief.").output_schema(R"({"type":"array"})");
    const std::string out = written(what, false, {.json_schema = false});
    EXPECT_EQ(out.find("response_format"), std::string::npos);
    json::document parsed;
    ASSERT_FALSE(json::document::parse(out, parsed));
    std::string_view system;
    ASSERT_FALSE(parsed.root().at_pointer("/messages/0/content").get(system));
    EXPECT_TRUE(system.starts_with("Be brief.\n"));
    EXPECT_NE(system.find(R"({"type":"array"})"), std::string_view::npos);
    // no place takes one of anything but objects in its field
    EXPECT_EQ(written(what, false).find("response_format"), std::string::npos);
}

TEST(ChatCompletionsRequest, IsValidJsonWhateverTheTexts) {
    const std::string nasty = "\"\\\0\n\x1b[2J\xff\xed\xa0\x80 </script> \xF0\x9F\xA6\x8A"s;
    call what(nasty, nasty);
    what.instructions(nasty);
    const std::string out = written(what, true, {}, nasty);
    json::document parsed;
    ASSERT_FALSE(json::document::parse(out, parsed)) << out;
    std::string_view text;
    ASSERT_FALSE(parsed.root().at_pointer("/messages/1/content").get(text));
    EXPECT_TRUE(text.starts_with(nasty.substr(0, 8)));
    EXPECT_TRUE(text.ends_with(" </script> \xF0\x9F\xA6\x8A"));
}

TEST(ChatCompletionsRequest, CarriesTools) {
    call what("m", "q");
    what.add(conclave::tool("weather", "The weather in a city", R"({"type":"object"})"));
    EXPECT_TRUE(written(what).ends_with(
        R"("tools":[{"type":"function","function":{"name":"weather",)"
        R"("description":"The weather in a city","parameters":{"type":"object"}}}]})"));
    what.tool_choice(conclave::tool_choice::mode::required);
    EXPECT_TRUE(written(what).ends_with(R"("tool_choice":"required"})"));
    what.tool_choice(conclave::tool_choice("weather"));
    EXPECT_TRUE(written(what).ends_with(
        R"("tool_choice":{"type":"function","function":{"name":"weather"}}})"));
}

TEST(ChatCompletionsRequest, CarriesToolCallsAndTheirResults) {
    call what("m", "q");
    conclave::message asked(conclave::message_role::assistant, "");
    asked.call_tool({"call_1", "weather", R"({"city":"Oslo"})"});
    what.add(asked).add(conclave::message::tool_result("call_1", "rain"));
    EXPECT_NE(written(what).find(R"({"role":"assistant","content":"","tool_calls":[{"id":"call_1",)"
                                 R"("type":"function","function":{"name":"weather",)"
                                 R"("arguments":"{\"city\":\"Oslo\"}"}}]},)"
                                 R"({"role":"tool","tool_call_id":"call_1","content":"rain"}])"),
              std::string::npos)
        << written(what);
}

TEST(ChatCompletionsRequest, CarriesImagesAndDocuments) {
    call what("m");
    conclave::message asked("What is this?");
    asked.attach(conclave::attachment::image_url("https://a.test/b.png"));
    asked.attach(conclave::attachment::image("image/png", "ab"));
    asked.attach(conclave::attachment::document("application/pdf", "abc", "c.pdf"));
    what.add(asked);
    EXPECT_EQ(written(what),
              R"({"model":"gpt-5.5","messages":[{"role":"user","content":[)"
              R"({"type":"image_url","image_url":{"url":"https://a.test/b.png"}},)"
              R"({"type":"image_url","image_url":{"url":"data:image/png;base64,YWI="}},)"
              R"({"type":"file","file":{"filename":"c.pdf",)"
              R"("file_data":"data:application/pdf;base64,YWJj"}},)"
              R"({"type":"text","text":"What is this?"}]}]})");
}

}  // namespace
