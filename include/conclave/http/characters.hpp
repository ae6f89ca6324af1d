#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace conclave::http {

namespace detail {

/// What a byte may be part of. The grammar is that of RFC 9110 sections 5.5 and 5.6.2, and RFC
/// 3986.
enum character_class : unsigned char {
    token_character = 1,
    value_character = 2,
    visible_character = 4,
    hex_character = 8,
    digit_character = 16,
};

constexpr std::array<unsigned char, 256> make_character_table() {
    std::array<unsigned char, 256> table{};
    constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        const bool digit = byte >= '0' && byte <= '9';
        const std::size_t lower = byte | 0x20;
        const bool letter = lower >= 'a' && lower <= 'z' && byte < 0x80;
        const bool mark =
            byte < 0x80 && token_marks.find(static_cast<char>(byte)) != token_marks.npos;
        const bool visible = byte > 0x20 && byte < 0x7f;
        unsigned bits = 0;
        if (digit || letter || mark) bits |= token_character;
        if (visible || byte == ' ' || byte == '\t' || byte >= 0x80) bits |= value_character;
        if (visible) bits |= visible_character;
        if (digit || (letter && lower <= 'f')) bits |= hex_character;
        if (digit) bits |= digit_character;
        table[byte] = static_cast<unsigned char>(bits);
    }
    return table;
}

inline constexpr std::array<unsigned char, 256> character_table = make_character_table();

constexpr bool is(character_class wanted, char byte) noexcept {
    return (character_table[static_cast<unsigned char>(byte)] & wanted) != 0;
}

/// Length of the longest start of `text` whose bytes are all of the class.
constexpr std::size_t run_length(character_class wanted, std::string_view text) noexcept {
    std::size_t length = 0;
    while (length < text.size() && is(wanted, text[length]))
        ++length;
    return length;
}

constexpr bool all(character_class wanted, std::string_view text) noexcept {
    return run_length(wanted, text) == text.size();
}

/// Value of a byte that is a `hex_character`.
constexpr unsigned hex_value(char byte) noexcept {
    const auto value = static_cast<unsigned char>(byte);
    return value <= '9' ? value - unsigned{'0'} : (value | 0x20u) - unsigned{'a'} + 10u;
}

}  // namespace detail

/// The byte in lower case if it is an ASCII letter, unchanged otherwise. Ignores the locale.
constexpr char to_lower(char byte) noexcept {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
}

/// Whether two texts are equal, ASCII letters compared without regard to case.
constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (to_lower(left[i]) != to_lower(right[i])) return false;
    }
    return true;
}

/// Whether the text is a `token` of RFC 9110 section 5.6.2: what methods and field names are.
constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && detail::all(detail::token_character, text);
}

/// Whether the text may be a field's value: no control character but TAB. May be empty, and may
/// have bytes beyond ASCII, as RFC 9110 section 5.5 has it.
constexpr bool is_field_value(std::string_view text) noexcept {
    return detail::all(detail::value_character, text);
}

/// The text without the spaces and TABs around it.
constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

}  // namespace conclave::http
