#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/writer.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/detail/google_request.hpp>

namespace conclave::wire::detail {

// Writes the conversation of an interaction: one list of steps, or in the older shape a list of
// turns, each with a list of content.
class interactions_input {
public:
    interactions_input(bool as_steps, json::writer& to) : as_steps_(as_steps), to_(to) {}

    // Returns notes of what was left out.
    std::vector<std::string> write(const std::vector<message>& messages) {
        to_.key("input");
        const bool one = messages.size() == 1 && messages[0].role() == message_role::user &&
                         messages[0].attachments().empty();
        if (one) {
            to_.string(messages[0].text());
            return {};
        }
        to_.begin_array();
        for (std::size_t at = 0; at < messages.size(); ++at)
            write_message(messages, at);
        to_.end_array();
        return std::move(notes_);
    }

private:
    void write_message(const std::vector<message>& messages, std::size_t at) {
        const message& what = messages[at];
        const bool by_model = what.role() == message_role::assistant;
        if (!as_steps_) {
            to_.begin_object();
            to_.member("role", by_model ? "model" : "user");
            to_.key("content");
            to_.begin_array();
        }
        if (what.role() == message_role::tool) {
            write_result(messages, at);
        } else {
            write_content(what, by_model ? "model_output" : "user_input");
            for (const tool_call& each : what.tool_calls())
                write_call(each);
        }
        if (!as_steps_) {
            to_.end_array();
            to_.end_object();
        }
    }

    void write_content(const message& what, std::string_view step) {
        if (what.text().empty() && what.attachments().empty() && !what.tool_calls().empty()) return;
        if (as_steps_) {
            to_.begin_object();
            to_.member("type", step);
            to_.key("content");
            to_.begin_array();
        }
        for (const attachment& each : what.attachments())
            write_attachment(each);
        if (!what.text().empty() || what.attachments().empty()) {
            to_.begin_object();
            to_.member("type", "text");
            to_.member("text", what.text());
            to_.end_object();
        }
        if (as_steps_) {
            to_.end_array();
            to_.end_object();
        }
    }

    void write_attachment(const attachment& what) {
        const bool is_here = what.url().empty();
        const std::string_view type = is_here ? what.media_type() : media_type_of(what.url());
        to_.begin_object();
        to_.member("type", what.what() == attachment::kind::image ? "image" : "document");
        to_.member(is_here ? "data" : "uri", is_here ? what.base64() : what.url());
        if (!type.empty()) to_.member("mime_type", type);
        to_.end_object();
    }

    void write_call(const tool_call& called) {
        if (!called.signature.empty()) {
            to_.begin_object();
            to_.member("type", "thought");
            to_.member("signature", called.signature);
            to_.end_object();
        }
        to_.begin_object();
        to_.member("type", "function_call");
        to_.member("id", called.id);
        to_.member("name", called.name);
        to_.member_raw("arguments", sound_arguments(called, notes_));
        to_.end_object();
    }

    void write_result(const std::vector<message>& messages, std::size_t at) {
        to_.begin_object();
        to_.member("type", "function_result");
        to_.member("call_id", messages[at].tool_call_id());
        to_.member("name", called_tool(messages, at));
        to_.member("result", messages[at].text());
        to_.end_object();
    }

    bool as_steps_;
    json::writer& to_;
    std::vector<std::string> notes_;
};

inline void write_interactions_tool_choice(const tool_choice& choice, json::writer& to) {
    to.key("tool_choice");
    switch (choice.how()) {
        case tool_choice::mode::automatic: return to.string("auto");
        case tool_choice::mode::none: return to.string("none");
        case tool_choice::mode::required: return to.string("any");
        case tool_choice::mode::named: break;
    }
    to.begin_object();
    to.key("allowed_tools");
    to.begin_object();
    to.member("mode", "any");
    to.key("tools");
    to.begin_array();
    to.string(choice.name());
    to.end_array();
    to.end_object();
    to.end_object();
}

inline void write_interactions_tools(const call& what, json::writer& to) {
    if (what.tools().empty()) return;
    to.key("tools");
    to.begin_array();
    for (const tool& each : what.tools()) {
        to.begin_object();
        to.member("type", "function");
        to.member("name", each.name());
        if (!each.description().empty()) to.member("description", each.description());
        to.member_raw("parameters", each.parameters());
        to.end_object();
    }
    to.end_array();
}

inline void write_interactions_schema(std::string_view schema, bool as_steps, json::writer& to) {
    if (!as_steps) {
        to.member("response_mime_type", "application/json");
        return to.member_raw("response_format", schema);
    }
    to.key("response_format");
    to.begin_object();
    to.member("type", "text");
    to.member("mime_type", "application/json");
    to.member_raw("schema", schema);
    to.end_object();
}

}  // namespace conclave::wire::detail
