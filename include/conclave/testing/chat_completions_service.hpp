#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/tool.hpp>

#include <cstddef>
#include <cstdint>
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

/// A tool call, or with an index its first piece in a stream.
inline void write_tool_call(json::writer& out, const tool_call& called,
                            std::optional<std::size_t> index, std::string_view arguments) {
    out.begin_object();
    out.member_if("index", index);
    out.member("id", called.id);
    out.member("type", "function");
    out.key("function");
    out.begin_object();
    out.member("name", called.name);
    out.member("arguments", arguments);
    out.end_object();
    out.end_object();
}

/// Whether the answer has no text, but something else in its place.
inline bool has_no_content(const planned_answer& answer) {
    return answer.tokens.empty() && !(answer.refusal.empty() && answer.tool_calls.empty());
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
    if (has_no_content(answer)) {
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
    if (!answer.tool_calls.empty()) {
        out.key("tool_calls");
        out.begin_array();
        for (const tool_call& each : answer.tool_calls)
            write_tool_call(out, each, std::nullopt, each.arguments);
        out.end_array();
    }
    out.end_object();
    out.member_raw("logprobs", "null");
    out.member("finish_reason", answer.finish_reason);
    out.end_object();
    out.end_array();
    if (answer.with_usage) write_usage(out, answer);
    out.end_object();
    return text;
}

/// A chunk of a stream with these members in its delta, or with a reason to stop.
inline std::string chunk(const planned_answer& answer, bool usage_wanted, std::string_view delta,
                         std::string_view finish_reason = {}) {
    std::string text;
    json::writer out(text);
    begin_answer(out, answer, "chat.completion.chunk");
    out.begin_object();
    out.member("index", 0);
    out.member_raw("delta", delta);
    out.member_raw("logprobs", "null");
    if (finish_reason.empty()) {
        out.member_raw("finish_reason", "null");
    } else {
        out.member("finish_reason", finish_reason);
    }
    out.end_object();
    out.end_array();
    if (usage_wanted) out.member_raw("usage", "null");
    out.end_object();
    return text;
}

/// `{"name": "value"}`
inline std::string object_with(std::string_view name, std::string_view value) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.member(name, value);
    out.end_object();
    return text;
}

/// The deltas of a tool call: its name, and the arguments in pieces.
inline std::vector<std::string> tool_call_deltas(const tool_call& called, std::size_t index) {
    std::vector<std::string> deltas;
    const auto add = [&](auto&& write) {
        std::string text;
        json::writer out(text);
        out.begin_object();
        out.key("tool_calls");
        out.begin_array();
        write(out);
        out.end_array();
        out.end_object();
        deltas.push_back(std::move(text));
    };
    add([&](json::writer& out) { write_tool_call(out, called, index, ""); });
    for (const std::string& piece : pieces_of(called.arguments)) {
        add([&](json::writer& out) {
            out.begin_object();
            out.member("index", index);
            out.key("function");
            out.raw(object_with("arguments", piece));
            out.end_object();
        });
    }
    return deltas;
}

/// The answer as the events of a stream, in the order in which OpenAI sends them.
inline std::vector<planned_event> stream_events(const planned_answer& answer, bool usage_wanted) {
    const bool usage = usage_wanted && answer.with_usage;
    std::vector<planned_event> events;
    const auto add = [&](event_kind kind, std::string_view delta) {
        events.push_back({kind, chunk(answer, usage, delta)});
    };
    add(event_kind::opening, has_no_content(answer)
                                 ? R"({"role":"assistant","content":null,"refusal":null})"
                                 : R"({"role":"assistant","content":"","refusal":null})");
    for (const std::string& piece : answer.reasoning)
        add(event_kind::token, object_with("reasoning_content", piece));
    for (const std::string& piece : answer.tokens)
        add(event_kind::token, object_with("content", piece));
    if (!answer.refusal.empty()) add(event_kind::token, object_with("refusal", answer.refusal));
    for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
        for (const std::string& delta : tool_call_deltas(answer.tool_calls[i], i))
            add(event_kind::token, delta);
    }
    events.push_back({event_kind::closing, chunk(answer, usage, "{}", answer.finish_reason)});
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
