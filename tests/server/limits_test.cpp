// What the server refuses: of whom, how much, and how many.

#include "running_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace {

using namespace serving;
using namespace conclave::testing;

std::string code_of(const loopback::parsed_response& reply) {
    return loopback::at(reply.body, "/error/code");
}

bool asks_to_retry(const loopback::parsed_response& reply) {
    const std::string after(reply.head.header.find("retry-after").value_or(""));
    return !after.empty() && std::stoi(after) >= 1;
}

TEST(Limits, ABodyThatIsTooLargeIsRefusedWhateverItsFraming) {
    const scripted_provider provider;
    const running_server server(config_for(provider, R"(,"limits":{"body_size":1000})"));
    const auto whole = ask(server.port(), panel_request(std::string(1001, 'x')));
    EXPECT_EQ(whole.head.status, 413);
    EXPECT_EQ(code_of(whole), "body_too_large");
    std::string chunked = request("POST", "/v3/roundtable", {}, "transfer-encoding: chunked\r\n");
    for (int i = 0; i < 3; ++i)
        chunked += "1f4\r\n" + std::string(500, 'x') + "\r\n";
    EXPECT_EQ(ask(server.port(), chunked).head.status, 413);
    // Its length alone is enough.
    loopback::plain_client client(server.port(), 5s);
    client.send(
        "POST /v3/roundtable HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
        "content-length: 5000000000\r\n\r\n");
    EXPECT_EQ(loopback::receive_response(client).head.status, 413);
    EXPECT_TRUE(provider.requests().empty());
}

TEST(Limits, ABodyIsAskedForWhereTheClientWaitsToBeAsked) {
    scripted_provider provider;
    provider.on("m", answer("Yes."));
    const running_server server(config_for(provider));
    const std::string body = panel_of(1);
    loopback::plain_client client(server.port(), 5s);
    client.send(
        "POST /v3/roundtable HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
        "content-length: " +
        std::to_string(body.size()) + "\r\n\r\n");
    EXPECT_TRUE(read_until(client, "HTTP/1.1 100 Continue\r\n\r\n"));
    client.send(body);
    EXPECT_EQ(loopback::receive_response(client).head.status, 200);
}

TEST(Limits, AStreamIsRefusedInAVersionOfHttpThatHasNoneBeforeAModelIsAsked) {
    scripted_provider provider;
    provider.on("m", answer("Yes."));
    const running_server server(config_for(provider));
    const auto ask_in = [&](std::string_view path, const std::string& body, const char* version) {
        loopback::plain_client client(server.port(), 20s);
        client.send("POST " + std::string(path) + " HTTP/" + version +
                    "\r\nhost: a\r\nhttp-version: 1.0\r\nconnection: close\r\ncontent-length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
        return loopback::parse(client.receive_all());
    };
    const std::string chat =
        R"({"model":"m","stream":true,"messages":[{"role":"user","content":"?"}]})";
    const std::string response = R"({"model":"m","stream":true,"input":"?"})";
    for (const auto& [path, body] : {std::pair("/v3/roundtable", panel_of(1, true)),
                                     std::pair("/v3/compat/chat/completions", chat),
                                     std::pair("/v3/compat/responses", response)}) {
        const auto refused = ask_in(path, body, "1.0");
        EXPECT_EQ(refused.head.status, 400) << path;
        EXPECT_EQ(loopback::at(refused.body, "/error/code"), "http_version") << path;
    }
    EXPECT_TRUE(provider.requests().empty());
    EXPECT_EQ(ask_in("/v3/roundtable", panel_of(1), "1.0").head.status, 200);
    EXPECT_EQ(ask_in("/v3/roundtable", panel_of(1, true), "1.1").head.status, 200);
}

TEST(Limits, AHeadThatIsTooLargeIsRefused) {
    const scripted_provider provider;
    const running_server server(config_for(provider));
    const auto large = get(server, "/health", "x: " + std::string(20'000, 'x') + "\r\n");
    EXPECT_EQ(large.head.status, 431);
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += "x: y\r\n";
    EXPECT_EQ(get(server, "/health", many).head.status, 431);
}

TEST(Limits, APanelOfTooManySeatsIsRefused) {
    scripted_provider provider;
    provider.on("m", answer("Yes."));
    const running_server server(config_for(provider, R"(,"limits":{"seats":3})"));
    EXPECT_EQ(ask(server.port(), panel_request(panel_of(3))).head.status, 200);
    const auto refused = ask(server.port(), panel_request(panel_of(4)));
    EXPECT_EQ(refused.head.status, 413);
    EXPECT_EQ(code_of(refused), "too_many_seats");
}

class Callers : public ::testing::Test {
protected:
    Callers() {
        ::setenv("SERVER_TEST_A", "key-of-a-0123456789", 1);
        ::setenv("SERVER_TEST_B", "key-of-b-0123456789", 1);
        provider.on("m", answer("Yes.")).on("slow", endless_answer());
    }
    std::string config(const std::string& limits, const std::string& members = {}) const {
        return config_for(
            provider, R"(,"callers":[{"name":"a","key_env":"SERVER_TEST_A","limits":{)" + limits +
                          R"(}},{"name":"b","key_env":"SERVER_TEST_B"}])" + members);
    }
    static std::string key(const std::string& whose) {
        return "authorization: Bearer key-of-" + whose + "-0123456789\r\n";
    }

    scripted_provider provider;
};

TEST_F(Callers, NobodyIsServedWithoutAKeyThatIsKnown) {
    const running_server server(config(""));
    const std::string body = panel_of(1);
    const auto missing = ask(server.port(), panel_request(body));
    EXPECT_EQ(missing.head.status, 401);
    EXPECT_EQ(code_of(missing), "missing_key");
    EXPECT_EQ(missing.head.header.find("www-authenticate"), "Bearer");
    for (const char* wrong :
         {"key-of-a-012345678", "key-of-a-01234567890", "Key-of-a-0123456789"}) {
        const std::string field = "authorization: Bearer " + std::string(wrong) + "\r\n";
        const auto refused = ask(server.port(), panel_request(body, field));
        EXPECT_EQ(refused.head.status, 401);
        EXPECT_EQ(refused.body.find(wrong), std::string::npos);
    }
    EXPECT_EQ(ask(server.port(), panel_request(body, "authorization: Basic a2V5\r\n")).head.status,
              401);
    EXPECT_TRUE(provider.requests().empty());
    EXPECT_EQ(ask(server.port(), panel_request(body, key("a"))).head.status, 200);
    EXPECT_EQ(get(server, "/health").head.status, 200);
    EXPECT_EQ(provider.requests().at(0).header.find("authorization"), std::nullopt);
}

TEST_F(Callers, AKeyHasNoMorePanelsAtATimeThanItMay) {
    const running_server server(config(R"("panels":1,"seats":2)"));
    loopback::plain_client busy(server.port(), 10s);
    busy.send(panel_request(panel_of(1, true, "slow"), key("a")));
    ASSERT_TRUE(read_until(busy, "model_delta"));
    const auto refused = ask(server.port(), panel_request(panel_of(1), key("a")));
    EXPECT_EQ(refused.head.status, 429);
    EXPECT_EQ(code_of(refused), "too_many_panels");
    EXPECT_TRUE(asks_to_retry(refused));
    EXPECT_EQ(ask(server.port(), panel_request(panel_of(1), key("b"))).head.status, 200);
    EXPECT_EQ(ask(server.port(), panel_request(panel_of(3), key("a"))).head.status, 413);
    busy.close();
    EXPECT_TRUE(provider.wait_until([&] { return provider.aborted().size() == 1; }));
    EXPECT_EQ(ask(server.port(), panel_request(panel_of(1), key("a"))).head.status, 200);
}

TEST_F(Callers, AKeyUsesNoMoreInADayThanItMay) {
    provider.on("priced", answer("Yes.").cost(0.6));
    for (const std::string limit : {R"("tokens_per_day":1)", R"("cost_per_day":0.5)"}) {
        const running_server server(config(limit));
        const std::string body = panel_of(1, false, "priced");
        EXPECT_EQ(ask(server.port(), panel_request(body, key("a"))).head.status, 200);
        const auto refused = ask(server.port(), panel_request(body, key("a")));
        EXPECT_EQ(refused.head.status, 429);
        EXPECT_TRUE(code_of(refused).ends_with("_spent"));
        EXPECT_TRUE(asks_to_retry(refused));
        EXPECT_EQ(ask(server.port(), panel_request(body, key("b"))).head.status, 200);
    }
}

TEST(Limits, PanelsWaitForOthersAndNotForEver) {
    scripted_provider provider;
    provider.on("m", answer("Yes.")).on("slow", endless_answer());
    const running_server server(
        config_for(provider, R"(,"limits":{"panels":1,"queue":1,"queue_time_ms":700})"));
    loopback::plain_client busy(server.port(), 10s);
    busy.send(panel_request(panel_of(1, true, "slow")));
    ASSERT_TRUE(read_until(busy, "model_delta"));

    loopback::plain_client waiting(server.port(), 10s);
    waiting.send(panel_request(panel_of(1)));
    while (metric(server, "conclave_waiting_panels") != 1)
        std::this_thread::sleep_for(5ms);
    const auto turned_away = ask(server.port(), panel_request(panel_of(1)));
    EXPECT_EQ(turned_away.head.status, 503);
    EXPECT_EQ(code_of(turned_away), "overloaded");
    EXPECT_TRUE(asks_to_retry(turned_away));
    EXPECT_EQ(loopback::receive_response(waiting).head.status, 503);

    loopback::plain_client patient(server.port(), 10s);
    patient.send(panel_request(panel_of(1)));
    while (metric(server, "conclave_waiting_panels") != 1)
        std::this_thread::sleep_for(5ms);
    busy.close();
    EXPECT_EQ(loopback::receive_response(patient).head.status, 200);
    EXPECT_EQ(metric(server, "conclave_running_panels"), 0);
}

TEST(Limits, WhoWaitsAndGoesAwayLeavesTheQueue) {
    scripted_provider provider;
    provider.on("slow", endless_answer());
    const running_server server(
        config_for(provider, R"(,"limits":{"panels":1,"queue":1,"queue_time_ms":60000})"));
    loopback::plain_client busy(server.port(), 10s);
    busy.send(panel_request(panel_of(1, true, "slow")));
    ASSERT_TRUE(read_until(busy, "model_delta"));
    for (int i = 0; i < 3; ++i) {
        loopback::plain_client waiting(server.port(), 10s);
        waiting.send(panel_request(panel_of(1, true, "slow")));
        while (metric(server, "conclave_waiting_panels") != 1)
            std::this_thread::sleep_for(5ms);
        waiting.close();
        while (metric(server, "conclave_waiting_panels") != 0)
            std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Limits, AClientThatIsTooSlowWithItsRequestIsCutOff) {
    const scripted_provider provider;
    const running_server server(config_for(provider, R"(,"limits":{"request_time_ms":300})"));
    loopback::plain_client client(server.port(), 10s);
    client.send("GET /health HTTP/1.1\r\nhost: a");
    const auto began = clock::now();
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_NE(client.ended, loopback::ending::quiet);
    EXPECT_LT(clock::now() - began, 5s);
}

}  // namespace
