#include "panel_world.hpp"

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>

namespace conclave::tests {
namespace {

using testing::choice;

roundtable_request pick(std::size_t seats) {
    roundtable_request request("Which colour?");
    request.resolve_by(resolution::multiple_choice).choices({"Red", "Green", "Blue \"sky\""});
    for (std::size_t i = 0; i < seats; ++i)
        request.model("m/" + std::to_string(i));
    return request;
}

std::vector<std::size_t> counts(const roundtable_response& response) {
    std::vector<std::size_t> found;
    for (const auto& counted : response.meta.votes)
        found.push_back(counted.count);
    return found;
}

TEST(PanelChoice, TheChoicesGoWithEveryRequestAsASchemaAndInThePrompt) {
    scripted_provider provider;
    provider.otherwise(choice("Green"));
    roundtable_request request = pick(2);
    request.instructions("You are a painter.");
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "Green");
    ASSERT_EQ(provider.requests().size(), 2u) << "nobody is asked to consolidate";
    for (const auto& seen : provider.requests()) {
        json::document schema;
        ASSERT_FALSE(json::document::parse(seen.output_schema, schema)) << seen.body;
        simdjson::dom::element allowed;
        ASSERT_FALSE(schema.root().at_pointer("/properties/choice/enum").get(allowed));
        EXPECT_EQ(simdjson::minify(allowed), R"(["Red","Green","Blue \"sky\""])");
        EXPECT_TRUE(seen.instructions.starts_with("You are a painter."));
        for (const char* option : {"\"Red\"", "\"Green\"", R"("Blue \"sky\"")"})
            EXPECT_NE(seen.instructions.find(option), std::string::npos) << option;
    }
}

TEST(PanelChoice, AnEndpointWithoutSchemasIsHeldToTheChoicesByThePrompt) {
    scripted_provider provider;
    provider.otherwise(choice("Green"));
    client_options options = options_for(provider);
    wire::chat_completions speaks;
    speaks.json_schema = false;
    options.endpoints[0].format = speaks;
    const panel_run run(options, pick(1));
    EXPECT_EQ(run.response.text(), "Green");
    const auto seen = provider.requests().at(0);
    EXPECT_EQ(seen.output_schema, "");
    EXPECT_NE(seen.instructions.find("\"Green\""), std::string::npos);
}

TEST(PanelChoice, PicksMatchExactlyOrWithoutWhatModelsPutAroundThem) {
    scripted_provider provider;
    provider.on("m/0", answer(R"({"choice":"Red"})"));
    provider.on("m/1", answer(" 'red'. "));
    provider.on("m/2", answer("```json\n{\"choice\": \"GREEN\"}\n```"));
    provider.on("m/3", answer("Blue \"sky\""));
    const panel_run run = run_panel(provider, pick(4));
    const std::vector<std::string> expected = {"Red", "Red", "Green", "Blue \"sky\""};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(run.response.results[i].text(), expected[i]) << "spelled as the request has it";
        EXPECT_EQ(run.response.results[i].schema_valid, true);
    }
    EXPECT_EQ(counts(run.response), (std::vector<std::size_t>{2, 1, 1}));
    EXPECT_EQ(run.response.text(), "Red");
    EXPECT_FALSE(run.response.data->is_json());
}

TEST(PanelChoice, AnInvalidPickCountsForNothingAndIsReported) {
    scripted_provider provider;
    provider.on("m/0", answer("Purple"));
    provider.on("m/1", choice("Purple"));
    provider.on("m/2", answer("I would say Green or Red"));
    provider.on("m/3", choice("Green"));
    const panel_run run = run_panel(provider, pick(4));
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(run.response.results[i].schema_valid, false);
        EXPECT_TRUE(run.response.results[i].schema_error.has_value());
        EXPECT_TRUE(run.response.results[i].ok());
    }
    EXPECT_EQ(run.response.results[0].text(), "Purple") << "what it said is kept";
    EXPECT_EQ(counts(run.response), (std::vector<std::size_t>{0, 1, 0}));
    EXPECT_EQ(run.response.text(), "Green");
}

TEST(PanelChoice, PluralityWins) {
    scripted_provider provider;
    provider.on("m/0", choice("Red"));
    provider.on("m/1", choice("Blue \"sky\""));
    provider.on("m/2", choice("Blue \"sky\""));
    const panel_run run = run_panel(provider, pick(3));
    EXPECT_EQ(run.response.text(), "Blue \"sky\"");
}

TEST(PanelChoice, ATieGoesToThePickOfTheEarliestSeatWhoeverAnsweredFirst) {
    scripted_provider provider;
    provider.on("m/0", choice("Green").first_token_after(150ms));
    provider.on("m/1", choice("Red"));
    provider.on("m/2", choice("Red"));
    provider.on("m/3", choice("Green").first_token_after(100ms));
    const panel_run run = run_panel(provider, pick(4));
    EXPECT_EQ(counts(run.response), (std::vector<std::size_t>{2, 2, 0}));
    EXPECT_EQ(run.response.text(), "Green");
}

TEST(PanelChoice, ASeatThatFailsHasNoVote) {
    scripted_provider provider;
    provider.on("m/0", status(400));
    provider.on("m/1", choice("Red"));
    const panel_run run = run_panel(provider, pick(2));
    EXPECT_EQ(counts(run.response), (std::vector<std::size_t>{1, 0, 0}));
    EXPECT_EQ(run.response.text(), "Red");
    EXPECT_FALSE(run.response.results[0].schema_valid.has_value());
}

TEST(PanelChoice, NoValidPickIsNoAnswer) {
    scripted_provider provider;
    provider.on("m/0", status(400));
    provider.on("m/1", answer("Purple"));
    const panel_run run = run_panel(provider, pick(2));
    EXPECT_FALSE(run.thrown.has_value());
    EXPECT_FALSE(run.response.data.has_value());
    EXPECT_EQ(counts(run.response), (std::vector<std::size_t>{0, 0, 0}));
    const auto read = roundtable_response::from_json(run.response.to_json());
    EXPECT_EQ(read.meta.votes, run.response.meta.votes);
}

}  // namespace
}  // namespace conclave::tests
