#pragma once

#include <string>
#include <string_view>

#include <conclave/json/writer.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/detail/sampling.hpp>
#include <conclave/wire/detail/schema_prompt.hpp>
#include <conclave/wire/detail/strict_schema.hpp>
#include <conclave/wire/detail/tool_calls.hpp>

namespace conclave::wire::detail {

// The parts of a Chat Completions request; source: OpenAI's reference of the endpoint.

inline void write_chat_attachment(const attachment& what, json::writer& to) {
    const bool is_image = what.what() == attachment::kind::image;
    const std::string_view type = is_image ? "image_url" : "file";
    to.begin_object();
    to.member("type", type);
    to.key(type);
    to.begin_object();
    if (is_image) {
        to.member("url", what.any_url());
    } else {
        if (!what.name().empty()) to.member("filename", what.name());
        to.member("file_data", what.any_url());
    }
    to.end_object();
    to.end_object();
}

inline void write_chat_content(const message& what, json::writer& to) {
    to.key("content");
    if (what.attachments().empty()) return to.string(what.text());
    to.begin_array();
    for (const attachment& each : what.attachments())
        write_chat_attachment(each, to);
    if (!what.text().empty()) {
        to.begin_object();
        to.member("type", "text");
        to.member("text", what.text());
        to.end_object();
    }
    to.end_array();
}

inline void write_chat_tool_calls(const message& what, json::writer& to) {
    to.key("tool_calls");
    to.begin_array();
    for (const tool_call& each : what.tool_calls()) {
        to.begin_object();
        to.member("id", each.id);
        to.member("type", "function");
        to.key("function");
        to.begin_object();
        to.member("name", each.name);
        to.member("arguments", arguments_object(each));
        to.end_object();
        to.end_object();
    }
    to.end_array();
}

inline void write_chat_messages(const call& what, bool schema_in_prompt, json::writer& to) {
    const std::string instructions =
        schema_in_prompt ? instructions_with_schema(what) : what.instructions();
    to.key("messages");
    to.begin_array();
    if (!instructions.empty()) {
        to.begin_object();
        // "developer" is what OpenAI's newest models call it; "system" is what every server knows
        to.member("role", "system");
        to.member("content", instructions);
        to.end_object();
    }
    for (const message& each : what.messages()) {
        to.begin_object();
        switch (each.role()) {
            case message_role::user: to.member("role", "user"); break;
            case message_role::assistant: to.member("role", "assistant"); break;
            case message_role::tool:
                to.member("role", "tool");
                to.member("tool_call_id", each.tool_call_id());
                break;
        }
        write_chat_content(each, to);
        if (!each.tool_calls().empty()) write_chat_tool_calls(each, to);
        to.end_object();
    }
    to.end_array();
}

inline void write_chat_schema(const openai_schema& schema, json::writer& to) {
    to.key("response_format");
    to.begin_object();
    to.member("type", "json_schema");
    to.key("json_schema");
    to.begin_object();
    to.member("name", "answer");
    if (schema.is_strict) to.member("strict", true);
    to.member_raw("schema", schema.text);
    to.end_object();
    to.end_object();
}

inline void write_chat_tool_choice(const tool_choice& choice, json::writer& to) {
    to.key("tool_choice");
    switch (choice.how()) {
        case tool_choice::mode::automatic: return to.string("auto");
        case tool_choice::mode::none: return to.string("none");
        case tool_choice::mode::required: return to.string("required");
        case tool_choice::mode::named: break;
    }
    to.begin_object();
    to.member("type", "function");
    to.key("function");
    to.begin_object();
    to.member("name", choice.name());
    to.end_object();
    to.end_object();
}

inline void write_chat_tools(const call& what, json::writer& to) {
    if (what.tools().empty()) return;
    to.key("tools");
    to.begin_array();
    for (const tool& each : what.tools()) {
        to.begin_object();
        to.member("type", "function");
        to.key("function");
        to.begin_object();
        to.member("name", each.name());
        if (!each.description().empty()) to.member("description", each.description());
        to.member_raw("parameters", each.parameters());
        to.end_object();
        to.end_object();
    }
    to.end_array();
    if (what.tool_choice()) write_chat_tool_choice(*what.tool_choice(), to);
}

}  // namespace conclave::wire::detail
