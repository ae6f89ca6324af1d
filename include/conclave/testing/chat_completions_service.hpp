#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/chat_answer.hpp>
#include <conclave/wire/completion.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::testing::detail {

/// OpenAI Chat Completions.
namespace chat_completions {

/// The text of a message: a string, or the text parts of an array.
inline std::string message_text(const simdjson::dom::object& message) {
    if (const auto text = json::string_at(message, "content")) return std::string(*text);
    std::string joined;
    if (const auto parts = json::array_at(message, "content")) {
        for (const simdjson::dom::element part : *parts) {
            const auto object = json::object_of(part);
            const auto text = object ? json::string_at(*object, "text") : std::nullopt;
            if (text) joined += *text;
        }
    }
    return joined;
}

inline void read_messages(const simdjson::dom::array& messages, recorded_request& request) {
    for (const simdjson::dom::element element : messages) {
        const auto message = json::object_of(element);
        if (!message) continue;
        const std::string_view role = json::string_at(*message, "role").value_or("");
        if (role == "user") request.prompt = message_text(*message);
        if (role == "system" || role == "developer") request.instructions = message_text(*message);
    }
}

inline std::string read_schema(const simdjson::dom::object& body) {
    const auto format = json::object_at(body, "response_format");
    const auto named = format ? json::object_at(*format, "json_schema") : std::nullopt;
    const auto schema = named ? json::find(*named, "schema") : std::nullopt;
    return schema ? simdjson::minify(*schema) : std::string();
}

/// Reads the request's body into its other fields. Returns what is wrong with it, or nothing.
inline std::string read_request(recorded_request& request) {
    json::document parsed;
    if (json::document::parse(request.body, parsed)) return "the body is not JSON";
    const auto body = json::object_of(parsed.root());
    if (!body) return "the body is not a JSON object";
    request.model = std::string(json::string_at(*body, "model").value_or(""));
    if (request.model.empty()) return "you must provide a model parameter";
    const auto messages = json::array_at(*body, "messages");
    if (!messages) return "missing required parameter: 'messages'";
    read_messages(*messages, request);
    request.output_schema = read_schema(*body);
    request.stream = json::boolean_at(*body, "stream").value_or(false);
    const auto options = json::object_at(*body, "stream_options");
    request.stream_usage = options && json::boolean_at(*options, "include_usage").value_or(false);
    return {};
}

/// The object of an error reply.
inline std::string error_body(int status, std::string_view message) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.key("error");
    out.begin_object();
    out.member("message", message);
    out.member("type", status >= 500 ? "server_error" : "invalid_request_error");
    out.member("code", "scripted_" + std::to_string(status));
    out.key("param");
    out.null();
    out.end_object();
    out.end_object();
    return text;
}

/// The list of models at `GET {base}/models`.
inline std::string model_list(const std::vector<std::string>& names) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.member("object", "list");
    out.key("data");
    out.begin_array();
    for (const std::string& name : names) {
        out.begin_object();
        out.member("id", name);
        out.member("object", "model");
        out.member("created", creation_time);
        out.member("owned_by", "conclave");
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return text;
}

/// The answer in the library's terms, but for what is its own for each event.
inline completion completion_of(const planned_answer& answer) {
    completion made;
    made.text = join(answer.tokens);
    made.reasoning = join(answer.reasoning);
    made.refusal = answer.refusal;
    made.tool_calls = answer.tool_calls;
    if (answer.with_usage) made.usage = usage_of(answer);
    made.cost = answer.cost;
    return made;
}

inline wire::chat_answer_writer writer_for(const planned_answer& answer, bool usage_follows) {
    return wire::chat_answer_writer({answer.id, creation_time, answer.model}, usage_follows);
}

/// The answer to a request that asked for no stream.
inline std::string whole_answer(const planned_answer& answer) {
    std::string text;
    writer_for(answer, false).whole(completion_of(answer), answer.finish_reason, text);
    return text;
}

/// The answer as the events of a stream, in the order in which OpenAI sends them.
inline std::vector<planned_event> stream_events(const planned_answer& answer, bool usage_wanted) {
    const bool usage = usage_wanted && answer.with_usage;
    const wire::chat_answer_writer writer = writer_for(answer, usage);
    std::vector<planned_event> events;
    const auto add = [&](event_kind kind) -> std::string& {
        events.push_back({kind, {}});
        return events.back().data;
    };
    const bool is_other = !(answer.refusal.empty() && answer.tool_calls.empty());
    writer.opening(add(event_kind::opening), !answer.tokens.empty() || !is_other);
    for (const std::string& piece : answer.reasoning)
        writer.reasoning(piece, add(event_kind::token));
    for (const std::string& piece : answer.tokens)
        writer.text(piece, add(event_kind::token));
    if (!answer.refusal.empty()) writer.refusal(answer.refusal, add(event_kind::token));
    for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
        writer.tool(answer.tool_calls[i], i, "", add(event_kind::token));
        for (const std::string& piece : pieces_of(answer.tool_calls[i].arguments))
            writer.tool_arguments(i, piece, add(event_kind::token));
    }
    writer.finish(answer.finish_reason, add(event_kind::closing));
    if (usage) writer.usage(usage_of(answer), answer.cost, add(event_kind::closing));
    if (answer.with_done) events.push_back({event_kind::closing, "[DONE]"});
    return events;
}

}  // namespace chat_completions

/// OpenAI Chat Completions, for the scripted provider.
class chat_completions_service final : public service {
public:
    bool takes(std::string_view method, std::string_view path) const override {
        return method == "POST" && path.ends_with("/chat/completions");
    }
    std::string read_request(recorded_request& request) const override {
        return chat_completions::read_request(request);
    }
    std::string error_body(int status, std::string_view message) const override {
        return chat_completions::error_body(status, message);
    }
    std::string whole_answer(const planned_answer& answer, const recorded_request&) const override {
        return chat_completions::whole_answer(answer);
    }
    std::vector<planned_event> stream_events(const planned_answer& answer,
                                             const recorded_request& request) const override {
        return chat_completions::stream_events(answer, request.stream_usage);
    }
};

}  // namespace conclave::testing::detail
