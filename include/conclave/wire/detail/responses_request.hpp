#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/writer.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/detail/reasoning_parts.hpp>
#include <conclave/wire/detail/sampling.hpp>
#include <conclave/wire/detail/strict_schema.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/reasoning_part.hpp>
#include <conclave/wire/responses_options.hpp>

namespace conclave::wire::detail {

// The parts of a Responses request; sources: OpenAI's reference of the endpoint, the OpenResponses
// specification, and Opper's reference of its OpenResponses endpoint.

inline void write_response_attachment(const attachment& what, json::writer& to) {
    to.begin_object();
    if (what.what() == attachment::kind::image) {
        to.member("type", "input_image");
        to.member("detail", "auto");
        to.member("image_url", what.any_url());
    } else if (what.url().empty()) {
        to.member("type", "input_file");
        to.member("filename", what.name());
        to.member("file_data", what.any_url());
    } else {
        to.member("type", "input_file");
        to.member("file_url", what.url());
    }
    to.end_object();
}

inline void write_response_message(const message& what, std::string_view text, json::writer& to) {
    to.begin_object();
    to.member("type", "message");
    to.member("role", what.role() == message_role::assistant ? "assistant" : "user");
    to.key("content");
    if (what.attachments().empty()) {
        to.string(text);
    } else {
        to.begin_array();
        for (const attachment& each : what.attachments())
            write_response_attachment(each, to);
        if (!text.empty()) {
            to.begin_object();
            to.member("type", "input_text");
            to.member("text", text);
            to.end_object();
        }
        to.end_array();
    }
    to.end_object();
}

inline void write_response_call(const tool_call& called, json::writer& to) {
    to.begin_object();
    to.member("type", "function_call");
    to.member("call_id", called.id);
    to.member("name", called.name);
    to.member("arguments", arguments_object(called));
    to.end_object();
}

// A tool's result is an item of its own, and so is each call of a tool.
inline void write_response_input(const call& what, json::writer& to) {
    to.key("input");
    to.begin_array();
    for (const message& each : what.messages()) {
        if (each.role() == message_role::tool) {
            to.begin_object();
            to.member("type", "function_call_output");
            to.member("call_id", each.tool_call_id());
            to.member("output", each.text());
            to.end_object();
            continue;
        }
        if (!each.attachments().empty()) {
            write_response_message(each, each.text(), to);
            continue;
        }
        write_in_order(
            each, reasoning_part::format::responses, [&](std::string_view part) { to.raw(part); },
            [&](std::string_view text) { write_response_message(each, text, to); },
            [&](const tool_call& called) { write_response_call(called, to); });
    }
    to.end_array();
}

// The words that OpenResponses has no use for become the nearest that it has.
inline std::string_view effort_word(reasoning_effort effort, bool open_responses) {
    if (open_responses && effort == reasoning_effort::minimal) effort = reasoning_effort::low;
    if (open_responses && effort == reasoning_effort::max) effort = reasoning_effort::xhigh;
    return to_string(effort);
}

inline void write_response_reasoning(const call& what, const responses_options& options,
                                     bool open_responses, json::writer& to) {
    if (!what.reasoning() && !options.summary) return;
    to.key("reasoning");
    to.begin_object();
    if (what.reasoning()) to.member("effort", effort_word(*what.reasoning(), open_responses));
    if (options.summary) to.member("summary", to_string(*options.summary));
    to.end_object();
}

inline void write_response_text(const std::optional<openai_schema>& schema,
                                const responses_options& options, json::writer& to) {
    if (!schema && !options.verbosity) return;
    to.key("text");
    to.begin_object();
    if (schema) {
        to.key("format");
        to.begin_object();
        to.member("type", "json_schema");
        to.member("name", "answer");
        to.member_raw("schema", schema->text);
        if (schema->is_strict) to.member("strict", true);
        to.end_object();
    }
    if (options.verbosity) to.member("verbosity", to_string(*options.verbosity));
    to.end_object();
}

inline void write_response_tool_choice(const tool_choice& choice, json::writer& to) {
    to.key("tool_choice");
    switch (choice.how()) {
        case tool_choice::mode::automatic: return to.string("auto");
        case tool_choice::mode::none: return to.string("none");
        case tool_choice::mode::required: return to.string("required");
        case tool_choice::mode::named: break;
    }
    to.begin_object();
    to.member("type", "function");
    to.member("name", choice.name());
    to.end_object();
}

inline void write_response_tools(const call& what, bool strict, json::writer& to) {
    if (what.tools().empty()) return;
    to.key("tools");
    to.begin_array();
    for (const tool& each : what.tools()) {
        to.begin_object();
        to.member("type", "function");
        to.member("name", each.name());
        if (!each.description().empty()) to.member("description", each.description());
        to.member_raw("parameters", each.parameters());
        // said either way: OpenAI takes silence here for a yes, and then refuses most schemas
        to.member("strict", strict);
        to.end_object();
    }
    to.end_array();
    if (what.tool_choice()) write_response_tool_choice(*what.tool_choice(), to);
}

// The least that OpenAI and OpenResponses take.
inline constexpr std::int64_t least_output_tokens = 16;

inline void write_response_limit(const call& what, json::writer& to,
                                 std::vector<std::string>& notes) {
    if (!what.max_tokens()) return;
    if (*what.max_tokens() < least_output_tokens) {
        notes.push_back("max_tokens was raised to " + std::to_string(least_output_tokens) +
                        ": this format takes no less");
        to.member("max_output_tokens", least_output_tokens);
    } else {
        to.member("max_output_tokens", *what.max_tokens());
    }
}

inline void write_response_penalties(const responses_options& options, bool refused,
                                     json::writer& to, std::vector<std::string>& notes) {
    const auto write = [&](std::string_view name, std::optional<double> value) {
        if (value && refused) {
            notes.push_back(std::string(name) + " was dropped: this endpoint does not take it");
        } else {
            to.member_if(name, value);
        }
    };
    write("frequency_penalty", options.frequency_penalty);
    write("presence_penalty", options.presence_penalty);
}

inline void write_response_options(const responses_options& options, json::writer& to) {
    const auto write = [&](std::string_view name, std::string_view text) {
        if (!text.empty()) to.member(name, text);
    };
    to.member("store", options.store);
    if (options.truncation) to.member("truncation", to_string(*options.truncation));
    to.member_if("parallel_tool_calls", options.parallel_tool_calls);
    to.member_if("max_tool_calls", options.max_tool_calls);
    write("previous_response_id", options.previous_response_id);
    write("service_tier", options.service_tier);
    write("user", options.user);
    if (!options.include.empty()) {
        to.key("include");
        to.begin_array();
        for (const std::string& each : options.include)
            to.string(each);
        to.end_array();
    }
    if (!options.metadata.empty()) {
        to.key("metadata");
        to.begin_object();
        for (const auto& [name, value] : options.metadata)
            to.member(name, value);
        to.end_object();
    }
}

}  // namespace conclave::wire::detail
