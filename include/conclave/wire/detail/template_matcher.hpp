#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include <conclave/json/detail/string_scan.hpp>
#include <conclave/wire/event_template.hpp>
#if defined(__x86_64__)
#include <conclave/wire/detail/template_matcher_x86.hpp>
#endif

namespace conclave::wire::detail {

// The size of the event that `bytes` begins with if the template matches it, else 0. Sets `target`
// to what is in the target as it is spelled, and `escaped` if it has escapes, all of them valid.
// `json::detail::scan_padding` bytes behind `bytes` may be read; they do not matter.
using template_matcher = std::size_t (*)(const event_template& expected, std::string_view bytes,
                                         std::string_view& target, bool& escaped) noexcept;

// The size of what is in a hole, -1 if it is nothing that may be there.
inline std::ptrdiff_t measure_hole(hole kind, const char* at, const char* limit,
                                   std::string_view& target, bool& escaped) noexcept {
    switch (kind) {
        case hole::target: {
            const json::detail::scanned_string text = json::detail::scan_string(at, limit);
            if (text.end == nullptr) return -1;
            target = {at, static_cast<std::size_t>(text.end - at)};
            escaped = text.escaped;
            return text.end == at ? -1 : text.end - at;
        }
        case hole::noise: {
            const char* const end = json::detail::find_special(at, limit);
            return end < limit && *end == '"' ? end - at : -1;
        }
        case hole::integer: {
            std::ptrdiff_t size = 0;
            while (size < 16 && at[size] >= '0' && at[size] <= '9')
                ++size;
            const bool zero_first = at[0] == '0' && size > 1;
            return size == 0 || size == 16 || zero_first ? -1 : size;
        }
        case hole::spaces: {
            std::ptrdiff_t size = 0;
            while (size < 32 && at[size] == ' ')
                ++size;
            return size == 32 ? -1 : size;
        }
        default: return 0;
    }
}

// The `template_matcher` for every processor and every event.
[[gnu::noinline]] inline std::size_t match_template(const event_template& expected,
                                                    std::string_view bytes,
                                                    std::string_view& target,
                                                    bool& escaped) noexcept {
    const char* at = bytes.data();
    const char* const limit = at + bytes.size();
    // what the holes can have together
    auto room = static_cast<std::ptrdiff_t>(bytes.size() - expected.size());
    for (const event_template::segment* each = expected.segments(); room >= 0; ++each) {
        if (std::memcmp(at, expected.literal(*each), each->size) != 0) return 0;
        at += each->size;
        if (each->after == hole::end) return static_cast<std::size_t>(at - bytes.data());
        const std::ptrdiff_t size = measure_hole(each->after, at, limit, target, escaped);
        if (size < 0) return 0;
        at += size;
        room -= size;
    }
    return 0;
}

#if defined(__x86_64__)
// With all it calls put into it, as `flatten` asks for, each of these is compiled for its
// processors.
__attribute__((target("avx2,bmi,bmi2"), flatten)) inline std::size_t match_with_avx2(
    const event_template& expected, std::string_view bytes, std::string_view& target,
    bool& escaped) noexcept {
    return match_in_words<avx2>(expected, bytes, target, escaped);
}

__attribute__((target("avx2,avx512f,avx512bw,avx512vbmi2,bmi,bmi2"), flatten)) inline std::size_t
match_with_avx512(const event_template& expected, std::string_view bytes, std::string_view& target,
                  bool& escaped) noexcept {
    return match_in_words<avx512>(expected, bytes, target, escaped);
}
#endif

// The fastest matcher that this processor runs.
inline template_matcher best_template_matcher() noexcept {
#if defined(__x86_64__)
    static const template_matcher best = [] {
        const bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
        if (!bits || !__builtin_cpu_supports("avx2")) return &match_template;
        const bool fast_words =
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
        return fast_words ? &match_with_avx512 : &match_with_avx2;
    }();
    return best;
#else
    return match_template;
#endif
}

}  // namespace conclave::wire::detail
