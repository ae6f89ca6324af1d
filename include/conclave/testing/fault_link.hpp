#pragma once

#include <conclave/testing/toxics.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace conclave::testing::detail {

/// What is to be done next with one direction of a connection.
struct link_step {
    enum class action {
        /// Nothing before `until`, or before something changes.
        wait,
        /// Write `bytes`, and call `fault_link::written`.
        write,
        /// Tell the receiver that nothing more will come.
        finish,
        /// Close both sides.
        close,
    };

    action what = action::wait;
    std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
    std::string_view bytes;
};

/// One direction of a connection through a `fault_proxy`, without its sockets: what has come and
/// not gone, and what the toxics say is to be done with it, and when.
class fault_link {
public:
    using clock = std::chrono::steady_clock;
    using time_point = clock::time_point;

    /// How many bytes it holds before the sender has to wait.
    static constexpr std::size_t capacity = 64 * 1024;

    /// The draws follow from `seed`.
    explicit fault_link(std::uint64_t seed) : random_(seed) {}

    /// Applies these from now on, also to what has come already.
    void set(const toxic_settings& settings, time_point now) {
        settings_ = draw() < settings.toxicity ? settings : toxic_settings();
        set_at_ = now;
        not_before_ = now;
        passed_ = 0;
        is_counted_ = false;
    }

    bool has_room() const { return held_ < capacity; }
    bool has_ended() const { return has_ended_; }
    bool is_stopped() const { return settings_.timeout.has_value(); }

    /// When the toxics close the connection, and reset its receiver.
    std::optional<time_point> closes_at() const {
        if (!settings_.timeout || settings_.timeout->count() == 0) return std::nullopt;
        return set_at_ + *settings_.timeout;
    }
    std::optional<time_point> resets_at() const {
        if (!settings_.reset_peer) return std::nullopt;
        return set_at_ + *settings_.reset_peer;
    }

    /// These bytes have come.
    void push(std::string bytes, time_point now) {
        held_ += bytes.size();
        queue_.push_back({std::move(bytes), now, 2 * draw() - 1});
    }

    /// The sender has closed: nothing more will come.
    void end(time_point now) {
        has_ended_ = true;
        queue_.push_back({{}, now, 2 * draw() - 1});
    }

    link_step next(time_point now) {
        using action = link_step::action;
        const bool is_idle = queue_.empty();
        if (is_stopped()) return {};
        if (limit_is_reached() && (!is_idle || passed_ > 0)) return {action::close, now, {}};
        if (is_idle) return {};
        const chunk& first = queue_.front();
        const bool is_end = first.bytes.empty();
        const time_point due = first.came + delay_of(first) +
                               (is_end ? settings_.slow_close : std::chrono::milliseconds(0));
        const time_point allowed = is_end ? due : std::max(due, not_before_);
        if (now < allowed) return {action::wait, allowed, {}};
        if (is_end) return {action::finish, now, {}};
        const std::string_view rest = std::string_view(first.bytes).substr(used_);
        is_counted_ = true;
        return {action::write, now, rest.substr(0, next_size(rest.size()))};
    }

    /// So many bytes of the front have gone. What has changed while they did does not count them.
    void written(std::size_t count, time_point now) {
        used_ += count;
        held_ -= count;
        if (used_ == queue_.front().bytes.size()) {
            queue_.pop_front();
            used_ = 0;
        }
        if (!is_counted_) return;
        passed_ += count;
        not_before_ = now + settings_.slice_delay;
        if (settings_.bytes_per_second) {
            const std::chrono::duration<double> taken(
                static_cast<double>(count) / static_cast<double>(*settings_.bytes_per_second));
            not_before_ += std::chrono::duration_cast<clock::duration>(taken);
        }
    }

private:
    /// Bytes that came together; none, at the end.
    struct chunk {
        std::string bytes;
        time_point came;
        /// Its share of the jitter, from -1 to 1.
        double jitter = 0;
    };

    /// From 0 up to 1.
    double draw() { return static_cast<double>(random_() >> 11) / 9007199254740992.0; }

    bool limit_is_reached() const {
        return settings_.limit_data && passed_ >= *settings_.limit_data;
    }

    clock::duration delay_of(const chunk& each) const {
        const std::chrono::duration<double, std::milli> delay =
            settings_.latency + settings_.jitter * each.jitter;
        return std::chrono::duration_cast<clock::duration>(
            std::max(delay, std::chrono::duration<double, std::milli>::zero()));
    }

    std::size_t next_size(std::size_t available) {
        std::size_t size = available;
        if (settings_.slice_size > 0) {
            const std::size_t variation = settings_.slice_variation;
            const auto extra =
                static_cast<std::size_t>(draw() * static_cast<double>(2 * variation + 1));
            size = std::min(size, settings_.slice_size - variation + extra);
        }
        if (settings_.bytes_per_second) {
            // What passes in 20 ms, so that the bytes come evenly.
            const std::size_t even = *settings_.bytes_per_second / 50;
            size = std::min(size, std::max(even, std::size_t{1}));
        }
        if (settings_.limit_data) {
            size = static_cast<std::size_t>(
                std::min<std::uint64_t>(size, *settings_.limit_data - passed_));
        }
        return size;
    }

    toxic_settings settings_;
    time_point set_at_;
    time_point not_before_;
    std::uint64_t passed_ = 0;
    /// Whether what is being written counts for these settings.
    bool is_counted_ = false;

    std::deque<chunk> queue_;
    std::size_t used_ = 0;
    std::size_t held_ = 0;
    bool has_ended_ = false;
    std::mt19937_64 random_;
};

}  // namespace conclave::testing::detail
