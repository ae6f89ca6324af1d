#pragma once

#include <string>

namespace conclave::json {

/// What is wrong with a value judged by a `schema`.
struct schema_error {
    /// Where in the value, as a JSON Pointer; empty for the whole value.
    std::string instance_location;
    /// Which keyword of the schema is not fulfilled, as a JSON Pointer that goes through `$ref`.
    /// Empty where the text is not JSON or takes too much work.
    std::string keyword_location;
    /// The same keyword without going through `$ref`: the URI of its schema, `#` and a JSON
    /// Pointer. Of a schema without `$id` the URI is empty.
    std::string absolute_keyword_location;
    /// One sentence that says what was expected and what was found, shortened, fit to be shown to a
    /// person or sent back to a model: `"/results/0/confidence" must be at most 1, but is 1.5`.
    std::string message;
};

}  // namespace conclave::json
