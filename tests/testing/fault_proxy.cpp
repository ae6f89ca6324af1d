// What each fault of the proxy is on the wire.

#include "loopback_client.hpp"
#include "net/machine_delay.hpp"
#include "net/raw_server.hpp"
#include "net/running.hpp"

#include <conclave/testing/fault_proxy.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;
using conclave::testing::fault_proxy;
using conclave::testing::scripted_provider;
using conclave::testing::toxics;
using conclave::testing::detail::fault_link;
using conclave::testing::detail::link_step;
using loopback::ending;
using loopback::plain_client;
using running::machine_delay;
using running::raw_server;
using running::tcp;
using running::time_of;

// Sends back whatever comes, as it comes.
void echo_bytes(tcp::socket& socket, int) {
    std::string buffer(16 * 1024, '\0');
    while (true) {
        const std::size_t length =
            socket.read_some(conclave::asio::buffer(buffer.data(), buffer.size()));
        running::write(socket, std::string_view(buffer).substr(0, length));
    }
}

// Says so much, hears the client to its end, and closes.
raw_server::session speaker_of(std::string words) {
    return [words = std::move(words)](tcp::socket& socket, int) {
        running::write(socket, words);
        socket.shutdown(tcp::socket::shutdown_send);
        running::read_to_end(socket);
    };
}

std::string bytes_of_every_value(std::size_t count) {
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count; ++i)
        bytes[i] = static_cast<char>(i * 31 % 251);
    return bytes;
}

std::string receive_so_many(plain_client& client, std::size_t count) {
    std::string all;
    while (all.size() < count) {
        const std::string piece = client.receive();
        if (piece.empty()) break;
        all += piece;
    }
    return all;
}

bool is_left_alone(const fault_proxy& proxy) {
    return proxy.wait_until([&] { return proxy.open_connections() == 0; });
}

TEST(FaultProxy, PassesEverythingOnAndCountsIt) {
    const raw_server echo(echo_bytes);
    const fault_proxy proxy(echo.url());
    EXPECT_EQ(proxy.base_url(), "http://127.0.0.1:" + std::to_string(proxy.port()) + "/v1");
    const std::string bytes = bytes_of_every_value(200'000);
    {
        plain_client client(proxy.port());
        ASSERT_TRUE(client.send(bytes));
        EXPECT_EQ(receive_so_many(client, bytes.size()), bytes);
        EXPECT_EQ(proxy.open_connections(), 1u);
    }
    EXPECT_TRUE(is_left_alone(proxy));
    EXPECT_EQ(proxy.connections(), 1u);
    EXPECT_EQ(proxy.upstream_bytes(), bytes.size());
    EXPECT_EQ(proxy.downstream_bytes(), bytes.size());
}

TEST(FaultProxy, LeavesAHalfClosedConnectionOpenTheOtherWay) {
    const raw_server server([](tcp::socket& socket, int) {
        running::write(socket, "heard " + running::read_to_end(socket));
    });
    const fault_proxy proxy(server.url());
    conclave::asio::io_context context;
    tcp::socket client(context);
    client.connect({conclave::asio::ip::address_v4::loopback(), proxy.port()});
    running::write(client, "all");
    client.shutdown(tcp::socket::shutdown_send);
    EXPECT_EQ(running::read_to_end(client), "heard all");
    EXPECT_TRUE(is_left_alone(proxy));
}

TEST(FaultProxy, PassesAResetOn) {
    scripted_provider provider;
    provider.on_connect(conclave::testing::connection_fault::reset);
    const fault_proxy proxy(provider.base_url());
    plain_client client(proxy.port());
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(client.ended, ending::reset);
    EXPECT_TRUE(is_left_alone(proxy));
}

TEST(FaultProxy, ClosesTheClientWhereNobodyListens) {
    const fault_proxy proxy(scripted_provider::refusing_url());
    plain_client client(proxy.port());
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(client.ended, ending::closed);
    EXPECT_TRUE(is_left_alone(proxy));
}

TEST(FaultProxy, RefusesWhileItIsDisabledAndKeepsItsPort) {
    const raw_server echo(echo_bytes);
    fault_proxy proxy(echo.url());
    for (int i = 0; i < 3; ++i) {
        plain_client client(proxy.port());
        client.send("hello");
        EXPECT_EQ(receive_so_many(client, 5), "hello");
        proxy.disable().disable();
        EXPECT_EQ(proxy.open_connections(), 0u);
        EXPECT_EQ(client.receive_all(), "");
        EXPECT_NE(client.ended, ending::quiet);
        EXPECT_THROW(plain_client refused(proxy.port()), std::runtime_error);
        proxy.enable().enable();
    }
    EXPECT_EQ(proxy.connections(), 3u);
}

TEST(FaultProxy, SaysNoToWhatItCannotDo) {
    EXPECT_THROW(fault_proxy("127.0.0.1:80"), std::invalid_argument);
    EXPECT_THROW(fault_proxy("http://host.invalid/"), std::system_error);
    EXPECT_THROW(toxics().latency(-1ms), std::invalid_argument);
    EXPECT_THROW(toxics().latency(1ms, -1ms), std::invalid_argument);
    EXPECT_THROW(toxics().bandwidth(0), std::invalid_argument);
    EXPECT_THROW(toxics().slow_close(-1ms), std::invalid_argument);
    EXPECT_THROW(toxics().timeout(-1ms), std::invalid_argument);
    EXPECT_THROW(toxics().reset_peer(-1ms), std::invalid_argument);
    EXPECT_THROW(toxics().slicer(0), std::invalid_argument);
    EXPECT_THROW(toxics().slicer(5, 5), std::invalid_argument);
    EXPECT_THROW(toxics().slicer(5, 0, -1us), std::invalid_argument);
    EXPECT_THROW(toxics().toxicity(1.1), std::invalid_argument);
    EXPECT_THROW(toxics().toxicity(-0.1), std::invalid_argument);
}

TEST(FaultProxyLatency, DelaysEachDirectionWithoutHoldingUpWhatFollows) {
    const raw_server echo(echo_bytes);
    fault_proxy proxy(echo.url());
    proxy.upstream(toxics().latency(100ms)).downstream(toxics().latency(100ms, 50ms));
    plain_client client(proxy.port());
    std::string sent;
    std::string heard;
    const machine_delay delay;
    const auto taken = time_of([&] {
        for (int i = 0; i < 20; ++i) {
            const std::string word = "word " + std::to_string(i) + ". ";
            client.send(word);
            sent += word;
            std::this_thread::sleep_for(5ms);
        }
        heard = receive_so_many(client, sent.size());
    });
    EXPECT_EQ(heard, sent);
    EXPECT_GE(taken, 150ms);
    EXPECT_LT(taken, 1s + delay.longest());
}

TEST(FaultProxyBandwidth, IsNotExceeded) {
    const std::string bytes = bytes_of_every_value(20'000);
    const raw_server server(speaker_of(bytes));
    fault_proxy proxy(server.url());
    proxy.downstream(toxics().bandwidth(100'000));
    plain_client client(proxy.port());
    std::string heard;
    const auto taken = time_of([&] { heard = client.receive_all(); });
    EXPECT_EQ(heard, bytes);
    EXPECT_GE(taken, 180ms);
}

TEST(FaultProxyBandwidth, HoldsTheSenderBack) {
    constexpr std::size_t whole = 256 << 20;
    std::atomic<std::size_t> sent = 0;
    const raw_server server([&](tcp::socket& socket, int) {
        const std::string piece(64 * 1024, 'x');
        for (; sent < whole; sent += piece.size())
            running::write(socket, piece);
    });
    fault_proxy proxy(server.url());
    proxy.downstream(toxics().bandwidth(10'000));
    plain_client client(proxy.port());
    EXPECT_EQ(receive_so_many(client, 2'000).size() / 2'000, 1u);
    EXPECT_LT(sent, whole / 4) << "more than the buffers of the kernel take";
    EXPECT_LT(proxy.downstream_bytes(), 100'000u);
}

TEST(FaultProxySlowClose, DelaysTheEndAlone) {
    const raw_server server(speaker_of("goodbye"));
    fault_proxy proxy(server.url());
    proxy.downstream(toxics().slow_close(200ms));
    const machine_delay delay;
    const auto start = std::chrono::steady_clock::now();
    plain_client client(proxy.port());
    EXPECT_EQ(client.receive(), "goodbye");
    EXPECT_LT(std::chrono::steady_clock::now() - start, 100ms + delay.longest());
    EXPECT_EQ(client.receive(), "");
    EXPECT_EQ(client.ended, ending::closed);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
}

TEST(FaultProxyTimeout, HoldsEverythingBackUntilItIsTakenAway) {
    const raw_server echo(echo_bytes);
    fault_proxy proxy(echo.url());
    for (const bool is_upstream : {true, false}) {
        plain_client client(proxy.port(), 50ms);
        client.send("before");
        EXPECT_EQ(receive_so_many(client, 6), "before");
        is_upstream ? proxy.upstream(toxics().timeout()) : proxy.downstream(toxics().timeout());
        client.send("behind");
        EXPECT_EQ(client.receive(), "");
        EXPECT_EQ(client.ended, ending::quiet);
        client.be_patient(10s);
        is_upstream ? proxy.upstream(toxics()) : proxy.downstream(toxics());
        EXPECT_EQ(receive_so_many(client, 6), "behind");
    }
}

TEST(FaultProxyTimeout, KeepsNothingOfAClientThatLeaves) {
    scripted_provider provider;
    fault_proxy proxy(provider.base_url());
    proxy.downstream(toxics().timeout());
    {
        plain_client client(proxy.port(), 20ms);
        client.send("GET /v1/models HTTP/1.1\r\n\r\n");
        EXPECT_EQ(client.receive(), "");
    }
    EXPECT_TRUE(is_left_alone(proxy));
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(FaultProxyTimeout, ClosesInItsTime) {
    const raw_server server(speaker_of("never heard"));
    fault_proxy proxy(server.url());
    proxy.downstream(toxics().timeout(100ms));
    const auto start = std::chrono::steady_clock::now();
    plain_client client(proxy.port());
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_NE(client.ended, ending::quiet);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
    EXPECT_EQ(proxy.downstream_bytes(), 0u);
}

TEST(FaultProxyResetPeer, ResetsTheReceiverAtOnceOrInItsTime) {
    const raw_server echo(echo_bytes);
    fault_proxy proxy(echo.url());
    plain_client open(proxy.port());
    open.send("hello");
    EXPECT_EQ(receive_so_many(open, 5), "hello");
    proxy.downstream(toxics().reset_peer());
    EXPECT_EQ(open.receive_all(), "");
    EXPECT_EQ(open.ended, ending::reset);

    proxy.downstream(toxics().reset_peer(100ms));
    const auto start = std::chrono::steady_clock::now();
    plain_client later(proxy.port());
    later.send("hello");
    later.receive_all();
    EXPECT_EQ(later.ended, ending::reset);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
    EXPECT_TRUE(is_left_alone(proxy));
}

TEST(FaultProxyResetPeer, ResetsTheServerAndClosesTheClient) {
    std::atomic<bool> is_reset = false;
    std::atomic<bool> has_ended = false;
    const raw_server server([&](tcp::socket& socket, int) {
        char byte = 0;
        conclave::net::error_code error;
        conclave::asio::read(socket, conclave::asio::buffer(&byte, 1), error);
        is_reset = error == conclave::asio::error::connection_reset;
        has_ended = true;
    });
    fault_proxy proxy(server.url());
    proxy.upstream(toxics().reset_peer(50ms));
    plain_client client(proxy.port());
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(client.ended, ending::closed);
    for (int i = 0; i < 500 && !has_ended; ++i)
        std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(is_reset);
}

TEST(FaultProxySlicer, CutsWithPausesAndLosesNothing) {
    const std::string bytes = bytes_of_every_value(1'000);
    const raw_server server(speaker_of(bytes));
    fault_proxy proxy(server.url());
    proxy.downstream(toxics().slicer(100, 50, 10'000us));
    plain_client client(proxy.port());
    std::string heard;
    std::size_t reads = 0;
    const auto taken = time_of([&] {
        for (std::string piece = client.receive(); !piece.empty(); piece = client.receive()) {
            heard += piece;
            ++reads;
        }
    });
    EXPECT_EQ(heard, bytes);
    EXPECT_GT(reads, 1u);
    EXPECT_GE(taken, 50ms) << "at least seven slices, with six pauses between them";
}

TEST(FaultProxyLimitData, ClosesAfterAsManyBytesAsTold) {
    for (const std::uint64_t limit : {0u, 1u, 7u}) {
        const raw_server server(speaker_of("a few words"));
        fault_proxy proxy(server.url());
        proxy.downstream(toxics().limit_data(limit));
        plain_client client(proxy.port());
        EXPECT_EQ(client.receive_all(), std::string("a few words").substr(0, limit));
        EXPECT_NE(client.ended, ending::quiet);
        EXPECT_EQ(proxy.downstream_bytes(), limit);
        EXPECT_TRUE(is_left_alone(proxy));
    }
}

// Which of so many connections are affected.
std::string pattern_of_toxicity(double probability, std::uint64_t seed) {
    const raw_server server(speaker_of("word"));
    fault_proxy proxy(server.url(), seed);
    proxy.downstream(toxics().limit_data(0).toxicity(probability));
    std::string pattern;
    for (int i = 0; i < 30; ++i)
        pattern += plain_client(proxy.port()).receive_all() == "word" ? '+' : '-';
    return pattern;
}

TEST(FaultProxyToxicity, FollowsFromTheSeed) {
    EXPECT_EQ(pattern_of_toxicity(0, 1), std::string(30, '+'));
    EXPECT_EQ(pattern_of_toxicity(1, 1), std::string(30, '-'));
    const std::string half = pattern_of_toxicity(0.5, 1);
    EXPECT_NE(half.find('+'), half.npos);
    EXPECT_NE(half.find('-'), half.npos);
    EXPECT_EQ(pattern_of_toxicity(0.5, 1), half);
    EXPECT_NE(pattern_of_toxicity(0.5, 2), half);
}

// ---- one direction, without sockets and in a time of the test's own

TEST(FaultLink, SlicesWithinItsVariationAndAroundItsAverage) {
    fault_link link(7);
    fault_link::time_point now;
    link.set(toxics().slicer(10, 4).settings(), now);
    link.push(std::string(20'000, 'x'), now);
    std::set<std::size_t> sizes;
    std::size_t pieces = 0;
    for (auto step = link.next(now); step.what == link_step::action::write; step = link.next(now)) {
        sizes.insert(step.bytes.size());
        ++pieces;
        link.written(step.bytes.size(), now);
    }
    sizes.erase(*sizes.begin() < 6 ? *sizes.begin() : 0);  // the rest, at the end
    EXPECT_EQ(*sizes.begin(), 6u);
    EXPECT_EQ(*sizes.rbegin(), 14u);
    EXPECT_NEAR(static_cast<double>(pieces), 2'000.0, 60.0);
}

TEST(FaultLink, DelaysByTheLatencyGiveOrTakeTheJitterAndInOrder) {
    fault_link link(7);
    fault_link::time_point now;
    link.set(toxics().latency(100ms, 30ms).settings(), now);
    auto least = fault_link::clock::duration::max();
    auto most = fault_link::clock::duration::zero();
    for (int i = 0; i < 200; ++i) {
        link.push("x", now);
        const auto step = link.next(now);
        ASSERT_EQ(step.what, link_step::action::wait);
        least = std::min(least, step.until - now);
        most = std::max(most, step.until - now);
        now = step.until;
        ASSERT_EQ(link.next(now).what, link_step::action::write);
        link.written(1, now);
    }
    EXPECT_GE(least, 70ms);
    EXPECT_LT(least, 80ms);
    EXPECT_LE(most, 130ms);
    EXPECT_GT(most, 120ms);
}

TEST(FaultLink, AppliesWhatIsSetToWhatIsHeldAlready) {
    fault_link link(7);
    const fault_link::time_point now;
    link.set(toxics().latency(1h).settings(), now);
    link.push("held", now);
    EXPECT_EQ(link.next(now + 1min).what, link_step::action::wait);
    link.set(toxics().settings(), now + 1min);
    EXPECT_EQ(link.next(now + 1min).bytes, "held");
}

TEST(FaultLink, DoesNotCountWhatIsOnItsWayWhileItIsChanged) {
    fault_link link(7);
    const fault_link::time_point now;
    link.push("first", now);
    EXPECT_EQ(link.next(now).bytes, "first");
    link.set(toxics().limit_data(3).bandwidth(1'000).settings(), now);
    link.written(5, now);
    link.push("second", now);
    EXPECT_EQ(link.next(now).bytes, "sec");
    link.written(3, now);
    EXPECT_EQ(link.next(now).what, link_step::action::close);
}

TEST(FaultLink, HasRoomForItsCapacity) {
    fault_link link(7);
    const fault_link::time_point now;
    link.push(std::string(fault_link::capacity - 1, 'x'), now);
    EXPECT_TRUE(link.has_room());
    link.push("x", now);
    EXPECT_FALSE(link.has_room());
    EXPECT_EQ(link.next(now).bytes.size(), fault_link::capacity - 1);
    link.written(1, now);
    EXPECT_TRUE(link.has_room());
}

}  // namespace
