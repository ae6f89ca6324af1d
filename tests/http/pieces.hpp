#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace conclave::testing {

/// The ways to cut a text that parser tests try: whole, in bytes, in pairs, and in two at each
/// point.
inline std::vector<std::vector<std::string_view>> every_split(std::string_view text) {
    std::vector<std::vector<std::string_view>> splits{{text}};
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}}) {
        std::vector<std::string_view> pieces;
        for (std::size_t at = 0; at < text.size(); at += size) {
            pieces.push_back(text.substr(at, size));
        }
        splits.push_back(pieces);
    }
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
        splits.push_back({text.substr(0, cut), text.substr(cut)});
    }
    return splits;
}

}  // namespace conclave::testing
