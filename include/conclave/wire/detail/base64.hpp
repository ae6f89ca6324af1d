#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace conclave::wire::detail {

// RFC 4648, section 4, with its padding.
inline std::string to_base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= group.size() ? digits[bits >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

// The bytes of what `to_base64` has written.
inline std::string from_base64(std::string_view text) {
    const auto value = [](char digit) -> std::uint32_t {
        if (digit >= 'A' && digit <= 'Z') return static_cast<std::uint32_t>(digit - 'A');
        if (digit >= 'a' && digit <= 'z') return static_cast<std::uint32_t>(digit - 'a') + 26;
        if (digit >= '0' && digit <= '9') return static_cast<std::uint32_t>(digit - '0') + 52;
        return digit == '+' ? 62 : 63;
    };
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char digit : text) {
        if (digit == '=') break;
        bits = (bits << 6 | value(digit)) & 0xFFFFFF;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xFF);
    }
    return bytes;
}

}  // namespace conclave::wire::detail
