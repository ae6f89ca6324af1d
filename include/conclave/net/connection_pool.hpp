#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <conclave/http/body_decoder.hpp>
#include <conclave/net/asio.hpp>

namespace conclave::net {

/// How many connections wait for the next call, and how long.
struct pool_options {
    pool_options() = default;

    /// Idle connections kept for one origin; 0 keeps none.
    std::size_t max_idle_per_origin = 8;
    /// How long a connection may have been idle and still be used. Servers close them after 5 to
    /// 75 s in their usual configurations.
    std::chrono::milliseconds idle_timeout{30'000};
};

/// Connections that wait for the next call. The last one given is the first one taken, so that the
/// surplus of a busy time grows old and is dropped.
///
/// A connection is looked at when it is taken, and one that its server has closed meanwhile, or
/// that has bytes nobody asked for, is dropped.
///
/// Thread-safety: may be used by several threads at once.
template <class Transport>
class connection_pool {
public:
    using stream_type = typename Transport::stream_type;
    using clock_type = typename Transport::clock_type;

    /// An empty pool.
    explicit connection_pool(pool_options options) : options_(options) {}

    /// A connection to `origin` that can be used, if there is one. Where the last reply's framing
    /// has not all come, this waits a moment for it: 20 ms for all connections together.
    ///
    /// Cancellation: terminal; the connection waited for is closed.
    asio::awaitable<std::optional<stream_type>> take(std::string origin) {
        const auto give_up = clock_type::now() + longest_wait;
        std::optional<stream_type> found;
        while (!found) {
            std::optional<idle> candidate = pop(origin);
            if (!candidate) break;
            if (clock_type::now() - candidate->since > options_.idle_timeout) continue;
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
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<idle>> idle_;
};

}  // namespace conclave::net
