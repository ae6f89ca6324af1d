#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/json/detail/text_characters.hpp>

namespace conclave::json::detail {

/// Reads a number of at most `max_digits` digits from the front of `text`. No sign, and no leading
/// zero in a decimal number, for some readers take that for octal.
inline std::optional<unsigned> take_number(std::string_view& text, int base,
                                           std::size_t max_digits) noexcept {
    const std::size_t length = run_length(base == 16 ? hex_text : digit_text, text);
    if (length == 0 || length > max_digits) return std::nullopt;
    if (base == 10 && length > 1 && text.front() == '0') return std::nullopt;
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + length, value, base);
    text.remove_prefix(length);
    return value;
}

/// Reads an IPv4 address: four decimal numbers, and none of the other forms there are.
inline std::optional<std::uint32_t> parse_ipv4(std::string_view text) noexcept {
    std::uint32_t address = 0;
    for (int part = 0; part < 4; ++part) {
        if (part > 0) {
            if (text.empty() || text.front() != '.') return std::nullopt;
            text.remove_prefix(1);
        }
        const std::optional<unsigned> number = take_number(text, 10, 3);
        if (!number || *number > 255) return std::nullopt;
        address = address << 8 | *number;
    }
    if (!text.empty()) return std::nullopt;
    return address;
}

using ipv6_groups = std::array<unsigned, 8>;

/// Reads an IPv6 address without brackets or zone (RFC 4291 section 2.2).
inline std::optional<ipv6_groups> parse_ipv6(std::string_view text) noexcept {
    ipv6_groups groups{};
    std::size_t count = 0;
    std::optional<std::size_t> gap;
    if (text.starts_with("::")) {
        text.remove_prefix(2);
        gap = 0;
    }
    while (!text.empty()) {
        if (count == groups.size()) return std::nullopt;
        if (text.substr(0, text.find(':')).find('.') != text.npos) {
            const std::optional<std::uint32_t> tail = parse_ipv4(text);
            if (!tail || count > groups.size() - 2) return std::nullopt;
            groups[count++] = *tail >> 16;
            groups[count++] = *tail & 0xffff;
            break;
        }
        const std::optional<unsigned> group = take_number(text, 16, 4);
        if (!group) return std::nullopt;
        groups[count++] = *group;
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (gap) return std::nullopt;
            gap = count;
            text.remove_prefix(2);
        } else if (text.starts_with(":") && text.size() > 1) {
            text.remove_prefix(1);
        } else {
            return std::nullopt;
        }
    }
    if (!gap) return count == groups.size() ? std::optional(groups) : std::nullopt;
    if (count == groups.size()) return std::nullopt;
    ipv6_groups spread{};
    for (std::size_t i = 0; i < *gap; ++i)
        spread[i] = groups[i];
    for (std::size_t i = *gap; i < count; ++i)
        spread[groups.size() - count + i] = groups[i];
    return spread;
}

/// Writes an IPv6 address in its one canonical form, `::` for the first longest run of two or more
/// zeros, hexadecimal throughout, as the URL standard has it.
inline std::string write_ipv6(const ipv6_groups& groups) {
    std::size_t gap = groups.size();
    std::size_t gap_length = 1;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        std::size_t length = 0;
        while (i + length < groups.size() && groups[i + length] == 0)
            ++length;
        if (length > gap_length) {
            gap = i;
            gap_length = length;
        }
    }
    std::string text;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i == gap) {
            text += "::";
            i += gap_length - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        std::array<char, 4> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16);
        text.append(digits.data(), end.ptr);
    }
    return text;
}

}  // namespace conclave::json::detail
