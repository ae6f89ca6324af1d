#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/use_future.hpp>

#include <conclave/conclave.hpp>
#include <conclave/testing/scripted_provider.hpp>

namespace conclave::tests {

using namespace std::chrono_literals;
using testing::answer;
using testing::scripted_provider;
using testing::scripted_reply;
using testing::status;

// Runs an awaitable to its end, and with it everything that it leaves behind: `run` returns when
// nothing is under way any more.
template <class T>
T run_to_end(asio::io_context& context, asio::awaitable<T> work) {
    auto result = asio::co_spawn(context, std::move(work), asio::use_future);
    context.restart();
    context.run();
    return result.get();
}

inline client_options options_for(const scripted_provider& provider, std::string key = {}) {
    client_options options;
    options.endpoints.emplace_back(provider.base_url(), std::move(key));
    options.tls.ca_pem = provider.certificate_authority();
    return options;
}

inline roundtable_request three_seats() {
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b").model("m/c");
    return request;
}

inline asio::awaitable<roundtable_response> watch(client& via, roundtable_request request,
                                                  std::vector<stream_event>& events) {
    auto on_event = [&events](const roundtable_event& seen) { events.emplace_back(seen); };
    auto response = co_await roundtable(via, std::move(request), on_event);
    co_return response;
}

// A roundtable from its request to its end on a context of its own, with all its events.
class panel_run {
public:
    panel_run() = default;
    panel_run(client_options options, roundtable_request request) {
        asio::io_context context;
        client via(context, std::move(options));
        const auto start = std::chrono::steady_clock::now();
        try {
            response = run_to_end(context, watch(via, std::move(request), events));
        } catch (const error& failure) {
            thrown = failure;
        }
        took = std::chrono::steady_clock::now() - start;
    }

    // The words of the events but the deltas, the seat behind those of a seat: "model_start 0".
    std::vector<std::string> milestones() const {
        std::vector<std::string> words;
        for (const stream_event& seen : events) {
            if (seen.type == event_type::model_delta || seen.type == event_type::summary_delta) {
                continue;
            }
            words.emplace_back(to_string(seen.type));
            if (seen.type <= event_type::model_error) {
                words.back() += ' ' + std::to_string(seen.model_index);
            }
        }
        return words;
    }

    std::size_t count(event_type type, std::optional<std::size_t> seat = std::nullopt) const {
        const auto matches = [&](const stream_event& seen) {
            return seen.type == type && (!seat || seen.model_index == *seat);
        };
        return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), matches));
    }

    // The deltas that stand at the end: those since the last retry.
    std::string shown(std::size_t seat) const {
        return joined(event_type::model_delta, event_type::model_retry, seat);
    }
    std::string summary_shown() const {
        return joined(event_type::summary_delta, event_type::summary_retry, 0);
    }

    roundtable_response response;
    std::optional<error> thrown;
    std::vector<stream_event> events;
    std::chrono::steady_clock::duration took{};

private:
    std::string joined(event_type piece, event_type restart, std::size_t seat) const {
        std::string text;
        for (const stream_event& seen : events) {
            if (seen.model_index != seat) continue;
            if (seen.type == restart) text.clear();
            if (seen.type == piece) text += seen.delta;
        }
        return text;
    }
};

inline panel_run run_panel(const scripted_provider& provider, roundtable_request request) {
    return panel_run(options_for(provider), std::move(request));
}

}  // namespace conclave::tests
