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
public:
    machine_delay() : watch_([this](const std::stop_token& stop) { watch(stop); }) {}

    /// The longest since this was made.
    std::chrono::steady_clock::duration longest() const {
        return std::chrono::steady_clock::duration(longest_.load());
    }

private:
    void watch(const std::stop_token& stop) {
        auto last = std::chrono::steady_clock::now();
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(nap);
            const auto now = std::chrono::steady_clock::now();
            longest_ = std::max(longest_.load(), (now - last - nap).count());
            last = now;
        }
    }

    static constexpr std::chrono::milliseconds nap{1};

    std::atomic<std::chrono::steady_clock::rep> longest_{0};
    std::jthread watch_;
};

}  // namespace running
