#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/wire/call.hpp>

namespace conclave {

namespace detail {

/// The path of an element: `models[1]`.
inline std::string element_path(std::string_view list, std::size_t index) {
    return std::string(list) + '[' + std::to_string(index) + ']';
}

inline void check_text(std::string field, std::string_view text) {
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        throw invalid_field(std::move(field), "is not UTF-8");
    }
}

inline void check_filled_text(std::string field, std::string_view text) {
    if (text.empty()) throw invalid_field(std::move(field), "must not be empty");
    check_text(std::move(field), text);
}

// A model's name gets into URLs and header fields, where control characters do harm.
inline void check_model_name(std::string field, std::string_view name) {
    const auto control = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    };
    if (std::any_of(name.begin(), name.end(), control)) {
        throw invalid_field(std::move(field), "must not have control characters");
    }
    check_filled_text(std::move(field), name);
}

// What a call and a seat of a panel have in common; `prefix` is what stands before the field names.
// The comparisons are written so that they refuse NaN.
inline void check_sampling(std::string_view prefix, std::optional<double> temperature,
                           std::optional<double> top_p, std::optional<std::int64_t> max_tokens) {
    const std::string path(prefix);
    if (temperature && !(*temperature >= 0 && *temperature <= 2)) {
        throw invalid_field(path + "temperature", "must be from 0 to 2");
    }
    if (top_p && !(*top_p >= 0 && *top_p <= 1)) {
        throw invalid_field(path + "top_p", "must be from 0 to 1");
    }
    if (max_tokens && *max_tokens < 1) {
        throw invalid_field(path + "max_tokens", "must be at least 1");
    }
}

// JSON Schema has `true` and `false` too, but providers take objects only.
inline void check_output_schema(std::string_view schema) {
    if (!schema.empty() && !json::is_object_text(schema)) {
        throw invalid_field("output_schema", "must be a JSON object: a JSON Schema");
    }
}

inline void check_patience(int max_retries, std::chrono::milliseconds timeout) {
    if (max_retries < 0 || max_retries > 3) throw invalid_field("max_retries", "must be 0 to 3");
    if (timeout.count() < 1 || timeout.count() > 300'000) {
        throw invalid_field("timeout_ms", "must be 1 to 300000");
    }
}

}  // namespace detail

/// Throws an `error` with `errc::invalid_request`, which names the field, when a call is not fit to
/// be sent: no model or one with control characters, no message or an empty one, `temperature`
/// outside 0 to 2, `top_p` outside 0 to 1, `max_tokens` under 1, an output schema that is not the
/// text of a JSON object, `max_retries` outside 0 to 3, `timeout_ms` outside 1 to 300000, or text
/// that is not UTF-8. The client calls it before anything is sent. Linear in the length of the
/// texts.
inline void validate(const call& request) {
    detail::check_model_name("model", request.model());
    if (request.messages().empty()) throw invalid_field("messages", "must not be empty");
    for (std::size_t i = 0; i < request.messages().size(); ++i) {
        detail::check_filled_text(detail::element_path("messages", i),
                                  request.messages()[i].text());
    }
    detail::check_text("instructions", request.instructions());
    detail::check_sampling("", request.temperature(), request.top_p(), request.max_tokens());
    detail::check_output_schema(request.output_schema());
    detail::check_patience(request.max_retries(), request.timeout());
}

}  // namespace conclave
