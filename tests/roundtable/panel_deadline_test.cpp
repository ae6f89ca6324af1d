// The time of the whole panel, from which every other is derived.

#include "panel_world.hpp"

#include <gtest/gtest.h>

namespace conclave::tests {
namespace {

// Seats that answer (`a`, `b`) and others that do not (`x`, `y`).
class PanelDeadline : public ::testing::Test {
protected:
    PanelDeadline() {
        provider.on("m/a", answer("A says so.")).on("m/b", answer("B says so."));
        provider.on("m/x", testing::silent()).on("m/y", answer("Y says").stall_in_event(2));
    }

    static roundtable_request panel_of(const std::vector<std::string>& seats) {
        roundtable_request request("Which database?");
        for (const auto& seat : seats)
            request.model("m/" + seat);
        return request;
    }

    void expect_one_report_of_each_seat(const panel_run& run) {
        for (std::size_t seat = 0; seat < run.response.results.size(); ++seat) {
            EXPECT_EQ(run.count(event_type::model_start, seat), 1u);
            EXPECT_EQ(
                run.count(event_type::model_done, seat) + run.count(event_type::model_error, seat),
                1u);
        }
        EXPECT_EQ(run.count(event_type::done), 1u);
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    }

    scripted_provider provider;
};

TEST_F(PanelDeadline, EndsTheSeatsThatAreLateAndKeepsTheOthers) {
    roundtable_request request = panel_of({"x", "a", "y"});
    request.resolve_by(resolution::fast).deadline(250ms).max_retries(3);
    const panel_run run = run_panel(provider, request);
    ASSERT_FALSE(run.thrown);
    const auto& results = run.response.results;
    EXPECT_EQ(results[0].error_code, errc::panel_timeout);
    EXPECT_EQ(results[0].attempts, 1);
    EXPECT_FALSE(results[0].cost) << "it may have been billed";
    EXPECT_EQ(results[1].text(), "A says so.");
    EXPECT_EQ(results[2].error_code, errc::panel_timeout);
    EXPECT_EQ(results[2].text(), "Y");
    EXPECT_GE(run.took, 250ms);
    EXPECT_LT(run.took, 1s);
    EXPECT_EQ(run.count(event_type::model_retry), 0u);
    expect_one_report_of_each_seat(run);
}

TEST_F(PanelDeadline, EndsTheConsolidation) {
    provider.on("m/a", answer("merged at last").stall_in_event(2));
    roundtable_request request = panel_of({"a", "b"});
    request.deadline(300ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_FALSE(run.response.data);
    EXPECT_EQ(run.response.meta.summary_error, error(errc::panel_timeout).what());
    EXPECT_EQ(run.response.meta.summary_model, "m/a");
    EXPECT_EQ(run.count(event_type::summary_start), 1u) << "no time for another model";
    EXPECT_EQ(run.count(event_type::summary_retry), 0u);
    EXPECT_GE(run.took, 300ms);
    EXPECT_LT(run.took, 1s);
    EXPECT_EQ(run.response.meta.models_used.size(), 2u);
    expect_one_report_of_each_seat(run);
}

TEST_F(PanelDeadline, LeavesNoConsolidationBehindSeatsThatTookAllOfIt) {
    roundtable_request request = panel_of({"a", "b", "x"});
    request.deadline(250ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_FALSE(run.response.data);
    EXPECT_EQ(run.response.meta.summary_error, error(errc::panel_timeout).what());
    EXPECT_EQ(run.count(event_type::summary_start), 0u);
    EXPECT_EQ(provider.requests().size(), 3u);
    EXPECT_EQ(run.response.results[1].text(), "B says so.");
    EXPECT_LT(run.took, 1s);
    expect_one_report_of_each_seat(run);
}

TEST_F(PanelDeadline, LeavesTimeToMergeWhereTheSeatsHaveLess) {
    provider.on("m/a", answer("merged"));
    roundtable_request request = panel_of({"a", "b", "x"});
    request.timeout(200ms).deadline(10s);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "merged");
    EXPECT_EQ(run.response.results[2].error_code, errc::model_timeout);
    EXPECT_LT(run.took, 2s);
}

TEST_F(PanelDeadline, IsNotSleptPast) {
    provider.on("m/busy", status(503).retry_after(5s));
    roundtable_request request = panel_of({"busy"});
    request.deadline(2s);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.results[0].error_code, errc::http_status);
    EXPECT_NE(run.response.results[0].error->find("not tried again"), std::string::npos);
    EXPECT_LT(run.took, 1s);
}

TEST_F(PanelDeadline, CountsVotesThatCameInTime) {
    provider.on("m/yes", testing::choice("yes"));
    roundtable_request request = panel_of({"yes", "x"});
    request.resolve_by(resolution::multiple_choice).choices({"yes", "no"}).deadline(250ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "yes");
    EXPECT_EQ(run.response.results[1].error_code, errc::panel_timeout);
}

TEST(PanelDeadlineOption, IsNoneUnlessSetAndIsBetween0And24Hours) {
    roundtable_request request("Which database?");
    request.model("m/a");
    EXPECT_EQ(request.deadline(), 0ms);
    EXPECT_NO_THROW(validate(request.deadline(24h)));
    for (const auto wrong : {-1ms, std::chrono::milliseconds(24h) + 1ms}) {
        try {
            validate(request.deadline(wrong));
            ADD_FAILURE() << wrong.count();
        } catch (const error& refused) {
            EXPECT_EQ(refused.code(), errc::invalid_request);
            EXPECT_EQ(refused.field(), "deadline");
        }
    }
}

TEST(PanelDeadlineOption, IsNotInTheJson) {
    roundtable_request request("Which database?");
    request.model("m/a").deadline(5s);
    EXPECT_EQ(request.to_json().find("deadline"), std::string::npos);
    const auto read = roundtable_request::from_json(
        R"({"input":"q","models":[{"name":"m/a"}],"deadline":5000,"deadline_ms":5000})");
    EXPECT_EQ(read.deadline(), 0ms);
}

}  // namespace
}  // namespace conclave::tests
