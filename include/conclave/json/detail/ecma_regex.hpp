#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/detail/ecma_regex_characters.hpp>

namespace conclave::json::detail {

/// Reads a regular expression as ECMA-262 has it with the flag `u`, and says it in RE2's syntax.
/// Beyond that it takes what is unambiguous without the flag and often written: any punctuation
/// escaped, brackets and braces that stand alone, and `-` beside a class such as `\w`.
class ecma_regex_translator : private ecma_regex_characters {
public:
    explicit ecma_regex_translator(std::string_view text) : ecma_regex_characters(text) {}

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
        for (std::string_view left = name; valid && !left.empty();) {
            const char first = left.front();
            const char32_t character = take_character(left);
            valid = character != no_character && character >= ' ' &&
                    (!is_punctuation(first) || first == '_' || first == '$');
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

    std::vector<std::string_view> names_;
    std::vector<std::string_view> named_references_;
    std::size_t groups_ = 0;
    std::size_t highest_reference_ = 0;
};

}  // namespace conclave::json::detail
