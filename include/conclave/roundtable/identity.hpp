#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <conclave/http/trace_context.hpp>

namespace conclave {

namespace detail {

inline void append_hexadecimal(std::string& out, std::uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4)
        out += "0123456789abcdef"[(value >> shift) & 15];
}

// The 32 digits of a UUID in lower case; empty when the text is not a UUID other than zero.
inline std::string uuid_digits(std::string_view uuid) {
    if (uuid.size() != 36) return {};
    std::string digits;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = uuid[i];
        if (hyphen && c == '-') continue;
        if (!hyphen && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            digits += c;
        } else if (!hyphen && c >= 'A' && c <= 'F') {
            digits += static_cast<char>(c - 'A' + 'a');
        } else {
            return {};
        }
    }
    return digits.find_first_not_of('0') == std::string::npos ? std::string() : digits;
}

}  // namespace detail

/// The id of a roundtable: `rt_` and 26 characters of Crockford's base 32, which hold 48 bits of
/// time in milliseconds and then 80 random bits (the layout of a ULID). As texts, ids of different
/// milliseconds sort by time.
///
/// \param now the time; one outside the years 1970 to 10889 counts as the nearest inside
/// \param random_high, random_low the 80 random bits
inline std::string make_roundtable_id(std::chrono::system_clock::time_point now,
                                      std::uint16_t random_high, std::uint64_t random_low) {
    constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    constexpr std::int64_t latest = (std::int64_t{1} << 48) - 1;
    const auto elapsed =
        std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
    auto time = static_cast<std::uint64_t>(std::clamp<std::int64_t>(elapsed, 0, latest));

    std::string id = "rt_00000000000000000000000000";
    for (std::size_t i = 12; i >= 3; --i, time >>= 5)
        id[i] = alphabet[time & 31];
    std::uint64_t high = random_high;
    for (std::size_t i = 28; i >= 13; --i) {
        id[i] = alphabet[random_low & 31];
        random_low = (random_low >> 5) | (high << 59);
        high >>= 5;
    }
    return id;
}

/// A random UUID (version 4, RFC 9562) in lower case, made of 122 of the 128 random bits given.
inline std::string make_trace_uuid(std::uint64_t random_high, std::uint64_t random_low) {
    random_high = (random_high & ~std::uint64_t{0xf000}) | 0x4000;
    random_low = (random_low & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
    std::string uuid;
    detail::append_hexadecimal(uuid, random_high);
    detail::append_hexadecimal(uuid, random_low);
    for (const std::size_t position : {8U, 13U, 18U, 23U})
        uuid.insert(position, 1, '-');
    return uuid;
}

/// The trace of a `traceparent` in the form of a UUID; empty when it is none.
inline std::string trace_uuid_of(std::string_view traceparent) {
    std::string uuid(http::trace_id(traceparent));
    if (uuid.empty()) return uuid;
    for (const std::size_t position : {8U, 13U, 18U, 23U})
        uuid.insert(position, 1, '-');
    return uuid;
}

/// The value of the header `traceparent` (W3C Trace Context, version 00, sampled) that makes a call
/// part of the trace `trace_uuid`. Empty when `trace_uuid` is not a UUID or is all zeros, which the
/// header must not be.
///
/// \param span random bits that name the call; 0, which the header must not have, counts as 1
inline std::string traceparent(std::string_view trace_uuid, std::uint64_t span) {
    const std::string digits = detail::uuid_digits(trace_uuid);
    if (digits.empty()) return {};
    std::string header = "00-" + digits + "-";
    detail::append_hexadecimal(header, span == 0 ? 1 : span);
    return header + "-01";
}

}  // namespace conclave
