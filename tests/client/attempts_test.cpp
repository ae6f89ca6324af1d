#include "calling.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <string>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

// Fails in a way that is worth another attempt, and asks for no wait.
scripted_reply busy(int code = 503) { return status(code).header("retry-after-ms", "1"); }

TEST(Attempts, EndWithTheFirstSuccess) {
    scripted_provider provider;
    provider.on("m", busy()).on("m", busy(429)).on("m", answer("At last."));
    const result got = caller(provider).ask(question().max_retries(3));
    EXPECT_EQ(got.answer.text, "At last.") << got.what();
    EXPECT_EQ(got.shown, "||At last.");
    EXPECT_EQ(provider.requests().size(), 3u);
}

TEST(Attempts, AreNoMoreThanAllowed) {
    for (const int retries : {0, 1, 3}) {
        scripted_provider provider;
        provider.on("m", busy());
        const result got = caller(provider).ask(question().max_retries(retries));
        EXPECT_EQ(got.code(), errc::http_status);
        EXPECT_EQ(got.failure.http_status(), 503);
        EXPECT_EQ(provider.requests().size(), static_cast<std::size_t>(retries) + 1);
        EXPECT_EQ(got.shown, std::string(static_cast<std::size_t>(retries), '|'));
    }
}

TEST(Attempts, AreNotMadeAgainAfterARefusalByStatus) {
    for (const int code : {400, 401, 403, 404, 422}) {
        scripted_provider provider;
        provider.on("m", busy(code)).on("m", answer("no"));
        EXPECT_EQ(caller(provider).ask(question().max_retries(3)).failure.http_status(), code);
        EXPECT_EQ(provider.requests().size(), 1u);
    }
}

TEST(Attempts, AreForTheProviderToSay) {
    scripted_provider provider;
    provider.on("never", busy().header("x-should-retry", "false"));
    provider.on("ever", busy(400).header("x-should-retry", "true")).on("ever", answer("ok"));
    caller client(provider);
    EXPECT_EQ(client.ask(question("never")).failure.http_status(), 503);
    EXPECT_EQ(provider.requests_for("never").size(), 1u);
    EXPECT_EQ(client.ask(question("ever")).answer.text, "ok");
}

TEST(Attempts, BeginAgainAfterDeltasWereShown) {
    scripted_provider provider;
    provider.on("m", answer("a b c").close_in_event(3)).on("m", answer("a b c"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.answer.text, "a b c") << got.what();
    EXPECT_EQ(got.shown, "a b|a b c");
}

TEST(Attempts, FollowAStreamWithoutAnEnd) {
    scripted_provider provider;
    // Neither a reason to stop nor [DONE], but a proper end of the body.
    provider.on("m",
                raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}}]}\n\n"));
    provider.on("m", answer("whole"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.answer.text, "whole") << got.what();
    EXPECT_EQ(got.shown, "half|whole");
    provider.on("done", answer("with a reason").without_done());
    EXPECT_EQ(caller(provider).ask(question("done")).answer.text, "with a reason");
    EXPECT_EQ(provider.requests_for("done").size(), 1u);
}

TEST(Attempts, FollowAnErrorInsideTheStreamThatPasses) {
    scripted_provider provider;
    provider.on("m", answer("a b").error_in_stream(
                         R"({"error":{"message":"busy","type":"overloaded_error"}})", 2));
    provider.on("m", answer("fine"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.answer.text, "fine") << got.what();
    EXPECT_EQ(got.shown, "a|fine");
}

TEST(Attempts, FollowAConnectionThatBroke) {
    for (const bool tls : {false, true}) {
        for (const auto fault : {connection_fault::close, connection_fault::reset}) {
            scripted_provider provider(tls ? provider_options().tls() : provider_options());
            provider.on_connect(fault).on("m", answer("fine"));
            const result got = caller(provider).ask(question());
            EXPECT_EQ(got.answer.text, "fine") << got.what();
            EXPECT_EQ(provider.connections(), 2u);
        }
    }
}

TEST(Attempts, HaveTheSameIdempotencyKeyAndCallsHaveDifferentOnes) {
    scripted_provider provider;
    provider.on("m", busy());
    caller client(provider);
    client.ask(question().max_retries(2));
    client.ask(question().max_retries(1));
    const auto requests = provider.requests();
    ASSERT_EQ(requests.size(), 5u);
    std::vector<std::string> keys;
    for (const auto& request : requests)
        keys.emplace_back(request.header.find("idempotency-key").value_or(""));
    EXPECT_GE(keys[0].size(), 32u);
    EXPECT_EQ(keys[1], keys[0]);
    EXPECT_EQ(keys[2], keys[0]);
    EXPECT_NE(keys[3], keys[0]);
    EXPECT_EQ(keys[4], keys[3]);
    EXPECT_EQ(requests[1].body, requests[0].body);
}

TEST(Attempts, WaitAsLongAsTheyAreAsked) {
    scripted_provider provider;
    provider.on("m", status(429).header("retry-after-ms", "120")).on("m", answer("fine"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.answer.text, "fine");
    EXPECT_GE(got.taken, 120ms);
    const auto requests = provider.requests();
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_GE(requests[1].received - requests[0].received, 119ms);
}

// The date `later` from now, as Retry-After has it.
std::string http_date(std::chrono::seconds later) {
    const std::time_t when =
        std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + later);
    std::tm parts{};
    gmtime_r(&when, &parts);
    std::array<char, 64> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return std::string(text.data(), size);
}

TEST(Attempts, WaitForSecondsAndForADate) {
    for (const bool has_date : {false, true}) {
        scripted_provider provider;
        const std::string wait = has_date ? http_date(2s) : "1";
        provider.on("m", status(503).header("retry-after", wait)).on("m", answer("fine"));
        const result got = caller(provider).ask(question());
        EXPECT_EQ(got.answer.text, "fine") << wait << ": " << got.what();
        // Longer than they would by themselves; a date has no fractions of a second.
        EXPECT_GE(got.taken, 600ms) << wait;
        EXPECT_LT(got.taken, 2s + at_once) << wait;
    }
}

TEST(Attempts, WaitAsTheyWouldAnywayWhereWhatTheyAreAskedMakesNoSense) {
    for (const std::string& wait : {std::string("-5"), std::string("soon"), std::string("1e999"),
                                    std::string(), http_date(-1h)}) {
        scripted_provider provider;
        provider.on("m", status(503).header("retry-after", wait)).on("m", answer("fine"));
        const result got = caller(provider).ask(question());
        EXPECT_EQ(got.answer.text, "fine") << wait << ": " << got.what();
        EXPECT_LT(got.taken, 500ms + at_once) << wait;
    }
}

TEST(Attempts, AreGivenUpWhenTheWaitDoesNotFitIntoTheTimeLeft) {
    for (const std::string wait : {"60", "1e12", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
        scripted_provider provider;
        provider.on("m", status(429).header("retry-after", wait));
        const result got = caller(provider).ask(question().timeout(30s));
        EXPECT_EQ(got.code(), errc::http_status);
        EXPECT_EQ(got.failure.http_status(), 429);
        EXPECT_TRUE(got.says("not tried again")) << got.what();
        EXPECT_LT(got.taken, at_once);
        EXPECT_EQ(provider.requests().size(), 1u);
        EXPECT_EQ(got.shown, "");
    }
}

TEST(Attempts, ShareOneDeadline) {
    scripted_provider provider;
    provider.on("m", busy()).on("m", silent());
    const result got = caller(provider).ask(question().timeout(150ms).max_retries(3));
    EXPECT_EQ(got.code(), errc::model_timeout) << got.what();
    EXPECT_EQ(got.failure.code(), std::errc::timed_out);
    EXPECT_TRUE(got.says("150 ms")) << got.what();
    EXPECT_GE(got.taken, 150ms);
    EXPECT_LT(got.taken, at_once);
    EXPECT_EQ(provider.requests().size(), 2u);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Attempts, EndAtTheDeadlineWhereverTheyAre) {
    scripted_provider provider(provider_options().tls());
    provider.on_connect(connection_fault::half_tls_handshake);
    provider.on("head", answer("a").stall_after_bytes(20));
    provider.on("stream", answer("a b c").stall_in_event(2));
    provider.on("whole", answer("a b c").always_whole().stall_after_bytes(300));
    provider.on("status", status(503, std::string(500, 'x')).stall_after_bytes(200));
    caller client(provider);
    for (const std::string model : {"handshake", "head", "stream", "whole", "status"}) {
        const result got = client.ask(question(model).timeout(60ms));
        EXPECT_EQ(got.code(), errc::model_timeout) << model << ": " << got.what();
        EXPECT_LT(got.taken, at_once) << model;
    }
    EXPECT_EQ(client.via.idle_connections(), 0u);
}

TEST(Attempts, EndAtOnceWhenTheCallIsCancelledWhereverTheyAre) {
    scripted_provider provider(provider_options().tls());
    provider.on_connect(connection_fault::half_tls_handshake);
    provider.on("head", answer("a").stall_after_bytes(20));
    provider.on("stream", answer("a b c").stall_in_event(2));
    provider.on("whole", answer("a b c").always_whole().stall_after_bytes(300));
    provider.on("status", status(503, std::string(500, 'x')).stall_after_bytes(200));
    provider.on("wait", status(503).header("retry-after", "25"));
    caller client(provider);
    for (const std::string model : {"handshake", "head", "stream", "whole", "status", "wait"}) {
        const result got = client.ask(question(model).timeout(stall), nullptr, 60ms);
        EXPECT_EQ(got.code(), errc::cancelled) << model << ": " << got.what();
        EXPECT_EQ(got.failure.code(), std::errc::operation_canceled);
        EXPECT_LT(got.taken, at_once) << model;
        EXPECT_LE(provider.requests_for(model).size(), 1u) << model;
    }
    client.via.close_idle_connections();
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Attempts, AddUpInUsageAndCost) {
    scripted_provider provider;
    // The first one fails after it has reported what it used.
    const auto failing = answer("a b").usage(10, 2).cost(0.5).error_in_stream(
        R"({"error":{"message":"busy","type":"overloaded_error"}})", 5);
    provider.on("n", failing).on("n", answer("a b").usage(10, 2).cost(0.25));
    const result got = caller(provider).ask(question("n"));
    ASSERT_EQ(got.code(), errc{}) << got.what();
    ASSERT_TRUE(got.answer.usage);
    EXPECT_EQ(got.answer.usage->input_tokens, 20);
    EXPECT_EQ(got.answer.usage->output_tokens, 4);
    EXPECT_EQ(got.answer.cost, 0.75);
}

TEST(Attempts, ThatMayHaveCostSomethingUnknownMakeTheCostUnknown) {
    scripted_provider provider;
    provider.on("m", answer("a b c").cost(1).close_in_event(2)).on("m", answer("a b c").cost(0.25));
    EXPECT_FALSE(caller(provider).ask(question()).answer.cost);
    provider.on("n", busy()).on("n", answer("a b c").cost(0.25));
    EXPECT_EQ(caller(provider).ask(question("n")).answer.cost, 0.25);
}

TEST(Attempts, ThatWereNeverAnsweredMayHaveCostSomething) {
    for (const scripted_reply& reply :
         {answer("a").cost(1).close_after_bytes(0), answer("a").cost(1).reset_after_bytes(20)}) {
        scripted_provider provider;
        provider.on("m", reply).on("m", answer("a b c").cost(0.25));
        const result got = caller(provider).ask(question());
        EXPECT_EQ(got.answer.text, "a b c") << got.what();
        EXPECT_FALSE(got.answer.cost);
    }
}

TEST(Attempts, ArePricedByTheTableWhereTheProviderDoesNotSay) {
    scripted_provider provider;
    provider.on("m", answer("a").usage(1'000'000, 500'000));
    provider.on("own", answer("a").usage(1'000'000, 500'000).cost(9));
    provider.on("none", answer("a").without_usage());
    client_options options = options_for(provider);
    for (const std::string name : {"m", "own", "none"})
        options.prices[name] = {2, 4};
    caller client(options);
    EXPECT_EQ(client.ask(question("m")).answer.cost, 4.0);
    EXPECT_EQ(client.ask(question("own")).answer.cost, 9.0);
    const result none = client.ask(question("none"));
    EXPECT_FALSE(none.answer.cost);
    EXPECT_FALSE(none.answer.usage);
}

TEST(Attempts, AtARefusingPortAreTriedAgainAndReported) {
    const result got = caller(options_for(scripted_provider::refusing_url())).ask(question());
    EXPECT_EQ(got.code(), errc::connect_failed);
    EXPECT_EQ(got.shown, "|");
    EXPECT_FALSE(got.says("canary"));
}

}  // namespace
