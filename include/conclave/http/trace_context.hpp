#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace conclave::http {

namespace detail {

constexpr bool is_lower_hexadecimal(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

constexpr bool is_nonzero_id(std::string_view text) noexcept {
    return is_lower_hexadecimal(text) && text.find_first_not_of('0') != text.npos;
}

}  // namespace detail

/// Whether a text is the value of a header field `traceparent` (W3C Trace Context): a version, the
/// id of a trace, that of a span and flags. One of a version after 00 may say more behind a hyphen.
constexpr bool is_traceparent(std::string_view text) noexcept {
    constexpr std::size_t size = 55;
    if (text.size() < size) return false;
    const std::string_view version = text.substr(0, 2);
    if (text.size() > size && (version == "00" || text[size] != '-')) return false;
    return detail::is_lower_hexadecimal(version) && version != "ff" && text[2] == '-' &&
           detail::is_nonzero_id(text.substr(3, 32)) && text[35] == '-' &&
           detail::is_nonzero_id(text.substr(36, 16)) && text[52] == '-' &&
           detail::is_lower_hexadecimal(text.substr(53, 2));
}

/// The 32 digits of the trace that a `traceparent` is of; empty when it is none.
constexpr std::string_view trace_id(std::string_view traceparent) noexcept {
    return is_traceparent(traceparent) ? traceparent.substr(3, 32) : std::string_view();
}

/// The `traceparent` of a call that is part of the same trace, with the same flags; empty when
/// `parent` is none.
///
/// \param span random bits that name the call; 0, which the field must not have, counts as 1
inline std::string child_traceparent(std::string_view parent, std::uint64_t span) {
    if (!is_traceparent(parent)) return {};
    std::string child = "00-" + std::string(parent.substr(3, 32)) + "-";
    for (int shift = 60; shift >= 0; shift -= 4)
        child += "0123456789abcdef"[((span == 0 ? 1 : span) >> shift) & 15];
    return child.append("-").append(parent.substr(53, 2));
}

}  // namespace conclave::http
