#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>

namespace conclave::net {

/// The clocks that can end an attempt, all on one timer: each is a time and the error it stands
/// for. The first to pass calls `on_expiry` once, and `expired()` tells which it was.
///
/// A clock that is set again to a later time, as one is with every token, costs no timer operation:
/// the timer is armed for the earliest time it knew and looks again when that has come.
///
/// Thread-safety: everything happens on the strand given to the constructor.
template <class Timer>
class clocks {
public:
    using clock_type = typename Timer::clock_type;
    using time_point = typename clock_type::time_point;

    clocks(const asio::any_io_executor& strand, std::function<void()> on_expiry)
        : state_(std::make_shared<state>(strand, std::move(on_expiry))) {}

    clocks(const clocks&) = delete;
    clocks& operator=(const clocks&) = delete;
    ~clocks() { state_->close(); }

    /// Lets the clock of `which` run out after `limit`, unless that is zero: no limit.
    void start(errc which, std::chrono::milliseconds limit) {
        constexpr std::chrono::milliseconds never = std::chrono::hours(24 * 365);
        if (limit.count() > 0 && limit < never) set(which, clock_type::now() + limit);
    }

    /// Lets the clock of `which` run out at `when`.
    void set(errc which, time_point when) { state_->set(which, when); }

    /// Stops the clock of `which`.
    void clear(errc which) { state_->set(which, time_point::max()); }

    /// The clock that ran out, if one did.
    std::optional<errc> expired() const noexcept { return state_->expired; }

private:
    struct entry {
        errc which{};
        time_point when = time_point::max();
    };

    struct state : std::enable_shared_from_this<state> {
        state(const asio::any_io_executor& strand, std::function<void()> on_expiry)
            : timer(strand), notify(std::move(on_expiry)) {}

        void set(errc which, time_point when) {
            std::size_t i = 0;
            while (i < used && entries[i].which != which)
                ++i;
            if (i == used) entries.at(used++).which = which;
            entries[i].when = when;
            if (when < armed_for) arm(when);
        }

        void arm(time_point when) {
            armed_for = when;
            timer.expires_at(when);
            timer.async_wait([weak = this->weak_from_this()](error_code aborted) {
                const auto alive = weak.lock();
                if (!aborted && alive) alive->look();
            });
        }

        void look() {
            armed_for = time_point::max();
            if (closed || expired) return;
            entry first;
            for (std::size_t i = 0; i < used; ++i) {
                if (entries[i].when < first.when) first = entries[i];
            }
            if (first.when == time_point::max()) return;
            if (first.when > clock_type::now()) return arm(first.when);
            expired = first.which;
            notify();
        }

        void close() {
            closed = true;
            timer.cancel();
        }

        Timer timer;
        std::function<void()> notify;
        std::array<entry, 16> entries;
        std::size_t used = 0;
        time_point armed_for = time_point::max();
        std::optional<errc> expired;
        bool closed = false;
    };

    std::shared_ptr<state> state_;
};

}  // namespace conclave::net
