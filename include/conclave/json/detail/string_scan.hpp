#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <simdjson.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include <conclave/json/escape.hpp>

namespace conclave::json::detail {

// How many bytes past its limit what is below may read.
inline constexpr std::size_t scan_padding = 64;

// A byte that ends a run of plain text in a JSON string: a quote, a backslash, a control character,
// or one that is not ASCII. The first of the 16 bytes from `at` on, 16 if there is none. Words that
// every processor of an architecture has, so that this is inlined where strings are short.
inline std::size_t first_special(const char* at) noexcept {
#if defined(__x86_64__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // signed: bytes that are not ASCII are negative
    const __m128i odd = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    const __m128i special = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(special));
    return static_cast<std::size_t>(std::countr_zero(mask | 0x10000U));
#elif defined(__aarch64__)
    const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at));
    const uint8x16_t odd = vorrq_u8(vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(0x20)),
                                    vceqq_u8(bytes, vdupq_n_u8('\\')));
    const uint8x16_t special = vorrq_u8(odd, vceqq_u8(bytes, vdupq_n_u8('"')));
    // four bits of the word for each byte
    const uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(special), 4);
    const std::uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
    return mask == 0 ? 16 : static_cast<std::size_t>(std::countr_zero(mask)) / 4;
#else
    for (std::size_t i = 0; i < 16; ++i) {
        const auto byte = static_cast<signed char>(at[i]);
        if (byte < 0x20 || byte == '"' || byte == '\\') return i;
    }
    return 16;
#endif
}

// How many digits begin the 16 bytes from `at` on.
inline std::size_t count_digits(const char* at) noexcept {
#if defined(__x86_64__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    const __m128i digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(digits));
    return static_cast<std::size_t>(std::countr_one(mask));
#else
    std::size_t count = 0;
    while (count < 16 && at[count] >= '0' && at[count] <= '9')
        ++count;
    return count;
#endif
}

// How many spaces, tabs, LFs and CRs begin the 16 bytes from `at` on.
inline std::size_t count_space(const char* at) noexcept {
#if defined(__x86_64__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto is = [&](char what) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(what)); };
    const __m128i space =
        _mm_or_si128(_mm_or_si128(is(' '), is('\t')), _mm_or_si128(is('\n'), is('\r')));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(space));
    return static_cast<std::size_t>(std::countr_one(mask));
#else
    std::size_t count = 0;
    while (count < 16 &&
           (at[count] == ' ' || at[count] == '\t' || at[count] == '\n' || at[count] == '\r'))
        ++count;
    return count;
#endif
}

// The same as far as `limit`; a place at or behind it if there is none before. Up to `scan_padding`
// bytes behind `limit` are read.
inline const char* find_special(const char* at, const char* limit) noexcept {
    while (at < limit) {
        const std::size_t plain = first_special(at);
        at += plain;
        if (plain != 16) break;
    }
    return at;
}

// What is between the quotes of a JSON string.
struct scanned_string {
    const char* end;  // the closing quote; null if the string is not valid
    bool escaped;     // it has escapes
};

// Where the escape after the backslash at `at` ends; null if it is none that JSON has.
inline const char* skip_escape(const char* at) noexcept {
    switch (at[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't': return at + 2;
        case 'u': return hex4({at + 2, 4}) < 0 ? nullptr : at + 6;
        default: return nullptr;
    }
}

// The end of the characters that are not ASCII at `at`; null if they are not UTF-8. Four bytes at
// once, as there is always padding.
inline const char* skip_utf8(const char* at) noexcept {
    do {
        std::uint32_t bytes = 0;
        for (unsigned i = 0; i < 4; ++i) {
            bytes |= std::uint32_t{static_cast<unsigned char>(at[i])} << (i * 8);
        }
        // three bytes: not what two would do for, and no surrogate
        const std::uint32_t second = bytes & 0x200F;
        if ((bytes & 0xC0C0F0) == 0x8080E0 && second != 0 && second != 0x200D) {
            at += 3;
        } else if ((bytes & 0xC0E0) == 0x80C0 && (bytes & 0x1E) != 0) {
            at += 2;
        } else {
            const utf8_step step = next_utf8({at, 4});
            if (!step.valid) return nullptr;
            at += step.size;
        }
    } while (static_cast<signed char>(*at) < 0);
    return at;
}

// A string with escapes or letters beyond ASCII: goes on at `at`, its first special byte.
[[gnu::noinline]] inline scanned_string scan_difficult_string(const char* at,
                                                              const char* limit) noexcept {
    bool escaped = false;
    while (at < limit) {
        if (*at == '"') return {at, escaped};
        if (*at == '\\') {
            escaped = true;
            at = skip_escape(at);
        } else if (static_cast<signed char>(*at) < 0) {
            at = skip_utf8(at);
        } else {
            break;  // a control character
        }
        if (at == nullptr) break;
        at = find_special(at, limit);
    }
    return {nullptr, false};
}

// Reads the string whose first byte behind the opening quote is at `begin`: it ends before `limit`,
// and what is in it is as RFC 8259 has it.
inline scanned_string scan_string(const char* begin, const char* limit) noexcept {
    const char* const end = find_special(begin, limit);
    if (end < limit && *end == '"') [[likely]]
        return {end, false};
    return scan_difficult_string(end, limit);
}

}  // namespace conclave::json::detail
