#pragma once

#include <string>
#include <string_view>

#include <conclave/error.hpp>
#include <conclave/json/schema.hpp>

namespace conclave::detail {

/// Compiles the output schema of a request. Throws `error` with `errc::invalid_request`, which
/// names the field, and the place in the schema and what is wrong there.
inline json::schema compiled_output_schema(std::string_view text) {
    json::schema_options options;
    options.max_errors = 3;
    try {
        return json::schema(text, options);
    } catch (const error& unfit) {
        throw invalid_field("output_schema", std::string("is not a JSON Schema: ") + unfit.what());
    }
}

}  // namespace conclave::detail
