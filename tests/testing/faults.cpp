#include "loopback_client.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace conclave::testing;
using namespace loopback;
using namespace std::chrono_literals;

struct outcome {
    std::string bytes;
    ending how = ending::quiet;
};

/// What a client sees that asks for a stream of the model `m`.
outcome stream_from(const scripted_provider& provider, std::size_t most = std::string::npos) {
    plain_client client(provider.port(), 400ms);
    client.send(post(question("m", true)));
    outcome seen;
    seen.bytes = client.receive_all(most);
    seen.how = client.ended;
    return seen;
}

TEST(ScriptedFault, StallsClosesAndResetsAfterAsManyBytesAsTold) {
    for (const std::size_t count : {0u, 5u, 60u, 200u}) {
        scripted_provider provider;
        provider.on("m", answer("a b c").stall_after_bytes(count));
        provider.on("m", answer("a b c").close_after_bytes(count));
        provider.on("m", answer("a b c").reset_after_bytes(count));
        provider.on("m", answer("a b c").stall_after_bytes(100'000));
        const outcome stalled = stream_from(provider);
        EXPECT_EQ(stalled.bytes.size(), count);
        EXPECT_EQ(stalled.how, ending::quiet);
        const outcome closed = stream_from(provider);
        EXPECT_EQ(closed.bytes.size(), count);
        EXPECT_EQ(closed.how, ending::closed);
        const outcome reset = stream_from(provider);
        EXPECT_LE(reset.bytes.size(), count);
        EXPECT_EQ(reset.how, ending::reset);
        const outcome whole = stream_from(provider);
        EXPECT_TRUE(parse(whole.bytes).complete);
        EXPECT_EQ(whole.how, ending::quiet);
    }
}

TEST(ScriptedFault, StopsInTheMiddleOfAnEvent) {
    scripted_provider provider;
    provider.on("m", answer("a b c").stall_in_event(2));
    provider.on("m", answer("a b c").close_in_event(2));
    provider.on("m", answer("a b c").reset_in_event(2).first_token_after(50ms));
    for (const ending how : {ending::quiet, ending::closed, ending::reset}) {
        const outcome seen = stream_from(provider);
        EXPECT_EQ(seen.how, how);
        if (how == ending::reset) continue;  // it may have overtaken the bytes
        const parsed_response reply = parse(seen.bytes);
        EXPECT_FALSE(reply.complete);
        EXPECT_EQ(events_of(reply.body).size(), 2u);
        EXPECT_FALSE(reply.body.ends_with("\n\n"));
    }
}

TEST(ScriptedFault, SendsBytesAsTheyAre) {
    const std::string bytes = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 2";
    scripted_provider provider;
    provider.on("m", raw(bytes)).on("m", raw(bytes).stall_after_bytes(1000)).on("m", garbage(64));
    const outcome closed = stream_from(provider);
    EXPECT_EQ(closed.bytes, bytes);
    EXPECT_EQ(closed.how, ending::closed);
    const outcome open = stream_from(provider);
    EXPECT_EQ(open.bytes, bytes);
    EXPECT_EQ(open.how, ending::quiet);
    const outcome noise = stream_from(provider);
    EXPECT_EQ(noise.bytes.size(), 64u);
    EXPECT_EQ(parse(noise.bytes).head.status, 0);
}

TEST(ScriptedFault, SendsAGiantHead) {
    scripted_provider provider;
    provider.on("m", answer("x").giant_head(1'000'000));
    const parsed_response reply = parse(stream_from(provider).bytes);
    EXPECT_EQ(reply.head.header.find("x-padding").value_or("").size(), 1'000'000u);
    EXPECT_TRUE(reply.complete);
}

TEST(ScriptedFault, SendsABodyWithoutEndUntilTheClientLeaves) {
    scripted_provider provider;
    provider.on("m", answer("a").endless_body());
    provider.on("m", answer("a").endless_body(": more\n\n"));
    provider.on("m", answer("a").endless_body("{").framing(body_framing::content_length));
    const parsed_response line = parse(stream_from(provider, 3'000'000).bytes);
    EXPECT_EQ(events_of(line.body).size(), 2u);
    EXPECT_NE(line.body.find("\n\ndata: xxxx"), std::string::npos);
    const parsed_response comments = parse(stream_from(provider, 3'000'000).bytes);
    EXPECT_GT(events_of(comments.body).size(), 100'000u);
    const parsed_response braces = parse(stream_from(provider, 3'000'000).bytes);
    EXPECT_FALSE(braces.complete);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    EXPECT_EQ(provider.aborted().size(), 3u);
}

TEST(ScriptedFault, IsSilent) {
    scripted_provider provider;
    provider.on("m", silent());
    const outcome seen = stream_from(provider);
    EXPECT_EQ(seen.bytes, "");
    EXPECT_EQ(seen.how, ending::quiet);
    EXPECT_EQ(provider.requests_for("m").size(), 1u);
}

TEST(ConnectionFault, HitsAsManyConnectionsAsToldInOrder) {
    scripted_provider provider;
    provider.on("m", answer("x"));
    provider.on_connect(connection_fault::close).on_connect(connection_fault::none);
    provider.on_connect(connection_fault::close, 2);
    std::string seen;
    for (int i = 0; i < 5; ++i)
        seen += stream_from(provider).bytes.empty() ? '-' : '+';
    EXPECT_EQ(seen, "-+--+");
    provider.on_connect(connection_fault::close, scripted_provider::every_connection);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(stream_from(provider).bytes, "");
    EXPECT_EQ(provider.connections(), 8u);
}

TEST(ConnectionFault, ClosesAndResetsAtOnce) {
    scripted_provider provider;
    provider.on_connect(connection_fault::close).on_connect(connection_fault::reset);
    for (const ending how : {ending::closed, ending::reset}) {
        plain_client client(provider.port());
        EXPECT_EQ(client.receive_all(), "");
        EXPECT_EQ(client.ended, how);
    }
}

TEST(ConnectionFault, ReadsNothingSoThatALargeRequestIsStuck) {
    scripted_provider provider;
    provider.on_connect(connection_fault::silent);
    {
        plain_client client(provider.port(), 200ms);
        EXPECT_FALSE(client.send(std::string(64 * 1024 * 1024, 'x')));
        EXPECT_EQ(provider.requests().size(), 0u);
        EXPECT_EQ(provider.open_connections(), 1u);
    }
    provider.on_connect(connection_fault::silent);
    {
        plain_client client(provider.port(), 50ms);
        client.send("GET / HTTP/1.1\r\n\r\n");
        EXPECT_EQ(client.receive(), "");
        EXPECT_EQ(provider.open_connections(), 2u);
    }
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() <= 1; }));
}

TEST(ConnectionFault, RefusesAtAPortNobodyListensOn) {
    const std::string url = scripted_provider::refusing_url();
    EXPECT_EQ(url, scripted_provider::refusing_url());
    const curl_result result = curl(url + "/models");
    EXPECT_EQ(result.status, 7) << result.output;
}

}  // namespace
