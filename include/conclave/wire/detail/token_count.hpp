#pragma once

#include <cstdint>
#include <optional>

#include <conclave/json/fields.hpp>

namespace conclave::wire::detail {

// A token count. More than what a double holds exactly is no count, and sums of such stay in range.
inline std::optional<std::int64_t> token_count(json::field_reader& fields, json::value& value) {
    const auto count = fields.integer(value);
    if (!count || *count < 0 || *count > (std::int64_t{1} << 53)) return std::nullopt;
    return count;
}

}  // namespace conclave::wire::detail
