#include "loopback_client.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave::testing;
using namespace loopback;
using namespace std::chrono_literals;

using clock = std::chrono::steady_clock;

constexpr std::string_view with_usage = R"("stream_options":{"include_usage":true})";

std::string body_of(const scripted_provider& provider, std::string_view question) {
    return parse(ask(provider.port(), question)).body;
}

TEST(ScriptedReply, TokensJoinedAreTheText) {
    for (const std::string text : {"", " ", "one", "two words", "  a\n\nb  c ", "ends\n"}) {
        std::string joined;
        for (const std::string& token : split_into_tokens(text))
            joined += token;
        EXPECT_EQ(joined, text);
    }
    EXPECT_EQ(split_into_tokens("one two\nthree").size(), 3u);
}

TEST(ScriptedReply, AnswersWhole) {
    scripted_provider provider;
    provider.on("m", answer("Use Postgres, \"always\".").reasoning("Hm.").usage(12, 34).cost(0.5));
    const parsed_response reply = parse(ask(provider.port(), question("m")));
    EXPECT_EQ(reply.head.status, 200);
    EXPECT_EQ(reply.head.header.find("content-type"), "application/json");
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(at(reply.body, "/object"), "chat.completion");
    EXPECT_EQ(at(reply.body, "/model"), "m");
    EXPECT_EQ(at(reply.body, "/choices/0/message/content"), "Use Postgres, \"always\".");
    EXPECT_EQ(at(reply.body, "/choices/0/message/reasoning_content"), "Hm.");
    EXPECT_EQ(at(reply.body, "/choices/0/finish_reason"), "stop");
    EXPECT_EQ(at(reply.body, "/usage/prompt_tokens"), "12");
    EXPECT_EQ(at(reply.body, "/usage/total_tokens"), "46");
    EXPECT_EQ(at(reply.body, "/cost"), "0.5");
}

TEST(ScriptedReply, StreamsInTheOrderOfTheLiveWire) {
    scripted_provider provider;
    provider.on("m", answer({"Use", " ", "Postgres"}).reasoning("First think.").usage(3, 5));
    const parsed_response reply = parse(ask(provider.port(), question("m", true, with_usage)));
    EXPECT_EQ(reply.head.header.find("content-type"), "text/event-stream");
    EXPECT_EQ(reply.head.header.find("transfer-encoding"), "chunked");
    EXPECT_TRUE(reply.complete);
    const auto events = events_of(reply.body);
    ASSERT_EQ(events.size(), 9u);
    EXPECT_EQ(at(events[0], "/choices/0/delta/role"), "assistant");
    EXPECT_EQ(at(events[1], "/choices/0/delta/reasoning_content"), "First");
    EXPECT_EQ(at(events[3], "/choices/0/delta/content"), "Use");
    EXPECT_EQ(at(events[3], "/usage"), "null");
    EXPECT_EQ(text_of(events, "content"), "Use Postgres");
    EXPECT_EQ(at(events[6], "/choices/0/finish_reason"), "stop");
    EXPECT_EQ(at(events[7], "/choices"), "[]");
    EXPECT_EQ(at(events[7], "/usage/completion_tokens"), "5");
    EXPECT_EQ(events[8], "[DONE]");
}

TEST(ScriptedReply, ReportsUsageOfAStreamOnlyWhenAsked) {
    scripted_provider provider;
    provider.on("m", answer("a b"));
    provider.on("quiet", answer("a b").without_usage());
    EXPECT_EQ(body_of(provider, question("m", true)).find("usage"), std::string::npos);
    EXPECT_EQ(body_of(provider, question("quiet", true, with_usage)).find("usage"),
              std::string::npos);
    EXPECT_EQ(at(body_of(provider, question("quiet")), "/usage"), "absent");
}

TEST(ScriptedReply, PricesFollowFromTheUsage) {
    scripted_provider provider;
    provider.on("m", answer("x").usage(1'000'000, 500'000).priced(2, 10));
    EXPECT_EQ(at(body_of(provider, question("m")), "/usage/opper/cost/total"), "7");
}

TEST(ScriptedReply, DeclinesAndGivesReasons) {
    scripted_provider provider;
    provider.on("m", answer("").refusal("I would rather not.").finish_reason("content_filter"));
    const std::string whole = body_of(provider, question("m"));
    EXPECT_EQ(at(whole, "/choices/0/message/content"), "null");
    EXPECT_EQ(at(whole, "/choices/0/message/refusal"), "I would rather not.");
    EXPECT_EQ(at(whole, "/choices/0/finish_reason"), "content_filter");
    const auto events = events_of(body_of(provider, question("m", true)));
    EXPECT_EQ(text_of(events, "refusal"), "I would rather not.");
}

TEST(ScriptedReply, LeavesOutTheEndOfAStream) {
    scripted_provider provider;
    provider.on("m", answer("a b").without_done());
    const parsed_response reply = parse(ask(provider.port(), question("m", true)));
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(at(events_of(reply.body).back(), "/choices/0/finish_reason"), "stop");
}

TEST(ScriptedReply, BreaksAStreamOffWithAnError) {
    scripted_provider provider;
    provider.on("m", answer("a b c").error_in_stream(R"({"error":{"message":"overloaded"}})", 3));
    const parsed_response reply = parse(ask(provider.port(), question("m", true)));
    EXPECT_TRUE(reply.complete);
    const auto events = events_of(reply.body);
    ASSERT_EQ(events.size(), 4u);
    EXPECT_EQ(text_of(events, "content"), "a b");
    EXPECT_EQ(at(events[3], "/error/message"), "overloaded");
    EXPECT_EQ(at(body_of(provider, question("m")), "/error/message"), "overloaded");
}

TEST(ScriptedReply, ComputesAnswersFromTheRequest) {
    scripted_provider provider;
    provider.on("m", answer_with([](const recorded_request& request) {
                    return request.instructions + "|" + request.prompt;
                }));
    provider.on("broken", answer_with([](const recorded_request&) -> std::string {
                    throw std::runtime_error("out of ideas");
                }));
    EXPECT_EQ(at(body_of(provider, question("m")), "/choices/0/message/content"),
              "Be brief.|Why so?");
    const parsed_response broken = parse(ask(provider.port(), question("broken")));
    EXPECT_EQ(broken.head.status, 500);
    EXPECT_EQ(at(broken.body, "/error/message"), "out of ideas");
}

TEST(ScriptedReply, PicksInTheFormAskedFor) {
    scripted_provider provider;
    provider.on("m", choice("B"));
    EXPECT_EQ(at(body_of(provider, question("m")), "/choices/0/message/content"), "B");
    const std::string_view schema =
        R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}})";
    EXPECT_EQ(at(body_of(provider, question("m", false, schema)), "/choices/0/message/content"),
              R"({"choice":"B"})");
}

TEST(ScriptedReply, AnswersWithAStatusAndFields) {
    scripted_provider provider;
    provider.on("m", status(429).retry_after(2s).header("Content-Type", "text/html"));
    provider.on("own", status(503, "<p>busy"));
    const parsed_response reply = parse(ask(provider.port(), question("m", true)));
    EXPECT_EQ(reply.head.status, 429);
    EXPECT_EQ(reply.head.header.find("retry-after"), "2");
    EXPECT_EQ(reply.head.header.values("content-type"), std::vector<std::string_view>{"text/html"});
    EXPECT_EQ(at(reply.body, "/error/code"), "scripted_429");
    EXPECT_EQ(body_of(provider, question("own")), "<p>busy");
}

TEST(ScriptedReply, AnswersAStreamRequestWholeIfTold) {
    scripted_provider provider;
    provider.on("m", answer("a b").always_whole());
    const parsed_response reply = parse(ask(provider.port(), question("m", true)));
    EXPECT_EQ(reply.head.header.find("content-type"), "application/json");
    EXPECT_EQ(at(reply.body, "/choices/0/message/content"), "a b");
}

TEST(ScriptedReply, TellsTheEndOfTheBodyInEachWay) {
    for (const bool stream : {false, true}) {
        scripted_provider provider;
        for (const auto how : {body_framing::content_length, body_framing::chunked,
                               body_framing::close_delimited, body_framing::automatic}) {
            provider.on("m", answer("a b c").framing(how));
        }
        std::vector<std::string> bodies;
        for (int i = 0; i < 4; ++i) {
            plain_client client(provider.port());
            client.send(post(question("m", stream)));
            const parsed_response reply = receive_response(client);
            EXPECT_TRUE(reply.complete);
            EXPECT_EQ(reply.head.header.find("content-length").has_value(),
                      i == 0 || (i == 3 && !stream));
            EXPECT_EQ(reply.head.header.find("transfer-encoding").has_value(),
                      i == 1 || (i == 3 && stream));
            EXPECT_EQ(client.ended, i == 2 ? ending::closed : ending::none);
            bodies.push_back(stream ? text_of(events_of(reply.body), "content")
                                    : at(reply.body, "/choices/0/message/content"));
        }
        EXPECT_EQ(bodies, std::vector<std::string>(4, "a b c"));
    }
}

TEST(ScriptedReply, CutsTheBodyIntoChunksOfTheSizeAsked) {
    scripted_provider provider;
    provider.on("m", answer("a b c").chunk_bytes(7));
    const std::string bytes = ask(provider.port(), question("m", true));
    const std::string_view body = std::string_view(bytes).substr(bytes.find("\r\n\r\n") + 4);
    EXPECT_TRUE(body.starts_with("7\r\ndata: {\r\n7\r\n"));
    const parsed_response reply = parse(bytes);
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(text_of(events_of(reply.body), "content"), "a b c");
}

TEST(ScriptedReply, CutsEveryWriteToTheSizeAsked) {
    scripted_provider provider;
    provider.on("m", answer("a b c").write_bytes(1));
    const parsed_response reply = parse(ask(provider.port(), question("m", true)));
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(text_of(events_of(reply.body), "content"), "a b c");
}

TEST(ScriptedReply, KeepsThePaceAsked) {
    scripted_provider provider;
    provider.on("m", answer("a b c").head_after(40ms).first_token_after(60ms).token_every(30ms));
    plain_client client(provider.port());
    const auto start = clock::now();
    client.send(post(question("m", true), "connection: close\r\n"));
    std::string seen = client.receive();
    EXPECT_GE(clock::now() - start, 40ms);
    EXPECT_EQ(seen.find("\"a\""), std::string::npos);
    while (seen.find("\"a\"") == std::string::npos)
        seen += client.receive();
    EXPECT_GE(clock::now() - start, 100ms);
    client.receive_all();
    EXPECT_GE(clock::now() - start, 160ms);

    const auto again = clock::now();
    ask(provider.port(), question("m"));
    EXPECT_GE(clock::now() - again, 160ms);
}

TEST(ScriptedReply, EndsItsPausesWhenTheProviderIsTold) {
    scripted_provider provider;
    provider.on("slow", answer("one two").head_after(1h).first_token_after(1h).token_every(1h));
    auto asked = std::async(std::launch::async,
                            [&] { return ask(provider.port(), question("slow", true)); });
    EXPECT_TRUE(provider.wait_until([&] { return provider.requests().size() == 1; }));
    EXPECT_EQ(asked.wait_for(50ms), std::future_status::timeout);
    provider.skip_pauses();
    EXPECT_TRUE(parse(asked.get()).complete);
    EXPECT_TRUE(parse(ask(provider.port(), question("slow"))).complete);
}

TEST(ScriptedReply, AnswersInTurnAndThenForEverTheLast) {
    scripted_provider provider;
    provider.on("m", answer("one")).on("m", answer("two"));
    const auto next = [&] {
        return at(body_of(provider, question("m")), "/choices/0/message/content");
    };
    EXPECT_EQ(next(), "one");
    EXPECT_EQ(next(), "two");
    EXPECT_EQ(next(), "two");
    provider.on("m", answer("three"));
    EXPECT_EQ(next(), "three");
    EXPECT_EQ(next(), "three");
}

TEST(ScriptedReply, TheSameRequestsGetTheSameBytes) {
    std::vector<std::string> runs;
    for (int run = 0; run < 2; ++run) {
        scripted_provider provider;
        provider.on("m", answer("a b").token_every(1ms, 1ms)).on("m", garbage());
        runs.push_back(ask(provider.port(), question("m", true)) +
                       ask(provider.port(), question("m", true)));
    }
    EXPECT_EQ(runs[0], runs[1]);
}

TEST(ScriptedProvider, RefusesWhatIsNotARequestOfTheFormat) {
    scripted_provider provider;
    provider.on("m", answer("x"));
    const auto status_of = [&](std::string_view body) {
        return parse(ask(provider.port(), body)).head.status;
    };
    EXPECT_EQ(status_of("{"), 400);
    EXPECT_EQ(status_of("[]"), 400);
    EXPECT_EQ(status_of(R"({"messages":[]})"), 400);
    EXPECT_EQ(status_of(R"({"model":"m"})"), 400);
    EXPECT_EQ(status_of(question("unknown")), 404);
    provider.otherwise(answer("whatever"));
    EXPECT_EQ(status_of(question("unknown")), 200);

    plain_client client(provider.port());
    client.send("GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n");
    EXPECT_EQ(receive_response(client).head.status, 404);
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(parse(client.receive_all()).head.status, 400);
    EXPECT_EQ(client.ended, ending::closed);
}

TEST(ScriptedProvider, ListsItsModels) {
    scripted_provider provider;
    provider.on("b/two", answer("x")).on("a/one", answer("x"));
    const curl_result result = curl(provider.base_url() + "/models");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(at(result.output, "/data/0/id"), "a/one");
    EXPECT_EQ(at(result.output, "/data/1/id"), "b/two");
    EXPECT_EQ(at(result.output, "/data/2"), "absent");
}

TEST(ScriptedProvider, AsksForItsKey) {
    scripted_provider provider(provider_options().require_key("secret"));
    provider.on("m", answer("x"));
    const auto status_with = [&](std::string_view fields) {
        plain_client client(provider.port());
        client.send(post(question("m"), fields));
        return receive_response(client).head.status;
    };
    EXPECT_EQ(status_with(""), 401);
    EXPECT_EQ(status_with("authorization: Bearer other\r\n"), 401);
    EXPECT_EQ(status_with("Authorization: Bearer secret\r\n"), 200);
}

TEST(ScriptedProvider, KeepsConnectionsForMoreRequests) {
    scripted_provider provider;
    provider.on("m", answer("x"));
    plain_client client(provider.port());
    for (int i = 0; i < 3; ++i) {
        client.send(post(question("m", i == 1)));
        const parsed_response reply = receive_response(client);
        EXPECT_TRUE(reply.complete);
        EXPECT_EQ(reply.rest, "");
    }
    EXPECT_EQ(provider.connections(), 1u);
    EXPECT_EQ(provider.requests().size(), 3u);
}

TEST(ScriptedProvider, ReadsBodiesInChunksAndAfterContinue) {
    scripted_provider provider;
    provider.on("m", answer("x"));
    const temporary_file body(
        question("m", false, "\"pad\":\"" + std::string(100'000, 'p') + "\""));
    for (const std::string field : {"transfer-encoding: chunked", "expect: 100-continue"}) {
        const curl_result result = curl("-H '" + field + "' --data-binary @" + body.name() + " " +
                                        provider.base_url() + "/chat/completions");
        EXPECT_EQ(result.status, 0) << result.output;
        EXPECT_EQ(at(result.output, "/choices/0/message/content"), "x");
    }
    EXPECT_GT(provider.requests().back().body.size(), 100'000u);
}

}  // namespace
