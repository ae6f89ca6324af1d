#include "loopback_client.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace conclave::testing;
using namespace loopback;
using namespace std::chrono_literals;

using clock = std::chrono::steady_clock;

TEST(ScriptedProvider, RemembersRequests) {
    scripted_provider provider;
    provider.on("a", answer("x")).on("b", answer("x"));
    const std::string body = question("b", true, R"("stream_options":{"include_usage":true},
        "response_format":{"type":"json_schema","json_schema":{"schema":{"type": "object"}}})");
    ask(provider.port(), question("a"));
    plain_client client(provider.port());
    client.send(post(body, "X-Own: yes\r\n"));
    receive_response(client);

    ASSERT_EQ(provider.requests().size(), 2u);
    ASSERT_EQ(provider.requests_for("b").size(), 1u);
    const recorded_request seen = provider.requests_for("b").front();
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.target, "/v1/chat/completions");
    EXPECT_EQ(seen.header.find("x-own"), "yes");
    EXPECT_EQ(seen.body, body);
    EXPECT_TRUE(seen.stream);
    EXPECT_TRUE(seen.stream_usage);
    EXPECT_EQ(seen.instructions, "Be brief.");
    EXPECT_EQ(seen.prompt, "Why so?");
    EXPECT_EQ(seen.output_schema, R"({"type":"object"})");
    EXPECT_EQ(seen.connection, 2u);
    EXPECT_FALSE(seen.tls);
    EXPECT_FALSE(provider.requests_for("a").front().stream);
}

TEST(ScriptedProvider, CountsConnectionsThatAreOpen) {
    scripted_provider provider;
    EXPECT_EQ(provider.open_connections(), 0u);
    {
        const plain_client one(provider.port());
        const plain_client two(provider.port());
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 2; }));
    }
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    EXPECT_EQ(provider.connections(), 2u);
}

TEST(ScriptedProvider, NoticesAtOnceThatAClientLeft) {
    const std::vector<scripted_reply> replies = {
        silent(), answer("a b c").stall_in_event(2), answer("a b c").first_token_after(10s),
        answer("a b").head_after(10s), answer("a").endless_body()};
    for (const bool by_reset : {false, true}) {
        scripted_provider provider;
        for (const scripted_reply& reply : replies)
            provider.on("m", reply);
        for (std::size_t i = 0; i < replies.size(); ++i) {
            auto client = std::make_unique<plain_client>(provider.port(), 50ms);
            client->send(post(question("m", true)));
            ASSERT_TRUE(provider.wait_until([&] { return provider.requests().size() == i + 1; }));
            // Unread bytes make the kernel send a reset instead of an orderly end.
            if (!by_reset) client->receive_all(100'000);
            const auto left = clock::now();
            client.reset();
            ASSERT_TRUE(provider.wait_until([&] { return provider.aborted().size() == i + 1; }));
            EXPECT_LT(provider.aborted().back().at - left, 500ms) << "reply " << i;
            EXPECT_EQ(provider.aborted().back().model, "m");
        }
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    }
}

TEST(ScriptedProvider, DoesNotCountItsOwnFaultsOrFinishedResponsesAsAborted) {
    scripted_provider provider;
    provider.on("m", answer("a"))
        .on("m", answer("a").close_in_event(1))
        .on("m", answer("a").reset_in_event(1));
    for (int i = 0; i < 3; ++i) {
        plain_client client(provider.port());
        client.send(post(question("m", true)));
        receive_response(client);
    }
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    EXPECT_EQ(provider.aborted().size(), 0u);
}

TEST(ScriptedProvider, WaitsForWhatHappensNoLongerThanTold) {
    scripted_provider provider;
    EXPECT_TRUE(provider.wait_until([] { return true; }, 0ms));
    const auto start = clock::now();
    EXPECT_FALSE(provider.wait_until([] { return false; }, 30ms));
    EXPECT_GE(clock::now() - start, 30ms);
}

TEST(ScriptedProvider, EndsAtOnceWhateverHangs) {
    auto provider = std::make_unique<scripted_provider>();
    provider->on("m", silent())
        .on("m", answer("a").endless_body())
        .on("m", answer("a b").token_every(10s));
    std::vector<std::unique_ptr<plain_client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<plain_client>(provider->port()));
        clients.back()->send(post(question("m", true)));
    }
    ASSERT_TRUE(provider->wait_until([&] { return provider->requests().size() == 3; }));
    provider->on_connect(connection_fault::silent);
    clients.push_back(std::make_unique<plain_client>(provider->port()));
    ASSERT_TRUE(provider->wait_until([&] { return provider->open_connections() == 4; }));
    const auto start = clock::now();
    provider.reset();
    EXPECT_LT(clock::now() - start, 500ms);
    for (const auto& client : clients) {
        client->receive_all();
        EXPECT_NE(client->ended, ending::quiet);
    }
}

TEST(ScriptedProvider, ServesAndIsScriptedByManyThreads) {
    scripted_provider provider;
    provider.otherwise(answer("a b c d e"));
    std::atomic<int> answered = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const std::string model = "m" + std::to_string(t);
            for (int i = 0; i < 25; ++i) {
                if (i == 10) provider.on(model, answer("other"));
                plain_client client(provider.port());
                client.send(post(question(model, true), "connection: close\r\n"));
                if (parse(client.receive_all()).complete) ++answered;
                provider.requests_for(model);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(answered, 100);
    EXPECT_EQ(provider.requests_for("m2").size(), 25u);
    EXPECT_EQ(provider.connections(), 100u);
}

}  // namespace
