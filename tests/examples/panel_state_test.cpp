#include "panel_runs.hpp"

#include <gtest/gtest.h>

namespace {

using conclave::event_type;
using panel::progress;

TEST(PanelState, ASeatThinksUntilItsFirstToken) {
    panel_run run({"a", "b"});
    EXPECT_EQ(run.state.seats[1].progress, progress::waiting);
    run.seat(event_type::model_start, 1);
    EXPECT_EQ(run.state.seats[1].progress, progress::thinking);
    run.seat(event_type::model_delta, 1, "one ").seat(event_type::model_delta, 1, "two");
    EXPECT_EQ(run.state.seats[1].progress, progress::writing);
    EXPECT_EQ(run.state.seats[1].text, "one two");
    EXPECT_EQ(run.state.seats[0].progress, progress::waiting);
}

TEST(PanelState, ARetryDropsWhatWasShown) {
    panel_run run({"a"});
    run.seat(event_type::model_start, 0).seat(event_type::model_delta, 0, "gone");
    run.seat(event_type::model_retry, 0, {}, "connection lost");
    EXPECT_EQ(run.state.seats[0].progress, progress::retrying);
    EXPECT_EQ(run.state.seats[0].text, "");
    EXPECT_EQ(run.state.seats[0].trouble, "connection lost");
    run.seat(event_type::model_delta, 0, "kept");
    EXPECT_EQ(run.state.seats[0].text, "kept");
}

TEST(PanelState, TheResultReplacesTheDeltas) {
    panel_run run({"a"});
    run.seat(event_type::model_start, 0).seat(event_type::model_delta, 0, R"({"choice":"x"})");
    run.at(1500).ends(0, "x");
    EXPECT_EQ(run.state.seats[0].progress, progress::ended);
    EXPECT_EQ(run.state.seats[0].text, "x");
    EXPECT_EQ(run.state.seats[0].ended.count(), 1500);
}

TEST(PanelState, AnotherMergerBeginsAnew) {
    panel_run run({"a"});
    run.merging(event_type::summary_start).merging(event_type::summary_delta, "half");
    run.merging(event_type::summary_retry);
    EXPECT_EQ(run.state.merging.text, "");
    run.merging(event_type::summary_start).merging(event_type::summary_delta, "whole");
    EXPECT_EQ(run.state.merging.text, "whole");
    EXPECT_EQ(run.state.merging.model, "merger");
    run.merging(event_type::summary_done, "whole.");
    EXPECT_EQ(run.state.merging.text, "whole.");
    EXPECT_EQ(run.state.merging.progress, progress::ended);
}

}  // namespace
