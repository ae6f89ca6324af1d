#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <immintrin.h>

#include <conclave/json/detail/string_scan.hpp>
#include <conclave/wire/detail/difficult_text.hpp>
#include <conclave/wire/event_template.hpp>

namespace conclave::wire::detail {

// What `match_in_words` needs of a processor, in words of 32 and 64 bytes. Masks have a bit for
// each of 64 bytes.

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
    CONCLAVE_AVX2 std::uint64_t mask(__m256i low, __m256i high) noexcept {
        return mask(low) | std::uint64_t{mask(high)} << 32;
    }

    CONCLAVE_AVX2 std::uint64_t equal(const char* at, char what) noexcept {
        const __m256i all = _mm256_set1_epi8(what);
        return mask(_mm256_cmpeq_epi8(load(at), all), _mm256_cmpeq_epi8(load(at + 32), all));
    }
    CONCLAVE_AVX2 std::uint64_t less(const char* at, char what) noexcept {
        const __m256i all = _mm256_set1_epi8(what);
        return mask(_mm256_cmpgt_epi8(all, load(at)), _mm256_cmpgt_epi8(all, load(at + 32)));
    }
    // Which bytes are one of "/\\bfnrtu: those of an upper half of the byte have one bit in common
    // with those of a lower half.
    CONCLAVE_AVX2 std::uint64_t escapable(const char* at) noexcept {
        const __m256i of_low = _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 0, 1 | 4 | 8, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1));
        const __m256i of_high = _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0));
        const auto others = [&](const char* from) CONCLAVE_AVX2_ONLY {
            const __m256i bytes = load(from);
            const __m256i half = _mm256_set1_epi8(0xF);
            const __m256i low = _mm256_shuffle_epi8(of_low, _mm256_and_si256(bytes, half));
            const __m256i high =
                _mm256_shuffle_epi8(of_high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
            return _mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256());
        };
        return ~mask(others(at), others(at + 32));
    }
    // To be called rarely, and so not a part of its callers.
    __attribute__((target("avx2,bmi,bmi2"), noinline, flatten)) static std::size_t
    measure_difficult(const char* at, const char* limit, bool& escaped) noexcept {
        return measure_difficult_text<avx2>(at, limit, escaped);
    }

    // Which bytes end a run of plain text in a JSON string.
    CONCLAVE_AVX2 __m256i special(const char* at, const comparands& words) noexcept {
        const __m256i bytes = load(at);
        // signed: bytes that are not ASCII are negative
        const __m256i odd = _mm256_or_si256(_mm256_cmpgt_epi8(load(words.spaces), bytes),
                                            _mm256_cmpeq_epi8(bytes, load(words.backslashes)));
        return _mm256_or_si256(odd, _mm256_cmpeq_epi8(bytes, load(words.quotes)));
    }
    CONCLAVE_AVX2 std::uint64_t special64(const char* at, const comparands& words) noexcept {
        return mask(special(at, words), special(at + 32, words));
    }
    CONCLAVE_AVX2 std::uint64_t line_ends64(const char* at, const comparands& words) noexcept {
        const __m256i ends = load(words.line_ends);
        return mask(_mm256_cmpeq_epi8(load(at), ends), _mm256_cmpeq_epi8(load(at + 32), ends));
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
        const std::size_t words = of.whole_halves;
        const void* const wanted = ones_then_zeros.data() + of.padding;
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

    CONCLAVE_AVX512 std::uint64_t equal(const char* at, char what) noexcept {
        return _cvtmask64_u64(_mm512_cmpeq_epi8_mask(load64(at), _mm512_set1_epi8(what)));
    }
    CONCLAVE_AVX512 std::uint64_t less(const char* at, char what) noexcept {
        return _cvtmask64_u64(_mm512_cmplt_epi8_mask(load64(at), _mm512_set1_epi8(what)));
    }
    __attribute__((target("avx2,avx512f,avx512bw,avx512vbmi2,bmi,bmi2"), noinline,
                   flatten)) static std::size_t
    measure_difficult(const char* at, const char* limit, bool& escaped) noexcept {
        return measure_difficult_text<avx512>(at, limit, escaped);
    }

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
        __m512i sum = _mm512_xor_si512(_mm512_maskz_loadu_epi8(_cvtu64_mask64(of.rest), at + last),
                                       load64(literal + last));
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
            case 1: add(0); [[fallthrough]];
            case 0: break;
        }
        const __mmask64 different = _mm512_test_epi8_mask(sum, sum);
        return _kortestz_mask64_u8(different, different) != 0;
    }
};

// The first of the 64-byte blocks from `at` on in which `find` finds something, and where in it;
// more than `most` if that is not within so many bytes.
template <class Find>
[[gnu::always_inline]] inline std::size_t find_in_blocks(const char* at, std::size_t most,
                                                         Find find) noexcept {
    std::uint64_t found = find(at);
    if (found != 0) [[likely]]
        return static_cast<std::size_t>(std::countr_zero(found));
    for (std::size_t block = 64; block <= most; block += 64) {
        found = find(at + block);
        if (found != 0) return block + static_cast<std::size_t>(std::countr_zero(found));
    }
    return most + 1;
}

// The `template_matcher` for processors with `Words`.
//
// Where the event ends is found first, without waiting for where its holes end: so the processor
// can begin with the event behind it while it is still busy with this one.
template <class Words>
std::size_t match_in_words(const event_template& expected, std::string_view bytes,
                           std::string_view& target, bool& escaped) noexcept {
    const char* at = bytes.data();
    if (bytes.size() < expected.size()) return 0;
    const comparands& words = *known_comparands();
    const auto ends = [&](const char* from) { return Words::line_ends64(from, words); };
    const auto specials = [&](const char* from) { return Words::special64(from, words); };
    // The first LF behind the last hole, which has to be there as no hole has any: so this is what
    // the holes have together.
    std::size_t room = find_in_blocks(at + expected.size() - expected.end_size(),
                                      bytes.size() - expected.size(), ends);
    std::size_t size = expected.size() + room;
    if (size > bytes.size()) return 0;
    // or else the compiler takes the end that is found last, which is the same
    asm("" : "+r"(size));
    for (const event_template::segment* each = expected.segments();; ++each) {
        if (!Words::same(at, expected.literal(*each), *each)) return 0;
        at += each->size;
        std::size_t filled;
        if (each->after == hole::target) {
            filled = find_in_blocks(at, room, specials);
            if (at[filled] != '"') [[unlikely]]
                filled = Words::measure_difficult(at, at + room, escaped);
            if (filled == 0) [[unlikely]]
                return 0;
            target = {at, filled};
        } else if (each->after == hole::end) {
            return room == 0 ? size : 0;
        } else if (each->after == hole::noise) {
            filled = find_in_blocks(at, room, specials);
            if (at[filled] != '"') [[unlikely]]
                return 0;
        } else if (each->after == hole::integer) {
            filled = Words::count_digits(at, words);
            if (filled - 1 > 14 || (*at == '0' && filled != 1)) [[unlikely]]
                return 0;
        } else {
            filled = Words::count_spaces(at, words);
            if (filled == 32) [[unlikely]]
                return 0;
        }
        if (filled > room) [[unlikely]]
            return 0;
        room -= filled;
        at += filled;
    }
}

}  // namespace conclave::wire::detail

#undef CONCLAVE_AVX2_ONLY
#undef CONCLAVE_AVX2
#undef CONCLAVE_AVX512_ONLY
#undef CONCLAVE_AVX512
