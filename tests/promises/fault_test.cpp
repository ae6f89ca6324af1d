// Every fault that a provider can have, in every seat: each seat reports once and in its place,
// nobody else's answer is touched, the call returns in its time, and no text has the key in it.

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "faults.hpp"

namespace conclave::tests {
namespace {

const std::string canary = "sk-7Qd2xW9vLk4hTz8RbNc3Y";

// Whether a text has the key in it, or 8 characters of it in a row.
bool tells_the_key(std::string_view text) {
    for (std::size_t i = 0; i + 8 <= canary.size(); ++i) {
        if (text.find(std::string_view(canary).substr(i, 8)) != text.npos) return true;
    }
    return false;
}

TEST(Canary, IsFoundWhereItIs) {
    EXPECT_TRUE(tells_the_key("x" + canary));
    EXPECT_TRUE(tells_the_key("sk-..." + canary.substr(5, 8) + "..."));
    EXPECT_FALSE(tells_the_key(canary.substr(0, 7) + "..."));
}

struct seated_call {
    std::size_t faulty_seat = 0;
    std::vector<stream_event> events;
    roundtable_response response;
    std::exception_ptr thrown;
    std::chrono::steady_clock::duration took{};
};

void expect_one_report_a_seat(const seated_call& call) {
    std::vector<int> starts(3), ends(3);
    for (const auto& seen : call.events) {
        if (seen.type > event_type::model_error) continue;
        ASSERT_LT(seen.model_index, 3u);
        EXPECT_EQ(ends[seen.model_index], 0) << "nothing comes after a seat's last report";
        const bool is_start = seen.type == event_type::model_start;
        EXPECT_EQ(starts[seen.model_index], is_start ? 0 : 1) << to_string(seen.type);
        if (is_start) ++starts[seen.model_index];
        if (seen.type != event_type::model_done && seen.type != event_type::model_error) continue;
        ++ends[seen.model_index];
        ASSERT_TRUE(seen.result.has_value());
        EXPECT_EQ(seen.result->index, seen.model_index);
        EXPECT_EQ(seen.type == event_type::model_error, !seen.result->ok());
        EXPECT_EQ(seen.result, call.response.results.at(seen.model_index));
    }
    EXPECT_EQ(starts, std::vector<int>(3, 1));
    EXPECT_EQ(ends, std::vector<int>(3, 1));
    ASSERT_FALSE(call.events.empty());
    EXPECT_EQ(call.events.back().type, event_type::done);
}

class EveryFault : public ::testing::TestWithParam<std::tuple<fault, bool>> {
protected:
    static constexpr std::chrono::milliseconds timeout = 700ms;

    void run() {
        client_options options = options_for(healthy_);
        options.tls.ca_pem += place_.authority();
        options.endpoints.emplace_back(place_.url(), canary);
        options.endpoints.back().prefix = "bad/";
        options.limits.event_size = 256 * 1024;
        options.limits.body_size = 1024 * 1024;

        asio::io_context context;
        client via(context, options);
        for (std::size_t seat = 0; seat < 3; ++seat)
            calls_[seat].faulty_seat = seat;
        for (auto& call : calls_) {
            const auto start = std::chrono::steady_clock::now();
            auto on_end = [&call, start](std::exception_ptr thrown, roundtable_response response) {
                call.thrown = thrown;
                call.response = std::move(response);
                call.took = std::chrono::steady_clock::now() - start;
            };
            asio::co_spawn(context, watch(via, request_for(call), call.events), on_end);
        }
        context.run();
    }

    static roundtable_request request_for(const seated_call& call) {
        roundtable_request request("Which database?");
        for (std::size_t seat = 0; seat < 3; ++seat)
            request.model(seat == call.faulty_seat ? "bad/one" : "good/one");
        return request.resolve_by(resolution::fast).timeout(timeout);
    }

    const fault fault_ = std::get<0>(GetParam());
    const bool tls_ = std::get<1>(GetParam());
    faulty_place place_{fault_, tls_};
    scripted_provider healthy_{tls_ ? testing::provider_options().tls()
                                    : testing::provider_options()};
    std::vector<seated_call> calls_ = std::vector<seated_call>(3);
};

TEST_P(EveryFault, CostsOnlyItsOwnSeat) {
    healthy_.otherwise(answer("A few healthy words.").cost(0.5));
    run();
    std::size_t attempts = 0;
    for (const auto& call : calls_) {
        SCOPED_TRACE("the faulty seat is " + std::to_string(call.faulty_seat));
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
        EXPECT_LT(call.took, timeout + 300ms);
        attempts += static_cast<std::size_t>(faulty.attempts);

        EXPECT_FALSE(tells_the_key(call.response.to_json())) << call.response.to_json();
        for (const auto& seen : call.events) {
            std::string frame;
            write_frame(seen.view(), frame);
            EXPECT_FALSE(tells_the_key(frame)) << frame;
        }
    }
    const auto requests = place_.provider().requests();
    if (fault_.each_attempt_is_seen) {
        EXPECT_EQ(requests.size(), attempts) << "nothing is sent behind the user's back";
    }
    for (const auto& request : requests)
        EXPECT_EQ(request.header.find("authorization"), "Bearer " + canary);
    for (const auto& request : healthy_.requests())
        EXPECT_FALSE(request.header.find("authorization").has_value());
}

asio::awaitable<completion> ask(client& via, int& restarts) {
    auto on_delta = [&restarts](const delta& piece) { restarts += piece.restart ? 1 : 0; };
    auto answered = co_await complete(
        via, call("bad/one", "Which database?").timeout(std::chrono::milliseconds(300)), on_delta);
    co_return answered;
}

// The same for the unit that panels are made of, whose failures are exceptions.
TEST_P(EveryFault, IsAnExceptionOfACallWithoutTheKey) {
    client_options options;
    options.tls.ca_pem = healthy_.certificate_authority() + place_.authority();
    options.endpoints.emplace_back(place_.url(), canary);
    options.limits.event_size = 256 * 1024;
    options.limits.body_size = 1024 * 1024;
    asio::io_context context;
    client via(context, options);
    int restarts = 0;
    try {
        (void)run_to_end(context, ask(via, restarts));
        EXPECT_TRUE(fault_.completes);
    } catch (const error& failure) {
        EXPECT_FALSE(fault_.completes) << failure.what();
        for (const std::string& text :
             {std::string(failure.what()), failure.provider_message(), failure.provider_code(),
              failure.request_id(), failure.field(), failure.details().cause.message()}) {
            EXPECT_FALSE(tells_the_key(text)) << text;
        }
    }
    EXPECT_LE(restarts, 1);
}

std::string case_name(const ::testing::TestParamInfo<EveryFault::ParamType>& each) {
    return std::get<0>(each.param).name + (std::get<1>(each.param) ? "Tls" : "Plain");
}

INSTANTIATE_TEST_SUITE_P(Of, EveryFault,
                         ::testing::Combine(::testing::ValuesIn([] {
                                                auto all = all_faults(canary);
                                                // Certificates are nobody's without TLS, and
                                                // without it half a handshake is silence.
                                                std::erase_if(all, [](const fault& each) {
                                                    return each.where >
                                                           fault::place::nobody_listens;
                                                });
                                                return all;
                                            }()),
                                            ::testing::Bool()),
                         case_name);

INSTANTIATE_TEST_SUITE_P(OfTheCertificate, EveryFault,
                         ::testing::Combine(::testing::ValuesIn([] {
                                                auto all = all_faults(canary);
                                                std::erase_if(all, [](const fault& each) {
                                                    return each.where <=
                                                           fault::place::nobody_listens;
                                                });
                                                return all;
                                            }()),
                                            ::testing::Values(true)),
                         case_name);

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
    EXPECT_FALSE(tells_the_key(run.response.to_json())) << run.response.to_json();
    EXPECT_EQ(other.connections(), 0u);
}

INSTANTIATE_TEST_SUITE_P(With, MalformedKey,
                         ::testing::Values("\n", "\r\nx-evil: 1", std::string("\0", 1), "\x7f"),
                         [](const auto& each) { return "Case" + std::to_string(each.index); });

}  // namespace

}  // namespace conclave::tests
