// The server as its operator sees it: configuration, health, metrics, log.

#include "running_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace {

using namespace serving;
using namespace conclave::testing;
using running::temporary_file;

TEST(Operation, WithoutAConfigurationAScriptedProviderAnswersAndTheLogSaysSo) {
    const running_server server("");
    EXPECT_NE(server.log().find("no configuration was given"), std::string::npos);
    const auto reply = ask(server.port(), panel_request(panel_of(2, false, "openai/gpt-5.5")));
    EXPECT_EQ(reply.head.status, 200);
    EXPECT_EQ(loopback::at(reply.body, "/model_results/1/model"), "openai/gpt-5.5");
}

TEST(Operation, HealthAndReadinessAreTold) {
    const scripted_provider provider;
    const running_server server(config_for(provider));
    EXPECT_EQ(get(server, "/health").body, R"({"status":"ok"})");
    EXPECT_EQ(get(server, "/ready").body, R"({"status":"ready"})");
}

TEST(Operation, EveryResponseHasARequestIdAndAUsableOneOfTheClientIsKept) {
    const scripted_provider provider;
    const running_server server(config_for(provider));
    const auto id_of = [](const loopback::parsed_response& reply) {
        return std::string(reply.head.header.find("x-request-id").value_or(""));
    };
    const std::set<std::string> ids = {id_of(get(server, "/health")),
                                       id_of(get(server, "/nowhere")),
                                       id_of(get(server, "/health", "bad name: x\r\n")),
                                       id_of(get(server, "/health", "x-request-id: a b\r\n"))};
    EXPECT_EQ(ids.size(), 4u);
    EXPECT_FALSE(ids.contains(""));
    EXPECT_EQ(id_of(get(server, "/health", "x-request-id: from-me.1\r\n")), "from-me.1");
}

TEST(Operation, AnUnknownPathAndAWrongMethodAreTold) {
    const scripted_provider provider;
    const running_server server(config_for(provider));
    const auto unknown = get(server, "/nowhere");
    EXPECT_EQ(unknown.head.status, 404);
    EXPECT_EQ(loopback::at(unknown.body, "/error/code"), "not_found");
    EXPECT_EQ(get(server, "/health/").head.status, 404);
    const auto wrong = ask(server.port(), request("DELETE", "/health"));
    EXPECT_EQ(wrong.head.status, 405);
    EXPECT_EQ(wrong.head.header.find("allow"), "GET, HEAD");
    loopback::plain_client client(server.port(), 2s);
    client.send(request("HEAD", "/health", {}, "connection: close\r\n"));
    const std::string head = client.receive_all();
    EXPECT_NE(head.find("Content-Length: 15"), std::string::npos);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

// RFC 9110 8.6: such a response has no other Content-Length than that of 200.
TEST(Operation, WhatAClientHasAlreadyIsNotSentAgainAndItsLengthIsTold) {
    const scripted_provider provider;
    const running_server server(config_for(provider));
    const auto whole = get(server, "/");
    const std::string tag(whole.head.header.find("etag").value_or(""));
    ASSERT_NE(tag, "");
    ASSERT_GT(whole.body.size(), 0u);
    loopback::plain_client client(server.port(), 20s);
    client.send(request("GET", "/", {}, "if-none-match: " + tag + "\r\n"));
    client.send(request("GET", "/health", {}, "connection: close\r\n"));
    const std::string both = client.receive_all();
    EXPECT_TRUE(both.starts_with("HTTP/1.1 304 Not Modified\r\n")) << both;
    const std::string head = both.substr(0, both.find("\r\n\r\n") + 4);
    const std::string length = "\r\nContent-Length: " + std::to_string(whole.body.size()) + "\r\n";
    EXPECT_NE(head.find(length), std::string::npos) << head;
    EXPECT_TRUE(both.substr(head.size()).starts_with("HTTP/1.1 200 OK\r\n")) << both;
}

TEST(Operation, MetricsCountWhatHappened) {
    scripted_provider provider;
    provider.on("m", answer("Yes.").cost(0.25)).on("broken", status(400, "{}"));
    const running_server server(config_for(provider));
    ask(server.port(), panel_request(panel_of(2)));
    ask(server.port(), panel_request(panel_of(1, true, "broken")));
    get(server, "/nowhere");
    get(server, "/health", "broken field: x\r\n");
    EXPECT_EQ(metric(server, "conclave_seats_total{outcome=\"ok\"}"), 2);
    EXPECT_EQ(metric(server, "conclave_seats_total{outcome=\"error status\"}"), 1);
    EXPECT_EQ(metric(server, "conclave_panels_total{outcome=\"ok\"}"), 1);
    EXPECT_EQ(metric(server, "conclave_panels_total{outcome=\"failed\"}"), 1);
    EXPECT_EQ(metric(server, "conclave_panel_seconds_count"), 2);
    EXPECT_EQ(metric(server, "conclave_first_token_seconds_count"), 1);
    EXPECT_EQ(metric(server, "conclave_cost_usd_total"), 0.5);
    EXPECT_GT(metric(server, "conclave_tokens_total{direction=\"output\"}"), 0);
    EXPECT_EQ(metric(server, "conclave_http_malformed_total{status=\"400\"}"), 1);
    EXPECT_EQ(metric(server,
                     "conclave_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"}"),
              1);
    EXPECT_EQ(metric(server, "conclave_open_streams"), 0);
    EXPECT_EQ(metric(server, "conclave_running_panels"), 0);
}

TEST(Operation, EachPanelIsOneLineOfTheLogWithoutQuestionAnswerOrKey) {
    scripted_provider provider;
    provider.on("m", answer("The answer."));
    ::setenv("SERVER_TEST_KEY", "key-0123456789abcdef", 1);
    const std::string callers = R"(,"callers":[{"name":"tests","key_env":"SERVER_TEST_KEY"}])";
    const std::string fields =
        "authorization: Bearer key-0123456789abcdef\r\nx-request-id: one\r\n";
    for (const bool prompts : {false, true}) {
        running_server server(
            config_for(provider, callers + (prompts ? R"(,"log":{"prompts":true})" : "")));
        ask(server.port(), panel_request(panel_of(2), fields));
        server.signal(SIGTERM);
        EXPECT_EQ(server.wait(), 0);
        const std::string log = server.log();
        const std::size_t line = log.find(R"("msg":"panel","request_id":"one","caller":"tests")");
        ASSERT_NE(line, std::string::npos) << log;
        EXPECT_EQ(log.find(R"("msg":"panel")", line + 1), std::string::npos);
        EXPECT_NE(log.find(R"("outcome":"ok")", line), std::string::npos);
        EXPECT_EQ(log.find("Why so?") != std::string::npos, prompts);
        EXPECT_EQ(log.find("key-0123"), std::string::npos);
    }
}

TEST(Operation, TheTraceOfTheClientIsPassedOn) {
    scripted_provider provider;
    provider.on("m", answer("Yes."));
    const running_server server(config_for(provider));
    const std::string trace = "0af7651916cd43dd8448eb211c80319c";
    const auto reply =
        ask(server.port(),
            panel_request(panel_of(1), "traceparent: 00-" + trace + "-b7ad6b7169203331-00\r\n"));
    EXPECT_EQ(loopback::at(reply.body, "/meta/trace_uuid"), "0af76519-16cd-43dd-8448-eb211c80319c");
    const std::string sent(provider.requests().at(0).header.find("traceparent").value_or(""));
    EXPECT_TRUE(sent.starts_with("00-" + trace + "-")) << sent;
    EXPECT_TRUE(sent.ends_with("-00")) << sent;
    EXPECT_EQ(sent.find("b7ad6b7169203331"), std::string::npos);
}

TEST(Operation, TheTraceOfTheClientIsPassedOnByCallsToOneModelToo) {
    scripted_provider provider;
    provider.on("m", answer("Yes."));
    const running_server server(config_for(provider));
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-";
    for (const char* stream : {"true", "false"}) {
        const std::string body =
            R"({"model":"m","messages":[{"role":"user","content":"Why?"}],"stream":)" +
            std::string(stream) + "}";
        const auto reply =
            ask(server.port(), request("POST", "/v3/compat/chat/completions", body,
                                       "traceparent: " + trace + "b7ad6b7169203331-01\r\n"));
        EXPECT_EQ(reply.head.status, 200);
        const std::string sent(provider.requests().back().header.find("traceparent").value_or(""));
        EXPECT_TRUE(sent.starts_with(trace)) << sent;
    }
    ask(server.port(), panel_request(panel_of(1), "traceparent: nonsense\r\n"));
    EXPECT_EQ(provider.requests().back().header.find("traceparent").value_or("").size(), 55u);
}

TEST(Operation, APortThatIsTakenIsNamed) {
    const scripted_provider provider;
    const running_server first(config_for(provider));
    const std::string port = std::to_string(first.port());
    child second({CONCLAVE_SERVER, "--port", port});
    EXPECT_EQ(second.wait(), 2);
    EXPECT_NE(second.log().find("cannot listen on port " + port + " of 127.0.0.1: "),
              std::string::npos)
        << second.log();
}

TEST(Operation, TheAddressOfTheCommandLineGoesBeforeThatOfTheConfiguration) {
    const temporary_file file(
        R"({"listen":{"address":"0.0.0.0"},"client":{"endpoints":[{"base_url":"http://127.0.0.1:9"}]}})");
    child program({CONCLAVE_SERVER, "--config", file.name(), "--check-config", "--address", "::1"});
    EXPECT_EQ(program.wait(), 0) << program.log();
}

TEST(Operation, CheckConfigSaysWhatIsWrong) {
    const auto check = [](const std::string& text) {
        const temporary_file file(text);
        child program({CONCLAVE_SERVER, "--config", file.name(), "--check-config"});
        const auto status = program.wait();
        return std::to_string(status.value_or(-1)) + " " + program.out() + program.log();
    };
    const std::string client = R"("client":{"endpoints":[{"base_url":"http://127.0.0.1:9/v1"}]})";
    const auto expect = [&](const std::string& text, const std::string& words) {
        const std::string said = check(text);
        EXPECT_TRUE(said.starts_with("2 ")) << said;
        EXPECT_NE(said.find(words), std::string::npos) << said;
    };
    EXPECT_TRUE(check("{" + client + "}").starts_with("0 the configuration is right"));
    expect("nonsense", "the configuration is not JSON");
    expect("[]", "configuration must be an object");
    expect(R"({"client":[]})", "client must be an object");
    expect(R"({"client":{"endpoints":[{"base_url":"nonsense"}]}})",
           "client: endpoints[0].base_url is not an http or https URL");
    expect("{" + client + R"(,"listen":{"port":"8080"}})",
           "listen.port must be a whole number from 0 to 65535");
    expect("{}", "client.endpoints must not be empty");
    expect("{" + client + R"(,"lisen":{}})", "lisen is unknown here: there are listen, client,");
    expect("{" + client + R"(,"limits":{"panels":0}})", "limits.panels must be at least 1");
    expect("{" + client + R"(,"listen":{"address":"0.0.0.0"}})", "not a loopback address");
    expect("{" + client + R"(,"listen":{"address":"here"}})",
           "listen.address must be an IP address");
    expect("{" + client + R"(,"log":{"promts":true}})",
           "log.promts is unknown here: there are level");
    expect(R"({"client":{"endpoints":[{"base":"x"}]}})", "client: endpoints[0].base");
    expect("{" + client + R"(,"panels":{"panel/a":{"models":[]}}})",
           R"(panels["panel/a"].models must not be empty)");
    const auto expect_of_panel = [&](const std::string& members, const std::string& words) {
        expect("{" + client + R"(,"panels":{"p":{"models":["a"],)" + members + "}}}", words);
    };
    expect_of_panel(R"("resolution":"multiple_choice")",
                    R"(panels["p"].choices must not be empty)");
    expect_of_panel(R"("choices":["a","a"])", R"(panels["p"].choices[1] repeats)");
    expect_of_panel(R"("timeout_ms":0)", R"(panels["p"].timeout_ms must be)");
    expect(R"({"client":{"endpoints":[{"base_url":"http://127.0.0.1:9/v1","prefix":"a/"}]},)"
           R"("panels":{"p":{"models":["a/b"],"summary_model":"b/b"}}})",
           R"(panels["p"].summary_model names a model that no endpoint serves)");
    expect("{" + client + R"(,"callers":[{"name":"a","key_env":"NOT_SET_AT_ALL"}]})",
           "callers[0].key_env names a variable that is not set");
    ::setenv("SERVER_TEST_SHORT", "short", 1);
    expect("{" + client + R"(,"callers":[{"name":"a","key_env":"SERVER_TEST_SHORT"}]})",
           "shorter than 16");
    EXPECT_EQ(
        check(R"({"client":{"endpoints":[{"base_url":"secret-value"}]}})").find("secret-value"),
        std::string::npos);
}

}  // namespace
