#pragma once

#include <conclave/json/detail/text_characters.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace conclave::json::detail {

/// Takes exactly this many digits.
constexpr std::optional<int> take_digits(std::string_view& text, std::size_t count) noexcept {
    if (run_length(digit_text, text.substr(0, count)) != count) return std::nullopt;
    int value = 0;
    for (const char digit : text.substr(0, count))
        value = value * 10 + (digit - '0');
    text.remove_prefix(count);
    return value;
}

/// `full-date` of RFC 3339: a day that the calendar has.
constexpr bool take_date(std::string_view& text) noexcept {
    constexpr int days_of[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const auto year = take_digits(text, 4);
    if (!year || !take_byte(text, '-')) return false;
    const auto month = take_digits(text, 2);
    if (!month || *month < 1 || *month > 12 || !take_byte(text, '-')) return false;
    const auto day = take_digits(text, 2);
    if (!day || *day < 1 || *day > days_of[*month - 1]) return false;
    const bool is_leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
    return *month != 2 || *day < 29 || is_leap;
}

/// `full-time` of RFC 3339. Second 60 there is only at the end of a day in UTC.
constexpr bool take_time(std::string_view& text) noexcept {
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take_byte(text, ':')) return false;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59 || !take_byte(text, ':')) return false;
    const auto second = take_digits(text, 2);
    if (!second || *second > 60) return false;
    if (take_byte(text, '.')) {
        const std::size_t digits = run_length(digit_text, text);
        if (digits == 0) return false;
        text.remove_prefix(digits);
    }
    int offset = 0;
    if (!take_byte(text, 'Z') && !take_byte(text, 'z')) {
        const bool is_behind = !text.empty() && text.front() == '-';
        if (!is_behind && (text.empty() || text.front() != '+')) return false;
        text.remove_prefix(1);
        const auto hours = take_digits(text, 2);
        if (!hours || *hours > 23 || !take_byte(text, ':')) return false;
        const auto minutes = take_digits(text, 2);
        if (!minutes || *minutes > 59) return false;
        offset = (*hours * 60 + *minutes) * (is_behind ? -1 : 1);
    }
    constexpr int day = 24 * 60;
    return *second < 60 || (*hour * 60 + *minute - offset + 2 * day) % day == day - 1;
}

constexpr bool is_date(std::string_view text) noexcept { return take_date(text) && text.empty(); }

constexpr bool is_time(std::string_view text) noexcept { return take_time(text) && text.empty(); }

constexpr bool is_date_time(std::string_view text) noexcept {
    if (!take_date(text)) return false;
    if (!take_byte(text, 'T') && !take_byte(text, 't')) return false;
    return is_time(text);
}

/// Takes numbers with these units, in this order, each the next after the one before. Says how
/// many.
constexpr int take_units(std::string_view& text, std::string_view units) noexcept {
    std::size_t next = units.npos;
    int count = 0;
    while (!text.empty() && text.front() != 'T') {
        const std::size_t digits = run_length(digit_text, text);
        if (digits == 0 || digits == text.size()) return 0;
        const std::size_t unit = units.find(text[digits]);
        if (unit == units.npos || (next != units.npos && unit != next)) return 0;
        next = unit + 1;
        text.remove_prefix(digits + 1);
        ++count;
    }
    return count;
}

/// `duration` of RFC 3339, appendix A.
constexpr bool is_duration(std::string_view text) noexcept {
    if (!take_byte(text, 'P') || text.empty()) return false;
    if (text.back() == 'W') {
        text.remove_suffix(1);
        return !text.empty() && run_length(digit_text, text) == text.size();
    }
    if (text.front() != 'T' && take_units(text, "YMD") == 0) return false;
    if (text.empty()) return true;
    return take_byte(text, 'T') && take_units(text, "HMS") > 0 && text.empty();
}

}  // namespace conclave::json::detail
