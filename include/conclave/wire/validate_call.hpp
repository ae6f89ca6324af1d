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

inline void check_tools(const call& request) {
    const auto& tools = request.tools();
    for (std::size_t i = 0; i < tools.size(); ++i) {
        const std::string path = element_path("tools", i);
        const auto fits = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '-';
        };
        const std::string& name = tools[i].name();
        if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), fits)) {
            throw invalid_field(path + ".name", "must be 1 to 64 letters, digits, _ and -");
        }
        const auto same = [&](const tool& other) { return other.name() == name; };
        if (std::count_if(tools.begin(), tools.end(), same) != 1) {
            throw invalid_field(path + ".name", "must be given once");
        }
        check_text(path + ".description", tools[i].description());
        if (!json::is_object_text(tools[i].parameters())) {
            throw invalid_field(path + ".parameters", "must be a JSON object: a JSON Schema");
        }
    }
    const auto& choice = request.tool_choice();
    if (!choice || choice->how() == tool_choice::mode::automatic) return;
    if (tools.empty()) throw invalid_field("tool_choice", "must not be given without tools");
    const auto chosen = [&](const tool& each) { return each.name() == choice->name(); };
    if (choice->how() == tool_choice::mode::named &&
        std::none_of(tools.begin(), tools.end(), chosen)) {
        throw invalid_field("tool_choice", "must name one of the tools");
    }
}

inline void check_attachment(const std::string& path, const attachment& what) {
    if (!what.url().empty()) {
        check_text(path + ".url", what.url());
    } else if (what.base64().empty()) {
        throw invalid_field(path, "must have a URL or bytes");
    } else if (what.media_type().find('/') == std::string::npos) {
        throw invalid_field(path + ".media_type", "must be one, such as image/png");
    }
    check_text(path + ".media_type", what.media_type());
    check_text(path + ".name", what.name());
}

inline void check_message(const std::string& path, const message& what) {
    const bool is_tool = what.role() == message_role::tool;
    const bool may_be_empty = is_tool || !what.attachments().empty() || !what.tool_calls().empty();
    if (may_be_empty) {
        check_text(path, what.text());
    } else {
        check_filled_text(path, what.text());
    }
    for (std::size_t i = 0; i < what.attachments().size(); ++i)
        check_attachment(element_path(path + ".attachments", i), what.attachments()[i]);
    if (!what.attachments().empty() && what.role() != message_role::user) {
        throw invalid_field(path + ".attachments", "must be the user's");
    }
    if (!what.tool_calls().empty() && what.role() != message_role::assistant) {
        throw invalid_field(path + ".tool_calls", "must be the assistant's");
    }
    for (std::size_t i = 0; i < what.tool_calls().size(); ++i) {
        const std::string call_path = element_path(path + ".tool_calls", i);
        const tool_call& called = what.tool_calls()[i];
        check_filled_text(call_path + ".name", called.name);
        check_text(call_path + ".id", called.id);
        if (!called.arguments.empty() && !json::is_object_text(called.arguments)) {
            throw invalid_field(call_path + ".arguments", "must be a JSON object");
        }
    }
    for (std::size_t i = 0; i < what.reasoning_parts().size(); ++i) {
        if (!json::is_object_text(what.reasoning_parts()[i].json)) {
            throw invalid_field(element_path(path + ".reasoning_parts", i),
                                "must be a JSON object");
        }
    }
    if (is_tool) check_filled_text(path + ".tool_call_id", what.tool_call_id());
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
/// text of a JSON object, tools or attachments that no format could carry, `max_retries` outside 0
/// to 3, `timeout_ms` outside 1 to 300000, or text that is not UTF-8. The client calls it before
/// anything is sent. Linear in the length of the texts.
inline void validate(const call& request) {
    detail::check_model_name("model", request.model());
    if (request.messages().empty()) throw invalid_field("messages", "must not be empty");
    for (std::size_t i = 0; i < request.messages().size(); ++i) {
        detail::check_message(detail::element_path("messages", i), request.messages()[i]);
    }
    detail::check_text("instructions", request.instructions());
    detail::check_sampling("", request.temperature(), request.top_p(), request.max_tokens());
    detail::check_output_schema(request.output_schema());
    detail::check_tools(request);
    detail::check_patience(request.max_retries(), request.timeout());
}

}  // namespace conclave
