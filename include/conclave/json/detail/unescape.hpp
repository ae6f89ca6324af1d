#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <conclave/json/detail/string_scan.hpp>

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

// What the letter behind a backslash stands for by itself, 0 if for nothing. A table, because which
// letter comes none foresees.
inline char meaning_of(char letter) noexcept {
    static constexpr auto meanings = [] {
        std::array<char, 256> table{};
        table['"'] = '"';
        table['\\'] = '\\';
        table['/'] = '/';
        table['b'] = '\b';
        table['f'] = '\f';
        table['n'] = '\n';
        table['r'] = '\r';
        table['t'] = '\t';
        return table;
    }();
    return meanings[static_cast<unsigned char>(letter)];
}

// Writes the code point of the `\u` at `at`, or of that and the next if they are a surrogate pair,
// and goes behind it.
inline char* put_code_point(const char*& at, const char* end, char* out) noexcept {
    std::uint32_t code_point = hex4_of(at + 2);
    at += 6;
    if ((code_point & 0xFC00) == 0xD800 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const std::uint32_t second = hex4_of(at + 2);
        if ((second & 0xFC00) == 0xDC00) {
            code_point = 0x10000 + ((code_point & 0x3FF) << 10) + (second & 0x3FF);
            at += 6;
        }
    }
    return put_utf8(out, code_point);
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
        if (const char meant = meaning_of(at[1])) [[likely]] {
            *out++ = meant;
            at += 2;
        } else {
            out = put_code_point(at, end, out);
        }
    }
    return out;
}

// The first escape of the inside of a string, or its end; null if what is before is not valid.
inline const char* find_escape(const char* at, const char* end) noexcept {
    for (;;) {
        at = find_special(at, end);
        if (at >= end) return end;
        if (*at == '\\') return at;
        if (static_cast<signed char>(*at) >= 0) return nullptr;  // a control character
        at = skip_utf8(at);
        if (at == nullptr) return nullptr;
    }
}

// As `unescape`, but of what may not be valid; null then. In one pass, as in each place that is not
// plain text processors guess wrong.
inline char* check_and_unescape(const char* at, const char* end, char* out) noexcept {
    while (at < end) {
        std::memcpy(out, at, 16);
        const std::size_t plain = first_special(at);
        const auto left = static_cast<std::size_t>(end - at);
        if (plain >= left) return out + left;
        at += plain;
        out += plain;
        if (plain == 16) continue;
        if (*at != '\\') {
            const char* const begin = at;
            at = static_cast<signed char>(*at) < 0 ? skip_utf8(at) : nullptr;
            if (at == nullptr) return nullptr;
            std::memcpy(out, begin, static_cast<std::size_t>(at - begin));
            out += at - begin;
        } else if (const char meant = meaning_of(at[1])) [[likely]] {
            *out++ = meant;
            at += 2;
        } else {
            // also the one behind, which may belong to it
            if (skip_escape(at) == nullptr) return nullptr;
            if (at[6] == '\\' && skip_escape(at + 6) == nullptr) return nullptr;
            out = put_code_point(at, end, out);
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
        char* const begin = room(most);
        return keep(begin, detail::unescape(raw, begin));
    }

    // The same of what may not be valid: nothing then. Without escapes it is `raw`.
    std::optional<std::string_view> check_and_unescape(std::string_view raw, std::size_t most) {
        const char* const end = raw.data() + raw.size();
        const char* const first = find_escape(raw.data(), end);
        if (first == nullptr) return std::nullopt;
        if (first == end) return raw;
        char* const begin = room(most);
        const auto plain = static_cast<std::size_t>(first - raw.data());
        std::memcpy(begin, raw.data(), plain);
        const char* const written = detail::check_and_unescape(first, end, begin + plain);
        if (written == nullptr) return std::nullopt;
        return keep(begin, written);
    }

private:
    char* room(std::size_t most) {
        if (used_ == 0 && capacity_ < most + unescape_padding) {
            capacity_ = 2 * (most + unescape_padding);
            bytes_ = std::make_unique_for_overwrite<char[]>(capacity_);
        }
        return bytes_.get() + used_;
    }

    std::string_view keep(const char* begin, const char* end) noexcept {
        const auto size = static_cast<std::size_t>(end - begin);
        used_ += size;
        return {begin, size};
    }

    std::size_t used_ = 0;
    std::size_t capacity_ = 0;
    std::unique_ptr<char[]> bytes_;
};

}  // namespace conclave::json::detail
