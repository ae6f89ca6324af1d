#pragma once

#include <string>

#include <conclave/wire/call.hpp>

namespace conclave::wire::detail {

// The words that ask for JSON of a schema where a format has no field for it.
inline std::string instructions_with_schema(const call& what) {
    std::string text = what.instructions();
    if (!text.empty()) text += "\n\n";
    text += "Answer with JSON only, valid against this JSON Schema:\n";
    return text += what.output_schema();
}

}  // namespace conclave::wire::detail
