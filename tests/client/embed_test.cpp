#include "calling.hpp"
#include "net/raw_server.hpp"

#include <conclave/client/embed.hpp>

#include <gtest/gtest.h>

#include <asio/use_future.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

struct embedding {
    embedding_result made;
    result call;
};

embedding embed_with(caller& client, const embedding_request& request,
                     std::optional<std::chrono::milliseconds> cancel_after = std::nullopt) {
    embedding got;
    const auto operation = [&]() -> asio::awaitable<void> {
        got.made = co_await embed(client.via, request);
    };
    client.run(operation, cancel_after, got.call);
    return got;
}

embedding_request two_texts() { return embedding_request("m").add("one text").add("another"); }

TEST(Embed, MakesAVectorOfEachText) {
    scripted_provider provider(provider_options().require_key(canary));
    provider.on("m", embeddings().header("x-ratelimit-remaining-requests", "7"));
    caller client(provider);
    const embedding got = embed_with(client, two_texts().dimensions(16));
    EXPECT_EQ(got.call.what(), "no error");
    ASSERT_EQ(got.made.vectors.size(), 2u);
    EXPECT_EQ(got.made.vectors[0], scripted_embedding("one text", 16));
    EXPECT_EQ(got.made.vectors[1], scripted_embedding("another", 16));
    EXPECT_EQ(got.made.model, "m");
    EXPECT_EQ(got.made.request_id, "req_1");
    ASSERT_TRUE(got.made.usage.has_value());
    EXPECT_EQ(got.made.usage->input_tokens, 3);
    EXPECT_EQ(got.made.usage->output_tokens, 0);
    EXPECT_EQ(got.made.cost, std::nullopt);
    ASSERT_EQ(got.made.rate_limits.size(), 1u);
    EXPECT_EQ(got.made.rate_limits[0].remaining, 7);

    const recorded_request sent = provider.requests().at(0);
    EXPECT_EQ(sent.target, "/v1/embeddings");
    EXPECT_EQ(sent.header.find("content-type").value_or(""), "application/json");
    EXPECT_NE(sent.body.find(R"("encoding_format":"float")"), std::string::npos);
    EXPECT_EQ(client.via.idle_connections(), 1u);
}

TEST(Embed, TakesBase64FromAServerThatSendsIt) {
    scripted_provider provider;
    provider.on("m", status(200, R"({"data":[{"index":0,"embedding":"AACAPw=="}]})"));
    caller client(provider);
    EXPECT_EQ(embed_with(client, embedding_request("m", "a")).made.vectors,
              (std::vector<std::vector<float>>{{1.0F}}));
}

TEST(Embed, CostsByTheProvidersFigureElseByTheTable) {
    scripted_provider provider;
    provider.on("m", embeddings().usage(1'000'000, 0));
    provider.on("m", embeddings().usage(1'000'000, 0).cost(9));
    client_options options = options_for(provider);
    options.prices["m"].input = 0.02;
    caller client(options);
    EXPECT_EQ(embed_with(client, two_texts()).made.cost, 0.02);
    EXPECT_EQ(embed_with(client, two_texts()).made.cost, 9.0);
}

TEST(Embed, TriesAgainAsCallsDo) {
    scripted_provider provider;
    provider.on("m", status(503).header("retry-after-ms", "1"));
    provider.on("m", embeddings());
    caller client(provider);
    EXPECT_EQ(embed_with(client, two_texts()).made.vectors.size(), 2u);
    const auto requests = provider.requests();
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].header.find("idempotency-key"),
              requests[1].header.find("idempotency-key"));

    provider.on("n", status(503).header("retry-after-ms", "1"));
    const embedding given_up = embed_with(client, embedding_request("n", "a").max_retries(2));
    EXPECT_EQ(given_up.call.code(), errc::http_status);
    EXPECT_EQ(provider.requests_for("n").size(), 3u);
}

TEST(Embed, FailsForGoodWithTheProvidersWords) {
    scripted_provider provider;
    provider.on("m", status(401, R"({"error":{"message":"bad key )" + canary + R"("}})")
                         .header("x-ratelimit-remaining-requests", "0"));
    caller client(provider);
    const embedding got = embed_with(client, two_texts());
    EXPECT_EQ(got.call.code(), errc::http_status);
    EXPECT_EQ(got.call.failure.http_status(), 401);
    EXPECT_TRUE(got.call.says("bad key")) << got.call.what();
    EXPECT_FALSE(got.call.says("canary")) << got.call.what();
    EXPECT_EQ(got.call.failure.details().rate_limits.size(), 1u);
    EXPECT_EQ(provider.requests().size(), 1u);

    provider.on("n", status(200, R"({"data":[]})"));
    const embedding short_of = embed_with(client, embedding_request("n", "a"));
    EXPECT_EQ(short_of.call.code(), errc::malformed_reply);
    EXPECT_EQ(short_of.call.failure.request_id(), "req_2");
}

TEST(Embed, KeepsItsLimits) {
    scripted_provider provider;
    provider.on("m", embeddings());
    provider.on("slow", silent());
    client_options options = options_for(provider);
    options.limits.body_size = 100;
    caller small(options);
    EXPECT_EQ(embed_with(small, two_texts()).call.code(), errc::body_too_large);

    caller client(provider);
    const embedding late =
        embed_with(client, embedding_request("slow", "a").max_retries(0).timeout(50ms));
    EXPECT_EQ(late.call.code(), errc::model_timeout);

    options = options_for(provider);
    options.timeouts.first_token_timeout = 50ms;
    caller impatient(options);
    EXPECT_EQ(embed_with(impatient, embedding_request("slow", "a").max_retries(0)).call.code(),
              errc::first_token_timeout);
}

TEST(Embed, IsCancelledAtOnce) {
    scripted_provider provider;
    provider.on("m", silent());
    caller client(provider);
    const embedding got = embed_with(client, two_texts(), 50ms);
    EXPECT_EQ(got.call.code(), errc::cancelled);
    EXPECT_LT(got.call.taken, 5s);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(Embed, RefusesBeforeAnythingIsSent) {
    scripted_provider provider;
    client_options options = options_for(provider);
    options.endpoints[0].prefix = "a/";
    caller client(options);
    EXPECT_EQ(embed_with(client, embedding_request("a/m")).call.failure.field(), "input");
    const embedding unknown = embed_with(client, embedding_request("b/m", "a"));
    EXPECT_EQ(unknown.call.code(), errc::no_endpoint);
    EXPECT_TRUE(unknown.call.says("\"a/\"")) << unknown.call.what();
    options.endpoints[0].format = wire::anthropic_messages();
    caller without(options);
    const embedding none = embed_with(without, embedding_request("a/m", "a"));
    EXPECT_EQ(none.call.code(), errc::no_endpoint);
    EXPECT_EQ(none.call.failure.field(), "model");
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(Embed, TakesARequestThatIsATemporary) {
    scripted_provider provider;
    provider.on("m", embeddings());
    caller client(provider);
    result got;
    std::size_t length = 0;
    const auto operation = [&]() -> asio::awaitable<void> {
        auto made = co_await embed(client.via, embedding_request("m", "one").add("two"));
        length = made.vectors.at(1).size();
    };
    client.run(operation, std::nullopt, got);
    EXPECT_EQ(got.what(), "no error");
    EXPECT_EQ(length, 8u);
}

TEST(Embed, TakesAnyCompletionToken) {
    scripted_provider provider;
    provider.on("m", embeddings());
    asio::io_context context;
    client via(context, options_for(provider));
    auto made = async_embed(via, two_texts(), asio::use_future);
    context.run();
    EXPECT_EQ(made.get().vectors.size(), 2u);
}

}  // namespace
