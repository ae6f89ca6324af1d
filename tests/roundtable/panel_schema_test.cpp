#include "panel_world.hpp"

#include <algorithm>
#include <string_view>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>
#include <conclave/json/schema_validator.hpp>
#include <conclave/roundtable/growing_answers.hpp>

#include "every_format.hpp"

namespace conclave::tests {
namespace {

const std::string verdict_schema =
    R"({"type":"object","properties":{"label":{"type":"string","enum":["yes","no"]},)"
    R"("confidence":{"type":"number","maximum":1},"caveat":{"type":"string"}},)"
    R"("required":["label","confidence"]})";

constexpr std::string_view good_verdict = R"({"label":"yes","confidence":0.5})";
constexpr std::string_view bad_verdict = R"({"label":"maybe","confidence":2})";

roundtable_request verdicts(std::initializer_list<const char*> models) {
    roundtable_request request("Is it so?");
    for (const char* const model : models)
        request.model(model);
    request.output_schema(verdict_schema);
    return request;
}

bool is_verdict(std::string_view text) {
    json::schema_validator validator{json::schema(verdict_schema)};
    return validator.is_valid(text);
}

// One model answers well, one in a code block, one only when it is asked again, one never, and one
// with the schema.
class FivePanelists : public ::testing::Test {
protected:
    FivePanelists() {
        provider.on("m/good", answer(good_verdict).usage(10, 5).cost(0.01));
        provider.on("m/good", answer(R"({"label":"no","confidence":1,"caveat":null})"));
        provider.on("m/fenced", answer("Of course!\n```json\n{\"label\": \"no\",\n \"confidence\": "
                                       "1}\n```\nAnything else?"));
        provider.on("m/learns", answer(bad_verdict).usage(10, 5).cost(0.01));
        provider.on("m/learns", answer(good_verdict).usage(20, 6).cost(0.02));
        provider.on("m/never", answer(bad_verdict).usage(10, 5).cost(0.01));
        provider.on("m/echo", answer(verdict_schema));
        request = verdicts({"m/good", "m/fenced", "m/learns", "m/never", "m/echo"});
        request.max_retries(0);
    }

    const model_result& result(std::size_t seat) const { return run.response.results.at(seat); }

    scripted_provider provider;
    roundtable_request request{""};
    panel_run run;
};

TEST_F(FivePanelists, AreJudgedAskedOnceMoreAndMerged) {
    run = run_panel(provider, request);
    ASSERT_FALSE(run.thrown) << run.thrown->what();
    const std::vector<bool> valid = {true, true, true, false, false};
    const std::vector<int> attempts = {1, 1, 2, 2, 2};
    for (std::size_t seat = 0; seat < valid.size(); ++seat) {
        EXPECT_TRUE(result(seat).ok()) << seat;
        EXPECT_EQ(result(seat).schema_valid, valid[seat]) << seat;
        EXPECT_EQ(result(seat).schema_error.has_value(), !valid[seat]) << seat;
        EXPECT_EQ(result(seat).attempts, attempts[seat]) << seat;
        EXPECT_EQ(is_verdict(result(seat).text()), valid[seat]) << seat;
        EXPECT_TRUE(result(seat).data.is_json()) << seat;
    }
    EXPECT_EQ(result(1).text(), "{\"label\": \"no\",\n \"confidence\": 1}");
    EXPECT_EQ(result(3).text(), bad_verdict);
    EXPECT_NE(result(3).schema_error->find("/label"), std::string::npos) << *result(3).schema_error;
    EXPECT_EQ(result(4).text(), verdict_schema);
    EXPECT_NE(result(4).schema_error->find("schema itself"), std::string::npos);
    // both answers are paid for
    EXPECT_EQ(result(2).cost, 0.03);
    ASSERT_TRUE(result(2).usage);
    EXPECT_EQ(result(2).usage->input_tokens, 30);
    EXPECT_EQ(result(2).usage->output_tokens, 11);
    EXPECT_EQ(result(3).cost, 0.02);

    // what is not valid has no say, and the merged answer is judged alike
    const auto merging = provider.requests_for("m/good").at(1);
    EXPECT_EQ(run.response.text(), R"({"label":"no","confidence":1})");
    EXPECT_TRUE(run.response.data->is_json());
    EXPECT_EQ(merging.prompt.find("maybe"), std::string::npos);
    EXPECT_EQ(merging.prompt.find("maximum"), std::string::npos);
    EXPECT_EQ(merging.prompt.find("```json"), std::string::npos);
    EXPECT_NE(merging.prompt.find("Answer 3 (from m/learns)"), std::string::npos);
    EXPECT_EQ(merging.prompt.find("Answer 4"), std::string::npos);
    EXPECT_EQ(provider.requests().size(), 9u);
}

TEST_F(FivePanelists, AreToldWhatWasWrong) {
    run = run_panel(provider, request);
    const auto asked = provider.requests_for("m/learns");
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_NE(asked[1].prompt.find("/label"), std::string::npos) << asked[1].prompt;
    EXPECT_NE(asked[1].prompt.find("/confidence"), std::string::npos) << asked[1].prompt;
    EXPECT_NE(asked[1].body.find("Is it so?"), std::string::npos);
    EXPECT_NE(asked[1].body.find("maybe"), std::string::npos) << "its own answer is quoted";
    EXPECT_EQ(asked[1].output_schema, asked[0].output_schema);
    EXPECT_NE(asked[0].header.find("idempotency-key"), asked[1].header.find("idempotency-key"));
}

TEST_F(FivePanelists, AreWatched) {
    run = run_panel(provider, request);
    ASSERT_FALSE(run.thrown);
    for (const std::size_t seat : {0u, 1u})
        EXPECT_EQ(run.count(event_type::model_retry, seat), 0u);
    for (const std::size_t seat : {2u, 3u, 4u})
        EXPECT_EQ(run.count(event_type::model_retry, seat), 1u);
    EXPECT_EQ(run.count(event_type::model_done), 5u);
    EXPECT_EQ(run.shown(2), good_verdict);
    for (const stream_event& seen : run.events) {
        if (seen.type == event_type::model_retry && seen.model_index == 3) {
            EXPECT_EQ(seen.error, result(3).schema_error);
        }
    }

    growing_answers growing;
    std::vector<std::size_t> drawn(5);
    for (const stream_event& seen : run.events) {
        const bool more = growing.add(seen.view());
        if (seen.type > event_type::model_error) continue;
        const std::string_view text = growing.seat(seen.model_index);
        json::document parsed;
        EXPECT_TRUE(text.empty() || !json::document::parse(text, parsed)) << text;
        drawn[seen.model_index] += more ? 1 : 0;
    }
    for (std::size_t seat = 0; seat < 5; ++seat) {
        EXPECT_EQ(growing.seat(seat), result(seat).text());
        EXPECT_GE(drawn[seat], seat == 1 ? 3u : 1u);
    }
    EXPECT_EQ(growing.merged(), run.response.text());
    EXPECT_EQ(growing.seat(5), "");
}

TEST(PanelSchema, GoesIntoTheFieldThatEachFormatHasForIt) {
    scripted_provider provider;
    client_options options;
    roundtable_request request("Is it so?");
    const auto formats = testing::every_format();
    for (const testing::named_format& each : formats) {
        options.endpoints.emplace_back(provider.base_url(), "sk-key", each.format);
        options.endpoints.back().prefix = each.name + "/";
        request.model(each.name + "/" + each.name);
        // strict mode and whoever cannot leave a member out
        provider.on(each.name, answer(bad_verdict));
        provider.on(each.name, answer(R"({"label":"yes","confidence":0.5,"caveat":null})"));
    }
    request.output_schema(verdict_schema).resolve_by(resolution::fast);
    const panel_run run(std::move(options), request);
    ASSERT_FALSE(run.thrown) << run.thrown->what();
    const std::vector<std::string> fields = {R"("response_format":{"type":"json_schema")",
                                             R"("output_config":{"format":{"type":"json_schema")",
                                             R"("text":{"format":{"type":"json_schema")",
                                             R"("responseJsonSchema":)",
                                             R"("response_format":{"type":"text","mime_type":)"};
    for (const model_result& each : run.response.results) {
        const std::string name = each.model.substr(0, each.model.find('/'));
        const auto asked = provider.requests_for(name);
        ASSERT_EQ(asked.size(), 2u) << name;
        for (const auto& seen : asked) {
            EXPECT_NE(seen.output_schema, "") << name;
            EXPECT_NE(seen.output_schema.find("\"enum\":[\"yes\",\"no\"]"), std::string::npos);
            EXPECT_TRUE(std::any_of(fields.begin(), fields.end(), [&](const std::string& field) {
                return seen.body.find(field) != std::string::npos;
            })) << seen.body;
            EXPECT_EQ(seen.instructions, "") << name;
        }
        EXPECT_NE(asked[1].prompt.find("/confidence"), std::string::npos) << name;
        EXPECT_EQ(each.schema_valid, true) << name << each.schema_error.value_or("");
        EXPECT_EQ(each.text(), good_verdict) << name;
        EXPECT_EQ(each.attempts, 2) << name;
    }
}

TEST(PanelSchema, AsksOnceMoreWithinTheModelsTimeAlone) {
    scripted_provider provider;
    provider.on("m/a", answer(bad_verdict));
    provider.on("m/a", answer(good_verdict).first_token_after(30s));
    provider.on("m/b", answer(bad_verdict).first_token_after(250ms));
    provider.on("m/b", answer(good_verdict).first_token_after(30s));
    auto request = verdicts({"m/a", "m/b"});
    request.timeout(400ms).max_retries(3).resolve_by(resolution::fast);
    const panel_run run = run_panel(provider, request);
    EXPECT_LT(run.took, 5s);
    for (const model_result& each : run.response.results) {
        EXPECT_TRUE(each.ok());
        EXPECT_EQ(each.schema_valid, false);
        EXPECT_EQ(each.text(), bad_verdict) << "the answer that there is is kept";
        EXPECT_EQ(each.attempts, 2);
        EXPECT_FALSE(each.cost) << "nobody knows what the second one costs";
        ASSERT_EQ(each.notes.size(), 1u);
        EXPECT_NE(each.notes[0].find("timed out"), std::string::npos) << each.notes[0];
        EXPECT_LE(each.duration, 450ms);
    }
}

TEST(PanelSchema, SharesTheRetriesOfBothCalls) {
    scripted_provider provider;
    const auto busy = status(503).header("retry-after-ms", "1");
    provider.on("m/a", busy).on("m/a", answer("no JSON")).on("m/a", busy);
    provider.on("m/b", answer("no JSON")).on("m/b", busy).on("m/b", answer(good_verdict));
    provider.on("m/c", busy);
    auto request = verdicts({"m/a", "m/b", "m/c"});
    request.max_retries(1).resolve_by(resolution::fast);
    const panel_run run = run_panel(provider, request);
    const auto& results = run.response.results;
    EXPECT_EQ(provider.requests_for("m/a").size(), 3u);
    EXPECT_EQ(results[0].attempts, 3);
    EXPECT_EQ(results[0].schema_valid, false);
    EXPECT_EQ(results[0].schema_error, "the answer is not JSON");
    EXPECT_EQ(results[0].text(), "no JSON");
    EXPECT_FALSE(results[0].data.is_json());
    EXPECT_EQ(provider.requests_for("m/b").size(), 3u);
    EXPECT_EQ(results[1].attempts, 3);
    EXPECT_EQ(results[1].schema_valid, true);
    EXPECT_EQ(run.count(event_type::model_retry, 1), 2u);
    // who gives no answer is not asked for another one
    EXPECT_EQ(provider.requests_for("m/c").size(), 2u);
    EXPECT_FALSE(results[2].ok());
    EXPECT_FALSE(results[2].schema_valid);
}

TEST(PanelSchema, HoldsTheMergedAnswerToIt) {
    scripted_provider provider;
    provider.on("m/a", answer(good_verdict)).on("m/a", answer(bad_verdict));
    provider.on("m/b", answer(good_verdict))
        .on("m/b", answer("{}"))
        .on("m/b", answer(good_verdict));
    const panel_run run = run_panel(provider, verdicts({"m/a", "m/b"}));
    // twice the first, which never learns, and then the second, which does
    EXPECT_EQ(provider.requests_for("m/a").size(), 3u);
    EXPECT_EQ(provider.requests_for("m/b").size(), 3u);
    EXPECT_EQ(run.response.text(), good_verdict);
    EXPECT_EQ(run.response.meta.summary_model, "m/b");
    EXPECT_FALSE(run.response.meta.summary_error);
    EXPECT_EQ(run.count(event_type::summary_retry), 3u);
    EXPECT_EQ(run.summary_shown(), good_verdict);

    scripted_provider stubborn;
    stubborn.on("m/a", answer(good_verdict)).on("m/a", answer(verdict_schema));
    stubborn.on("m/b", answer(good_verdict));
    const panel_run failed = run_panel(stubborn, verdicts({"m/a", "m/b"}).summary_model("m/a"));
    EXPECT_FALSE(failed.response.data);
    EXPECT_NE(failed.response.meta.summary_error.value_or("").find("schema itself"),
              std::string::npos);
    EXPECT_EQ(failed.response.results[1].schema_valid, true);
}

TEST(PanelSchema, ToldToBeCutOffWhereItWas) {
    scripted_provider provider;
    provider.on("m/a", answer(R"({"label":"yes","conf)").finish_reason("length"));
    auto request = verdicts({"m/a"});
    const panel_run run = run_panel(provider, request);
    EXPECT_NE(run.response.results[0].schema_error.value_or("").find("cut off"), std::string::npos);
    EXPECT_EQ(run.response.results[0].finish, finish_reason::length);
}

TEST(PanelSchema, OfAValueThatIsNoObjectGoesIntoThePrompt) {
    scripted_provider provider;
    provider.on("m/a", answer("Here:\n[1,2]")).on("m/b", answer("[0]"));
    roundtable_request request("Which?");
    request.model("m/a").model("m/b").resolve_by(resolution::fast);
    request.output_schema(R"({"type":"array","items":{"type":"integer","minimum":1}})");
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.results[0].text(), "[1,2]");
    EXPECT_EQ(run.response.results[1].schema_valid, false);
    EXPECT_NE(provider.requests().at(0).instructions.find("\"minimum\":1"), std::string::npos);
}

TEST(PanelSchema, IsRefusedWithThePlaceThatIsWrong) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    auto request = verdicts({"m/a"});
    request.output_schema(R"({"type":"object","properties":{"a":{"type":"strong"}}})");
    const panel_run run = run_panel(provider, request);
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::invalid_request);
    EXPECT_EQ(run.thrown->field(), "output_schema");
    EXPECT_NE(std::string(run.thrown->what()).find("/properties/a/type"), std::string::npos)
        << run.thrown->what();
    EXPECT_EQ(provider.connections(), 0u);
}

}  // namespace
}  // namespace conclave::tests
