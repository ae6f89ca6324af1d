#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/roundtable/detail/output_schema.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/wire/validate_call.hpp>

namespace conclave {

namespace detail {

inline void check_models(const std::vector<panel_model>& models) {
    if (models.empty()) throw invalid_field("models", "must not be empty");
    for (std::size_t i = 0; i < models.size(); ++i) {
        const std::string path = element_path("models", i) + '.';
        const panel_model& seat = models[i];
        check_model_name(path + "name", seat.name());
        check_sampling(path, seat.temperature(), seat.top_p(), seat.max_tokens());
    }
}

inline void check_choices(const std::vector<std::string>& choices) {
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        check_filled_text(element_path("choices", i), choices[i]);
        if (!seen.insert(choices[i]).second) {
            throw invalid_field(element_path("choices", i), "repeats an earlier choice");
        }
    }
}

/// All that `validate` looks at but whether the output schema is one.
inline void check_request(const roundtable_request& request) {
    check_filled_text("input", request.input());
    check_models(request.models());
    check_text("instructions", request.instructions());
    check_choices(request.choices());
    if (request.resolution() == resolution::multiple_choice) {
        if (request.choices().empty()) {
            throw invalid_field("choices", "must not be empty in multiple_choice");
        }
        if (!request.output_schema().empty()) {
            throw invalid_field("output_schema",
                                "does not go with multiple_choice: the choices are the shape");
        }
    }
    check_output_schema(request.output_schema());
    if (!request.summary_model().empty()) {
        check_model_name("summary_model", request.summary_model());
    }
    check_patience(request.max_retries(), request.timeout());
    if (request.deadline() < std::chrono::milliseconds(0) ||
        request.deadline() > std::chrono::hours(24)) {
        throw invalid_field("deadline", "must be between 0 and 24 hours");
    }
}

}  // namespace detail

/// Throws an `error` with `errc::invalid_request`, which names the field as a path
/// (`models[1].temperature`), when a request is not fit to be sent: `input`, `models` or a name
/// empty, a name with control characters, `temperature` outside 0 to 2, `top_p` outside 0 to 1,
/// `max_tokens` under 1, an output schema that `json::schema` does not take, `max_retries` outside
/// 0 to 3, `timeout_ms` outside 1 to 300000, `deadline` outside 0 to 24 hours, or text that is not
/// UTF-8.
///
/// Choices must be neither empty nor repeated, and `multiple_choice` needs at least one. It takes
/// no `output_schema`, because the choices are the shape of the answers. In the other resolutions
/// choices mean nothing, as `summary_model` does outside `summary`. The same model may sit twice.
///
/// The roundtable calls it before anything is sent, and so do `from_json` and `to_json`. Linear in
/// the length of the texts.
inline void validate(const roundtable_request& request) {
    detail::check_request(request);
    if (!request.output_schema().empty()) {
        (void)detail::compiled_output_schema(request.output_schema());
    }
}

}  // namespace conclave
