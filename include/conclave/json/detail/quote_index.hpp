#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace conclave::json::detail {

// What is marked of 64 bytes, a bit for each.
struct block_marks {
    std::uint64_t quotes;
    std::uint64_t odd;  // backslashes, control characters, and what is not ASCII

    // Forgets all but the first `count` bytes, which are not all.
    void keep(std::size_t count) noexcept {
        const std::uint64_t kept = ~(~std::uint64_t{0} << count);
        quotes &= kept;
        odd &= kept;
    }
};

struct portable_marks {
    static block_marks of(const char* bytes) noexcept {
        block_marks marks{};
        for (unsigned i = 0; i < 8; ++i) {
            std::uint64_t word;
            std::memcpy(&word, bytes + i * 8, sizeof word);
            if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
            marks.quotes |= gather(zeros(word ^ ('"' * ones))) << (i * 8);
            const std::uint64_t control = zeros(word & (0xE0 * ones));
            marks.odd |= gather(word | control | zeros(word ^ ('\\' * ones))) << (i * 8);
        }
        return marks;
    }

private:
    static constexpr std::uint64_t ones = 0x0101010101010101;

    // The top bit of each byte that is zero, exactly.
    static constexpr std::uint64_t zeros(std::uint64_t word) noexcept {
        constexpr std::uint64_t low_bits = 0x7F * ones;
        return ~(((word & low_bits) + low_bits) | word | low_bits);
    }
    static constexpr std::uint64_t gather(std::uint64_t top_bits) noexcept {
        return (((top_bits >> 7) & ones) * 0x0102040810204080) >> 56;
    }
};

#if defined(__x86_64__)
struct avx2_marks {
    __attribute__((target("avx2"))) static inline block_marks of(const char* bytes) noexcept {
        const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
        const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32));
        const __m256i quote = _mm256_set1_epi8('"');
        return {mask(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
                mask(odd(low), odd(high))};
    }

private:
    __attribute__((target("avx2"))) static inline __m256i odd(__m256i bytes) noexcept {
        // signed: bytes that are not ASCII are negative
        return _mm256_or_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(' '), bytes),
                               _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
    }
    __attribute__((target("avx2"))) static inline std::uint64_t mask(__m256i low,
                                                                     __m256i high) noexcept {
        return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
               std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))} << 32;
    }
};
#endif

// An unescaped quote: its offset in the text; the top bit is set if anything but plain text is
// between it and the quote before.
using quote_mark = std::uint32_t;
inline constexpr quote_mark difficult = 0x80000000;

// What marking has come to between two blocks.
struct marking {
    quote_mark* out;
    std::size_t escaped_until = 0;  // no quote before it counts
    quote_mark flag = 0;            // for the next quote

    // A block with anything but plain text in it.
    [[gnu::noinline]] void take_difficult(const char* text, std::size_t block,
                                          block_marks found) noexcept {
        for (std::uint64_t rest = found.quotes | found.odd; rest != 0; rest &= rest - 1) {
            const std::size_t at = block + static_cast<std::size_t>(std::countr_zero(rest));
            if (at < escaped_until) continue;
            if (text[at] == '"') {
                *out++ = static_cast<quote_mark>(at) | flag;
                flag = 0;
            } else {
                flag = difficult;
                if (text[at] == '\\') escaped_until = at + 2;
            }
        }
    }
};

// Marks the unescaped quotes of `text`, of which 63 bytes more may be read. Returns behind the last
// mark; some more are written.
template <class Marks>
quote_mark* mark_quotes(std::string_view text, quote_mark* out) noexcept {
    marking state{out};
    for (std::size_t block = 0; block < text.size(); block += 64) {
        block_marks found = Marks::of(text.data() + block);
        if (text.size() - block < 64) found.keep(text.size() - block);
        if (found.odd != 0 || state.escaped_until > block) [[unlikely]] {
            state.take_difficult(text.data(), block, found);
            continue;
        }
        if (found.quotes == 0) continue;
        quote_mark* at = state.out;
        state.out += std::popcount(found.quotes);
        const quote_mark flag = std::exchange(state.flag, quote_mark{0});
        const auto offset = static_cast<quote_mark>(block);
        *at = (offset + static_cast<quote_mark>(std::countr_zero(found.quotes))) | flag;
        for (++at; at < state.out; at += 4) {
            for (unsigned i = 0; i < 4; ++i) {
                found.quotes &= found.quotes - 1;
                at[i] = offset + static_cast<quote_mark>(std::countr_zero(found.quotes));
            }
        }
    }
    return state.out;
}

using quote_marker = quote_mark* (*)(std::string_view text, quote_mark* out) noexcept;

#if defined(__x86_64__)
// With all it calls put into it, as `flatten` asks for, it is compiled for the processors that have
// these words.
__attribute__((target("avx2,bmi,bmi2,popcnt"), flatten)) inline quote_mark* mark_quotes_avx2(
    std::string_view text, quote_mark* out) noexcept {
    return mark_quotes<avx2_marks>(text, out);
}
#endif

// The fastest marker that this processor runs.
inline quote_marker best_quote_marker() noexcept {
#if defined(__x86_64__)
    static const quote_marker best =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")
            ? mark_quotes_avx2
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
        // a quote for each byte, the ends, and what is written ahead
        constexpr std::size_t more = 16;
        if (capacity_ < text.size() + more) {
            capacity_ = text.size() + text.size() / 2 + 1024;
            // of which only what is used is ever touched
            marks_ = std::make_unique_for_overwrite<quote_mark[]>(capacity_);
        }
        quote_mark* const last = marker_(text, marks_.get());
        std::fill_n(last, 4, static_cast<quote_mark>(text.size()));
        return marks_.get();
    }

private:
    quote_marker marker_;
    std::size_t capacity_ = 0;
    std::unique_ptr<quote_mark[]> marks_;
};

}  // namespace conclave::json::detail
