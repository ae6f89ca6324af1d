#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/detail/schema_evaluator.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_reader.hpp>
#include <conclave/json/schema.hpp>
#include <conclave/json/schema_error.hpp>

namespace conclave::json {

/// Judges JSON texts by a schema. Has the memory that this takes, and uses it again for each text:
/// for one thread at a time.
///
/// Texts are read strictly (RFC 8259). Numbers are compared exactly, however large or precise. If
/// an object has a name more than once, each of these members has to be valid, so that it does not
/// matter which of them a later reader takes.
class schema_validator {
public:
    /// A validator for texts that are to be valid by `by`.
    explicit schema_validator(schema by)
        : program_(std::move(by.program_)),
          evaluator_(std::make_unique<detail::schema_evaluator>(*program_)) {}

    /// Whether `json` is the text of a valid value. False also if it is not JSON, or takes more
    /// work than `schema_options` allow. Allocates nothing once texts as large have been judged.
    bool is_valid(std::string_view json) {
        if (reader_.read(json, program_->limits.max_depth)) return false;
        return evaluator_->is_valid(reader_.nodes(), reader_.size());
    }

    /// The first thing that is wrong with `json`; nothing if it is valid. A text that is not JSON,
    /// or that takes too much work, has an error of that kind at no location.
    std::optional<schema_error> first_error(std::string_view json) {
        std::vector<schema_error>& found = explain(json, true);
        if (found.empty()) return std::nullopt;
        return std::move(found.front());
    }

    /// All that is wrong with `json`, up to `schema_options::max_errors`; empty if it is valid. A
    /// value that matches none of several alternatives has an error that says so, and those of each
    /// alternative behind it.
    std::vector<schema_error> errors(std::string_view json) {
        return std::move(explain(json, false));
    }

private:
    std::vector<schema_error>& explain(std::string_view json, bool first_only) {
        if (const char* const failed = reader_.read(json, program_->limits.max_depth)) {
            std::string complaint = std::string("is not JSON: it ") + failed;
            if (const auto at = reader_.failed_at())
                complaint += ", at byte " + std::to_string(*at);
            return evaluator_->explain_text(complaint);
        }
        return evaluator_->explain(reader_.nodes(), reader_.size(), first_only);
    }

    std::shared_ptr<const detail::schema_program> program_;
    std::unique_ptr<detail::schema_evaluator> evaluator_;
    detail::json_reader reader_;
};

}  // namespace conclave::json
