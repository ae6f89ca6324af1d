#include "calling.hpp"
#include "net/raw_server.hpp"

#include <conclave/http/chunked.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using running::raw_server;
using running::tcp;

const std::string chunked_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& data) {
    std::string framed;
    http::append_chunk(framed, data);
    return framed;
}

// A whole stream, but for its last chunk.
const std::string stream_text =
    chunked_head +
    chunk(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"},"
        "\"finish_reason\":\"stop\"}]}\n\n") +
    chunk("data: [DONE]\n\n");

// Sends what has no pause in it at once, so that the last chunk is there when the answer is.
constexpr std::size_t enough_at_once = 60'000;

TEST(Connections, AreUsedAgainAfterEachKindOfReply) {
    scripted_provider provider;
    provider.on("stream", answer("a b c").write_bytes(enough_at_once));
    provider.on("whole", answer("a b c").always_whole());
    provider.on("status", status(400));
    caller client(provider);
    for (const std::string model : {"stream", "whole", "status", "stream", "missing", "whole"}) {
        client.ask(question(model));
        EXPECT_EQ(client.via.idle_connections(), 1u) << model;
    }
    EXPECT_EQ(provider.connections(), 1u);
    EXPECT_EQ(provider.requests().size(), 6u);
}

TEST(Connections, AreUsedAgainOverTls) {
    scripted_provider provider(provider_options().tls());
    provider.on("m", answer("a b c").write_bytes(enough_at_once));
    caller client(provider);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(client.ask(question()).answer.text, "a b c");
    EXPECT_EQ(provider.connections(), 1u);
}

TEST(Connections, AreNoMoreThanTheStreamsAtATime) {
    constexpr std::size_t streams = 300;
    scripted_provider provider;
    provider.on("m", answer("a b c").write_bytes(enough_at_once));
    asio::io_context context;
    client via(context, options_for(provider));
    std::size_t answered = 0;
    const auto one_after_the_other = [&]() -> asio::awaitable<void> {
        for (std::size_t i = 0; i < streams / 2; ++i) {
            const completion got = co_await complete(via, question());
            answered += got.text == "a b c" ? 1 : 0;
        }
    };
    asio::co_spawn(context, one_after_the_other, asio::detached);
    asio::co_spawn(context, one_after_the_other, asio::detached);
    context.run_for(60s);
    EXPECT_EQ(answered, streams);
    EXPECT_EQ(provider.requests().size(), streams);
    EXPECT_LE(provider.connections(), 2u);
}

TEST(Connections, ThatTheServerClosedMeanwhileAreNotUsed) {
    std::atomic<int> requests = 0;
    const raw_server server([&](tcp::socket& socket, int) {
        running::read_request(socket);
        ++requests;
        running::write(socket, stream_text + "0\r\n\r\n");
    });
    caller client(options_for(server.url()));
    for (int i = 1; i <= 3; ++i) {
        const result got = client.ask(question().max_retries(0));
        EXPECT_EQ(got.answer.text, "yes") << got.what();
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(requests, 3);
    EXPECT_EQ(server.connections(), 3);
}

TEST(Connections, WithBytesBehindTheReplyAreNotUsedAgain) {
    std::atomic<int> poisoned = 0;
    const raw_server server([&](tcp::socket& socket, int number) {
        running::read_request(socket);
        running::write(socket,
                       stream_text + "0\r\n\r\n" +
                           (number == 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno" : ""));
        if (!running::read_to_end(socket).empty()) ++poisoned;
    });
    caller client(options_for(server.url()));
    EXPECT_EQ(client.ask(question()).answer.text, "yes");
    std::this_thread::sleep_for(10ms);
    EXPECT_EQ(client.ask(question()).answer.text, "yes");
    client.via.close_idle_connections();
    EXPECT_EQ(server.connections(), 2);
    EXPECT_EQ(poisoned, 0);
}

TEST(Connections, WhoseLastChunkCameAfterTheAnswerAreUsedAgain) {
    const raw_server server([&](tcp::socket& socket, int) {
        for (int i = 0; i < 2; ++i) {
            running::read_request(socket);
            running::write(socket, stream_text);
            std::this_thread::sleep_for(20ms);
            running::write(socket, "0\r\n\r\n");
        }
        running::read_to_end(socket);
    });
    caller client(options_for(server.url()));
    for (int i = 0; i < 2; ++i) {
        const result got = client.ask(question());
        EXPECT_EQ(got.answer.text, "yes") << got.what();
        std::this_thread::sleep_for(60ms);
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST(Connections, WhoseLastChunkIsStillOnItsWayAreWaitedFor) {
    const raw_server server([&](tcp::socket& socket, int) {
        for (int i = 0; i < 20; ++i) {
            running::read_request(socket);
            running::write(socket, stream_text);
            std::this_thread::sleep_for(3ms);
            running::write(socket, "0\r\n\r\n");
        }
        running::read_to_end(socket);
    });
    caller client(options_for(server.url()));
    for (int i = 0; i < 20; ++i) {
        const result got = client.ask(question());
        EXPECT_EQ(got.answer.text, "yes") << got.what();
    }
    // A busy machine may let one come too late.
    EXPECT_LT(server.connections(), 10);
}

TEST(Connections, WhoseLastChunkNeverComesAreNot) {
    const raw_server server([&](tcp::socket& socket, int) {
        running::read_request(socket);
        running::write(socket, stream_text);
        running::read_to_end(socket);
    });
    caller client(options_for(server.url()));
    for (int i = 1; i <= 2; ++i) {
        const result got = client.ask(question());
        EXPECT_EQ(got.answer.text, "yes") << got.what();
        EXPECT_LT(got.taken, at_once);
    }
    EXPECT_EQ(server.connections(), 2);
}

// Answers one request on the first connection, reads a second one and then does something else.
struct dying_server {
    explicit dying_server(std::string last_words, int dying_connections = 1)
        : server([this, last_words, dying_connections](tcp::socket& socket, int number) {
              running::read_request(socket);
              ++requests;
              const bool first_of_its_connection_dies = number > 1 && number <= dying_connections;
              if (!first_of_its_connection_dies) running::write(socket, stream_text + "0\r\n\r\n");
              if (number > dying_connections) {
                  running::read_to_end(socket);
                  return;
              }
              if (number == 1) {
                  running::read_request(socket);
                  ++requests;
              }
              running::write(socket, last_words);
          }) {}

    std::atomic<int> requests = 0;
    raw_server server;
};

TEST(Connections, ThatDieBeforeAnyByteOfReplyAreReplacedOnce) {
    dying_server dying("");
    caller client(options_for(dying.server.url()));
    EXPECT_EQ(client.ask(question().max_retries(0)).answer.text, "yes");
    const result got = client.ask(question().max_retries(0));
    EXPECT_EQ(got.answer.text, "yes") << got.what();
    EXPECT_EQ(got.shown, "yes") << "and that is no attempt of its own";
    EXPECT_EQ(dying.server.connections(), 2);
    EXPECT_EQ(dying.requests, 3);
}

TEST(Connections, ThatDieBeforeAnyByteOfReplyAreReplacedNoSecondTime) {
    dying_server dying("", 2);
    caller client(options_for(dying.server.url()));
    EXPECT_EQ(client.ask(question().max_retries(0)).answer.text, "yes");
    const result got = client.ask(question().max_retries(0));
    EXPECT_EQ(got.code(), errc::connection_lost) << got.what();
    EXPECT_EQ(dying.server.connections(), 2);
    EXPECT_EQ(dying.requests, 3);
}

TEST(Connections, ThatDieBeforeAnyByteOfReplyAreNotReplacedWhereThatIsTurnedOff) {
    for (const int retries : {0, 1}) {
        dying_server dying("");
        client_options options = options_for(dying.server.url());
        options.pool.resend_on_dead_connection = false;
        caller client(options);
        EXPECT_EQ(client.ask(question().max_retries(0)).answer.text, "yes");
        const result got = client.ask(question().max_retries(retries));
        EXPECT_EQ(got.code(), retries == 0 ? errc::connection_lost : errc{}) << got.what();
        EXPECT_EQ(got.shown, retries == 0 ? "" : "|yes");
        EXPECT_EQ(dying.requests, 2 + retries);
    }
}

TEST(Connections, ThatAreReplacedStartTheClockOfTheFirstTokenAnew) {
    dying_server dying("");
    client_options options =
        options_for("http://slow.test:" + std::to_string(dying.server.port()) + "/v1");
    options.timeouts.first_token_timeout = 150ms;
    options.resolve.cache_time = 0ms;
    options.resolve.lookup = [](std::string) -> asio::awaitable<std::vector<asio::ip::address>> {
        co_await running::sleep(300ms);
        co_return std::vector<asio::ip::address>(1, asio::ip::address_v4::loopback());
    };
    caller client(options);
    EXPECT_EQ(client.ask(question().max_retries(0)).answer.text, "yes");
    const result got = client.ask(question().max_retries(0));
    EXPECT_EQ(got.answer.text, "yes") << got.what();
}

TEST(Connections, ThatDieAfterAByteOfReplyAreNotReplaced) {
    for (const std::string words : {"H", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\n"}) {
        dying_server dying(words);
        caller client(options_for(dying.server.url()));
        EXPECT_EQ(client.ask(question().max_retries(0)).answer.text, "yes");
        const result got = client.ask(question().max_retries(0));
        EXPECT_EQ(got.code(), errc::connection_lost) << words << got.what();
        EXPECT_EQ(dying.server.connections(), 1) << words;
        EXPECT_EQ(dying.requests, 2);
    }
}

TEST(Connections, ThatAreNewAndDieAreNotReplacedWithoutARetry) {
    scripted_provider provider;
    provider.on_connect(connection_fault::close, 2).on("m", answer("yes"));
    caller client(provider);
    EXPECT_EQ(client.ask(question().max_retries(0)).code(), errc::connection_lost);
    EXPECT_EQ(provider.connections(), 1u);
}

TEST(Connections, ThatWereCancelledWhileReusedAreNotReplaced) {
    scripted_provider provider;
    provider.on("m", answer("yes").write_bytes(enough_at_once)).on("m", silent());
    caller client(provider);
    EXPECT_EQ(client.ask(question()).answer.text, "yes");
    EXPECT_EQ(client.ask(question(), nullptr, 30ms).code(), errc::cancelled);
    EXPECT_EQ(client.ask(question().timeout(30ms)).code(), errc::model_timeout);
    EXPECT_EQ(provider.connections(), 2u);
    EXPECT_EQ(provider.requests().size(), 3u);
}

TEST(Connections, AreNotSharedBetweenOrigins) {
    scripted_provider one;
    scripted_provider other;
    one.on("m", answer("one"));
    other.on("m", answer("other"));
    client_options options = options_for(one);
    options.endpoints.emplace_back(other.base_url(), "another-key").prefix = "other/";
    caller client(options);
    EXPECT_EQ(client.ask(question()).answer.text, "one");
    EXPECT_EQ(client.ask(question("other/m")).answer.text, "other");
    EXPECT_EQ(other.requests().at(0).header.find("authorization"), "Bearer another-key");
    EXPECT_EQ(client.via.idle_connections(), 2u);
}

TEST(Connections, AreHeardOutWhenTheServerAnswersTooEarly) {
    const raw_server server([](tcp::socket& socket, int) {
        running::read_until(socket, "\r\n\r\n");
        running::write(socket,
                       "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large");
        socket.shutdown(tcp::socket::shutdown_send);
        std::this_thread::sleep_for(100ms);
    });
    caller client(options_for(server.url()));
    const result got = client.ask(call("m", std::string(std::size_t{4} << 20, 'x')));
    EXPECT_EQ(got.failure.http_status(), 413) << got.what();
    EXPECT_TRUE(got.says("too large")) << got.what();
    EXPECT_EQ(client.via.idle_connections(), 0u);
    EXPECT_EQ(server.connections(), 1);
}

TEST(Connections, ResumeTheTlsSessionOfTheirOrigin) {
    scripted_provider provider(provider_options().tls());
    provider.on("m", answer("fine"));
    client_options options = options_for(provider);
    options.pool.max_idle_per_origin = 0;
    caller client(options);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(client.ask(question()).answer.text, "fine");
    EXPECT_EQ(provider.connections(), 3u);
    EXPECT_EQ(provider.resumed_handshakes(), 2u);
}

TEST(Connections, ServeManyThreadsAtOnce) {
    constexpr int calls = 80;
    scripted_provider provider;
    provider.on("m", answer("a b c").token_every(1ms));
    std::atomic<int> answered = 0;
    {
        running::threads workers(4);
        client via(workers.context, options_for(provider));
        for (int i = 0; i < calls; ++i) {
            async_complete(via, question(), [&](std::exception_ptr, completion got) {
                if (got.text == "a b c") ++answered;
            });
        }
        workers.join();
    }
    EXPECT_EQ(answered, calls);
    EXPECT_EQ(provider.requests().size(), static_cast<std::size_t>(calls));
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

}  // namespace
