#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/json/detail/schema_reader.hpp>

namespace conclave::json::detail {

// What a letter of base64 (RFC 4648, section 4) stands for; -1 if it is none.
constexpr int base64_digit(char letter) noexcept {
    if (letter >= 'A' && letter <= 'Z') return letter - 'A';
    if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9') return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

// Texts that hold something else: base64, JSON.
class content_checker {
public:
    // Whether `text` is base64, padded to its end.
    bool is_base64(std::string_view text) {
        decoded_.clear();
        if (text.size() % 4 != 0) return false;
        const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
        std::uint32_t bits = 0;
        int count = 0;
        for (const char letter : text.substr(0, text.size() - padding)) {
            const int digit = base64_digit(letter);
            if (digit < 0) return false;
            bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xFFFFFF;
            count += 6;
            if (count < 8) continue;
            count -= 8;
            decoded_ += static_cast<char>(bits >> count & 0xFF);
        }
        return true;
    }

    bool is_json(std::string_view text, std::size_t max_depth) {
        return reader_.read(text, max_depth) == nullptr;
    }

    // What is no base64 says nothing here.
    bool is_json_in_base64(std::string_view text, std::size_t max_depth) {
        return !is_base64(text) || is_json(decoded_, max_depth);
    }

private:
    std::string decoded_;
    json_reader reader_;
};

}  // namespace conclave::json::detail
