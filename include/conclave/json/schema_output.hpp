#pragma once

#include <span>
#include <string>

#include <conclave/json/schema_error.hpp>
#include <conclave/json/writer.hpp>

namespace conclave::json {

/// The JSON text of the output format `flag` of draft 2020-12: whether a value is valid.
inline std::string flag_output(bool is_valid) {
    return is_valid ? R"({"valid":true})" : R"({"valid":false})";
}

/// The JSON text of the output format `basic` of draft 2020-12: whether a value is valid, and a
/// flat list of `errors`, those that `schema_validator::errors` found.
inline std::string basic_output(std::span<const schema_error> errors) {
    std::string text;
    writer out(text);
    out.begin_object();
    out.member("valid", errors.empty());
    if (!errors.empty()) {
        out.key("errors");
        out.begin_array();
        for (const schema_error& each : errors) {
            out.begin_object();
            out.member("keywordLocation", each.keyword_location);
            if (!each.absolute_keyword_location.empty())
                out.member("absoluteKeywordLocation", each.absolute_keyword_location);
            out.member("instanceLocation", each.instance_location);
            out.member("error", each.message);
            out.end_object();
        }
        out.end_array();
    }
    out.end_object();
    return text;
}

}  // namespace conclave::json
