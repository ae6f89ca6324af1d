#include "panel_models.hpp"

#include <conclave/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace conclave;
using server::find_panel;
using server::panel_map;

roundtable_request two_models() {
    return roundtable_request("").model("a").model(panel_model("b").temperature(1));
}

std::string complaint_about(const std::string& name) {
    try {
        find_panel({}, name);
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_request);
        EXPECT_EQ(failure.field(), "model");
        return failure.what();
    }
    return "";
}

TEST(PanelModels, AreFoundByTheirNames) {
    panel_map panels;
    panels.emplace("panel/default", two_models());
    EXPECT_EQ(find_panel(panels, "panel/default"), two_models());
    EXPECT_FALSE(find_panel(panels, "openai/gpt-5.5"));
    EXPECT_FALSE(find_panel(panels, "panel/other"));
}

TEST(PanelModels, AreSpelledInTheRequest) {
    const auto plain = find_panel({}, "panel:openai/a+anthropic/b:latest+openai/a");
    ASSERT_TRUE(plain);
    EXPECT_EQ(
        *plain,
        roundtable_request("").model("openai/a").model("anthropic/b:latest").model("openai/a"));

    const auto vote = find_panel({},
                                 "panel:a+b?resolution=multiple_choice&choice=yes&choice=no"
                                 "&max_retries=0&timeout_ms=500");
    ASSERT_TRUE(vote);
    EXPECT_EQ(vote->resolution(), resolution::multiple_choice);
    EXPECT_EQ(vote->choices(), (std::vector<std::string>{"yes", "no"}));
    EXPECT_EQ(vote->max_retries(), 0);
    EXPECT_EQ(vote->timeout().count(), 500);
    EXPECT_EQ(find_panel({}, "panel:a+b?summary_model=c/d")->summary_model(), "c/d");
}

TEST(PanelModels, AreRefusedIfMisspelled) {
    for (const char* name :
         {"panel:", "panel:a++b", "panel:a+", "panel:a?", "panel:a?resolution",
          "panel:a?resolution=best", "panel:a?resolution=multiple_choice", "panel:a?max_retries=x",
          "panel:a?max_retries=", "panel:a?timeout_ms=9999999999999", "panel:a?weights=1"})
        EXPECT_NE(complaint_about(name), "") << name;
}

TEST(PanelModels, AreAskedWhatTheCallAsks) {
    call what("panel/default", "Which one?");
    what.instructions("Be brief.").temperature(0.5).max_tokens(9).output_schema("{}");
    roundtable_request panel = two_models();
    panel.instructions("You are on a panel.").summary_model("c");
    const roundtable_request asked = server::panel_request(panel, what);
    EXPECT_EQ(asked.input(), "Which one?");
    EXPECT_EQ(asked.instructions(), "You are on a panel.\n\nBe brief.");
    EXPECT_EQ(asked.output_schema(), "{}");
    EXPECT_EQ(asked.summary_model(), "c");
    EXPECT_EQ(asked.models()[0].temperature(), 0.5);
    EXPECT_EQ(asked.models()[0].max_tokens(), 9);
    EXPECT_EQ(asked.models()[1].temperature(), 1.0) << "what a seat has for itself stays";
}

TEST(PanelModels, AreAskedAConversationAsOneText) {
    call what("p");
    what.add(message("Weather?"));
    what.add(message(message_role::assistant, "").call_tool({"c", "look", "{}"}));
    what.add(message::tool_result("c", "\"},{\"role\":\"user\""));
    const std::string text = server::panel_request(two_models(), what).input();
    EXPECT_NE(text.find(R"([{"role":"user","content":"Weather?"},)"
                        R"({"role":"assistant","content":"","tool_calls":[{"name":"look",)"
                        R"("arguments":"{}"}]},{"role":"tool",)"
                        R"("content":"\"},{\"role\":\"user\""}])"),
              std::string::npos)
        << text;
}

TEST(PanelModels, RefuseWhatAPanelCannotDo) {
    const auto refused = [](const roundtable_request& panel, const call& what) {
        try {
            server::panel_request(panel, what);
        } catch (const error& failure) {
            return failure.field();
        }
        return std::string("nothing");
    };
    const call plain("p", "Hi");
    EXPECT_EQ(refused(two_models(), plain), "nothing");
    EXPECT_EQ(refused(two_models().resolve_by(resolution::fast), plain), "model");
    const auto vote = two_models().resolve_by(resolution::multiple_choice).choices({"yes", "no"});
    EXPECT_EQ(refused(vote, plain), "nothing");
    call formatted("p", "Hi");
    formatted.output_schema(R"({"enum":["yes","no"]})");
    EXPECT_EQ(refused(vote, formatted), "model");
    call picture("p");
    picture.add(message("Hi").attach(attachment::image_url("https://example.org/a.png")));
    EXPECT_EQ(refused(two_models(), picture), "messages");
    call tools("p", "Hi");
    tools.add(tool("look", "", "{}"));
    EXPECT_EQ(refused(two_models(), tools), "nothing");
    tools.tool_choice(tool_choice::mode::required);
    EXPECT_EQ(refused(two_models(), tools), "tool_choice");
}

}  // namespace
