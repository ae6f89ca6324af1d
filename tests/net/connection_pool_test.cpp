#include "raw_server.hpp"
#include "running.hpp"

#include <conclave/http/body_decoder.hpp>
#include <conclave/http/head.hpp>
#include <conclave/net/connection_pool.hpp>
#include <conclave/net/socket_transport.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace conclave;
using namespace running;

const std::string pooled_origin = "http://127.0.0.1:80";

using pool_type = net::connection_pool<net::socket_transport>;

std::optional<net::stream> take_from(pool_type& pool, const std::string& from) {
    std::optional<net::stream> taken;
    run([&]() -> asio::awaitable<void> { taken = co_await pool.take(from); });
    return taken;
}

/// A pool, and connections whose other ends the test holds.
class pool_fixture {
public:
    explicit pool_fixture(net::pool_options options = {}) : pool(options) {}

    /// Gives the pool a connection, and returns its server's end.
    tcp::socket& give(const std::string& to = pooled_origin, const http::body_decoder& rest = {}) {
        connected_pair& pair = pairs.emplace_back(context);
        pool.give(to, net::stream(std::move(pair.client)), rest);
        return pair.server;
    }

    std::optional<net::stream> take(const std::string& from) { return take_from(pool, from); }

    /// Sends over a connection that was taken what the server's end then has.
    void expect_that_it_is(std::optional<net::stream> taken, tcp::socket& server) {
        ASSERT_TRUE(taken);
        run(context, [&]() -> asio::awaitable<void> {
            net::error_code failure;
            const std::array<asio::const_buffer, 2> buffers = {asio::buffer("hel", 3),
                                                               asio::buffer("lo", 2)};
            co_await taken->write(buffers, failure);
            EXPECT_FALSE(failure);
        });
        ASSERT_EQ(server.available(), 5u);
        EXPECT_EQ(read_until(server, "hello"), "hello");
    }

    asio::io_context context;
    std::deque<connected_pair> pairs;
    pool_type pool;
};

// What was written over the loopback interface is there by then, and so is the news of a close.
void wait_for_delivery() { std::this_thread::sleep_for(5ms); }

http::body_decoder chunked_body() {
    http::response_head head;
    head.status = 200;
    EXPECT_FALSE(head.header.add("Transfer-Encoding", "chunked"));
    http::body_decoder body;
    EXPECT_FALSE(http::body_decoder::for_response("POST", head, body));
    return body;
}

bool is_closed(tcp::socket& server) {
    server.non_blocking(true);
    char byte = 0;
    net::error_code end;
    server.read_some(asio::buffer(&byte, 1), end);
    return end && end != asio::error::would_block;
}

TEST(ConnectionPool, HasNothingForAnOriginItWasGivenNothingFor) {
    pool_fixture f;
    f.give("http://127.0.0.1:81");
    EXPECT_FALSE(f.take(pooled_origin));
    EXPECT_FALSE(f.take("https://127.0.0.1:81"));
    EXPECT_EQ(f.pool.idle_count(), 1u);
}

TEST(ConnectionPool, GivesTheLastConnectionFirstAndEachOnce) {
    pool_fixture f;
    tcp::socket& first = f.give();
    tcp::socket& second = f.give();
    f.expect_that_it_is(f.take(pooled_origin), second);
    f.expect_that_it_is(f.take(pooled_origin), first);
    EXPECT_FALSE(f.take(pooled_origin));
    EXPECT_EQ(f.pool.idle_count(), 0u);
}

TEST(ConnectionPool, DropsAConnectionThatItsServerHasClosed) {
    pool_fixture f;
    tcp::socket& open = f.give();
    tcp::socket& closed = f.give();
    tcp::socket& reset = f.give();
    closed.close();
    reset.set_option(asio::socket_base::linger(true, 0));
    reset.close();
    wait_for_delivery();
    f.expect_that_it_is(f.take(pooled_origin), open);
}

TEST(ConnectionPool, DropsAConnectionWithBytesThatNobodyAskedFor) {
    pool_fixture f;
    tcp::socket& chatty = f.give();
    write(chatty, "HTTP/1.1 408 Request Timeout\r\n\r\n");
    wait_for_delivery();
    EXPECT_FALSE(f.take(pooled_origin));
    EXPECT_TRUE(is_closed(chatty));
}

TEST(ConnectionPool, ReadsTheRestOfAReplyThatCameLate) {
    pool_fixture f;
    tcp::socket& server = f.give(pooled_origin, chunked_body());
    write(server, "0\r\n\r\n");
    wait_for_delivery();
    f.expect_that_it_is(f.take(pooled_origin), server);
}

TEST(ConnectionPool, WaitsAMomentForTheRestOfAReply) {
    for (const std::string first : {"", "0", "0\r\n"}) {
        pool_fixture f;
        tcp::socket& server = f.give(pooled_origin, chunked_body());
        write(server, first);
        // On the same thread, so that the rest is sent once the pool has looked and waits.
        std::optional<net::stream> taken;
        asio::steady_timer later(f.context, 6ms);
        later.async_wait(
            [&](net::error_code) { write(server, std::string("0\r\n\r\n").substr(first.size())); });
        run(f.context,
            [&]() -> asio::awaitable<void> { taken = co_await f.pool.take(pooled_origin); });
        f.expect_that_it_is(std::move(taken), server);
    }
}

TEST(ConnectionPool, WaitsForAllUnfinishedRepliesTogetherNoLongerThanAMoment) {
    net::pool_options options;
    options.max_idle_per_origin = 200;
    pool_fixture f(options);
    for (int i = 0; i < 200; ++i)
        f.give(pooled_origin, chunked_body());
    const auto taken = time_of([&] { EXPECT_FALSE(f.take(pooled_origin)); });
    EXPECT_GE(taken, 19ms);
    EXPECT_LT(taken, at_once);  // one after the other would be four seconds
    EXPECT_EQ(f.pool.idle_count(), 0u);
}

TEST(ConnectionPool, CancelledWhileItWaitsEndsAndClosesTheConnection) {
    pool_fixture f;
    tcp::socket& server = f.give(pooled_origin, chunked_body());
    asio::cancellation_signal signal;
    asio::steady_timer timer(f.context, 5ms);
    timer.async_wait([&](net::error_code) { signal.emit(asio::cancellation_type::terminal); });
    bool threw = false;
    const auto caller = [&]() -> asio::awaitable<void> { co_await f.pool.take(pooled_origin); };
    asio::co_spawn(f.context, caller,
                   asio::bind_cancellation_slot(
                       signal.slot(), [&](std::exception_ptr thrown) { threw = !!thrown; }));
    f.context.run_for(stall);
    EXPECT_TRUE(threw);
    EXPECT_TRUE(is_closed(server));
    EXPECT_EQ(f.pool.idle_count(), 0u);
}

TEST(ConnectionPool, DropsAConnectionWhoseReplyHasNotEnded) {
    pool_fixture f;
    for (const std::string rest : {"", "0\r\n", "5\r\nabc"}) {
        tcp::socket& server = f.give(pooled_origin, chunked_body());
        write(server, rest);
        wait_for_delivery();
        EXPECT_FALSE(f.take(pooled_origin)) << rest;
        EXPECT_TRUE(is_closed(server)) << rest;
    }
}

TEST(ConnectionPool, DropsAConnectionWhoseReplyEndsInNonsenseOrIsFollowedBySomething) {
    pool_fixture f;
    for (const std::string rest : {"nonsense", "0\r\n\r\nH", "0\r\n\r\n\r\n"}) {
        tcp::socket& server = f.give(pooled_origin, chunked_body());
        write(server, rest);
        wait_for_delivery();
        EXPECT_FALSE(f.take(pooled_origin)) << rest;
        EXPECT_TRUE(is_closed(server)) << rest;
    }
}

TEST(ConnectionPool, DoesNotReadForEverWhatAServerGoesOnSending) {
    pool_fixture f;
    tcp::socket& server = f.give(pooled_origin, chunked_body());
    std::string chunks;
    for (int i = 0; i < 4000; ++i)
        chunks += "5\r\nabcde\r\n";
    write(server, chunks + "0\r\n\r\n");
    wait_for_delivery();
    EXPECT_FALSE(f.take(pooled_origin));
}

TEST(ConnectionPool, ForgetsWhatHasBeenIdleForTooLong) {
    net::pool_options options;
    options.idle_timeout = 20ms;
    pool_fixture f(options);
    tcp::socket& old = f.give();
    std::this_thread::sleep_for(40ms);
    EXPECT_FALSE(f.take(pooled_origin));
    EXPECT_TRUE(is_closed(old));
    EXPECT_EQ(f.pool.idle_count(), 0u);
}

TEST(ConnectionPool, ClosesWhatHasBeenIdleForTooLongWhateverIsTakenOrGiven) {
    net::pool_options options;
    options.idle_timeout = 20ms;
    pool_fixture f(options);
    tcp::socket& one = f.give();
    tcp::socket& other = f.give("http://elsewhere:80");
    std::this_thread::sleep_for(40ms);
    tcp::socket& young = f.give("http://elsewhere:80");
    EXPECT_TRUE(is_closed(one));
    EXPECT_TRUE(is_closed(other));
    EXPECT_FALSE(is_closed(young));
    EXPECT_EQ(f.pool.idle_count(), 1u);
    std::this_thread::sleep_for(40ms);
    EXPECT_FALSE(f.take(pooled_origin));
    EXPECT_TRUE(is_closed(young));
}

TEST(ConnectionPool, KeepsWhatMayBeIdleForEver) {
    net::pool_options options;
    options.idle_timeout = std::chrono::milliseconds::max();
    pool_fixture f(options);
    tcp::socket& server = f.give();
    f.expect_that_it_is(f.take(pooled_origin), server);
}

TEST(ConnectionPool, KeepsTheNewestOfTooMany) {
    net::pool_options options;
    options.max_idle_per_origin = 2;
    pool_fixture f(options);
    tcp::socket& first = f.give();
    tcp::socket& second = f.give();
    tcp::socket& third = f.give();
    f.give("http://elsewhere:80");
    EXPECT_EQ(f.pool.idle_count(), 3u);
    EXPECT_TRUE(is_closed(first));
    f.expect_that_it_is(f.take(pooled_origin), third);
    f.expect_that_it_is(f.take(pooled_origin), second);
    EXPECT_FALSE(f.take(pooled_origin));
}

TEST(ConnectionPool, KeepsNoneWhereNoneIsWanted) {
    net::pool_options options;
    options.max_idle_per_origin = 0;
    pool_fixture f(options);
    EXPECT_TRUE(is_closed(f.give()));
    EXPECT_EQ(f.pool.idle_count(), 0u);
}

TEST(ConnectionPool, ClosesAllWhenItIsCleared) {
    pool_fixture f;
    tcp::socket& one = f.give();
    tcp::socket& other = f.give("http://elsewhere:80");
    f.pool.clear();
    EXPECT_TRUE(is_closed(one));
    EXPECT_TRUE(is_closed(other));
    EXPECT_FALSE(f.take(pooled_origin));
}

TEST(ConnectionPool, GivesNoConnectionToTwoThreads) {
    pool_fixture f;
    for (int i = 0; i < 8; ++i)
        f.give();
    std::atomic<int> taken = 0;
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; ++i) {
        workers.emplace_back([&] {
            for (int round = 0; round < 200; ++round) {
                auto connection = take_from(f.pool, pooled_origin);
                if (!connection) continue;
                ++taken;
                f.pool.give(pooled_origin, std::move(*connection), {});
            }
        });
    }
    for (auto& each : workers)
        each.join();
    EXPECT_GT(taken, 0);
    EXPECT_EQ(f.pool.idle_count(), 8u);
}

}  // namespace
