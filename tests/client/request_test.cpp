#include "calling.hpp"
#include "net/raw_server.hpp"

#include <conclave/client/models.hpp>
#include <conclave/version.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using running::raw_server;
using running::tcp;

TEST(Request, IsWhatAProviderExpects) {
    scripted_provider provider(provider_options().require_key(canary));
    provider.on("m", answer("yes"));
    caller client(provider);
    EXPECT_EQ(client.ask(question().instructions("Be brief.")).answer.text, "yes");
    const recorded_request request = provider.requests().at(0);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/v1/chat/completions");
    EXPECT_TRUE(request.stream);
    EXPECT_TRUE(request.stream_usage);
    EXPECT_EQ(request.prompt, "Why so?");
    EXPECT_EQ(request.instructions, "Be brief.");
    const auto expect = [&](const char* name, const std::string& value) {
        EXPECT_EQ(request.header.count(name), 1u) << name;
        EXPECT_EQ(request.header.find(name).value_or(""), value) << name;
    };
    expect("Host", "127.0.0.1:" + std::to_string(provider.port()));
    expect("Authorization", "Bearer " + canary);
    expect("Content-Type", "application/json");
    expect("Content-Length", std::to_string(request.body.size()));
    expect("Accept-Encoding", "identity");
    expect("User-Agent", "conclave/" CONCLAVE_VERSION_STRING);
    EXPECT_EQ(request.header.count("Idempotency-Key"), 1u);
    EXPECT_EQ(request.header.count("Transfer-Encoding"), 0u);
}

TEST(Request, LeavesOutWhatTheModelRefusesAndSaysSo) {
    scripted_provider provider;
    provider.on("m", answer("yes"));
    client_options options = options_for(provider);
    wire::chat_completions speaks;
    speaks.without_sampling = {"m"};
    options.endpoints[0].format = speaks;
    const auto outcome = caller(options).ask(question().temperature(0.5));
    EXPECT_EQ(provider.requests().at(0).body.find("temperature"), std::string::npos);
    EXPECT_EQ(outcome.answer.notes,
              std::vector<std::string>{"temperature was dropped: this model does not take it"});
}

TEST(Request, HasNoAuthorizationWithoutAKey) {
    scripted_provider provider;
    provider.on("m", answer("yes"));
    client_options options;
    options.endpoints.emplace_back(provider.base_url());
    caller(options).ask(question());
    EXPECT_EQ(provider.requests().at(0).header.count("authorization"), 0u);
}

TEST(Request, HasTheFieldsOfItsEndpointInPlaceOfOurOwn) {
    scripted_provider provider;
    provider.on("m", answer("yes"));
    client_options options = options_for(provider);
    options.endpoints[0].header = {{"X-Team", "blue"}, {"user-agent", "mine/1"}};
    caller(options).ask(question());
    const recorded_request request = provider.requests().at(0);
    EXPECT_EQ(request.header.find("x-team"), "blue");
    EXPECT_EQ(request.header.count("user-agent"), 1u);
    EXPECT_EQ(request.header.find("user-agent"), "mine/1");
}

TEST(Request, NamesTheModelWithoutItsPrefix) {
    scripted_provider provider;
    provider.on("gpt-5.5", answer("yes"));
    client_options options = options_for(provider);
    options.endpoints[0].prefix = "openai/";
    EXPECT_EQ(caller(options).ask(question("openai/gpt-5.5")).answer.text, "yes");
}

TEST(Request, GoesBelowTheBaseUrlWithItsQuery) {
    scripted_provider provider;
    provider.on("m", answer("yes"));
    const std::string origin = "http://127.0.0.1:" + std::to_string(provider.port());
    for (const std::string base : {"/deep/er/v1/", "/v1?api-version=1", ""}) {
        client_options options = options_for(origin + base);
        EXPECT_EQ(caller(options).ask(question()).answer.text, "yes");
    }
    const auto requests = provider.requests();
    EXPECT_EQ(requests.at(0).target, "/deep/er/v1/chat/completions");
    EXPECT_EQ(requests.at(1).target, "/v1/chat/completions?api-version=1");
    EXPECT_EQ(requests.at(2).target, "/chat/completions");
}

TEST(Request, KeepsItsKeyFromAPeerThatSpeaksNoTls) {
    std::string heard;
    {
        const raw_server server([&](tcp::socket& socket, int) {
            std::array<char, 16 * 1024> bytes;
            heard.append(bytes.data(), socket.read_some(asio::buffer(bytes)));
            running::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            heard += running::read_to_end(socket);
        });
        caller client(options_for(server.url("https")));
        EXPECT_EQ(client.ask(question()).code(), errc::tls_failed);
    }
    EXPECT_FALSE(heard.empty());
    EXPECT_EQ(heard.find("canary"), std::string::npos);
    EXPECT_EQ(heard.find("POST"), std::string::npos);
}

TEST(Request, KeepsItsKeyOutOfWhatAProviderQuotes) {
    scripted_provider provider;
    const std::string quoting =
        R"({"error":{"message":"bad key )" + canary + R"(","code":")" + canary + R"("}})";
    provider.on("status", status(401, quoting).header("x-request-id", canary));
    provider.on("stream", answer("a").error_in_stream(quoting, 1));
    provider.on("plain", status(403, "you sent " + canary));
    caller client(provider);
    for (const std::string model : {"status", "stream", "plain"}) {
        const result got = client.ask(question(model));
        EXPECT_NE(got.code(), errc{});
        for (const std::string& text : {got.what(), got.failure.provider_message(),
                                        got.failure.provider_code(), got.failure.request_id()}) {
            EXPECT_EQ(text.find("canary"), std::string::npos) << text;
            EXPECT_EQ(text.find(canary.substr(12)), std::string::npos) << text;
        }
    }
}

struct listing {
    std::vector<std::string> names;
    result outcome;
};

listing list(caller& client, std::size_t index = 0, std::chrono::milliseconds timeout = 30s,
             std::optional<std::chrono::milliseconds> cancel_after = std::nullopt) {
    listing got;
    const auto operation = [&]() -> asio::awaitable<void> {
        got.names = co_await list_models(client.via, index, timeout);
    };
    client.run(operation, cancel_after, got.outcome);
    return got;
}

TEST(Models, AreListedAsARequestWouldNameThem) {
    scripted_provider provider(provider_options().require_key(canary));
    provider.on("a/x", answer("")).on("b", answer(""));
    client_options options = options_for(provider);
    options.endpoints.push_back(options.endpoints[0]);
    options.endpoints[1].prefix = "here/";
    caller client(options);
    EXPECT_EQ(list(client).names, (std::vector<std::string>{"a/x", "b"}));
    EXPECT_EQ(list(client, 1).names, (std::vector<std::string>{"here/a/x", "here/b"}));
    const auto requests = provider.requests();
    EXPECT_EQ(requests.at(0).method, "GET");
    EXPECT_EQ(requests.at(0).target, "/v1/models");
    EXPECT_EQ(requests.at(0).body, "");
    EXPECT_EQ(provider.connections(), 1u);
    const result refused = list(client, 2).outcome;
    EXPECT_EQ(refused.code(), errc::no_endpoint);
    EXPECT_EQ(refused.failure.field(), "index");
    EXPECT_EQ(refused.what(), "endpoint number 2 does not exist: the client has 2");
}

TEST(Models, AreReportedWhereThereIsNoSuchList) {
    const std::vector<std::pair<std::string, errc>> replies = {
        {"404 Not Found\r\n\r\nno such path", errc::http_status},
        {"200 OK\r\n\r\n<html>", errc::malformed_json},
        {"200 OK\r\n\r\n[1]", errc::malformed_reply},
        {"200 OK\r\n\r\n{\"data\":7}", errc::malformed_reply},
        {"200 OK\r\n\r\n{\"data\":[{\"id\":\"m\"},{\"id\":7},8]}", errc{}},
        {"200 OK\r\nContent-Length: 9\r\n\r\n{}", errc::connection_lost}};
    const raw_server server([&](tcp::socket& socket, int number) {
        running::read_request(socket);
        running::write(socket,
                       "HTTP/1.1 " + replies.at(static_cast<std::size_t>(number) - 1).first);
    });
    caller client(options_for(server.url()));
    for (const auto& [reply, code] : replies)
        EXPECT_EQ(list(client).outcome.code(), code) << reply;
}

TEST(Models, AreWaitedForNoLongerThanTheyMayTake) {
    const raw_server server([](tcp::socket& socket, int) { running::read_to_end(socket); });
    caller client(options_for(server.url()));
    const listing late = list(client, 0, 30ms);
    EXPECT_EQ(late.outcome.code(), errc::model_timeout) << late.outcome.what();
    EXPECT_LT(late.outcome.taken, at_once);
    const listing cancelled = list(client, 0, 30s, 30ms);
    EXPECT_EQ(cancelled.outcome.code(), errc::cancelled) << cancelled.outcome.what();
    EXPECT_LT(cancelled.outcome.taken, at_once);
}

}  // namespace
