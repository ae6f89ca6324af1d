#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/json/detail/quote_index.hpp>
#include <conclave/json/detail/string_scan.hpp>
#include <conclave/json/detail/unescape.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/value.hpp>

namespace conclave::json {

/// Reads a few fields out of a JSON object in one pass, in the order they come, without a copy: the
/// hot path's reader, for the events of a stream, which are short and of which little is wanted.
///
/// Everything is validated (RFC 8259), be it looked at or skipped: the grammar, the UTF-8, escapes
/// and numbers; only, what follows in the text is not known to be valid while a visitor runs. Half
/// of a surrogate pair is accepted.
///
/// One reader reads one text after another and allocates nothing once it has seen the largest. Any
/// one value may be asked for what it is once.
class field_reader {
public:
    /// How many readable bytes, of any content, have to follow a text.
    static constexpr std::size_t padding = detail::scan_padding;

    /// Calls `visit(json::key key, json::value& value)` for each member of the object that `text`
    /// is. At least `padding` readable bytes have to follow `text`; it is not changed. Views handed
    /// out are valid until the next `read`, and those without escapes are into `text`. Reports
    /// `errc::malformed_json` for what is not one JSON object; members before the fault may have
    /// been visited. Linear in the text.
    template <class Visitor>
    std::error_code read(std::string_view text, Visitor&& visit) {
        while (!text.empty() && is_space(text.back()))
            text.remove_suffix(1);
        while (!text.empty() && is_space(text.front()))
            text.remove_prefix(1);
        if (!text.starts_with('{') || text.back() != '}') return errc::malformed_json;
        // marks have 31 bits
        if (text.size() >= detail::difficult) return errc::malformed_json;
        const place end = visit_members(start(text), visit);
        return stopped_ || end.at == limit_ ? std::error_code{} : errc::malformed_json;
    }

    /// Says that a visitor has seen enough: what follows `which` in the text is not looked at, and
    /// not validated, but for the brace that ends it.
    void stop(value& which) noexcept {
        stopped_ = true;
        which.end_ = failed();
    }

    /// Calls `visit(key, value)` for each member of `outer`. Returns false without a call if it is
    /// not an object.
    template <class Visitor>
    bool each_member(value& outer, Visitor&& visit) {
        if (outer.end_.at != nullptr || *outer.at_ != '{') return false;
        outer.end_ = if_more_follows(visit_members({outer.at_, outer.quote_}, visit));
        return true;
    }

    /// Calls `visit(value)` for each element of `outer`. Returns false without a call if it is not
    /// an array.
    template <class Visitor>
    bool each_element(value& outer, Visitor&& visit) {
        if (outer.end_.at != nullptr || *outer.at_ != '[') return false;
        outer.end_ = visit_elements({outer.at_, outer.quote_}, visit);
        return true;
    }

    /// What the value is; `kind::none` if it is nothing that JSON has.
    static kind kind_of(const value& which) noexcept {
        switch (*which.at_) {
            case '{': return kind::object;
            case '[': return kind::array;
            case '"': return kind::string;
            case 't':
            case 'f': return kind::boolean;
            case 'n': return kind::null;
            case '-': return kind::number;
            default: return is_digit(*which.at_) ? kind::number : kind::none;
        }
    }

    /// The text of a string, in place if it has no escape, else unescaped into the reader's own
    /// buffer, half a surrogate pair as U+FFFD; nothing if the value is not a string.
    std::optional<std::string_view> string(value& which) {
        if (*which.at_ != '"') return std::nullopt;
        const char* const begin = which.at_ + 1;
        const detail::quote_mark close = closing_quotes_[which.quote_];
        if (close >= size_) [[unlikely]]
            return difficult_string(which);
        which.end_ = {begin_ + close + 1, which.quote_ + 2};
        return std::string_view(begin, static_cast<std::size_t>(begin_ + close - begin));
    }

    /// The same as it is spelled, in place.
    std::optional<spelled_string> spelling(value& which) const noexcept {
        if (*which.at_ != '"') return std::nullopt;
        const char* const begin = which.at_ + 1;
        const detail::scanned_string text = detail::scan_string(begin, limit_);
        which.end_ = text.end != nullptr ? place{text.end + 1, which.quote_ + 2} : failed();
        if (text.end == nullptr) return std::nullopt;
        return spelled_string{{begin, static_cast<std::size_t>(text.end - begin)}, text.escaped};
    }

    /// Any value as it is spelled, in place, validated; empty if it is not well-formed. May be
    /// asked also of a value whose members or elements were visited before.
    std::string_view raw(value& which) {
        if (which.end_.at == nullptr) which.end_ = skip_value({which.at_, which.quote_});
        const place end = which.end_;
        if (end.at == nothing) return {};
        return {which.at_, static_cast<std::size_t>(end.at - which.at_)};
    }

    /// A number as it is spelled, in place; empty if the value is not one.
    std::string_view digits(value& which) noexcept {
        if (kind_of(which) != kind::number) return {};
        const char* const end = skip_number(which.at_);
        if (end == nothing) {
            which.end_ = failed();
            return {};
        }
        which.end_ = {end, which.quote_};
        return {which.at_, static_cast<std::size_t>(end - which.at_)};
    }

    /// The value of a whole number, `5.0` included; nothing if it is not one or is out of range.
    std::optional<std::int64_t> integer(value& which) {
        const std::string_view text = digits(which);
        std::int64_t integer = 0;
        if (text.size() == 1) return text.front() - '0';
        const char* const end = text.data() + text.size();
        const auto [stop, failure] = std::from_chars(text.data(), end, integer);
        if (stop == end && failure == std::errc{}) return integer;
        const auto real = to_real(text);
        return real ? detail::to_integer(*real) : std::nullopt;
    }

    /// The value of a number; nothing if it is not one or no `double` holds it.
    std::optional<double> number(value& which) { return to_real(digits(which)); }

    /// The value's truth as JavaScript has it: false for null, false, 0 and the empty string.
    bool truthy(value& which) {
        switch (kind_of(which)) {
            case kind::none:
            case kind::null: return false;
            case kind::boolean: return *which.at_ == 't';
            case kind::number: return number(which).value_or(1) != 0;
            case kind::string: return which.at_[1] != '"';
            default: return true;
        }
    }

private:
    using place = value::place;

    place start(std::string_view text) {
        begin_ = text.data();
        limit_ = begin_ + text.size();
        size_ = static_cast<detail::quote_mark>(text.size());
        stopped_ = false;
        unescaped_.clear();
        closing_quotes_ = quotes_.mark(text) + 1;
        return {begin_, 0};
    }

    // All functions below take and return places in the text, before its last byte, which is a
    // brace: so nothing but an object's end can lead there, and only the outermost object's may.
    // Where there is nothing to read any more is another place, at which no rule finds what it
    // wants.
    static constexpr char nothing[32] = {};
    place failed() const noexcept { return {nothing, quotes_.count()}; }

    place if_more_follows(const place& from) const noexcept {
        return from.at != limit_ ? from : failed();
    }

    static bool is_space(char c) noexcept {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    }

    // Passes over white space, of which there is none in most places.
    [[gnu::always_inline]] static const char* skip_space(const char* at) noexcept {
        if (static_cast<unsigned char>(*at) > ' ') return at;
        return skip_more_space(at);
    }
    [[gnu::noinline]] static const char* skip_more_space(const char* at) noexcept {
        if (at[0] == ' ' && static_cast<unsigned char>(at[1]) > ' ') return at + 1;  // as most are
        std::size_t spaces;
        do {
            spaces = detail::count_space(at);
            at += spaces;
        } while (spaces == 16);
        return at;
    }

    // Behind the bracket that closes.
    place close(char what, const place& from) const noexcept {
        return *from.at == what ? place{from.at + 1, from.quote} : failed();
    }

    // At the value of the key that begins there, which ends at `name_end`; false if there is none.
    [[gnu::always_inline]] bool skip_key(place& from, const char*& name_end) const noexcept {
        const detail::quote_mark closing = closing_quotes_[from.quote];
        name_end = begin_ + closing;
        if (closing >= size_) [[unlikely]] {
            name_end = scan_difficult(from).end;
            if (name_end == nullptr) return false;
        }
        from.at = name_end + 2;
        from.quote += 2;
        if (name_end[1] != ':') [[unlikely]] {
            const char* const colon = skip_space(name_end + 1);
            if (*colon != ':') return false;
            from.at = colon + 1;
        }
        from.at = skip_space(from.at);
        return true;
    }

    template <class Visitor>
    [[gnu::always_inline]] place visit_members(place from, Visitor& visit) {
        from.at = skip_space(from.at + 1);
        if (*from.at != '"') return close('}', from);
        for (;;) {
            const char* const name = from.at + 1;
            const char* name_end;
            if (!skip_key(from, name_end)) return failed();
            value member(from);
            visit(key(name, name_end), member);
            from = end_of(member, from);
            if (std::memcmp(from.at, ",\"", 2) == 0) [[likely]] {
                ++from.at;
                continue;
            }
            from.at = skip_space(from.at);
            if (*from.at != ',') return close('}', from);
            from.at = skip_space(from.at + 1);
            if (*from.at != '"') return failed();
        }
    }

    template <class Visitor>
    [[gnu::always_inline]] place visit_elements(place from, Visitor& visit) {
        from.at = skip_space(from.at + 1);
        if (*from.at == ']') return close(']', from);
        for (;;) {
            value element(from);
            visit(element);
            from = end_of(element, from);
            from.at = skip_space(from.at);
            if (*from.at != ',') return close(']', from);
            from.at = skip_space(from.at + 1);
        }
    }

    // Where a value ends that has been shown to a visitor. Part by part, as a copy of the whole at
    // once would wait for its parts to be written.
    [[gnu::always_inline]] place end_of(const value& shown, const place& begin) {
        const char* const at = shown.end_.at;
        if (at == nullptr) return skip_value(begin);
        return {at, shown.end_.quote};
    }

    [[gnu::always_inline]] place skip_value(place from) {
        if (*from.at == '"') return skip_string(from);
        if (std::memcmp(from.at, "null", 4) == 0) return {from.at + 4, from.quote};
        return skip_other(from);
    }
    [[gnu::noinline]] place skip_other(place from) {
        if (*from.at == '{' || *from.at == '[') return if_more_follows(skip_container(from));
        return skip_scalar(from);
    }

    [[gnu::always_inline]] place skip_string(place from) const noexcept {
        const detail::quote_mark close = closing_quotes_[from.quote];
        if (close < size_) [[likely]]
            return {begin_ + close + 1, from.quote + 2};
        const detail::scanned_string text = scan_difficult(from);
        return text.end != nullptr ? place{text.end + 1, from.quote + 2} : failed();
    }
    // A string with more than plain text in it, or one that does not end.
    [[gnu::noinline]] detail::scanned_string scan_difficult(place from) const noexcept {
        if ((closing_quotes_[from.quote] & detail::difficult) == 0) return {nullptr, false};
        return detail::scan_string(from.at + 1, limit_);
    }
    [[gnu::noinline]] std::optional<std::string_view> difficult_string(value& which) {
        const detail::quote_mark mark = closing_quotes_[which.quote_];
        std::optional<std::string_view> text;
        which.end_ = failed();
        if ((mark & detail::difficult) == 0) return text;  // it does not end
        const char* const begin = which.at_ + 1;
        const char* const end = begin_ + (mark & ~detail::difficult);
        text = unescaped_.check_and_unescape({begin, end}, size_);
        if (text) which.end_ = {end + 1, which.quote_ + 2};
        return text;
    }

    place skip_scalar(place from) const noexcept {
        const auto skip = [&](std::string_view word) {
            const bool is = std::memcmp(from.at, word.data(), word.size()) == 0;
            return is ? place{from.at + word.size(), from.quote} : failed();
        };
        switch (*from.at) {
            case 'n': return skip("null");
            case 't': return skip("true");
            case 'f': return skip("false");
            default: {
                const char* const end = skip_number(from.at);
                return end != nothing ? place{end, from.quote} : failed();
            }
        }
    }

    static bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

    static const char* skip_digits(const char* at) noexcept {
        std::size_t digits;
        do {
            digits = detail::count_digits(at);
            at += digits;
        } while (digits == 16);
        return at;
    }

    static const char* skip_number(const char* at) noexcept {
        if (*at == '-') ++at;
        if (!is_digit(*at)) return nothing;
        at = *at == '0' ? at + 1 : skip_digits(at);
        if (*at == '.') {
            if (!is_digit(at[1])) return nothing;
            at = skip_digits(at + 1);
        }
        if (*at == 'e' || *at == 'E') {
            ++at;
            if (*at == '+' || *at == '-') ++at;
            if (!is_digit(*at)) return nothing;
            at = skip_digits(at);
        }
        return at;
    }

    // Without recursion, as the nesting of what nobody looks at has no limit.
    place skip_container(place from) {
        nesting_.clear();
        for (;;) {
            // a value begins here
            if (*from.at == '{' || *from.at == '[') {
                nesting_.push_back(*from.at == '{' ? '}' : ']');
                from.at = skip_space(from.at + 1);
                if (*from.at != nesting_.back()) {
                    if (nesting_.back() == '}' && !skip_key_at(from)) return failed();
                    continue;
                }
            } else if (*from.at == '"') {
                from = skip_string(from);
            } else {
                from = skip_scalar(from);
            }
            // behind a value, or at the bracket that closes one with nothing in it
            from.at = skip_space(from.at);
            while (*from.at == nesting_.back()) {
                nesting_.pop_back();
                ++from.at;
                if (nesting_.empty()) return from;
                if (from.at == limit_) return failed();
                from.at = skip_space(from.at);
            }
            if (*from.at != ',') return failed();
            from.at = skip_space(from.at + 1);
            if (nesting_.back() == '}' && !skip_key_at(from)) return failed();
        }
    }

    [[gnu::always_inline]] bool skip_key_at(place& from) const noexcept {
        const char* name_end;
        return *from.at == '"' && skip_key(from, name_end);
    }

    [[gnu::noinline]] static std::optional<double> to_real(std::string_view digits) noexcept {
        double real = 0;
        const char* const end = digits.data() + digits.size();
        const auto [stop, failure] = std::from_chars(digits.data(), end, real);
        if (digits.empty() || stop != end || failure != std::errc{}) return std::nullopt;
        return real;
    }

    const char* begin_ = nullptr;
    const char* limit_ = nullptr;
    detail::quote_mark size_ = 0;
    const detail::quote_mark* closing_quotes_ =
        nullptr;  // [i] closes the string that quote i opens
    bool stopped_ = false;
    detail::quote_index quotes_;
    detail::unescape_buffer unescaped_;
    std::vector<char> nesting_;  // the brackets that are to come
};

}  // namespace conclave::json
