#pragma once

#include <conclave/json/detail/ip_literal.hpp>
#include <conclave/json/detail/text_characters.hpp>
#include <conclave/json/detail/utf8_character.hpp>

#include <cstddef>
#include <string_view>

namespace conclave::json::detail {

/// Which characters beyond ASCII there may be (RFC 3987).
enum class uri_kind { uri, iri };

/// `ucschar` of RFC 3987.
constexpr bool is_iri_character(char32_t c) noexcept {
    if (c < 0x10000) {
        return (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
               (c >= 0xFDF0 && c <= 0xFFEF);
    }
    return c < 0xF0000 && (c & 0xFFFF) < 0xFFFE && (c < 0xE0000 || c >= 0xE1000);
}

/// `iprivate` of RFC 3987.
constexpr bool is_private_character(char32_t c) noexcept {
    return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && (c & 0xFFFF) < 0xFFFE);
}

/// Whether all of `text` are unreserved characters, delimiters, `%` with its digits, and `more`.
constexpr bool are_uri_characters(std::string_view text, std::string_view more, uri_kind kind,
                                  bool with_private = false) noexcept {
    while (!text.empty()) {
        const char byte = text.front();
        if (is_text(unreserved_text | delimiter_text, byte) || more.find(byte) != more.npos) {
            text.remove_prefix(1);
        } else if (byte == '%') {
            if (!take_percent_encoded(text)) return false;
        } else {
            if (kind == uri_kind::uri || !is_text(beyond_ascii_text, byte)) return false;
            const char32_t character = take_character(text);
            if (!is_iri_character(character) && !(with_private && is_private_character(character)))
                return false;
        }
    }
    return true;
}

/// What stands between the brackets of a host.
inline bool is_ip_literal(std::string_view text) noexcept {
    if (!take_byte(text, 'v') && !take_byte(text, 'V')) return parse_ipv6(text).has_value();
    const std::size_t version = run_length(hex_text, text);
    text.remove_prefix(version);
    if (version == 0 || !take_byte(text, '.') || text.empty()) return false;
    for (const char byte : text) {
        if (!is_text(unreserved_text | delimiter_text, byte) && byte != ':') return false;
    }
    return true;
}

inline bool is_uri_authority(std::string_view text, uri_kind kind) noexcept {
    const std::size_t at = text.find('@');
    if (at != text.npos) {
        if (!are_uri_characters(text.substr(0, at), ":", kind)) return false;
        text.remove_prefix(at + 1);
    }
    std::string_view port;
    if (take_byte(text, '[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos || !is_ip_literal(text.substr(0, end))) return false;
        port = text.substr(end + 1);
    } else {
        const std::size_t colon = text.find(':');
        if (!are_uri_characters(text.substr(0, colon), "", kind)) return false;
        if (colon != text.npos) port = text.substr(colon);
    }
    if (port.empty()) return true;
    return take_byte(port, ':') && run_length(digit_text, port) == port.size();
}

inline bool is_uri_scheme(std::string_view text) noexcept {
    if (text.empty() || !is_text(letter_text, text.front())) return false;
    for (const char byte : text) {
        if (!is_text(letter_text | digit_text, byte) && byte != '+' && byte != '-' && byte != '.')
            return false;
    }
    return true;
}

/// `URI-reference` of RFC 3986, or `IRI-reference` of RFC 3987; with a scheme if that is wanted.
inline bool is_uri_reference(std::string_view text, uri_kind kind, bool with_scheme) noexcept {
    if (const std::size_t hash = text.find('#'); hash != text.npos) {
        if (!are_uri_characters(text.substr(hash + 1), ":@/?", kind)) return false;
        text = text.substr(0, hash);
    }
    if (const std::size_t mark = text.find('?'); mark != text.npos) {
        if (!are_uri_characters(text.substr(mark + 1), ":@/?", kind, true)) return false;
        text = text.substr(0, mark);
    }
    // a colon in the first segment can only end a scheme
    const std::size_t first = text.find_first_of(":/");
    if (first != text.npos && text[first] == ':') {
        if (!is_uri_scheme(text.substr(0, first))) return false;
        text.remove_prefix(first + 1);
    } else if (with_scheme) {
        return false;
    }
    if (text.starts_with("//")) {
        text.remove_prefix(2);
        const std::string_view authority = text.substr(0, text.find('/'));
        if (!is_uri_authority(authority, kind)) return false;
        text.remove_prefix(authority.size());
    }
    return are_uri_characters(text, ":@/", kind);
}

/// Takes a variable of a URI template with its modifier: `varspec` of RFC 6570.
constexpr bool take_template_variable(std::string_view& text) noexcept {
    bool after_character = false;
    while (!text.empty()) {
        if (is_text(letter_text | digit_text, text.front()) || text.front() == '_') {
            text.remove_prefix(1);
            after_character = true;
        } else if (text.front() == '.' && after_character) {
            text.remove_prefix(1);
            after_character = false;
        } else if (take_percent_encoded(text)) {
            after_character = true;
        } else {
            break;
        }
    }
    if (!after_character) return false;
    if (take_byte(text, '*')) return true;
    if (!take_byte(text, ':')) return true;
    const std::size_t digits = run_length(digit_text, text);
    if (digits < 1 || digits > 4 || text.front() == '0') return false;
    text.remove_prefix(digits);
    return true;
}

/// RFC 6570, all four levels, with the apostrophe that its erratum 6937 allows.
constexpr bool is_uri_template(std::string_view text) noexcept {
    constexpr std::string_view operators = "+#./;?&=,!@|";
    while (!text.empty()) {
        if (take_byte(text, '{')) {
            if (text.empty()) return false;
            if (operators.find(text.front()) != operators.npos) text.remove_prefix(1);
            do {
                if (!take_template_variable(text)) return false;
            } while (take_byte(text, ','));
            if (!take_byte(text, '}')) return false;
        } else if (is_text(template_text, text.front())) {
            text.remove_prefix(1);
        } else if (is_text(beyond_ascii_text, text.front())) {
            const char32_t character = take_character(text);
            if (!is_iri_character(character) && !is_private_character(character)) return false;
        } else if (!take_percent_encoded(text)) {
            return false;
        }
    }
    return true;
}

}  // namespace conclave::json::detail
