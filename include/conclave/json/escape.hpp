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
constexpr bool has_special(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const auto below = [&](std::uint64_t of, unsigned limit) { return (of - ones * limit) & ~of; };
    const std::uint64_t odd = below(bytes, 0x20) | below(bytes ^ (ones * '"'), 1) |
                              below(bytes ^ (ones * '\\'), 1) | bytes;
    return (odd & (ones * 0x80)) != 0;
}

template <class Word>
Word load(const char* at) noexcept {
    Word bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

// How many bytes from the front of `text` on need no change: all of them, or not all that do not.
// Short texts and the ends of long ones are read in two words that overlap.
inline std::size_t plain_front(std::string_view text) noexcept {
    const char* const begin = text.data();
    const std::size_t size = text.size();
    if (size >= 8) {
        for (std::size_t i = 0; i + 8 <= size; i += 8) {
            if (has_special(load<std::uint64_t>(begin + i))) return i;
        }
        return has_special(load<std::uint64_t>(begin + size - 8)) ? size / 8 * 8 : size;
    }
    if (size >= 4) {
        const std::uint64_t first = load<std::uint32_t>(begin);
        const std::uint64_t last = load<std::uint32_t>(begin + size - 4);
        return has_special(first | last << 32) ? 0 : size;
    }
    for (std::size_t i = 0; i < size; ++i) {
        const auto c = static_cast<unsigned char>(begin[i]);
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') return i;
    }
    return size;
}

}  // namespace detail

/// Appends `text` as the inside of a JSON string, without the quotes. What is not UTF-8 becomes
/// U+FFFD, so that the result is valid JSON whatever `text` holds.
inline void append_escaped(std::string& out, std::string_view text) {
    std::size_t plain = 0;  // text[plain, i) needs no change and is not yet written
    const auto flush = [&](std::size_t i) { out += text.substr(plain, i - plain); };
    for (std::size_t i = 0;;) {
        i += detail::plain_front(text.substr(i));
        if (i == text.size()) break;
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
        }
        ++i;
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
