#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conclave::benchmarks {

/// A schema and what is judged by it. The schemas are of draft 7, which all contenders know, and
/// use what the answers of models are held to.
struct schema_case {
    std::string name;
    std::string schema;
    std::string valid;
    /// Each wrong in another way, and the last no JSON.
    std::vector<std::string> invalid;
};

/// `flat` (some hundred bytes), `nested` (some thousand), `patterns` (as nested, with regular
/// expressions) and `large` (100 KB). The same bytes on every machine.
std::vector<schema_case> make_schema_cases();

}  // namespace conclave::benchmarks
