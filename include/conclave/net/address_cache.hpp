#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/net/asio.hpp>

namespace conclave::net {

/// The addresses of the hosts asked for last, for a while. Holds at most 64 hosts: the oldest makes
/// room for the next. Not to be used by two threads at once.
template <class Clock>
class address_cache {
public:
    using addresses = std::vector<asio::ip::address>;

    /// The most hosts it holds.
    static constexpr std::size_t max_hosts = 64;

    /// Keeps what it is given for `time`; zero: not at all.
    explicit address_cache(std::chrono::milliseconds time) : time_(time) {}

    /// The addresses of `host`, if they are known and not too old.
    std::optional<addresses> find(const std::string& host) {
        const auto known = known_.find(host);
        if (known == known_.end()) return std::nullopt;
        const auto age = Clock::now() - known->second.since;
        if (std::chrono::duration_cast<std::chrono::milliseconds>(age) < time_) {
            return known->second.found;
        }
        known_.erase(known);
        return std::nullopt;
    }

    /// Remembers the addresses of `host`.
    void put(const std::string& host, addresses found) {
        if (time_.count() <= 0) return;
        known_.insert_or_assign(host, entry{std::move(found), Clock::now()});
        if (known_.size() <= max_hosts) return;
        known_.erase(std::min_element(known_.begin(), known_.end(), [](auto& one, auto& other) {
            return one.second.since < other.second.since;
        }));
    }

    /// Forgets the addresses of `host`.
    void erase(const std::string& host) { known_.erase(host); }

private:
    struct entry {
        addresses found;
        typename Clock::time_point since;
    };

    std::chrono::milliseconds time_;
    std::map<std::string, entry> known_;
};

}  // namespace conclave::net
