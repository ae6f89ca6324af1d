// What becomes of a hosted roundtable whose server, network or caller fails.

#include "hosted_world.hpp"

#include <gtest/gtest.h>

namespace conclave::tests {
namespace {

class HostedFault : public ::testing::Test {
protected:
    HostedFault() {
        provider.on("m/a", answer("A says so."));
        provider.on("m/b", answer("B says no."));
    }

    static roundtable_request both() { return request_to({"m/a", "m/b"}); }

    static void expect_each_seat_ends_once(const panel_run& run) {
        for (const std::size_t seat : {std::size_t{0}, std::size_t{1}}) {
            EXPECT_EQ(
                run.count(event_type::model_start, seat),
                run.count(event_type::model_done, seat) + run.count(event_type::model_error, seat));
        }
    }

    scripted_provider provider;
};

TEST_F(HostedFault, WhatTheServerDeclinedIsAskedAgain) {
    provider.on("roundtable", status(503)).on("roundtable", answer(""));
    const panel_run run = run_hosted(provider, both());
    ASSERT_FALSE(run.thrown);
    EXPECT_EQ(run.response.text(), "A says so.");
    ASSERT_EQ(provider.requests().size(), 2u);
    EXPECT_EQ(provider.requests()[0].header.find("idempotency-key"),
              provider.requests()[1].header.find("idempotency-key"));
    EXPECT_EQ(run.count(event_type::model_start), 2u);
}

TEST_F(HostedFault, NoOftenerThanTheRequestAllows) {
    provider.on("roundtable", status(503));
    const panel_run run = run_hosted(provider, both().max_retries(0));
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::http_status);
    EXPECT_EQ(run.thrown->http_status(), 503);
    EXPECT_EQ(run.thrown->provider_code(), "scripted_503");
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST_F(HostedFault, WhatMayHaveBeenPaidForIsNotAskedAgain) {
    const auto expect_one_request = [](const scripted_reply& fault, bool watched) {
        scripted_provider breaks;
        breaks.otherwise(answer("Something."));
        breaks.on("roundtable", fault);
        const panel_run run = watched ? run_hosted(breaks, both()) : ask_hosted(breaks, both());
        ASSERT_TRUE(run.thrown);
        expect_each_seat_ends_once(run);
        EXPECT_EQ(run.count(event_type::done), 0u);
        EXPECT_EQ(breaks.requests().size(), 1u);
    };
    for (const bool watched : {true, false}) {
        expect_one_request(answer("").close_in_event(0), watched);
        expect_one_request(answer("").reset_in_event(0), watched);
        expect_one_request(answer("").error_in_stream("not json", 2), watched);
    }
    expect_one_request(answer("").close_in_event(3), true);
}

TEST_F(HostedFault, AStreamThatEndsBeforeItsFinalFrameIsAnError) {
    provider.on("roundtable",
                testing::raw(stream_of({R"({"type":"model_start","model_index":1})",
                                        R"({"type":"model_delta","model_index":1,"delta":"x"})"})));
    const panel_run run = run_hosted(provider, both());
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::truncated_stream);
    EXPECT_EQ(run.milestones(), (std::vector<std::string>{"model_start 1", "model_error 1"}));
    EXPECT_EQ(run.events.back().result->text(), "x");
    EXPECT_EQ(run.events.back().result->error_code, errc::truncated_stream);
}

TEST_F(HostedFault, AnErrorFrameFailsTheCallWithItsWords) {
    for (const char* frame :
         {R"({"type":"error","error":{"code":"overloaded","message":"too busy","status":503}})",
          R"({"error":{"code":"overloaded","message":"too busy"}})"}) {
        const panel_run run = read_hosted(stream_of({frame}));
        ASSERT_TRUE(run.thrown);
        EXPECT_EQ(run.thrown->code(), errc::provider_error);
        EXPECT_EQ(run.thrown->provider_code(), "overloaded");
        EXPECT_EQ(run.thrown->provider_message(), "too busy");
    }
    const panel_run named = read_hosted(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        "event: error\ndata: out of order\n\n");
    ASSERT_TRUE(named.thrown);
    EXPECT_EQ(named.thrown->code(), errc::provider_error);
    EXPECT_STREQ(named.thrown->what(), "out of order");
}

TEST_F(HostedFault, ABodyThatIsNoResponseIsAnError) {
    const std::string json = "application/json";
    panel_run run = read_hosted(reply_of("200 OK", json, R"({"error":"no credit"})"));
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::provider_error);
    EXPECT_STREQ(run.thrown->what(), "no credit");
    run = read_hosted(reply_of("200 OK", json, R"({"hello":1})"));
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::malformed_reply);
    run = read_hosted(reply_of("200 OK", json, "{"));
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::malformed_json);
    run = read_hosted(reply_of("200 OK", "text/html", "<title>Welcome</title>"));
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::malformed_reply);
}

TEST_F(HostedFault, StatusesInEveryShapeAreRead) {
    const panel_run run = read_hosted(
        reply_of("402 Payment Required", "application/json",
                 R"({"type":"BudgetError","message":"balance exhausted","detail":"top up"})"));
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->http_status(), 402);
    EXPECT_NE(std::string(run.thrown->what()).find("balance exhausted"), std::string::npos);
}

TEST_F(HostedFault, AKeyThatTheServerQuotesIsInNoText) {
    const std::string key = "sk-canary-0123456789";
    provider.on("roundtable",
                testing::raw(stream_of(
                    {R"({"type":"model_retry","model_index":0,"error":"bad sk-canary-0123456789"})",
                     R"({"type":"model_error","model_index":0,"error":"bad sk-canary-0123456789"})",
                     R"({"type":"error","error":"bad sk-canary-0123456789"})"})));
    const panel_run run(hosted_by(provider, key), both());
    ASSERT_TRUE(run.thrown);
    std::string all = run.thrown->what() + run.thrown->provider_message();
    for (const stream_event& seen : run.events) {
        all += seen.error;
        if (seen.result) all += seen.result->error.value_or("");
    }
    EXPECT_EQ(all.find("canary"), std::string::npos) << all;
    EXPECT_NE(all.find("bad ****"), std::string::npos) << all;
}

TEST_F(HostedFault, TheDeadlineKeepsWhatCameBeforeIt) {
    provider.on("m/late", answer("L says maybe").first_token_after(20ms).token_every(2s));
    const panel_run run = run_hosted(provider, request_to({"m/a", "m/late"}).deadline(400ms));
    ASSERT_FALSE(run.thrown);
    EXPECT_EQ(run.response.results[0].text(), "A says so.");
    EXPECT_EQ(run.response.results[1].error_code, errc::panel_timeout);
    EXPECT_EQ(run.response.results[1].text(), "L");
    EXPECT_EQ(run.response.text(), "A says so.") << "one usable answer is the answer";
    EXPECT_FALSE(run.response.meta.cost_complete);
    EXPECT_EQ(run.response.meta.models_used, (std::vector<std::string>{"m/a"}));
    EXPECT_GE(run.took, 400ms);
    EXPECT_LT(run.took, 2s);
    EXPECT_EQ(run.count(event_type::done), 1u);
    EXPECT_EQ(run.events.back().response, run.response);
    expect_each_seat_ends_once(run);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST_F(HostedFault, TheDeadlineCoversTheMergingAndAServerThatSaysNothing) {
    provider.on("m/merge", answer("never to its end").token_every(5s));
    panel_run run = run_hosted(provider, both().summary_model("m/merge").deadline(400ms));
    ASSERT_FALSE(run.thrown);
    EXPECT_FALSE(run.response.data);
    EXPECT_EQ(run.response.meta.summary_error, error(errc::panel_timeout).what());
    EXPECT_EQ(run.response.meta.models_used.size(), 2u);

    provider.on("roundtable", testing::silent());
    run = run_hosted(provider, both().deadline(200ms));
    ASSERT_FALSE(run.thrown);
    EXPECT_EQ(run.count(event_type::model_error), 2u);
    EXPECT_EQ(run.response.results[1].error_code, errc::panel_timeout);
}

TEST_F(HostedFault, ModelsMayKeepSilentForLongerThanAPauseMayLastElsewhere) {
    provider.on("m/thinks", answer("At last.").first_token_after(400ms));
    client_options options = hosted_by(provider);
    options.timeouts.idle_timeout = options.timeouts.first_token_timeout = 100ms;
    const panel_run run(options, request_to({"m/thinks"}));
    ASSERT_FALSE(run.thrown);
    EXPECT_EQ(run.response.text(), "At last.");
}

TEST_F(HostedFault, CancellingEndsItAndReportsEverySeatThatHadBegun) {
    provider.on("m/long", answer("never to its end").token_every(10s));
    asio::io_context context;
    client via(context, hosted_by(provider));
    std::vector<stream_event> events;
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    auto on_end = [&](std::exception_ptr why, const roundtable_response&) { thrown = why; };
    asio::co_spawn(context, watch(via, request_to({"m/a", "m/long"}), events),
                   asio::bind_cancellation_slot(stop.slot(), on_end));
    asio::steady_timer soon(context, 200ms);
    soon.async_wait([&](std::error_code) { stop.emit(asio::cancellation_type::terminal); });
    context.run();
    ASSERT_TRUE(thrown);
    try {
        std::rethrow_exception(thrown);
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::cancelled);
    }
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().type, event_type::model_error);
    EXPECT_EQ(events.back().model_index, 1u);
    EXPECT_EQ(events.back().result->error_code, errc::cancelled);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

struct hosted_handler_exception {};

asio::awaitable<void> throw_at_first_delta(client& via, roundtable_request request) {
    auto on_event = [](const roundtable_event& seen) {
        if (seen.type == event_type::model_delta) throw hosted_handler_exception();
    };
    co_await roundtable(via, std::move(request), on_event);
}

TEST_F(HostedFault, WhatTheHandlerThrowsArrivesAsItWasThrown) {
    asio::io_context context;
    client via(context, hosted_by(provider));
    EXPECT_THROW(run_to_end(context, throw_at_first_delta(via, both())), hosted_handler_exception);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST_F(HostedFault, WhatAReplyMayTakeIsBounded) {
    client_options options = hosted_by(provider);
    options.limits.body_size = 64 * 1024;
    provider.on("roundtable", answer("").endless_body());
    panel_run run(options, both());
    ASSERT_TRUE(run.thrown) << "a line without end";
    options.limits.event_size = 32 * 1024;
    run = panel_run(options, both());
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::event_too_large);

    scripted_provider floods;
    floods.on("roundtable",
              answer("").endless_body("data: {\"type\":\"model_delta\",\"model_index\":0,"
                                      "\"delta\":\"0123456789012345678901234567890\"}\n\n"));
    floods.otherwise(answer("x"));
    options = hosted_by(floods);
    options.limits.body_size = 64 * 1024;
    run = panel_run(options, request_to({"m/a"}));
    ASSERT_TRUE(run.thrown);
    EXPECT_EQ(run.thrown->code(), errc::body_too_large);
}

}  // namespace
}  // namespace conclave::tests
