#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace conclave::json {

/// What stands in for text that is not Unicode: U+FFFD in UTF-8.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// What `next_utf8` found: how many bytes, and whether they are a character.
struct utf8_step {
    std::size_t size;
    bool valid;
};

/// Looks at the first character of `rest`, which is not empty. Where it is not UTF-8, `size` is the
/// length of the longest start of a character there, at least 1: what one U+FFFD is to replace
/// (Unicode 15, table 3-7 and section 3.9).
constexpr utf8_step next_utf8(std::string_view rest) noexcept {
    const auto byte = [&](std::size_t i) {
        return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0U;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return {1, true};
    if (first < 0xC2 || first > 0xF4) return {1, false};
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < low || byte(1) > high) return {1, false};
    const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    for (std::size_t i = 2; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {i, false};
    }
    return {size, true};
}

namespace detail {

// Whether one of eight bytes is a control character, a quote, a backslash or not ASCII.
inline bool has_special(const char* at) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t highs = ones * 0x80;
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    const auto is_below = [&](std::uint64_t of, unsigned limit) {
        return (of - ones * limit) & ~of;
    };
    const std::uint64_t odd = is_below(bytes, 0x20) | is_below(bytes ^ (ones * '"'), 1) |
                              is_below(bytes ^ (ones * '\\'), 1) | bytes;
    return (odd & highs) != 0;
}

}  // namespace detail

/// Appends `text` as the inside of a JSON string, without the quotes. What is not UTF-8 becomes
/// U+FFFD, so that the result is valid JSON whatever `text` holds.
inline void append_escaped(std::string& out, std::string_view text) {
    std::size_t plain = 0;  // text[plain, i) needs no change and is not yet written
    const auto flush = [&](std::size_t i) { out += text.substr(plain, i - plain); };
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x80) {
            const utf8_step step = next_utf8(text.substr(i));
            if (!step.valid) {
                flush(i);
                out += replacement_character;
                plain = i + step.size;
            }
            i += step.size;
            continue;
        }
        if (c < 0x20 || c == '"' || c == '\\') {
            flush(i);
            plain = i + 1;
            constexpr std::string_view digits = "0123456789abcdef";
            switch (c) {
                case '"': out += "\\\""; break;
                case '\\': out += "\\\\"; break;
                case '\b': out += "\\b"; break;
                case '\f': out += "\\f"; break;
                case '\n': out += "\\n"; break;
                case '\r': out += "\\r"; break;
                case '\t': out += "\\t"; break;
                default:
                    out += "\\u00";
                    out += digits[c >> 4];
                    out += digits[c & 15];
            }
            ++i;
            continue;
        }
        const bool skips = text.size() - i >= 8 && !detail::has_special(text.data() + i);
        i += skips ? 8 : 1;
    }
    flush(text.size());
}

namespace detail {

// The value of the four hex digits at the start of `rest`, or -1.
constexpr int hex4(std::string_view rest) noexcept {
    if (rest.size() < 4) return -1;
    int value = 0;
    for (const char c : rest.substr(0, 4)) {
        const int lower = c | 0x20;
        if (c >= '0' && c <= '9') {
            value = value * 16 + (c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value * 16 + (lower - 'a' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

}  // namespace detail

}  // namespace conclave::json
