#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <conclave/json/detail/text_characters.hpp>

namespace conclave::json::detail {

/// What the text of a JSON number is as a whole number.
struct whole_number {
    enum class kind {
        /// Not the text of a JSON number.
        none,
        /// A number with a fraction, or one of which even 64 bits do not hold the magnitude.
        other,
        /// Whole; sign and magnitude are set.
        whole,
    };

    kind is = kind::none;
    bool negative = false;
    std::uint64_t magnitude = 0;
};

// A JSON number in its parts; the views are of the same text.
struct number_parts {
    std::string_view integer;
    std::string_view fraction;
    std::int64_t exponent = 0;
    bool negative = false;
    bool valid = false;
};

constexpr std::string_view take_digits(std::string_view& rest) noexcept {
    std::size_t size = 0;
    while (size < rest.size() && rest[size] >= '0' && rest[size] <= '9')
        ++size;
    const std::string_view digits = rest.substr(0, size);
    rest.remove_prefix(size);
    return digits;
}

constexpr number_parts split_number(std::string_view text) noexcept {
    constexpr std::int64_t huge = 1'000'000'000'000;  // more than a text has digits
    number_parts parts;
    parts.negative = take_byte(text, '-');
    parts.integer = take_digits(text);
    if (parts.integer.empty()) return parts;
    if (parts.integer.size() > 1 && parts.integer.front() == '0') return parts;
    if (take_byte(text, '.')) {
        parts.fraction = take_digits(text);
        if (parts.fraction.empty()) return parts;
    }
    if (take_byte(text, 'e') || take_byte(text, 'E')) {
        const bool below_one = take_byte(text, '-');
        if (!below_one) take_byte(text, '+');
        const std::string_view digits = take_digits(text);
        if (digits.empty()) return parts;
        for (const char digit : digits) {
            if (parts.exponent < huge) parts.exponent = parts.exponent * 10 + (digit - '0');
        }
        if (below_one) parts.exponent = -parts.exponent;
    }
    parts.valid = text.empty();
    return parts;
}

/// Reads `5`, `5.0`, `-50e-1` exactly. Linear in the length of the text.
constexpr whole_number to_whole_number(std::string_view text) noexcept {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const number_parts parts = split_number(text);
    whole_number result;
    if (!parts.valid) return result;
    result.is = whole_number::kind::other;
    result.negative = parts.negative;
    const auto push = [&result](unsigned digit) {
        if (result.magnitude > (most - digit) / 10) return false;
        result.magnitude = result.magnitude * 10 + digit;
        return true;
    };
    // so many digits are before the decimal point once the exponent has moved it
    std::int64_t before = static_cast<std::int64_t>(parts.integer.size()) + parts.exponent;
    for (const std::string_view digits : {parts.integer, parts.fraction}) {
        for (const char digit : digits) {
            if (before-- > 0) {
                if (!push(static_cast<unsigned>(digit - '0'))) return result;
            } else if (digit != '0') {
                return result;
            }
        }
    }
    for (; before > 0 && result.magnitude != 0; --before) {
        if (!push(0)) return result;
    }
    result.is = whole_number::kind::whole;
    return result;
}

/// Whether the text is that of a JSON number.
constexpr bool is_number_text(std::string_view text) noexcept { return split_number(text).valid; }

}  // namespace conclave::json::detail
