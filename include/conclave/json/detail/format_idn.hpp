#pragma once

#include <conclave/json/detail/format_host.hpp>
#include <conclave/json/detail/idn_label.hpp>
#include <conclave/json/detail/text_characters.hpp>
#include <conclave/json/detail/utf8_character.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace conclave::json::detail {

/// Length of the dot at the start of `text`, of which IDNA 2003 had four; 0 if there is none.
constexpr std::size_t idn_dot_size(std::string_view text) noexcept {
    for (const std::string_view dot : {".", "\u3002", "\uFF0E", "\uFF61"}) {
        if (text.starts_with(dot)) return dot.size();
    }
    return 0;
}

/// Length of the label at the start of `text`.
constexpr std::size_t idn_label_size(std::string_view text) noexcept {
    std::string_view rest = text;
    while (!rest.empty() && idn_dot_size(rest) == 0)
        take_character(rest);
    return text.size() - rest.size();
}

/// A label in both its forms.
struct idn_label {
    std::string unicode;
    std::string ascii;
};

/// Reads a label in either form.
inline std::optional<idn_label> read_idn_label(std::string_view label) {
    const bool is_ascii = std::none_of(label.begin(), label.end(),
                                       [](char byte) { return is_text(beyond_ascii_text, byte); });
    if (!is_ascii) {
        // more than this many bytes cannot become a label of 63
        if (label.size() > 4 * most_label_bytes) return std::nullopt;
        std::optional<std::string> ascii = to_a_label(label);
        if (!ascii || ascii->size() > most_label_bytes) return std::nullopt;
        return idn_label{std::string(label), *std::move(ascii)};
    }
    if (!is_ascii_label(label)) return std::nullopt;
    if (!has_punycode_prefix(label)) return idn_label{std::string(label), std::string(label)};
    std::optional<std::string> unicode = to_u_label(label);
    if (!unicode) return std::nullopt;
    return idn_label{*std::move(unicode), std::string(label)};
}

/// An internationalised host name (RFC 5890 section 2.3.2.3), any of whose labels may be in either
/// form.
inline bool is_idn_hostname(std::string_view text) {
    std::size_t size = 0;
    bool has_right_to_left = false;
    bool has_leading_digit = false;
    while (true) {
        const std::size_t label_size = idn_label_size(text);
        const std::optional<idn_label> label = read_idn_label(text.substr(0, label_size));
        if (!label) return false;
        size += label->ascii.size() + 1;
        if (size > most_name_bytes + 1) return false;
        const label_directions directions = directions_of(label->unicode);
        has_right_to_left = has_right_to_left || directions.has_right_to_left;
        has_leading_digit = has_leading_digit || directions.begins_with_digit;
        text.remove_prefix(label_size);
        if (text.empty()) break;
        text.remove_prefix(idn_dot_size(text));
    }
    // in a name with a label from right to left, none may begin with a digit (RFC 5893)
    return !has_right_to_left || !has_leading_digit;
}

}  // namespace conclave::json::detail
