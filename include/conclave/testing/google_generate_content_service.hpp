#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/tool.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// What Google's two formats share.
namespace google {

/// Google's own word for an HTTP status.
inline std::string_view status_word(int status) {
    constexpr std::array<std::pair<int, std::string_view>, 9> words = {{
        {400, "INVALID_ARGUMENT"},
        {401, "UNAUTHENTICATED"},
        {403, "PERMISSION_DENIED"},
        {404, "NOT_FOUND"},
        {429, "RESOURCE_EXHAUSTED"},
        {499, "CANCELLED"},
        {500, "INTERNAL"},
        {503, "UNAVAILABLE"},
        {504, "DEADLINE_EXCEEDED"},
    }};
    for (const auto& [code, word] : words) {
        if (code == status) return word;
    }
    return "UNKNOWN";
}

/// The object of an error reply.
inline std::string error_body(int status, std::string_view message) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.key("error");
    out.begin_object();
    out.member("code", status);
    out.member("message", message);
    out.member("status", status_word(status));
    out.end_object();
    out.end_object();
    return text;
}

/// The list of models at `GET {base}/v1beta/models`.
inline std::string model_list(const std::vector<std::string>& names) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.key("models");
    out.begin_array();
    for (const std::string& name : names) {
        out.begin_object();
        out.member("name", "models/" + name);
        out.member("displayName", name);
        out.member_raw("supportedGenerationMethods",
                       R"(["generateContent","countTokens","createCachedContent"])");
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return text;
}

/// The arguments of a call as the object that they are in these formats.
inline std::string_view arguments_of(const tool_call& called) {
    return json::is_object_text(called.arguments) ? std::string_view(called.arguments) : "{}";
}

}  // namespace google

/// Google's `generateContent` and `streamGenerateContent`.
namespace generate_content {

inline std::string percent_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned byte = 0;
        const char* const digits = text.data() + at + 1;
        if (text[at] == '%' && at + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            plain += static_cast<char>(byte);
            at += 2;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

/// The text of a `Content`, whose parts may have other things in them.
inline std::string content_text(const simdjson::dom::object& content) {
    std::string joined;
    const auto parts = json::array_at(content, "parts");
    if (!parts) return joined;
    for (const simdjson::dom::element part : *parts) {
        const auto object = json::object_of(part);
        const auto text = object ? json::string_at(*object, "text") : std::nullopt;
        if (text) joined += *text;
    }
    return joined;
}

inline void read_contents(const simdjson::dom::array& contents, recorded_request& request) {
    for (const simdjson::dom::element element : contents) {
        const auto content = json::object_of(element);
        if (!content || json::string_at(*content, "role") == "model") continue;
        const std::string text = content_text(*content);
        if (!text.empty()) request.prompt = text;
    }
}

inline std::string read_schema(const simdjson::dom::object& body) {
    const auto config = json::object_at(body, "generationConfig");
    if (!config) return {};
    for (const std::string_view key : {"responseJsonSchema", "responseSchema"}) {
        if (const auto schema = json::find(*config, key)) return simdjson::minify(*schema);
    }
    return {};
}

/// Reads the request's target and body into its other fields. Returns what is wrong with it, or
/// nothing.
inline std::string read_request(recorded_request& request) {
    const std::string_view target = request.target;
    const std::string_view path = target.substr(0, target.find('?'));
    const std::string_view query = target.substr(path.size());
    const std::size_t begin = path.find("/models/") + std::string_view("/models/").size();
    const std::size_t end = path.rfind(':');
    request.model = percent_decoded(path.substr(begin, end - begin));
    request.stream = path.substr(end) == ":streamGenerateContent";
    request.stream_usage = true;
    if (request.stream && query.find("alt=sse") == query.npos)
        return "a stream is to be asked for with alt=sse";
    json::document parsed;
    if (json::document::parse(request.body, parsed)) return "Invalid JSON payload received.";
    const auto body = json::object_of(parsed.root());
    if (!body) return "Invalid JSON payload received.";
    const auto contents = json::array_at(*body, "contents");
    if (!contents || contents->size() == 0) return "* contents is not specified";
    read_contents(*contents, request);
    for (const std::string_view key : {"systemInstruction", "system_instruction"}) {
        const auto system = json::object_at(*body, key);
        if (system) request.instructions = content_text(*system);
    }
    request.output_schema = read_schema(*body);
    return {};
}

inline std::string_view finish_word(std::string_view reason) {
    if (reason == "stop" || reason == "tool_calls") return "STOP";
    if (reason == "length") return "MAX_TOKENS";
    if (reason == "content_filter") return "SAFETY";
    return reason;
}

/// What is used after so many pieces of reasoning and of text: a running total, the last of which
/// is the answer's.
inline void write_usage(json::writer& out, const planned_answer& answer, std::size_t thoughts,
                        std::size_t texts, bool last) {
    const auto thought = static_cast<std::int64_t>(thoughts);
    const std::int64_t total = answer.output_tokens;
    const std::int64_t said =
        last ? total - std::min(thought, total) : static_cast<std::int64_t>(texts);
    out.key("usageMetadata");
    out.begin_object();
    out.member("promptTokenCount", answer.input_tokens);
    if (said != 0 || last) out.member("candidatesTokenCount", said);
    out.member("totalTokenCount", answer.input_tokens + said + std::min(thought, total));
    out.key("promptTokensDetails");
    out.begin_array();
    out.begin_object();
    out.member("modality", "TEXT");
    out.member("tokenCount", answer.input_tokens);
    out.end_object();
    out.end_array();
    if (thought != 0) out.member("thoughtsTokenCount", std::min(thought, total));
    out.end_object();
}

inline std::string text_part(std::string_view text, bool thought) {
    std::string part;
    json::writer out(part);
    out.begin_object();
    out.member("text", text);
    if (thought) out.member("thought", true);
    out.end_object();
    return part;
}

/// A call as a part; the first of an answer has a signature, which has to come back with it.
inline std::string call_part(const tool_call& called, bool first) {
    std::string part;
    json::writer out(part);
    out.begin_object();
    out.key("functionCall");
    out.begin_object();
    out.member("name", called.name);
    out.member_raw("args", google::arguments_of(called));
    out.member("id", called.id);
    out.end_object();
    if (first) out.member("thoughtSignature", "c2lnbmF0dXJl");
    out.end_object();
    return part;
}

/// What comes before a response's usage: its one candidate with these parts.
inline void write_candidate(json::writer& out, const planned_answer& answer,
                            const std::vector<std::string>& parts, bool last) {
    out.key("candidates");
    out.begin_array();
    out.begin_object();
    out.key("content");
    out.begin_object();
    out.key("parts");
    out.begin_array();
    for (const std::string& part : parts)
        out.raw(part);
    out.end_array();
    out.member("role", "model");
    out.end_object();
    if (last) {
        // a refusal in words is what Google says of an answer that it withholds
        const bool refused = !answer.refusal.empty();
        const bool by_itself = answer.finish_reason == "stop";
        out.member("finishReason",
                   refused && by_itself ? "SAFETY" : finish_word(answer.finish_reason));
        if (refused) out.member("finishMessage", answer.refusal);
    }
    out.member("index", 0);
    out.end_object();
    out.end_array();
}

/// A response with these parts: the whole answer, or a chunk of it.
inline std::string response(const planned_answer& answer, const std::vector<std::string>& parts,
                            std::size_t thoughts, std::size_t texts, bool last) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    write_candidate(out, answer, parts, last);
    if (answer.with_usage) write_usage(out, answer, thoughts, texts, last);
    out.member("modelVersion", answer.model);
    out.member("responseId", answer.id);
    out.end_object();
    return text;
}

/// The answer to a request that asked for no stream.
inline std::string whole_answer(const planned_answer& answer) {
    std::vector<std::string> parts;
    if (!answer.reasoning.empty()) parts.push_back(text_part(join(answer.reasoning), true));
    if (!answer.tokens.empty()) parts.push_back(text_part(join(answer.tokens), false));
    for (const tool_call& each : answer.tool_calls)
        parts.push_back(call_part(each, &each == &answer.tool_calls.front()));
    return response(answer, parts, answer.reasoning.size(), answer.tokens.size(), true);
}

/// The answer as the events of a stream, in the order in which Google sends them: no event of an
/// end, but a reason to stop in the last.
inline std::vector<planned_event> stream_events(const planned_answer& answer) {
    std::vector<planned_event> events;
    std::size_t thoughts = 0;
    std::size_t texts = 0;
    const auto add = [&](const std::vector<std::string>& parts) {
        events.push_back({event_kind::token, response(answer, parts, thoughts, texts, false)});
    };
    for (const std::string& piece : answer.reasoning) {
        ++thoughts;
        add({text_part(piece, true)});
    }
    for (const std::string& piece : answer.tokens) {
        ++texts;
        add({text_part(piece, false)});
    }
    for (const tool_call& each : answer.tool_calls)
        add({call_part(each, &each == &answer.tool_calls.front())});
    events.push_back(
        {event_kind::closing, response(answer, {text_part("", false)}, thoughts, texts, true)});
    return events;
}

}  // namespace generate_content

/// Google's `generateContent`, for the scripted provider.
class google_generate_content_service final : public service {
public:
    bool takes(std::string_view method, std::string_view path) const override {
        const bool is_call =
            path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent");
        return method == "POST" && is_call && path.find("/models/") != path.npos;
    }
    std::string read_request(recorded_request& request) const override {
        return generate_content::read_request(request);
    }
    std::string error_body(int status, std::string_view message) const override {
        return google::error_body(status, message);
    }
    std::string whole_answer(const planned_answer& answer, const recorded_request&) const override {
        return generate_content::whole_answer(answer);
    }
    std::vector<planned_event> stream_events(const planned_answer& answer,
                                             const recorded_request&) const override {
        return generate_content::stream_events(answer);
    }
};

}  // namespace conclave::testing::detail
