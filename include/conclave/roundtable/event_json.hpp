#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/escape.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/roundtable/detail/json_members.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/response_json.hpp>

// The JSON form of events: what stands behind `data:` in the stream of `POST /v3/roundtable`. The
// reference documents the members and leaves the values of `type` open; those of `event_type` are
// ours.

namespace conclave {

namespace detail {

// Whether events of that type are about one seat.
constexpr bool of_seat(event_type type) noexcept { return type <= event_type::model_error; }

inline bool has_seat(const simdjson::dom::object& frame) {
    return whole_at(frame, "model_index").value_or(-1) >= 0;
}

// What a frame without a type is, by what it has; nothing if it has nothing to tell it by.
inline std::optional<event_type> type_by_members(const simdjson::dom::object& frame) {
    const bool seat = has_seat(frame);
    if (given(frame, "model_results")) return event_type::done;
    if (given(frame, "error")) return seat ? event_type::model_error : event_type::error;
    if (given(frame, "delta")) return seat ? event_type::model_delta : event_type::summary_delta;
    if (given(frame, "data")) return seat ? event_type::model_done : event_type::summary_done;
    return std::nullopt;
}

inline std::optional<event_type> frame_type(const simdjson::dom::object& frame,
                                            std::string_view event_name) {
    if (event_name == "complete" || json::object_at(frame, "meta")) return event_type::done;
    auto type = to_event_type(event_name);
    if (const auto word = json::string_at(frame, "type")) {
        type = to_event_type(*word);
        if (!type) return std::nullopt;
    }
    if (!type) type = type_by_members(frame);
    // Words for the whole that come with a seat are about that seat.
    if (type == event_type::error && has_seat(frame)) return event_type::model_error;
    if (type == event_type::done && has_seat(frame)) return event_type::model_done;
    return type;
}

}  // namespace detail

inline std::optional<stream_event> stream_event::from_json(std::string_view frame,
                                                           std::string_view event_name) {
    json::document parsed;
    if (json::document::parse(frame, parsed)) throw conclave::error(errc::malformed_json);
    const auto object = json::object_of(parsed.root());
    const auto type = object ? detail::frame_type(*object, event_name) : std::nullopt;
    if (!type) return std::nullopt;

    stream_event seen;
    seen.type = *type;
    seen.error = detail::error_text(*object).value_or(std::string());
    if (*type == event_type::done) {
        seen.response = detail::read_response(*object);
        return seen;
    }
    if (*type == event_type::error && seen.error.empty()) {
        seen.error = detail::text_at(*object, "message");
    }
    seen.model = detail::text_at(*object, "model");
    seen.delta = detail::text_at(*object, "delta");
    if (*type == event_type::summary_done) {
        seen.data = detail::read_answer(*object).value_or(answer_text()).text();
    }
    if (!detail::of_seat(*type)) return seen;
    if (!detail::has_seat(*object)) return std::nullopt;  // nobody could tell whose it is
    seen.model_index = static_cast<std::size_t>(*detail::whole_at(*object, "model_index"));
    if (*type == event_type::model_done || *type == event_type::model_error) {
        seen.result = detail::read_result(*object, seen.model_index);
    }
    if (*type == event_type::model_error && seen.result->ok()) seen.result->error.emplace();
    return seen;
}

namespace detail {

// Most frames are these, and they are written as they stand.
inline void write_delta_frame(const roundtable_event& event, std::string& out) {
    using namespace std::string_view_literals;
    if (event.type == event_type::model_delta) {
        std::array<char, 20> digits;
        char* const limit = digits.data() + digits.size();
        out += R"({"type":"model_delta","model_index":)"sv;
        out.append(digits.data(), std::to_chars(digits.data(), limit, event.model_index).ptr);
    } else {
        out += R"({"type":"summary_delta")"sv;
    }
    out += R"(,"model":")"sv;
    json::append_escaped(out, event.model);
    out += R"(","delta":")"sv;
    json::append_escaped(out, event.delta);
    out += "\"}"sv;
}

}  // namespace detail

/// Appends the JSON of an event to `out`: one line, without `data:` and line end. Linear in the
/// length of the event's texts.
///
/// `done` has the members of the whole response, `model_done` and `model_error` those of the seat's
/// result, so that a reader of the stream misses nothing that a reader of the response has.
inline void write_frame(const roundtable_event& event, std::string& out) {
    const bool is_delta =
        event.type == event_type::model_delta || event.type == event_type::summary_delta;
    const bool is_whole = !event.model.empty() && !event.delta.empty() && event.error.empty();
    if (is_delta && is_whole && event.result == nullptr && event.response == nullptr) {
        return detail::write_delta_frame(event, out);
    }
    json::writer frame(out);
    frame.begin_object();
    frame.member("type", to_string(event.type));
    if (event.response != nullptr) {
        detail::write_response_members(frame, *event.response);
        frame.end_object();
        return;
    }
    if (detail::of_seat(event.type)) frame.member("model_index", event.model_index);
    if (event.result != nullptr) {
        detail::write_result_members(frame, *event.result);
        frame.end_object();
        return;
    }
    if (!event.model.empty()) frame.member("model", event.model);
    if (!event.delta.empty()) frame.member("delta", event.delta);
    if (!event.error.empty()) frame.member("error", event.error);
    if (event.type == event_type::summary_done) frame.member("data", event.data);
    frame.end_object();
}

}  // namespace conclave
