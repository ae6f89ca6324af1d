#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "clock.hpp"

namespace conclave::benchmarks {

/// Nanoseconds this thread has had a processor; others who have it meanwhile do not count.
double processor_ns();

/// Takes everything out of the caches of this core, and `bytes` out of all caches where the
/// processor has an instruction for that.
void evict(std::string_view bytes);

/// One sample, if any was accepted, and how many were not.
struct sample_result {
    double ns = 0;
    bool accepted = false;
    std::size_t rejected = 0;
};

/// Calls `prepare` and `sample`, and the same again until the clock was steady right before and
/// right after `sample`, whose processor time it returns. Gives up after a second.
sample_result take_sample(clock_watch& watch, const std::function<void()>& prepare,
                          const std::function<void()>& sample);

}  // namespace conclave::benchmarks
