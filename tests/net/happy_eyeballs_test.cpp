#include "full_backlog.hpp"
#include "net/machine_delay.hpp"
#include "running.hpp"

#include <conclave/net/happy_eyeballs.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace conclave;
using namespace running;
using asio::ip::make_address;
using asio::ip::tcp;

std::vector<std::string> ordered(const std::vector<std::string>& found) {
    std::vector<asio::ip::address> addresses;
    for (const auto& each : found)
        addresses.push_back(make_address(each));
    std::vector<std::string> texts;
    for (const auto& each : net::in_order_of_attempts(addresses, 80)) {
        EXPECT_EQ(each.port(), 80);
        texts.push_back(each.address().to_string());
    }
    return texts;
}

using texts = std::vector<std::string>;

TEST(HappyEyeballs, TakesTheFamiliesInTurnBeginningWithThatOfTheFirstAddress) {
    EXPECT_EQ(ordered({}), texts{});
    EXPECT_EQ(ordered({"192.0.2.1"}), texts{"192.0.2.1"});
    EXPECT_EQ(ordered({"::1", "::2", "::3", "192.0.2.1", "192.0.2.2"}),
              (texts{"::1", "192.0.2.1", "::2", "192.0.2.2", "::3"}));
    EXPECT_EQ(ordered({"192.0.2.1", "192.0.2.2", "::1"}), (texts{"192.0.2.1", "::1", "192.0.2.2"}));
}

TEST(HappyEyeballs, TriesNoMoreThan16Addresses) {
    texts many;
    for (int i = 1; i <= 200; ++i)
        many.push_back("2001:db8::" + std::to_string(i));
    many.push_back("192.0.2.1");
    const texts tried = ordered(many);
    EXPECT_EQ(tried.size(), 16u);
    EXPECT_EQ(tried[1], "192.0.2.1");
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        (void)each;
        ++count;
    }
    return count;
}

// One race, and what came of it.
class HappyEyeballsRace : public ::testing::Test {
protected:
    // What the context itself needs is open before anybody counts.
    HappyEyeballsRace() { tcp::socket(context_).open(tcp::v4()); }

    static tcp::endpoint loopback(const char* address, unsigned short port) {
        return {make_address(address), port};
    }

    // A port at which nobody listens.
    unsigned short refusing_port() {
        closed_.emplace(context_, tcp::v6());
        closed_->bind(loopback("::1", 0));
        return closed_->local_endpoint().port();
    }

    void race(std::vector<tcp::endpoint> endpoints,
              std::optional<std::chrono::milliseconds> cancel_after = std::nullopt) {
        asio::cancellation_signal stop;
        asio::steady_timer timer(context_);
        if (cancel_after) {
            timer.expires_after(*cancel_after);
            timer.async_wait([&](net::error_code ended) {
                cancelled_at_ = std::chrono::steady_clock::now();
                if (!ended) stop.emit(asio::cancellation_type::terminal);
            });
        }
        const auto caller = [&]() -> asio::awaitable<void> {
            auto got = co_await net::connect_to_first(context_.get_executor(), endpoints, failure);
            if (got.is_open()) winner.emplace(std::move(got));
        };
        const auto on_end = [&](std::exception_ptr) {
            ended_at_ = std::chrono::steady_clock::now();
            timer.cancel();
        };
        const auto begin = std::chrono::steady_clock::now();
        asio::co_spawn(asio::make_strand(context_), caller,
                       asio::bind_cancellation_slot(stop.slot(), on_end));
        context_.restart();
        context_.run_for(stall);
        EXPECT_TRUE(context_.stopped());
        took = ended_at_ - begin;
        late = ended_at_ - cancelled_at_;
    }

    asio::io_context context_;
    std::optional<tcp::socket> winner;
    net::error_code failure;
    std::chrono::steady_clock::duration took{};
    std::chrono::steady_clock::duration late{};

private:
    std::optional<tcp::acceptor> closed_;
    std::chrono::steady_clock::time_point cancelled_at_;
    std::chrono::steady_clock::time_point ended_at_;
};

TEST_F(HappyEyeballsRace, TheFirstAddressWinsWhereItAccepts) {
    tcp::acceptor v6(context_, loopback("::1", 0));
    tcp::acceptor v4(context_, loopback("127.0.0.1", v6.local_endpoint().port()));
    race({v6.local_endpoint(), v4.local_endpoint()});
    ASSERT_TRUE(winner);
    EXPECT_EQ(winner->remote_endpoint(), v6.local_endpoint());
    v4.non_blocking(true);
    net::error_code nobody;
    tcp::socket other(context_);
    v4.accept(other, nobody);
    EXPECT_EQ(nobody, asio::error::would_block) << "the second address was not bothered";
}

TEST_F(HappyEyeballsRace, ARefusalStartsTheNextAttemptAtOnce) {
    tcp::acceptor v4(context_, loopback("127.0.0.1", 0));
    const auto refused = loopback("::1", refusing_port());
    const running::machine_delay delay;
    race({refused, refused, refused, refused, v4.local_endpoint()});
    ASSERT_TRUE(winner);
    EXPECT_EQ(winner->remote_endpoint(), v4.local_endpoint());
    EXPECT_LT(took, 250ms + delay.longest());
}

TEST_F(HappyEyeballsRace, AnAddressThatDoesNotAnswerIsPassedAfter250Milliseconds) {
    const full_backlog hole(make_address("::1"));
    tcp::acceptor v4(context_, loopback("127.0.0.1", 0));
    const std::size_t before = open_descriptors();
    race({hole.endpoint(), v4.local_endpoint()});
    ASSERT_TRUE(winner);
    EXPECT_EQ(winner->remote_endpoint(), v4.local_endpoint());
    EXPECT_GE(took, 250ms);
    EXPECT_LT(took, 1s);
    EXPECT_EQ(open_descriptors(), before + 1) << "the loser is closed";
}

TEST_F(HappyEyeballsRace, AnAddressThatAnswersLateMayStillWin) {
    // From 600 ms on the first one accepts, and the system knocks again within a second or so.
    asio::io_context own;
    tcp::acceptor slow(own, tcp::v4());
    slow.bind(loopback("127.0.0.1", 0));
    slow.listen(0);
    std::deque<tcp::socket> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back(own);
        waiting.back().async_connect(slow.local_endpoint(), [](net::error_code) {});
    }
    own.run_for(20ms);
    slow.non_blocking(true);
    const full_backlog hole(make_address("::1"));
    const std::jthread accepting([&](const std::stop_token& stop) {
        std::this_thread::sleep_for(600ms);
        std::deque<tcp::socket> accepted;
        while (!stop.stop_requested()) {
            net::error_code none;
            slow.accept(accepted.emplace_back(own), none);
            std::this_thread::sleep_for(5ms);
        }
    });
    race({slow.local_endpoint(), hole.endpoint()});
    ASSERT_TRUE(winner);
    EXPECT_EQ(winner->remote_endpoint(), slow.local_endpoint());
}

TEST_F(HappyEyeballsRace, ReportsWhyTheLastFailedWhenAllDid) {
    const auto refused = loopback("::1", refusing_port());
    const std::size_t before = open_descriptors();
    race({refused, refused});
    EXPECT_FALSE(winner);
    EXPECT_EQ(failure, asio::error::connection_refused);
    EXPECT_EQ(open_descriptors(), before);
    race({});
    EXPECT_FALSE(winner);
    EXPECT_TRUE(failure);
}

TEST_F(HappyEyeballsRace, CancelledAtAnyTimeReturnsWithin50MillisecondsAndLeavesNothingOpen) {
    const full_backlog one(make_address("::1"));
    const full_backlog other(make_address("127.0.0.1"));
    const std::vector<tcp::endpoint> holes = {one.endpoint(), other.endpoint(), one.endpoint()};
    const std::size_t before = open_descriptors();
    for (const auto after : {1ms, 100ms, 251ms, 300ms, 600ms, 800ms}) {
        const running::machine_delay delay;
        race(holes, after);
        EXPECT_FALSE(winner);
        EXPECT_LT(late, 50ms + delay.longest()) << after.count();
        EXPECT_EQ(open_descriptors(), before) << after.count();
    }
}

TEST_F(HappyEyeballsRace, CancelledBeforeItHasBegunLeavesNothingOpen) {
    tcp::acceptor v4(context_, loopback("127.0.0.1", 0));
    const std::size_t before = open_descriptors();
    race({v4.local_endpoint()}, 0ms);
    winner.reset();
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
