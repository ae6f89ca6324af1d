#include "calling.hpp"

#include <conclave/http/chunked.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

TEST(Complete, TakesTheCostOfTheHeadWhereTheBodyHasNone) {
    scripted_provider provider;
    const auto cost_of = [&](scripted_reply reply, const std::string& told) {
        provider.on("m", reply.always_whole().header("X-Opper-Cost", told));
        return caller(provider).ask(question()).answer.cost;
    };
    EXPECT_EQ(cost_of(answer("yes"), "0.5"), 0.5);
    EXPECT_EQ(cost_of(answer("yes"), "1e-06"), 1e-06);
    EXPECT_EQ(cost_of(answer("yes"), "0"), 0.0);
    EXPECT_EQ(cost_of(answer("yes").cost(0.25), "0.5"), 0.25);
    for (const char* nonsense : {"", "-1", "free", "0.5 USD", "inf", "nan", "1e999"})
        EXPECT_EQ(cost_of(answer("yes"), nonsense), std::nullopt) << nonsense;
}

TEST(Complete, StreamsAnAnswer) {
    scripted_provider provider;
    provider.on("m", answer("Use Postgres for it.").usage(12, 4).cost(0.25));
    const result got = caller(provider).ask(question());
    ASSERT_EQ(got.code(), errc{}) << got.what();
    EXPECT_EQ(got.answer.text, "Use Postgres for it.");
    EXPECT_EQ(got.shown, got.answer.text);
    EXPECT_EQ(got.answer.finish, finish_reason::stop);
    ASSERT_TRUE(got.answer.usage);
    EXPECT_EQ(got.answer.usage->input_tokens, 12);
    EXPECT_EQ(got.answer.usage->output_tokens, 4);
    EXPECT_EQ(got.answer.cost, 0.25);
    EXPECT_EQ(got.answer.model, "m");
    EXPECT_EQ(got.answer.id, "chatcmpl-1");
}

TEST(Complete, WorksOverTls) {
    scripted_provider provider(provider_options().tls().require_key(canary));
    provider.on("m", answer("a b c"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.answer.text, "a b c") << got.what();
    EXPECT_TRUE(provider.requests().at(0).tls);
}

TEST(Complete, SendsNoKeyToAServerThatIsNotVerified) {
    scripted_provider provider(provider_options().tls(provider_certificate::wrong_host));
    provider.on("m", answer("a b c"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.code(), errc::tls_failed) << got.what();
    EXPECT_TRUE(provider.requests().empty());
    EXPECT_EQ(provider.connections(), 1u) << "it is not tried again";
}

TEST(Complete, ReadsTheSameWhateverTheFramingAndTheSegments) {
    for (const auto framing :
         {body_framing::chunked, body_framing::content_length, body_framing::close_delimited}) {
        for (const std::size_t segment : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
            scripted_provider provider;
            provider.on("m", answer("Größe zählt, 大小.")
                                 .reasoning("Let me see.")
                                 .framing(framing)
                                 .write_bytes(segment));
            const result got = caller(provider).ask(question());
            EXPECT_EQ(got.answer.text, "Größe zählt, 大小.") << got.what();
            EXPECT_EQ(got.answer.reasoning, "Let me see.");
        }
    }
}

TEST(Complete, ShowsReasoningApartFromTheAnswer) {
    scripted_provider provider;
    provider.on("m", answer("Yes.").reasoning("Let me"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.shown, "(Let)( me)Yes.");
    EXPECT_EQ(got.answer.reasoning, "Let me");
    EXPECT_EQ(got.answer.text, "Yes.");
    ASSERT_TRUE(got.answer.usage);
    EXPECT_EQ(got.answer.usage->reasoning_tokens, 2);
}

TEST(Complete, TakesAWholeReplyToARequestForAStream) {
    scripted_provider provider;
    provider.on("m", answer("All at once.").reasoning("Hm.").always_whole().usage(3, 4));
    const result got = caller(provider).ask(question());
    ASSERT_EQ(got.code(), errc{}) << got.what();
    EXPECT_EQ(got.answer.text, "All at once.");
    EXPECT_EQ(got.shown, "All at once.(Hm.)");
    EXPECT_EQ(got.answer.usage.value_or(usage()).output_tokens, 4);
    EXPECT_TRUE(provider.requests().at(0).stream);
}

TEST(Complete, ReportsARefusalInTheModelsWords) {
    for (const bool whole : {false, true}) {
        scripted_provider provider;
        auto reply = answer("").refusal("I will not.").usage(1, 1);
        provider.on("m", whole ? reply.always_whole() : reply);
        const result got = caller(provider).ask(question());
        EXPECT_EQ(got.code(), errc::refused);
        EXPECT_EQ(got.what(), "I will not.");
        EXPECT_EQ(got.failure.provider_message(), "I will not.");
        EXPECT_EQ(got.shown, "{I will not.}");
        EXPECT_EQ(provider.requests().size(), 1u) << "it is not tried again";
    }
}

TEST(Complete, ReportsAnAnswerThatAFilterWithheld) {
    scripted_provider provider;
    provider.on("none", answer("").finish_reason("content_filter"));
    provider.on("part", answer("So far").finish_reason("content_filter"));
    caller client(provider);
    const result none = client.ask(question("none"));
    EXPECT_EQ(none.code(), errc::refused);
    EXPECT_EQ(none.failure.provider_code(), "content_filter");
    EXPECT_FALSE(none.what().empty());
    const result part = client.ask(question("part"));
    EXPECT_EQ(part.code(), errc{});
    EXPECT_EQ(part.answer.text, "So far");
    EXPECT_EQ(part.answer.finish, finish_reason::content_filter);
}

TEST(Complete, ReportsAnErrorInsideTheStream) {
    scripted_provider provider;
    provider.on(
        "m", answer("a b c").error_in_stream(
                 R"({"error":{"message":"context is full","code":"context_length_exceeded"}})", 3));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.code(), errc::provider_error);
    EXPECT_TRUE(got.says("context is full"));
    EXPECT_EQ(got.failure.provider_code(), "context_length_exceeded");
    EXPECT_EQ(got.shown, "a b");
    EXPECT_EQ(provider.requests().size(), 1u);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Complete, ReportsAnErrorInsideAReplyOfSuccess) {
    scripted_provider provider;
    provider.on("m", status(200, R"({"error":{"message":"no credit","code":402}})"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.code(), errc::provider_error);
    EXPECT_TRUE(got.says("no credit")) << got.what();
}

TEST(Complete, ReportsAPageInPlaceOfAnAnswer) {
    scripted_provider provider;
    provider.on(
        "m", status(200, "<html><title>Log in</title></html>").header("content-type", "text/html"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.code(), errc::malformed_reply);
    EXPECT_TRUE(got.says("text/html")) << got.what();
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Complete, ReportsAReplyOfSuccessWithoutABody) {
    scripted_provider provider;
    provider.on("m", raw("HTTP/1.1 204 No Content\r\n\r\n"));
    EXPECT_EQ(caller(provider).ask(question()).code(), errc::malformed_reply);
}

TEST(Complete, ReportsAnErrorStatusInTheProvidersWords) {
    scripted_provider provider;
    provider.on(
        "m",
        status(404,
               R"({"error":{"message":"The model does not exist","code":"model_not_found"}})"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.code(), errc::http_status);
    EXPECT_EQ(got.failure.http_status(), 404);
    EXPECT_TRUE(got.says("HTTP 404"));
    EXPECT_TRUE(got.says("The model does not exist"));
    EXPECT_EQ(got.failure.provider_code(), "model_not_found");
    EXPECT_EQ(got.failure.request_id(), "req_1");
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Complete, ReportsAStatusWhateverBecomesOfItsBody) {
    for (scripted_reply reply :
         {status(400, std::string(200'000, 'x')), status(400, "cut short").close_after_bytes(150),
          status(400, "\xff\xfe"), status(400).framing(body_framing::close_delimited),
          status(400, "\x1f\x8b").header("content-encoding", "gzip")}) {
        scripted_provider provider;
        provider.on("m", reply);
        const result got = caller(provider).ask(question());
        EXPECT_EQ(got.code(), errc::http_status) << got.what();
        EXPECT_EQ(got.failure.http_status(), 400);
    }
}

TEST(Complete, RetriesAStatusThatPassesWhateverTheCodingOfItsBody) {
    scripted_provider provider;
    provider.on(
        "m",
        status(503, "\x1f\x8b").header("content-encoding", "gzip").header("retry-after-ms", "1"));
    provider.on("m", answer("fine"));
    EXPECT_EQ(caller(provider).ask(question()).answer.text, "fine");
    provider.on("coded", answer("a b").header("content-encoding", "gzip"));
    EXPECT_EQ(caller(provider).ask(question("coded")).code(), errc::encoded_body);
}

TEST(Complete, ShowsWhatCameBeforeAMalformedChunk) {
    scripted_provider provider;
    const std::string event =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}}]}\n\n";
    std::string reply =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    http::append_chunk(reply, event);
    provider.on("m", raw(reply + "nonsense\r\n"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.code(), errc::malformed_http) << got.what();
    EXPECT_EQ(got.shown, "half");
}

TEST(Complete, DoesNotFollowARedirect) {
    scripted_provider elsewhere;
    scripted_provider provider;
    provider.on("m", status(307).header("location", elsewhere.base_url() + "/chat/completions"));
    const result got = caller(provider).ask(question());
    EXPECT_EQ(got.failure.http_status(), 307) << got.what();
    EXPECT_EQ(elsewhere.connections(), 0u);
}

TEST(Complete, HoldsTheReplyToItsLimits) {
    scripted_provider provider;
    provider.on("head", answer("a").giant_head(100'000));
    provider.on("body", answer(std::string(3000, 'x')).always_whole());
    provider.on("event", answer(std::string(3000, 'x')));
    provider.on("endless", answer("a b").endless_body());
    client_options options = options_for(provider);
    options.limits.body_size = 2000;
    options.limits.event_size = 2000;
    caller client(options);
    EXPECT_EQ(client.ask(question("head")).code(), errc::head_too_large);
    EXPECT_EQ(client.ask(question("body")).code(), errc::body_too_large);
    EXPECT_EQ(client.ask(question("event")).code(), errc::event_too_large);
    const result endless = client.ask(question("endless"));
    EXPECT_EQ(endless.code(), errc::event_too_large);
    EXPECT_EQ(endless.shown, "a b");
    EXPECT_EQ(provider.requests().size(), 4u);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Complete, RefusesABadCallBeforeAnythingIsSent) {
    scripted_provider provider;
    provider.on("m", answer("yes"));
    caller client(provider);
    const result hot = client.ask(question().temperature(2.5));
    EXPECT_EQ(hot.code(), errc::invalid_request);
    EXPECT_EQ(hot.failure.field(), "temperature");
    EXPECT_EQ(client.ask(call("m")).failure.field(), "messages");
    EXPECT_EQ(client.ask(question().max_retries(4)).failure.field(), "max_retries");
    EXPECT_EQ(client.ask(question().timeout(0ms)).failure.field(), "timeout_ms");
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(Complete, ThrowsWhatTheHandlerThrewAndClosesTheConnection) {
    scripted_provider provider;
    provider.on("m", answer("a b c d").token_every(5ms));
    caller client(provider);
    const result got = client.ask(question(), [](const delta& piece) {
        if (piece.text == " b") throw std::out_of_range("enough");
    });
    ASSERT_TRUE(got.thrown);
    EXPECT_THROW(std::rethrow_exception(got.thrown), std::out_of_range);
    EXPECT_EQ(got.shown, "a b");
    EXPECT_EQ(provider.requests().size(), 1u) << "it is not tried again";
    EXPECT_EQ(client.via.idle_connections(), 0u);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Complete, ThrowsAlsoAnErrorOfOurOwnThatTheHandlerThrew) {
    scripted_provider provider;
    provider.on("m", answer("a b"));
    const result got = caller(provider).ask(
        question(), [](const delta&) { throw error(errc::connection_lost, "the handler's own"); });
    EXPECT_EQ(got.what(), "the handler's own");
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Complete, ThrowsAlsoAnAbortedOperationOfTheHandlersOwn) {
    scripted_provider provider;
    provider.on("m", answer("a b"));
    const result got = caller(provider).ask(question(), [](const delta&) {
        throw net::system_error(asio::error::operation_aborted, "the handler's own");
    });
    ASSERT_TRUE(got.thrown);
    try {
        std::rethrow_exception(got.thrown);
    } catch (const error& other) {
        ADD_FAILURE() << other.what();
    } catch (const net::system_error& thrown) {
        EXPECT_EQ(thrown.code(), asio::error::operation_aborted);
        EXPECT_NE(std::string(thrown.what()).find("the handler's own"), std::string::npos);
    }
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Complete, OutlivesItsClient) {
    scripted_provider provider;
    provider.on("m", answer("a b c").token_every(5ms));
    asio::io_context context;
    std::string text;
    {
        client via(context, options_for(provider));
        async_complete(via, question(), [&](std::exception_ptr thrown, completion got) {
            EXPECT_FALSE(thrown);
            text = got.text;
        });
    }
    context.run_for(60s);
    EXPECT_EQ(text, "a b c");
}

TEST(Complete, LeavesNothingBehindWhenItsContextIsDestroyed) {
    scripted_provider provider;
    provider.on("m", answer("a b").stall_in_event(2));
    provider.on("silent", silent());
    for (const std::string model : {"m", "silent"}) {
        const auto token = std::make_shared<int>(1);
        {
            asio::io_context context;
            client via(context, options_for(provider));
            async_complete(via, question(model), [token](std::exception_ptr, completion) {});
            const std::size_t before = provider.requests().size();
            context.run_for(50ms);
            EXPECT_GT(token.use_count(), 1);
            EXPECT_EQ(provider.requests().size(), before + 1);
        }
        EXPECT_EQ(token.use_count(), 1);
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    }
}

}  // namespace
