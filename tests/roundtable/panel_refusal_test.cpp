#include "panel_world.hpp"

#include <functional>
#include <limits>

#include <gtest/gtest.h>

namespace conclave::tests {
namespace {

struct refusal_case {
    std::string name;
    std::string field;
    std::function<roundtable_request()> make;
};

roundtable_request good() {
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b");
    return request;
}

class PanelRefuses : public ::testing::TestWithParam<refusal_case> {};

TEST_P(PanelRefuses, NamingTheFieldAndSendingNothing) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    const panel_run run = run_panel(provider, GetParam().make());
    ASSERT_TRUE(run.thrown.has_value());
    EXPECT_EQ(run.thrown->code(), errc::invalid_request);
    EXPECT_EQ(run.thrown->field(), GetParam().field);
    EXPECT_NE(std::string(run.thrown->what()).find(GetParam().field), std::string::npos);
    EXPECT_TRUE(run.events.empty());
    EXPECT_EQ(provider.connections(), 0u);
}

template <class Change>
refusal_case refused(std::string name, std::string field, Change change) {
    return {std::move(name), std::move(field), [change] {
                roundtable_request request = good();
                change(request);
                return request;
            }};
}

template <class Change>
refusal_case refused_seat(std::string name, std::string field, Change change) {
    return refused(std::move(name), "models[2]." + field, [change](roundtable_request& request) {
        panel_model seat("m/c");
        change(seat);
        request.model(seat);
    });
}

std::vector<refusal_case> refusal_cases() {
    using request = roundtable_request;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::string control = "m/\n";
    std::vector<refusal_case> cases;
    cases.push_back({"EmptyInput", "input", [] {
                         request empty("");
                         empty.model("m/a");
                         return empty;
                     }});
    cases.push_back({"NoModels", "models", [] { return request("Which?"); }});
    cases.push_back(refused("EmptyName", "models[2].name", [](request& r) { r.model(""); }));
    cases.push_back(refused("ControlCharacterInName", "models[2].name",
                            [control](request& r) { r.model(control); }));
    cases.push_back(
        refused("NegativeRetries", "max_retries", [](request& r) { r.max_retries(-1); }));
    cases.push_back(refused("FourRetries", "max_retries", [](request& r) { r.max_retries(4); }));
    cases.push_back(refused("NoTime", "timeout_ms", [](request& r) { r.timeout(0ms); }));
    cases.push_back(refused("TooMuchTime", "timeout_ms", [](request& r) { r.timeout(300'001ms); }));
    cases.push_back(refused("SchemaThatIsNone", "output_schema",
                            [](request& r) { r.output_schema("{\"type\":"); }));
    cases.push_back(refused("SchemaOfNoKnownType", "output_schema",
                            [](request& r) { r.output_schema(R"({"type":"strong"})"); }));
    cases.push_back(
        refused("SchemaThatIsAList", "output_schema", [](request& r) { r.output_schema("[1]"); }));
    cases.push_back(refused("NoChoices", "choices",
                            [](request& r) { r.resolve_by(resolution::multiple_choice); }));
    cases.push_back(refused("EmptyChoice", "choices[1]", [](request& r) {
        r.resolve_by(resolution::multiple_choice).choice("A").choice("");
    }));
    cases.push_back(refused("RepeatedChoice", "choices[2]", [](request& r) {
        r.resolve_by(resolution::multiple_choice).choices({"A", "B", "A"});
    }));
    cases.push_back(refused("SchemaBesideChoices", "output_schema", [](request& r) {
        r.resolve_by(resolution::multiple_choice).choice("A").output_schema("{}");
    }));
    cases.push_back(
        refused("InstructionsNotUtf8", "instructions", [](request& r) { r.instructions("\xff"); }));
    cases.push_back(refused("ControlCharacterInSummaryModel", "summary_model",
                            [control](request& r) { r.summary_model(control); }));
    cases.push_back(
        refused_seat("Cold", "temperature", [](panel_model& m) { m.temperature(-0.1); }));
    cases.push_back(refused_seat("Hot", "temperature", [](panel_model& m) { m.temperature(2.1); }));
    cases.push_back(refused_seat("NoTemperature", "temperature",
                                 [nan](panel_model& m) { m.temperature(nan); }));
    cases.push_back(refused_seat("TopPUnderZero", "top_p", [](panel_model& m) { m.top_p(-0.1); }));
    cases.push_back(refused_seat("TopPOverOne", "top_p", [](panel_model& m) { m.top_p(1.1); }));
    cases.push_back(
        refused_seat("NoTokens", "max_tokens", [](panel_model& m) { m.max_tokens(0); }));
    return cases;
}

INSTANTIATE_TEST_SUITE_P(BadInput, PanelRefuses, ::testing::ValuesIn(refusal_cases()),
                         [](const auto& each) { return each.param.name; });

TEST(PanelRefusal, TheLimitsThemselvesAreTaken) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    roundtable_request request("?");
    request.model(panel_model("m/a").temperature(2).top_p(1).max_tokens(1))
        .model(panel_model("m/b").temperature(0).top_p(0))
        .max_retries(3)
        .timeout(300'000ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "well");
}

TEST(PanelRefusal, AModelThatNoEndpointServesIsNamedAndNothingIsSent) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    client_options options = options_for(provider);
    options.endpoints[0].prefix = "m/";
    roundtable_request request = good();
    request.model("elsewhere/x");
    const panel_run run(options, request);
    ASSERT_TRUE(run.thrown.has_value());
    EXPECT_EQ(run.thrown->code(), errc::no_endpoint);
    EXPECT_EQ(run.thrown->field(), "models[2].name");
    const std::string what = run.thrown->what();
    EXPECT_NE(what.find("elsewhere/x"), std::string::npos) << what;
    EXPECT_NE(what.find("m/"), std::string::npos) << "it says what is served: " << what;
    EXPECT_TRUE(run.events.empty());
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(PanelRefusal, ANamedConsolidatorThatNoEndpointServesIsNamed) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    client_options options = options_for(provider);
    options.endpoints[0].prefix = "m/";
    roundtable_request request = good();
    request.summary_model("elsewhere/x");
    const panel_run run(options, request);
    ASSERT_TRUE(run.thrown.has_value());
    EXPECT_EQ(run.thrown->code(), errc::no_endpoint);
    EXPECT_EQ(run.thrown->field(), "summary_model");
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(PanelRefusal, WithoutAnyEndpointItSaysWhatToSet) {
    const panel_run run(client_options(), good());
    ASSERT_TRUE(run.thrown.has_value());
    EXPECT_EQ(run.thrown->code(), errc::no_endpoint);
    EXPECT_NE(std::string(run.thrown->what()).find("OPENAI_API_KEY"), std::string::npos);
}

}  // namespace
}  // namespace conclave::tests
