#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <conclave/json/escape.hpp>

namespace conclave::json {

/// Appends compact JSON to a string, with the commas in their places. Text that is not UTF-8 is
/// made so (U+FFFD); everything but `raw` therefore appends valid JSON. That begins and ends match
/// and that every member has a key is up to the caller.
///
/// The string has to outlive the writer.
class writer {
public:
    /// Writes at the end of `out`.
    explicit writer(std::string& out) noexcept : out_(out) {}

    /// Opens an object; members are to follow.
    void begin_object() { open('{'); }
    /// Closes the object opened last.
    void end_object() { close('}'); }
    /// Opens an array; values are to follow.
    void begin_array() { open('['); }
    /// Closes the array opened last.
    void end_array() { close(']'); }

    /// The name of the next member; its value is to follow.
    void key(std::string_view name) {
        string(name);
        out_ += ':';
        comma_ = false;
    }

    /// A string, escaped.
    void string(std::string_view text) {
        separate();
        out_ += '"';
        append_escaped(out_, text);
        out_ += '"';
    }

    /// A whole number.
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) void number(Integer value) { put_number(value); }

    /// The shortest number that reads back as the same `double`; null if it is not finite. What no
    /// 64-bit integer holds has an exponent, as many readers take digits alone for an integer.
    void number(double value) {
        constexpr double limit = 9223372036854775808.0;  // 2^63
        if (!std::isfinite(value)) return null();
        if (std::abs(value) < limit) return put_number(value);
        put_number(value, std::chars_format::scientific);
    }

    /// `true` or `false`.
    void boolean(bool value) { raw(value ? "true" : "false"); }
    /// `null`.
    void null() { raw("null"); }

    /// JSON text as it is. It is not looked at: what is not valid there is not valid here.
    void raw(std::string_view json) {
        separate();
        out_ += json;
    }

    /// The value in the way its type has in JSON: text, whole number, number or boolean.
    template <class T>
    void value(const T& what) {
        if constexpr (std::same_as<T, bool>) {
            boolean(what);
        } else if constexpr (std::is_arithmetic_v<T>) {
            number(what);
        } else {
            string(what);
        }
    }

    /// A member with its value.
    template <class T>
    void member(std::string_view name, const T& what) {
        key(name);
        value(what);
    }

    /// A member if there is a value for it, else nothing.
    template <class T>
    void member_if(std::string_view name, const std::optional<T>& what) {
        if (what) member(name, *what);
    }

    /// A member whose value is JSON text already; see `raw`.
    void member_raw(std::string_view name, std::string_view json) {
        key(name);
        raw(json);
    }

private:
    void separate() {
        if (comma_) out_ += ',';
        comma_ = true;
    }
    void open(char bracket) {
        separate();
        out_ += bracket;
        comma_ = false;
    }
    void close(char bracket) {
        out_ += bracket;
        comma_ = true;
    }

    template <class Number, class... Format>
    void put_number(Number value, Format... format) {
        separate();
        std::array<char, 32> digits;
        char* const limit = digits.data() + digits.size();
        out_.append(digits.data(), std::to_chars(digits.data(), limit, value, format...).ptr);
    }

    std::string& out_;
    bool comma_ = false;
};

}  // namespace conclave::json
