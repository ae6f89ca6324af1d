#pragma once

#include <conclave/net/asio.hpp>

#include <unordered_set>

namespace conclave::testing::detail {

/// The pauses that the connections of a provider are making, to end all of them at once. Everything
/// happens on the provider's one thread.
class pause_list {
public:
    /// The timer of a pause, for as long as the pause lasts.
    class entry {
    public:
        entry(pause_list& list, asio::steady_timer& timer) : list_(list), timer_(timer) {
            list_.timers_.insert(&timer_);
        }
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        ~entry() { list_.timers_.erase(&timer_); }

    private:
        pause_list& list_;
        asio::steady_timer& timer_;
    };

    /// Ends the pauses that are made, and makes none from then on.
    void skip() {
        skipped_ = true;
        for (asio::steady_timer* timer : timers_)
            timer->cancel();
    }

    bool are_skipped() const noexcept { return skipped_; }

private:
    std::unordered_set<asio::steady_timer*> timers_;
    bool skipped_ = false;
};

}  // namespace conclave::testing::detail
