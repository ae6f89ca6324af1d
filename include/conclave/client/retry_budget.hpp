#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace conclave {

/// How many retries all calls of one client together may make at one origin (scheme, host and
/// port), beyond what each call's `max_retries` allows it: a share of the calls, and some that are
/// in reserve. What a provider that fails gets of load is bounded so, however many calls there are.
struct retry_budget_options {
    retry_budget_options() = default;

    /// Retries for a hundred calls; 0: no such limit. By default 20, so that a provider that fails
    /// every request gets 1.2 times as many as there are calls, once the reserve is used.
    std::uint32_t percent = 20;
    /// Retries that may be made before that, 50 by default: so many are there at first, and calls
    /// fill it again up to that. A panel of 16 models may use all its three retries.
    std::uint32_t reserve = 50;
};

namespace detail {

/// The retries that are left at one origin: every call pays in a part of one, and a retry takes
/// one out.
///
/// Thread-safety: may be used by several threads at once.
class retry_budget {
public:
    explicit retry_budget(retry_budget_options options)
        : income_(options.percent), left_(std::uint64_t{options.reserve} * retry) {
        // Where there is no reserve, calls save up for one retry all the same.
        most_ = std::max<std::uint64_t>(left_, retry);
    }

    /// Pays in for a call that begins.
    void deposit() {
        const std::lock_guard lock(mutex_);
        left_ = std::min(left_ + income_, most_);
    }

    /// Takes out one retry; false when there is none left.
    [[nodiscard]] bool withdraw() {
        if (income_ == 0) return true;
        const std::lock_guard lock(mutex_);
        if (left_ < retry) return false;
        left_ -= retry;
        return true;
    }

private:
    // In hundredths of a retry, so that nothing is ever rounded.
    static constexpr std::uint64_t retry = 100;

    std::uint64_t income_;
    std::uint64_t most_ = 0;
    std::uint64_t left_;
    std::mutex mutex_;
};

}  // namespace detail
}  // namespace conclave
