#include "machine.hpp"

#include <time.h>

#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace conclave::benchmarks {

double processor_ns() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

void evict(std::string_view bytes) {
    // More than second-level caches have; what a third level keeps is flushed below.
    static std::vector<unsigned char> other(std::size_t{8} << 20);
    for (std::size_t i = 0; i < other.size(); i += 64)
        ++other[i];
#if defined(__x86_64__)
    for (std::size_t i = 0; i < bytes.size(); i += 64)
        _mm_clflush(bytes.data() + i);
    _mm_mfence();
#else
    static_cast<void>(bytes);
#endif
}

sample_result take_sample(clock_watch& watch, const std::function<void()>& prepare,
                          const std::function<void()>& sample) {
    sample_result result;
    const std::uint64_t started = now_ns();
    while (result.rejected < 10 || now_ns() - started < 1'000'000'000) {
        prepare();
        const bool steady_before = watch.steady();
        const double begin = processor_ns();
        sample();
        const double end = processor_ns();
        if (steady_before && watch.steady()) {
            result.ns = end - begin;
            result.accepted = true;
            break;
        }
        ++result.rejected;
    }
    return result;
}

}  // namespace conclave::benchmarks
