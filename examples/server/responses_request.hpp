#pragma once

// Reads the body of a request for a response, as OpenAI's reference of the Responses API has it.

#include "compat_request.hpp"

#include <conclave/error.hpp>
#include <conclave/wire/message.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace server {

namespace responses {

inline conclave::attachment read_file(const request_members& part) {
    constexpr auto kind = conclave::attachment::kind::document;
    const std::string name(part.text("filename").value_or("document"));
    for (const std::string_view member : {"file_data", "file_url"}) {
        if (const auto url = part.text(member))
            return read_attachment(kind, *url, part, member, name);
    }
    throw part.refused("file_data", "is missing: this server keeps no files");
}

inline void read_part(const request_members& part, std::string& text,
                      std::vector<conclave::attachment>& attachments) {
    const std::string type = part.needed_text("type");
    if (type == "input_text" || type == "output_text" || type == "text") {
        text += part.needed_text("text");
    } else if (type == "refusal") {
        text += part.needed_text("refusal");
    } else if (type == "input_image") {
        if (!part.has("image_url"))
            throw part.refused("image_url", "is missing: this server keeps no files");
        attachments.push_back(read_attachment(conclave::attachment::kind::image,
                                              part.needed_text("image_url"), part, "image_url"));
    } else if (type == "input_file") {
        attachments.push_back(read_file(part));
    } else {
        throw part.refused("type", "must be input_text, input_image, input_file or output_text");
    }
}

/// The text of a member that is a string or a list of parts, and what is attached to it.
inline std::string read_content(const request_members& item, std::string_view member,
                                std::vector<conclave::attachment>& attachments) {
    const auto given = item.find(member);
    if (!given) return {};
    if (const auto text = conclave::json::string_of(*given)) return std::string(*text);
    if (!given->is_array()) throw item.refused(member, "must be a string or an array");
    std::string text;
    item.each_object(member,
                     [&](const request_members& part) { read_part(part, text, attachments); });
    return text;
}

inline void read_message(const request_members& item, conversation& into) {
    std::vector<conclave::attachment> attachments;
    std::string text = read_content(item, "content", attachments);
    const std::string role = item.needed_text("role");
    if (role == "system" || role == "developer") {
        into.instruct(text);
    } else if (role == "user") {
        conclave::message made(std::move(text));
        for (conclave::attachment& each : attachments)
            made.attach(std::move(each));
        into.add(std::move(made));
    } else if (role == "assistant") {
        into.add(conclave::message(conclave::message_role::assistant, std::move(text)));
    } else {
        throw item.refused("role", "must be system, developer, user or assistant");
    }
}

inline void read_item(const request_members& item, conversation& into) {
    const std::string type(item.text("type").value_or("message"));
    if (type == "message") {
        read_message(item, into);
    } else if (type == "function_call") {
        into.add_call({item.needed_text("call_id"), item.needed_text("name"),
                       std::string(item.text("arguments").value_or("")), read_signature(item)});
    } else if (type == "function_call_output") {
        std::vector<conclave::attachment> attachments;
        std::string text = read_content(item, "output", attachments);
        if (!attachments.empty()) throw item.refused("output", "must be text");
        into.add(conclave::message::tool_result(item.needed_text("call_id"), std::move(text)));
    } else if (type != "reasoning") {  // which its own provider alone could make sense of
        throw item.refused("type",
                           "must be message, function_call, function_call_output or reasoning");
    }
}

inline void read_input(const request_members& body, conversation& into) {
    const auto given = body.find("input");
    if (!given) throw body.refused("input", "is missing");
    if (const auto text = conclave::json::string_of(*given)) {
        into.add(conclave::message(std::string(*text)));
    } else if (given->is_array()) {
        body.each_object("input", [&](const request_members& item) { read_item(item, into); });
    } else {
        throw body.refused("input", "must be a string or an array");
    }
}

/// Refuses what would change the answer and is not done here.
inline void refuse_unsupported(const request_members& body) {
    constexpr std::array<std::string_view, 3> kept = {"previous_response_id", "conversation",
                                                      "prompt"};
    for (const std::string_view name : kept)
        refuse_unless(body, name, !body.has(name), "is not there: this server keeps no answers");
    refuse_unless(body, "background", !body.boolean("background").value_or(false));
}

}  // namespace responses

/// The request in the body of a `POST` for a response. Throws `conclave::error` with
/// `errc::invalid_request`, which names the member that is missing, of a wrong type or not
/// supported.
inline compat_request read_responses_request(std::string_view text) {
    conclave::json::document parsed;
    const auto body = request_members::of_body(text, parsed);
    responses::refuse_unsupported(body);

    compat_request request;
    request.what = conclave::call(body.needed_text("model"));
    conversation said;
    said.instruct(body.text("instructions").value_or(""));
    responses::read_input(body, said);
    said.move_to(request.what);

    read_sampling(body, request.what);
    if (const auto limit = body.integer("max_output_tokens")) request.what.max_tokens(*limit);
    if (const auto reasoning = body.object("reasoning"))
        read_effort(*reasoning, "effort", request.what);
    const auto text_options = body.object("text");
    if (const auto format = text_options ? text_options->object("format") : std::nullopt)
        read_answer_format(*format, *format, request.what);
    body.each_object("tools", [&](const request_members& each) {
        refuse_unless(each, "type", each.text("type") == "function");
        request.what.add(read_tool(each));
    });
    read_tool_choice(body, request.what,
                     [](const request_members& choice) { return choice.needed_text("name"); });
    request.stream = body.boolean("stream").value_or(false);
    return request;
}

}  // namespace server
