#pragma once

// Reads the body of a request for a chat completion, as OpenAI's reference has it.

#include "compat_request.hpp"

#include <conclave/error.hpp>
#include <conclave/wire/message.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

namespace chat {

/// What stands in a message's `content`.
struct content {
    std::string text;
    std::vector<conclave::attachment> attachments;
};

inline void read_part(const request_members& part, content& into) {
    using kind = conclave::attachment::kind;
    const std::string type = part.needed_text("type");
    if (type == "text") {
        into.text += part.needed_text("text");
    } else if (type == "refusal") {
        into.text += part.needed_text("refusal");
    } else if (type == "image_url") {
        const auto image = part.object("image_url");
        if (!image) throw part.refused("image_url", "is missing");
        into.attachments.push_back(
            read_attachment(kind::image, image->needed_text("url"), *image, "url"));
    } else if (type == "file") {
        const auto file = part.object("file");
        if (!file || !file->has("file_data"))
            throw part.refused("file", "must have file_data: this server keeps no files");
        into.attachments.push_back(
            read_attachment(kind::document, file->needed_text("file_data"), *file, "file_data",
                            std::string(file->text("filename").value_or("document"))));
    } else {
        throw part.refused("type", "must be text, image_url, file or refusal");
    }
}

inline content read_content(const request_members& message) {
    content read;
    const auto given = message.find("content");
    if (!given) return read;
    if (const auto text = conclave::json::string_of(*given)) {
        read.text = *text;
        return read;
    }
    if (!given->is_array()) throw message.refused("content", "must be a string or an array");
    message.each_object("content", [&](const request_members& part) { read_part(part, read); });
    return read;
}

inline conclave::message read_user(const request_members& message) {
    content said = read_content(message);
    conclave::message made(std::move(said.text));
    for (conclave::attachment& each : said.attachments)
        made.attach(std::move(each));
    return made;
}

inline conclave::message read_assistant(const request_members& message) {
    std::string text = read_content(message).text;
    if (text.empty()) text = message.text("refusal").value_or("");
    conclave::message made(conclave::message_role::assistant, std::move(text));
    message.each_object("tool_calls", [&](const request_members& each) {
        refuse_unless(each, "type", each.text("type").value_or("function") == "function");
        const auto function = each.object("function");
        if (!function) throw each.refused("function", "is missing");
        made.call_tool({each.needed_text("id"), function->needed_text("name"),
                        std::string(function->text("arguments").value_or("")),
                        read_signature(each)});
    });
    return made;
}

inline void read_message(const request_members& message, conversation& into) {
    const std::string role = message.needed_text("role");
    if (role == "system" || role == "developer") {
        into.instruct(read_content(message).text);
    } else if (role == "user") {
        into.add(read_user(message));
    } else if (role == "assistant") {
        into.add(read_assistant(message));
    } else if (role == "tool") {
        into.add(conclave::message::tool_result(message.needed_text("tool_call_id"),
                                                read_content(message).text));
    } else {
        throw message.refused("role", "must be system, developer, user, assistant or tool");
    }
}

/// Refuses what would change the answer and is not done here. What is only advice, such as `seed`
/// and `user`, is left out instead.
inline void refuse_unsupported(const request_members& body) {
    refuse_unless(body, "n", body.integer("n").value_or(1) == 1, "must be 1 on this server");
    refuse_unless(body, "logprobs", !body.boolean("logprobs").value_or(false));
    constexpr std::array<std::string_view, 6> unsupported = {
        "stop", "audio", "functions", "function_call", "web_search_options", "logit_bias"};
    for (const std::string_view name : unsupported)
        refuse_unless(body, name, !body.has(name));
    body.each("modalities", [&](const simdjson::dom::element& each, const std::string& path) {
        if (conclave::json::string_of(each) != "text")
            throw conclave::invalid_field(path, "must be text");
    });
}

inline void read_tools(const request_members& body, conclave::call& what) {
    body.each_object("tools", [&](const request_members& each) {
        refuse_unless(each, "type", each.text("type") == "function");
        const auto function = each.object("function");
        if (!function) throw each.refused("function", "is missing");
        what.add(read_tool(*function));
    });
    read_tool_choice(body, what, [](const request_members& choice) {
        const auto function = choice.object("function");
        if (!function) throw choice.refused("function", "is missing");
        return function->needed_text("name");
    });
}

}  // namespace chat

/// The request in the body of a `POST` for a chat completion. Throws `conclave::error` with
/// `errc::invalid_request`, which names the member that is missing, of a wrong type or not
/// supported.
inline compat_request read_chat_request(std::string_view text) {
    conclave::json::document parsed;
    const auto body = request_members::of_body(text, parsed);
    chat::refuse_unsupported(body);

    compat_request request;
    request.what = conclave::call(body.needed_text("model"));
    if (!body.has("messages")) throw body.refused("messages", "is missing");
    conversation said;
    body.each_object("messages",
                     [&](const request_members& each) { chat::read_message(each, said); });
    said.move_to(request.what);

    read_sampling(body, request.what);
    read_effort(body, "reasoning_effort", request.what);
    auto limit = body.integer("max_completion_tokens");
    if (!limit) limit = body.integer("max_tokens");
    if (limit) request.what.max_tokens(*limit);
    if (const auto format = body.object("response_format")) {
        const auto named = format->object("json_schema");
        read_answer_format(*format, named.value_or(*format), request.what);
    }
    chat::read_tools(body, request.what);
    request.stream = body.boolean("stream").value_or(false);
    if (const auto options = body.object("stream_options"))
        request.include_usage = options->boolean("include_usage").value_or(false);
    return request;
}

}  // namespace server
