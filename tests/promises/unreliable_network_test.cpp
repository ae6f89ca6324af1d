// A network that loses packets, refuses, is slow, or leads nowhere: Linux's own, in a namespace.

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "client/calling.hpp"
#include "descriptors.hpp"
#include "net/machine_delay.hpp"
#include "network_namespace.hpp"

namespace {

using namespace std::chrono_literals;
using calling::caller;
using calling::result;
using conclave::errc;
using conclave::testing::answer;
using conclave::testing::scripted_provider;
using running::machine_delay;
using running::network_namespace;
using running::open_descriptors;

constexpr std::chrono::milliseconds network_clock = 300ms;

// A provider in a network of its own, and a client with short clocks.
class BrokenNetwork : public ::testing::Test {
protected:
    BrokenNetwork() { use(conclave::testing::provider_options()); }

    void TearDown() override {
        client_.reset();
        provider_.reset();
        network_.reset();
        EXPECT_EQ(open_descriptors(), descriptors_);
    }

    void use(const conclave::testing::provider_options& options) {
        provider_ = std::make_unique<scripted_provider>(options);
        options_ = calling::options_for(*provider_);
        options_.connect.connect_timeout = network_clock;
        options_.connect.tls_timeout = network_clock;
        options_.timeouts.first_token_timeout = network_clock;
        options_.timeouts.idle_timeout = network_clock;
    }

    // What the other end of a connection is: that of the provider, or of its clients.
    std::string to_provider() const {
        return "-p tcp --dport " + std::to_string(provider_->port());
    }
    std::string to_client() const { return "-p tcp --sport " + std::to_string(provider_->port()); }

    void filter(const std::string& packets, const std::string& fate,
                const std::string& table = "iptables") {
        network_->run(table + " -w -A INPUT " + packets + " -j " + fate);
    }

    caller& client() {
        if (!client_) client_ = std::make_unique<caller>(options_);
        return *client_;
    }

    result ask(const std::function<void(const conclave::delta&)>& on_delta = nullptr,
               int max_retries = 0, std::chrono::milliseconds timeout = 10s,
               const std::string& prompt = "Why so?") {
        conclave::call what("m", prompt);
        what.max_retries(max_retries).timeout(timeout);
        return client().ask(std::move(what), on_delta);
    }

    // Asks, and expects that this clock ends it: not before its time, and soon after.
    result ask_until(errc clock, const std::function<void(const conclave::delta&)>& on_delta = {},
                     const std::string& prompt = "Why so?") {
        const machine_delay delay;
        auto last_heard = std::chrono::steady_clock::now();
        const auto note = [&](const conclave::delta& piece) {
            if (on_delta) on_delta(piece);
            last_heard = std::chrono::steady_clock::now();
        };
        const result got = ask(note, 0, 10s, prompt);
        const auto waited = std::chrono::steady_clock::now() - last_heard;
        EXPECT_EQ(got.code(), clock) << got.what();
        EXPECT_LT(waited, network_clock + 100ms + delay.longest());
        return got;
    }

    // Names both families' loopback addresses, the newer first.
    void resolve_to_both_families() {
        options_.endpoints.clear();
        options_.endpoints.emplace_back("http://both.example:" + std::to_string(provider_->port()) +
                                        "/v1");
        options_.resolve.lookup =
            [](std::string) -> conclave::asio::awaitable<std::vector<conclave::asio::ip::address>> {
            std::vector<conclave::asio::ip::address> both;
            both.emplace_back(conclave::asio::ip::address_v6::loopback());
            both.emplace_back(conclave::asio::ip::address_v4::loopback());
            co_return both;
        };
    }

    std::size_t descriptors_ = open_descriptors();
    std::unique_ptr<network_namespace> network_ = std::make_unique<network_namespace>();
    std::unique_ptr<scripted_provider> provider_;
    conclave::client_options options_;
    std::unique_ptr<caller> client_;
};

// ---- no way there

TEST_F(BrokenNetwork, WhoseFirstPacketIsLostIsAConnectTimeout) {
    filter(to_provider() + " --syn", "DROP");
    const result got = ask_until(errc::connect_timeout);
    EXPECT_GE(got.taken, network_clock);
    EXPECT_EQ(provider_->connections(), 0u);
}

TEST_F(BrokenNetwork, ThatAnswersWithARefusalFailsAtOnceAndSaysWhy) {
    const std::vector<std::pair<std::string, int>> refusals = {
        {"tcp-reset", ECONNREFUSED},
        {"icmp-port-unreachable", ECONNREFUSED},
        {"icmp-host-unreachable", EHOSTUNREACH},
        {"icmp-admin-prohibited", EHOSTUNREACH},
    };
    for (const auto& [how, cause] : refusals) {
        network_->run("iptables -w -F INPUT");
        filter(to_provider(), "REJECT --reject-with " + how);
        const machine_delay delay;
        const result got = ask();
        EXPECT_EQ(got.code(), errc::connect_failed) << got.what();
        EXPECT_EQ(got.failure.details().cause.value(), cause) << how << ": " << got.what();
        EXPECT_LT(got.taken, 100ms + delay.longest()) << how;
    }
}

TEST_F(BrokenNetwork, WithoutARouteFailsAtOnceAndSaysWhy) {
    network_->run("ip route add blackhole 192.0.2.0/28");
    network_->run("ip route add unreachable 192.0.2.16/28");
    network_->run("ip route add prohibit 192.0.2.32/28");
    network_->run("ip -6 route add blackhole 2001:db8:1::/48");
    network_->run("ip -6 route add unreachable 2001:db8:2::/48");
    const std::vector<std::pair<std::string, int>> places = {
        {"192.0.2.1", EINVAL},
        {"192.0.2.17", EHOSTUNREACH},
        {"192.0.2.33", EACCES},
        {"192.0.2.49", ENETUNREACH},
        {"[2001:db8:1::1]", EINVAL},
        {"[2001:db8:2::1]", EHOSTUNREACH},
        {"[2001:db8:3::1]", ENETUNREACH},
    };
    for (const auto& [host, cause] : places) {
        caller lost(calling::options_for("http://" + host + ":8080/v1"));
        const machine_delay delay;
        const result got = lost.ask(calling::question().max_retries(0));
        EXPECT_EQ(got.code(), errc::connect_failed) << got.what();
        EXPECT_EQ(got.failure.details().cause.value(), cause) << host << ": " << got.what();
        EXPECT_LT(got.taken, 100ms + delay.longest()) << host;
    }
}

// ---- two ways there

TEST_F(BrokenNetwork, ThatLosesTheNewerFamilyIsGotThroughByTheOlder) {
    provider_->otherwise(answer("one two three"));
    resolve_to_both_families();
    filter(to_provider(), "DROP", "ip6tables");
    const result got = ask();
    EXPECT_EQ(got.answer.text, "one two three") << got.what();
    EXPECT_GE(got.taken, 250ms) << "the older family's attempt begins then";
}

TEST_F(BrokenNetwork, ThatRefusesTheNewerFamilyIsGotThroughByTheOlderAtOnce) {
    provider_->otherwise(answer("one two three"));
    resolve_to_both_families();
    filter(to_provider(), "REJECT --reject-with tcp-reset", "ip6tables");
    const machine_delay delay;
    const result got = ask();
    EXPECT_EQ(got.answer.text, "one two three") << got.what();
    EXPECT_LT(got.taken, 200ms + delay.longest());
}

TEST_F(BrokenNetwork, ThatLosesBothFamiliesIsAConnectTimeout) {
    resolve_to_both_families();
    filter(to_provider(), "DROP", "ip6tables");
    filter(to_provider(), "DROP");
    ask_until(errc::connect_timeout);
}

// ---- a way there that ends

TEST_F(BrokenNetwork, ThatLosesTheHandshakeIsATlsTimeout) {
    use(conclave::testing::provider_options().tls());
    filter(to_client() + " --tcp-flags PSH PSH", "DROP");
    ask_until(errc::tls_timeout);
    EXPECT_EQ(provider_->connections(), 1u);
}

TEST_F(BrokenNetwork, ThatFallsSilentAfterTheRequestIsAFirstTokenTimeout) {
    provider_->otherwise(
        conclave::testing::answer_with([&](const conclave::testing::recorded_request&) {
            filter(to_client(), "DROP");
            return "never heard";
        }));
    const result got = ask_until(errc::first_token_timeout);
    EXPECT_EQ(got.shown, "");
    EXPECT_EQ(provider_->requests().size(), 1u);
}

// Small packets pass: connecting works, and a request of some size never arrives.
TEST_F(BrokenNetwork, ThatLosesLargePacketsIsAFirstTokenTimeout) {
    network_->run("ip link set lo mtu 1500");
    provider_->otherwise(answer("one two three"));
    filter(to_provider() + " -m length --length 1000:65535", "DROP");
    const result small = ask();
    EXPECT_EQ(small.answer.text, "one two three") << small.what();
    client().via.close_idle_connections();
    ask_until(errc::first_token_timeout, nullptr, std::string(100'000, 'x'));
    EXPECT_EQ(provider_->connections(), 2u);
    EXPECT_EQ(provider_->requests().size(), 1u);
}

class BrokenStream : public BrokenNetwork {
protected:
    BrokenStream() { provider_->otherwise(answer("one two three").token_every(50ms)); }

    // Breaks the network when the first token is there.
    std::function<void(const conclave::delta&)> then(const std::string& packets,
                                                     const std::string& fate) {
        return [=, this](const conclave::delta&) {
            if (!std::exchange(is_broken_, true)) filter(packets, fate);
        };
    }

private:
    bool is_broken_ = false;
};

TEST_F(BrokenStream, ThatLosesEverythingIsAnIdleTimeoutWithItsText) {
    const result got = ask_until(errc::idle_timeout, then(to_client(), "DROP"));
    EXPECT_EQ(got.shown.substr(0, 3), "one");
}

TEST_F(BrokenStream, WhoseAcknowledgementsAreLostIsWholeWhileTheWindowLasts) {
    const result got = ask(then(to_provider(), "DROP"));
    EXPECT_EQ(got.answer.text, "one two three") << got.what();
}

TEST_F(BrokenStream, ThatIsResetIsALostConnectionWithItsText) {
    const machine_delay delay;
    const result got = ask(then(to_provider(), "REJECT --reject-with tcp-reset"));
    EXPECT_EQ(got.code(), errc::connection_lost) << got.what();
    EXPECT_EQ(got.shown.substr(0, 3), "one");
    EXPECT_EQ(got.failure.details().cause.value(), ECONNRESET) << got.what();
    EXPECT_LT(got.taken, network_clock + delay.longest()) << "no clock was needed";
}

// The first attempt goes by the connection that was used before, which is dead without a word.
TEST_F(BrokenStream, IsWholeOnceTheNetworkIsBack) {
    // With a length, the end of the body comes with its last event, and nothing is on its way.
    provider_->otherwise(answer("one two three")
                             .framing(conclave::testing::body_framing::content_length)
                             .token_every(50ms));
    EXPECT_EQ(ask().answer.text, "one two three");
    filter(to_client(), "DROP");
    const auto mend = [&](const conclave::delta& piece) {
        if (piece.restart) network_->run("iptables -w -F INPUT");
    };
    const result got = ask(mend, 1);
    EXPECT_EQ(got.answer.text, "one two three") << got.what();
    EXPECT_EQ(got.shown, "|one two three");
    EXPECT_EQ(provider_->requests().size(), 3u);
    EXPECT_EQ(provider_->connections(), 2u);
}

// ---- a slow way there

class SlowNetwork : public BrokenNetwork {
protected:
    SlowNetwork() {
        // Packets larger than what the bucket holds would never pass, and none is to be lost.
        network_->run("ip link set lo mtu 1500");
        network_->run("tc qdisc add dev lo root tbf rate 240kbit burst 4kb latency 10s");
        provider_->otherwise(answer(std::vector<std::string>(100, "word ")));
    }
};

TEST_F(SlowNetwork, OfWhichEnoughComesInTimeIsNoFailure) {
    const result got = ask();
    EXPECT_EQ(got.code(), errc{}) << got.what();
    EXPECT_EQ(got.answer.text.size(), 500u);
    EXPECT_GE(got.taken, network_clock) << "longer than from one token to the next";
}

TEST_F(SlowNetwork, EndsWithTheCallsTime) {
    const machine_delay delay;
    const result got = ask(nullptr, 3, 250ms);
    EXPECT_EQ(got.code(), errc::model_timeout) << got.what();
    EXPECT_GE(got.taken, 250ms);
    EXPECT_LT(got.taken, 350ms + delay.longest());
    EXPECT_NE(got.shown, "");
    EXPECT_LT(got.shown.size(), 500u);
}

}  // namespace
