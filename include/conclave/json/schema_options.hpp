#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace conclave::json {

/// The drafts of JSON Schema that `schema` knows.
enum class schema_draft {
    /// Draft 7, of 2018.
    draft_7,
    /// Draft 2020-12.
    draft_2020_12,
};

/// How a `schema` is read, and the bounds that keep a hostile one from exhausting the process.
struct schema_options {
    schema_options() = default;

    /// What a schema without `$schema` is written in.
    schema_draft default_draft = schema_draft::draft_2020_12;
    /// Whether `format` is checked. By default it is not, as in the specification; a metaschema
    /// with the vocabulary `format-assertion` turns it on for its schemas.
    bool assert_formats = false;
    /// Whether `contentEncoding` (base64) and `contentMediaType` (application/json) are checked in
    /// schemas of draft 7, which leaves that open. 2020-12 has them as annotations.
    bool assert_content = false;
    /// Schemas that `$ref` and `$schema` may name, by their absolute URIs. Nothing is ever fetched:
    /// what is neither here nor a metaschema of the two drafts is refused.
    std::map<std::string, std::string> documents;
    /// How deep schemas and the values judged by them may be nested.
    std::size_t max_depth = 256;
    /// How many bytes the schema and what it refers to may have together.
    std::size_t max_schema_size = 4 * 1024 * 1024;
    /// How many different regular expressions they may have together. Each may take some MiB.
    std::size_t max_patterns = 256;
    /// How many schemas may be at work inside each other on a value, its depth included. Each takes
    /// about 1 KiB of stack.
    std::size_t max_evaluation_depth = 1024;
    /// How much work a value may be, for each value in it: a step is a schema applied or a few
    /// dozen bytes looked at. A million steps come on top, so that small values have room too.
    std::uint64_t max_steps_per_value = 1000;
    /// After how many errors `schema_validator::errors` stops.
    std::size_t max_errors = 100;
};

}  // namespace conclave::json
