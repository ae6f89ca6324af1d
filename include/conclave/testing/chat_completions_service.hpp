#pragma once

// All that the scripted provider knows of OpenAI Chat Completions: how a request is read, and how
// an answer and an error are written. Another format would be another header with these functions.

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::testing::detail {

/// An answer in terms of no format.
struct planned_answer {
    std::string id;
    std::string model;
    std::vector<std::string> reasoning;
    std::vector<std::string> tokens;
    std::string refusal;
    std::string finish_reason;
    std::int64_t input_tokens = 0;
    std::int64_t output_tokens = 0;
    std::optional<double> cost;
    bool with_usage = true;
    bool with_done = true;
};

/// What one event of a stream carries, since each kind has its own pace.
enum class event_kind { opening, token, closing };

struct planned_event {
    event_kind kind = event_kind::opening;
    std::string data;
};

}  // namespace conclave::testing::detail

namespace conclave::testing::detail::chat_completions {

/// Answers are dated to this second, so that they are the same in every run.
inline constexpr std::int64_t creation_time = 1'700'000'000;

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

/// The members that OpenAI has, and the cost where Opper has it, inside the usage and beside it.
inline void write_usage(json::writer& out, const planned_answer& answer) {
    out.key("usage");
    out.begin_object();
    out.member("prompt_tokens", answer.input_tokens);
    out.member("completion_tokens", answer.output_tokens);
    out.member("total_tokens", answer.input_tokens + answer.output_tokens);
    if (!answer.reasoning.empty()) {
        out.key("completion_tokens_details");
        out.begin_object();
        out.member("reasoning_tokens", answer.reasoning.size());
        out.end_object();
    }
    if (answer.cost) {
        out.key("opper");
        out.begin_object();
        out.key("cost");
        out.begin_object();
        out.member("total", *answer.cost);
        out.end_object();
        out.end_object();
    }
    out.end_object();
    out.member_if("cost", answer.cost);
}

inline void begin_answer(json::writer& out, const planned_answer& answer, std::string_view object) {
    out.begin_object();
    out.member("id", answer.id);
    out.member("object", object);
    out.member("created", creation_time);
    out.member("model", answer.model);
    out.key("choices");
    out.begin_array();
}

inline std::string join(const std::vector<std::string>& pieces) {
    std::string text;
    for (const std::string& piece : pieces)
        text += piece;
    return text;
}

/// The answer to a request that asked for no stream.
inline std::string whole_answer(const planned_answer& answer) {
    std::string text;
    json::writer out(text);
    begin_answer(out, answer, "chat.completion");
    out.begin_object();
    out.member("index", 0);
    out.key("message");
    out.begin_object();
    out.member("role", "assistant");
    if (answer.tokens.empty() && !answer.refusal.empty()) {
        out.member_raw("content", "null");
    } else {
        out.member("content", join(answer.tokens));
    }
    if (answer.refusal.empty()) {
        out.member_raw("refusal", "null");
    } else {
        out.member("refusal", answer.refusal);
    }
    if (!answer.reasoning.empty()) out.member("reasoning_content", join(answer.reasoning));
    out.end_object();
    out.member_raw("logprobs", "null");
    out.member("finish_reason", answer.finish_reason);
    out.end_object();
    out.end_array();
    if (answer.with_usage) write_usage(out, answer);
    out.end_object();
    return text;
}

/// A chunk of a stream whose delta has this member.
inline std::string chunk(const planned_answer& answer, bool usage_wanted, std::string_view name,
                         std::string_view value) {
    std::string text;
    json::writer out(text);
    begin_answer(out, answer, "chat.completion.chunk");
    out.begin_object();
    out.member("index", 0);
    out.key("delta");
    out.begin_object();
    if (name == "role") {
        out.member("role", value);
        out.member("content", "");
        out.member_raw("refusal", "null");
    } else if (name != "finish_reason") {
        out.member(name, value);
    }
    out.end_object();
    out.member_raw("logprobs", "null");
    if (name == "finish_reason") {
        out.member(name, value);
    } else {
        out.member_raw("finish_reason", "null");
    }
    out.end_object();
    out.end_array();
    if (usage_wanted) out.member_raw("usage", "null");
    out.end_object();
    return text;
}

/// The answer as the events of a stream, in the order in which OpenAI sends them.
inline std::vector<planned_event> stream_events(const planned_answer& answer, bool usage_wanted) {
    const bool usage = usage_wanted && answer.with_usage;
    std::vector<planned_event> events;
    const auto add = [&](event_kind kind, std::string_view name, std::string_view value) {
        events.push_back({kind, chunk(answer, usage, name, value)});
    };
    add(event_kind::opening, "role", "assistant");
    for (const std::string& piece : answer.reasoning)
        add(event_kind::token, "reasoning_content", piece);
    for (const std::string& piece : answer.tokens)
        add(event_kind::token, "content", piece);
    if (!answer.refusal.empty()) add(event_kind::token, "refusal", answer.refusal);
    add(event_kind::closing, "finish_reason", answer.finish_reason);
    if (usage) {
        std::string text;
        json::writer out(text);
        begin_answer(out, answer, "chat.completion.chunk");
        out.end_array();
        write_usage(out, answer);
        out.end_object();
        events.push_back({event_kind::closing, std::move(text)});
    }
    if (answer.with_done) events.push_back({event_kind::closing, "[DONE]"});
    return events;
}

}  // namespace conclave::testing::detail::chat_completions
