#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

namespace conclave::benchmarks {

/// How much to measure.
struct plan {
    /// Bytes of a slice that fits the caches, and samples of each contender on it.
    std::size_t slice = std::size_t{640} << 10;
    int samples = 41;
    /// Bytes read one event at a time, and how often.
    std::size_t latency_slice = std::size_t{8} << 20;
    int latency_passes = 9;
    std::size_t cold_events = 1000;
    int cold_passes = 2;
    /// Largest stream read byte by byte, in MiB.
    std::size_t linearity_mib = 64;

    static plan quick() {
        return {.samples = 9,
                .latency_slice = std::size_t{2} << 20,
                .latency_passes = 3,
                .cold_events = 400,
                .cold_passes = 1,
                .linearity_mib = 4};
    }
};

/// Registers all measurements with Google Benchmark.
void register_throughput(const plan& how);
void register_latency(const plan& how);
void register_linearity(const plan& how);

}  // namespace conclave::benchmarks
