#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "simulation/world.hpp"

namespace conclave::simulation {

// How one direction of a connection behaves.
struct direction {
    enum class fate { none, stalls, resets, ends };

    world::duration latency{100};
    world::duration jitter{0};
    // The most bytes that arrive at once.
    std::size_t piece = 1 << 16;
    // How many bytes may be on their way or wait to be read.
    std::size_t window = 1 << 16;
    fate then = fate::none;
    // After how many bytes the fate strikes.
    std::size_t after = 0;
};

// One direction of a connection: bytes come in order, in pieces of any size, each in its own time.
class channel {
public:
    channel(world& in, direction how) : world_(in), how_(how) {}
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    // Something can be read, or something has changed for good.
    std::function<void()> on_arrival;
    // There is room again.
    std::function<void()> on_room;
    // The fate has struck; a reset is for whoever has both directions to carry out.
    std::function<void(direction::fate)> on_fate;

    // Takes what there is room for, and says how much that is.
    std::size_t send(std::string_view bytes) {
        if (closed_) return bytes.size();
        const std::size_t room = how_.window > used_ ? how_.window - used_ : 0;
        const std::size_t taken = std::min(room, bytes.size());
        used_ += taken;
        for (std::string_view rest = bytes.substr(0, taken); !rest.empty();) {
            const auto most = std::min(how_.piece, rest.size());
            const auto size = static_cast<std::size_t>(world_.chance.between((most + 1) / 2, most));
            put({std::string(rest.substr(0, size)), false, false});
            rest.remove_prefix(size);
        }
        return taken;
    }

    // Nothing more comes after what was sent.
    void end(bool in_good_order) {
        if (closed_) return;
        closed_ = true;
        put({{}, true, in_good_order});
    }

    // The connection is broken; that may be known before what was sent has come.
    void reset() {
        if (closed_ && broken_) return;
        closed_ = true;
        world_.after(how_.latency, [this] { break_off(); });
    }

    // Reads at once.
    std::size_t take(char* into, std::size_t most) {
        const std::size_t size = std::min(most, arrived_.size());
        std::copy_n(arrived_.data(), size, into);
        arrived_.erase(0, size);
        used_ -= size;
        taken_ += size;
        if (size > 0) {
            world_.after(how_.latency, [this] {
                if (on_room) on_room();
            });
        }
        return size;
    }
    std::string take_all() {
        std::string all(arrived_.size(), '\0');
        take(all.data(), all.size());
        return all;
    }

    bool readable() const noexcept { return !arrived_.empty() || ended_ || broken_; }
    bool empty() const noexcept { return arrived_.empty(); }
    bool ended() const noexcept { return ended_; }
    bool ended_in_good_order() const noexcept { return in_good_order_; }
    bool broken() const noexcept { return broken_; }
    // How many bytes were read.
    std::size_t taken() const noexcept { return taken_; }

private:
    struct piece {
        std::string bytes;
        bool is_end = false;
        bool in_good_order = false;
    };

    void put(piece next) {
        const auto wait =
            how_.latency.count() + static_cast<std::int64_t>(world_.chance.between(
                                       0, static_cast<std::uint64_t>(how_.jitter.count())));
        last_arrival_ = std::max(last_arrival_, world_.now() + world::duration(wait));
        on_way_.push_back(std::move(next));
        world_.at(last_arrival_, [this] { arrive(); });
    }

    void arrive() {
        piece next = std::move(on_way_.front());
        on_way_.pop_front();
        if (struck_ || broken_ || ended_) return;
        if (next.is_end) {
            ended_ = true;
            in_good_order_ = next.in_good_order;
        }
        const bool fatal = how_.then != direction::fate::none && !next.is_end &&
                           delivered_ + next.bytes.size() >= how_.after;
        if (fatal) next.bytes.resize(how_.after > delivered_ ? how_.after - delivered_ : 0);
        delivered_ += next.bytes.size();
        arrived_ += next.bytes;
        if (fatal) strike();
        if (on_arrival) on_arrival();
    }

    void strike() {
        struck_ = true;
        if (how_.then == direction::fate::ends) ended_ = true;
        if (on_fate) on_fate(how_.then);
    }

    void break_off() {
        if (broken_ || (struck_ && how_.then == direction::fate::stalls)) return;
        broken_ = true;
        if (world_.chance.one_in(2)) arrived_.clear();
        if (on_arrival) on_arrival();
        if (on_room) on_room();
    }

    world& world_;
    direction how_;
    std::deque<piece> on_way_;
    std::string arrived_;
    world::time_point last_arrival_{};
    std::size_t used_ = 0;
    std::size_t delivered_ = 0;
    std::size_t taken_ = 0;
    bool closed_ = false;
    bool ended_ = false;
    bool in_good_order_ = false;
    bool broken_ = false;
    bool struck_ = false;
};

}  // namespace conclave::simulation
