#pragma once

// What requests in OpenAI's two formats have in common, in terms of the library.

#include "request_members.hpp"

#include <conclave/wire/call.hpp>
#include <conclave/wire/message.hpp>
#include <conclave/wire/tool.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// A request to answer, read from one of OpenAI's formats.
struct compat_request {
    /// What is asked, of the model that the request names.
    conclave::call what{std::string()};
    /// Whether the answer is to be streamed.
    bool stream = false;
    /// Whether a stream is to tell the usage.
    bool include_usage = false;
};

/// Collects a conversation as it is read.
class conversation {
public:
    /// System prompts, wherever they stand, are one.
    void instruct(std::string_view text) {
        if (text.empty()) return;
        if (!instructions_.empty()) instructions_ += "\n\n";
        instructions_ += text;
    }
    void add(conclave::message next) { messages_.push_back(std::move(next)); }
    /// A tool's call belongs to the assistant's message before it.
    void add_call(conclave::tool_call called) {
        using conclave::message_role;
        if (messages_.empty() || messages_.back().role() != message_role::assistant)
            messages_.emplace_back(message_role::assistant, "");
        messages_.back().call_tool(std::move(called));
    }

    void move_to(conclave::call& what) {
        what.instructions(std::move(instructions_));
        for (conclave::message& each : messages_)
            what.add(std::move(each));
    }

private:
    std::string instructions_;
    std::vector<conclave::message> messages_;
};

/// An attachment at `url`, or of the bytes in it. Member `name` is where the request has it.
inline conclave::attachment read_attachment(conclave::attachment::kind what, std::string_view url,
                                            const request_members& from, std::string_view name,
                                            std::string file_name = {}) {
    using conclave::attachment;
    if (url.starts_with("data:")) {
        auto bytes = attachment::from_data_url(what, url, std::move(file_name));
        if (!bytes) throw from.refused(name, "is a data URL without base64");
        return std::move(*bytes);
    }
    if (!url.starts_with("https://") && !url.starts_with("http://"))
        throw from.refused(name, "must be an http, https or data URL");
    return what == attachment::kind::image ? attachment::image_url(std::string(url))
                                           : attachment::document_url(std::string(url));
}

/// What a member says that must be one of a few words to be heeded: refused if it is another.
inline void refuse_unless(const request_members& from, std::string_view name, bool is_fine,
                          std::string_view complaint = "is not supported by this server") {
    if (!is_fine) throw from.refused(name, complaint);
}

/// Settings of the same name in both formats.
inline void read_sampling(const request_members& body, conclave::call& what) {
    if (const auto value = body.number("temperature")) what.temperature(*value);
    if (const auto value = body.number("top_p")) what.top_p(*value);
    // Clients of these formats try again by themselves, and know best how often.
    what.timeout(std::chrono::minutes(5)).max_retries(0);
}

inline void read_effort(const request_members& from, std::string_view name, conclave::call& what) {
    const auto word = from.text(name);
    if (!word) return;
    const auto effort = conclave::to_reasoning_effort(*word);
    if (!effort) throw from.refused(name, "must be none, minimal, low, medium, high, xhigh or max");
    what.reasoning(*effort);
}

/// The format of an answer: `{"type": "json_schema", …}`, whose schema is in `schema_holder`.
inline void read_answer_format(const request_members& format, const request_members& schema_holder,
                               conclave::call& what) {
    const auto type = format.text("type");
    if (type == "json_object") {
        what.output_schema(R"({"type":"object"})");
    } else if (type == "json_schema") {
        std::string schema = schema_holder.json_object("schema");
        if (schema.empty()) throw schema_holder.refused("schema", "is missing");
        what.output_schema(std::move(schema));
    } else if (type != "text") {
        throw format.refused("type", "must be text, json_object or json_schema");
    }
}

/// A function that the model may call; `from` has its name and schema.
inline conclave::tool read_tool(const request_members& from) {
    std::string parameters = from.json_object("parameters");
    if (parameters.empty()) parameters = R"({"type":"object","properties":{}})";
    return conclave::tool(from.needed_text("name"),
                          std::string(from.text("description").value_or("")),
                          std::move(parameters));
}

/// Whether a tool has to be called: a word, or an object that `named` reads the name from.
template <class Named>
void read_tool_choice(const request_members& body, conclave::call& what, Named named) {
    using conclave::tool_choice;
    constexpr std::string_view name = "tool_choice";
    const auto given = body.find(name);
    if (!given) return;
    if (const auto word = conclave::json::string_of(*given)) {
        // Without tools these two say nothing.
        if (what.tools().empty() && (*word == "none" || *word == "auto")) return;
        if (*word == "auto") return void(what.tool_choice(tool_choice::mode::automatic));
        if (*word == "none") return void(what.tool_choice(tool_choice::mode::none));
        if (*word == "required") return void(what.tool_choice(tool_choice::mode::required));
        throw body.refused(name, "must be auto, none, required or a function");
    }
    const auto choice = body.object(name);
    refuse_unless(*choice, "type", choice->text("type") == "function");
    what.tool_choice(tool_choice(named(*choice)));
}

/// The signature that Google's models want back, where `write_signature` put it.
inline std::string read_signature(const request_members& call) {
    const auto extra = call.object("extra_content");
    const auto google = extra ? extra->object("google") : std::nullopt;
    return google ? std::string(google->text("thought_signature").value_or("")) : std::string();
}

}  // namespace server
