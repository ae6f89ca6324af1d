#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <conclave/json/detail/schema_compiler.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/schema_options.hpp>

namespace conclave::json {

/// A JSON Schema, compiled: what a `schema_validator` judges JSON texts by. Never changes once
/// made. Copies share what they hold, so that a copy is cheap; threads may share one.
///
/// Drafts 2020-12 and 7 are known, by `$schema`. Nothing is ever fetched: references lead to the
/// schema itself, to `schema_options::documents` or to the metaschemas of the two drafts.
class schema {
public:
    /// Compiles the schema in the JSON `text`, which is copied. Throws `conclave::error` with
    /// `errc::invalid_schema` if it is none, refers to what is not there, leads back to itself
    /// without end, or is larger than `options` allow; the text of the error says in one sentence
    /// where and why.
    explicit schema(std::string_view text, const schema_options& options = {})
        : program_(detail::schema_compiler::compile(text, options)) {}

private:
    friend class schema_validator;

    std::shared_ptr<const detail::schema_program> program_;
};

}  // namespace conclave::json
