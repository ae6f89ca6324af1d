#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <conclave/json/escape.hpp>

// The ways with strings as simply as they can be said: what the fast ones are compared to.

namespace conclave::tests {

using json::replacement_character;

// Appends a code point as UTF-8; U+FFFD in place of a surrogate.
inline void append_utf8(std::string& out, std::uint32_t code_point) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put(0x80 | (code_point & 0x3F));
    } else if (code_point >= 0xD800 && code_point < 0xE000) {
        out += replacement_character;
    } else if (code_point < 0x10000) {
        put(0xE0 | code_point >> 12);
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xF0 | code_point >> 18);
        put(0x80 | (code_point >> 12 & 0x3F));
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
}

// Reads the digits after `\u`, and those of the second half of a pair; appends the character and
// returns how many bytes of `rest` it took, 0 if there are no four digits.
inline std::size_t append_unicode_escape(std::string& out, std::string_view rest) {
    const int first = json::detail::hex4(rest);
    if (first < 0) return 0;
    if (first >= 0xD800 && first < 0xDC00 && rest.substr(4, 2) == "\\u") {
        const int second = json::detail::hex4(rest.substr(6));
        if (second >= 0xDC00 && second < 0xE000) {
            append_utf8(out, static_cast<std::uint32_t>(0x10000 + ((first - 0xD800) << 10) +
                                                        (second - 0xDC00)));
            return 10;
        }
    }
    append_utf8(out, static_cast<std::uint32_t>(first));
    return 4;
}

// Appends what the inside of a JSON string means; never more bytes than `raw` has. Half a
// surrogate pair becomes U+FFFD. Returns false, with the start of it appended, if an escape is not
// one that JSON has.
inline bool append_unescaped(std::string& out, std::string_view raw) {
    while (!raw.empty()) {
        const std::size_t plain = std::min(raw.find('\\'), raw.size());
        out += raw.substr(0, plain);
        raw.remove_prefix(plain);
        if (raw.empty()) break;
        if (raw.size() < 2) return false;
        const char letter = raw[1];
        raw.remove_prefix(2);
        switch (letter) {
            case '"':
            case '\\':
            case '/': out += letter; break;
            case 'b': out += '\b'; break;
            case 'f': out += '\f'; break;
            case 'n': out += '\n'; break;
            case 'r': out += '\r'; break;
            case 't': out += '\t'; break;
            case 'u': {
                const std::size_t taken = append_unicode_escape(out, raw);
                if (taken == 0) return false;
                raw.remove_prefix(taken);
                break;
            }
            default: return false;
        }
    }
    return true;
}

}  // namespace conclave::tests
