#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace conclave::http {

/// Appends one chunk of a chunked body (RFC 9112 section 7.1). Appends nothing if `data` is empty,
/// since an empty chunk would end the body.
inline void append_chunk(std::string& out, std::string_view data) {
    if (data.empty()) return;
    std::array<char, 2 * sizeof(std::size_t)> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), data.size(), 16);
    out.append(digits.data(), end.ptr).append("\r\n").append(data).append("\r\n");
}

/// Appends what ends a chunked body: the chunk of size zero, and no trailer.
inline void append_last_chunk(std::string& out) { out.append("0\r\n\r\n"); }

}  // namespace conclave::http
