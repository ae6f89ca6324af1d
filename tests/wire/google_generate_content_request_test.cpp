#include <conclave/wire/google_generate_content.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>
#include <conclave/wire/format.hpp>

namespace {

using conclave::attachment;
using conclave::call;
using conclave::message;
using conclave::message_role;
using conclave::reasoning_effort;
using conclave::wire::google_generate_content;

static_assert(conclave::wire::format<google_generate_content>);

struct gemini_request {
    std::string body;
    std::vector<std::string> notes;

    bool has(std::string_view part) const { return body.find(part) != std::string::npos; }
};

gemini_request gemini_written(const call& what, std::string_view model = "gemini-3-flash",
                              const google_generate_content& chosen = {}) {
    gemini_request out;
    out.notes = chosen.write_request(what, model, false, out.body);
    conclave::json::document parsed;
    EXPECT_FALSE(conclave::json::document::parse(out.body, parsed)) << out.body;
    return out;
}

TEST(GoogleGenerateContentRequest, HasNothingButTheQuestionUnlessAsked) {
    EXPECT_EQ(gemini_written(call("alias", "Why is the sky blue?")).body,
              R"({"contents":[{"role":"user","parts":[{"text":"Why is the sky blue?"}]}]})");
}

TEST(GoogleGenerateContentRequest, NamesTheModelInItsTarget) {
    const google_generate_content speaks;
    EXPECT_EQ(speaks.target("gemini-3-flash", false),
              "/v1beta/models/gemini-3-flash:generateContent");
    EXPECT_EQ(speaks.target("gemini-3-flash", true),
              "/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse");
    EXPECT_EQ(speaks.target("models/gemini-3-flash", false),
              "/v1beta/models/gemini-3-flash:generateContent");
    EXPECT_EQ(speaks.target("tunedModels/mine", false), "/v1beta/tunedModels/mine:generateContent");
    EXPECT_EQ(speaks.target("google/gemini-3-flash", false),
              "/v1beta/models/google/gemini-3-flash:generateContent");
    EXPECT_EQ(speaks.models_target(), "/v1beta/models?pageSize=1000");
    google_generate_content other;
    other.api_version = "v1";
    EXPECT_EQ(other.target("m", false), "/v1/models/m:generateContent");
}

TEST(GoogleGenerateContentRequest, EncodesWhatWouldChangeTheTarget) {
    const google_generate_content speaks;
    EXPECT_EQ(speaks.target("a b?c#d%e\xC3\xA9", false),
              "/v1beta/models/a%20b%3Fc%23d%25e%C3%A9:generateContent");
    EXPECT_EQ(speaks.target("../../v1/files", false),
              "/v1beta/models/..%2F..%2Fv1%2Ffiles:generateContent");
    EXPECT_EQ(speaks.target("llama3:8b", false), "/v1beta/models/llama3:8b:generateContent");
}

TEST(GoogleGenerateContentRequest, CarriesTheKeyAsTheEndpointWantsIt) {
    google_generate_content speaks;
    const auto own = speaks.header("k");
    ASSERT_EQ(own.size(), 1U);
    EXPECT_EQ(own[0].name, "x-goog-api-key");
    EXPECT_EQ(own[0].value, "k");
    speaks.bearer = true;
    EXPECT_EQ(speaks.header("k").at(0).value, "Bearer k");
    EXPECT_TRUE(speaks.header("").empty());
}

TEST(GoogleGenerateContentRequest, CarriesTheConversationInOrder) {
    call what("m");
    what.instructions("Be brief.");
    what.add({message_role::user, "one"}).add({message_role::assistant, "two"});
    what.add({message_role::user, "three"});
    EXPECT_EQ(gemini_written(what).body,
              R"({"contents":[{"role":"user","parts":[{"text":"one"}]},)"
              R"({"role":"model","parts":[{"text":"two"}]},)"
              R"({"role":"user","parts":[{"text":"three"}]}],)"
              R"("systemInstruction":{"parts":[{"text":"Be brief."}]}})");
}

TEST(GoogleGenerateContentRequest, SendsEverySetting) {
    const call what =
        call("m", "q").temperature(0.7).top_p(1).max_tokens(300).reasoning(reasoning_effort::high);
    EXPECT_TRUE(gemini_written(what).has(
        R"("generationConfig":{"temperature":0.7,"topP":1,"maxOutputTokens":300,)"
        R"("thinkingConfig":{"thinkingLevel":"HIGH","includeThoughts":true}}})"));
}

TEST(GoogleGenerateContentRequest, SendsTheEffortThatTheModelHasNearest) {
    const auto config = [](reasoning_effort effort, std::string_view model) {
        const std::string body = gemini_written(call("m", "q").reasoning(effort), model).body;
        const std::size_t begin = body.find("\"thinkingConfig\":");
        return begin == body.npos ? std::string()
                                  : body.substr(begin + 17, body.size() - begin - 19);
    };
    using effort = reasoning_effort;
    EXPECT_EQ(config(effort::minimal, "gemini-3-flash"),
              R"({"thinkingLevel":"MINIMAL","includeThoughts":true})");
    EXPECT_EQ(config(effort::minimal, "google/gemini-4-argon"),
              R"({"thinkingLevel":"LOW","includeThoughts":true})");
    EXPECT_EQ(config(effort::medium, "gemini-4-argon"),
              R"({"thinkingLevel":"MEDIUM","includeThoughts":true})");
    for (const effort most : {effort::high, effort::xhigh, effort::max}) {
        EXPECT_EQ(config(most, "gemini-4-argon"),
                  R"({"thinkingLevel":"HIGH","includeThoughts":true})");
        EXPECT_EQ(config(most, "gemini-2.5-pro"),
                  R"({"thinkingBudget":24576,"includeThoughts":true})");
    }
    EXPECT_EQ(config(effort::low, "google/gemini-2.5-flash"),
              R"({"thinkingBudget":1024,"includeThoughts":true})");
    EXPECT_EQ(config(effort::medium, "gemini-2.5-flash"),
              R"({"thinkingBudget":8192,"includeThoughts":true})");
    EXPECT_EQ(config(effort::none, "gemini-2.5-flash"), R"({"thinkingBudget":0})");
    EXPECT_EQ(config(effort::none, "gemini-2.5-pro"), R"({"thinkingBudget":128})");
    EXPECT_EQ(config(effort::none, "gemini-3-flash"), R"({"thinkingLevel":"MINIMAL"})");
    EXPECT_EQ(config(effort::high, "gemini-2.0-flash"), "");
}

TEST(GoogleGenerateContentRequest, SaysWhatAModelCannotDo) {
    const auto notes = [](reasoning_effort effort, std::string_view model) {
        return gemini_written(call("m", "q").reasoning(effort), model).notes;
    };
    const std::vector<std::string> dropped = {"reasoning was dropped: this model does not take it"};
    const std::vector<std::string> always = {
        "reasoning is as little as the model can: it cannot do without"};
    EXPECT_EQ(notes(reasoning_effort::high, "gemini-2.0-flash"), dropped);
    EXPECT_TRUE(notes(reasoning_effort::none, "gemini-2.0-flash").empty());
    EXPECT_TRUE(notes(reasoning_effort::none, "gemini-2.5-flash").empty());
    EXPECT_EQ(notes(reasoning_effort::none, "gemini-2.5-pro"), always);
    EXPECT_EQ(notes(reasoning_effort::none, "gemini-4-argon"), always);
    google_generate_content speaks;
    speaks.without_sampling = {"gemini-9"};
    const gemini_request out =
        gemini_written(call("m", "q").top_p(0.5), "google/gemini-9-x", speaks);
    EXPECT_EQ(out.notes,
              std::vector<std::string>{"top_p was dropped: this model does not take it"});
    EXPECT_FALSE(out.has("generationConfig"));
}

TEST(GoogleGenerateContentRequest, SendsASchema) {
    const call what = call("m", "q").output_schema(R"({"type": "object"})");
    EXPECT_TRUE(
        gemini_written(what).has(R"("generationConfig":{"responseMimeType":"application/json",)"
                                 R"("responseJsonSchema":{"type":"object"}}})"));
    google_generate_content speaks;
    speaks.json_schema = false;
    const gemini_request out = gemini_written(what, "m", speaks);
    EXPECT_FALSE(out.has("generationConfig"));
    EXPECT_TRUE(out.has("valid against this JSON Schema"));
}

TEST(GoogleGenerateContentRequest, PutsASchemaIntoThePromptWhereTheModelTakesNoneBesideTools) {
    call what = call("m", "q").output_schema(R"({"type":"object"})");
    what.add(conclave::tool("t", "", "{}"));
    const gemini_request older = gemini_written(what, "gemini-2.5-pro");
    EXPECT_FALSE(older.has("responseJsonSchema"));
    EXPECT_TRUE(older.has("valid against this JSON Schema"));
    EXPECT_TRUE(gemini_written(what, "gemini-3-flash").has("responseJsonSchema"));
}

TEST(GoogleGenerateContentRequest, CarriesTools) {
    call what("m", "q");
    what.add(conclave::tool("weather", "The weather in a city", R"({"type":"object"})"));
    const std::string tools =
        R"("tools":[{"functionDeclarations":[{"name":"weather",)"
        R"("description":"The weather in a city","parametersJsonSchema":{"type":"object"}}]}])";
    EXPECT_TRUE(gemini_written(what).body.ends_with(tools + "}"));
    const auto config = [&](conclave::tool_choice choice) {
        const std::string body = gemini_written(what.tool_choice(std::move(choice))).body;
        return body.substr(body.find(tools) + tools.size());
    };
    using mode = conclave::tool_choice::mode;
    const auto expected = [](std::string_view config_text) {
        return R"(,"toolConfig":{"functionCallingConfig":{)" + std::string(config_text) + "}}}";
    };
    EXPECT_EQ(config(mode::automatic), expected(R"("mode":"AUTO")"));
    EXPECT_EQ(config(mode::none), expected(R"("mode":"NONE")"));
    EXPECT_EQ(config(mode::required), expected(R"("mode":"ANY")"));
    EXPECT_EQ(config(conclave::tool_choice("weather")),
              expected(R"("mode":"ANY","allowedFunctionNames":["weather"])"));
}

TEST(GoogleGenerateContentRequest, CarriesToolCallsAndTheirResultsTogether) {
    call what("m", "q");
    message asked(message_role::assistant, "Let me see.");
    asked.call_tool({"a", "weather", R"({"city":"Oslo"})", "c2ln"});
    asked.call_tool({"b", "time", ""});
    what.add(asked).add(message::tool_result("b", "noon"));
    what.add(message::tool_result("a", R"({"sky":"rain"})"));
    EXPECT_TRUE(gemini_written(what).has(
        R"({"role":"model","parts":[{"text":"Let me see."},)"
        R"({"functionCall":{"id":"a","name":"weather","args":{"city":"Oslo"}},)"
        R"("thoughtSignature":"c2ln"},)"
        R"({"functionCall":{"id":"b","name":"time","args":{}}}]},)"
        R"({"role":"user","parts":[)"
        R"({"functionResponse":{"id":"b","name":"time","response":{"output":"noon"}}},)"
        R"({"functionResponse":{"id":"a","name":"weather","response":{"sky":"rain"}}}]}])"))
        << gemini_written(what).body;
}

TEST(GoogleGenerateContentRequest, SaysWhereACallIsOfAnotherModel) {
    message asked(message_role::assistant, "");
    asked.call_tool({"a", "weather", "{}"}).call_tool({"b", "time", "{}"});
    const call what = call("m", "q").add(asked);
    const std::string marked = R"({"functionCall":{"id":"a","name":"weather","args":{}},)"
                               R"("thoughtSignature":"skip_thought_signature_validator"},)"
                               R"({"functionCall":{"id":"b","name":"time","args":{}}}])";
    EXPECT_TRUE(gemini_written(what, "google/gemini-4-argon").has(marked));
    EXPECT_FALSE(gemini_written(what, "gemini-2.5-pro").has("thoughtSignature"));
    EXPECT_FALSE(gemini_written(what, "gemma-3").has("thoughtSignature"));
}

TEST(GoogleGenerateContentRequest, FindsTheToolOfAResultWithoutAnId) {
    call what("m", "q");
    message asked(message_role::assistant, "");
    asked.call_tool({"", "weather", "{}"}).call_tool({"", "time", "{}"});
    what.add(asked).add(message::tool_result("", "rain")).add(message::tool_result("", "noon"));
    EXPECT_TRUE(gemini_written(what).has(
        R"([{"functionResponse":{"name":"weather","response":{"output":"rain"}}},)"
        R"({"functionResponse":{"name":"time","response":{"output":"noon"}}}])"))
        << gemini_written(what).body;
    call stray("m");
    stray.add(message::tool_result("", "x")).add(message::tool_result("lost", "y"));
    EXPECT_TRUE(gemini_written(stray).has(R"("name":"lost")"));
}

TEST(GoogleGenerateContentRequest, IsNotSpoiltByArgumentsThatAreNoJson) {
    call what("m", "q");
    message asked(message_role::assistant, "");
    what.add(asked.call_tool({"a", "weather", R"({"city":)"}));
    const gemini_request out = gemini_written(what);
    EXPECT_TRUE(out.has(R"("args":{}})"));
    EXPECT_EQ(out.notes, std::vector<std::string>{"the arguments of an earlier call of weather "
                                                  "were left out: they are no JSON object"});
}

TEST(GoogleGenerateContentRequest, CarriesImagesAndDocuments) {
    message asked("What is this?");
    asked.attach(attachment::image_url("https://a.test/b.png?size=1"));
    asked.attach(attachment::image("image/png", "ab"));
    asked.attach(attachment::document("application/pdf", "abc", "c.pdf"));
    asked.attach(attachment::document_url("https://a.test/files/7"));
    EXPECT_EQ(gemini_written(call("m").add(asked)).body,
              R"({"contents":[{"role":"user","parts":[)"
              R"({"fileData":{"mimeType":"image/png","fileUri":"https://a.test/b.png?size=1"}},)"
              R"({"inlineData":{"mimeType":"image/png","data":"YWI="}},)"
              R"({"inlineData":{"mimeType":"application/pdf","data":"YWJj"}},)"
              R"({"fileData":{"fileUri":"https://a.test/files/7"}},{"text":"What is this?"}]}]})");
}

}  // namespace
