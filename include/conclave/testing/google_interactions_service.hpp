#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/google_generate_content_service.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/tool.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// Google's Interactions API, in both its shapes.
namespace interactions {

inline constexpr std::string_view creation_date = "2023-11-14T22:13:20Z";

/// Whether a request is to be answered in the shape from before May 2026: it names an older
/// revision, or none and comes from an official SDK before 2.0.
inline bool wants_outputs(const recorded_request& request) {
    if (const auto revision = request.header.find("api-revision")) return *revision < "2026-05-20";
    return request.header.find("x-stainless-lang").has_value();
}

/// The text of content: a string, an item, or the text items of an array.
inline std::string content_text(const simdjson::dom::element& content) {
    if (const auto text = json::string_of(content)) return std::string(*text);
    std::string joined;
    const auto add = [&](const simdjson::dom::element& item) {
        const auto object = json::object_of(item);
        const auto text = object ? json::string_at(*object, "text") : std::nullopt;
        if (text) joined += *text;
    };
    if (const auto items = json::array_of(content)) {
        for (const simdjson::dom::element item : *items)
            add(item);
    } else {
        add(content);
    }
    return joined;
}

/// The user's part of one element of the input: a step or a turn.
inline std::string user_text(const simdjson::dom::object& element) {
    const bool by_user = json::string_at(element, "type") == "user_input" ||
                         json::string_at(element, "role") == "user";
    const auto content = by_user ? json::find(element, "content") : std::nullopt;
    return content ? content_text(*content) : std::string();
}

/// The input is content, or a list of steps or turns.
inline void read_input(const simdjson::dom::element& input, recorded_request& request) {
    request.prompt = content_text(input);
    const auto elements = json::array_of(input);
    if (!elements) return;
    for (const simdjson::dom::element each : *elements) {
        const auto object = json::object_of(each);
        std::string text = object ? user_text(*object) : std::string();
        if (!text.empty()) request.prompt = std::move(text);
    }
}

/// The code of an error, which has its own words here.
inline std::string_view error_code(int status) {
    constexpr std::array<std::pair<int, std::string_view>, 9> codes = {{
        {400, "invalid_request"},
        {401, "authentication"},
        {402, "payment_required"},
        {403, "permission_denied"},
        {404, "not_found"},
        {429, "rate_limit_exceeded"},
        {499, "cancelled"},
        {503, "service_unavailable"},
        {504, "gateway_timeout"},
    }};
    for (const auto& [known, code] : codes) {
        if (known == status) return code;
    }
    return status < 500 ? "invalid_request" : "api_error";
}

/// The object of an error reply.
inline std::string error_body(int status, std::string_view message) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.key("error");
    out.begin_object();
    out.member("code", error_code(status));
    out.member("message", message);
    out.end_object();
    out.end_object();
    return text;
}

/// The schema of `response_format`: inside of it, or in the older shape itself.
inline std::string read_schema(const simdjson::dom::object& body) {
    const auto format = json::object_at(body, "response_format");
    if (!format) return {};
    if (const auto schema = json::find(*format, "schema")) return simdjson::minify(*schema);
    return json::find(body, "response_mime_type") ? simdjson::minify(*format) : std::string();
}

/// Reads the request's body into its other fields. Returns what is wrong with it, or nothing.
inline std::string read_request(recorded_request& request) {
    json::document parsed;
    if (json::document::parse(request.body, parsed)) return "Invalid JSON payload received.";
    const auto body = json::object_of(parsed.root());
    if (!body) return "Invalid JSON payload received.";
    request.model = std::string(json::string_at(*body, "model").value_or(""));
    request.stream = json::boolean_at(*body, "stream").value_or(false);
    request.stream_usage = true;
    if (request.model.empty()) return "either model or agent is to be specified";
    const auto input = json::find(*body, "input");
    if (!input) return "input is not specified";
    read_input(*input, request);
    request.instructions = std::string(json::string_at(*body, "system_instruction").value_or(""));
    request.output_schema = read_schema(*body);
    return {};
}

inline std::string_view status_word(const planned_answer& answer) {
    const std::string_view reason = answer.finish_reason;
    if (!answer.refusal.empty()) return "failed";
    if (reason == "stop") return "completed";
    if (reason == "tool_calls") return "requires_action";
    if (reason == "length") return "incomplete";
    if (reason == "content_filter") return "failed";
    return reason;
}

inline void write_usage(json::writer& out, const planned_answer& answer) {
    const auto thoughts =
        std::min(static_cast<std::int64_t>(answer.reasoning.size()), answer.output_tokens);
    out.key("usage");
    out.begin_object();
    out.member("total_tokens", answer.input_tokens + answer.output_tokens);
    out.member("total_input_tokens", answer.input_tokens);
    out.key("input_tokens_by_modality");
    out.begin_array();
    out.begin_object();
    out.member("modality", "text");
    out.member("tokens", answer.input_tokens);
    out.end_object();
    out.end_array();
    out.member("total_cached_tokens", 0);
    out.member("total_output_tokens", answer.output_tokens - thoughts);
    out.member("total_tool_use_tokens", 0);
    out.member("total_thought_tokens", thoughts);
    out.end_object();
}

/// `[{"type": "text", "text": …}]`
inline void write_texts(json::writer& out, std::string_view name, std::string_view text) {
    out.key(name);
    out.begin_array();
    out.begin_object();
    out.member("type", "text");
    out.member("text", text);
    out.end_object();
    out.end_array();
}

/// The steps of an answer: what it is made of, whole or still empty.
class answer_writer {
public:
    answer_writer(const planned_answer& answer, bool outputs)
        : answer_(answer), outputs_(outputs) {}

    std::string whole() const {
        std::string text;
        json::writer out(text);
        out.begin_object();
        write_head(out, status_word(answer_));
        out.key(outputs_ ? "outputs" : "steps");
        out.begin_array();
        if (has_thought()) write_thought(out, true);
        if (!answer_.tokens.empty()) write_text(out, join(answer_.tokens));
        for (const tool_call& each : answer_.tool_calls)
            write_call(out, each, google::arguments_of(each));
        out.end_array();
        write_end(out);
        out.end_object();
        return text;
    }

    std::vector<planned_event> events() {
        interaction_event(event_kind::opening, "created", "start", false);
        if (!outputs_) add_status();
        if (has_thought()) {
            begin([&](json::writer& out) { write_thought(out, false); });
            for (const std::string& piece : answer_.reasoning)
                add_thought(piece);
            add_delta(event_kind::opening, "thought_signature", "signature", signature);
            end();
        }
        if (!answer_.tokens.empty()) {
            begin([&](json::writer& out) { write_text(out, {}); });
            for (const std::string& piece : answer_.tokens)
                add_delta(event_kind::token, "text", "text", piece);
            end();
        }
        for (const tool_call& each : answer_.tool_calls)
            add_call(each);
        interaction_event(event_kind::closing, "completed", "complete", true);
        if (answer_.with_done) events_.push_back({event_kind::closing, "[DONE]", "done"});
        return std::move(events_);
    }

private:
    static constexpr std::string_view signature = "c2lnbmF0dXJl";

    /// A call comes with the signature of a thought, which has to come back with it.
    bool has_thought() const { return !answer_.reasoning.empty() || !answer_.tool_calls.empty(); }

    void write_head(json::writer& out, std::string_view status) const {
        out.member("id", answer_.id);
        out.member("object", "interaction");
        out.member("model", answer_.model);
        out.member("status", status);
        out.member("created", creation_date);
        out.member("updated", creation_date);
    }

    void write_end(json::writer& out) const {
        if (answer_.with_usage) write_usage(out, answer_);
        if (status_word(answer_) != "failed") return;
        out.key("errors");
        out.begin_array();
        out.begin_object();
        out.member("code", "SAFETY");
        out.member("message", answer_.refusal.empty() ? "blocked" : answer_.refusal);
        out.end_object();
        out.end_array();
    }

    void write_thought(json::writer& out, bool whole) const {
        out.begin_object();
        out.member("type", "thought");
        if (whole) {
            if (!answer_.reasoning.empty()) write_texts(out, "summary", join(answer_.reasoning));
            out.member("signature", signature);
        }
        out.end_object();
    }

    void write_text(json::writer& out, std::string_view text) const {
        out.begin_object();
        out.member("type", outputs_ ? "text" : "model_output");
        if (outputs_) {
            out.member("text", text);
        } else if (!text.empty()) {
            write_texts(out, "content", text);
        }
        out.end_object();
    }

    static void write_call(json::writer& out, const tool_call& called, std::string_view arguments) {
        out.begin_object();
        out.member("type", "function_call");
        out.member("id", called.id);
        out.member("name", called.name);
        out.member_raw("arguments", arguments);
        out.end_object();
    }

    /// An event with its type in it, which is its name too.
    template <class Write>
    void add(event_kind kind, std::string type, Write&& write) {
        std::string text;
        json::writer out(text);
        out.begin_object();
        write(out);
        out.member("event_type", type);
        out.end_object();
        events_.push_back({kind, std::move(text), std::move(type)});
    }

    void interaction_event(event_kind kind, std::string_view name, std::string_view older,
                           bool end) {
        add(kind, "interaction." + std::string(outputs_ ? older : name), [&](json::writer& out) {
            out.key("interaction");
            out.begin_object();
            write_head(out, end ? status_word(answer_) : "in_progress");
            if (end) write_end(out);
            out.end_object();
        });
    }

    void add_status() {
        add(event_kind::opening, "interaction.status_update", [&](json::writer& out) {
            out.member("interaction_id", answer_.id);
            out.member("status", "in_progress");
        });
    }

    std::string named(std::string_view what) const {
        return (outputs_ ? "content." : "step.") + std::string(what);
    }

    template <class Write>
    void begin(Write&& write) {
        add(event_kind::opening, named("start"), [&](json::writer& out) {
            out.member("index", index_);
            out.key(outputs_ ? "content" : "step");
            write(out);
        });
    }

    template <class Write>
    void add_delta_with(event_kind kind, Write&& write) {
        add(kind, named("delta"), [&](json::writer& out) {
            out.member("index", index_);
            out.key("delta");
            write(out);
        });
    }

    void add_delta(event_kind kind, std::string_view type, std::string_view name,
                   std::string_view value) {
        add_delta_with(kind, [&](json::writer& out) {
            out.begin_object();
            out.member(name, value);
            out.member("type", type);
            out.end_object();
        });
    }

    void add_thought(std::string_view piece) {
        add_delta_with(event_kind::token, [&](json::writer& out) {
            out.begin_object();
            out.key("content");
            out.begin_object();
            out.member("text", piece);
            out.member("type", "text");
            out.end_object();
            out.member("type", "thought_summary");
            out.end_object();
        });
    }

    /// The arguments in pieces; in the older shape the call at once.
    void add_call(const tool_call& called) {
        begin([&](json::writer& out) { write_call(out, called, "{}"); });
        if (outputs_) {
            add_delta_with(event_kind::token, [&](json::writer& out) {
                write_call(out, called, google::arguments_of(called));
            });
        } else {
            for (const std::string& piece : pieces_of(google::arguments_of(called)))
                add_delta(event_kind::token, "arguments_delta", "arguments", piece);
        }
        end();
    }

    void end() {
        add(event_kind::opening, named("stop"),
            [&](json::writer& out) { out.member("index", index_); });
        ++index_;
    }

    const planned_answer& answer_;
    bool outputs_;
    std::size_t index_ = 0;
    std::vector<planned_event> events_;
};

}  // namespace interactions

/// Google's Interactions API, for the scripted provider.
class google_interactions_service final : public service {
public:
    bool takes(std::string_view method, std::string_view path) const override {
        return method == "POST" && path.ends_with("/interactions");
    }
    std::string read_request(recorded_request& request) const override {
        return interactions::read_request(request);
    }
    std::string error_body(int status, std::string_view message) const override {
        return interactions::error_body(status, message);
    }
    std::string whole_answer(const planned_answer& answer,
                             const recorded_request& request) const override {
        return interactions::answer_writer(answer, interactions::wants_outputs(request)).whole();
    }
    std::vector<planned_event> stream_events(const planned_answer& answer,
                                             const recorded_request& request) const override {
        return interactions::answer_writer(answer, interactions::wants_outputs(request)).events();
    }
    std::string error_event_type(std::string_view) const override { return "error"; }
};

}  // namespace conclave::testing::detail
