#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>

namespace conclave::detail {

/// Whether a status is worth another attempt (OpenAI's and Anthropic's SDKs agree on these; 425 is
/// RFC 8470's).
constexpr bool is_transient_status(int status) noexcept {
    return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

/// Whether what the provider called its error is worth another attempt; for errors inside a stream,
/// which often have no status.
inline bool is_transient_code(std::string_view code) noexcept {
    constexpr std::array<std::string_view, 16> codes = {
        "rate_limit_exceeded", "rate_limit_error",   "overloaded_error",  "overloaded",
        "server_error",        "api_error",          "timeout",           "internal_server_error",
        "UNAVAILABLE",         "RESOURCE_EXHAUSTED", "INTERNAL",          "DEADLINE_EXCEEDED",
        "service_unavailable", "gateway_timeout",    "too_many_requests", "deadline_exceeded"};
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// Whether what the provider called its error says that the money or the quota of a day or a month
/// is spent, which all providers answer with 429 too: no waiting that anybody does mends it.
inline bool is_spent(std::string_view code) noexcept {
    constexpr std::array<std::string_view, 10> codes = {
        // OpenAI
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "organization_usage_limit_exceeded", "project_spend_limit_exceeded", "usage_limit_exceeded",
        // Anthropic
        "contract_spend_limit_reached", "enforced_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        // Google, of a day's quota
        "quota_exceeded"};
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// Whether the same request may well succeed when it is sent again.
inline bool is_transient(const error& failure) noexcept {
    const error_details& details = failure.details();
    if (details.should_retry) return *details.should_retry;
    if (is_spent(details.provider_code)) return false;
    switch (static_cast<errc>(failure.code().value())) {
        case errc::resolve_failed:
        case errc::connect_failed:
        case errc::connection_lost:
        case errc::resolve_timeout:
        case errc::connect_timeout:
        case errc::tls_timeout:
        case errc::first_token_timeout:
        case errc::idle_timeout:
        case errc::attempt_timeout:
        case errc::truncated_stream: return true;
        case errc::http_status: return is_transient_status(details.http_status);
        case errc::provider_error:
            return is_transient_status(details.http_status) ||
                   is_transient_code(details.provider_code);
        default: return false;
    }
}

/// The number that text of digits alone has, or nothing.
inline std::optional<int> parse_digits(std::string_view text) {
    int value = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    return value;
}

/// The time of an HTTP date in its one current form (RFC 9110 §5.6.7), `Sun, 06 Nov 1994 08:49:37
/// GMT`, or nothing. Which day of the week it was is not checked.
inline std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    constexpr std::string_view form = "___, __ ___ ____ __:__:__ GMT";
    if (text.size() != form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] != '_' && form[i] != text[i]) return std::nullopt;
    }
    const std::size_t month = months.find(text.substr(8, 3));
    if (month == months.npos || month % 3 != 0) return std::nullopt;
    const auto day = parse_digits(text.substr(5, 2));
    const auto year = parse_digits(text.substr(12, 4));
    const auto hour = parse_digits(text.substr(17, 2));
    const auto minute = parse_digits(text.substr(20, 2));
    const auto second = parse_digits(text.substr(23, 2));
    if (!day || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

/// How long a reply asks to be left alone: `retry-after-ms`, else `Retry-After` in seconds or as a
/// date. Nothing where it says nothing that makes sense.
inline std::optional<std::chrono::milliseconds> parse_retry_after(
    const http::fields& header, std::chrono::system_clock::time_point now) {
    using std::chrono::milliseconds;
    constexpr double longest = 1e12;  // a wait of decades fits into no deadline anyway
    const auto number = [](std::string_view text) -> std::optional<double> {
        double value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
        if (!whole || !std::isfinite(value) || value < 0) return std::nullopt;
        return value;
    };
    if (const auto field = header.find("retry-after-ms")) {
        if (const auto value = number(*field)) {
            return milliseconds(static_cast<std::int64_t>(std::min(*value, longest)));
        }
    }
    const auto field = header.find("retry-after");
    if (!field) return std::nullopt;
    if (const auto value = number(*field)) {
        return milliseconds(static_cast<std::int64_t>(std::min(*value * 1000, longest)));
    }
    const auto date = parse_http_date(*field);
    if (!date) return std::nullopt;
    // In milliseconds from the start: the clock's own unit does not reach as far as dates do.
    const milliseconds wait = *date - std::chrono::time_point_cast<milliseconds>(now);
    return std::clamp(wait, milliseconds(0), milliseconds(static_cast<std::int64_t>(longest)));
}

/// The wait before retry number `retry` (from 0) where the provider asks for none: anything up to
/// 0.5 s · 2ⁿ, at most 8 s, as `random` (64 bits) has it, so that clients that failed together do
/// not come back together.
inline std::chrono::milliseconds backoff(int retry, std::uint64_t random) noexcept {
    const auto longest = std::min<std::uint64_t>(8000, std::uint64_t{500} << std::min(retry, 8));
    return std::chrono::milliseconds(static_cast<std::int64_t>(random % (longest + 1)));
}

}  // namespace conclave::detail
