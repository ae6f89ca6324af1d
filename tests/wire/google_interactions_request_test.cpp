#include <conclave/wire/google_interactions.hpp>

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
using conclave::wire::google_interactions;

static_assert(conclave::wire::format<google_interactions>);

google_interactions interaction_older() {
    google_interactions speaks;
    speaks.writes = google_interactions::shape::outputs;
    return speaks;
}

std::string interaction_written(const call& what, const google_interactions& chosen = {},
                                bool stream = false, std::vector<std::string>* notes = nullptr) {
    std::string body;
    const auto said = chosen.write_request(what, "gemini-3-flash", stream, body);
    if (notes != nullptr) *notes = said;
    conclave::json::document parsed;
    EXPECT_FALSE(conclave::json::document::parse(body, parsed)) << body;
    return body;
}

bool interaction_has(const std::string& body, std::string_view part) {
    return body.find(part) != std::string::npos;
}

TEST(GoogleInteractionsRequest, HasNothingButTheQuestionUnlessAskedAndIsNotStored) {
    const call what("alias", "Why?");
    const std::string expected = R"({"model":"gemini-3-flash","input":"Why?","store":false})";
    EXPECT_EQ(interaction_written(what), expected);
    EXPECT_EQ(interaction_written(what, interaction_older()), expected);
    EXPECT_EQ(interaction_written(what, {}, true),
              R"({"model":"gemini-3-flash","input":"Why?","stream":true,"store":false})");
}

TEST(GoogleInteractionsRequest, SaysWhichShapeItHas) {
    const google_interactions speaks;
    EXPECT_EQ(speaks.target("a/b", true), "/v1beta/interactions");
    const auto fields = speaks.header("k");
    ASSERT_EQ(fields.size(), 2U);
    EXPECT_EQ(fields[0].name, "x-goog-api-key");
    EXPECT_EQ(fields[0].value, "k");
    EXPECT_EQ(fields[1].name, "Api-Revision");
    EXPECT_EQ(fields[1].value, "2026-05-20");
    google_interactions older = interaction_older();
    older.bearer = true;
    EXPECT_EQ(older.header("k").at(0).value, "Bearer k");
    EXPECT_EQ(older.header("").at(0).value, "2026-05-07");
}

TEST(GoogleInteractionsRequest, CarriesTheConversationInBothShapes) {
    call what("m");
    what.instructions("Be brief.");
    what.add({message_role::user, "one"}).add({message_role::assistant, "two"});
    what.add(message("three").attach(attachment::image("image/png", "ab")));
    EXPECT_EQ(interaction_written(what),
              R"({"model":"gemini-3-flash","input":[)"
              R"({"type":"user_input","content":[{"type":"text","text":"one"}]},)"
              R"({"type":"model_output","content":[{"type":"text","text":"two"}]},)"
              R"({"type":"user_input","content":[)"
              R"({"type":"image","data":"YWI=","mime_type":"image/png"},)"
              R"({"type":"text","text":"three"}]}],)"
              R"("system_instruction":"Be brief.","store":false})");
    EXPECT_EQ(interaction_written(what, interaction_older()),
              R"({"model":"gemini-3-flash","input":[)"
              R"({"role":"user","content":[{"type":"text","text":"one"}]},)"
              R"({"role":"model","content":[{"type":"text","text":"two"}]},)"
              R"({"role":"user","content":[)"
              R"({"type":"image","data":"YWI=","mime_type":"image/png"},)"
              R"({"type":"text","text":"three"}]}],)"
              R"("system_instruction":"Be brief.","store":false})");
}

TEST(GoogleInteractionsRequest, CarriesDocumentsByTheirUrls) {
    message asked("What?");
    asked.attach(attachment::document_url("https://a.test/b.pdf"));
    EXPECT_TRUE(interaction_has(interaction_written(call("m").add(asked)),
                                R"({"type":"document","uri":"https://a.test/b.pdf",)"
                                R"("mime_type":"application/pdf"})"));
}

TEST(GoogleInteractionsRequest, SendsEverySetting) {
    const call what =
        call("m", "q").temperature(0.5).top_p(0.9).max_tokens(7).reasoning(reasoning_effort::max);
    EXPECT_TRUE(interaction_has(interaction_written(what),
                                R"("generation_config":{"temperature":0.5,"top_p":0.9,)"
                                R"("max_output_tokens":7,"thinking_level":"high",)"
                                R"("thinking_summaries":"auto"})"));
    std::vector<std::string> notes;
    EXPECT_TRUE(interaction_has(
        interaction_written(call("m", "q").reasoning(reasoning_effort::none), {}, false, &notes),
        R"("generation_config":{"thinking_level":"minimal"})"));
    EXPECT_EQ(notes.size(), 1U);
    google_interactions refusing;
    refusing.without_sampling = refusing.without_thinking = {"gemini-3"};
    EXPECT_FALSE(
        interaction_has(interaction_written(what, refusing, false, &notes), "temperature"));
    EXPECT_EQ(notes,
              (std::vector<std::string>{"temperature was dropped: this model does not take it",
                                        "top_p was dropped: this model does not take it",
                                        "reasoning was dropped: this model does not take it"}));
}

TEST(GoogleInteractionsRequest, SendsASchemaInBothShapes) {
    const call what = call("m", "q").output_schema(R"({"type":"object"})");
    EXPECT_TRUE(
        interaction_has(interaction_written(what),
                        R"("response_format":{"type":"text","mime_type":"application/json",)"
                        R"("schema":{"type":"object"}})"));
    EXPECT_TRUE(interaction_has(interaction_written(what, interaction_older()),
                                R"("response_mime_type":"application/json",)"
                                R"("response_format":{"type":"object"})"));
    google_interactions without;
    without.json_schema = false;
    const std::string out = interaction_written(what, without);
    EXPECT_FALSE(interaction_has(out, "response_format"));
    EXPECT_TRUE(interaction_has(out, "valid against this JSON Schema"));
}

TEST(GoogleInteractionsRequest, CarriesTools) {
    call what("m", "q");
    what.add(conclave::tool("weather", "In a city", R"({"type":"object"})"));
    EXPECT_TRUE(interaction_has(interaction_written(what),
                                R"("tools":[{"type":"function","name":"weather",)"
                                R"("description":"In a city","parameters":{"type":"object"}}])"));
    const auto choice = [&](conclave::tool_choice chosen) {
        return interaction_written(what.tool_choice(std::move(chosen)));
    };
    using mode = conclave::tool_choice::mode;
    EXPECT_TRUE(interaction_has(choice(mode::automatic), R"({"tool_choice":"auto"})"));
    EXPECT_TRUE(interaction_has(choice(mode::none), R"({"tool_choice":"none"})"));
    EXPECT_TRUE(interaction_has(choice(mode::required), R"({"tool_choice":"any"})"));
    EXPECT_TRUE(
        interaction_has(choice(conclave::tool_choice("weather")),
                        R"("tool_choice":{"allowed_tools":{"mode":"any","tools":["weather"]}})"));
}

TEST(GoogleInteractionsRequest, CarriesToolCallsWithTheirThoughts) {
    call what("m", "q");
    message asked(message_role::assistant, "");
    asked.call_tool({"a", "weather", R"({"city":"Oslo"})", "c2ln"}).call_tool({"b", "time", "["});
    what.add(asked).add(message::tool_result("a", "rain"));
    std::vector<std::string> notes;
    const std::string items =
        R"({"type":"thought","signature":"c2ln"},)"
        R"({"type":"function_call","id":"a","name":"weather","arguments":{"city":"Oslo"}},)"
        R"({"type":"function_call","id":"b","name":"time","arguments":{}})";
    const std::string result =
        R"({"type":"function_result","call_id":"a","name":"weather","result":"rain"})";
    EXPECT_TRUE(
        interaction_has(interaction_written(what, {}, false, &notes), items + "," + result + "]"));
    EXPECT_EQ(notes.size(), 1U);
    EXPECT_TRUE(interaction_has(interaction_written(what, interaction_older()),
                                R"({"role":"model","content":[)" + items +
                                    R"(]},{"role":"user","content":[)" + result + "]}]"));
}

}  // namespace
