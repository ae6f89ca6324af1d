#pragma once

#include <cstddef>
#include <string_view>

namespace conclave::tests {

/// Whether `text` has `key` in it, or 8 characters of it in a row.
inline bool tells_key(std::string_view text, std::string_view key) {
    for (std::size_t i = 0; i + 8 <= key.size(); ++i) {
        if (text.find(key.substr(i, 8)) != text.npos) return true;
    }
    return false;
}

}  // namespace conclave::tests
