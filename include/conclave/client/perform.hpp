#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <conclave/client/attempt.hpp>
#include <conclave/client/client.hpp>
#include <conclave/client/retry.hpp>
#include <conclave/client/secrets.hpp>
#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/task_group.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>

namespace conclave::detail {

/// What became of a call, over all its attempts.
struct call_report {
    /// The answer; of a failed call, what had come of the last attempt.
    completion answer;
    /// Why it failed; absent when it was answered.
    std::optional<error> failure;
    /// How many requests were sent for it, or tried to be.
    int attempts = 0;
    /// Of all attempts together; absent when none reported any.
    std::optional<conclave::usage> usage;
    /// Of all attempts together, in USD; absent when that of any is unknown.
    std::optional<double> cost = 0.0;
};

/// A call on its way: its attempts, the waits between them and the deadline over all of it.
template <class Transport>
class performance {
public:
    using clock_type = typename Transport::clock_type;
    using timer_type = typename Transport::timer_type;
    using time_point = typename clock_type::time_point;

    /// `header` goes with every attempt. `observer` and `what` have to outlive the run.
    /// `panel_deadline` is that of the panel which the call is part of.
    performance(std::shared_ptr<client_state<Transport>> client, const call& what,
                std::vector<http::field> header, call_observer& observer,
                time_point panel_deadline = time_point::max())
        : client_(std::move(client)),
          what_(what),
          header_(std::move(header)),
          observer_(observer),
          deadline_(clock_type::now() + what.timeout()),
          panel_deadline_(panel_deadline) {}

    /// Runs on the current strand. Throws only when it is cancelled, or when memory is short: a
    /// call that fails says so in its report.
    asio::awaitable<call_report> run() {
        try {
            prepare();
        } catch (const error& refused) {
            report_.failure = refused;
            co_return std::move(report_);
        }
        while (true) {
            co_await run_attempt();
            if (!report_.failure) break;
            const auto wait = wait_before_retry();
            if (!wait) break;
            observer_.on_retry(*report_.failure);
            timer_type timer(client_->executor);
            timer.expires_after(*wait);
            net::error_code aborted;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, aborted));
            // It may have been cancelled although the wait was over: the next await would throw.
            const auto mine = co_await asio::this_coro::cancellation_state;
            if (aborted || mine.cancelled() != asio::cancellation_type::none) {
                report_.failure.emplace(errc::cancelled);
                break;
            }
        }
        co_return std::move(report_);
    }

private:
    void prepare() {
        const auto route = find_route(client_->options.endpoints, what_.model());
        if (!route) throw no_endpoint(client_->options.endpoints, "model", what_.model());
        const endpoint& to = client_->options.endpoints[route->endpoint];
        request_.endpoint = route->endpoint;
        const std::string target = std::visit(
            [&](const auto& format) {
                notes_ = format.write_request(what_, route->model, true, request_.body);
                return format.target(route->model, true);
            },
            to.format);
        request_.head = make_request_head(to, client_->bases[route->endpoint], "POST", target);
        std::vector<http::field> more = header_;
        more.push_back({"Content-Type", "application/json"});
        more.push_back({"Content-Length", std::to_string(request_.body.size())});
        more.push_back({"Accept", "text/event-stream, application/json"});
        more.push_back({"Idempotency-Key", idempotency_key()});
        for (auto& [name, value] : more) {
            if (request_.head.header.set(name, std::move(value))) {
                throw error(errc::invalid_header, "invalid header field " + name);
            }
        }
    }

    // The same for every attempt, so that a provider that knows the field does the work once.
    static std::string idempotency_key() {
        std::string key = "conclave-";
        constexpr std::string_view digits = "0123456789abcdef";
        for (int half = 0; half < 2; ++half) {
            std::uint64_t bits = Transport::random();
            for (int i = 0; i < 16; ++i, bits >>= 4)
                key += digits[bits & 15];
        }
        return key;
    }

    asio::awaitable<void> run_attempt() {
        const auto strand = co_await asio::this_coro::executor;
        ++report_.attempts;
        report_.answer = completion();
        report_.failure.reset();

        net::task_group group(strand);
        net::clocks<timer_type> timers(strand, group.stopper());
        timers.set(errc::model_timeout, deadline_);
        timers.set(errc::panel_timeout, panel_deadline_);
        timers.start(errc::attempt_timeout, client_->options.timeouts.attempt_timeout);
        attempt<Transport> current(*client_, request_, timers);
        const auto operation = [&]() -> asio::awaitable<void> {
            co_await current.run(report_.answer, observer_);
        };
        group.spawn(operation);
        try {
            co_await group.join();
        } catch (const error& failure) {
            report_.failure = failure;
        } catch (const net::system_error& failure) {
            report_.failure = system_failure(failure);
        }
        const auto mine = co_await asio::this_coro::cancellation_state;
        const bool cancelled = mine.cancelled() != asio::cancellation_type::none;
        if (report_.failure && timers.expired() && !is_known(*timers.expired())) {
            report_.failure = timeout_error(*timers.expired());
        } else if (report_.failure && cancelled) {
            report_.failure.emplace(errc::cancelled);
        }
        account(current.may_be_billed());
        auto& notes = report_.answer.notes;
        notes.insert(notes.begin(), notes_.begin(), notes_.end());
        if (!report_.failure) judge();
        if (!report_.failure) co_return;
        report_.failure =
            without_secrets(*report_.failure, client_->options.endpoints[request_.endpoint]);
    }

    // An error status whose body did not come to its end says more than that.
    bool is_known(errc expired) const {
        return expired == errc::idle_timeout && report_.failure->code() == errc::http_status;
    }

    error timeout_error(errc which) const {
        if (which != errc::model_timeout) return error(which);
        return error(which, "timed out after " + time_text(what_.timeout()));
    }

    // An answer that the provider withheld is none.
    void judge() {
        const completion& answer = report_.answer;
        const bool withheld =
            !answer.refusal.empty() ||
            (answer.finish == finish_reason::content_filter && answer.text.empty());
        if (!withheld) return;
        error_details details;
        details.provider_code = std::string(to_string(answer.finish));
        details.provider_message = answer.refusal;
        report_.failure.emplace(errc::refused, answer.refusal, std::move(details));
    }

    void account(bool may_be_billed) {
        completion& answer = report_.answer;
        if (answer.usage) {
            if (!report_.usage) report_.usage.emplace();
            accumulate(*report_.usage, *answer.usage);
            const auto price = client_->options.prices.find(what_.model());
            if (!answer.cost && price != client_->options.prices.end()) {
                answer.cost = cost_of(*answer.usage, price->second);
            }
        }
        if (answer.cost && report_.cost) {
            report_.cost = rounded_usd(*report_.cost + *answer.cost);
        } else if (may_be_billed) {
            report_.cost.reset();
        }
    }

    // How long to wait before the next attempt, or nothing if there is to be none.
    std::optional<std::chrono::milliseconds> wait_before_retry() {
        const error& failure = *report_.failure;
        if (report_.attempts > what_.max_retries() || !is_transient(failure)) return std::nullopt;
        const auto asked = failure.retry_after();
        const auto wait = asked.value_or(backoff(report_.attempts - 1, Transport::random()));
        const auto left = std::min(deadline_, panel_deadline_) - clock_type::now();
        if (wait < left) return wait;
        const std::string why = std::string(failure.what()) + "; not tried again: the wait of " +
                                time_text(wait) + " does not fit into the " + time_text(left) +
                                " left";
        report_.failure = error(static_cast<errc>(failure.code().value()), why, failure.details());
        return std::nullopt;
    }

    // For people: `3600 s`, `250 ms`.
    static std::string time_text(typename clock_type::duration time) {
        const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
        if (whole < 10'000) return std::to_string(whole) + " ms";
        return std::to_string(whole / 1000) + " s";
    }

    std::shared_ptr<client_state<Transport>> client_;
    const call& what_;
    std::vector<http::field> header_;
    call_observer& observer_;
    time_point deadline_;
    time_point panel_deadline_;
    prepared_request request_;
    std::vector<std::string> notes_;
    call_report report_;
};

}  // namespace conclave::detail
