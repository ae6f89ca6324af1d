#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
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
#include <conclave/roundtable/response.hpp>

// The JSON form of a response: the 200 body of `POST /v3/roundtable` as its reference documents it,
// and members of our own that other readers can ignore.

namespace conclave {

namespace detail {

struct usage_member {
    std::string_view name;
    std::optional<std::int64_t> usage::*field;
};

inline constexpr std::array<usage_member, 8> usage_members = {{
    {"cache_creation_1h_tokens", &usage::cache_creation_1h_tokens},
    {"cache_creation_tokens", &usage::cache_creation_tokens},
    {"cache_read_tokens", &usage::cache_read_tokens},
    {"input_audio_tokens", &usage::input_audio_tokens},
    {"output_audio_tokens", &usage::output_audio_tokens},
    {"reasoning_tokens", &usage::reasoning_tokens},
    {"web_search_requests", &usage::web_search_requests},
    {"web_fetch_requests", &usage::web_fetch_requests},
}};

inline void write_usage(json::writer& out, const usage& used) {
    out.begin_object();
    out.member("input_tokens", used.input_tokens);
    out.member("output_tokens", used.output_tokens);
    for (const auto& [name, field] : usage_members)
        out.member_if(name, used.*field);
    // compact, because a line break would end the line of an event stream
    const std::string extra = compact_object(used.extra);
    if (!extra.empty()) out.member_raw("extra", extra);
    out.end_object();
}

inline usage read_usage(const simdjson::dom::object& object) {
    usage used;
    used.input_tokens = whole_at(object, "input_tokens").value_or(0);
    used.output_tokens = whole_at(object, "output_tokens").value_or(0);
    for (const auto& [name, field] : usage_members)
        used.*field = whole_at(object, name);
    const auto extra = given(object, "extra");
    if (extra && extra->is_object()) used.extra = compact_json(*extra);
    return used;
}

inline std::optional<usage> usage_at(const simdjson::dom::object& object, std::string_view key) {
    const auto found = json::object_at(object, key);
    return found ? std::optional<usage>(read_usage(*found)) : std::nullopt;
}

// The documented `data` is a string, be it JSON or not; `data_is_json` tells, where it is.
inline void write_answer(json::writer& out, const answer_text& answer) {
    out.member("data", answer.text());
    if (answer.is_json()) out.member("data_is_json", true);
}

inline std::optional<answer_text> read_answer(const simdjson::dom::object& object) {
    const auto found = given(object, "data");
    if (!found) return std::nullopt;
    if (const auto text = json::string_of(*found)) {
        return answer_text(std::string(*text),
                           json::boolean_at(object, "data_is_json").value_or(false));
    }
    return answer_text(compact_json(*found), true);
}

inline void write_texts(json::writer& out, std::string_view key,
                        const std::vector<std::string>& texts) {
    out.key(key);
    out.begin_array();
    for (const std::string& text : texts)
        out.string(text);
    out.end_array();
}

inline std::vector<std::string> texts_at(const simdjson::dom::object& object,
                                         std::string_view key) {
    std::vector<std::string> texts;
    const auto array = json::array_at(object, key);
    if (!array) return texts;
    for (const auto item : *array) {
        if (const auto text = json::string_of(item)) texts.emplace_back(*text);
    }
    return texts;
}

inline finish_reason read_finish(const simdjson::dom::object& object) {
    const auto word = json::string_at(object, "finish_reason");
    for (const auto reason : {finish_reason::stop, finish_reason::length, finish_reason::tool_calls,
                              finish_reason::content_filter}) {
        if (word == to_string(reason)) return reason;
    }
    return finish_reason::unknown;
}

// A result's members but for the seat, whose name differs between response and stream.
inline void write_result_members(json::writer& out, const model_result& result) {
    out.member("model", result.model);
    write_answer(out, result.data);
    out.member("duration_ms", result.duration.count());
    out.member_if("cost", result.cost);
    out.member_if("error", result.error);
    if (result.usage) {
        out.key("usage");
        write_usage(out, *result.usage);
    }
    out.member_if("schema_valid", result.schema_valid);
    out.member_if("schema_error", result.schema_error);
    out.member("attempts", result.attempts);
    if (result.finish != finish_reason::unknown) {
        out.member("finish_reason", to_string(result.finish));
    }
    if (!result.notes.empty()) write_texts(out, "notes", result.notes);
}

inline model_result read_result(const simdjson::dom::object& object, std::size_t seat) {
    model_result result;
    result.index = seat;
    result.model = text_at(object, "model");
    result.data = read_answer(object).value_or(answer_text());
    result.duration = milliseconds_at(object, "duration_ms");
    result.cost = json::number_at(object, "cost");
    result.error = error_text(object);
    result.usage = usage_at(object, "usage");
    result.schema_valid = json::boolean_at(object, "schema_valid");
    result.schema_error = optional_text_at(object, "schema_error");
    const auto attempts = whole_at(object, "attempts").value_or(0);
    result.attempts =
        static_cast<int>(std::clamp<std::int64_t>(attempts, 0, std::numeric_limits<int>::max()));
    result.finish = read_finish(object);
    result.notes = texts_at(object, "notes");
    return result;
}

inline void write_meta(json::writer& out, const roundtable_meta& meta) {
    out.begin_object();
    out.member("resolution", to_string(meta.resolution));
    write_texts(out, "models_used", meta.models_used);
    out.member("total_cost", std::isfinite(meta.total_cost) ? meta.total_cost : 0.0);
    out.member("cost_complete", meta.cost_complete);
    out.member("total_duration_ms", meta.total_duration.count());
    out.member_if("summary_model", meta.summary_model);
    if (meta.summary_usage) {
        out.key("summary_usage");
        write_usage(out, *meta.summary_usage);
    }
    out.member_if("summary_error", meta.summary_error);
    if (!meta.votes.empty()) {
        out.key("votes");
        out.begin_array();
        for (const vote& counted : meta.votes) {
            out.begin_object();
            out.member("choice", counted.choice);
            out.member("count", counted.count);
            out.end_object();
        }
        out.end_array();
    }
    if (!meta.trace_uuid.empty()) out.member("trace_uuid", meta.trace_uuid);
    out.end_object();
}

inline std::vector<vote> read_votes(const simdjson::dom::object& meta) {
    std::vector<vote> votes;
    const auto array = json::array_at(meta, "votes");
    if (!array) return votes;
    for (const auto item : *array) {
        const auto object = json::object_of(item);
        if (!object) continue;
        const auto count = std::max<std::int64_t>(whole_at(*object, "count").value_or(0), 0);
        votes.push_back({text_at(*object, "choice"), static_cast<std::size_t>(count)});
    }
    return votes;
}

inline roundtable_meta read_meta(const simdjson::dom::object& object) {
    roundtable_meta meta;
    meta.resolution =
        to_resolution(json::string_at(object, "resolution").value_or(std::string_view()))
            .value_or(resolution::summary);
    meta.models_used = texts_at(object, "models_used");
    const auto cost = json::number_at(object, "total_cost");
    meta.total_cost = cost.value_or(0);
    meta.cost_complete = json::boolean_at(object, "cost_complete").value_or(cost.has_value());
    meta.total_duration = milliseconds_at(object, "total_duration_ms");
    meta.summary_model = optional_text_at(object, "summary_model");
    meta.summary_usage = usage_at(object, "summary_usage");
    meta.summary_error = optional_text_at(object, "summary_error");
    meta.votes = read_votes(object);
    meta.trace_uuid = text_at(object, "trace_uuid");
    return meta;
}

// A response's members, without the braces, so that a stream's last frame can have them too.
inline void write_response_members(json::writer& out, const roundtable_response& response) {
    out.member("id", response.id);
    if (response.data) {
        write_answer(out, *response.data);
    } else {
        out.key("data");
        out.null();
    }
    out.key("meta");
    write_meta(out, response.meta);
    out.key("model_results");
    out.begin_array();
    for (const model_result& result : response.results) {
        out.begin_object();
        out.member("index", result.index);
        write_result_members(out, result);
        out.end_object();
    }
    out.end_array();
}

inline roundtable_response read_response(const simdjson::dom::object& object) {
    roundtable_response response;
    response.id = text_at(object, "id");
    response.data = read_answer(object);
    if (const auto meta = json::object_at(object, "meta")) response.meta = read_meta(*meta);
    const auto results = json::array_at(object, "model_results");
    if (!results) return response;
    for (const auto item : *results) {
        const auto result = json::object_of(item);
        if (!result) continue;
        const auto index = whole_at(*result, "index").value_or(-1);
        const std::size_t seat =
            index >= 0 ? static_cast<std::size_t>(index) : response.results.size();
        response.results.push_back(read_result(*result, seat));
    }
    return response;
}

}  // namespace detail

inline roundtable_response roundtable_response::from_json(std::string_view text) {
    json::document body;
    if (json::document::parse(text, body)) throw error(errc::malformed_json);
    const auto object = json::object_of(body.root());
    if (!object || !(json::find(*object, "data") || json::find(*object, "meta") ||
                     json::find(*object, "model_results"))) {
        throw error(errc::malformed_reply, "not a roundtable's response");
    }
    return detail::read_response(*object);
}

inline std::string roundtable_response::to_json() const {
    std::string text;
    json::writer out(text);
    out.begin_object();
    detail::write_response_members(out, *this);
    out.end_object();
    return text;
}

}  // namespace conclave
