#pragma once

#include <conclave/json/detail/utf8_character.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#if CONCLAVE_WITH_IDN2
#include <idn2.h>
#endif

namespace conclave::json::detail {

/// Whether this build knows Unicode's properties of characters as far as IDNA 2008 needs them.
#if CONCLAVE_WITH_IDN2
inline constexpr bool has_idn = true;
#else
inline constexpr bool has_idn = false;
#endif

/// What the rules on names written from right to left (RFC 5893) look at in a label.
struct label_directions {
    bool has_right_to_left = false;
    bool has_european_digit = false;
    bool has_arabic_digit = false;
    bool begins_with_digit = false;
};

/// Whether the character is written from right to left: the blocks that Unicode keeps for those
/// scripts, but the digits among them that are European ones.
constexpr bool is_right_to_left(char32_t c) noexcept {
    if (c >= 0x6F0 && c <= 0x6F9) return false;
    return (c >= 0x590 && c <= 0x8FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
           (c >= 0xFE70 && c <= 0xFEFE) || (c >= 0x10800 && c <= 0x10FFF) ||
           (c >= 0x1E800 && c <= 0x1EFFF);
}

constexpr label_directions directions_of(std::string_view label) noexcept {
    label_directions found;
    for (bool first = true; !label.empty(); first = false) {
        const char32_t c = take_character(label);
        const bool european = (c >= '0' && c <= '9') || (c >= 0x6F0 && c <= 0x6F9);
        const bool arabic = (c >= 0x660 && c <= 0x669) || (c >= 0x10D30 && c <= 0x10D39);
        found.has_right_to_left = found.has_right_to_left || is_right_to_left(c);
        found.has_european_digit = found.has_european_digit || european;
        found.has_arabic_digit = found.has_arabic_digit || arabic;
        if (first) found.begins_with_digit = european || arabic;
    }
    return found;
}

#if CONCLAVE_WITH_IDN2

/// The ASCII form of a label as IDNA 2008 has it registered, all its rules applied (RFC 5891
/// section 4, RFC 5892, and of RFC 5893 what concerns one label). Nothing if it breaks one.
inline std::optional<std::string> to_a_label(std::string_view label) {
    const label_directions directions = directions_of(label);
    // of the rules, the one that libidn2 leaves out
    if (directions.has_european_digit && directions.has_arabic_digit) return std::nullopt;
    if (label.find('\0') != label.npos) return std::nullopt;
    const std::string unicode(label);
    std::uint8_t* ascii = nullptr;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(unicode.c_str());
    if (idn2_register_u8(bytes, nullptr, &ascii, 0) != IDN2_OK) return std::nullopt;
    std::string result(reinterpret_cast<const char*>(ascii));
    idn2_free(ascii);
    return result;
}

/// What an A-label stands for. Nothing if it is none: if what it stands for is not written so.
inline std::optional<std::string> to_u_label(std::string_view label) {
    std::string lower(label);
    for (char& byte : lower)
        byte = static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
    char* unicode = nullptr;
    if (idn2_to_unicode_8z8z(lower.c_str(), &unicode, 0) != IDN2_OK) return std::nullopt;
    std::string result(unicode);
    idn2_free(unicode);
    if (result == lower || to_a_label(result) != lower) return std::nullopt;
    return result;
}

#else

// What cannot be told is let pass where a name may be in ASCII.
inline std::optional<std::string> to_a_label(std::string_view) { return std::nullopt; }
inline std::optional<std::string> to_u_label(std::string_view label) { return std::string(label); }

#endif

}  // namespace conclave::json::detail
