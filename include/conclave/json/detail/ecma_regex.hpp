#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// Reads a regular expression as ECMA-262 has it with the flag `u`, and says it in RE2's syntax.
/// Beyond that it takes what is unambiguous without the flag and often written: any punctuation
/// escaped, brackets and braces that stand alone, and `-` beside a class such as `\w`.
class ecma_regex_translator {
public:
    explicit ecma_regex_translator(std::string_view text) : text_(text), rest_(text) {}

    /// Call once.
    translated_regex translate() {
        piece whole = alternatives(0);
        if (!rest_.empty()) fail("a ) closes nothing");
        for (const std::string_view name : named_references_) {
            if (std::find(names_.begin(), names_.end(), name) == names_.end())
                fail("\\k names no group");
        }
        if (highest_reference_ > groups_) fail("a back-reference refers to no group");
        result_.re2 = std::move(whole.text);
        return std::move(result_);
    }

private:
    // RE2 takes counts up to a thousand, multiplied along nested ones; beyond, counts are written
    // out as several.
    static constexpr unsigned most_repeats = 1000;
    static constexpr std::size_t most_text = 256 * 1024;
    static constexpr int most_nesting = 200;

    struct piece {
        std::string text;
        unsigned repeats = 1;
        bool is_assertion = false;
    };

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

    piece alternatives(int depth) {
        piece whole;
        if (depth > most_nesting) {
            stop("more than 200 groups inside each other");
            return whole;
        }
        while (!rest_.empty() && rest_.front() != ')') {
            if (take("|")) {
                whole.text += '|';
                continue;
            }
            piece next = term(depth);
            whole.repeats = std::max(whole.repeats, next.repeats);
            whole.text += next.text;
            if (whole.text.size() > most_text) stop("more than RE2 is given");
        }
        return whole;
    }

    piece term(int depth) {
        piece found = atom(depth);
        std::size_t least = 1;
        std::optional<std::size_t> most = 1;
        if (!take_quantifier(least, most)) return found;
        if (found.is_assertion) fail("nothing to repeat");
        take("?");  // fewer or more makes no difference to whether it is found
        return repeated(found, least, most);
    }

    bool take_quantifier(std::size_t& least, std::optional<std::size_t>& most) {
        if (take("*")) return least = 0, most.reset(), true;
        if (take("+")) return most.reset(), true;
        if (take("?")) return least = 0, true;
        std::string_view ahead = rest_;
        if (!ahead.starts_with('{')) return false;
        ahead.remove_prefix(1);
        const auto first = take_count(ahead);
        if (!first) return false;
        least = *first;
        most = first;
        if (ahead.starts_with(',')) {
            ahead.remove_prefix(1);
            most = take_count(ahead);
        }
        if (!ahead.starts_with('}')) return false;
        rest_ = ahead.substr(1);
        if (most && *most < least) fail("the numbers in {} are out of order");
        return true;
    }

    static std::optional<std::size_t> take_count(std::string_view& text) {
        std::size_t length = 0;
        while (length < text.size() && is_digit(text[length]))
            ++length;
        if (length == 0) return std::nullopt;
        std::size_t value = 0;
        const auto read = std::from_chars(text.data(), text.data() + length, value);
        if (read.ec != std::errc{}) value = most_text;
        text.remove_prefix(length);
        return std::min(value, most_text);
    }

    piece repeated(const piece& what, std::size_t least, std::optional<std::size_t> most) {
        piece result;
        if (!most && least <= 1) {
            result.text = what.text + (least == 0 ? '*' : '+');
            result.repeats = what.repeats;
            return result;
        }
        append_times(result, what, least, false);
        if (!most) {
            result.text += what.text + '*';
            result.repeats = std::max(result.repeats, what.repeats);
        } else if (*most > least) {
            append_times(result, what, *most - least, true);
        }
        return result;
    }

    void append_times(piece& result, const piece& what, std::size_t times, bool optional) {
        const std::size_t chunk = std::max(1u, most_repeats / what.repeats);
        while (times > 0 && result.text.size() <= most_text) {
            const std::size_t now = std::min(times, chunk);
            result.text += what.text;
            if (now > 1) {
                result.text += (optional ? "{0," : "{") + std::to_string(now) + '}';
            } else if (optional) {
                result.text += '?';
            }
            const auto product = static_cast<unsigned>(now) * what.repeats;
            result.repeats = std::max(result.repeats, product);
            times -= now;
        }
        if (times > 0) stop("more repetitions than are allowed");
    }

    piece atom(int depth) {
        const char first = rest_.front();
        if (first == '(') return group(depth);
        if (first == '[') return {character_class()};
        if (first == '\\') return escape();
        if (first == '*' || first == '+' || first == '?') {
            fail("nothing to repeat");
            return {};
        }
        if (first == '{') {
            std::size_t least = 0;
            std::optional<std::size_t> most;
            if (take_quantifier(least, most)) {
                fail("nothing to repeat");
                return {};
            }
        }
        if (take("^")) return {"\\A", 1, true};
        if (take("$")) return {"\\z", 1, true};
        if (take(".")) return {"[^\\n\\r\\x{2028}\\x{2029}]"};
        piece literal;
        append_character(literal.text, next_character());
        return literal;
    }

    piece group(int depth) {
        rest_.remove_prefix(1);
        bool is_assertion = false;
        if (take("?")) {
            if (take("=") || take("!")) {
                refuse("lookahead");
                is_assertion = true;
            } else if (take("<=") || take("<!")) {
                refuse("lookbehind");
                is_assertion = true;
            } else if (take("<")) {
                ++groups_;
                names_.push_back(group_name());
            } else if (!take(":")) {
                fail("(? begins no group that ECMA-262 has");
            }
        } else {
            ++groups_;
        }
        piece inside = alternatives(depth + 1);
        if (!take(")") && result_.fault.empty()) fail("a ( is not closed");
        return {"(?:" + std::move(inside.text) + ")", inside.repeats, is_assertion};
    }

    // What stands before a >, which is taken too.
    std::string_view group_name() {
        const std::string_view name = rest_.substr(0, rest_.find('>'));
        bool valid = !name.empty() && name.size() < rest_.size() && !is_digit(name.front());
        for (const char byte : name) {
            valid = valid && (!is_punctuation(byte) || byte == '_' || byte == '$') &&
                    static_cast<unsigned char>(byte) >= ' ';
        }
        if (!valid) {
            fail("a group's name is not one");
            return {};
        }
        rest_.remove_prefix(name.size() + 1);
        return name;
    }

    piece escape() {
        rest_.remove_prefix(1);
        if (rest_.empty()) {
            fail("it ends in a backslash");
            return {};
        }
        if (take("b")) return {"\\b", 1, true};
        if (take("B")) return {"\\B", 1, true};
        if (take("k")) {
            if (!take("<")) fail("\\k names no group");
            named_references_.push_back(group_name());
            refuse("a back-reference");
            return {};
        }
        if (rest_.front() >= '1' && rest_.front() <= '9') {
            highest_reference_ = std::max(highest_reference_, take_count(rest_).value_or(0));
            refuse("a back-reference");
            return {};
        }
        std::string set;
        if (take_class_escape(set)) return {"[" + set + "]"};
        piece literal;
        append_character(literal.text, character_escape());
        return literal;
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
    std::vector<std::string_view> names_;
    std::vector<std::string_view> named_references_;
    std::size_t groups_ = 0;
    std::size_t highest_reference_ = 0;
    bool stopped_ = false;
};

}  // namespace conclave::json::detail
