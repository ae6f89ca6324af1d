#include "net/machine_delay.hpp"
#include "panel_world.hpp"

#include <gtest/gtest.h>

namespace conclave::tests {
namespace {

using words = std::vector<std::string>;

roundtable_request two_summarised() {
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b");
    return request;
}

// The milestones of the consolidation alone.
words consolidation_of(const panel_run& run) {
    words all = run.milestones();
    std::erase_if(all, [](const std::string& word) { return word.starts_with("model_"); });
    return all;
}

TEST(PanelSummary, TheFirstSeatMergesThoughItAnswersLast) {
    scripted_provider provider;
    provider.on("m/a", answer("A says so.").first_token_after(150ms));
    provider.on("m/a", answer("Both say so.").usage(40, 12));
    provider.on("m/b", answer("B says so."));
    roundtable_request request = two_summarised();
    request.instructions("Be brief.");
    const panel_run run = run_panel(provider, request);

    EXPECT_EQ(run.response.text(), "Both say so.");
    EXPECT_EQ(run.response.meta.summary_model, "m/a");
    ASSERT_TRUE(run.response.meta.summary_usage.has_value());
    EXPECT_EQ(run.response.meta.summary_usage->input_tokens, 40);
    EXPECT_FALSE(run.response.meta.summary_error.has_value());
    EXPECT_EQ(consolidation_of(run), (words{"summary_start", "summary_done", "done"}));
    EXPECT_EQ(run.summary_shown(), "Both say so.");
    EXPECT_GT(run.count(event_type::summary_delta), 1u) << "the merged answer streams";

    ASSERT_EQ(provider.requests().size(), 3u);
    const auto merging = provider.requests_for("m/a").at(1);
    EXPECT_TRUE(merging.instructions.starts_with("Be brief."));
    const std::size_t question = merging.prompt.find("Which database?");
    const std::size_t first = merging.prompt.find("A says so.");
    const std::size_t second = merging.prompt.find("B says so.");
    ASSERT_NE(second, std::string::npos);
    EXPECT_LT(question, first);
    EXPECT_LT(first, second);
}

TEST(PanelSummary, TheFirstSeatThatAnsweredMerges) {
    scripted_provider provider;
    provider.on("m/a", status(400));
    provider.on("m/b", answer("B")).on("m/b", answer("merged by B"));
    provider.on("m/c", answer("C"));
    roundtable_request request = two_summarised();
    request.model("m/c");
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "merged by B");
    EXPECT_EQ(run.response.meta.summary_model, "m/b");
    EXPECT_EQ(run.response.meta.models_used, (words{"m/b", "m/c"}));
    EXPECT_EQ(provider.requests_for("m/a").size(), 1u) << "it failed, and is not asked to merge";
}

TEST(PanelSummary, ItFallsToTheNextSeatWhenTheFirstFailsToMerge) {
    scripted_provider provider;
    provider.on("m/a", answer("A"))
        .on("m/a",
            answer("this breaks")
                .error_in_stream(
                    R"({"error":{"message":"too much","code":"context_length_exceeded"}})", 2));
    provider.on("m/b", answer("B")).on("m/b", answer("merged by B"));
    const panel_run run = run_panel(provider, two_summarised());

    EXPECT_EQ(run.response.text(), "merged by B");
    EXPECT_EQ(run.response.meta.summary_model, "m/b");
    EXPECT_FALSE(run.response.meta.summary_error.has_value());
    EXPECT_EQ(consolidation_of(run),
              (words{"summary_start", "summary_retry", "summary_start", "summary_done", "done"}));
    EXPECT_EQ(run.summary_shown(), "merged by B") << "what the first one said is void";
    std::vector<std::string> who;
    for (const auto& seen : run.events) {
        if (seen.type == event_type::summary_start) who.push_back(seen.model);
        if (seen.type == event_type::summary_retry) {
            EXPECT_EQ(seen.model, "m/a");
            EXPECT_NE(seen.error.find("too much"), std::string::npos) << seen.error;
        }
    }
    EXPECT_EQ(who, (words{"m/a", "m/b"}));
}

TEST(PanelSummary, AModelThatFailedToMergeIsNotAskedAgainForItsSecondSeat) {
    scripted_provider provider;
    provider.on("m/a", answer("A")).on("m/a", answer("A")).on("m/a", status(400));
    provider.on("m/b", answer("B")).on("m/b", answer("merged by B"));
    roundtable_request request("Which database?");
    request.model("m/a").model("m/a").model("m/b");
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "merged by B");
    EXPECT_EQ(provider.requests_for("m/a").size(), 3u);
}

TEST(PanelSummary, ATransientFailureToMergeIsTriedAgain) {
    scripted_provider provider;
    provider.on("m/a", answer("A"));
    provider.on("m/a", answer("half of it").close_in_event(2));
    provider.on("m/a", answer("all of it"));
    provider.on("m/b", answer("B"));
    const panel_run run = run_panel(provider, two_summarised());
    EXPECT_EQ(run.response.text(), "all of it");
    EXPECT_EQ(run.response.meta.summary_model, "m/a");
    EXPECT_EQ(consolidation_of(run),
              (words{"summary_start", "summary_retry", "summary_done", "done"}));
    EXPECT_EQ(run.summary_shown(), "all of it");
}

TEST(PanelSummary, ItsRetriesAreItsOwn) {
    scripted_provider provider;
    // One retry for the seat and one for the consolidation.
    provider.on("m/a", status(503).header("retry-after-ms", "1")).on("m/a", answer("A"));
    provider.on("m/a", status(503).header("retry-after-ms", "1")).on("m/a", answer("merged"));
    provider.on("m/b", answer("B"));
    roundtable_request request = two_summarised();
    request.max_retries(1);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "merged");
    EXPECT_EQ(run.response.results[0].attempts, 2);
    EXPECT_EQ(provider.requests_for("m/a").size(), 4u);
}

TEST(PanelSummary, ItsTimeIsItsOwn) {
    scripted_provider provider;
    provider.on("m/a", answer("A").first_token_after(350ms));
    provider.on("m/a", answer("merged").first_token_after(350ms));
    provider.on("m/b", answer("B"));
    roundtable_request request = two_summarised();
    request.timeout(600ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "merged");
    EXPECT_GT(run.took, 690ms);
}

TEST(PanelSummary, ItsTimeIsOneForAllWhoTry) {
    scripted_provider provider;
    provider.on("m/a", answer("A")).on("m/a", testing::silent());
    provider.on("m/b", answer("B")).on("m/b", testing::silent());
    roundtable_request request = two_summarised();
    request.timeout(300ms);
    const running::machine_delay delay;
    const panel_run run = run_panel(provider, request);
    EXPECT_FALSE(run.response.data.has_value());
    ASSERT_TRUE(run.response.meta.summary_error.has_value());
    EXPECT_NE(run.response.meta.summary_error->find("timed out"), std::string::npos);
    EXPECT_LT(run.took, 550ms + delay.longest());
}

TEST(PanelSummary, ANamedModelMergesAlone) {
    scripted_provider provider;
    provider.on("m/a", answer("A"));
    provider.on("m/b", answer("B"));
    provider.on("m/judge", answer("judged"));
    roundtable_request request = two_summarised();
    request.summary_model("m/judge");
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "judged");
    EXPECT_EQ(run.response.meta.summary_model, "m/judge");
    EXPECT_EQ(run.response.meta.models_used, (words{"m/a", "m/b"})) << "it has no seat";
    EXPECT_EQ(provider.requests_for("m/judge").size(), 1u);
}

TEST(PanelSummary, NobodyStandsInForANamedModelThatFails) {
    scripted_provider provider;
    provider.on("m/a", answer("A").cost(0.5));
    provider.on("m/b", answer("B").cost(0.25));
    provider.on("m/judge", status(400, R"({"error":{"message":"the judge is ill"}})"));
    roundtable_request request = two_summarised();
    request.summary_model("m/judge");
    const panel_run run = run_panel(provider, request);

    EXPECT_FALSE(run.thrown.has_value());
    EXPECT_FALSE(run.response.data.has_value());
    ASSERT_TRUE(run.response.meta.summary_error.has_value());
    EXPECT_NE(run.response.meta.summary_error->find("the judge is ill"), std::string::npos);
    EXPECT_EQ(run.response.meta.summary_model, "m/judge");
    EXPECT_EQ(consolidation_of(run), (words{"summary_start", "done"}));
    EXPECT_EQ(provider.requests().size(), 3u);
    // The panel's answers are intact.
    EXPECT_EQ(run.response.results[0].text(), "A");
    EXPECT_EQ(run.response.results[1].text(), "B");
    EXPECT_TRUE(run.response.results[0].ok() && run.response.results[1].ok());
    EXPECT_DOUBLE_EQ(run.response.meta.total_cost, 0.75);
    EXPECT_NE(run.response.to_json().find("\"data\":null"), std::string::npos);
}

TEST(PanelSummary, AnEmptyMergedAnswerIsAFailureToMerge) {
    scripted_provider provider;
    provider.on("m/a", answer("A")).on("m/a", answer(""));
    provider.on("m/b", answer("B")).on("m/b", answer("merged by B"));
    const panel_run run = run_panel(provider, two_summarised());
    EXPECT_EQ(run.response.text(), "merged by B");
}

TEST(PanelSummary, WhenAllFailToMergeTheLastComplaintIsTold) {
    scripted_provider provider;
    provider.on("m/a", answer("A")).on("m/a", status(400, R"({"error":"first complaint"})"));
    provider.on("m/b", answer("B")).on("m/b", status(400, R"({"error":"second complaint"})"));
    const panel_run run = run_panel(provider, two_summarised());
    EXPECT_FALSE(run.response.data.has_value());
    ASSERT_TRUE(run.response.meta.summary_error.has_value());
    EXPECT_NE(run.response.meta.summary_error->find("second complaint"), std::string::npos);
    EXPECT_EQ(run.response.meta.summary_model, "m/b");
}

TEST(PanelSummary, OneUsableAnswerIsTheAnswerAndNoConsolidationIsPaidFor) {
    scripted_provider provider;
    provider.on("m/a", status(400));
    provider.on("m/b", answer("B alone").cost(0.5));
    const panel_run run = run_panel(provider, two_summarised());
    EXPECT_EQ(run.response.text(), "B alone");
    EXPECT_EQ(provider.requests().size(), 2u);
    EXPECT_FALSE(run.response.meta.summary_model.has_value());
    EXPECT_FALSE(run.response.meta.summary_error.has_value());
    EXPECT_EQ(consolidation_of(run), (words{"done"}));
    EXPECT_DOUBLE_EQ(run.response.meta.total_cost, 0.5);
    EXPECT_TRUE(run.response.meta.cost_complete);
}

TEST(PanelSummary, OneUsableAnswerIsTheAnswerAlsoWhereAModelIsNamedToMerge) {
    scripted_provider provider;
    provider.on("m/a", answer("A alone"));
    roundtable_request request("Which database?");
    request.model("m/a").summary_model("m/judge");
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.text(), "A alone");
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(PanelSummary, NoUsableAnswerIsNoAnswerAndNoException) {
    scripted_provider provider;
    provider.on("m/a", status(400, R"({"error":{"message":"A is out","code":"gone"}})"));
    provider.on("m/b", answer(""));
    const panel_run run = run_panel(provider, two_summarised());
    EXPECT_FALSE(run.thrown.has_value());
    EXPECT_FALSE(run.response.data.has_value());
    EXPECT_TRUE(run.response.meta.models_used.empty());
    EXPECT_FALSE(run.response.meta.summary_error.has_value());
    EXPECT_EQ(provider.requests().size(), 2u);
    ASSERT_FALSE(run.response.results[0].ok());
    EXPECT_NE(run.response.results[0].error->find("A is out"), std::string::npos);
    EXPECT_EQ(run.response.results[0].error_code, errc::http_status);
    ASSERT_FALSE(run.response.results[1].ok()) << "an empty answer is none";
    EXPECT_EQ(run.count(event_type::model_error), 2u);
}

TEST(PanelSummary, ARefusalIsNoAnswer) {
    scripted_provider provider;
    provider.on("m/a", answer("").refusal("I would rather not."));
    provider.on("m/b", answer("B alone"));
    const panel_run run = run_panel(provider, two_summarised());
    EXPECT_EQ(run.response.text(), "B alone");
    EXPECT_EQ(run.response.results[0].error_code, errc::refused);
    EXPECT_NE(run.response.results[0].error->find("I would rather not."), std::string::npos);
}

TEST(PanelFast, LeavesTheAnswersAsTheyAre) {
    scripted_provider provider;
    provider.on("m/a", answer("A"));
    provider.on("m/b", answer("B").first_token_after(100ms));
    roundtable_request request = two_summarised();
    request.resolve_by(resolution::fast).summary_model("m/judge");
    const panel_run run = run_panel(provider, request);
    EXPECT_FALSE(run.response.data.has_value());
    EXPECT_EQ(run.response.meta.resolution, resolution::fast);
    EXPECT_FALSE(run.response.meta.summary_model.has_value());
    EXPECT_EQ(run.response.results[1].text(), "B") << "it waits for all";
    EXPECT_EQ(provider.requests().size(), 2u);
    EXPECT_EQ(consolidation_of(run), (words{"done"}));
    EXPECT_NE(run.response.to_json().find("\"data\":null"), std::string::npos);
}

}  // namespace
}  // namespace conclave::tests
