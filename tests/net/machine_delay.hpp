#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

namespace running {

/// How long the machine lets a thread wait that has nothing to do but to wake up: a call can be no
/// more prompt than that.
class machine_delay {
    using clock = std::chrono::steady_clock;

public:
    machine_delay() : watch_([this](const std::stop_token& stop) { watch(stop); }) {}

    /// The longest since this was made, the one that goes on included.
    clock::duration longest() const {
        const clock::rep waiting = (clock::now().time_since_epoch() - nap).count() - woke_.load();
        return clock::duration(std::max(longest_.load(), waiting));
    }

private:
    void watch(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(nap);
            const clock::rep now = clock::now().time_since_epoch().count();
            longest_ = std::max(longest_.load(), now - woke_.load() - clock::duration(nap).count());
            woke_ = now;
        }
    }

    static constexpr std::chrono::milliseconds nap{1};

    std::atomic<clock::rep> longest_{0};
    // From the beginning, because the machine may let the thread wait before it first runs.
    std::atomic<clock::rep> woke_{clock::now().time_since_epoch().count()};
    std::jthread watch_;
};

}  // namespace running
