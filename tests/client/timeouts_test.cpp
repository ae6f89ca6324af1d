// Each clock of an attempt ends it alone, with its own error.

#include "calling.hpp"
#include "net/raw_server.hpp"

#include <conclave/http/chunked.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using running::raw_server;
using running::tcp;

client_options with(client_options options, const std::function<void(reply_timeouts&)>& set) {
    // All of them on, so that the one under test has to be the first.
    options.timeouts.first_token_timeout = stall;
    options.timeouts.idle_timeout = stall;
    options.timeouts.attempt_timeout = stall;
    set(options.timeouts);
    return options;
}

client_options first_token(client_options options, std::chrono::milliseconds limit) {
    return with(std::move(options), [&](reply_timeouts& t) { t.first_token_timeout = limit; });
}
client_options idle(client_options options, std::chrono::milliseconds limit) {
    return with(std::move(options), [&](reply_timeouts& t) { t.idle_timeout = limit; });
}
client_options attempt(client_options options, std::chrono::milliseconds limit) {
    return with(std::move(options), [&](reply_timeouts& t) { t.attempt_timeout = limit; });
}

void expect_timeout(const result& got, errc which, std::chrono::milliseconds limit) {
    EXPECT_EQ(got.code(), which) << got.what();
    EXPECT_EQ(got.failure.code(), std::errc::timed_out);
    EXPECT_GE(got.taken, limit);
    EXPECT_LT(got.taken, at_once);
}

TEST(FirstTokenTimeout, EndsAnAttemptThatIsNotAnswered) {
    const std::vector<scripted_reply> replies = {
        silent(), answer("a").head_after(stall), answer("a").stall_after_bytes(30),
        answer("a").first_token_after(stall), answer("a").always_whole().first_token_after(stall)};
    for (const auto& reply : replies) {
        scripted_provider provider;
        provider.on("m", reply);
        caller client(first_token(options_for(provider), 80ms));
        expect_timeout(client.ask(question().max_retries(0)), errc::first_token_timeout, 80ms);
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    }
}

TEST(FirstTokenTimeout, IsRetriedAtAnUnknownCost) {
    scripted_provider provider;
    provider.on("m", silent()).on("m", answer("at last").cost(1));
    const result got = caller(first_token(options_for(provider), 80ms)).ask(question());
    EXPECT_EQ(got.answer.text, "at last") << got.what();
    EXPECT_EQ(got.shown, "|at last");
    EXPECT_FALSE(got.answer.cost);
}

TEST(FirstTokenTimeout, CountsEachAttemptAnew) {
    scripted_provider provider;
    provider.on("m", answer("one two").first_token_after(150ms).close_in_event(2));
    provider.on("m", answer("one two").first_token_after(150ms));
    caller client(first_token(options_for(provider), 250ms));
    EXPECT_EQ(client.ask(question()).answer.text, "one two");
}

TEST(FirstTokenTimeout, IsOverWithTheFirstToken) {
    for (const auto& reply :
         {answer("a b c d e f").token_every(60ms), answer("").reasoning("hm hm hm hm hm hm")}) {
        scripted_provider provider;
        provider.on("m", scripted_reply(reply).token_every(60ms));
        const result got = caller(first_token(options_for(provider), 200ms)).ask(question());
        EXPECT_EQ(got.code(), errc{}) << got.what();
        EXPECT_GE(got.taken, 250ms);
    }
}

TEST(FirstTokenTimeout, DoesNotRunWhileTheConnectionIsMade) {
    scripted_provider provider(provider_options().tls());
    provider.on_connect(connection_fault::half_tls_handshake);
    client_options options = first_token(options_for(provider), 60ms);
    options.connect.tls_timeout = 200ms;
    expect_timeout(caller(options).ask(question().max_retries(0)), errc::tls_timeout, 200ms);
}

TEST(IdleTimeout, EndsAnAttemptThatStopsInTheMiddle) {
    const std::vector<scripted_reply> replies = {
        answer("a b c").stall_in_event(3), answer("a b c").stall_in_event(4),
        answer("").reasoning("a b c").stall_in_event(3),
        answer("a b c").always_whole().stall_after_bytes(300)};
    for (const auto& reply : replies) {
        scripted_provider provider;
        provider.on("m", reply);
        caller client(idle(options_for(provider), 80ms));
        expect_timeout(client.ask(question().max_retries(0)), errc::idle_timeout, 80ms);
    }
}

TEST(IdleTimeout, IsRetriedAtAnUnknownCost) {
    scripted_provider provider;
    provider.on("m", answer("a b c").stall_in_event(3)).on("m", answer("d e").cost(1));
    const result got = caller(idle(options_for(provider), 80ms)).ask(question());
    EXPECT_EQ(got.answer.text, "d e") << got.what();
    EXPECT_EQ(got.shown, "a b|d e");
    EXPECT_FALSE(got.answer.cost);
}

TEST(IdleTimeout, StartsAnewWithEachToken) {
    scripted_provider provider;
    provider.on("m", answer("a b c d e f g h i j").first_token_after(400ms).token_every(50ms));
    const result got = caller(idle(options_for(provider), 250ms)).ask(question());
    EXPECT_EQ(got.answer.text, "a b c d e f g h i j") << got.what();
    EXPECT_GE(got.taken, 800ms);
}

// Sends one token, and then the same thing again and again until the client leaves.
void keep_alive_with(tcp::socket& socket, const std::string& event) {
    running::read_request(socket);
    running::write(socket,
                   "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                   "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"}}]}\n\n");
    while (true) {
        std::this_thread::sleep_for(20ms);
        running::write(socket, event);
    }
}

TEST(IdleTimeout, IsNotPutOffByWhatCarriesNothingOfTheAnswer) {
    const std::vector<std::string> events = {
        ": ping\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "\n\n",
        "data:\n\n",
        "data: {\"choices\":[]}\n\n",
        "data: "
        "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}\n\n",
        "x"};
    for (const auto& event : events) {
        const raw_server server([&](tcp::socket& socket, int) { keep_alive_with(socket, event); });
        caller client(idle(options_for(server.url()), 150ms));
        const result got = client.ask(question().max_retries(0));
        expect_timeout(got, errc::idle_timeout, 150ms);
        EXPECT_EQ(got.shown, "yes") << event;
    }
}

TEST(FirstTokenTimeout, IsNotPutOffByWhatCarriesNothingOfTheAnswer) {
    const raw_server server([&](tcp::socket& socket, int) {
        running::read_request(socket);
        running::write(socket, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        while (true) {
            running::write(socket, ": OPENROUTER PROCESSING\n\n");
            std::this_thread::sleep_for(20ms);
        }
    });
    caller client(first_token(options_for(server.url()), 150ms));
    expect_timeout(client.ask(question().max_retries(0)), errc::first_token_timeout, 150ms);
}

TEST(IdleTimeout, LeavesAnErrorStatusAsItIs) {
    scripted_provider provider;
    provider.on("m", status(400, std::string(500, 'x')).stall_after_bytes(250));
    const result got = caller(idle(options_for(provider), 80ms)).ask(question());
    EXPECT_EQ(got.code(), errc::http_status) << got.what();
    EXPECT_EQ(got.failure.http_status(), 400);
    EXPECT_EQ(provider.requests().size(), 1u);
    EXPECT_LT(got.taken, at_once);
}

TEST(AttemptTimeout, EndsAnAttemptWhereverItIs) {
    scripted_provider provider(provider_options().tls());
    provider.on_connect(connection_fault::half_tls_handshake);
    provider.on("head", silent());
    provider.on("stream", answer(std::vector<std::string>(3000, "on ")).token_every(5ms));
    provider.on("stall", answer("a b c").stall_in_event(3));
    caller client(attempt(options_for(provider), 150ms));
    for (const std::string model : {"handshake", "head", "stream", "stall"}) {
        const result got = client.ask(question(model).max_retries(0));
        expect_timeout(got, errc::attempt_timeout, 150ms);
    }
}

TEST(AttemptTimeout, LeavesAnErrorStatusAsItIsAndTheWaitItAsksFor) {
    scripted_provider provider;
    const auto an_hour = status(503, std::string(500, 'x')).header("retry-after", "3600");
    provider.on("whole", an_hour);
    auto stalled = an_hour;
    provider.on("stalled", stalled.stall_after_bytes(250));
    caller client(attempt(options_for(provider), 150ms));
    for (const std::string model : {"whole", "stalled"}) {
        const result got = client.ask(question(model).max_retries(3));
        EXPECT_EQ(got.code(), errc::http_status) << got.what();
        EXPECT_EQ(got.failure.retry_after(), 3600s);
        EXPECT_TRUE(got.says("the wait of 3600 s does not fit")) << got.what();
        EXPECT_EQ(provider.requests_for(model).size(), 1u);
    }
}

TEST(AttemptTimeout, CountsEachAttemptAnewAndNotTheWaitBetween) {
    scripted_provider provider;
    provider.on("m", status(503).header("retry-after-ms", "400"));
    provider.on("m", answer("a b c").stall_in_event(3)).on("m", answer("done").cost(1));
    caller client(attempt(options_for(provider), 300ms));
    const result got = client.ask(question().max_retries(2));
    EXPECT_EQ(got.answer.text, "done") << got.what();
    EXPECT_FALSE(got.answer.cost);
    EXPECT_GE(got.taken, 700ms);
}

TEST(Timeouts, OfAttemptsAreBoundedByThatOfTheModel) {
    scripted_provider provider;
    provider.on("m", silent());
    client_options options = options_for(provider);
    options.timeouts.first_token_timeout = 100ms;
    const result got = caller(options).ask(question().max_retries(3).timeout(50ms));
    EXPECT_EQ(got.code(), errc::model_timeout) << got.what();
    const result two = caller(options).ask(question().max_retries(0).timeout(5s));
    EXPECT_EQ(two.code(), errc::first_token_timeout) << two.what();
}

TEST(Timeouts, OfZeroAreNone) {
    scripted_provider provider;
    provider.on("head", silent());
    provider.on("stream", answer("a b c").stall_in_event(3));
    client_options options = options_for(provider);
    options.timeouts.idle_timeout = 0ms;
    options.timeouts.first_token_timeout = 0ms;
    options.timeouts.attempt_timeout = 0ms;
    options.connect.resolve_timeout = 0ms;
    options.connect.connect_timeout = 0ms;
    options.connect.tls_timeout = 0ms;
    caller client(options);
    for (const std::string model : {"head", "stream"}) {
        const result got = client.ask(question(model).timeout(200ms));
        expect_timeout(got, errc::model_timeout, 200ms);
    }
}

TEST(Timeouts, MayBeAsLongAsTheTypeTakes) {
    scripted_provider provider;
    provider.on("m", answer("fine"));
    client_options options = options_for(provider);
    options.timeouts.first_token_timeout = std::chrono::milliseconds::max();
    options.timeouts.idle_timeout = std::chrono::milliseconds::max();
    options.timeouts.attempt_timeout = std::chrono::milliseconds::max();
    EXPECT_EQ(caller(options).ask(question()).answer.text, "fine");
}

TEST(Timeouts, HaveErrorsOfTheirOwn) {
    std::vector<std::string> texts;
    for (const errc code : {errc::resolve_timeout, errc::connect_timeout, errc::tls_timeout,
                            errc::first_token_timeout, errc::idle_timeout, errc::attempt_timeout,
                            errc::model_timeout, errc::panel_timeout}) {
        EXPECT_EQ(make_error_code(code), std::errc::timed_out);
        const std::string text = make_error_code(code).message();
        EXPECT_NE(text.find("timed out"), std::string::npos);
        EXPECT_EQ(std::count(texts.begin(), texts.end(), text), 0) << text;
        texts.push_back(text);
    }
}

}  // namespace
