// HAProxy in front of a provider, which soon cuts off whoever is silent.

#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "client/calling.hpp"
#include "reverse_proxies.hpp"
#include "roundtable/panel_world.hpp"

namespace conclave::tests {
namespace {

using running::client_connections;
using running::haproxy;

// Short for a stalled stream, and long for a machine that is busy.
constexpr auto patience = 800ms;

// With a length, the end of a body comes with its last event, and the connection is free at once.
scripted_reply sized_answer() {
    return answer("A few words").framing(testing::body_framing::content_length);
}

client_options options_through(const haproxy& front) {
    client_options options;
    options.endpoints.emplace_back(front.base_url());
    return options;
}

panel_run run_panel(const haproxy& front, int max_retries) {
    roundtable_request request("Which database?");
    request.model("m/a").max_retries(max_retries).timeout(30s).resolve_by(resolution::fast);
    return panel_run(options_through(front), request);
}

TEST(HaProxy, ThatCutsAStalledStreamMakesItAFailureWithItsText) {
    scripted_provider provider;
    provider.otherwise(answer("one two three").stall_in_event(3));
    const haproxy front(provider.port(), patience);
    const panel_run run = run_panel(front, 0);
    const model_result& result = run.response.results.at(0);
    ASSERT_TRUE(result.error.has_value()) << result.text();
    EXPECT_EQ(result.error_code, errc::connection_lost) << *result.error;
    EXPECT_EQ(result.text(), run.shown(0));
    EXPECT_EQ(result.text().substr(0, 3), "one");
    EXPECT_TRUE(run.response.meta.models_used.empty());
}

TEST(HaProxy, ThatCutsAStalledStreamIsAskedAgain) {
    scripted_provider provider;
    provider.on("m/a", answer("one two three").stall_in_event(3));
    provider.on("m/a", answer("one two three"));
    const haproxy front(provider.port(), patience);
    const panel_run run = run_panel(front, 1);
    EXPECT_EQ(run.response.results.at(0).text(), "one two three");
    EXPECT_EQ(run.response.results.at(0).attempts, 2);
    EXPECT_EQ(provider.requests().size(), 2u);
    EXPECT_EQ(run.shown(0), "one two three");
}

TEST(HaProxy, ThatGivesUpOnASilentProviderIsReported) {
    scripted_provider provider;
    provider.otherwise(testing::silent());
    const haproxy front(provider.port(), patience);
    const panel_run run = run_panel(front, 1);
    const model_result& result = run.response.results.at(0);
    EXPECT_EQ(result.error_code, errc::http_status);
    EXPECT_NE(result.error.value_or("").find("504"), std::string::npos) << *result.error;
    EXPECT_EQ(result.attempts, 2);
}

// Neither of the two that would hide a request on a dead connection is there: the transport's
// sending it once more, and the call's retries.
TEST(HaProxy, ThatClosedAnIdleConnectionIsNoticedBeforeTheNextRequest) {
    scripted_provider provider;
    provider.otherwise(sized_answer());
    const haproxy front(provider.port(), patience);
    client_options options = options_through(front);
    options.pool.resend_on_dead_connection = false;
    calling::caller ask(options);
    for (std::size_t pauses = 1; pauses <= 3; ++pauses) {
        call what = calling::question();
        what.max_retries(0).timeout(30s);
        const calling::result got = ask.ask(what);
        ASSERT_EQ(got.answer.text, "A few words") << got.what();
        EXPECT_EQ(client_connections(provider), pauses);
        EXPECT_EQ(ask.via.idle_connections(), 1u);
        std::this_thread::sleep_for(2 * patience);
    }
    EXPECT_EQ(provider.requests().size(), 3u);
}

TEST(HaProxy, ServesCallsThatFollowAtOnceByOneConnection) {
    scripted_provider provider;
    provider.otherwise(sized_answer());
    const haproxy front(provider.port(), 5s);
    calling::caller ask(options_through(front));
    for (int i = 0; i < 10; ++i)
        ASSERT_EQ(ask.ask(calling::question()).answer.text, "A few words");
    EXPECT_EQ(client_connections(provider), 1u);
}

}  // namespace
}  // namespace conclave::tests
