// A roundtable that a server runs, over real sockets: the same call as one that runs here.

#include "hosted_world.hpp"

#include <gtest/gtest.h>

namespace conclave::tests {
namespace {

using testing::recorded_request;

class Hosted : public ::testing::Test {
protected:
    Hosted() {
        provider.on("m/a", answer("A says so.").cost(0.25).usage(3, 4));
        provider.on("m/b", answer("B says no.").cost(0.5).usage(5, 6));
        provider.on("m/c", answer("merged by C").cost(0.125).usage(7, 8));
    }

    static roundtable_request two_seats() {
        return request_to({"m/a", "m/b"}).summary_model("m/c");
    }

    void expect_the_answer(const roundtable_response& response) {
        EXPECT_EQ(response.text(), "merged by C");
        EXPECT_EQ(response.id.substr(0, 3), "rt_");
        EXPECT_EQ(response.meta.total_cost, 0.875);
        EXPECT_TRUE(response.meta.cost_complete);
        EXPECT_EQ(response.meta.summary_model, "m/c");
        EXPECT_EQ(response.meta.models_used, (std::vector<std::string>{"m/a", "m/b"}));
        ASSERT_EQ(response.results.size(), 2u);
        EXPECT_EQ(response.results[1].text(), "B says no.");
        EXPECT_EQ(response.results[1].cost, 0.5);
        ASSERT_TRUE(response.results[1].usage);
        EXPECT_EQ(response.results[1].usage->output_tokens, 6);
        EXPECT_EQ(response.results[1].attempts, 0) << "the server does not tell";
    }

    scripted_provider provider;
    asio::io_context context;
};

TEST_F(Hosted, UnwatchedIsOneRequestAndOneJsonReply) {
    client via(context, hosted_by(provider, "sk-hosted-0123456789"));
    expect_the_answer(run_to_end(context, roundtable(via, two_seats())));
    ASSERT_EQ(provider.requests().size(), 1u);
    const recorded_request sent = provider.requests()[0];
    EXPECT_EQ(sent.method, "POST");
    EXPECT_EQ(sent.target, "/v1/v3/roundtable");
    EXPECT_FALSE(sent.stream);
    EXPECT_EQ(sent.models, (std::vector<std::string>{"m/a", "m/b"}));
    EXPECT_EQ(sent.header.find("authorization"), "Bearer sk-hosted-0123456789");
    EXPECT_EQ(sent.header.find("content-type"), "application/json");
    EXPECT_TRUE(sent.header.find("traceparent"));
    EXPECT_TRUE(sent.header.find("idempotency-key"));
    EXPECT_EQ(sent.body, two_seats().to_json());
}

TEST_F(Hosted, WatchedHasTheEventsOfAPanelThatRunsHere) {
    const panel_run there = run_hosted(provider, two_seats());
    ASSERT_FALSE(there.thrown);
    expect_the_answer(there.response);
    EXPECT_EQ(there.milestones(),
              (std::vector<std::string>{"model_start 0", "model_start 1", "model_done 0",
                                        "model_done 1", "summary_start", "summary_done", "done"}));
    EXPECT_EQ(there.shown(0), "A says so.");
    EXPECT_EQ(there.shown(1), "B says no.");
    EXPECT_EQ(there.summary_shown(), "merged by C");
    EXPECT_EQ(there.count(event_type::model_delta, 0), 3u) << "as they came";
    EXPECT_EQ(there.events.back().response, there.response);
    EXPECT_TRUE(provider.requests()[0].stream);
    EXPECT_FALSE(there.response.meta.trace_uuid.empty());
}

TEST_F(Hosted, AReplyThatIsNoStreamHasTheSameEvents) {
    provider.on("roundtable", answer("").always_whole());
    const panel_run run = run_hosted(provider, two_seats());
    ASSERT_FALSE(run.thrown);
    expect_the_answer(run.response);
    EXPECT_EQ(run.count(event_type::model_start), 2u);
    EXPECT_EQ(run.count(event_type::model_done), 2u);
    EXPECT_EQ(run.count(event_type::summary_done), 1u);
    EXPECT_EQ(run.shown(1), "B says no.");
    EXPECT_EQ(run.summary_shown(), "merged by C");
    EXPECT_EQ(run.milestones().back(), "done");
}

asio::awaitable<std::vector<stream_event>> pull_hosted(client& via, roundtable_request request) {
    std::vector<stream_event> events;
    auto stream = roundtable_stream(via, std::move(request));
    while (auto seen = co_await stream.next())
        events.push_back(std::move(*seen));
    co_return events;
}

TEST_F(Hosted, CanBePulledAndTakesAnyToken) {
    client via(context, hosted_by(provider));
    const auto events = run_to_end(context, pull_hosted(via, two_seats()));
    ASSERT_TRUE(events.back().response);
    expect_the_answer(*events.back().response);
    auto future = async_roundtable(via, two_seats(), asio::use_future);
    context.restart();
    context.run();
    expect_the_answer(future.get());
}

TEST_F(Hosted, ASlowReaderGetsAllEvents) {
    std::vector<std::string> tokens(5'000, "word ");
    provider.on("m/long", answer(tokens));
    client via(context, hosted_by(provider));
    const auto events =
        run_to_end(context, pull_hosted(via, request_to({"m/long"}).resolve_by(resolution::fast)));
    EXPECT_EQ(events.size(), 5'003u);
}

TEST_F(Hosted, ConnectionsAreReused) {
    client via(context, hosted_by(provider));
    for (int i = 0; i < 5; ++i)
        (void)run_to_end(context, roundtable(via, two_seats()));
    EXPECT_EQ(provider.connections(), 1u);
}

TEST_F(Hosted, ModelsThatFailAreResultsAndRetriesAreShown) {
    provider.on("m/bad", status(400));
    provider.on("m/again", answer("half of").close_in_event(1));
    provider.on("m/again", answer("all of it"));
    for (const bool watched : {false, true}) {
        const auto request = request_to({"m/bad", "m/again"}).resolve_by(resolution::fast);
        const panel_run run =
            watched ? run_hosted(provider, request) : ask_hosted(provider, request);
        ASSERT_FALSE(run.thrown);
        EXPECT_FALSE(run.response.data);
        EXPECT_EQ(run.response.results[0].error, "HTTP 400: scripted failure");
        EXPECT_FALSE(run.response.results[0].error_code) << "the server does not tell";
        EXPECT_EQ(run.response.results[1].text(), "all of it");
        if (!watched) provider.on("m/again", answer("half of").close_in_event(1));
        if (!watched) provider.on("m/again", answer("all of it"));
        if (watched) {
            EXPECT_EQ(run.count(event_type::model_error, 0), 1u);
            EXPECT_EQ(run.count(event_type::model_retry, 1), 1u);
            EXPECT_EQ(run.shown(1), "all of it");
        }
    }
}

TEST_F(Hosted, ThatAllModelsFailedIsAnOutcomeAlsoAsAnErrorStatus) {
    provider.otherwise(status(400));
    for (const bool watched : {false, true}) {
        const auto request = request_to({"m/x", "m/y"});
        const panel_run run =
            watched ? run_hosted(provider, request) : ask_hosted(provider, request);
        ASSERT_FALSE(run.thrown) << run.thrown->what();
        EXPECT_FALSE(run.response.data);
        ASSERT_EQ(run.response.results.size(), 2u);
        EXPECT_EQ(run.response.results[1].error, "HTTP 400: scripted failure");
    }
    EXPECT_EQ(provider.requests().size(), 2u) << "502 is not tried again here";

    const std::string long_text(200'000, 'x');
    const panel_run large = read_hosted(reply_of(
        "502 Bad Gateway", "application/json",
        R"({"error":{"code":"all_models_failed","message":"none","details":[{"index":1,"data":")" +
            long_text + R"(","error":"cut off"}]}})"));
    ASSERT_FALSE(large.thrown);
    EXPECT_EQ(large.response.results[1].error, "cut off");
    EXPECT_EQ(large.response.results[1].text(), long_text);
}

TEST_F(Hosted, VotesAndSchemas) {
    provider.on("m/yes", testing::choice("yes"));
    auto vote = request_to({"m/yes", "m/yes"}).resolve_by(resolution::multiple_choice);
    vote.choices({"yes", "no"});
    EXPECT_EQ(ask_hosted(provider, vote).response.text(), "yes");

    provider.on("m/json", answer(R"({"n":1})"));
    auto typed = request_to({"m/json"}).output_schema(R"({"type":"object"})");
    for (const bool watched : {false, true}) {
        const panel_run run = watched ? run_hosted(provider, typed) : ask_hosted(provider, typed);
        ASSERT_TRUE(run.response.data);
        EXPECT_TRUE(run.response.data->is_json());
        EXPECT_TRUE(run.response.results[0].data.is_json());
        EXPECT_EQ(run.response.results[0].schema_valid, true);
    }
}

TEST_F(Hosted, TheServersVerdictIsTakenAndNobodyAskedOnceMore) {
    provider.on("m/json", answer(R"({"n":1})")).on("m/text", answer("no JSON"));
    auto typed = request_to({"m/json", "m/text"}).output_schema(R"({"required":["other"]})");
    const panel_run run = run_hosted(provider, typed);
    EXPECT_EQ(run.response.results[0].schema_valid, true) << "as the server says";
    EXPECT_EQ(run.response.results[1].schema_valid, false);
    EXPECT_EQ(run.response.results[1].schema_error, "not JSON");
    EXPECT_EQ(run.count(event_type::model_retry), 0u);
    EXPECT_EQ(provider.requests().size(), 1u);
    typed.output_schema(R"({"required":1})");
    const panel_run refused = run_hosted(provider, typed);
    ASSERT_TRUE(refused.thrown);
    EXPECT_EQ(refused.thrown->field(), "output_schema");
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST_F(Hosted, IsRefusedBeforeAnythingIsSentNamingTheField) {
    for (const auto& [request, field] :
         {std::pair(request_to({}), "models"), std::pair(two_seats().max_retries(4), "max_retries"),
          std::pair(two_seats().deadline(std::chrono::milliseconds::max()), "deadline"),
          std::pair(two_seats().timeout(std::chrono::milliseconds::max()), "timeout_ms")}) {
        const panel_run run = run_hosted(provider, request);
        ASSERT_TRUE(run.thrown);
        EXPECT_EQ(run.thrown->code(), errc::invalid_request);
        EXPECT_EQ(run.thrown->field(), field);
        EXPECT_TRUE(run.events.empty());
    }
    EXPECT_EQ(provider.connections(), 0u);
}

TEST_F(Hosted, CallsOfOneModelStillGoToTheEndpoints) {
    client_options options = hosted_by(provider);
    client via(context, options);
    try {
        (void)run_to_end(context, complete(via, call("m/a", "Hi")));
        ADD_FAILURE();
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::no_endpoint);
    }
}

TEST_F(Hosted, AServerThatIsNoUrlIsNamedWhenTheClientIsMade) {
    client_options options;
    options.hosted_roundtable.emplace("not a url");
    try {
        client via(context, options);
        ADD_FAILURE();
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_url);
        EXPECT_NE(std::string(failure.what()).find("hosted_roundtable"), std::string::npos);
    }
}

}  // namespace
}  // namespace conclave::tests
