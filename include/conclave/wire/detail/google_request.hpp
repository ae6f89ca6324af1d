#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/detail/sampling.hpp>
#include <conclave/wire/detail/tool_calls.hpp>

namespace conclave::wire::detail {

// A model's name without what a gateway puts before it: "gemini-3-pro" of "google/gemini-3-pro".
inline std::string_view model_part(std::string_view model) noexcept {
    return model.substr(model.rfind('/') + 1);
}

// A model's name as a part of a path. Slashes stay, as gateways have them in their names, unless
// they would make a step upwards of it.
inline std::string path_of_model(std::string_view model) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain = "-._~:@";
    const std::string framed = "/" + std::string(model) + "/";
    const bool steps = framed.find("/./") != framed.npos || framed.find("/../") != framed.npos;
    std::string path;
    for (const char c : model) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || plain.find(c) != plain.npos;
        if (is_plain || (c == '/' && !steps)) {
            path += c;
        } else {
            path.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
        }
    }
    return path;
}

// The media type of what is at a URL, by how its path ends, since Google wants to be told; empty if
// that does not tell.
inline std::string_view media_type_of(std::string_view url) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> types = {{
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".webp", "image/webp"},
        {".gif", "image/gif"},
        {".heic", "image/heic"},
        {".pdf", "application/pdf"},
        {".txt", "text/plain"},
        {".html", "text/html"},
    }};
    const std::string_view path = url.substr(0, url.find_first_of("?#"));
    for (const auto& [ending, type] : types) {
        if (path.ends_with(ending)) return type;
    }
    return {};
}

// The tool whose call a result answers: by its id, or where calls have none by its place among the
// results.
inline std::string_view called_tool(const std::vector<message>& messages, std::size_t result) {
    const std::string& id = messages[result].tool_call_id();
    std::size_t asked = result;
    while (asked > 0 && messages[asked].tool_calls().empty())
        --asked;
    const auto& calls = messages[asked].tool_calls();
    const std::size_t place = result - asked - 1;
    if (id.empty()) return place < calls.size() ? std::string_view(calls[place].name) : "";
    for (std::size_t at = asked + 1; at-- > 0;) {
        for (const tool_call& each : messages[at].tool_calls()) {
            if (each.id == id) return each.name;
        }
    }
    return id;  // callers that make ids of names
}

// The arguments of an earlier call as the object that they have to be. What is none would spoil the
// request, and is left out with a note.
inline std::string_view sound_arguments(const tool_call& called, std::vector<std::string>& notes) {
    const std::string_view arguments = arguments_object(called);
    if (json::is_object_text(arguments)) return arguments;
    notes.push_back("the arguments of an earlier call of " + called.name +
                    " were left out: they are no JSON object");
    return "{}";
}

inline void write_google_text(std::string_view text, json::writer& to) {
    to.begin_object();
    to.member("text", text);
    to.end_object();
}

inline void write_google_attachment(const attachment& what, json::writer& to) {
    const bool is_here = what.url().empty();
    to.begin_object();
    to.key(is_here ? "inlineData" : "fileData");
    to.begin_object();
    const std::string_view type = is_here ? what.media_type() : media_type_of(what.url());
    if (!type.empty()) to.member("mimeType", type);
    to.member(is_here ? "data" : "fileUri", is_here ? what.base64() : what.url());
    to.end_object();
    to.end_object();
}

// Gemini since 3 refuses a conversation whose calls have no signatures. For calls that another
// model made, Google has this in the place of one.
inline std::string_view signature_for_others(std::string_view model) noexcept {
    const std::string_view name = model_part(model);
    const bool wants = name.starts_with("gemini-") && !name.starts_with("gemini-1.") &&
                       !name.starts_with("gemini-2.");
    return wants ? "skip_thought_signature_validator" : "";
}

inline void write_google_tool_call(const tool_call& called, std::string_view signature,
                                   std::vector<std::string>& notes, json::writer& to) {
    to.begin_object();
    to.key("functionCall");
    to.begin_object();
    if (!called.id.empty()) to.member("id", called.id);
    to.member("name", called.name);
    to.member_raw("args", sound_arguments(called, notes));
    to.end_object();
    if (!signature.empty()) to.member("thoughtSignature", signature);
    to.end_object();
}

// `{"functionResponse": …}`: an object as it is, and other text in one.
inline void write_google_tool_result(const std::vector<message>& messages, std::size_t at,
                                     json::writer& to) {
    const message& what = messages[at];
    to.begin_object();
    to.key("functionResponse");
    to.begin_object();
    if (!what.tool_call_id().empty()) to.member("id", what.tool_call_id());
    to.member("name", called_tool(messages, at));
    to.key("response");
    if (json::is_object_text(what.text())) {
        to.raw(what.text());
    } else {
        to.begin_object();
        to.member("output", what.text());
        to.end_object();
    }
    to.end_object();
    to.end_object();
}

// The results of the calls of one message have to come together. Returns notes of what was left
// out.
inline std::vector<std::string> write_google_contents(const call& what, std::string_view model,
                                                      json::writer& to) {
    std::vector<std::string> notes;
    const auto& messages = what.messages();
    to.key("contents");
    to.begin_array();
    for (std::size_t at = 0; at < messages.size(); ++at) {
        const message& each = messages[at];
        to.begin_object();
        to.member("role", each.role() == message_role::assistant ? "model" : "user");
        to.key("parts");
        to.begin_array();
        if (each.role() == message_role::tool) {
            write_google_tool_result(messages, at, to);
            for (; at + 1 < messages.size() && messages[at + 1].role() == message_role::tool; ++at)
                write_google_tool_result(messages, at + 1, to);
        } else {
            for (const attachment& part : each.attachments())
                write_google_attachment(part, to);
            const bool alone = each.attachments().empty() && each.tool_calls().empty();
            if (alone || !each.text().empty()) write_google_text(each.text(), to);
            for (const tool_call& called : each.tool_calls()) {
                // of calls made at once only the first has one
                const bool lacks =
                    called.signature.empty() && &called == &each.tool_calls().front();
                write_google_tool_call(
                    called,
                    lacks ? signature_for_others(model) : std::string_view(called.signature), notes,
                    to);
            }
        }
        to.end_array();
        to.end_object();
    }
    to.end_array();
    return notes;
}

// The word of Google's that is nearest to an effort. Only the small models know `minimal`.
inline std::string_view thinking_level(reasoning_effort effort, std::string_view model) {
    const bool is_small = model_part(model).find("flash") != std::string_view::npos;
    switch (effort) {
        case reasoning_effort::none:
        case reasoning_effort::minimal: return is_small ? "minimal" : "low";
        case reasoning_effort::low: return "low";
        case reasoning_effort::medium: return "medium";
        default: return "high";
    }
}

inline constexpr std::string_view least_reasoning_note =
    "reasoning is as little as the model can: it cannot do without";

// The tokens that stand for an effort in Google's own translation of OpenAI's words. Models of the
// kind "pro" always think.
inline int thinking_budget(reasoning_effort effort, std::string_view model) {
    const bool is_large = model_part(model).find("pro") != std::string_view::npos;
    switch (effort) {
        case reasoning_effort::none: return is_large ? 128 : 0;
        case reasoning_effort::minimal:
        case reasoning_effort::low: return 1024;
        case reasoning_effort::medium: return 8192;
        default: return 24576;
    }
}

inline std::string in_capitals(std::string_view word) {
    std::string text(word);
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
}

inline void write_google_tools(const call& what, json::writer& to) {
    if (what.tools().empty()) return;
    to.key("tools");
    to.begin_array();
    to.begin_object();
    to.key("functionDeclarations");
    to.begin_array();
    for (const tool& each : what.tools()) {
        to.begin_object();
        to.member("name", each.name());
        if (!each.description().empty()) to.member("description", each.description());
        to.member_raw("parametersJsonSchema", each.parameters());
        to.end_object();
    }
    to.end_array();
    to.end_object();
    to.end_array();
    if (!what.tool_choice()) return;
    const tool_choice& choice = *what.tool_choice();
    const bool may = choice.how() == tool_choice::mode::automatic;
    const bool never = choice.how() == tool_choice::mode::none;
    to.key("toolConfig");
    to.begin_object();
    to.key("functionCallingConfig");
    to.begin_object();
    to.member("mode", may ? "AUTO" : never ? "NONE" : "ANY");
    if (!choice.name().empty()) {
        to.key("allowedFunctionNames");
        to.begin_array();
        to.string(choice.name());
        to.end_array();
    }
    to.end_object();
    to.end_object();
}

}  // namespace conclave::wire::detail
