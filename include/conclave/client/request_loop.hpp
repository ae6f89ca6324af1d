#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/client/attempt.hpp>
#include <conclave/client/client.hpp>
#include <conclave/client/prices.hpp>
#include <conclave/client/retry.hpp>
#include <conclave/client/secrets.hpp>
#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/task_group.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave::detail {

/// What became of a request, over all its attempts.
struct request_report {
    /// Why it failed; absent when it was answered.
    std::optional<error> failure;
    /// How many requests were sent for it, or tried to be.
    int attempts = 0;
    /// Of all attempts together; absent when none reported any.
    std::optional<conclave::usage> usage;
    /// Of all attempts together, in USD; absent when that of any is unknown.
    std::optional<double> cost = 0.0;
};

/// A request on its way: its attempts, the waits between them and the deadline over all of it. What
/// is asked for is up to the classes made from it.
template <class Transport>
class request_loop {
public:
    using clock_type = typename Transport::clock_type;
    using timer_type = typename Transport::timer_type;
    using time_point = typename clock_type::time_point;

    request_loop(const request_loop&) = delete;
    request_loop& operator=(const request_loop&) = delete;

protected:
    /// For a request for `model`, tried again up to `max_retries` times within `timeout` and until
    /// `panel_deadline`, that of the panel which it is part of.
    request_loop(std::shared_ptr<client_state<Transport>> client, std::string model,
                 std::chrono::milliseconds timeout, int max_retries, time_point panel_deadline)
        : client_(std::move(client)),
          model_(std::move(model)),
          timeout_(timeout),
          max_retries_(max_retries),
          deadline_(clock_type::now() + timeout),
          panel_deadline_(panel_deadline) {}

    ~request_loop() = default;

    /// Makes the request, in `request_`. Throws `error` if there is none to be made.
    virtual void prepare() = 0;
    /// Forgets what came of the attempt before.
    virtual void begin_attempt() = 0;
    /// One attempt. Throws `error`.
    virtual asio::awaitable<void> run_attempt(attempt<Transport>& current) = 0;
    /// Whatever way the attempt ended: what it used and cost is to be put on the account.
    virtual void settle(bool may_be_billed) = 0;
    /// Why an attempt that nothing went wrong with failed after all, or nothing.
    virtual std::optional<error> judge() { return std::nullopt; }
    /// An attempt failed for this reason, and another is made.
    virtual void on_retry(const error&) {}

    /// Runs on the current strand. Throws only when it is cancelled, or when memory is short: a
    /// request that fails says so in its report.
    asio::awaitable<void> run_all() {
        request_report& report = this->report();
        try {
            prepare();
        } catch (const error& refused) {
            report.failure = refused;
            co_return;
        }
        while (true) {
            co_await try_once(report);
            if (!report.failure) break;
            const auto wait = wait_before_retry(report);
            if (!wait) break;
            on_retry(*report.failure);
            timer_type timer(client_->executor);
            timer.expires_after(*wait);
            net::error_code aborted;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, aborted));
            // It may have been cancelled although the wait was over: the next await would throw.
            const auto mine = co_await asio::this_coro::cancellation_state;
            if (aborted || mine.cancelled() != asio::cancellation_type::none) {
                report.failure.emplace(errc::cancelled);
                break;
            }
        }
    }

    virtual request_report& report() = 0;

    /// Where the model is asked. Throws `error` with `errc::no_endpoint`.
    route find_endpoint() {
        auto found = find_route(client_->options.endpoints, model_);
        if (!found) throw no_endpoint(client_->options.endpoints, "model", model_);
        request_.endpoint = found->endpoint;
        return std::move(*found);
    }

    /// Where the request goes.
    const endpoint& place() const { return client_->options.endpoints[request_.endpoint]; }

    /// Makes the head of the request, whose body is there already.
    void make_head(std::string_view target, std::string accept, std::vector<http::field> more) {
        request_.head =
            make_request_head(place(), client_->bases[request_.endpoint], "POST", target);
        more.push_back({"Content-Type", "application/json"});
        more.push_back({"Content-Length", std::to_string(request_.body.size())});
        more.push_back({"Accept", std::move(accept)});
        more.push_back({"Idempotency-Key", idempotency_key()});
        for (auto& [name, value] : more) {
            if (request_.head.header.set(name, std::move(value))) {
                throw error(errc::invalid_header, "invalid header field " + name);
            }
        }
    }

    /// Puts on the account what an attempt used, and what it cost: the provider's own figure, else
    /// by the table of prices.
    void account(const std::optional<conclave::usage>& used, std::optional<double> cost,
                 bool may_be_billed) {
        request_report& report = this->report();
        if (used) {
            if (!report.usage) report.usage.emplace();
            accumulate(*report.usage, *used);
            const auto price = client_->options.prices.find(model_);
            if (!cost && price != client_->options.prices.end())
                cost = cost_of(*used, price->second);
        }
        if (cost && report.cost) {
            report.cost = rounded_usd(*report.cost + *cost);
        } else if (may_be_billed) {
            report.cost.reset();
        }
    }

    std::shared_ptr<client_state<Transport>> client_;
    prepared_request request_;

private:
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

    asio::awaitable<void> try_once(request_report& report) {
        const auto strand = co_await asio::this_coro::executor;
        ++report.attempts;
        report.failure.reset();
        begin_attempt();

        net::task_group group(strand);
        net::clocks<timer_type> timers(strand, group.stopper());
        timers.set(errc::model_timeout, deadline_);
        timers.set(errc::panel_timeout, panel_deadline_);
        timers.start(errc::attempt_timeout, client_->options.timeouts.attempt_timeout);
        attempt<Transport> current(*client_, request_, timers);
        const auto operation = [&]() -> asio::awaitable<void> { co_await run_attempt(current); };
        group.spawn(operation);
        try {
            co_await group.join();
        } catch (const error& failure) {
            report.failure = failure;
        } catch (const net::system_error& failure) {
            report.failure = system_failure(failure);
        }
        const auto mine = co_await asio::this_coro::cancellation_state;
        const bool cancelled = mine.cancelled() != asio::cancellation_type::none;
        if (report.failure && timers.expired() && !is_known(*timers.expired(), *report.failure)) {
            report.failure = timeout_error(*timers.expired());
        } else if (report.failure && cancelled) {
            report.failure.emplace(errc::cancelled);
        }
        settle(current.may_be_billed());
        if (!report.failure) report.failure = judge();
        if (report.failure) report.failure = without_secrets(*report.failure, place());
    }

    // An error status whose body did not come to its end says more than that.
    static bool is_known(errc expired, const error& failure) {
        return expired == errc::idle_timeout && failure.code() == errc::http_status;
    }

    error timeout_error(errc which) const {
        if (which != errc::model_timeout) return error(which);
        return error(which, "timed out after " + time_text(timeout_));
    }

    // How long to wait before the next attempt, or nothing if there is to be none.
    std::optional<std::chrono::milliseconds> wait_before_retry(request_report& report) {
        const error& failure = *report.failure;
        if (report.attempts > max_retries_ || !is_transient(failure)) return std::nullopt;
        const auto asked = failure.retry_after();
        const auto wait = asked.value_or(backoff(report.attempts - 1, Transport::random()));
        const auto left = std::min(deadline_, panel_deadline_) - clock_type::now();
        if (wait < left) return wait;
        const std::string why = std::string(failure.what()) + "; not tried again: the wait of " +
                                time_text(wait) + " does not fit into the " + time_text(left) +
                                " left";
        report.failure = error(static_cast<errc>(failure.code().value()), why, failure.details());
        return std::nullopt;
    }

    // For people: `3600 s`, `250 ms`.
    static std::string time_text(typename clock_type::duration time) {
        const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
        if (whole < 10'000) return std::to_string(whole) + " ms";
        return std::to_string(whole / 1000) + " s";
    }

    std::string model_;
    std::chrono::milliseconds timeout_;
    int max_retries_;
    time_point deadline_;
    time_point panel_deadline_;
};

}  // namespace conclave::detail
