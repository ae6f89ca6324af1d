#include "clock.hpp"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace conclave::benchmarks {

std::uint64_t now_ns() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

std::uint64_t first_ticks() {
#if defined(__x86_64__)
    _mm_lfence();
    const std::uint64_t stamp = __rdtsc();
    _mm_lfence();
    return stamp;
#else
    return now_ns();
#endif
}

std::uint64_t second_ticks() {
#if defined(__x86_64__)
    unsigned processor;
    return __rdtscp(&processor);
#else
    return now_ns();
#endif
}

double ticks_per_ns() {
#if defined(__x86_64__)
    static const double rate = [] {
        const std::uint64_t from_ns = now_ns(), from = first_ticks();
        while (now_ns() - from_ns < 20'000'000) {
        }
        return static_cast<double>(second_ticks() - from) / static_cast<double>(now_ns() - from_ns);
    }();
    return rate;
#else
    return 1;
#endif
}

double clock_watch::speed() {
    constexpr int rounds = 1024;
    constexpr int steps = 8;
    constexpr double cycles = 3;  // of a multiplication, on most processors of this time
    std::uint64_t chain = 1;
    const std::uint64_t begin = now_ns();
    for (int i = 0; i < rounds; ++i) {
        // Each needs the one before. Not additions, which some processors fold.
#pragma GCC unroll 8
        for (int k = 0; k < steps; ++k) {
            asm volatile("" : "+r"(chain));
            chain *= 0x9E3779B97F4A7C15;
        }
    }
    asm volatile("" : "+r"(chain));
    return rounds * steps * cycles / static_cast<double>(now_ns() - begin);
}

clock_watch::clock_watch() {
    const std::uint64_t begin = now_ns();
    while (now_ns() - begin < 200'000'000)
        highest_ = std::max(highest_, speed());
}

bool clock_watch::steady() {
    const double found = speed();
    highest_ = std::max(highest_, found);
    return found >= highest_ * (1 - tolerance);
}

}  // namespace conclave::benchmarks
