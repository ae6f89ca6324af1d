#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace conclave::testing::detail {

/// Lets threads wait until what another thread changes is as they want it.
class change_signal {
public:
    /// To be called after each change.
    void notify() {
        const std::lock_guard lock(mutex_);
        ++version_;
        changed_.notify_all();
    }

    /// Waits until `holds()`, which is called without a lock, on the calling thread.
    template <class Predicate>
    bool wait_until(const Predicate& holds, std::chrono::milliseconds timeout) const {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        while (true) {
            const std::uint64_t seen = version();
            if (holds()) return true;
            std::unique_lock lock(mutex_);
            if (!changed_.wait_until(lock, deadline, [&] { return version_ != seen; })) {
                lock.unlock();
                return holds();
            }
        }
    }

private:
    std::uint64_t version() const {
        const std::lock_guard lock(mutex_);
        return version_;
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::uint64_t version_ = 0;
};

}  // namespace conclave::testing::detail
