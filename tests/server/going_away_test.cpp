// Clients that go away or do not read, and a server that is told to end.

#include "net/machine_delay.hpp"
#include "net/sanitized.hpp"
#include "running_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace serving;
using namespace conclave::testing;

// What is promised is 50 ms; programs with the address sanitizer are several times slower.
constexpr double notice_ms = running::with_address_sanitizer ? 200 : 50;

/// The time from a client's going to the provider's notice: the first that is short, or else the
/// best of many, less what the machine made a thread wait that had nothing else to do: twice, for
/// the server has to wake up, and the provider after it. Each panel has three seats.
template <class Prepare>
std::chrono::duration<double, std::milli> best_notice(scripted_provider& provider,
                                                      const running_server& server,
                                                      const std::string& bytes, Prepare prepare) {
    auto best = std::chrono::duration<double, std::milli>::max();
    for (std::size_t i = 1; i <= 30 && best.count() > notice_ms; ++i) {
        loopback::plain_client client(server.port(), 10s);
        client.send(bytes);
        prepare(client, i);
        const running::machine_delay delay;
        const auto left = clock::now();
        client.close();
        const bool all = provider.wait_until([&] { return provider.aborted().size() == 3 * i; });
        EXPECT_TRUE(all) << provider.aborted().size() << " of " << 3 * i;
        if (!all) break;
        auto last = left;
        for (const auto& each : provider.aborted())
            last = std::max(last, each.at);
        best = std::min<std::chrono::duration<double, std::milli>>(
            best, last - left - 2 * delay.longest());
    }
    return best;
}

TEST(GoingAway, AClientInTheMiddleOfAStreamTakesAllUpstreamCallsWithIt) {
    scripted_provider provider;
    provider.on("slow", endless_answer());
    const running_server server(config_for(provider));
    const auto best = best_notice(provider, server, panel_request(panel_of(3, true, "slow")),
                                  [](loopback::plain_client& client, std::size_t) {
                                      ASSERT_TRUE(read_until(client, "model_delta"));
                                  });
    EXPECT_LT(best.count(), notice_ms);
    EXPECT_GE(metric(server, "conclave_panels_total{outcome=\"cancelled\"}"), 1);
    EXPECT_EQ(metric(server, "conclave_running_panels"), 0);
}

TEST(GoingAway, AClientThatHasHeardNothingYetTakesThemToo) {
    for (const bool stream : {false, true}) {
        scripted_provider provider;
        provider.on("silent", endless_answer().first_token_after(60s));
        const running_server server(config_for(provider));
        const auto all_asked = [&](loopback::plain_client&, std::size_t round) {
            ASSERT_TRUE(
                provider.wait_until([&] { return provider.requests().size() == 3 * round; }));
        };
        const auto best =
            best_notice(provider, server, panel_request(panel_of(3, stream, "silent")), all_asked);
        EXPECT_LT(best.count(), notice_ms) << stream;
    }
}

TEST(GoingAway, AClientIsWatchedInEveryRequestOfItsConnection) {
    scripted_provider provider;
    provider.on("slow", endless_answer());
    const running_server server(config_for(provider));
    for (std::size_t i = 1; i <= 5; ++i) {
        loopback::plain_client client(server.port(), 10s);
        // Sent ahead, so that the last one begins in the moment in which the one before it ends.
        client.send(request("GET", "/health") + request("GET", "/ready") +
                    panel_request(panel_of(1, true, "slow")));
        ASSERT_TRUE(read_until(client, "model_delta"));
        client.close();
        ASSERT_TRUE(provider.wait_until([&] { return provider.aborted().size() == i; }));
    }
}

TEST(GoingAway, AClientThatIsGoneBeforeItsRequestIsReadCostsNothingForLong) {
    scripted_provider provider;
    provider.on("slow", endless_answer());
    const running_server server(config_for(provider));
    for (int i = 0; i < 20; ++i) {
        loopback::plain_client client(server.port(), 10s);
        client.send(panel_request(panel_of(3, true, "slow")));
    }
    EXPECT_TRUE(provider.wait_until(
        [&] { return provider.aborted().size() == provider.requests().size(); }));
    for (int i = 0; i < 500 && metric(server, "conclave_open_requests") > 1; ++i)
        std::this_thread::sleep_for(10ms);
    EXPECT_EQ(metric(server, "conclave_open_requests"), 1);
    EXPECT_EQ(metric(server, "conclave_running_panels"), 0);
}

TEST(GoingAway, AStreamWithoutNewsIsKeptOpenByComments) {
    scripted_provider provider;
    provider.on("silent", endless_answer().first_token_after(60s));
    const running_server server(config_for(provider));
    loopback::plain_client client(server.port(), 30s);
    const auto asked = clock::now();
    client.send(panel_request(panel_of(1, true, "silent")));
    EXPECT_TRUE(read_until(client, "\n: keep-alive\n\n"));
    EXPECT_GE(clock::now() - asked, 14s);
}

TEST(GoingAway, AReaderThatPausesGetsEverythingAndCostsLittleMemory) {
    constexpr std::size_t tokens = 20'000;
    scripted_provider provider;
    provider.on("much", answer(std::vector<std::string>(tokens, std::string(200, 'x'))));
    const running_server server(config_for(provider));
    ask(server.port(), panel_request(panel_of(1, false, "much")));
    const std::size_t before = server.memory();

    loopback::plain_client client(server.port(), 20s);
    client.send(panel_request(panel_of(1, true, "much"), "connection: close\r\n"));
    ASSERT_TRUE(read_until(client, "model_delta"));
    std::size_t most = 0;
    for (int i = 0; i < 20; ++i) {
        std::this_thread::sleep_for(50ms);
        most = std::max(most, server.memory());
    }
    // All of it is eight megabytes and more. What a pause costs is a queue, and the answer so far.
    // The address sanitizer keeps what was freed.
    EXPECT_LT(most, before + (running::with_address_sanitizer ? 30'000 : 3000));
    const std::string rest = client.receive_all();
    EXPECT_NE(rest.find("data: [DONE]"), std::string::npos);
    EXPECT_TRUE(rest.ends_with("0\r\n\r\n"));
}

TEST(GoingAway, AReaderThatNeverReadsIsCutOff) {
    scripted_provider provider;
    provider.on("much", endless_answer(0ms, 100'000));
    const running_server server(config_for(provider, R"(,"limits":{"write_time_ms":500})"));
    loopback::plain_client client(server.port(), 20s);
    client.send(panel_request(panel_of(1, true, "much")));
    EXPECT_TRUE(provider.wait_until([&] { return provider.aborted().size() == 1; }, 15s));
}

TEST(GoingAway, ToldToEndItLetsPanelsFinishAndTakesNoMore) {
    scripted_provider provider;
    provider.on("m", endless_answer(20ms, 40));
    running_server server(config_for(provider));
    loopback::plain_client idle(server.port(), 10s);
    idle.send(request("GET", "/health"));
    ASSERT_EQ(loopback::receive_response(idle).head.status, 200);
    loopback::plain_client client(server.port(), 10s);
    client.send(panel_request(panel_of(2, true)));
    ASSERT_TRUE(read_until(client, "model_delta"));
    server.signal(SIGTERM);
    EXPECT_EQ(idle.receive_all(), "");
    EXPECT_EQ(idle.ended, loopback::ending::closed);
    EXPECT_THROW(loopback::plain_client(server.port(), 1s), std::runtime_error);
    const std::string rest = client.receive_all();
    EXPECT_NE(rest.find(R"("type":"done")"), std::string::npos);
    EXPECT_NE(rest.find("data: [DONE]"), std::string::npos);
    EXPECT_EQ(server.wait(), 0);
    EXPECT_TRUE(provider.aborted().empty());
}

TEST(GoingAway, PanelsThatDoNotFinishInTimeEndWithAnErrorFrame) {
    scripted_provider provider;
    provider.on("slow", endless_answer());
    running_server server(config_for(provider, R"(,"limits":{"drain_time_ms":300})"));
    loopback::plain_client streaming(server.port(), 10s);
    streaming.send(panel_request(panel_of(2, true, "slow")));
    ASSERT_TRUE(read_until(streaming, "model_delta"));
    loopback::plain_client whole(server.port(), 10s);
    whole.send(panel_request(panel_of(1, false, "slow")));
    ASSERT_TRUE(provider.wait_until([&] { return provider.requests().size() == 3; }));
    const auto told = clock::now();
    server.signal(SIGTERM);
    const std::string rest = streaming.receive_all();
    EXPECT_GE(clock::now() - told, 290ms);
    const std::size_t error = rest.find(R"("type":"error")");
    ASSERT_NE(error, std::string::npos)
        << rest.substr(rest.size() - std::min<std::size_t>(rest.size(), 300));
    EXPECT_NE(rest.find("data: [DONE]", error), std::string::npos);
    EXPECT_TRUE(rest.ends_with("0\r\n\r\n"));
    const auto refused = loopback::receive_response(whole);
    EXPECT_EQ(refused.head.status, 503);
    EXPECT_EQ(loopback::at(refused.body, "/error/code"), "shutting_down");
    EXPECT_EQ(server.wait(), 0);
    EXPECT_TRUE(provider.wait_until([&] { return provider.aborted().size() == 3; }));
}

TEST(GoingAway, AReaderThatPausesWhileTheServerEndsGetsWholeChunksAndTheLastWords) {
    scripted_provider provider;
    provider.on("much", endless_answer(0ms, 100'000));
    running_server server(config_for(provider, R"(,"limits":{"drain_time_ms":300})"));
    loopback::plain_client client(server.port(), 10s);
    client.send(panel_request(panel_of(1, true, "much")));
    // Until the kernel has taken a part of a chunk and no more.
    std::this_thread::sleep_for(700ms);
    server.signal(SIGTERM);
    std::this_thread::sleep_for(900ms);
    const std::string body = loopback::receive_response(client).body;
    const std::size_t error = body.find(R"("type":"error")");
    ASSERT_NE(error, std::string::npos)
        << body.substr(body.size() - std::min<std::size_t>(body.size(), 300));
    EXPECT_TRUE(body.ends_with("data: [DONE]\n\n"));
    EXPECT_EQ(server.wait(), 0);
}

TEST(GoingAway, ASecondSignalWaitsNoLonger) {
    scripted_provider provider;
    provider.on("slow", endless_answer());
    running_server server(config_for(provider));
    loopback::plain_client client(server.port(), 10s);
    client.send(panel_request(panel_of(1, true, "slow")));
    ASSERT_TRUE(read_until(client, "model_delta"));
    server.signal(SIGTERM);
    for (int i = 0; i < 500 && server.log().find("ending when") == std::string::npos; ++i)
        std::this_thread::sleep_for(10ms);
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(10s), 0);
    EXPECT_NE(client.receive_all().find(R"("type":"error")"), std::string::npos);
}

}  // namespace
