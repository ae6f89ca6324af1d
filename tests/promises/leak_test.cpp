// No connection, descriptor or memory is left behind by calls that fail, and nothing is sent that
// is not reported.

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "descriptors.hpp"
#include "faults.hpp"

namespace conclave::tests {
namespace {

using running::open_descriptors;

// Two providers, plain and over TLS, that have a model for every fault of a reply; and a third
// whose connections go wrong one after the other.
class faulty_world {
public:
    faulty_world() {
        for (auto& family : all_faults("sk-no-secret")) {
            for (auto& each : family.members) {
                // The endless ones take a whole timeout and a whole processor.
                if (!each.reply || each.name.starts_with("Endless")) continue;
                plain_.on(each.name, *each.reply);
                secure_.on(each.name, *each.reply);
                models_.push_back(each.name);
            }
        }
        broken_.otherwise(answer("well"));
        options_ = options_for(plain_);
        options_.tls.ca_pem = secure_.certificate_authority() + broken_.certificate_authority();
        add("secure/", secure_.base_url());
        add("broken/", broken_.base_url());
        add("nobody/", scripted_provider::refusing_url());
        options_.retry_budget.percent = 0;  // so that retries leave nothing behind either
    }

    // What the next `count` connections to `broken/` will go through.
    void break_connections(std::size_t count) {
        using fault = testing::connection_fault;
        constexpr std::array<fault, 6> kinds = {fault::close,
                                                fault::reset,
                                                fault::silent,
                                                fault::half_tls_handshake,
                                                fault::plaintext_on_tls,
                                                fault::none};
        for (std::size_t i = 0; i < count; ++i)
            broken_.on_connect(kinds[i % kinds.size()]);
    }

    roundtable_request request(std::size_t number) const {
        const std::string& model = models_[number % models_.size()];
        const std::string& other = models_[(number * 7 + 3) % models_.size()];
        roundtable_request request("Which database?");
        request.model(model).model("secure/" + other);
        request.model(number % 3 == 0 ? "nobody/one" : "broken/one");
        request.timeout(40ms).max_retries(static_cast<int>(number % 2));
        return request.resolve_by(number % 4 == 0 ? resolution::summary : resolution::fast);
    }

    bool all_closed() {
        const auto closed = [](scripted_provider& provider) {
            return provider.wait_until([&] { return provider.open_connections() == 0; });
        };
        return closed(plain_) && closed(secure_) && closed(broken_);
    }

    std::size_t requests_seen() const {
        return plain_.requests().size() + secure_.requests().size();
    }

    const client_options& options() const { return options_; }
    scripted_provider& plain() { return plain_; }

private:
    void add(std::string prefix, std::string url) {
        options_.endpoints.emplace_back(std::move(url), "sk-no-secret");
        options_.endpoints.back().prefix = std::move(prefix);
    }

    scripted_provider plain_;
    scripted_provider secure_{testing::provider_options().tls()};
    scripted_provider broken_{testing::provider_options().tls()};
    std::vector<std::string> models_;
    client_options options_;
};

// Keeps some roundtables under way until `count` have ended; every tenth is cancelled.
class busy_caller {
public:
    busy_caller(client& via, const faulty_world& world, std::size_t count)
        : via_(via), world_(world), count_(count), stops_(count) {}

    void run(asio::io_context& context) {
        for (int i = 0; i < 8; ++i)
            start_next();
        context.restart();
        context.run();
    }

    std::size_t ended() const { return ended_; }

private:
    void start_next() {
        if (started_ == count_) return;
        const std::size_t number = started_++;
        auto on_end = [this](std::exception_ptr, const roundtable_response&) {
            ++ended_;
            start_next();
        };
        async_roundtable(via_, world_.request(number),
                         asio::bind_cancellation_slot(stops_[number].slot(), on_end));
        if (number % 10 != 0) return;
        auto timer = std::make_shared<asio::steady_timer>(
            via_.get_executor(), std::chrono::milliseconds(number / 10 % 40));
        timer->async_wait([this, number, timer](std::error_code) {
            stops_[number].emit(asio::cancellation_type::terminal);
        });
    }

    client& via_;
    const faulty_world& world_;
    std::size_t count_;
    std::deque<asio::cancellation_signal> stops_;
    std::size_t started_ = 0;
    std::size_t ended_ = 0;
};

TEST(Leaks, AThousandFaultedCallsLeaveNoDescriptorAndNoConnection) {
    faulty_world world;
    asio::io_context context;
    client via(context, world.options());
    const auto spend = [&](std::size_t count) {
        world.break_connections(count);
        busy_caller caller(via, world, count);
        caller.run(context);
        EXPECT_EQ(caller.ended(), count);
        EXPECT_LE(via.idle_connections(), 4 * via.options().pool.max_idle_per_origin);
        via.close_idle_connections();
        EXPECT_EQ(via.idle_connections(), 0u);
        EXPECT_TRUE(world.all_closed());
    };
    spend(20);  // what is made once and kept, such as the reactor, is there from here on
    const std::size_t before = open_descriptors();
    spend(1000);
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Leaks, ConnectionsOfHealthyCallsAreUsedAgainAndAgain) {
    scripted_provider plain;
    scripted_provider secure(testing::provider_options().tls());
    // With a length, the end of a body comes with its last event. That of a chunked one may come a
    // moment after, and a call made in that moment gets another connection.
    const auto words = answer("A few words").framing(testing::body_framing::content_length);
    plain.otherwise(words);
    secure.otherwise(words);
    client_options options = options_for(plain);
    options.tls.ca_pem = secure.certificate_authority();
    options.endpoints.emplace_back(secure.base_url());
    options.endpoints.back().prefix = "secure/";
    asio::io_context context;
    client via(context, options);
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b").model("secure/a").resolve_by(resolution::fast);
    for (int i = 0; i < 200; ++i) {
        const auto response = run_to_end(context, roundtable(via, request));
        ASSERT_EQ(response.meta.models_used.size(), 3u);
    }
    EXPECT_EQ(plain.connections(), 2u);
    EXPECT_EQ(secure.connections(), 1u);
    EXPECT_EQ(plain.requests().size(), 400u);
}

TEST(Leaks, AnErrorStatusOnAStreamLeavesItsConnectionUsable) {
    scripted_provider provider;
    provider.otherwise(status(400));
    asio::io_context context;
    client via(context, options_for(provider));
    roundtable_request request("Which database?");
    request.model("m/a");
    for (int i = 0; i < 50; ++i)
        (void)run_to_end(context, roundtable(via, request));
    EXPECT_EQ(provider.connections(), 1u);
}

TEST(Leaks, EveryGenerationSeenUpstreamIsAnAttemptReported) {
    faulty_world world;
    // A connection from the pool that dies before a byte of reply is replaced, unreported.
    client_options options = world.options();
    options.pool.max_idle_per_origin = 0;
    asio::io_context context;
    client via(context, options);
    std::size_t reported = 0;
    std::size_t timed_out = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        roundtable_request request = world.request(i);
        request.resolve_by(resolution::fast).timeout(100ms);
        const auto response = run_to_end(context, roundtable(via, request));
        for (std::size_t seat = 0; seat < 2; ++seat) {
            const model_result& result = response.results[seat];
            reported += static_cast<std::size_t>(result.attempts);
            if (result.error_code == errc::model_timeout) ++timed_out;
        }
    }
    EXPECT_LE(world.requests_seen(), reported);
    // A last attempt may run out of time before its request is sent.
    EXPECT_GE(world.requests_seen() + timed_out, reported);
}

TEST(Leaks, AnAnswerThatNeverEndsIsCutOffAtItsLimit) {
    scripted_provider provider;
    provider.otherwise(answer("on").endless_body(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" and on\"}}]}\n\n"));
    client_options options = options_for(provider);
    options.limits.body_size = 256 * 1024;
    roundtable_request request("Which database?");
    request.model("m/a").timeout(20s);
    const panel_run run(options, request);
    EXPECT_EQ(run.response.results[0].error_code, errc::body_too_large);
    EXPECT_LT(run.response.results[0].text().size(), 2 * options.limits.body_size);
    EXPECT_EQ(run.response.results[0].attempts, 1);
    EXPECT_LT(run.took, 15s);
}

}  // namespace
}  // namespace conclave::tests
