#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <conclave/json/escape.hpp>

namespace conclave::json::detail {

// A text in quotes as JSON has it, shortened.
inline std::string in_quotes(std::string_view text, std::size_t most = 60) {
    std::string inside;
    std::size_t end = std::min(text.size(), most);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    append_escaped(inside, text.substr(0, end));
    return "\"" + inside + (end < text.size() ? "…\"" : "\"");
}

inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// A number as it is spelled, shortened.
inline std::string spelled_number(std::string_view text) {
    constexpr std::size_t most = 40;
    return text.size() <= most ? std::string(text) : std::string(text.substr(0, most)) + "…";
}

}  // namespace conclave::json::detail
