#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace conclave::wire::detail {

using milliseconds = std::chrono::milliseconds;

// Decades: no one waits longer.
inline constexpr double longest_wait = 1e12;

// A number that is not negative, at the front of `text`, which it is taken off.
inline std::optional<double> take_amount(std::string_view& text) {
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    double value = 0;
    const auto [end, failure] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (failure != std::errc() || !std::isfinite(value)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

// The unit of a duration in milliseconds, taken off the front of `text`; 0 if there is none.
inline double take_unit(std::string_view& text) {
    struct unit {
        std::string_view name;
        double milliseconds;
    };
    // `ms` before `m`
    constexpr unit units[] = {{"ms", 1},  {"us", 1e-3}, {"\xC2\xB5s", 1e-3}, {"ns", 1e-6},
                              {"s", 1e3}, {"m", 60e3},  {"h", 3600e3},       {"d", 86400e3}};
    for (const unit& each : units) {
        if (!text.starts_with(each.name)) continue;
        text.remove_prefix(each.name.size());
        return each.milliseconds;
    }
    return 0;
}

// `6m0s`, `1h2m3.5s`, `20ms`, as Go writes durations, and `2d1h`; in milliseconds.
inline std::optional<double> read_go_duration(std::string_view text) {
    double sum = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const auto amount = take_amount(text);
        const double unit = take_unit(text);
        if (!amount || unit == 0) return std::nullopt;
        sum += *amount * unit;
    }
    return sum;
}

// A wait in whole milliseconds: none that is negative, none that is endless.
inline milliseconds bounded_wait(double wait) {
    return milliseconds(static_cast<std::int64_t>(std::clamp(wait, 0.0, longest_wait)));
}

// So many digits at the front of `text`, taken off.
inline std::optional<int> take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (const char digit : text.substr(0, count)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    text.remove_prefix(count);
    return value;
}

inline bool take_mark(std::string_view& text, std::string_view marks) {
    if (text.empty() || marks.find(text.front()) == marks.npos) return false;
    text.remove_prefix(1);
    return true;
}

// How far a time of the day is from UTC, `Z` or `+02:00` (RFC 3339 §5.6), the last of a date.
inline std::optional<milliseconds> read_offset(std::string_view text) {
    if (text == "Z" || text == "z") return milliseconds(0);
    const bool is_behind = text.starts_with('-');
    if (!take_mark(text, "+-")) return std::nullopt;
    const auto hours = take_digits(text, 2);
    const bool has_colon = take_mark(text, ":");
    const auto minutes = take_digits(text, 2);
    if (!hours || !has_colon || !minutes || !text.empty()) return std::nullopt;
    if (*hours > 23 || *minutes > 59) return std::nullopt;
    const milliseconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return is_behind ? -offset : offset;
}

// The milliseconds since 1970 of an RFC 3339 date, `2026-11-21T15:37:21.5Z`, or nothing.
inline std::optional<milliseconds> read_date(std::string_view text) {
    const auto year = take_digits(text, 4);
    bool well_formed = take_mark(text, "-");
    const auto month = take_digits(text, 2);
    well_formed &= take_mark(text, "-");
    const auto day = take_digits(text, 2);
    well_formed &= take_mark(text, "Tt ");
    const auto hour = take_digits(text, 2);
    well_formed &= take_mark(text, ":");
    const auto minute = take_digits(text, 2);
    well_formed &= take_mark(text, ":");
    const auto second = take_digits(text, 2);
    if (!well_formed || !year || !month || !day || !hour || !minute || !second) return std::nullopt;
    milliseconds fraction(0);
    if (take_mark(text, ".")) {
        const std::size_t end = text.find_first_not_of("0123456789");
        std::string_view digits = text.substr(0, end);
        if (digits.empty() || end == text.npos) return std::nullopt;
        text.remove_prefix(end);
        for (int scale = 100; scale > 0 && !digits.empty(); scale /= 10)
            fraction += milliseconds(scale * take_digits(digits, 1).value_or(0));
    }
    const auto offset = read_offset(text);
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!offset || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const milliseconds whole = std::chrono::sys_days(date).time_since_epoch();
    return whole + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + fraction - *offset;
}

// How long until what a header field names: a duration, a number of seconds, a time since 1970 in
// seconds or milliseconds, told by its size, or a date. Never negative; nothing for what is none.
inline std::optional<milliseconds> read_wait(std::string_view text,
                                             std::chrono::system_clock::time_point now) {
    constexpr double first_time = 1e9;              // of the seconds since 1970: in 2001
    constexpr double first_in_milliseconds = 1e11;  // of seconds in the year 5138
    const auto since_1970 = std::chrono::duration_cast<milliseconds>(now.time_since_epoch());
    std::string_view rest = text;
    if (const auto number = take_amount(rest); number && rest.empty()) {
        if (*number < first_time) return bounded_wait(*number * 1000);
        const double time = *number < first_in_milliseconds ? *number * 1000 : *number;
        return bounded_wait(time - static_cast<double>(since_1970.count()));
    }
    if (const auto duration = read_go_duration(text)) return bounded_wait(*duration);
    if (const auto date = read_date(text)) {
        return bounded_wait(static_cast<double>((*date - since_1970).count()));
    }
    return std::nullopt;
}

}  // namespace conclave::wire::detail
