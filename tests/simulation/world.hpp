#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <conclave/net/asio.hpp>

#include "simulation/fault.hpp"
#include "simulation/random_source.hpp"

namespace conclave::simulation {

// The time of the world that this thread simulates. A tick is a microsecond.
struct virtual_clock {
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<virtual_clock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;
};

// The date there: every world begins on the same day.
struct virtual_date {
    static std::chrono::system_clock::time_point now() noexcept {
        constexpr std::chrono::sys_days beginning{std::chrono::year{2027} / 3 / 1};
        return beginning + virtual_clock::now().time_since_epoch();
    }
};

// What a client can wait for.
enum class operation { resolve, connect, handshake, read, write, timer };

inline constexpr std::array<std::string_view, 6> operation_names = {
    "resolve", "connect", "handshake", "read", "write", "timer"};

// What becomes of the one operation that is singled out.
enum class interference {
    none,
    // It fails at once.
    fails,
    // It never ends, unless it is cancelled.
    stalls,
    // The caller cancels as soon as it has begun.
    cancelled,
    // It succeeds, and before anybody knows the caller has cancelled.
    cancelled_late,
};

class waiting;

// Time, chance and what is to happen: everything in a simulated world follows from its seed.
class world {
public:
    using time_point = virtual_clock::time_point;
    using duration = virtual_clock::duration;
    using event_key = std::tuple<time_point, std::uint64_t, std::uint64_t>;

    explicit world(std::uint64_t seed) : chance(seed), outer_(current_) { current_ = this; }
    ~world() {
        stalled_.clear();
        context_.reset();
        current_ = outer_;
    }
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    static world& current() noexcept { return *current_; }

    random_source chance;

    asio::io_context& context() noexcept { return *context_; }

    time_point now() const noexcept { return now_; }

    // Lets something happen; what happens at the same time does so in any order.
    event_key at(time_point when, std::function<void()> what) {
        const event_key key(when, chance.between(0, 3), ++events_made_);
        events_.emplace(key, std::move(what));
        return key;
    }
    event_key after(duration wait, std::function<void()> what) {
        return at(now_ + wait, std::move(what));
    }
    void forget(const event_key& key) { events_.erase(key); }

    // Runs all that is ready now.
    void settle() {
        context_->restart();
        while (context_->poll() > 0) {
        }
    }

    // Runs all that is ready, then what is to happen next. False when nothing is.
    bool step() {
        settle();
        if (events_.empty()) return false;
        const auto first = events_.begin();
        now_ = std::get<0>(first->first);
        const auto happen = std::move(first->second);
        events_.erase(first);
        happen();
        settle();
        return true;
    }

    // Whether somebody still waits for Asio, or for us.
    bool busy() {
        settle();
        return !context_->stopped() || waiting_ > 0;
    }
    std::size_t waiting_count() const noexcept { return waiting_; }

    // How likely each fault is, in a thousand.
    std::array<unsigned, fault_names.size()> likelihood{};

    bool draws(fault which) {
        return chance.between(0, 999) < likelihood[static_cast<std::size_t>(which)];
    }
    void count(fault which) {
        ++faults[static_cast<std::size_t>(which)];
        note("fault", fault_names[static_cast<std::size_t>(which)]);
    }
    // Draws, and counts.
    bool strikes(fault which) {
        if (!draws(which)) return false;
        count(which);
        return true;
    }
    fault_counts faults{};

    // What has happened, a line each.
    template <class... Words>
    void note(const Words&... words) {
        trace += std::to_string(now_.time_since_epoch().count());
        (add_word(words), ...);
        trace += '\n';
    }
    std::string trace;

    // What is wrong, if anything.
    void complain(std::string what) {
        note("WRONG", what);
        complaints.push_back(std::move(what));
    }
    std::vector<std::string> complaints;

    // Singles out the `count`th operation from now.
    void single_out(std::uint64_t count, interference how, std::function<void()> cancel) {
        singled_out_ = operations_ + count;
        how_ = how;
        cancel_caller = std::move(cancel);
    }
    std::function<void()> cancel_caller = [] {};

    // Whether a timer has failed, which cannot be told from a cancellation.
    bool a_timer_failed = false;

    // How many operations have begun.
    std::uint64_t operations() const noexcept { return operations_; }

private:
    friend class waiting;

    // An operation begins.
    interference begin(operation kind) {
        ++waiting_;
        // A clock that stands still is no fault that a program could live with.
        const bool possible = kind != operation::timer || how_ != interference::stalls;
        const bool this_one = ++operations_ == singled_out_ && possible;
        if (this_one && kind == operation::timer) a_timer_failed |= how_ == interference::fails;
        note("begin", operations_, operation_names[static_cast<std::size_t>(kind)]);
        return this_one ? how_ : interference::none;
    }

    void add_word(std::string_view word) { trace.append(1, ' ').append(word); }
    template <class Number>
    requires std::is_integral_v<Number>
    void add_word(Number number) { add_word(std::to_string(number)); }

    static thread_local inline world* current_ = nullptr;

    world* outer_;
    time_point now_{};
    std::map<event_key, std::function<void()>> events_;
    std::uint64_t events_made_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t operations_ = 0;
    std::uint64_t singled_out_ = 0;
    interference how_ = interference::none;
    std::vector<std::shared_ptr<waiting>> stalled_;
    std::optional<asio::io_context> context_{std::in_place, 1};
};

inline virtual_clock::time_point virtual_clock::now() noexcept { return world::current().now(); }

// A hash of text, for traces.
inline std::uint64_t digest(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
    for (const char byte : text)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    return hash;
}

}  // namespace conclave::simulation
