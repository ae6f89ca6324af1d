#pragma once

#include <conclave/json/escape.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/anthropic_messages_request.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/tool.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// Anthropic's Messages, in the shape that @anthropic-ai/sdk 1.11.0 declares.
namespace anthropic_messages {

inline std::string_view error_type(int status) {
    switch (status) {
        case 401: return "authentication_error";
        case 402: return "billing_error";
        case 403: return "permission_error";
        case 404: return "not_found_error";
        case 409: return "conflict_error";
        case 413: return "request_too_large";
        case 429: return "rate_limit_error";
        case 504: return "timeout_error";
        case 529: return "overloaded_error";
        default: return status < 500 ? "invalid_request_error" : "api_error";
    }
}

inline std::string error_body(int status, std::string_view message) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.member("type", "error");
    out.key("error");
    out.begin_object();
    out.member("type", error_type(status));
    out.member("message", message);
    out.end_object();
    out.member_raw("request_id", "null");
    out.end_object();
    return text;
}

/// The list of models at `GET {base}/v1/models`, all on one page.
inline std::string model_list(const std::vector<std::string>& names) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for (const std::string& name : names) {
        out.begin_object();
        out.member("type", "model");
        out.member("id", name);
        out.member("display_name", name);
        out.member("created_at", "2023-11-14T22:13:20Z");
        out.member("lifecycle", "active");
        for (const std::string_view unknown : {"capabilities", "deprecated_at", "line",
                                               "max_input_tokens", "max_tokens", "retires_at"}) {
            out.member_raw(unknown, "null");
        }
        out.end_object();
    }
    out.end_array();
    out.member("has_more", false);
    for (const auto& [key, at] : {std::pair("first_id", names.begin()),
                                  std::pair("last_id", names.end() - (names.empty() ? 0 : 1))}) {
        out.key(key);
        if (names.empty()) {
            out.null();
        } else {
            out.string(*at);
        }
    }
    out.end_object();
    return text;
}

inline std::string_view stop_reason(const planned_answer& answer) {
    const std::string_view word = answer.finish_reason;
    if (!answer.refusal.empty() || word == "content_filter") return "refusal";
    if (word == "stop") return "end_turn";
    if (word == "length") return "max_tokens";
    if (word == "tool_calls") return "tool_use";
    return word;
}

inline void write_stop(json::writer& out, const planned_answer& answer) {
    const std::string_view reason = stop_reason(answer);
    out.member("stop_reason", reason);
    out.member_raw("stop_sequence", "null");
    out.key("stop_details");
    if (reason != "refusal") return out.null();
    out.begin_object();
    out.member("type", "refusal");
    out.member("category", "general_harms");
    out.key("explanation");
    if (answer.refusal.empty()) {
        out.null();
    } else {
        out.string(answer.refusal);
    }
    out.end_object();
}

/// The counts so far, of which a stream's last report has some only. The cost is where Opper has
/// it.
inline void write_usage(json::writer& out, const planned_answer& answer, std::int64_t output_tokens,
                        bool with_cost, bool is_last_of_stream) {
    if (!answer.with_usage) return;
    out.key("usage");
    out.begin_object();
    out.member("input_tokens", answer.input_tokens);
    out.member("cache_creation_input_tokens", 0);
    out.member("cache_read_input_tokens", 0);
    out.member("output_tokens", output_tokens);
    out.key("output_tokens_details");
    if (answer.reasoning.empty() || !with_cost) {
        out.null();
    } else {
        out.begin_object();
        out.member("thinking_tokens", answer.reasoning.size());
        out.end_object();
    }
    out.member_raw("server_tool_use", "null");
    if (!is_last_of_stream) {
        out.member_raw("cache_creation",
                       R"({"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0})");
        out.member_raw("inference_geo", "null");
        out.member("service_tier", "standard");
        out.member_raw("speed", "null");
    }
    if (with_cost && answer.cost) {
        out.key("opper");
        out.begin_object();
        out.key("cost");
        out.begin_object();
        out.member("total", *answer.cost);
        out.end_object();
        out.end_object();
    }
    out.end_object();
    if (with_cost) out.member_if("cost", answer.cost);
}

/// The provider's ids are made for OpenAI's formats: `chatcmpl-1`, `call_1_0`.
inline std::string own_id(std::string_view prefix, std::string_view id) {
    const std::size_t behind = id.find_first_of("-_");
    return std::string(prefix) += behind == id.npos ? id : id.substr(behind + 1);
}

inline void begin_message(json::writer& out, const planned_answer& answer) {
    out.member("id", own_id("msg_", answer.id));
    out.member("type", "message");
    out.member("role", "assistant");
    out.member("model", answer.model);
    out.member_raw("container", "null");
    out.member_raw("diagnostics", "null");
}

/// A block with what it holds, or as a stream begins it.
inline std::string block(std::string_view type, std::string_view key, std::string_view text,
                         std::string_view more = {}) {
    std::string written;
    json::writer out(written);
    out.begin_object();
    out.member("type", type);
    out.member(key, text);
    written += more;
    out.end_object();
    return written;
}
inline std::string text_block(std::string_view text) {
    return block("text", "text", text, R"(,"citations":null)");
}
inline std::string thinking_block(std::string_view text, std::string_view proof) {
    return block("thinking", "thinking", text, R"(,"signature":")" + std::string(proof) + '"');
}
inline std::string tool_block(const tool_call& called, std::string_view input) {
    std::string name;
    json::append_escaped(name, called.name);
    return block("tool_use", "id", own_id("toolu_", called.id),
                 R"(,"name":")" + name + R"(","input":)" + std::string(input) +
                     R"(,"caller":{"type":"direct"})");
}

/// The answer to a request that asked for no stream.
inline std::string whole_answer(const planned_answer& answer) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    begin_message(out, answer);
    out.key("content");
    out.begin_array();
    if (!answer.reasoning.empty()) out.raw(thinking_block(join(answer.reasoning), signature));
    if (!answer.tokens.empty()) out.raw(text_block(join(answer.tokens)));
    for (const tool_call& each : answer.tool_calls)
        out.raw(tool_block(each, each.arguments));
    out.end_array();
    write_stop(out, answer);
    write_usage(out, answer, answer.output_tokens, true, false);
    out.end_object();
    return text;
}

/// Makes the events of a stream, in the order in which Anthropic sends them.
class event_writer {
public:
    explicit event_writer(const planned_answer& answer) : answer_(answer) {}

    std::vector<planned_event> make() {
        add(event_kind::opening, "message_start", [&](json::writer& out) { write_start(out); });
        if (!answer_.reasoning.empty()) {
            begin(thinking_block("", ""));
            for (const std::string& piece : answer_.reasoning)
                piece_of("thinking_delta", "thinking", piece);
            add_delta(event_kind::opening, block("signature_delta", "signature", signature));
            end();
        }
        if (!answer_.tokens.empty()) {
            begin(text_block(""));
            for (const std::string& piece : answer_.tokens)
                piece_of("text_delta", "text", piece);
            end();
        }
        for (const tool_call& each : answer_.tool_calls) {
            begin(tool_block(each, "{}"));
            piece_of("input_json_delta", "partial_json", "");
            for (const std::string& piece : pieces_of(each.arguments))
                piece_of("input_json_delta", "partial_json", piece);
            end();
        }
        add(event_kind::closing, "message_delta", [&](json::writer& out) { write_end(out); });
        add(event_kind::closing, "message_stop", [](json::writer&) {});
        return std::move(events_);
    }

private:
    template <class Members>
    void add(event_kind kind, std::string_view type, Members&& write_members) {
        std::string text;
        json::writer out(text);
        out.begin_object();
        out.member("type", type);
        write_members(out);
        out.end_object();
        events_.push_back({kind, std::move(text), std::string(type)});
    }

    void write_start(json::writer& out) const {
        out.key("message");
        out.begin_object();
        begin_message(out, answer_);
        out.member_raw("content", "[]");
        for (const std::string_view later : {"stop_reason", "stop_sequence", "stop_details"})
            out.member_raw(later, "null");
        write_usage(out, answer_, std::min<std::int64_t>(answer_.output_tokens, 1), false, false);
        out.end_object();
    }

    void write_end(json::writer& out) const {
        out.key("delta");
        out.begin_object();
        write_stop(out, answer_);
        out.member_raw("container", "null");
        out.end_object();
        write_usage(out, answer_, answer_.output_tokens, true, true);
    }

    void begin(const std::string& empty_block) {
        add(event_kind::opening, "content_block_start", [&](json::writer& out) {
            out.member("index", index_);
            out.member_raw("content_block", empty_block);
        });
        if (index_ == 0) add(event_kind::opening, "ping", [](json::writer&) {});
    }
    void piece_of(std::string_view type, std::string_view key, std::string_view text) {
        add_delta(event_kind::token, block(type, key, text));
    }
    void add_delta(event_kind kind, const std::string& delta) {
        add(kind, "content_block_delta", [&](json::writer& out) {
            out.member("index", index_);
            out.member_raw("delta", delta);
        });
    }
    void end() {
        add(event_kind::opening, "content_block_stop",
            [&](json::writer& out) { out.member("index", index_); });
        ++index_;
    }

    const planned_answer& answer_;
    std::vector<planned_event> events_;
    std::size_t index_ = 0;
};

}  // namespace anthropic_messages

/// Anthropic's Messages, for the scripted provider.
class anthropic_messages_service final : public service {
public:
    bool takes(std::string_view method, std::string_view path) const override {
        return method == "POST" && path.ends_with("/v1/messages");
    }
    std::string read_request(recorded_request& request) const override {
        return anthropic_messages::read_request(request);
    }
    std::string error_body(int status, std::string_view message) const override {
        return anthropic_messages::error_body(status, message);
    }
    std::string whole_answer(const planned_answer& answer, const recorded_request&) const override {
        return anthropic_messages::whole_answer(answer);
    }
    std::vector<planned_event> stream_events(const planned_answer& answer,
                                             const recorded_request&) const override {
        return anthropic_messages::event_writer(answer).make();
    }
    std::string error_event_type(std::string_view) const override { return "error"; }
    std::string_view request_id_field() const override { return "request-id"; }
};

}  // namespace conclave::testing::detail
