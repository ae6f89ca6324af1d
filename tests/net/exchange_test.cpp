#include "exchanging.hpp"

#include <gtest/gtest.h>

namespace {

using namespace conclave;
using namespace running;

TEST(Exchange, SendsTheHeadAndTheBody) {
    asio::io_context context;
    connected_pair pair(context);
    run(context, [&]() -> asio::awaitable<void> {
        net::exchange exchange(net::stream(std::move(pair.client)));
        const http::request_head head = request_head();
        co_await exchange.send(head, "the body");
    });
    EXPECT_EQ(read_until(pair.server, "the body"),
              "POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nthe body");
}

TEST(Exchange, RefusesToSendWhatIsNoRequest) {
    for (const std::string target : {"", "/v1 HTTP/1.1\r\nX-Evil: 1", "/\n"}) {
        asio::io_context context;
        connected_pair pair(context);
        const error refused = error_of([&] {
            run(context, [&]() -> asio::awaitable<void> {
                net::exchange exchange(net::stream(std::move(pair.client)));
                http::request_head head = request_head();
                head.target = target;
                co_await exchange.send(head, "");
            });
        });
        EXPECT_EQ(refused.code(), errc::invalid_url);
        EXPECT_EQ(read_to_end(pair.server), "");
    }
}

TEST(Exchange, ReadsABodyOfEachFraming) {
    for (const auto& reply : good_replies()) {
        const outcome read = exchange_with(reply.bytes, how::whole);
        EXPECT_EQ(read.error_code, 0) << reply.name << ": " << read.what;
        EXPECT_EQ(read.body, "data: one\n\ndata: two\n\n") << reply.name;
        EXPECT_EQ(read.status, 200) << reply.name;
        EXPECT_EQ(read.reusable, reply.keeps_connection) << reply.name;
    }
}

TEST(Exchange, ReadsEventsOfEachFraming) {
    for (const auto& reply : good_replies()) {
        const outcome read = exchange_with(reply.bytes, how::events);
        EXPECT_EQ(read.error_code, 0) << reply.name << ": " << read.what;
        EXPECT_EQ(read.body, "[one][two]") << reply.name;
        EXPECT_EQ(read.reusable, reply.keeps_connection) << reply.name;
    }
}

TEST(Exchange, ReadsTheSameFromSegmentsOfOneByte) {
    for (const auto& reply : good_replies()) {
        const outcome whole = exchange_with(reply.bytes, how::whole, 1);
        EXPECT_EQ(whole.error_code, 0) << reply.name << ": " << whole.what;
        EXPECT_EQ(whole.body, "data: one\n\ndata: two\n\n") << reply.name;
        EXPECT_EQ(whole.reusable, reply.keeps_connection) << reply.name;
        const outcome events = exchange_with(reply.bytes, how::events, 1);
        EXPECT_EQ(events.error_code, 0) << reply.name << ": " << events.what;
        EXPECT_EQ(events.body, "[one][two]") << reply.name;
    }
}

// The framing alone decides: only one of the replies says that the end of the connection is its
// end, and only once its head is complete.
TEST(Exchange, TakesNoReplyForWholeThatWasCutAnywhere) {
    for (const auto& reply : good_replies()) {
        for (std::size_t cut = 0; cut < reply.bytes.size(); ++cut) {
            const bool complete = !reply.keeps_connection && cut >= reply.head_size;
            for (const how way : {how::whole, how::events}) {
                const outcome read = exchange_with(reply.bytes.substr(0, cut), way);
                EXPECT_EQ(read.error_code, complete ? 0 : static_cast<int>(errc::connection_lost))
                    << reply.name << " cut after " << cut << ": " << read.what;
                EXPECT_EQ(read.heard, cut > 0) << reply.name << " cut after " << cut;
                EXPECT_FALSE(read.reusable) << reply.name << " cut after " << cut;
            }
        }
    }
}

TEST(Exchange, SkipsInterimRepliesUpToSixteen) {
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    const std::string final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    std::string bytes;
    for (int count = 0; count <= 18; ++count, bytes += interim) {
        const outcome read = exchange_with(bytes + final, how::whole);
        if (count <= 16) {
            EXPECT_EQ(read.body, "ok") << count;
            EXPECT_TRUE(read.reusable);
        } else {
            EXPECT_EQ(read.error_code, static_cast<int>(errc::malformed_http)) << count;
        }
    }
}

TEST(Exchange, DoesNotTakeAFieldOfAnInterimReplyForTheFinalOnes) {
    const outcome read = exchange_with(
        "HTTP/1.1 100 Continue\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        how::whole);
    EXPECT_EQ(read.error_code, 0) << read.what;
    EXPECT_EQ(read.body, "ok");
    EXPECT_TRUE(read.reusable);
}

TEST(Exchange, RefusesABodyInACodingThatNobodyAskedFor) {
    for (const std::string coding : {"gzip", "br", "deflate, gzip"}) {
        const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: ";
        const outcome read = exchange_with(head + coding + "\r\n\r\nxx", how::whole);
        EXPECT_EQ(read.error_code, static_cast<int>(errc::encoded_body)) << coding;
    }
    const outcome identity = exchange_with(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: Identity\r\n\r\nok", how::whole);
    EXPECT_EQ(identity.body, "ok");
}

TEST(Exchange, TellsTheHeadOfAReplyWhoseBodyHasACoding) {
    const outcome read = exchange_with(
        "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\nxx", how::events);
    EXPECT_EQ(read.status, 503);
    EXPECT_EQ(read.error_code, static_cast<int>(errc::encoded_body));
}

TEST(Exchange, DeliversTheEventsBeforeAChunkThatIsMalformed) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string broken : {"nonsense\r\n", "-1\r\n", "0\r\nbad trailer\r\n\r\n"}) {
        for (const std::size_t segment : {std::size_t{1}, std::size_t{4096}}) {
            const outcome read = exchange_with(
                head + "16\r\ndata: one\n\ndata: two\n\n\r\n" + broken, how::events, segment);
            EXPECT_EQ(read.error_code, static_cast<int>(errc::malformed_http)) << broken;
            EXPECT_EQ(read.body, "[one][two]") << broken;
            EXPECT_FALSE(read.reusable);
        }
    }
}

TEST(Exchange, LimitsTheHead) {
    const std::string tail = "\r\nContent-Length: 2\r\n\r\nok";
    const outcome large =
        exchange_with("HTTP/1.1 200 OK\r\nX: " + std::string(60'000, 'x') + tail, how::whole);
    EXPECT_EQ(large.body, "ok") << large.what;
    const outcome giant =
        exchange_with("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + tail, how::whole);
    EXPECT_EQ(giant.error_code, static_cast<int>(errc::head_too_large));
}

TEST(Exchange, LimitsTheBody) {
    for (const std::string framing : {"Content-Length: 5\r\n\r\nabcde",
                                      "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
                                      "Connection: close\r\n\r\nabcde"}) {
        const std::string bytes = "HTTP/1.1 200 OK\r\n" + framing;
        for (const std::size_t segment : {std::size_t{1}, std::size_t{4096}}) {
            EXPECT_EQ(exchange_with(bytes, how::whole, segment, 5).body, "abcde");
            const outcome over = exchange_with(bytes, how::whole, segment, 4);
            EXPECT_EQ(over.error_code, static_cast<int>(errc::body_too_large)) << framing;
        }
    }
}

TEST(Exchange, RefusesWhatIsNotHttp) {
    for (const std::string bytes :
         {"hello\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"}) {
        for (const how way : {how::whole, how::events}) {
            const outcome read = exchange_with(bytes, way);
            EXPECT_EQ(read.error_code, static_cast<int>(errc::malformed_http)) << bytes;
        }
    }
}

TEST(Exchange, DoesNotReuseAConnectionWithBytesBehindTheReply) {
    for (const auto& reply : good_replies()) {
        if (!reply.keeps_connection) continue;
        for (const how way : {how::whole, how::events}) {
            const outcome read = exchange_with(reply.bytes + "H", way);
            EXPECT_EQ(read.error_code, 0) << read.what;
            EXPECT_FALSE(read.reusable) << reply.name;
        }
    }
}

TEST(Exchange, DoesNotReuseAConnectionThatTheServerMeansToClose) {
    for (const std::string start :
         {"HTTP/1.1 200 OK\r\nConnection: close\r\n", "HTTP/1.0 200 OK\r\n"}) {
        const outcome read = exchange_with(start + "Content-Length: 2\r\n\r\nok", how::whole);
        EXPECT_EQ(read.body, "ok");
        EXPECT_FALSE(read.reusable) << start;
    }
}

TEST(Exchange, KnowsRepliesWithoutABody) {
    const outcome read = exchange_with("HTTP/1.1 204 No Content\r\n\r\n", how::whole);
    EXPECT_EQ(read.error_code, 0) << read.what;
    EXPECT_EQ(read.body, "");
    EXPECT_TRUE(read.reusable);
}

// The server answers as soon as it has seen the head and closes, with most of the body unread.
TEST(Exchange, HearsAnAnswerThatComesWhileTheRequestIsStillBeingWritten) {
    const raw_server server([](tcp::socket& socket, int) {
        read_until(socket, "\r\n\r\n");
        write(socket, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large");
        socket.shutdown(tcp::socket::shutdown_send);
        // Long enough for the reply to be read, or the reset might overtake it.
        std::this_thread::sleep_for(100ms);
    });
    std::string body;
    int status = 0;
    bool reusable = true;
    run([&]() -> asio::awaitable<void> {
        tcp::socket socket(co_await asio::this_coro::executor);
        socket.connect({asio::ip::address_v4::loopback(), server.port()});
        net::exchange exchange(net::stream(std::move(socket)));
        const std::string large(std::size_t{4} << 20, 'x');
        http::request_head head = request_head(large.size());
        co_await exchange.send(head, large);
        co_await exchange.read_head();
        status = exchange.head().status;
        body = co_await exchange.read_body(100);
        reusable = exchange.reusable();
    });
    EXPECT_EQ(status, 413);
    EXPECT_EQ(body, "too large");
    EXPECT_FALSE(reusable);
}

TEST(Exchange, CancelledAnywhereEndsAtOnce) {
    for (const std::string stalled : {"", "HTTP/1.1 200 OK\r\nContent-Le",
                                      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}) {
        asio::io_context context;
        connected_pair pair(context);
        write(pair.server, stalled);
        asio::cancellation_signal signal;
        asio::steady_timer timer(context, 10ms);
        timer.async_wait([&](net::error_code) { signal.emit(asio::cancellation_type::terminal); });
        bool ended = false;
        const auto caller = [&]() -> asio::awaitable<void> {
            net::exchange exchange(net::stream(std::move(pair.client)));
            co_await exchange.read_head();
            co_await exchange.read_body(100);
        };
        asio::co_spawn(context, caller,
                       asio::bind_cancellation_slot(
                           signal.slot(), [&](std::exception_ptr thrown) { ended = !!thrown; }));
        const auto taken = time_of([&] { context.run_for(stall); });
        EXPECT_TRUE(ended);
        EXPECT_LT(taken, at_once);
        EXPECT_EQ(read_to_end(pair.server), "") << "the connection is closed";
    }
}

TEST(Exchange, CancelledWhileItsWriteIsStuckEndsAtOnce) {
    asio::io_context context;
    connected_pair pair(context);
    asio::cancellation_signal signal;
    asio::steady_timer timer(context, 20ms);
    timer.async_wait([&](net::error_code) { signal.emit(asio::cancellation_type::terminal); });
    bool sent = false;
    bool ended = false;
    const auto caller = [&]() -> asio::awaitable<void> {
        net::exchange exchange(net::stream(std::move(pair.client)));
        const std::string large(std::size_t{32} << 20, 'x');
        http::request_head head = request_head(large.size());
        co_await exchange.send(head, large);
        sent = true;
        co_await exchange.read_head();
    };
    asio::co_spawn(context, caller,
                   asio::bind_cancellation_slot(
                       signal.slot(), [&](std::exception_ptr thrown) { ended = !!thrown; }));
    const auto taken = time_of([&] { context.run_for(stall); });
    EXPECT_FALSE(sent);
    EXPECT_TRUE(ended);
    EXPECT_LT(taken, at_once);
    // A reset, and not what the kernel still held of the request.
    std::string rest;
    net::error_code end;
    asio::read(pair.server, asio::dynamic_buffer(rest), end);
    EXPECT_EQ(end, asio::error::connection_reset) << end.message();
}

}  // namespace
