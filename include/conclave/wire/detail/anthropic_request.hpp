#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <conclave/json/writer.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/detail/base64.hpp>
#include <conclave/wire/detail/reasoning_parts.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/reasoning_part.hpp>

namespace conclave::wire::detail {

// The conversation and the tools of an Anthropic request; source: the reference of the Messages
// API and the types of @anthropic-ai/sdk 1.11.0.

// Bytes are `data` in base64, or the text that they are.
inline void write_anthropic_bytes(std::string_view how, std::string_view media_type,
                                  std::string_view data, json::writer& to) {
    to.begin_object();
    to.member("type", how);
    to.member("media_type", media_type);
    to.member("data", data);
    to.end_object();
}

inline void write_anthropic_source(const attachment& what, json::writer& to) {
    constexpr std::string_view data_url = "data:";
    constexpr std::string_view base64 = ";base64,";
    const std::string_view url = what.url();
    const std::size_t comma = url.find(base64);
    if (url.starts_with(data_url) && comma != url.npos) {
        write_anthropic_bytes("base64", url.substr(data_url.size(), comma - data_url.size()),
                              url.substr(comma + base64.size()), to);
    } else if (!url.empty()) {
        to.begin_object();
        to.member("type", "url");
        to.member("url", url);
        to.end_object();
    } else if (what.what() == attachment::kind::document &&
               what.media_type().starts_with("text/")) {
        // of documents, PDF alone is taken as bytes
        write_anthropic_bytes("text", "text/plain", from_base64(what.base64()), to);
    } else {
        write_anthropic_bytes("base64", what.media_type(), what.base64(), to);
    }
}

inline void write_anthropic_attachment(const attachment& what, json::writer& to) {
    const bool is_image = what.what() == attachment::kind::image;
    to.begin_object();
    to.member("type", is_image ? "image" : "document");
    to.key("source");
    write_anthropic_source(what, to);
    if (!is_image && !what.name().empty()) to.member("title", what.name());
    to.end_object();
}

inline void write_anthropic_text(std::string_view text, json::writer& to) {
    to.begin_object();
    to.member("type", "text");
    to.member("text", text);
    to.end_object();
}

inline void write_anthropic_tool_result(const message& what, json::writer& to) {
    to.begin_object();
    to.member("type", "tool_result");
    to.member("tool_use_id", what.tool_call_id());
    to.member("content", what.text());
    to.end_object();
}

inline void write_anthropic_tool_use(const tool_call& called, json::writer& to) {
    to.begin_object();
    to.member("type", "tool_use");
    to.member("id", called.id);
    to.member("name", called.name);
    to.member_raw("input", arguments_object(called));
    to.end_object();
}

// A message as blocks. A text of nothing but space is refused, so it is none.
inline void write_anthropic_blocks(const message& what, json::writer& to) {
    if (what.role() == message_role::tool) return write_anthropic_tool_result(what, to);
    for (const attachment& each : what.attachments())
        write_anthropic_attachment(each, to);
    write_in_order(
        what, reasoning_part::format::anthropic_messages,
        [&](std::string_view part) { to.raw(part); },
        [&](std::string_view text) {
            if (text.find_first_not_of(" \t\r\n") != text.npos) write_anthropic_text(text, to);
        },
        [&](const tool_call& called) { write_anthropic_tool_use(called, to); });
}

// One turn: a message, or several in a row of one side. The results of tools are the user's, and
// have to come all in one turn, behind that of the calls.
inline void write_anthropic_turn(std::span<const message> said, json::writer& to) {
    const message& first = said.front();
    to.begin_object();
    to.member("role", first.role() == message_role::assistant ? "assistant" : "user");
    to.key("content");
    if (said.size() == 1 && first.role() != message_role::tool && first.attachments().empty() &&
        first.tool_calls().empty() &&
        !has_reasoning_parts(first, reasoning_part::format::anthropic_messages)) {
        to.string(first.text());
    } else {
        to.begin_array();
        for (const message& each : said)
            write_anthropic_blocks(each, to);
        to.end_array();
    }
    to.end_object();
}

inline void write_anthropic_messages(const call& what, json::writer& to) {
    const std::span<const message> all = what.messages();
    const auto is_assistant = [&](std::size_t i) {
        return all[i].role() == message_role::assistant;
    };
    to.key("messages");
    to.begin_array();
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
        while (end < all.size() && is_assistant(end) == is_assistant(begin))
            ++end;
        write_anthropic_turn(all.subspan(begin, end - begin), to);
    }
    to.end_array();
}

inline void write_anthropic_tools(const call& what, json::writer& to) {
    to.key("tools");
    to.begin_array();
    for (const tool& each : what.tools()) {
        to.begin_object();
        to.member("name", each.name());
        if (!each.description().empty()) to.member("description", each.description());
        to.member_raw("input_schema", each.parameters());
        to.end_object();
    }
    to.end_array();
}

inline void write_anthropic_tool_choice(const tool_choice& choice, json::writer& to) {
    to.key("tool_choice");
    to.begin_object();
    switch (choice.how()) {
        case tool_choice::mode::automatic: to.member("type", "auto"); break;
        case tool_choice::mode::none: to.member("type", "none"); break;
        case tool_choice::mode::required: to.member("type", "any"); break;
        case tool_choice::mode::named:
            to.member("type", "tool");
            to.member("name", choice.name());
            break;
    }
    to.end_object();
}

}  // namespace conclave::wire::detail
