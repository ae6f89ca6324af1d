#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/roundtable/detail/json_members.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/wire/validate_call.hpp>

// The JSON form of a request: the body of `POST /v3/roundtable` as its reference documents it.

namespace conclave {

inline void validate(const roundtable_request& request);  // in validate.hpp, included below

namespace detail {

// A member of a request read by `read`; nothing if it is absent or null, refused if it is of
// another type. `prefix` is what stands before its name in a path.
template <class Read>
auto read_member(const simdjson::dom::object& object, std::string_view prefix, std::string_view key,
                 Read read, std::string_view type) -> decltype(read(simdjson::dom::element())) {
    const auto found = given(object, key);
    if (!found) return std::nullopt;
    auto value = read(*found);
    if (!value)
        throw invalid_field(std::string(prefix).append(key), "must be " + std::string(type));
    return value;
}

inline std::optional<std::string> read_text(const simdjson::dom::object& object,
                                            std::string_view prefix, std::string_view key) {
    const auto text = read_member(object, prefix, key, json::string_of, "a string");
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

inline std::optional<std::int64_t> read_integer(const simdjson::dom::object& object,
                                                std::string_view prefix, std::string_view key) {
    return read_member(object, prefix, key, json::integer_of, "a whole number");
}

inline panel_model read_seat(const simdjson::dom::element& value, const std::string& path) {
    const auto object = json::object_of(value);
    if (!object) throw invalid_field(path, "must be an object");
    const std::string prefix = path + '.';
    auto name = read_text(*object, prefix, "name");
    if (!name) throw invalid_field(prefix + "name", "is missing");
    panel_model seat(std::move(*name));
    const auto temperature =
        read_member(*object, prefix, "temperature", json::number_of, "a number");
    if (temperature) seat.temperature(*temperature);
    const auto top_p = read_member(*object, prefix, "top_p", json::number_of, "a number");
    if (top_p) seat.top_p(*top_p);
    const auto max_tokens = read_integer(*object, prefix, "max_tokens");
    if (max_tokens) seat.max_tokens(*max_tokens);
    if (const auto word = read_text(*object, prefix, "reasoning")) {
        const auto effort = to_reasoning_effort(*word);
        if (!effort) {
            throw invalid_field(prefix + "reasoning",
                                "must be none, minimal, low, medium, high, xhigh or max");
        }
        seat.reasoning(*effort);
    }
    return seat;
}

inline std::vector<std::string> read_choices(const simdjson::dom::array& array) {
    std::vector<std::string> choices;
    for (const auto item : array) {
        const auto text = json::string_of(item);
        if (!text) throw invalid_field(element_path("choices", choices.size()), "must be a string");
        choices.emplace_back(*text);
    }
    return choices;
}

// The members that have a default.
inline void read_options(const simdjson::dom::object& object, roundtable_request& request) {
    if (auto text = read_text(object, "", "instructions")) request.instructions(std::move(*text));
    if (const auto word = read_text(object, "", "resolution")) {
        const auto value = to_resolution(*word);
        if (!value) {
            throw invalid_field("resolution", "must be summary, fast or multiple_choice");
        }
        request.resolve_by(*value);
    }
    const auto choices = read_member(object, "", "choices", json::array_of, "an array of strings");
    if (choices) request.choices(read_choices(*choices));
    if (const auto schema = given(object, "output_schema")) {
        if (!schema->is_object()) {
            throw invalid_field("output_schema", "must be an object: a JSON Schema");
        }
        request.output_schema(compact_json(*schema));
    }
    if (auto name = read_text(object, "", "summary_model")) request.summary_model(std::move(*name));
    const auto stream = read_member(object, "", "stream", json::boolean_of, "true or false");
    if (stream) request.stream(*stream);
    if (const auto count = read_integer(object, "", "max_retries")) {
        // one that no int holds is as wrong as the -1 that stands for it
        const bool fits = *count >= 0 && *count <= std::numeric_limits<int>::max();
        request.max_retries(fits ? static_cast<int>(*count) : -1);
    }
    if (const auto time = read_integer(object, "", "timeout_ms")) {
        request.timeout(std::chrono::milliseconds(*time));
    }
}

inline void write_seat(json::writer& out, const panel_model& seat) {
    out.begin_object();
    out.member("name", seat.name());
    out.member_if("max_tokens", seat.max_tokens());
    out.member_if("temperature", seat.temperature());
    out.member_if("top_p", seat.top_p());
    if (seat.reasoning()) out.member("reasoning", to_string(*seat.reasoning()));
    out.end_object();
}

}  // namespace detail

inline roundtable_request roundtable_request::from_json(std::string_view text) {
    json::document body;
    if (json::document::parse(text, body))
        throw invalid_field("body", "is not JSON, or has a number that no 64 bits hold");
    const auto object = json::object_of(body.root());
    if (!object) throw invalid_field("body", "must be a JSON object");

    auto input = detail::read_text(*object, "", "input");
    if (!input) throw invalid_field("input", "is missing");
    roundtable_request request(std::move(*input));
    const auto models =
        detail::read_member(*object, "", "models", json::array_of, "an array of objects");
    if (!models) throw invalid_field("models", "is missing");
    for (const auto item : *models) {
        request.model(
            detail::read_seat(item, detail::element_path("models", request.models().size())));
    }
    detail::read_options(*object, request);
    validate(request);
    return request;
}

inline std::string roundtable_request::to_json() const {
    validate(*this);
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.member("input", input_);
    out.key("models");
    out.begin_array();
    for (const panel_model& seat : models_)
        detail::write_seat(out, seat);
    out.end_array();
    if (!instructions_.empty()) out.member("instructions", instructions_);
    out.member("resolution", to_string(resolution_));
    if (!choices_.empty()) {
        out.key("choices");
        out.begin_array();
        for (const std::string& choice : choices_)
            out.string(choice);
        out.end_array();
    }
    if (!output_schema_.empty()) {
        out.member_raw("output_schema", detail::compact_object(output_schema_));
    }
    if (!summary_model_.empty()) out.member("summary_model", summary_model_);
    if (stream_) out.member("stream", true);
    out.member("max_retries", max_retries_);
    out.member("timeout_ms", timeout_.count());
    out.end_object();
    return text;
}

}  // namespace conclave

#include <conclave/roundtable/validate.hpp>
