#pragma once

#include <conclave/json/detail/idn_label.hpp>
#include <conclave/json/detail/ip_literal.hpp>
#include <conclave/json/detail/text_characters.hpp>
#include <conclave/json/detail/utf8_character.hpp>

#include <cstddef>
#include <string_view>

namespace conclave::json::detail {

inline constexpr std::size_t most_label_bytes = 63;
inline constexpr std::size_t most_name_bytes = 253;

/// Letters, digits and hyphens, no hyphen at either end (RFC 1123), in at most 63 bytes.
constexpr bool is_ascii_label(std::string_view label) noexcept {
    if (label.empty() || label.size() > most_label_bytes) return false;
    for (const char byte : label) {
        if (!is_text(letter_text | digit_text, byte) && byte != '-') return false;
    }
    return label.front() != '-' && label.back() != '-';
}

/// Whether the label says that the rest of it is Punycode.
constexpr bool has_punycode_prefix(std::string_view label) noexcept {
    return label.size() >= 4 && (label[0] | 0x20) == 'x' && (label[1] | 0x20) == 'n' &&
           label[2] == '-' && label[3] == '-';
}

/// A host name of RFC 1123. Labels that begin with `xn--` are A-labels of RFC 5890, where the build
/// can tell.
inline bool is_hostname(std::string_view text) {
    if (text.size() > most_name_bytes) return false;
    while (true) {
        const std::string_view label = text.substr(0, text.find('.'));
        if (!is_ascii_label(label)) return false;
        if (has_punycode_prefix(label) && !to_u_label(label)) return false;
        if (label.size() == text.size()) return true;
        text.remove_prefix(label.size() + 1);
    }
}

/// `Domain` of RFC 5321; of RFC 6531 where there may be characters beyond ASCII.
inline bool is_mail_domain(std::string_view text, bool international) noexcept {
    if (text.size() > 255) return false;
    while (true) {
        const std::string_view label = text.substr(0, text.find('.'));
        if (label.empty() || label.front() == '-' || label.back() == '-') return false;
        for (std::string_view rest = label; !rest.empty();) {
            const char32_t character = take_character(rest);
            if (character >= 0x80
                    ? !international || character == no_character
                    : !is_text(letter_text | digit_text, static_cast<char>(character)) &&
                          character != '-')
                return false;
        }
        if (label.size() == text.size()) return true;
        text.remove_prefix(label.size() + 1);
    }
}

/// What stands between the brackets of `address-literal` of RFC 5321.
inline bool is_mail_address_literal(std::string_view text) noexcept {
    if (text.starts_with("IPv6:")) return parse_ipv6(text.substr(5)).has_value();
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return parse_ipv4(text).has_value();
    if (!is_ascii_label(text.substr(0, colon)) || colon + 1 == text.size()) return false;
    for (const char byte : text.substr(colon + 1)) {
        if (byte <= ' ' || byte >= 0x7f || (byte >= '[' && byte <= ']')) return false;
    }
    return true;
}

/// Takes `Quoted-string` of RFC 5321, whose opening quote is taken.
inline bool take_quoted_local_part(std::string_view& text, bool international) noexcept {
    while (!text.empty()) {
        if (take_byte(text, '"')) return true;
        const bool is_escaped = take_byte(text, '\\');
        if (text.empty()) return false;
        const char32_t character = take_character(text);
        if (character < ' ' || character == 0x7f || character == no_character) return false;
        if (character >= 0x80 && (!international || is_escaped)) return false;
    }
    return false;
}

/// Takes `Dot-string` of RFC 5321.
inline bool take_dotted_local_part(std::string_view& text, bool international) noexcept {
    bool after_dot = true;
    while (!text.empty() && text.front() != '@') {
        if (text.front() == '.') {
            if (after_dot) return false;
            after_dot = true;
            text.remove_prefix(1);
            continue;
        }
        after_dot = false;
        const char32_t character = take_character(text);
        if (character >= 0x80 ? !international || character == no_character
                              : !is_text(atom_text, static_cast<char>(character)))
            return false;
    }
    return !after_dot;
}

/// `Mailbox` of RFC 5321; of RFC 6531 where there may be characters beyond ASCII.
inline bool is_email(std::string_view text, bool international) noexcept {
    std::string_view rest = text;
    const bool has_local_part = take_byte(rest, '"') ? take_quoted_local_part(rest, international)
                                                     : take_dotted_local_part(rest, international);
    if (!has_local_part || text.size() - rest.size() > 64 || !take_byte(rest, '@')) return false;
    if (rest.starts_with('[') && rest.ends_with(']'))
        return is_mail_address_literal(rest.substr(1, rest.size() - 2));
    return is_mail_domain(rest, international);
}

}  // namespace conclave::json::detail
