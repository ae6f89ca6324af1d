#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace conclave::json::detail {

// An unescaped quote: its offset in the text; the top bit is set if anything but plain text is
// between it and the quote before.
using quote_mark = std::uint32_t;
inline constexpr quote_mark difficult = 0x80000000;

// What is marked of 64 bytes, a bit for each.
struct block_marks {
    std::uint64_t quotes;
    bool plain;  // none is as `odd_marks` has it
};
struct odd_marks {
    std::uint64_t odd;  // backslashes, control characters, and what is not ASCII
    std::uint64_t backslashes;
};

// Puts down the place of each bit; returns behind the last. Up to three more are written.
inline quote_mark* put_each(std::uint64_t bits, quote_mark offset, quote_mark* out) noexcept {
    quote_mark* const end = out + std::popcount(bits);
    for (; out < end; out += 4) {
        for (unsigned i = 0; i < 4; ++i) {
            out[i] = offset + static_cast<quote_mark>(std::countr_zero(bits));
            bits &= bits - 1;
        }
    }
    return end;
}

struct portable_marks {
    static block_marks of(const char* bytes) noexcept {
        block_marks marks{0, true};
        for (unsigned i = 0; i < 8; ++i) {
            const std::uint64_t word = load(bytes + i * 8);
            marks.quotes |= gather(zeros(word ^ ('"' * ones))) << (i * 8);
            marks.plain &= (odd(word) & top_bits) == 0;
        }
        return marks;
    }
    static odd_marks odd_of(const char* bytes) noexcept {
        odd_marks marks{};
        for (unsigned i = 0; i < 8; ++i) {
            const std::uint64_t word = load(bytes + i * 8);
            marks.odd |= gather(odd(word)) << (i * 8);
            marks.backslashes |= gather(zeros(word ^ ('\\' * ones))) << (i * 8);
        }
        return marks;
    }
    static quote_mark* put(std::uint64_t quotes, quote_mark offset, quote_mark* out) noexcept {
        return put_each(quotes, offset, out);
    }

private:
    static constexpr std::uint64_t ones = 0x0101010101010101;
    static constexpr std::uint64_t top_bits = 0x80 * ones;

    static std::uint64_t load(const char* bytes) noexcept {
        std::uint64_t word;
        std::memcpy(&word, bytes, sizeof word);
        if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
        return word;
    }
    // The top bit of each byte that is zero, exactly.
    static constexpr std::uint64_t zeros(std::uint64_t word) noexcept {
        constexpr std::uint64_t low_bits = 0x7F * ones;
        return ~(((word & low_bits) + low_bits) | word | low_bits);
    }
    // The top bit of each byte that is odd; the others say nothing.
    static constexpr std::uint64_t odd(std::uint64_t word) noexcept {
        return word | zeros(word & (0xE0 * ones)) | zeros(word ^ ('\\' * ones));
    }
    static constexpr std::uint64_t gather(std::uint64_t tops) noexcept {
        return (((tops >> 7) & ones) * 0x0102040810204080) >> 56;
    }
};

#if defined(__x86_64__)
struct avx2_marks {
    __attribute__((target("avx2"))) static inline block_marks of(const char* bytes) noexcept {
        const __m256i low = load(bytes), high = load(bytes + 32);
        const __m256i quote = _mm256_set1_epi8('"');
        const __m256i all_odd = _mm256_or_si256(odd(low), odd(high));
        return {mask(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
                _mm256_movemask_epi8(all_odd) == 0};
    }
    __attribute__((target("avx2"))) static inline odd_marks odd_of(const char* bytes) noexcept {
        const __m256i low = load(bytes), high = load(bytes + 32);
        return {mask(odd(low), odd(high)), mask(backslashes(low), backslashes(high))};
    }
    static quote_mark* put(std::uint64_t quotes, quote_mark offset, quote_mark* out) noexcept {
        return put_each(quotes, offset, out);
    }

private:
    __attribute__((target("avx2"))) static inline __m256i load(const char* bytes) noexcept {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
    }
    __attribute__((target("avx2"))) static inline __m256i backslashes(__m256i bytes) noexcept {
        return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    }
    __attribute__((target("avx2"))) static inline __m256i odd(__m256i bytes) noexcept {
        // signed: bytes that are not ASCII are negative
        return _mm256_or_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(' '), bytes), backslashes(bytes));
    }
    __attribute__((target("avx2"))) static inline std::uint64_t mask(__m256i low,
                                                                     __m256i high) noexcept {
        return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
               std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))} << 32;
    }
};

// For processors that have the second set of byte instructions with 512 bits: they do not lower
// their clock for it, as older ones do, and they compress bytes, which finds all quotes at once.
#define CONCLAVE_AVX512 "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt"
struct avx512_marks {
    __attribute__((target(CONCLAVE_AVX512))) static inline block_marks of(
        const char* bytes) noexcept {
        const __m512i block = _mm512_loadu_si512(bytes);
        const odd_marks odd = odd_in(block);
        return {_mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('"')), odd.odd == 0};
    }
    __attribute__((target(CONCLAVE_AVX512))) static inline odd_marks odd_of(
        const char* bytes) noexcept {
        return odd_in(_mm512_loadu_si512(bytes));
    }
    __attribute__((target(CONCLAVE_AVX512))) static inline quote_mark* put(
        std::uint64_t quotes, quote_mark offset, quote_mark* out) noexcept {
        alignas(64) static constexpr auto places = [] {
            std::array<std::uint8_t, 64> all{};
            for (std::uint8_t i = 0; i < 64; ++i)
                all[i] = i;
            return all;
        }();
        const __m512i found = _mm512_maskz_compress_epi8(quotes, _mm512_load_si512(places.data()));
        const __m512i base = _mm512_set1_epi32(static_cast<int>(offset));
        // Masks of all ones, as GCC 12 warns of what the words without one leave undefined.
        constexpr __mmask8 all_4 = 0xF;
        constexpr __mmask16 all_16 = 0xFFFF;
        const auto put_16 = [&](int part, __m128i of) __attribute__((target(CONCLAVE_AVX512))) {
            const __m512i wide = _mm512_maskz_cvtepu8_epi32(all_16, of);
            _mm512_storeu_si512(out + part * 16, _mm512_add_epi32(wide, base));
        };
        put_16(0, _mm512_maskz_extracti32x4_epi32(all_4, found, 0));
        const auto count = static_cast<std::size_t>(std::popcount(quotes));
        if (count > 16) [[unlikely]] {
            put_16(1, _mm512_maskz_extracti32x4_epi32(all_4, found, 1));
            put_16(2, _mm512_maskz_extracti32x4_epi32(all_4, found, 2));
            put_16(3, _mm512_maskz_extracti32x4_epi32(all_4, found, 3));
        }
        return out + count;
    }

private:
    __attribute__((target(CONCLAVE_AVX512))) static inline odd_marks odd_in(
        __m512i block) noexcept {
        const std::uint64_t backslashes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\\'));
        // signed: bytes that are not ASCII are negative
        return {backslashes | _mm512_cmplt_epi8_mask(block, _mm512_set1_epi8(' ')), backslashes};
    }
};
#endif

// What marking has come to between two blocks.
struct marking {
    quote_mark* out;
    bool pending = false;  // something was odd since the last quote
    bool escaped = false;  // the next byte is, by a backslash

    // A block with something odd, or behind such.
    template <class Marks>
    void take_odd(std::uint64_t quotes, odd_marks found, quote_mark offset) noexcept {
        quotes &= ~escaped_by(found.backslashes);
        quote_mark* const first = out;
        out = Marks::put(quotes, offset, out);
        if (pending && quotes != 0) *first |= difficult;
        pending = pending && quotes == 0;
        // of what is odd between two quotes only the first is looked at
        while (found.odd != 0) {
            const std::uint64_t before = (found.odd & (0 - found.odd)) - 1;
            const std::uint64_t behind = quotes & ~before;
            if (behind == 0) {
                pending = true;
                return;
            }
            first[std::popcount(quotes & before)] |= difficult;
            found.odd &= 0 - (behind & (0 - behind));
        }
    }

private:
    // The bytes that backslashes escape. In a row of them each second one is escaped, and what
    // follows it if its length is odd. Subtracting the backslashes from the places behind them,
    // with all odd places set, lets each row's first bit borrow through the row, so that of it and
    // the place behind the right ones differ from the pattern: no loop whose end none foresees.
    std::uint64_t escaped_by(std::uint64_t backslashes) noexcept {
        constexpr std::uint64_t odd_places = 0xAAAAAAAAAAAAAAAA;
        const std::uint64_t carried = escaped ? 1 : 0;
        const std::uint64_t begins = backslashes & ~carried;
        const std::uint64_t code = ((begins << 1 | odd_places) - begins) ^ odd_places;
        escaped = (code & backslashes) >> 63 != 0;
        return code ^ (backslashes | carried);
    }
};

// Marks the unescaped quotes of `text`, of which 63 bytes more may be read. Returns behind the last
// mark; some more are written.
template <class Marks>
quote_mark* mark_quotes(std::string_view text, quote_mark* out) noexcept {
    marking state{out};
    std::size_t block = 0;
    for (; text.size() - block >= 64; block += 64) {
        const block_marks found = Marks::of(text.data() + block);
        const auto offset = static_cast<quote_mark>(block);
        if (found.plain && !state.pending) [[likely]] {
            state.out = Marks::put(found.quotes, offset, state.out);
        } else {
            state.take_odd<Marks>(found.quotes, Marks::odd_of(text.data() + block), offset);
        }
    }
    if (block == text.size()) return state.out;
    const std::uint64_t last = ~(~std::uint64_t{0} << (text.size() - block));
    const std::uint64_t quotes = Marks::of(text.data() + block).quotes & last;
    odd_marks odd = Marks::odd_of(text.data() + block);
    odd.odd &= last;
    odd.backslashes &= last;
    state.take_odd<Marks>(quotes, odd, static_cast<quote_mark>(block));
    return state.out;
}

using quote_marker = quote_mark* (*)(std::string_view text, quote_mark* out) noexcept;

#if defined(__x86_64__)
// With all they call put into them, as `flatten` asks for, they are compiled for the processors
// that have these words.
__attribute__((target("avx2,bmi,bmi2,popcnt"), flatten)) inline quote_mark* mark_quotes_avx2(
    std::string_view text, quote_mark* out) noexcept {
    return mark_quotes<avx2_marks>(text, out);
}
__attribute__((target(CONCLAVE_AVX512), flatten)) inline quote_mark* mark_quotes_avx512(
    std::string_view text, quote_mark* out) noexcept {
    return mark_quotes<avx512_marks>(text, out);
}
#undef CONCLAVE_AVX512

inline bool has_avx2() noexcept {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
inline bool has_avx512() noexcept {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
}
#endif

// The fastest marker that this processor runs.
inline quote_marker best_quote_marker() noexcept {
#if defined(__x86_64__)
    static const quote_marker best = has_avx512() ? mark_quotes_avx512
                                     : has_avx2() ? mark_quotes_avx2
                                                  : mark_quotes<portable_marks>;
    return best;
#else
    return mark_quotes<portable_marks>;
#endif
}

// Where the strings of a text are.
class quote_index {
public:
    explicit quote_index(quote_marker marker = best_quote_marker()) noexcept : marker_(marker) {}

    // The quotes of `text`, two for each string, and then four times its end. Valid until the next
    // call. 63 bytes behind the text may be read; it is smaller than 2 GiB.
    const quote_mark* mark(std::string_view text) {
        // a quote for each byte, and the ends or what is written ahead
        constexpr std::size_t more = 64;
        if (capacity_ < text.size() + more) {
            capacity_ = text.size() + text.size() / 4 + 256;
            // of which only what is used is ever touched
            marks_ = std::make_unique_for_overwrite<quote_mark[]>(capacity_);
        }
        ends_ = marker_(text, marks_.get());
        std::fill_n(ends_, 4, static_cast<quote_mark>(text.size()));
        return marks_.get();
    }

    // How many quotes there were.
    quote_mark count() const noexcept { return static_cast<quote_mark>(ends_ - marks_.get()); }

private:
    quote_marker marker_;
    std::size_t capacity_ = 0;
    std::unique_ptr<quote_mark[]> marks_;
    quote_mark* ends_ = nullptr;
};

}  // namespace conclave::json::detail
