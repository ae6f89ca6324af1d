#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/json/detail/unicode_property.hpp>
#include <conclave/json/detail/utf8_character.hpp>
#include <conclave/json/escape.hpp>

namespace conclave::json::detail {

/// What a regular expression of ECMA-262 is in RE2's syntax.
struct translated_regex {
    /// The same in RE2's syntax. Captures nothing. Of use where the next two are empty.
    std::string re2;
    /// Why it is no regular expression; empty where it is one.
    std::string_view fault;
    /// What it uses that cannot be done in linear time, or that RE2 has no tables for.
    std::string_view unsupported;
    /// The number of bytes before the place of either.
    std::size_t position = 0;
};

/// Reads the characters of a regular expression and the classes of them, and says those in RE2's
/// syntax: what `ecma_regex_translator` is made of.
class ecma_regex_characters {
protected:
    explicit ecma_regex_characters(std::string_view text) : text_(text), rest_(text) {}

    void fail(std::string_view why) {
        if (result_.fault.empty() && !stopped_) {
            result_.fault = why;
            result_.position = text_.size() - rest_.size();
        }
        rest_ = {};
    }
    void refuse(std::string_view what) {
        if (result_.unsupported.empty() && result_.fault.empty()) {
            result_.unsupported = what;
            result_.position = text_.size() - rest_.size();
        }
    }
    // What follows is not read, so that nothing is said of it.
    void stop(std::string_view what) {
        refuse(what);
        stopped_ = true;
        rest_ = {};
    }
    bool take(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }
    static bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }
    static bool is_letter(char byte) noexcept {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    }
    static bool is_punctuation(char byte) noexcept {
        return byte >= ' ' && byte < 0x7f && !is_digit(byte) && !is_letter(byte);
    }

    // \d and the like, behind the backslash: what it is between brackets.
    bool take_class_escape(std::string& set) {
        constexpr std::string_view space =
            "\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"
            "\\x{3000}\\x{feff}";
        constexpr std::string_view no_space =
            "\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
            "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
            "\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";
        if (rest_.empty()) return false;
        const char kind = rest_.front();
        switch (kind) {
            case 'd':
            case 'D':
            case 'w':
            case 'W':
                set += '\\';
                set += kind;
                break;
            case 's': set += space; break;
            case 'S': set += no_space; break;
            case 'p':
            case 'P': rest_.remove_prefix(1); return take_property(set, kind == 'P');
            default: return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    bool take_property(std::string& set, bool negated) {
        const std::size_t end = rest_.find('}');
        if (!rest_.starts_with('{') || end == rest_.npos) {
            fail("\\p names no property");
            return true;
        }
        const auto property = find_unicode_property(rest_.substr(1, end - 1));
        if (!property) {
            fail("\\p names no property");
            return true;
        }
        if (property->inside.empty()) refuse("a property of characters that RE2 does not know");
        set += negated ? property->outside : property->inside;
        rest_.remove_prefix(end + 1);
        return true;
    }

    // Behind the backslash, an escape that is one character.
    char32_t character_escape() {
        const char kind = rest_.empty() ? '\0' : rest_.front();
        rest_.remove_prefix(rest_.empty() ? 0 : 1);
        switch (kind) {
            case 't': return '\t';
            case 'n': return '\n';
            case 'v': return '\v';
            case 'f': return '\f';
            case 'r': return '\r';
            case 'x': return hexadecimal(2);
            case 'u': return unicode_escape();
            case 'c':
                if (!rest_.empty() && is_letter(rest_.front())) {
                    const char32_t control = static_cast<unsigned char>(rest_.front()) & 31u;
                    rest_.remove_prefix(1);
                    return control;
                }
                break;
            case '0':
                if (rest_.empty() || !is_digit(rest_.front())) return 0;
                break;
            default:
                if (is_punctuation(kind)) return static_cast<unsigned char>(kind);
        }
        fail("an escape is none that ECMA-262 has");
        return 0;
    }

    char32_t hexadecimal(std::size_t digits) {
        std::uint32_t value = 0;
        const char* const end = rest_.data() + std::min(digits, rest_.size());
        const auto read = std::from_chars(rest_.data(), end, value, 16);
        if (read.ec != std::errc{} || rest_.size() < digits || read.ptr != end) {
            fail("an escape lacks hexadecimal digits");
            return 0;
        }
        rest_.remove_prefix(digits);
        return value;
    }

    char32_t unicode_escape() {
        if (rest_.starts_with('{')) {
            rest_.remove_prefix(1);
            const std::size_t end = rest_.find('}');
            if (end == rest_.npos || end == 0 || end > 8) {
                fail("an escape lacks hexadecimal digits");
                return 0;
            }
            const char32_t value = hexadecimal(end);
            if (!take("}") || value > 0x10FFFF) fail("an escape is beyond Unicode");
            return value;
        }
        const char32_t unit = hexadecimal(4);
        if (unit < 0xD800 || unit > 0xDBFF || !rest_.starts_with("\\u")) return unit;
        const int low = hex4(rest_.substr(2));
        if (low < 0xDC00 || low > 0xDFFF) return unit;
        rest_.remove_prefix(6);
        return 0x10000 + ((unit - 0xD800) << 10) + (static_cast<char32_t>(low) - 0xDC00);
    }

    char32_t next_character() {
        const char32_t character = take_character(rest_);
        if (character != no_character) return character;
        fail("it is not UTF-8");
        return 0;
    }

    static void append_character(std::string& out, char32_t character) {
        const char byte = character < 0x80 ? static_cast<char>(character) : '\0';
        if (is_digit(byte) || is_letter(byte)) {
            out += byte;
        } else {
            char digits[8];
            const auto end = std::to_chars(digits, digits + sizeof digits,
                                           static_cast<std::uint32_t>(character), 16);
            out += "\\x{";
            out.append(digits, end.ptr);
            out += '}';
        }
    }

    std::string character_class() {
        rest_.remove_prefix(1);
        const bool negated = take("^");
        std::string set;
        while (!rest_.empty() && rest_.front() != ']')
            class_range(set);
        if (!take("]") && result_.fault.empty()) fail("a [ is not closed");
        if (set.empty()) return negated ? "[\\x00-\\x{10ffff}]" : "[^\\x00-\\x{10ffff}]";
        return (negated ? "[^" : "[") + set + "]";
    }

    void class_range(std::string& set) {
        const std::optional<char32_t> first = class_atom(set);
        if (!rest_.starts_with('-') || rest_.starts_with("-]")) {
            if (first) append_character(set, *first);
            return;
        }
        rest_.remove_prefix(1);
        const std::optional<char32_t> last = class_atom(set);
        if (first && last) {
            if (*first > *last) fail("a range in [] is out of order");
            append_character(set, *first);
            set += '-';
            append_character(set, *last);
            return;
        }
        if (first) append_character(set, *first);
        append_character(set, U'-');
        if (last) append_character(set, *last);
    }

    // One character, or nothing where it was a class, which is then in the set.
    std::optional<char32_t> class_atom(std::string& set) {
        if (rest_.empty()) {
            fail("a [ is not closed");
            return 0;
        }
        if (!take("\\")) return next_character();
        if (take("b")) return U'\b';
        if (take_class_escape(set)) return std::nullopt;
        return character_escape();
    }

    std::string_view text_;
    std::string_view rest_;
    translated_regex result_;
    bool stopped_ = false;
};

}  // namespace conclave::json::detail
