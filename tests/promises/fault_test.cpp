// Every fault that a provider can have, in every seat: each seat reports once and in its place,
// nobody else's answer is touched, the call returns in its time, and no text has the key in it.

#include <algorithm>
#include <deque>
#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "client/tells_key.hpp"
#include "faults.hpp"
#include "seated_call.hpp"

namespace conclave::tests {
namespace {

const std::string canary = "sk-7Qd2xW9vLk4hTz8RbNc3Y";

TEST(Canary, IsFoundWhereItIs) {
    EXPECT_TRUE(tells_key("x" + canary, canary));
    EXPECT_TRUE(tells_key("sk-..." + canary.substr(5, 8) + "...", canary));
    EXPECT_FALSE(tells_key(canary.substr(0, 7) + "...", canary));
}

asio::awaitable<completion> ask(client& via, call what, int& restarts) {
    auto on_delta = [&restarts](const delta& piece) { restarts += piece.restart ? 1 : 0; };
    auto answered = co_await complete(via, std::move(what), on_delta);
    co_return answered;
}

// One faulty place, asked by a call and by three roundtables, which seat it first, between two
// healthy seats, and last.
class trial {
public:
    static constexpr std::chrono::milliseconds timeout = 1500ms;

    trial(const fault& what, bool tls, const scripted_provider& healthy, asio::io_context& context)
        : fault_(what), place_(what, tls), via_(context, options(healthy)) {
        for (std::size_t seat = 0; seat < 3; ++seat)
            calls_[seat].faulty_seat = seat;
    }

    void start() {
        const auto executor = via_.get_executor();
        for (auto& call : calls_) {
            const auto start = std::chrono::steady_clock::now();
            auto on_end = [&call, start](std::exception_ptr thrown, roundtable_response response) {
                call.thrown = thrown;
                call.response = std::move(response);
                call.took = std::chrono::steady_clock::now() - start;
            };
            asio::co_spawn(executor, watch(via_, request_for(call), call.events), on_end);
        }
        auto on_end = [this](std::exception_ptr thrown, const completion&) { failure_ = thrown; };
        auto what = call("bad/one", "Which database?").timeout(timeout);
        asio::co_spawn(executor, ask(via_, std::move(what), restarts_), on_end);
    }

    void check() {
        SCOPED_TRACE(fault_.name);
        std::size_t attempts = static_cast<std::size_t>(1 + restarts_);
        std::size_t timed_out = check_call() == errc::model_timeout ? 1 : 0;
        for (const auto& call : calls_) {
            SCOPED_TRACE("the faulty seat is " + std::to_string(call.faulty_seat));
            check_roundtable(call);
            if (::testing::Test::HasFatalFailure()) return;
            const auto& faulty = call.response.results[call.faulty_seat];
            attempts += static_cast<std::size_t>(faulty.attempts);
            if (faulty.error_code == errc::model_timeout) ++timed_out;
        }
        const auto requests = place_.provider().requests();
        if (fault_.each_attempt_is_seen) {
            EXPECT_LE(requests.size(), attempts) << "nothing is sent behind the user's back";
            // A last attempt may run out of time before its request is sent.
            EXPECT_GE(requests.size() + timed_out, attempts);
        }
        for (const auto& request : requests)
            EXPECT_EQ(request.header.find("authorization"), "Bearer " + canary);
    }

private:
    client_options options(const scripted_provider& healthy) const {
        client_options options = options_for(healthy);
        options.tls.ca_pem += place_.authority();
        options.endpoints.emplace_back(place_.url(), canary);
        options.endpoints.back().prefix = "bad/";
        options.limits.event_size = 256 * 1024;
        options.limits.body_size = 1024 * 1024;
        return options;
    }

    static roundtable_request request_for(const seated_call& call) {
        roundtable_request request("Which database?");
        for (std::size_t seat = 0; seat < 3; ++seat)
            request.model(seat == call.faulty_seat ? "bad/one" : "good/one");
        return request.resolve_by(resolution::fast).timeout(timeout);
    }

    void check_roundtable(const seated_call& call) const {
        ASSERT_FALSE(call.thrown);
        ASSERT_EQ(call.response.results.size(), 3u);
        expect_one_report_a_seat(call);
        for (std::size_t seat = 0; seat < 3; ++seat) {
            const auto& result = call.response.results[seat];
            EXPECT_EQ(result.index, seat);
            if (seat == call.faulty_seat) continue;
            EXPECT_EQ(result.model, "good/one");
            EXPECT_TRUE(result.ok()) << *result.error;
            EXPECT_EQ(result.text(), "A few healthy words.");
            EXPECT_EQ(result.attempts, 1);
        }
        const auto& faulty = call.response.results[call.faulty_seat];
        EXPECT_EQ(faulty.model, "bad/one");
        EXPECT_EQ(faulty.ok(), fault_.answers) << faulty.error.value_or("it answered");
        if (!faulty.ok()) {
            EXPECT_FALSE(faulty.error->empty());
            EXPECT_TRUE(faulty.error_code.has_value());
        }
        EXPECT_GE(faulty.attempts, 1);
        EXPECT_LE(faulty.attempts, 2);
        EXPECT_LT(call.took, timeout + 500ms);

        EXPECT_FALSE(tells_key(call.response.to_json(), canary)) << call.response.to_json();
        for (const auto& seen : call.events) {
            std::string frame;
            write_frame(seen.view(), frame);
            EXPECT_FALSE(tells_key(frame, canary)) << frame;
        }
    }

    // The same for the unit that panels are made of, whose failures are exceptions.
    std::error_code check_call() const {
        EXPECT_LE(restarts_, 1);
        EXPECT_EQ(failure_ == nullptr, fault_.completes);
        if (!failure_) return {};
        try {
            std::rethrow_exception(failure_);
        } catch (const error& failure) {
            for (const std::string& text :
                 {std::string(failure.what()), failure.provider_message(), failure.provider_code(),
                  failure.request_id(), failure.field(), failure.details().cause.message()}) {
                EXPECT_FALSE(tells_key(text, canary)) << text;
            }
            return failure.code();
        }
    }

    fault fault_;
    faulty_place place_;
    client via_;
    std::vector<seated_call> calls_ = std::vector<seated_call>(3);
    std::exception_ptr failure_;
    int restarts_ = 0;
};

class EveryFault : public ::testing::TestWithParam<std::tuple<fault_family, bool>> {};

TEST_P(EveryFault, CostsOnlyItsOwnSeat) {
    const auto& [family, tls] = GetParam();
    scripted_provider healthy(tls ? testing::provider_options().tls()
                                  : testing::provider_options());
    healthy.otherwise(answer("A few healthy words."));
    constexpr std::size_t at_once = 8;
    for (std::size_t first = 0; first < family.members.size(); first += at_once) {
        asio::io_context context;
        std::deque<trial> trials;
        const std::size_t last = std::min(first + at_once, family.members.size());
        for (std::size_t i = first; i < last; ++i)
            trials.emplace_back(family.members[i], tls, healthy, context);
        for (auto& each : trials)
            each.start();
        context.run();
        for (auto& each : trials)
            each.check();
    }
    for (const auto& request : healthy.requests())
        EXPECT_FALSE(request.header.find("authorization").has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Of, EveryFault, ::testing::Combine(::testing::ValuesIn(all_faults(canary)), ::testing::Bool()),
    [](const auto& each) {
        return std::get<0>(each.param).name + (std::get<1>(each.param) ? "OverTls" : "Plain");
    });

// ---- keys that are none

class MalformedKey : public ::testing::TestWithParam<std::string> {};

TEST_P(MalformedKey, FailsItsSeatsOnlyAndIsNotQuoted) {
    scripted_provider healthy;
    scripted_provider other;
    healthy.otherwise(answer("A few healthy words."));
    client_options options = options_for(healthy);
    options.endpoints.emplace_back(other.base_url(), canary + GetParam());
    options.endpoints.back().prefix = "bad/";
    roundtable_request request("Which database?");
    request.model("bad/one").model("good/one").resolve_by(resolution::fast);
    const panel_run run(options, request);

    ASSERT_FALSE(run.thrown.has_value()) << run.thrown->what();
    ASSERT_EQ(run.response.results.size(), 2u);
    EXPECT_EQ(run.response.results[0].error_code, errc::invalid_header);
    EXPECT_EQ(run.response.results[0].attempts, 0);
    EXPECT_EQ(run.response.results[1].text(), "A few healthy words.");
    EXPECT_EQ(run.count(event_type::model_error, 0), 1u);
    EXPECT_FALSE(tells_key(run.response.to_json(), canary)) << run.response.to_json();
    EXPECT_EQ(other.connections(), 0u);
}

INSTANTIATE_TEST_SUITE_P(With, MalformedKey,
                         ::testing::Values("\n", "\r\nx-evil: 1", std::string("\0", 1), "\x7f"),
                         [](const auto& each) { return "Case" + std::to_string(each.index); });

}  // namespace

}  // namespace conclave::tests
