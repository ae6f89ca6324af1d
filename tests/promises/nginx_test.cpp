// nginx in front of a provider: it ends the TLS, holds answers back or not, and is reloaded.

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "client/calling.hpp"
#include "reverse_proxies.hpp"

namespace {

using namespace calling;
using namespace conclave::testing;
using conclave::errc;
using running::client_connections;
using running::nginx;

conclave::client_options options_for(const nginx& front) {
    conclave::client_options options = calling::options_for(front.base_url());
    options.tls.ca_pem = front.certificate_authority();
    return options;
}

conclave::call once(std::string model = "m") {
    conclave::call what = question(std::move(model));
    what.max_retries(0).timeout(30s);
    return what;
}

class Nginx : public ::testing::TestWithParam<bool> {
protected:
    scripted_provider provider;
};

TEST_P(Nginx, LeavesAnswersAsTheyAreWholeAndStreamed) {
    std::string text;
    for (int i = 0; i < 3'000; ++i)
        text += "word " + std::to_string(i) + " \"\\\n\xc3\xa9\xf0\x9f\x8c\x8d ";
    provider.on("streamed", answer(text));
    provider.on("whole", answer(text).always_whole());
    provider.on("slow", answer("one two three").token_every(50ms));
    const nginx front(provider.port(), GetParam());
    caller ask(options_for(front));
    for (const std::string model : {"streamed", "whole", "slow"}) {
        const result got = ask.ask(once(model));
        EXPECT_EQ(got.code(), errc{}) << got.what();
        EXPECT_EQ(got.answer.text, model == "slow" ? "one two three" : text) << model;
        EXPECT_EQ(got.shown, got.answer.text) << model;
    }
}

TEST_P(Nginx, ServesManyCallsByOneConnection) {
    // With a length, the end of a body comes with its last event, and the connection is free at
    // once.
    provider.otherwise(answer("A few words").framing(body_framing::content_length));
    const nginx front(provider.port(), GetParam());
    caller ask(options_for(front));
    for (int i = 0; i < 20; ++i) {
        const result got = ask.ask(once());
        ASSERT_EQ(got.answer.text, "A few words") << got.what();
    }
    EXPECT_EQ(provider.requests().size(), 20u);
    EXPECT_EQ(client_connections(provider), 1u);
}

TEST_P(Nginx, ThatHasNobodyBehindItIsAskedAgainAndReported) {
    const std::string nobody = scripted_provider::refusing_url();
    const auto colon = nobody.rfind(':');
    const nginx front(static_cast<unsigned short>(std::stoi(nobody.substr(colon + 1))), GetParam());
    caller ask(options_for(front));
    conclave::call what = question();
    what.max_retries(2).timeout(30s);
    const result got = ask.ask(what);
    EXPECT_EQ(got.code(), errc::http_status) << got.what();
    EXPECT_EQ(got.failure.http_status(), 502);
    EXPECT_EQ(got.shown, "||");
}

TEST_P(Nginx, WhoseProviderFailsOnceGivesTheAnswerOfTheNextAttempt) {
    provider.otherwise(answer("A few words"));
    provider.on_connect(connection_fault::close);
    const nginx front(provider.port(), GetParam());
    caller ask(options_for(front));
    conclave::call what = question();
    what.max_retries(1).timeout(30s);
    const result got = ask.ask(what);
    EXPECT_EQ(got.answer.text, "A few words") << got.what();
    EXPECT_EQ(got.shown, "|A few words");
}

TEST_P(Nginx, BreaksNothingByItsReload) {
    provider.otherwise(answer("A few words"));
    provider.on("slow", answer("one two three").token_every(200ms));
    nginx front(provider.port(), GetParam());
    caller ask(options_for(front));
    for (int i = 0; i < 5; ++i) {
        for (int calls = 0; calls < 2; ++calls) {
            const result got = ask.ask(once());
            EXPECT_EQ(got.answer.text, "A few words") << got.what();
        }
        front.reload();
    }
    bool is_reloaded = false;
    const auto reload_once = [&](const conclave::delta&) {
        if (!std::exchange(is_reloaded, true)) front.reload();
    };
    const result got = ask.ask(once("slow"), reload_once);
    EXPECT_EQ(got.answer.text, "one two three") << got.what();
}

INSTANTIATE_TEST_SUITE_P(Proxy, Nginx, ::testing::Bool(), [](const auto& each) {
    return each.param ? "Buffering" : "NotBuffering";
});

// The last token is never sent.
TEST(NginxStream, ThatIsNotBufferedShowsTheFirstTokenBeforeTheLastIsSent) {
    scripted_provider provider;
    provider.otherwise(answer("one two three").stall_in_event(3));
    const nginx front(provider.port(), false);
    caller ask(options_for(front));
    conclave::call what = once();
    what.timeout(2s);
    const result got = ask.ask(what);
    EXPECT_EQ(got.code(), errc::model_timeout) << got.what();
    EXPECT_EQ(got.shown.substr(0, 3), "one");
}

}  // namespace
