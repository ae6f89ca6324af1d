#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace conclave::json::detail {

/// What a byte may be part of in the texts that have a format: RFC 3986, 5321, 6531, 6570.
enum text_character : unsigned {
    digit_text = 1,
    hex_text = 2,
    letter_text = 4,
    /// `unreserved` of RFC 3986.
    unreserved_text = 8,
    /// `sub-delims` of RFC 3986.
    delimiter_text = 16,
    /// `atext` of RFC 5321.
    atom_text = 32,
    /// Of `literals` of RFC 6570, those that are ASCII.
    template_text = 64,
    /// The first of a byte sequence beyond ASCII, or one that follows.
    beyond_ascii_text = 128,
};

constexpr std::array<unsigned char, 256> make_text_table() {
    std::array<unsigned char, 256> table{};
    const auto has = [](std::string_view marks, std::size_t byte) {
        return byte < 0x80 && marks.find(static_cast<char>(byte)) != marks.npos;
    };
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        const std::size_t lower = byte | 0x20;
        const bool digit = byte >= '0' && byte <= '9';
        const bool letter = byte < 0x80 && lower >= 'a' && lower <= 'z';
        unsigned bits = 0;
        if (digit) bits |= digit_text;
        if (digit || (letter && lower <= 'f')) bits |= hex_text;
        if (letter) bits |= letter_text;
        if (digit || letter || has("-._~", byte)) bits |= unreserved_text;
        if (has("!$&'()*+,;=", byte)) bits |= delimiter_text;
        if (digit || letter || has("!#$%&'*+-/=?^_`{|}~", byte)) bits |= atom_text;
        if (byte > ' ' && byte < 0x7f && !has("\"%<>\\^`{|}", byte)) bits |= template_text;
        if (byte >= 0x80) bits |= beyond_ascii_text;
        table[byte] = static_cast<unsigned char>(bits);
    }
    return table;
}

inline constexpr std::array<unsigned char, 256> text_table = make_text_table();

constexpr bool is_text(unsigned wanted, char byte) noexcept {
    return (text_table[static_cast<unsigned char>(byte)] & wanted) != 0;
}

/// Length of the longest start of `text` whose bytes are all of one of the classes.
constexpr std::size_t run_length(unsigned wanted, std::string_view text) noexcept {
    std::size_t length = 0;
    while (length < text.size() && is_text(wanted, text[length]))
        ++length;
    return length;
}

/// Takes one byte off the front of `text`, if it is this one.
constexpr bool take_byte(std::string_view& text, char wanted) noexcept {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

/// Takes `%` and two hexadecimal digits.
constexpr bool take_percent_encoded(std::string_view& text) noexcept {
    if (text.size() < 3 || text[0] != '%' || !is_text(hex_text, text[1]) ||
        !is_text(hex_text, text[2]))
        return false;
    text.remove_prefix(3);
    return true;
}

}  // namespace conclave::json::detail
