#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace conclave::sse {

/// Marks the line ends of `count` blocks, at most 32, of 64 bytes: bit i of `marks[b]` is set when
/// byte i of block b is LF or CR. Returns a bit for each block that has some. All 64 bytes of each
/// block are read.
using block_scanner = std::uint32_t (*)(const char* bytes, std::size_t count, std::uint64_t* marks);

/// The `block_scanner` for any machine: eight bytes at a time in a general register.
inline std::uint32_t scan_blocks_portable(const char* bytes, std::size_t count,
                                          std::uint64_t* marks) {
    std::uint32_t some = 0;
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t low_bits = 0x7F * ones;
    // The top bit of each byte that is zero, exactly.
    constexpr auto zeros = [](std::uint64_t word) {
        return ~(((word & low_bits) + low_bits) | word | low_bits);
    };
    for (std::size_t block = 0; block < count; ++block) {
        std::uint64_t found = 0;
        for (unsigned i = 0; i < 8; ++i) {
            std::uint64_t word;
            std::memcpy(&word, bytes + block * 64 + i * 8, sizeof word);
            if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
            const std::uint64_t ends = zeros(word ^ ('\n' * ones)) | zeros(word ^ ('\r' * ones));
            // Gathers the eight top bits in the top byte.
            found |= (((ends >> 7) * 0x0102040810204080) >> 56) << (i * 8);
        }
        marks[block] = found;
        some |= std::uint32_t{found != 0} << block;
    }
    return some;
}

#if defined(__x86_64__)
/// The `block_scanner` for x86-64 with AVX2.
__attribute__((target("avx2"))) inline std::uint32_t scan_blocks_avx2(const char* bytes,
                                                                      std::size_t count,
                                                                      std::uint64_t* marks) {
    std::uint32_t some = 0;
    const __m256i lf = _mm256_set1_epi8('\n');
    const __m256i cr = _mm256_set1_epi8('\r');
    for (std::size_t block = 0; block < count; ++block) {
        const char* const at = bytes + block * 64;
        const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
        const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
        const __m256i low_ends =
            _mm256_or_si256(_mm256_cmpeq_epi8(low, lf), _mm256_cmpeq_epi8(low, cr));
        const __m256i high_ends =
            _mm256_or_si256(_mm256_cmpeq_epi8(high, lf), _mm256_cmpeq_epi8(high, cr));
        const auto low_mask = static_cast<std::uint32_t>(_mm256_movemask_epi8(low_ends));
        const auto high_mask = static_cast<std::uint32_t>(_mm256_movemask_epi8(high_ends));
        marks[block] = low_mask | static_cast<std::uint64_t>(high_mask) << 32;
        some |= std::uint32_t{marks[block] != 0} << block;
    }
    return some;
}

/// The `block_scanner` for x86-64 with AVX-512.
__attribute__((target("avx512f,avx512bw"))) inline std::uint32_t scan_blocks_avx512(
    const char* bytes, std::size_t count, std::uint64_t* marks) {
    const __m512i lf = _mm512_set1_epi8('\n');
    const __m512i cr = _mm512_set1_epi8('\r');
    std::uint32_t some = 0;
    for (std::size_t block = 0; block < count; ++block) {
        const __m512i text = _mm512_loadu_si512(bytes + block * 64);
        marks[block] = _mm512_cmpeq_epi8_mask(text, lf) | _mm512_cmpeq_epi8_mask(text, cr);
        some |= std::uint32_t{marks[block] != 0} << block;
    }
    return some;
}
#elif defined(__aarch64__)
/// The `block_scanner` for 64-bit ARM, whose every processor has NEON.
inline std::uint32_t scan_blocks_neon(const char* bytes, std::size_t count, std::uint64_t* marks) {
    std::uint32_t some = 0;
    const uint8x16_t lf = vdupq_n_u8('\n');
    const uint8x16_t cr = vdupq_n_u8('\r');
    constexpr std::uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t weight = vld1q_u8(weights);
    for (std::size_t block = 0; block < count; ++block) {
        uint8x16_t ends[4];
        for (int i = 0; i < 4; ++i) {
            const uint8x16_t part =
                vld1q_u8(reinterpret_cast<const std::uint8_t*>(bytes + block * 64 + i * 16));
            ends[i] = vandq_u8(vorrq_u8(vceqq_u8(part, lf), vceqq_u8(part, cr)), weight);
        }
        // Each byte's own weight is left where it is a line end: three pairwise sums make bits.
        uint8x16_t sum = vpaddq_u8(vpaddq_u8(ends[0], ends[1]), vpaddq_u8(ends[2], ends[3]));
        sum = vpaddq_u8(sum, sum);
        marks[block] = vgetq_lane_u64(vreinterpretq_u64_u8(sum), 0);
        some |= std::uint32_t{marks[block] != 0} << block;
    }
    return some;
}
#endif

/// The fastest `block_scanner` that this processor runs.
inline block_scanner best_block_scanner() noexcept {
#if defined(__x86_64__)
    // Processors without the last of these lower their clock for AVX-512.
    static const bool has_avx512 = __builtin_cpu_supports("avx512f") &&
                                   __builtin_cpu_supports("avx512bw") &&
                                   __builtin_cpu_supports("avx512vbmi2");
    static const block_scanner best = has_avx512                       ? scan_blocks_avx512
                                      : __builtin_cpu_supports("avx2") ? scan_blocks_avx2
                                                                       : scan_blocks_portable;
    return best;
#elif defined(__aarch64__)
    return scan_blocks_neon;
#else
    return scan_blocks_portable;
#endif
}

/// The size of the first line of `text`: how many bytes are before its first LF or CR.
inline std::size_t line_size(std::string_view text) noexcept {
    const block_scanner scan = best_block_scanner();
    std::size_t size = 0;
    for (; text.size() - size >= 64; size += 64) {
        std::uint64_t ends;
        scan(text.data() + size, 1, &ends);
        if (ends != 0) return size + static_cast<std::size_t>(std::countr_zero(ends));
    }
    while (size < text.size() && text[size] != '\n' && text[size] != '\r')
        ++size;
    return size;
}

/// Yields the offsets of all line-end bytes (LF or CR, each by itself) of a buffer that grows, in
/// order. No byte is looked at twice, whatever the pieces the buffer grows by.
class line_scanner {
public:
    /// `scan` must suit the processor.
    explicit line_scanner(block_scanner scan) noexcept : scan_(scan) {}

    /// Starts anew at `offset`.
    void restart(std::size_t offset) noexcept {
        found_ = 0;
        pending_ = 0;
        scanned_ = offset;
    }

    /// Goes on from `offset`, which is not behind the end: line ends before it are not yielded, and
    /// what has not been scanned of the bytes before it never will be.
    [[gnu::noinline]] void skip_to(std::size_t offset) noexcept {
        // as a distance, because an offset left far behind may have wrapped when the bytes moved
        const auto ahead = static_cast<std::ptrdiff_t>(scanned_ - offset);
        if (ahead <= 0) return restart(offset);
        const auto known = static_cast<std::ptrdiff_t>(offset - first_);
        if (known < 0 || static_cast<std::ptrdiff_t>(offset - block_) <= 0) return;
        const auto block = static_cast<std::size_t>(known) / 64;
        // the block may be one of those without line ends
        const std::uint64_t rest = ~std::uint64_t{0} << known % 64;
        found_ = (block_ == first_ + block * 64 ? found_ : marks_[block]) & rest;
        block_ = first_ + block * 64;
        pending_ &= ~std::uint32_t{1} << block;
    }

    /// The buffer's bytes have moved: adds `distance` (modulo 2^64) to all offsets.
    void shift(std::size_t distance) noexcept {
        first_ += distance;
        block_ += distance;
        scanned_ += distance;
    }

    /// Sets `offset` to that of the next line-end byte before `end`, or returns false: all has been
    /// scanned. 63 bytes behind `bytes + end` must be readable.
    bool next(const char* bytes, std::size_t end, std::size_t& offset) noexcept {
        if (found_ == 0) {
            if (pending_ == 0 && !scan_ahead(bytes, end)) return false;
            const auto block = static_cast<std::size_t>(std::countr_zero(pending_));
            pending_ &= pending_ - 1;
            found_ = marks_[block];
            block_ = first_ + block * 64;
        }
        offset = block_ + static_cast<std::size_t>(std::countr_zero(found_));
        found_ &= found_ - 1;
        return true;
    }

private:
    // Until there are line ends. Which blocks have some is put together here, as a loop over those
    // that have none would end where no processor foresees it.
    [[gnu::noinline]] bool scan_ahead(const char* bytes, std::size_t end) noexcept {
        while (scanned_ != end) {
            const std::size_t size = std::min(end - scanned_, marks_.size() * 64);
            const std::size_t count = (size + 63) / 64;
            pending_ = scan_(bytes + scanned_, count, marks_.data());
            if (size % 64 != 0) {
                marks_[count - 1] &= (std::uint64_t{1} << size % 64) - 1;
                if (marks_[count - 1] == 0) pending_ &= ~(std::uint32_t{1} << (count - 1));
            }
            first_ = scanned_;
            scanned_ += size;
            block_ = first_ - 64;
            if (pending_ != 0) return true;
        }
        return false;
    }

    block_scanner scan_;
    std::uint64_t found_ = 0;              // line ends of the current block not yielded yet
    std::uint32_t pending_ = 0;            // a bit for each block behind it that has some
    std::size_t block_ = 0;                // offset of the current block
    std::size_t first_ = 0;                // offset of the first of the blocks scanned last
    std::size_t scanned_ = 0;              // offset up to which bytes were scanned
    std::array<std::uint64_t, 16> marks_;  // one indirect call per KiB; more ahead gains nothing
};

}  // namespace conclave::sse
