#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <conclave/net/asio.hpp>
#include <conclave/net/task_group.hpp>

namespace conclave::net {

/// The order in which to try a host's addresses (RFC 8305 §4): the two families in turn, beginning
/// with that of the first address, and in each the order given. At most 16.
inline std::vector<asio::ip::tcp::endpoint> in_order_of_attempts(
    const std::vector<asio::ip::address>& found, std::uint16_t port) {
    constexpr std::size_t most = 16;
    std::vector<asio::ip::address> first;
    std::vector<asio::ip::address> second;
    for (const auto& each : found)
        (each.is_v6() == found.front().is_v6() ? first : second).push_back(each);
    std::vector<asio::ip::tcp::endpoint> ordered;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) ordered.emplace_back(first[i], port);
        if (i < second.size()) ordered.emplace_back(second[i], port);
    }
    if (ordered.size() > most) ordered.resize(most);
    return ordered;
}

namespace detail {

/// Connection attempts side by side, of which the first that succeeds ends the others.
class connection_race {
public:
    connection_race(asio::any_io_executor executor, const asio::any_io_executor& strand)
        : executor_(std::move(executor)), pace_(strand), attempts_(strand) {}

    /// Starts an attempt every 250 ms (RFC 8305 §5, Connection Attempt Delay), or as soon as one
    /// has failed, and waits until all have ended.
    asio::awaitable<void> run(const std::vector<asio::ip::tcp::endpoint>& endpoints) {
        co_await asio::this_coro::throw_if_cancelled(false);
        for (const auto& endpoint : endpoints) {
            const std::size_t failures_before = failures_;
            const auto attempt = [this, endpoint] { return connect(endpoint); };
            attempts_.spawn(attempt);
            if (endpoint == endpoints.back()) break;
            const bool go_on = co_await pause(failures_before);
            if (!go_on) break;
        }
        co_await attempts_.join();
    }

    /// The connection that was made first, if one was.
    std::optional<asio::ip::tcp::socket> winner;
    /// Why the last attempt failed that did.
    error_code failure;

private:
    static constexpr std::chrono::milliseconds attempt_delay{250};

    asio::awaitable<void> connect(asio::ip::tcp::endpoint to) {
        // What was stopped before it began has to be asked: signals are not latched.
        co_await asio::this_coro::throw_if_cancelled(false);
        const auto mine = co_await asio::this_coro::cancellation_state;
        if (mine.cancelled() != asio::cancellation_type::none) co_return;
        asio::ip::tcp::socket socket(executor_);
        error_code ended;
        co_await socket.async_connect(to, asio::redirect_error(asio::use_awaitable, ended));
        if (!ended && !winner) {
            winner.emplace(std::move(socket));
            attempts_.stop();
        } else if (ended && !attempts_.stopped()) {
            failure = ended;
            ++failures_;
        }
        pace_.cancel();
    }

    // False when there is no need of another attempt.
    asio::awaitable<bool> pause(std::size_t failures_before) {
        const auto due = asio::steady_timer::clock_type::now() + attempt_delay;
        bool is_due = false;
        while (!is_due && !winner && failures_ == failures_before) {
            error_code woken;
            pace_.expires_at(due);
            co_await pace_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            const auto mine = co_await asio::this_coro::cancellation_state;
            if (mine.cancelled() != asio::cancellation_type::none) co_return false;
            is_due = asio::steady_timer::clock_type::now() >= due;
        }
        co_return !winner;
    }

    asio::any_io_executor executor_;
    asio::steady_timer pace_;
    task_group attempts_;
    std::size_t failures_ = 0;
};

}  // namespace detail

/// Connects to the first of `endpoints` that accepts, trying them in order and side by side as RFC
/// 8305 (Happy Eyeballs) says. The socket is made on `executor`. `failure` is that of the last
/// attempt that failed when all did; it has to outlive the call.
///
/// Cancellation: terminal; what was opened is closed. Runs on the current strand.
inline asio::awaitable<asio::ip::tcp::socket> connect_to_first(
    asio::any_io_executor executor, std::vector<asio::ip::tcp::endpoint> endpoints,
    error_code& failure) {
    const auto strand = co_await asio::this_coro::executor;
    detail::connection_race race(executor, strand);
    co_await race.run(endpoints);
    asio::ip::tcp::socket connected(executor);
    if (race.winner) {
        connected = std::move(*race.winner);
    } else {
        failure = race.failure ? race.failure : error_code(asio::error::operation_aborted);
    }
    co_return connected;
}

}  // namespace conclave::net
