#pragma once

#include <cstdint>

namespace conclave::benchmarks {

/// Nanoseconds of a steady clock.
std::uint64_t now_ns();

/// Time stamps as cheap as the processor has them, around what is to be timed: nothing of it runs
/// before the first or after the second.
std::uint64_t first_ticks();
std::uint64_t second_ticks();
double ticks_per_ns();

/// Says whether the processor runs at its usual speed. Machines, above all virtual ones, change
/// their clock and share it with others; a sample taken meanwhile says nothing.
class clock_watch {
public:
    /// Looks for a while for the highest speed.
    clock_watch();

    /// The clock in GHz, from a chain of multiplications. Takes some microseconds.
    static double speed();

    /// Whether the clock is now within `tolerance` of the highest speed seen so far.
    bool steady();

    double highest() const { return highest_; }
    static constexpr double tolerance = 0.03;

private:
    double highest_ = 0;
};

}  // namespace conclave::benchmarks
