#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <conclave/json/escape.hpp>

namespace conclave::json::detail {

// How many bytes `unescape` may read behind its end and write behind what it wrote.
inline constexpr std::size_t unescape_padding = 16;

// Copies 16 bytes; returns how many are before the first backslash, 16 if there is none.
inline std::size_t copy_plain(const char* from, char* to) noexcept {
#if defined(__x86_64__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    const __m128i found = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(found));
    return static_cast<std::size_t>(std::countr_zero(mask | 0x10000U));
#else
    std::memcpy(to, from, 16);
    const void* const found = std::memchr(from, '\\', 16);
    return found ? static_cast<std::size_t>(static_cast<const char*>(found) - from) : 16;
#endif
}

inline char* put_utf8(char* out, std::uint32_t code_point) noexcept {
    const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        if (code_point >= 0xD800 && code_point < 0xE000) code_point = 0xFFFD;
        put(0xE0 | code_point >> 12);
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xF0 | code_point >> 18);
        put(0x80 | (code_point >> 12 & 0x3F));
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
    return out;
}

// The value of four hexadecimal digits.
inline std::uint32_t hex4_of(const char* digits) noexcept {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const auto digit = static_cast<unsigned char>(digits[i]);
        value = value << 4 | ((digit & 0xFU) + (digit >> 6) * 9U);
    }
    return value;
}

// Writes what the inside of a valid JSON string means to `out`, half a surrogate pair as U+FFFD;
// never more bytes than there are. Returns behind the last one.
inline char* unescape(std::string_view raw, char* out) noexcept {
    const char* at = raw.data();
    const char* const end = at + raw.size();
    while (at < end) {
        const std::size_t plain = copy_plain(at, out);
        const auto left = static_cast<std::size_t>(end - at);
        if (plain >= left) return out + left;
        at += plain;
        out += plain;
        if (plain == 16) continue;
        const char letter = at[1];
        at += 2;
        switch (letter) {
            case 'b': *out++ = '\b'; break;
            case 'f': *out++ = '\f'; break;
            case 'n': *out++ = '\n'; break;
            case 'r': *out++ = '\r'; break;
            case 't': *out++ = '\t'; break;
            case 'u': {
                std::uint32_t code_point = hex4_of(at);
                at += 4;
                if ((code_point & 0xFC00) == 0xD800 && end - at >= 6 && at[0] == '\\' &&
                    at[1] == 'u') {
                    const std::uint32_t second = hex4_of(at + 2);
                    if ((second & 0xFC00) == 0xDC00) {
                        code_point = 0x10000 + ((code_point & 0x3FF) << 10) + (second & 0x3FF);
                        at += 6;
                    }
                }
                out = put_utf8(out, code_point);
                break;
            }
            default: *out++ = letter;
        }
    }
    return out;
}

// Memory for unescaped strings, of which all stay where they are until `clear`.
class unescape_buffer {
public:
    void clear() noexcept { used_ = 0; }

    // What a valid string means. `most` is how much all strings until `clear` are together at most.
    std::string_view unescape(std::string_view raw, std::size_t most) {
        if (used_ == 0 && capacity_ < most + unescape_padding) {
            capacity_ = 2 * (most + unescape_padding);
            bytes_ = std::make_unique_for_overwrite<char[]>(capacity_);
        }
        char* const begin = bytes_.get() + used_;
        const auto size = static_cast<std::size_t>(detail::unescape(raw, begin) - begin);
        used_ += size;
        return {begin, size};
    }

private:
    std::size_t used_ = 0;
    std::size_t capacity_ = 0;
    std::unique_ptr<char[]> bytes_;
};

}  // namespace conclave::json::detail
