#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace conclave::testing {

namespace detail {

/// What `toxics` say, for those who apply them.
struct toxic_settings {
    std::chrono::milliseconds latency{0};
    std::chrono::milliseconds jitter{0};
    std::optional<std::size_t> bytes_per_second;
    std::chrono::milliseconds slow_close{0};
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<std::chrono::milliseconds> reset_peer;
    std::size_t slice_size = 0;
    std::size_t slice_variation = 0;
    std::chrono::microseconds slice_delay{0};
    std::optional<std::uint64_t> limit_data;
    double toxicity = 1;
};

}  // namespace detail

/// What is wrong with one direction of the connections through a `fault_proxy`: the list of
/// Toxiproxy, under its names. None, unless added:
///
///     proxy.downstream(toxics().latency(200ms, 50ms).slicer(10));
///
/// Each function throws `std::invalid_argument` for a value that makes no sense, a negative time
/// above all.
class toxics {
public:
    /// Delays everything by `delay`, give or take up to `jitter`. It stays in order.
    toxics& latency(std::chrono::milliseconds delay,
                    std::chrono::milliseconds jitter = std::chrono::milliseconds(0)) {
        settings_.latency = checked(delay);
        settings_.jitter = checked(jitter);
        return *this;
    }

    /// Lets no more through than so many bytes in a second, on each connection. The sender is held
    /// back: what the proxy keeps is bounded.
    toxics& bandwidth(std::size_t bytes_per_second) {
        require(bytes_per_second > 0, "a bandwidth is not zero");
        settings_.bytes_per_second = bytes_per_second;
        return *this;
    }

    /// Tells the receiver only after `delay` that the sender has closed.
    toxics& slow_close(std::chrono::milliseconds delay) {
        settings_.slow_close = checked(delay);
        return *this;
    }

    /// Lets nothing through, not even the end, and closes the connection after this time; after
    /// zero never. Counted from the connection's acceptance, or from when these toxics were set, if
    /// that is later. A client that closes its connection meanwhile ends it.
    toxics& timeout(std::chrono::milliseconds after = std::chrono::milliseconds(0)) {
        settings_.timeout = checked(after);
        return *this;
    }

    /// Resets the receiver's connection (RST) after this time, counted as that of `timeout`, and
    /// closes the sender's. Zero: at once.
    toxics& reset_peer(std::chrono::milliseconds after = std::chrono::milliseconds(0)) {
        settings_.reset_peer = checked(after);
        return *this;
    }

    /// Cuts the bytes into pieces of `average_size`, give or take up to `size_variation`, each a
    /// write of its own, with `delay` between two. The variation has to be less than the size.
    toxics& slicer(std::size_t average_size, std::size_t size_variation = 0,
                   std::chrono::microseconds delay = std::chrono::microseconds(0)) {
        require(average_size > size_variation, "a slice has at least one byte");
        require(delay.count() >= 0, "a time is not negative");
        settings_.slice_size = average_size;
        settings_.slice_variation = size_variation;
        settings_.slice_delay = delay;
        return *this;
    }

    /// Closes the connection as soon as so many bytes have passed since these toxics were set; with
    /// zero, when the first would.
    toxics& limit_data(std::uint64_t bytes) {
        settings_.limit_data = bytes;
        return *this;
    }

    /// The probability, from 0 to 1, that a connection is affected at all; 1 unless set. Drawn for
    /// each connection, and anew when toxics are set.
    toxics& toxicity(double probability) {
        require(probability >= 0 && probability <= 1, "a probability is from 0 to 1");
        settings_.toxicity = probability;
        return *this;
    }

    /// What was said, for those who apply it.
    const detail::toxic_settings& settings() const noexcept { return settings_; }

private:
    static void require(bool holds, const char* what) {
        if (!holds) throw std::invalid_argument(std::string("toxics: ") + what);
    }

    static std::chrono::milliseconds checked(std::chrono::milliseconds time) {
        require(time.count() >= 0, "a time is not negative");
        return time;
    }

    detail::toxic_settings settings_;
};

}  // namespace conclave::testing
