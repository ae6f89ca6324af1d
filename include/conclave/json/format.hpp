#pragma once

#include <conclave/error.hpp>
#include <conclave/json/detail/ecma_regex.hpp>
#include <conclave/json/detail/format_host.hpp>
#include <conclave/json/detail/format_idn.hpp>
#include <conclave/json/detail/format_time.hpp>
#include <conclave/json/detail/format_uri.hpp>
#include <conclave/json/detail/ip_literal.hpp>
#include <conclave/json/detail/text_characters.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace conclave::json {

/// The formats that JSON Schema names: those of draft 2020-12, which include those of draft-07. In
/// the order of section 7.3 of its validation vocabulary.
enum class format {
    date_time,
    date,
    time,
    duration,
    email,
    idn_email,
    hostname,
    idn_hostname,
    ipv4,
    ipv6,
    uri,
    uri_reference,
    iri,
    iri_reference,
    uuid,
    uri_template,
    json_pointer,
    relative_json_pointer,
    regex,
};

namespace detail {

inline constexpr std::array<std::string_view, 19> format_names = {
    "date-time", "date",          "time", "duration",     "email",        "idn-email",
    "hostname",  "idn-hostname",  "ipv4", "ipv6",         "uri",          "uri-reference",
    "iri",       "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer",
    "regex",
};

constexpr bool is_uuid(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !is_text(hex_text, text[i])) return false;
    }
    return true;
}

/// RFC 6901.
constexpr bool is_json_pointer(std::string_view text) noexcept {
    if (!text.empty() && text.front() != '/') return false;
    for (std::size_t i = text.find('~'); i != text.npos; i = text.find('~', i + 1)) {
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (next != '0' && next != '1') return false;
    }
    return true;
}

/// Takes a number that has no zero before others.
constexpr bool take_plain_number(std::string_view& text) noexcept {
    const std::size_t digits = run_length(digit_text, text);
    if (digits == 0 || (digits > 1 && text.front() == '0')) return false;
    text.remove_prefix(digits);
    return true;
}

/// A number of steps up, then either `#` or a way down, before which an index may be changed.
constexpr bool is_relative_json_pointer(std::string_view text) noexcept {
    if (!take_plain_number(text)) return false;
    if (text == "#") return true;
    if (take_byte(text, '+') || take_byte(text, '-')) {
        if (text.starts_with('0') || !take_plain_number(text)) return false;
    }
    return is_json_pointer(text);
}

inline bool is_regex(std::string_view text) {
    return ecma_regex_translator(text).translate().fault.empty();
}

}  // namespace detail

/// The format of this name. Nothing if JSON Schema names none such: `format` then says nothing.
constexpr std::optional<format> format_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < detail::format_names.size(); ++i) {
        if (detail::format_names[i] == name) return static_cast<format>(i);
    }
    return std::nullopt;
}

/// The name of a format, as a schema has it.
constexpr std::string_view name_of(format which) noexcept {
    return detail::format_names[static_cast<std::size_t>(which)];
}

/// Whether this build can tell texts of the format from others: `idn_hostname` needs libidn2
/// (`CONCLAVE_WITH_IDN2`).
constexpr bool can_check(format which) noexcept {
    return which != format::idn_hostname || detail::has_idn;
}

/// Whether a text has a format. Dates and times are those of RFC 3339, addresses those of RFC 5321
/// and 6531, and `hostname` may have A-labels, which are looked into only in a build with libidn2.
/// A regular expression need only be one of ECMA-262, and may have what `pattern` does not support.
/// Throws `conclave::error` with `errc::invalid_schema` if `can_check` says no.
inline bool matches_format(format which, std::string_view text) {
    if (!can_check(which)) {
        throw error(errc::invalid_schema,
                    "The format \"idn-hostname\" needs a build with libidn2 (CONCLAVE_WITH_IDN2).");
    }
    using detail::uri_kind;
    switch (which) {
        case format::date_time: return detail::is_date_time(text);
        case format::date: return detail::is_date(text);
        case format::time: return detail::is_time(text);
        case format::duration: return detail::is_duration(text);
        case format::email: return detail::is_email(text, false);
        case format::idn_email: return detail::is_email(text, true);
        case format::hostname: return detail::is_hostname(text);
        case format::idn_hostname: return detail::is_idn_hostname(text);
        case format::ipv4: return detail::parse_ipv4(text).has_value();
        case format::ipv6: return detail::parse_ipv6(text).has_value();
        case format::uri: return detail::is_uri_reference(text, uri_kind::uri, true);
        case format::uri_reference: return detail::is_uri_reference(text, uri_kind::uri, false);
        case format::iri: return detail::is_uri_reference(text, uri_kind::iri, true);
        case format::iri_reference: return detail::is_uri_reference(text, uri_kind::iri, false);
        case format::uuid: return detail::is_uuid(text);
        case format::uri_template: return detail::is_uri_template(text);
        case format::json_pointer: return detail::is_json_pointer(text);
        case format::relative_json_pointer: return detail::is_relative_json_pointer(text);
        case format::regex: return detail::is_regex(text);
    }
    return true;
}

/// The same by name; nothing if there is no format of this name.
inline std::optional<bool> matches_format(std::string_view name, std::string_view text) {
    const std::optional<format> which = format_named(name);
    if (!which) return std::nullopt;
    return matches_format(*which, text);
}

}  // namespace conclave::json
