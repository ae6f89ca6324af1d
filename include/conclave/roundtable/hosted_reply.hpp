#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/roundtable/detail/json_members.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/provider_error.hpp>

// What the server of a roundtable replies, but for the frames of a stream.

namespace conclave::detail {

/// Reads the body of a reply with a status of success. Returns why it is no response, or nothing if
/// it is one.
inline std::optional<wire::failure> read_hosted_body(std::string_view body,
                                                     roundtable_response& out) {
    try {
        out = roundtable_response::from_json(body);
        return std::nullopt;
    } catch (const error& unfit) {
        if (unfit.code() == errc::malformed_json) {
            return wire::failure{errc::malformed_json,
                                 "the reply is not JSON: " + wire::detail::excerpt(body),
                                 {},
                                 0};
        }
    }
    json::document parsed;
    const bool is_json = !json::document::parse(body, parsed);
    const auto object = is_json ? json::object_of(parsed.root()) : std::nullopt;
    if (object && given(*object, "error")) return wire::read_provider_error(0, body);
    return wire::failure{errc::malformed_reply, "the reply is not a roundtable's response", {}, 0};
}

/// The response in the body of an error status that says that all models failed, if it says that
/// and has their results: as a list, or as the members of a response.
inline std::optional<roundtable_response> read_failed_panel(std::string_view body) {
    json::document parsed;
    if (json::document::parse(body, parsed)) return std::nullopt;
    simdjson::dom::element code;
    simdjson::dom::element details;
    if (parsed.root().at_pointer("/error/code").get(code) ||
        json::string_of(code) != "all_models_failed" ||
        parsed.root().at_pointer("/error/details").get(details)) {
        return std::nullopt;
    }
    const std::string text = compact_json(details);
    if (details.is_array()) {
        return roundtable_response::from_json("{\"model_results\":" + text + "}");
    }
    const auto object = json::object_of(details);
    if (!object || !json::array_at(*object, "model_results")) return std::nullopt;
    return roundtable_response::from_json(text);
}

/// Why a frame that is no JSON is a failure.
inline wire::failure unreadable_frame(const sse::event& frame) {
    if (frame.type == "error") return wire::read_provider_error(0, frame.data);
    if (frame.cut) {
        return {errc::truncated_stream, "the stream ended in the middle of a frame", {}, 0};
    }
    return {
        errc::malformed_json, "a frame is not JSON: " + wire::detail::excerpt(frame.data), {}, 0};
}

}  // namespace conclave::detail
