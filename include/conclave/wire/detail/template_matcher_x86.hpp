#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <immintrin.h>

#include <conclave/json/detail/string_scan.hpp>
#include <conclave/wire/event_template.hpp>

namespace conclave::wire::detail {

// What `match_short` needs of a processor, in words of 32 and 64 bytes. Masks have a bit for each
// byte.

// Words to compare with. The compiler is kept from knowing them, as it would make them anew from
// immediate values for each hole.
struct alignas(64) comparands {
    char quotes[64], backslashes[64], spaces[64], line_ends[64], zeros[16], nines[16];
};
inline const comparands* known_comparands() noexcept {
    static constexpr comparands made = [] {
        comparands words{};
        for (std::size_t i = 0; i < 64; ++i) {
            words.quotes[i] = '"';
            words.backslashes[i] = '\\';
            words.spaces[i] = ' ';
            words.line_ends[i] = '\n';
            words.zeros[i / 4] = '0';
            words.nines[i / 4] = 9;
        }
        return words;
    }();
    const comparands* at = &made;
    asm("" : "+r"(at));
    return at;
}

struct avx2 {
#define CONCLAVE_AVX2_ONLY __attribute__((target("avx2,bmi,bmi2")))
#define CONCLAVE_AVX2 CONCLAVE_AVX2_ONLY static inline

    CONCLAVE_AVX2 __m256i load(const char* at) noexcept {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    }
    CONCLAVE_AVX2 __m128i load16(const char* at) noexcept {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    }
    CONCLAVE_AVX2 std::uint32_t mask(__m256i bytes) noexcept {
        return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
    }

    // Which bytes end a run of plain text in a JSON string.
    CONCLAVE_AVX2 std::uint32_t special32(const char* at, const comparands& words) noexcept {
        const __m256i bytes = load(at);
        // signed: bytes that are not ASCII are negative
        const __m256i odd = _mm256_or_si256(_mm256_cmpgt_epi8(load(words.spaces), bytes),
                                            _mm256_cmpeq_epi8(bytes, load(words.backslashes)));
        return mask(_mm256_or_si256(odd, _mm256_cmpeq_epi8(bytes, load(words.quotes))));
    }
    CONCLAVE_AVX2 std::uint64_t special64(const char* at, const comparands& words) noexcept {
        return special32(at, words) | std::uint64_t{special32(at + 32, words)} << 32;
    }
    // The size of a text that may have escapes or letters beyond ASCII; 64 if it is not as short as
    // that, or not valid. To be called rarely, and so not a part of its callers.
    __attribute__((target("avx2,bmi,bmi2"), noinline)) static std::size_t difficult64(
        const char* at, const comparands& words, bool& escaped) noexcept {
        const __m256i low = load(at);
        const __m256i high = load(at + 32);
        const auto where = [&](const char* comparand) CONCLAVE_AVX2_ONLY {
            return mask(_mm256_cmpeq_epi8(low, load(comparand))) |
                   std::uint64_t{mask(_mm256_cmpeq_epi8(high, load(comparand)))} << 32;
        };
        const std::uint64_t backslashes = where(words.backslashes);
        // Every second backslash of a row escapes what is behind it; a row begins at an even or an
        // odd place, and the carry of a subtraction runs along it.
        constexpr std::uint64_t odd_places = 0xAAAAAAAAAAAAAAAA;
        const std::uint64_t codes = ((backslashes << 1 | odd_places) - backslashes) ^ odd_places;
        const std::uint64_t behind = codes ^ backslashes;  // what is escaped
        const std::uint64_t ends = where(words.quotes) & ~behind;
        if (ends == 0) return 64;
        const std::uint64_t inside = (ends & (0 - ends)) - 1;
        const auto size = static_cast<std::size_t>(std::countr_zero(ends));
        const __m256i spaces = load(words.spaces);
        const std::uint64_t odd =
            inside & (mask(_mm256_cmpgt_epi8(spaces, low)) |
                      std::uint64_t{mask(_mm256_cmpgt_epi8(spaces, high))} << 32);
        for (std::uint64_t rest = odd; rest != 0;) {
            const auto first = static_cast<unsigned>(std::countr_zero(rest));
            const char* const end = at[first] < 0 ? json::detail::skip_utf8(at + first) : nullptr;
            if (end == nullptr || end > at + size) return 64;
            rest = end - at < 64 ? rest & (~std::uint64_t{0} << (end - at)) : 0;
        }
        escaped = (backslashes & inside) != 0;
        for (std::uint64_t rest = behind & inside; rest != 0; rest &= rest - 1) {
            const char* const letter = at + std::countr_zero(rest);
            const char* const end = json::detail::skip_escape(letter - 1);
            if (end == nullptr || end > at + size) return 64;
        }
        return size;
    }

    CONCLAVE_AVX2 std::uint64_t line_ends64(const char* at, const comparands& words) noexcept {
        const __m256i ends = load(words.line_ends);
        return mask(_mm256_cmpeq_epi8(load(at), ends)) |
               std::uint64_t{mask(_mm256_cmpeq_epi8(load(at + 32), ends))} << 32;
    }
    CONCLAVE_AVX2 std::size_t count_spaces(const char* at, const comparands& words) noexcept {
        return _tzcnt_u32(~mask(_mm256_cmpeq_epi8(load(at), load(words.spaces))));
    }
    CONCLAVE_AVX2 std::size_t count_digits(const char* at, const comparands& words) noexcept {
        const __m128i values = _mm_sub_epi8(load16(at), load16(words.zeros));
        const __m128i digits = _mm_cmpeq_epi8(_mm_min_epu8(values, load16(words.nines)), values);
        return _tzcnt_u32(~static_cast<std::uint32_t>(_mm_movemask_epi8(digits)));
    }

    // Whether a segment's literal is what is at `at`.
    CONCLAVE_AVX2 bool same(const char* at, const char* literal,
                            const event_template::segment& of) noexcept {
        // ones for the bytes of the last word that count
        alignas(64) static constexpr auto ones_then_zeros = [] {
            std::array<std::uint8_t, 64> bytes{};
            for (std::size_t i = 0; i < 32; ++i)
                bytes[i] = 0xFF;
            return bytes;
        }();
        const std::size_t words = (of.size - 1U) / 32;
        const void* const wanted = ones_then_zeros.data() + 31 - (of.size - 1U) % 32;
        const auto difference = [&](std::size_t i) CONCLAVE_AVX2_ONLY {
            return _mm256_xor_si256(load(at + 32 * i), load(literal + 32 * i));
        };
        __m256i sum = _mm256_and_si256(difference(words), load(static_cast<const char*>(wanted)));
        const auto add = [&](std::size_t i)
                             CONCLAVE_AVX2_ONLY { sum = _mm256_or_si256(sum, difference(i)); };
        // straight through, as a loop's own work would be as much as that of comparing
        switch (words) {
            default:
                for (std::size_t i = 8; i < words; ++i)
                    add(i);
                [[fallthrough]];
            case 8: add(7); [[fallthrough]];
            case 7: add(6); [[fallthrough]];
            case 6: add(5); [[fallthrough]];
            case 5: add(4); [[fallthrough]];
            case 4: add(3); [[fallthrough]];
            case 3: add(2); [[fallthrough]];
            case 2: add(1); [[fallthrough]];
            case 1: add(0); [[fallthrough]];
            case 0: break;
        }
        return _mm256_testz_si256(sum, sum) != 0;
    }
};

// For processors whose words of 64 bytes do not slow their clock, as the first did.
struct avx512 : avx2 {
#define CONCLAVE_AVX512_ONLY __attribute__((target("avx2,avx512f,avx512bw,avx512vbmi2,bmi,bmi2")))
#define CONCLAVE_AVX512 CONCLAVE_AVX512_ONLY static inline

    CONCLAVE_AVX512 __m512i load64(const char* at) noexcept { return _mm512_loadu_si512(at); }

    CONCLAVE_AVX512 std::uint64_t special64(const char* at, const comparands& words) noexcept {
        const __m512i bytes = load64(at);
        const __mmask64 odd = _kor_mask64(_mm512_cmplt_epi8_mask(bytes, load64(words.spaces)),
                                          _mm512_cmpeq_epi8_mask(bytes, load64(words.backslashes)));
        return _cvtmask64_u64(
            _kor_mask64(odd, _mm512_cmpeq_epi8_mask(bytes, load64(words.quotes))));
    }
    CONCLAVE_AVX512 std::uint64_t line_ends64(const char* at, const comparands& words) noexcept {
        return _cvtmask64_u64(_mm512_cmpeq_epi8_mask(load64(at), load64(words.line_ends)));
    }

    CONCLAVE_AVX512 bool same(const char* at, const char* literal,
                              const event_template::segment& of) noexcept {
        const std::size_t last = of.whole * std::size_t{64};
        const __mmask64 rest = _mm512_mask_cmpneq_epi8_mask(
            _cvtu64_mask64(of.rest), load64(at + last), load64(literal + last));
        if (of.whole == 0) return _kortestz_mask64_u8(rest, rest) != 0;
        __m512i sum = _mm512_setzero_si512();
        const auto add = [&](std::size_t i) CONCLAVE_AVX512_ONLY {
            constexpr int or_of_xor = 0xF6;
            sum = _mm512_ternarylogic_epi64(sum, load64(at + 64 * i), load64(literal + 64 * i),
                                            or_of_xor);
        };
        switch (of.whole) {
            default:
                for (std::size_t i = 5; i < of.whole; ++i)
                    add(i);
                [[fallthrough]];
            case 5: add(4); [[fallthrough]];
            case 4: add(3); [[fallthrough]];
            case 3: add(2); [[fallthrough]];
            case 2: add(1); [[fallthrough]];
            case 1: add(0);
        }
        return _kortestz_mask64_u8(rest, _mm512_test_epi8_mask(sum, sum)) != 0;
    }
};

// What `match_short` returns if it cannot tell.
inline constexpr std::size_t not_short = ~std::size_t{0};

// Matches an event whose holes have at most 62 bytes together, as nearly all have.
//
// Where the event ends is found first, without waiting for where its holes end: so the processor
// can begin with the event behind it while it is still busy with this one.
template <class Words>
std::size_t match_short(const event_template& expected, std::string_view bytes,
                        std::string_view& target, bool& escaped) noexcept {
    const char* at = bytes.data();
    if (bytes.size() < expected.size()) return 0;
    const comparands& words = *known_comparands();
    // The first LF behind the last hole, which has to be there as no hole has any.
    const std::uint64_t ends =
        Words::line_ends64(at + expected.size() - expected.end_size(), words);
    // what the holes have together
    auto room = static_cast<std::ptrdiff_t>(std::countr_zero(ends));
    std::size_t size = expected.size() + static_cast<std::size_t>(room);
    if (size > bytes.size()) return not_short;
    // or else the compiler takes the end that is found last, which is the same
    asm("" : "+r"(size));
    for (const event_template::segment* each = expected.segments();; ++each) {
        if (!Words::same(at, expected.literal(*each), *each)) return 0;
        at += each->size;
        std::size_t filled;
        switch (each->after) {
            case hole::target:
                filled = static_cast<std::size_t>(std::countr_zero(Words::special64(at, words)));
                if (at[filled] != '"') [[unlikely]] {
                    filled = avx2::difficult64(at, words, escaped);
                    if (filled == 64) return not_short;
                }
                target = {at, filled};
                if (filled == 0) [[unlikely]]
                    return not_short;
                break;
            case hole::noise:
                filled = static_cast<std::size_t>(std::countr_zero(Words::special32(at, words)));
                if (at[filled] != '"') [[unlikely]]
                    return not_short;
                break;
            case hole::integer:
                filled = Words::count_digits(at, words);
                if (filled - 1 > 14 || (*at == '0' && filled != 1)) [[unlikely]]
                    return 0;
                break;
            case hole::spaces:
                filled = Words::count_spaces(at, words);
                if (filled == 32) [[unlikely]]
                    return 0;
                break;
            default: return room == 0 ? size : not_short;
        }
        room -= static_cast<std::ptrdiff_t>(filled);
        if (room < 0) [[unlikely]]
            return not_short;
        at += filled;
    }
}

}  // namespace conclave::wire::detail
