#pragma once

#include <conclave/json/escape.hpp>

#include <string_view>

namespace conclave::json::detail {

/// What `take_character` returns for what is not UTF-8: no character.
inline constexpr char32_t no_character = 0xFFFFFFFF;

/// Takes one character, or the bytes that are none, off the front of `text`, which is not empty.
constexpr char32_t take_character(std::string_view& text) noexcept {
    const utf8_step step = next_utf8(text);
    char32_t character = static_cast<unsigned char>(text.front());
    if (!step.valid) {
        character = no_character;
    } else if (step.size > 1) {
        character &= 0x7Fu >> step.size;
        for (const char byte : text.substr(1, step.size - 1))
            character = character << 6 | (static_cast<unsigned char>(byte) & 0x3Fu);
    }
    text.remove_prefix(step.size);
    return character;
}

}  // namespace conclave::json::detail
