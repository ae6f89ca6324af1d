#include "loopback_client.hpp"

#include <conclave/testing/demo_panel.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace conclave::testing;
using namespace loopback;
using namespace std::chrono_literals;

const std::vector<std::string> panel = {"openai/gpt-5.5", "anthropic/claude-sonnet-4-6",
                                        "gemini/gemini-2.5-pro"};

/// The answer of a model of a fast panel, asked by a request of this body's other members.
std::string answer_of(const std::string& model, const std::string& prompt,
                      const std::string& members = {}) {
    scripted_provider provider;
    install_demo_panel(provider, 100);
    std::string body;
    conclave::json::writer out(body);
    out.begin_object();
    out.member("model", model);
    out.key("messages");
    out.begin_array();
    out.begin_object();
    out.member("role", "user");
    out.member("content", prompt);
    out.end_object();
    out.end_array();
    if (!members.empty()) body.append(",").append(members);
    out.end_object();
    return parse(ask(provider.port(), body)).body;
}

std::string text_in(const std::string& reply) { return at(reply, "/choices/0/message/content"); }

std::string shaped(const std::string& schema) {
    return R"("response_format":{"type":"json_schema","json_schema":{"schema":)" + schema + "}}";
}

TEST(DemoPanel, AnswersAnythingAndSaysThatItIsScripted) {
    std::set<std::string> answers;
    for (const std::string& model : panel) {
        const std::string reply = answer_of(model, "Which database?");
        const std::string text = text_in(reply);
        EXPECT_NE(text.find("script"), std::string::npos);
        EXPECT_NE(at(reply, "/cost"), "absent");
        answers.insert(text);
    }
    EXPECT_EQ(answers.size(), 3u);
    EXPECT_NE(text_in(answer_of("any/other", "Which?")).find("script"), std::string::npos);
}

TEST(DemoPanel, MergesTheAnswersInTheRequest) {
    const std::string text =
        text_in(answer_of(panel[0],
                          "Question:\n```\nWhich database?\n```\n\nAnswer 1 (from a):\n````\nWell "
                          "```now```. Postgres it "
                          "is.\n````\n\nAnswer 2 (from b):\n```\nNo! Take SQLite.\n```\n"));
    EXPECT_NE(text.find("Which database?"), std::string::npos);
    EXPECT_NE(text.find("Postgres it is."), std::string::npos);
    EXPECT_NE(text.find("Take SQLite."), std::string::npos);
    EXPECT_EQ(text.find("now"), std::string::npos);
}

TEST(DemoPanel, PicksAmongTheChoicesWithAMajority) {
    std::vector<std::string> picks;
    for (const std::string& model : panel) {
        const std::string text = text_in(answer_of(
            model, "Which?",
            shaped(
                R"({"type":"object","properties":{"choice":{"type":"string","enum":["A","B","C"]}}})")));
        picks.push_back(at(text, "/choice"));
    }
    EXPECT_NE(std::string("ABC").find(picks[0]), std::string::npos);
    EXPECT_EQ(picks[0], picks[1]);
    EXPECT_NE(picks[0], picks[2]);
}

TEST(DemoPanel, AnswersTheSchemaAskedFor) {
    const auto text = [](std::size_t seat, const std::string& prompt) {
        const std::string schema = R"({"type":"object","properties":{"n":{"type":"integer"}}})";
        return text_in(answer_of(panel[seat], prompt, shaped(schema)));
    };
    EXPECT_EQ(text(0, "Which?"), R"({"n":1})");
    EXPECT_NE(text(1, "Which?").find("```json\n{\"n\":1}\n```"), std::string::npos);
    EXPECT_EQ(at(text(2, "Which?"), "/answer"), "It depends.");
    EXPECT_EQ(text(2, "This answer is not valid: no n."), R"({"n":1})");
}

TEST(DemoPanel, FollowsSchemasOfEachKind) {
    const auto instance = [](std::string_view schema) { return schema_instance(schema); };
    EXPECT_EQ(instance(R"({"type":"string"})"), R"("scripted")");
    EXPECT_EQ(instance(R"({"type":"string","maxLength":3})"), R"("scr")");
    EXPECT_EQ(instance(R"({"type":"string","minLength":10})"), R"("scripted..")");
    EXPECT_EQ(instance(R"({"type":"boolean"})"), "true");
    EXPECT_EQ(instance(R"({"type":"integer","minimum":2.5})"), "3");
    EXPECT_EQ(instance(R"({"type":"number","maximum":0.5})"), "0.5");
    EXPECT_EQ(instance(R"({"type":["null","boolean"]})"), "true");
    EXPECT_EQ(instance(R"({"const":{"a":[1]}})"), R"({"a":[1]})");
    EXPECT_EQ(instance(R"({"items":{"enum":["x"]},"minItems":2})"), R"(["x","x"])");
    EXPECT_EQ(instance(R"({"type":"array","items":{"type":"null"},"maxItems":0})"), "[]");
    EXPECT_EQ(instance(R"({"anyOf":[{"type":"boolean"},{"type":"null"}]})"), "true");
    EXPECT_EQ(instance(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"boolean"}}})"), "true");
    EXPECT_EQ(instance("{"), "null");
    EXPECT_EQ(schema_instance(R"({"enum":["a","b"]})", 3), R"("b")");
}

TEST(DemoPanel, EndsWithSchemasThatReferToThemselves) {
    EXPECT_EQ(schema_instance(R"({"$ref":"#"})"), "null");
    std::string many = R"({"type":"object","required":["a","b","c","d"],"properties":{)";
    many += R"("a":{"$ref":"#"},"b":{"$ref":"#"},"c":{"$ref":"#"},"d":{"$ref":"#"}}})";
    EXPECT_LT(schema_instance(many).size(), 200'000u);
    EXPECT_EQ(at(schema_instance(R"({"properties":{"next":{"$ref":"#"}}})"), "/next/next/next"),
              "absent");
}

}  // namespace
