#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conclave::json::detail {

inline constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

inline constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

inline std::string_view trim_space(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

// The grammar of one JSON value (RFC 8259), fed byte by byte: it tells what a byte has brought to
// an end. Knows nothing of UTF-8 and of how large a number may be. Holds a byte for each open
// level, `deepest` at most.
class grammar {
public:
    static constexpr std::size_t deepest = 1024;

    enum class step {
        wrong,
        // Nothing has come to an end.
        inside,
        // An object or an array begins.
        opened,
        // An object or an array ends.
        closed,
        // A string, true, false or null ends; not a key.
        scalar,
        // A number has ended before this byte, which is white space or a comma.
        number,
    };

    // After `step::wrong` only `clear` means something.
    step feed(char c) {
        switch (state_) {
            case state::value:
            case state::first_value: return feed_value(c);
            case state::key:
            case state::first_key: return feed_key(c);
            case state::colon:
                if (c == ':') state_ = state::value;
                return c == ':' || is_space(c) ? step::inside : step::wrong;
            case state::text:
            case state::name: return feed_text(c);
            case state::escape: return feed_escape(c);
            case state::hex: return feed_hex(c);
            case state::word: return feed_word(c);
            case state::after: return feed_after(c);
            case state::end: return is_space(c) ? step::inside : step::wrong;
            default: return feed_number(c);
        }
    }

    // Whether a whole value has been fed, if nothing follows.
    bool is_whole() const noexcept {
        return state_ == state::end || (open_.empty() && is_number_whole());
    }

    // What would close the levels that are open, the outermost first.
    const std::string& open() const noexcept { return open_; }

    // How many of the first bytes say nothing, as they are plain bytes of a string: they need not
    // be fed.
    std::size_t plain(std::string_view text) const noexcept {
        if (state_ != state::text && state_ != state::name) return 0;
        std::size_t size = 0;
        while (size < text.size() && is_plain(text[size]))
            ++size;
        return size;
    }

    void clear() noexcept {
        open_.clear();
        state_ = state::value;
    }

private:
    enum class state : unsigned char {
        value,
        first_value,
        key,
        first_key,
        colon,
        text,
        name,
        escape,
        hex,
        word,
        after,
        end,
        // of numbers
        minus,
        zero,
        integer,
        point,
        fraction,
        exponent,
        exponent_sign,
        exponent_digits,
    };

    static constexpr bool is_plain(char c) noexcept {
        return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
    }

    step feed_value(char c) {
        if (is_space(c)) return step::inside;
        if (c == ']' && state_ == state::first_value) return close();
        switch (c) {
            case '{': return open('}', state::first_key);
            case '[': return open(']', state::first_value);
            case '"': return go(state::text);
            case 't': return begin_word("rue");
            case 'f': return begin_word("alse");
            case 'n': return begin_word("ull");
            case '-': return go(state::minus);
            case '0': return go(state::zero);
            default: return is_digit(c) ? go(state::integer) : step::wrong;
        }
    }

    step feed_key(char c) {
        if (is_space(c)) return step::inside;
        if (c == '}' && state_ == state::first_key) return close();
        return c == '"' ? go(state::name) : step::wrong;
    }

    step feed_text(char c) {
        if (is_plain(c)) return step::inside;
        if (c == '\\') {
            escaped_in_ = state_;
            return go(state::escape);
        }
        if (c != '"') return step::wrong;
        return state_ == state::name ? go(state::colon) : end_value(step::scalar);
    }

    step feed_escape(char c) {
        if (c == 'u') {
            digits_left_ = 4;
            return go(state::hex);
        }
        constexpr std::string_view known = "\"\\/bfnrt";
        return known.find(c) != known.npos ? go(escaped_in_) : step::wrong;
    }

    step feed_hex(char c) {
        const bool is_hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!is_hex) return step::wrong;
        return --digits_left_ == 0 ? go(escaped_in_) : step::inside;
    }

    step begin_word(std::string_view rest) {
        rest_ = rest;
        return go(state::word);
    }

    step feed_word(char c) {
        if (c != rest_.front()) return step::wrong;
        rest_.remove_prefix(1);
        return rest_.empty() ? end_value(step::scalar) : step::inside;
    }

    step feed_after(char c) {
        if (is_space(c)) return step::inside;
        if (c == ',') return go(open_.back() == '}' ? state::key : state::value);
        return c == open_.back() ? close() : step::wrong;
    }

    step feed_number(char c) {
        const bool exponent_begins = c == 'e' || c == 'E';
        switch (state_) {
            case state::minus:
                if (c == '0') return go(state::zero);
                return is_digit(c) ? go(state::integer) : step::wrong;
            case state::zero:
            case state::integer:
                if (state_ == state::integer && is_digit(c)) return step::inside;
                if (c == '.') return go(state::point);
                if (exponent_begins) return go(state::exponent);
                break;
            case state::point: return is_digit(c) ? go(state::fraction) : step::wrong;
            case state::fraction:
                if (is_digit(c)) return step::inside;
                if (exponent_begins) return go(state::exponent);
                break;
            case state::exponent:
                if (c == '+' || c == '-') return go(state::exponent_sign);
                [[fallthrough]];
            case state::exponent_sign:
                return is_digit(c) ? go(state::exponent_digits) : step::wrong;
            default:
                if (is_digit(c)) return step::inside;
        }
        end_value(step::number);
        const step next = feed(c);
        return next == step::inside ? step::number : next;
    }

    bool is_number_whole() const noexcept {
        return state_ == state::zero || state_ == state::integer || state_ == state::fraction ||
               state_ == state::exponent_digits;
    }

    step open(char closer, state next) {
        if (open_.size() == deepest) return step::wrong;
        open_ += closer;
        state_ = next;
        return step::opened;
    }
    step close() {
        open_.pop_back();
        return end_value(step::closed);
    }
    step end_value(step what) {
        state_ = open_.empty() ? state::end : state::after;
        return what;
    }
    step go(state next) noexcept {
        state_ = next;
        return step::inside;
    }

    std::string open_;
    state state_ = state::value;
    state escaped_in_ = state::text;
    int digits_left_ = 0;
    std::string_view rest_;
};

// Whether the text is one JSON value, as far as the grammar tells.
inline bool is_value_text(std::string_view text) {
    grammar reader;
    for (std::size_t i = 0; i < text.size(); ++i) {
        i += reader.plain(text.substr(i));
        if (i == text.size()) break;
        if (reader.feed(text[i]) == grammar::step::wrong) return false;
    }
    return reader.is_whole();
}

}  // namespace conclave::json::detail
