#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <conclave/http/body_decoder.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/connection_slots.hpp>

namespace conclave::net {

/// How many connections there may be, how many of them wait for the next call, and how long.
struct pool_options {
    pool_options() = default;

    /// Connections to one origin, those in use and those that wait; 0: no limit, which is the
    /// default, so that no panel waits behind another. Calls beyond it wait in the order in which
    /// they came, while their clocks run.
    std::size_t max_connections_per_origin = 0;
    /// Idle connections kept for one origin; 0 keeps none.
    std::size_t max_idle_per_origin = 8;
    /// How long a connection may have been idle and still be used. Servers close them after 5 to
    /// 75 s in their usual configurations. What is older is closed whenever a connection, to
    /// whatever origin, is taken or given back.
    std::chrono::milliseconds idle_timeout{30'000};
    /// Whether a request on a reused connection that dies before any byte of reply is sent once
    /// more on a new one. Its server had most likely closed it while it was idle, but may have read
    /// the request. Off: the call fails with `errc::connection_lost`, and is tried again only as
    /// often as it allows.
    bool resend_on_dead_connection = true;
};

/// The connections to all origins: who may have one, and those that wait for the next call. The
/// last one given is the first one taken, so that the surplus of a busy time grows old and is
/// dropped.
///
/// A connection is looked at when it is taken, and one that its server has closed meanwhile, or
/// that has bytes nobody asked for, is dropped.
///
/// What waits keeps no `io_context` running, and so nothing is closed at its time alone: old ones
/// are dropped with the next `take` or `give`.
///
/// Thread-safety: may be used by several threads at once.
template <class Transport>
class connection_pool {
public:
    using stream_type = typename Transport::stream_type;
    using clock_type = typename Transport::clock_type;

    /// An empty pool.
    explicit connection_pool(pool_options options)
        : options_(options), slots_(options.max_connections_per_origin) {}

    /// The right to a connection to `origin`, taken from here or new: waits for it in the order of
    /// the calls. Whoever has one gives his connection back, or closes it, before he destroys the
    /// slot.
    ///
    /// Cancellation: terminal; the place in the queue is given up.
    asio::awaitable<connection_slot> reserve(std::string origin) {
        return slots_.acquire(std::move(origin));
    }

    /// A connection to `origin` that can be used, if there is one. Where the last reply's framing
    /// has not all come, this waits a moment for it: 20 ms for all connections together.
    ///
    /// Cancellation: terminal; the connection waited for is closed.
    asio::awaitable<std::optional<stream_type>> take(std::string origin) {
        drop_old();
        const auto give_up = clock_type::now() + longest_wait;
        std::optional<stream_type> found;
        while (!found) {
            std::optional<idle> candidate = pop(origin);
            if (!candidate) break;
            condition is = look_at(*candidate);
            while (is == condition::unfinished && clock_type::now() < give_up) {
                co_await pause();
                is = look_at(*candidate);
            }
            if (is == condition::usable) found.emplace(std::move(candidate->connection));
        }
        co_return found;
    }

    /// Keeps a connection to `origin`. `rest` is what is still to come of the last reply's framing:
    /// a server may send an event stream's last event well before the last chunk.
    void give(const std::string& origin, stream_type connection, http::body_decoder rest) {
        drop_old();
        idle entry{std::move(connection), std::move(rest), clock_type::now()};
        const std::lock_guard lock(mutex_);
        auto& list = idle_[origin];
        if (list.size() >= options_.max_idle_per_origin) {
            if (list.empty()) return;
            list.erase(list.begin());
        }
        list.push_back(std::move(entry));
    }

    /// How many connections wait.
    std::size_t idle_count() const {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const auto& [origin, list] : idle_)
            count += list.size();
        return count;
    }

    /// Closes all that wait.
    void clear() {
        const std::lock_guard lock(mutex_);
        idle_.clear();
    }

private:
    enum class condition { usable, unfinished, useless };

    static constexpr std::chrono::milliseconds longest_wait{20};

    struct idle {
        stream_type connection;
        http::body_decoder rest;
        typename clock_type::time_point since;
    };

    // Closes what has been idle for too long, without the lock.
    void drop_old() {
        std::vector<idle> dropped;
        const auto now = clock_type::now();
        const auto is_young = [&](const idle& each) {
            using std::chrono::milliseconds;
            return std::chrono::duration_cast<milliseconds>(now - each.since) <=
                   options_.idle_timeout;
        };
        const std::lock_guard lock(mutex_);
        for (auto& [origin, list] : idle_) {
            const auto young = std::find_if(list.begin(), list.end(), is_young);
            std::move(list.begin(), young, std::back_inserter(dropped));
            list.erase(list.begin(), young);
        }
    }

    std::optional<idle> pop(const std::string& origin) {
        const std::lock_guard lock(mutex_);
        const auto found = idle_.find(origin);
        if (found == idle_.end() || found->second.empty()) return std::nullopt;
        std::optional<idle> last(std::move(found->second.back()));
        found->second.pop_back();
        return last;
    }

    static asio::awaitable<void> pause() {
        typename Transport::timer_type timer(co_await asio::this_coro::executor);
        timer.expires_after(longest_wait / 10);
        co_await timer.async_wait(asio::use_awaitable);
    }

    static condition look_at(idle& candidate) {
        std::array<char, 1024> bytes;
        for (int reads = 0; reads < 4; ++reads) {
            error_code failure;
            const std::size_t size =
                candidate.connection.read_available(asio::buffer(bytes), failure);
            if (failure == asio::error::would_block || failure == asio::error::try_again) {
                return candidate.rest.done() ? condition::usable : condition::unfinished;
            }
            if (failure || size == 0 || candidate.rest.done()) return condition::useless;
            const auto piece = candidate.rest.decode(std::span<char>(bytes.data(), size));
            if (candidate.rest.error() || piece.consumed < size) return condition::useless;
        }
        return condition::useless;
    }

    pool_options options_;
    connection_slots slots_;
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<idle>> idle_;
};

}  // namespace conclave::net
