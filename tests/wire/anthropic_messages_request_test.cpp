#include <conclave/wire/anthropic_messages.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>
#include <conclave/wire/format.hpp>

namespace {

using namespace std::string_literals;
using conclave::call;
using conclave::reasoning_effort;
using conclave::wire::anthropic_messages;
using conclave::wire::anthropic_version;

static_assert(conclave::wire::format<anthropic_messages>);

struct anthropic_request {
    std::string body;
    std::vector<std::string> notes;

    bool has(std::string_view part) const { return body.find(part) != std::string::npos; }
};

anthropic_request anthropic_body(const call& what, std::string_view model = "claude-opus-4-6",
                                 const anthropic_messages& chosen = {}, bool stream = false) {
    anthropic_request out;
    out.notes = chosen.write_request(what, model, stream, out.body);
    conclave::json::document parsed;
    EXPECT_FALSE(conclave::json::document::parse(out.body, parsed)) << out.body;
    return out;
}

call anthropic_thinking(reasoning_effort effort) { return call("m", "q").reasoning(effort); }

std::string after_messages(const anthropic_request& sent) {
    return sent.body.substr(sent.body.find("],") + 2);
}

TEST(AnthropicRequest, HasATokenLimitAlways) {
    EXPECT_EQ(anthropic_body(call("alias", "Why?")).body,
              R"({"model":"claude-opus-4-6","max_tokens":32000,)"
              R"("messages":[{"role":"user","content":"Why?"}]})");
    EXPECT_TRUE(anthropic_body(call("m", "q").max_tokens(5)).has(R"("max_tokens":5,)"));
    EXPECT_TRUE(
        anthropic_body(call("m", "q"), "m", {.max_tokens = 100}).has(R"("max_tokens":100,)"));
}

TEST(AnthropicRequest, IsAppendedAndMayAskForAStream) {
    std::string out = "before ";
    anthropic_messages().write_request(call("m", "q"), "m", true, out);
    EXPECT_EQ(out, R"(before {"model":"m","max_tokens":32000,)"
                   R"("messages":[{"role":"user","content":"q"}],"stream":true})");
}

TEST(AnthropicRequest, NamesItsVersionAndTheKey) {
    const anthropic_messages plain;
    EXPECT_EQ(plain.target("m", true), "/v1/messages");
    EXPECT_EQ(plain.models_target(), "/v1/models?limit=1000");
    const auto fields = plain.header("k");
    ASSERT_EQ(fields.size(), 2U);
    EXPECT_EQ(fields[0].name + ": " + fields[0].value, "anthropic-version: 2023-06-01");
    EXPECT_EQ(fields[1].name + ": " + fields[1].value, "x-api-key: k");
    EXPECT_EQ(plain.header("").size(), 1U);
    const anthropic_messages newer{.version = anthropic_version::v2026_10_21, .bearer = true};
    EXPECT_EQ(newer.header("k")[0].value, "2026-10-21");
    EXPECT_EQ(newer.header("k")[1].name + ": " + newer.header("k")[1].value,
              "Authorization: Bearer k");
}

TEST(AnthropicRequest, HasTheInstructionsOutsideTheConversation) {
    call what("m");
    what.instructions("Be brief.");
    what.add({conclave::message_role::user, "one"});
    what.add({conclave::message_role::assistant, "two"});
    what.add({conclave::message_role::user, "three"});
    EXPECT_EQ(anthropic_body(what, "m").body,
              R"({"model":"m","max_tokens":32000,"system":"Be brief.","messages":[)"
              R"({"role":"user","content":"one"},{"role":"assistant","content":"two"},)"
              R"({"role":"user","content":"three"}]})");
}

TEST(AnthropicRequest, CarriesTools) {
    call what("m", "q");
    what.add(conclave::tool("weather", "The weather in a city", R"({"type":"object"})"));
    EXPECT_EQ(after_messages(anthropic_body(what)),
              R"("tools":[{"name":"weather","description":"The weather in a city",)"
              R"("input_schema":{"type":"object"}}]})");
    using mode = conclave::tool_choice::mode;
    const auto choice = [&](conclave::tool_choice chosen) {
        const auto sent = anthropic_body(what.tool_choice(chosen));
        return sent.body.substr(sent.body.find(R"("tool_choice")"));
    };
    EXPECT_EQ(choice(mode::automatic), R"("tool_choice":{"type":"auto"}})");
    EXPECT_EQ(choice(mode::none), R"("tool_choice":{"type":"none"}})");
    EXPECT_EQ(choice(mode::required), R"("tool_choice":{"type":"any"}})");
    EXPECT_EQ(choice(conclave::tool_choice("weather")),
              R"("tool_choice":{"type":"tool","name":"weather"}})");
}

TEST(AnthropicRequest, ForcesNoToolUponAModelThatRefusesThat) {
    call what("m", "q");
    what.add(conclave::tool("t", "", "{}")).tool_choice(conclave::tool_choice("t"));
    for (const std::string_view model : {"claude-opus-5-5", "claude-fable-5-1", "claude-sonnet-5-5",
                                         "anthropic/claude-sonnet-5.5", "claude-mythos-5-2"}) {
        const auto sent = anthropic_body(what, model);
        EXPECT_FALSE(sent.has("tool_choice")) << model;
        EXPECT_EQ(sent.notes.size(), 1U);
    }
    for (const std::string_view model : {"claude-opus-5", "claude-sonnet-5", "claude-fable-5"}) {
        EXPECT_TRUE(anthropic_body(what, model).has("tool_choice")) << model;
    }
}

TEST(AnthropicRequest, PutsTheResultsOfToolsIntoOneTurnOfTheUser) {
    call what("m", "q");
    conclave::message asked(conclave::message_role::assistant, "");
    asked.call_tool({"toolu_1", "weather", R"({"city":"Oslo"})"});
    asked.call_tool({"toolu_2", "time", ""});
    what.add(asked);
    what.add(conclave::message::tool_result("toolu_1", "rain"));
    what.add(conclave::message::tool_result("toolu_2", "noon"));
    what.add({conclave::message_role::user, "And?"});
    EXPECT_EQ(
        anthropic_body(what, "m").body,
        R"({"model":"m","max_tokens":32000,"messages":[{"role":"user","content":"q"},)"
        R"({"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"weather",)"
        R"("input":{"city":"Oslo"}},{"type":"tool_use","id":"toolu_2","name":"time","input":{}}]},)"
        R"({"role":"user","content":[)"
        R"({"type":"tool_result","tool_use_id":"toolu_1","content":"rain"},)"
        R"({"type":"tool_result","tool_use_id":"toolu_2","content":"noon"},)"
        R"({"type":"text","text":"And?"}]}]})");
}

TEST(AnthropicRequest, CarriesImagesAndDocuments) {
    using conclave::attachment;
    call what("m");
    conclave::message asked("What?");
    asked.attach(attachment::image_url("https://a.test/b.png"));
    asked.attach(attachment::image_url("data:image/png;base64,YWI="));
    asked.attach(attachment::image("image/png", "ab"));
    asked.attach(attachment::document("application/pdf", "abc", "c.pdf"));
    asked.attach(attachment::document("text/csv", "a,\"b\"\n1,é\n", "d.csv"));
    asked.attach(attachment::document_url("https://a.test/e.pdf"));
    what.add(asked);
    EXPECT_EQ(
        anthropic_body(what, "m").body,
        R"({"model":"m","max_tokens":32000,"messages":[{"role":"user","content":[)"
        R"({"type":"image","source":{"type":"url","url":"https://a.test/b.png"}},)"
        R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"YWI="}},)"
        R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"YWI="}},)"
        R"({"type":"document","source":{"type":"base64","media_type":"application/pdf",)"
        R"("data":"YWJj"},"title":"c.pdf"},)"
        R"({"type":"document","source":{"type":"text","media_type":"text/plain",)"
        R"("data":"a,\"b\"\n1,é\n"},"title":"d.csv"},)"
        R"({"type":"document","source":{"type":"url","url":"https://a.test/e.pdf"}},)"
        R"({"type":"text","text":"What?"}]}]})");
}

TEST(AnthropicRequest, DecodesTextOfEveryLength) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
        text += static_cast<char>(i * 37 + 1);
        using namespace conclave::wire::detail;
        EXPECT_EQ(from_base64(to_base64(text)), text);
    }
}

TEST(AnthropicSampling, IsSentToModelsThatTakeIt) {
    const call warm = call("m", "q").temperature(0.5);
    for (const std::string_view model :
         {"claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5-20251001",
          "claude-opus-4-20250514", "claude-3-7-sonnet-latest", "deepseek-chat",
          "anthropic.claude-opus-4-1-20250805-v1:0"}) {
        const auto sent = anthropic_body(warm, model);
        EXPECT_TRUE(sent.has(R"("temperature":0.5)")) << model;
        EXPECT_TRUE(sent.notes.empty()) << model;
    }
}

TEST(AnthropicSampling, IsDroppedWithANoteWhereItIsRefused) {
    const call both = call("m", "q").temperature(1).top_p(0.5);
    const std::vector<std::string> notes = {"temperature was dropped: this model does not take it",
                                            "top_p was dropped: this model does not take it"};
    const auto expect_dropped = [&](std::string_view model, const anthropic_messages& chosen) {
        const auto sent = anthropic_body(both, model, chosen);
        EXPECT_FALSE(sent.has("temperature") || sent.has("top_p")) << sent.body;
        EXPECT_EQ(sent.notes, notes) << model;
    };
    for (const std::string_view model :
         {"claude-opus-4-7", "claude-opus-4-8[1m]", "claude-sonnet-5", "claude-haiku-5-5",
          "claude-fable-5", "claude-mythos-preview", "anthropic/claude-opus-4.7:thinking",
          "claude-saga-6", "claude-opus-latest"}) {
        expect_dropped(model, {});
    }
    expect_dropped("claude-opus-4-6", {.version = anthropic_version::v2026_10_21});
    expect_dropped("house-model", {.without_sampling = {"house"}});
}

TEST(AnthropicSampling, FitsWhatTheFormatKnows) {
    const auto hot = anthropic_body(call("m", "q").temperature(1.7), "deepseek-chat");
    EXPECT_TRUE(hot.has(R"("temperature":1})"));
    EXPECT_EQ(hot.notes.size(), 1U);
    const call both = call("m", "q").temperature(0.5).top_p(0.9);
    const auto one = anthropic_body(both, "claude-sonnet-4-5");
    EXPECT_TRUE(one.has(R"("temperature":0.5)"));
    EXPECT_FALSE(one.has("top_p"));
    EXPECT_EQ(one.notes.size(), 1U);
    EXPECT_TRUE(anthropic_body(both, "claude-3-7-sonnet-20250219").has(R"("top_p":0.9)"));
}

TEST(AnthropicThinking, IsAnEffortForModelsThatKnowOne) {
    const auto sent = [](reasoning_effort effort, std::string_view model) {
        return after_messages(anthropic_body(anthropic_thinking(effort), model));
    };
    EXPECT_EQ(sent(reasoning_effort::medium, "claude-opus-4-6"),
              R"("thinking":{"type":"adaptive"},"output_config":{"effort":"medium"}})");
    EXPECT_EQ(sent(reasoning_effort::max, "claude-opus-5-5"),
              R"("thinking":{"type":"adaptive","display":"summarized"},)"
              R"("output_config":{"effort":"max"}})");
    EXPECT_NE(sent(reasoning_effort::minimal, "claude-sonnet-5").find(R"("effort":"low")"),
              std::string::npos);
    EXPECT_NE(sent(reasoning_effort::xhigh, "claude-sonnet-4-6").find(R"("effort":"high")"),
              std::string::npos);
    EXPECT_NE(sent(reasoning_effort::xhigh, "claude-opus-4-7").find(R"("effort":"xhigh")"),
              std::string::npos);
}

TEST(AnthropicThinking, IsAShareOfTheTokensForOtherModels) {
    const auto thinking = [](const call& what, std::string_view model) {
        return after_messages(anthropic_body(what, model));
    };
    const call high = anthropic_thinking(reasoning_effort::high);
    for (const std::string_view model : {"claude-sonnet-4-5", "claude-haiku-4-5", "glm-5"}) {
        EXPECT_EQ(thinking(high, model), R"("thinking":{"type":"enabled","budget_tokens":25600}})");
    }
    EXPECT_EQ(thinking(call(high).max_tokens(1025), "claude-sonnet-4-5"),
              R"("thinking":{"type":"enabled","budget_tokens":1024}})");
    const auto most = anthropic_body(
        anthropic_thinking(reasoning_effort::max).max_tokens(INT64_MAX), "claude-opus-4-5");
    EXPECT_TRUE(most.has(R"("budget_tokens":876220343)")) << most.body;
}

TEST(AnthropicThinking, IsSwitchedOffAsTheModelHasIt) {
    const call none = anthropic_thinking(reasoning_effort::none);
    const auto sent = [&](std::string_view model) {
        const std::string body = anthropic_body(none, model).body;
        return body.substr(body.find(']') + 1);
    };
    EXPECT_EQ(sent("claude-opus-5"), R"(,"thinking":{"type":"disabled"}})");
    EXPECT_EQ(sent("claude-haiku-5-5"), R"(,"thinking":{"type":"disabled"}})");
    EXPECT_EQ(sent("claude-sonnet-5-5"), R"(,"thinking":{"type":"between_tools"}})");
    EXPECT_EQ(sent("claude-3-5-haiku-20241022"), "}");
    for (const std::string_view model : {"claude-opus-5-5", "claude-fable-5", "claude-mythos-5"}) {
        EXPECT_EQ(sent(model), R"(,"output_config":{"effort":"low"}})") << model;
        EXPECT_EQ(anthropic_body(none, model).notes.size(), 1U);
    }
}

TEST(AnthropicThinking, IsDroppedWithANoteWhereItCannotBe) {
    const auto expect_dropped = [](const call& what, std::string_view model) {
        const auto sent = anthropic_body(what, model);
        EXPECT_FALSE(sent.has("thinking")) << sent.body;
        EXPECT_EQ(sent.notes.size(), 1U) << model;
    };
    const call low = anthropic_thinking(reasoning_effort::low);
    expect_dropped(low, "claude-3-5-sonnet-20241022");
    expect_dropped(call(low).max_tokens(1024), "claude-sonnet-4-5");
    call forced(low);
    forced.add(conclave::tool("t", "", "{}")).tool_choice(conclave::tool_choice::mode::required);
    expect_dropped(forced, "claude-sonnet-4-5");
    EXPECT_TRUE(anthropic_body(forced, "claude-opus-4-6").has("adaptive"));
    call answered(low);
    conclave::message asked(conclave::message_role::assistant, "");
    answered.add(asked.call_tool({"i", "t", "{}"}));
    answered.add(conclave::message::tool_result("i", "r"));
    expect_dropped(answered, "claude-haiku-4-5");
    EXPECT_TRUE(anthropic_body(answered, "claude-sonnet-4-6").has("adaptive"));
}

TEST(AnthropicThinking, GoesOnWithTheThinkingThatLedToTheCall) {
    conclave::completion answered;
    answered.text = "Größe.\n\nSo:";
    answered.tool_calls = {{"i", "t", "{}"}};
    const auto think = [&](std::size_t text_before, std::size_t calls_before) {
        conclave::reasoning_part& part = answered.reasoning_parts.emplace_back();
        part.json = R"({"n":)" + std::to_string(answered.reasoning_parts.size()) + "}";
        part.text_before = text_before;
        part.calls_before = calls_before;
    };
    think(0, 0);
    think(0, 0);
    think(8, 0);
    think(10, 0);  // behind two line feeds alone, which are no block
    think(13, 1);
    conclave::reasoning_part& other = answered.reasoning_parts.emplace_back();
    other.from = conclave::reasoning_part::format::responses;
    other.json = R"({"n":"of another"})";
    call what = anthropic_thinking(reasoning_effort::low);
    what.add(conclave::message(answered)).add(conclave::message::tool_result("i", "r"));
    const auto sent = anthropic_body(what, "claude-haiku-4-5");
    EXPECT_TRUE(sent.has("thinking")) << sent.body;
    EXPECT_TRUE(sent.notes.empty());
    EXPECT_NE(sent.body.find(
                  R"("content":[{"n":1},{"n":2},{"type":"text","text":"Größe."},{"n":3},{"n":4},)"
                  R"({"type":"text","text":"So:"},{"type":"tool_use","id":"i","name":"t",)"
                  R"("input":{}},{"n":5}]})"),
              std::string::npos)
        << sent.body;
    // thinking that only came behind the call does not do
    answered.reasoning_parts.erase(answered.reasoning_parts.begin(),
                                   answered.reasoning_parts.begin() + 4);
    call behind = anthropic_thinking(reasoning_effort::low);
    behind.add(conclave::message(answered)).add(conclave::message::tool_result("i", "r"));
    EXPECT_FALSE(anthropic_body(behind, "claude-haiku-4-5").has("thinking"));
}

TEST(AnthropicThinking, LeavesNoRoomForATemperature) {
    const auto sent = anthropic_body(anthropic_thinking(reasoning_effort::low).temperature(0.2),
                                     "claude-opus-4-6");
    EXPECT_FALSE(sent.has("temperature"));
    EXPECT_EQ(sent.notes,
              (std::vector<std::string>{"temperature was dropped: not while the model thinks"}));
    EXPECT_TRUE(anthropic_body(anthropic_thinking(reasoning_effort::none).temperature(0.2),
                               "claude-opus-4-6")
                    .has("temperature"));
}

std::string anthropic_schema(std::string_view schema) {
    call what("m", "q");
    what.output_schema(std::string(schema));
    const std::string body = anthropic_body(what).body;
    const std::string_view begin = R"("format":{"type":"json_schema","schema":)";
    const std::size_t at = body.find(begin);
    if (at == body.npos) return "in the prompt";
    EXPECT_EQ(body.find("system"), body.npos);
    return body.substr(at + begin.size(), body.size() - at - begin.size() - 3);
}

TEST(AnthropicSchema, HasAFieldOfItsOwn) {
    EXPECT_EQ(anthropic_schema(R"({"type":"object","properties":{"a":{"type":"string"}},)"
                               R"("required":["a"],"additionalProperties":false})"),
              R"({"type":"object","properties":{"a":{"type":"string"}},)"
              R"("additionalProperties":false,"required":["a"]})");
}

TEST(AnthropicSchema, IsPutIntoTheWordsThatAreTaken) {
    EXPECT_EQ(anthropic_schema(
                  R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"T",)"
                  R"("type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":9,)"
                  R"("description":"How many"},"s":{"type":["string","null"],"pattern":"^a"}}})"),
              R"({"type":"object","title":"T","properties":{"n":{"type":"integer",)"
              R"("description":"How many\n\n{minimum: 1, maximum: 9}"},)"
              R"("s":{"type":["string","null"],"description":"{pattern: \"^a\"}"}},)"
              R"("additionalProperties":false})");
    EXPECT_EQ(anthropic_schema(R"({"type":"array","minItems":3,"items":{"oneOf":[)"
                               R"({"type":"string","format":"date"},{"const":5}]}})"),
              R"({"type":"array","items":{"anyOf":[{"type":"string","format":"date"},)"
              R"({"const":5}]},"description":"{minItems: 3}"})");
    EXPECT_EQ(anthropic_schema(R"({"$defs":{"x":{"type":"object","properties":{}}},)"
                               R"("type":"array","items":{"$ref":"#/$defs/x"}})"),
              R"({"$defs":{"x":{"type":"object","properties":{},"additionalProperties":false}},)"
              R"("type":"array","items":{"$ref":"#/$defs/x"}})");
    EXPECT_EQ(anthropic_schema(R"({"type":"string","enum":["a","b"]})"), R"({"enum":["a","b"]})");
}

TEST(AnthropicSchema, IsInThePromptWhereItDoesNotFit) {
    for (const std::string_view schema :
         {R"({"type":"object"})", R"({"description":"anything"})",
          R"({"type":"object","additionalProperties":{"type":"number"}})",
          R"({"type":"object","properties":{"x":true}})", R"({"anyOf":[{}]})"}) {
        EXPECT_EQ(anthropic_schema(schema), "in the prompt") << schema;
    }
    std::string nested = R"({"type":"string"})";
    for (int i = 0; i < 200; ++i)
        nested = R"({"type":"array","items":)" + nested + "}";
    EXPECT_EQ(anthropic_schema(nested), "in the prompt");
}

TEST(AnthropicSchema, IsInThePromptOfModelsWithoutAFieldForIt) {
    call what("m", "q");
    what.instructions("Be brief.").output_schema(R"({"type":"string"})");
    for (const auto& sent : {anthropic_body(what, "claude-opus-4-6", {.json_schema = false}),
                             anthropic_body(what, "claude-sonnet-4-20250514")}) {
        EXPECT_FALSE(sent.has("output_config"));
        EXPECT_TRUE(sent.has(R"("system":"Be brief.\n)")) << sent.body;
        EXPECT_TRUE(sent.has(R"({\"type\":\"string\"})"));
    }
}

TEST(AnthropicRequest, IsValidJsonWhateverTheTexts) {
    const std::string nasty = "\"\\\0\n\x1b[2J\xff\xed\xa0\x80 </script> \xF0\x9F\xA6\x8A"s;
    call what(nasty, nasty);
    what.instructions(nasty).reasoning(reasoning_effort::low);
    conclave::message asked(nasty);
    asked.attach(conclave::attachment::document("text/plain", nasty, nasty));
    what.add(asked);
    const auto sent = anthropic_body(what, nasty, {}, true);
    conclave::json::document parsed;
    ASSERT_FALSE(conclave::json::document::parse(sent.body, parsed));
    std::string_view text;
    ASSERT_FALSE(parsed.root().at_pointer("/messages/0/content/1/source/data").get(text));
    EXPECT_TRUE(text.ends_with(" </script> \xF0\x9F\xA6\x8A"));
}

}  // namespace
