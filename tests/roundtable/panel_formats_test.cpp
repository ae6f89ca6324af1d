#include "panel_world.hpp"

#include <gtest/gtest.h>

#include "every_format.hpp"

namespace conclave::tests {
namespace {

// A client that reaches one provider in every format, each under the format's name.
client_options every_way_to(const scripted_provider& provider) {
    client_options options;
    options.tls.ca_pem = provider.certificate_authority();
    for (const testing::named_format& each : testing::every_format()) {
        options.endpoints.emplace_back(provider.base_url(), "sk-key", each.format);
        options.endpoints.back().prefix = each.name + "/";
    }
    return options;
}

roundtable_request seat_in_every_format() {
    roundtable_request request("Which database?");
    for (const testing::named_format& each : testing::every_format())
        request.model(each.name + "/model-" + each.name);
    return request.summary_model(request.models()[0].name());
}

TEST(PanelOfEveryFormat, IsAskedAndMerged) {
    scripted_provider provider(testing::provider_options().tls().require_key("sk-key"));
    const roundtable_request request = seat_in_every_format();
    for (const testing::named_format& each : testing::every_format())
        provider.on("model-" + each.name, answer("Postgres, says " + each.name).usage(10, 4));
    const panel_run run(every_way_to(provider), request);
    ASSERT_FALSE(run.thrown) << run.thrown->what();
    const auto& results = run.response.results;
    ASSERT_EQ(results.size(), request.models().size());
    for (std::size_t seat = 0; seat < results.size(); ++seat) {
        const std::string name = testing::every_format()[seat].name;
        EXPECT_TRUE(results[seat].ok()) << name << ": " << results[seat].error.value_or("");
        EXPECT_EQ(results[seat].text(), "Postgres, says " + name);
        EXPECT_EQ(run.shown(seat), results[seat].text());
        ASSERT_TRUE(results[seat].usage) << name;
        EXPECT_EQ(results[seat].usage->input_tokens, 10) << name;
        EXPECT_EQ(results[seat].usage->output_tokens, 4) << name;
    }
    EXPECT_EQ(run.count(event_type::model_done), results.size());
    EXPECT_FALSE(run.response.text().empty());
}

TEST(PanelOfEveryFormat, EachSeatTellsOfItsOwnProvidersError) {
    scripted_provider provider(testing::provider_options().require_key("sk-key"));
    provider.otherwise(status(400));
    roundtable_request request = seat_in_every_format();
    request.resolve_by(resolution::fast).max_retries(0);
    const panel_run run(every_way_to(provider), request);
    for (const model_result& each : run.response.results) {
        EXPECT_EQ(each.error_code, errc::http_status) << each.model;
        EXPECT_NE(each.error.value_or("").find("scripted failure"), std::string::npos)
            << each.model;
    }
}

}  // namespace
}  // namespace conclave::tests
