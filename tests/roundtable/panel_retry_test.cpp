#include "net/machine_delay.hpp"
#include "panel_world.hpp"

#include <gtest/gtest.h>

namespace conclave::tests {
namespace {

roundtable_request one_seat() {
    roundtable_request request("Which database?");
    request.model("m/a");
    return request;
}

TEST(PanelRetry, IsMadeAlsoAfterDeltasWereShownAndSaysThatTheyAreVoid) {
    scripted_provider provider;
    provider.on("m/a", answer("half of it").close_in_event(3));
    provider.on("m/a", answer("the whole of it"));
    const panel_run run = run_panel(provider, one_seat());

    EXPECT_EQ(run.response.text(), "the whole of it");
    EXPECT_EQ(run.response.results[0].attempts, 2);
    EXPECT_EQ(run.milestones(),
              (std::vector<std::string>{"model_start 0", "model_retry 0", "model_done 0", "done"}));
    EXPECT_EQ(run.shown(0), "the whole of it");
    // Two tokens of the first attempt were shown before it broke.
    std::string before;
    for (const auto& seen : run.events) {
        if (seen.type == event_type::model_retry) {
            EXPECT_FALSE(seen.error.empty());
            break;
        }
        before += seen.delta;
    }
    EXPECT_EQ(before, "half of");
}

TEST(PanelRetry, IsMadeAsOftenAsAllowedAndNoOftener) {
    for (const int allowed : {0, 1, 3}) {
        scripted_provider provider;
        provider.on("m/a", status(503).header("retry-after-ms", "1"));
        roundtable_request request = one_seat();
        request.max_retries(allowed);
        const panel_run run = run_panel(provider, request);
        EXPECT_EQ(provider.requests().size(), static_cast<std::size_t>(1 + allowed));
        EXPECT_EQ(run.response.results[0].attempts, 1 + allowed);
        EXPECT_EQ(run.count(event_type::model_retry), static_cast<std::size_t>(allowed));
        EXPECT_EQ(run.count(event_type::model_error), 1u);
        EXPECT_EQ(run.response.results[0].error_code, errc::http_status);
    }
}

struct retry_case {
    std::string name;
    scripted_reply reply;
    bool is_transient;
};

class PanelRetryOf : public ::testing::TestWithParam<retry_case> {};

TEST_P(PanelRetryOf, HappensForTransientFailuresOnly) {
    scripted_provider provider;
    provider.on("m/a", GetParam().reply).on("m/a", answer("well after all"));
    const panel_run run = run_panel(provider, one_seat());
    EXPECT_EQ(provider.requests().size(), GetParam().is_transient ? 2u : 1u);
    EXPECT_EQ(run.response.results[0].ok(), GetParam().is_transient);
    EXPECT_EQ(run.count(event_type::model_retry), GetParam().is_transient ? 1u : 0u);
}

std::vector<retry_case> retry_cases() {
    std::vector<retry_case> cases;
    const auto soon = [](int code, std::string body = {}) {
        return status(code, std::move(body)).header("retry-after-ms", "1");
    };
    for (const int code : {408, 409, 425, 429, 500, 502, 503, 504, 529, 599})
        cases.push_back({"Status" + std::to_string(code), soon(code), true});
    for (const int code : {301, 307, 400, 401, 402, 403, 404, 413, 422})
        cases.push_back({"Status" + std::to_string(code), soon(code), false});
    cases.push_back({"ShouldRetryTrue", soon(400).header("x-should-retry", "true"), true});
    cases.push_back({"ShouldRetryFalse", soon(503).header("x-should-retry", "false"), false});
    cases.push_back({"EmptyAccount",
                     soon(429, R"({"error":{"message":"pay","code":"insufficient_quota"}})"),
                     false});
    cases.push_back({"BrokenOff", answer("a b c").close_in_event(2), true});
    cases.push_back({"Reset", answer("a b c").reset_in_event(2), true});
    cases.push_back({"ClosedBeforeTheHead", answer("a").close_after_bytes(0), true});
    cases.push_back({"ClosedInTheHead", answer("a").close_after_bytes(30), true});
    cases.push_back(
        {"EndedWithoutItsTerminalEvent",
         answer("a b c").close_in_event(2).framing(testing::body_framing::close_delimited), true});
    cases.push_back({"RateLimitInTheStream",
                     answer("a b").error_in_stream(
                         R"({"error":{"message":"slow","code":"rate_limit_exceeded"}})", 2),
                     true});
    cases.push_back({"StatusInTheStream",
                     answer("a b").error_in_stream(R"({"error":{"message":"m","code":503}})", 1),
                     true});
    cases.push_back(
        {"BadRequestInTheStream",
         answer("a b").error_in_stream(
             R"({"error":{"message":"m","type":"invalid_request_error","code":400}})", 1),
         false});
    cases.push_back({"Garbage", testing::garbage(), false});
    cases.push_back({"Refusal", answer("").refusal("no"), false});
    cases.push_back({"EmptyAnswer", answer(""), false});
    return cases;
}

INSTANTIATE_TEST_SUITE_P(Failures, PanelRetryOf, ::testing::ValuesIn(retry_cases()),
                         [](const auto& each) { return each.param.name; });

TEST(PanelRetry, IsMadeWhereNobodyListens) {
    client_options options;
    options.endpoints.emplace_back(scripted_provider::refusing_url());
    const panel_run run(options, one_seat());
    EXPECT_EQ(run.response.results[0].attempts, 2);
    EXPECT_EQ(run.response.results[0].error_code, errc::connect_failed);
    EXPECT_EQ(run.response.results[0].cost, 0.0);
}

TEST(PanelRetry, WhatWasSentAndNeverAnsweredHasAnUnknownCost) {
    scripted_provider provider;
    provider.on("m/a", testing::silent());
    roundtable_request request = one_seat();
    request.timeout(200ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.results[0].error_code, errc::model_timeout);
    EXPECT_FALSE(run.response.results[0].cost);
    EXPECT_FALSE(run.response.meta.cost_complete);
}

TEST(PanelRetry, WhatWasDeclinedByItsStatusCostsNothing) {
    scripted_provider provider;
    provider.on("m/a", status(400));
    const panel_run run = run_panel(provider, one_seat());
    EXPECT_EQ(run.response.results[0].cost, 0.0);
    EXPECT_TRUE(run.response.meta.cost_complete);
}

// A transport whose system has no more of what a connection takes, for one origin.
class exhausted_transport : public net::socket_transport {
public:
    using net::socket_transport::socket_transport;

    asio::awaitable<net::stream> connect(http::url to, net::connect_options options,
                                         net::clocks<timer_type>& timers) {
        if (to.host() == "exhausted.invalid") {
            throw net::system_error(asio::error::no_memory, "thread");
        }
        return net::socket_transport::connect(std::move(to), options, timers);
    }
};

TEST(PanelRetry, AFailureOfTheSystemIsThatOfItsSeat) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    client_options options = options_for(provider);
    options.endpoints.emplace_back("http://exhausted.invalid/v1").prefix = "x/";
    roundtable_request request = one_seat();
    request.model("x/a").max_retries(0);
    asio::io_context context;
    basic_client<exhausted_transport> via(context, options);
    const auto response = run_to_end(context, roundtable(via, request));
    EXPECT_EQ(response.text(), "well");
    ASSERT_EQ(response.results.size(), 2u);
    EXPECT_TRUE(response.results[0].ok());
    EXPECT_EQ(response.results[1].error_code, errc::connect_failed);
    EXPECT_NE(response.results[1].error.value_or("").find("thread"), std::string::npos);
    EXPECT_EQ(response.results[1].cost, 0.0);
}

TEST(PanelRetry, WaitsAsLongAsItIsAskedTo) {
    scripted_provider provider;
    provider.on("m/a", status(429).header("retry-after-ms", "300")).on("m/a", answer("well"));
    const panel_run run = run_panel(provider, one_seat());
    EXPECT_EQ(run.response.text(), "well");
    const auto requests = provider.requests();
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_GE(requests[1].received - requests[0].received, 299ms);
}

TEST(PanelRetry, AWaitThatDoesNotFitIntoTheTimeLeftIsNotWaitedFor) {
    scripted_provider provider;
    provider.on("m/a", status(429, R"({"error":{"message":"slow down"}})").retry_after(60s));
    roundtable_request request = one_seat();
    request.timeout(2s);
    const panel_run run = run_panel(provider, request);
    EXPECT_LT(run.took, 1s);
    EXPECT_EQ(provider.requests().size(), 1u);
    EXPECT_EQ(run.count(event_type::model_retry), 0u);
    const auto& result = run.response.results[0];
    EXPECT_EQ(result.error_code, errc::http_status);
    EXPECT_NE(result.error->find("slow down"), std::string::npos) << *result.error;
    EXPECT_NE(result.error->find("60 s does not fit"), std::string::npos) << *result.error;
}

TEST(PanelRetry, TheTimeOfASeatCoversItsRetries) {
    scripted_provider provider;
    provider.on("m/a", status(503).head_after(250ms).header("retry-after-ms", "1"));
    provider.on("m/a", answer("too late").first_token_after(250ms));
    roundtable_request request = one_seat();
    request.timeout(400ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.results[0].error_code, errc::model_timeout);
    EXPECT_NE(run.response.results[0].error->find("400 ms"), std::string::npos);
    EXPECT_GE(run.response.results[0].duration, 400ms);
    EXPECT_EQ(run.response.results[0].attempts, 2);
}

TEST(PanelRetry, WhatAFailedSeatHadSaidIsKept) {
    scripted_provider provider;
    provider.on("m/a", answer("This much was said before").stall_in_event(4));
    roundtable_request request = one_seat();
    request.timeout(200ms);
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.results[0].error_code, errc::model_timeout);
    EXPECT_EQ(run.response.results[0].text(), "This much was");
    EXPECT_FALSE(run.response.data.has_value()) << "a part is no answer";
}

TEST(PanelRetry, ASeatThatFailsCostsNobodyElseTheirs) {
    scripted_provider provider;
    provider.on("m/a", testing::silent());
    provider.on("m/b", answer("B says a few words").token_every(20ms));
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b").model("m/a").timeout(300ms).resolve_by(resolution::fast);
    const running::machine_delay delay;
    const panel_run run = run_panel(provider, request);
    EXPECT_EQ(run.response.results[1].text(), "B says a few words");
    EXPECT_LT(run.response.results[1].duration, 250ms + delay.longest())
        << "it does not wait for the others";
    EXPECT_EQ(run.response.meta.models_used, (std::vector<std::string>{"m/b"}));
}

}  // namespace
}  // namespace conclave::tests
