#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/tool.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a response of OpenAI's Responses API, or of OpenResponses, looks like as JSON.
namespace conclave::testing::detail::responses {

/// Whether a request is for Opper's OpenResponses endpoint.
inline bool is_open(const recorded_request& request) {
    const std::string_view target = request.target;
    return target.substr(0, target.find('?')).ends_with("/openresponses");
}

/// What a model's reasoning is when it is encrypted.
inline constexpr std::string_view encrypted_reasoning = "gAAAAABc2NyaXB0ZWQgdGhvdWdodHM=";

/// Whether a request asks for the reasoning in encrypted form, to send it back.
inline bool wants_encrypted_reasoning(const recorded_request& request) {
    json::document parsed;
    if (json::document::parse(request.body, parsed)) return false;
    const auto body = json::object_of(parsed.root());
    const auto include = body ? json::array_at(*body, "include") : std::nullopt;
    if (!include) return false;
    for (const simdjson::dom::element each : *include) {
        if (json::string_of(each) == "reasoning.encrypted_content") return true;
    }
    return false;
}

/// The part of a made-up id that tells answers apart.
inline std::string number_of(const planned_answer& answer) {
    return answer.id.substr(answer.id.rfind('-') + 1);
}

/// A response is incomplete for this reason, empty if it is complete.
inline std::string incomplete_reason(const planned_answer& answer) {
    if (answer.finish_reason == "stop" || answer.finish_reason == "tool_calls") return {};
    return answer.finish_reason == "length" ? "max_output_tokens" : answer.finish_reason;
}

/// `{"type": …, "text": …}`, and what a text of the output has beside it.
inline void write_part(json::writer& out, std::string_view type, std::string_view text) {
    out.begin_object();
    out.member("type", type);
    out.member(type == "refusal" ? "refusal" : "text", text);
    if (type == "output_text") {
        out.member_raw("annotations", "[]");
        out.member_raw("logprobs", "[]");
    }
    out.end_object();
}

/// An item of the output: as it is added, or whole.
struct item {
    enum class kind { reasoning, message, function_call, opper };

    kind what;
    std::string id;
    const planned_answer& answer;
    /// Of a function call.
    tool_call called = {};
    bool open = false;
    bool encrypted = false;

    std::string_view type() const {
        switch (what) {
            case kind::reasoning: return "reasoning";
            case kind::message: return "message";
            case kind::function_call: return "function_call";
            case kind::opper: break;
        }
        return "opper:usage";
    }

    /// `whole` is false for the item as it is added to a stream.
    void write(json::writer& out, bool whole) const {
        out.begin_object();
        out.member("id", id);
        out.member("type", type());
        if (what == kind::reasoning) write_reasoning(out, whole);
        if (what == kind::message) write_message(out, whole);
        if (what == kind::function_call) {
            write_status(out, whole);
            out.member("call_id", called.id);
            out.member("name", called.name);
            out.member("arguments", whole ? called.arguments : "");
        }
        if (what == kind::opper) {
            write_status(out, whole);
            out.member_if("cost_usd", answer.cost);
            out.member("execution_ms", 1);
            out.key("models_used");
            out.begin_array();
            out.string(answer.model);
            out.end_array();
        }
        out.end_object();
    }

private:
    void write_status(json::writer& out, bool whole) const {
        const bool cut = what == kind::message && !incomplete_reason(answer).empty();
        out.member("status", !whole ? "in_progress" : cut ? "incomplete" : "completed");
    }

    /// OpenResponses shows the reasoning itself, OpenAI a summary.
    void write_reasoning(json::writer& out, bool whole) const {
        for (const bool content : {false, true}) {
            if (content && !open) continue;
            out.key(content ? "content" : "summary");
            out.begin_array();
            if (whole && content == open)
                write_part(out, open ? "reasoning_text" : "summary_text", join(answer.reasoning));
            out.end_array();
        }
        if (whole && encrypted) out.member("encrypted_content", encrypted_reasoning);
    }

    void write_message(json::writer& out, bool whole) const {
        write_status(out, whole);
        out.member("role", "assistant");
        out.key("content");
        out.begin_array();
        if (whole && has_text()) write_part(out, "output_text", join(answer.tokens));
        if (whole && !answer.refusal.empty()) write_part(out, "refusal", answer.refusal);
        out.end_array();
    }

public:
    /// Of a message: whether there is more in it than a refusal.
    bool has_text() const { return !answer.tokens.empty() || answer.refusal.empty(); }
};

/// The items of an answer in their order. The answer must outlive them.
inline std::vector<item> items_of(const planned_answer& answer, const recorded_request& request) {
    const bool open = is_open(request);
    const std::string number = number_of(answer);
    std::vector<item> items;
    if (!answer.reasoning.empty()) {
        items.push_back({item::kind::reasoning, "rs_" + number, answer});
        items.back().open = open;
        items.back().encrypted = wants_encrypted_reasoning(request);
    }
    if (!answer.tokens.empty() || !answer.refusal.empty() || answer.tool_calls.empty())
        items.push_back({item::kind::message, "msg_" + number, answer});
    for (const tool_call& each : answer.tool_calls) {
        items.push_back(
            {item::kind::function_call, "fc_" + std::to_string(items.size()), answer, each});
    }
    if (open && answer.cost) items.push_back({item::kind::opper, "opper_" + number, answer});
    return items;
}

inline void write_usage(json::writer& out, const planned_answer& answer) {
    out.key("usage");
    out.begin_object();
    out.member("input_tokens", answer.input_tokens);
    out.member_raw("input_tokens_details", R"({"cached_tokens":0,"cache_write_tokens":0})");
    out.member("output_tokens", answer.output_tokens);
    out.key("output_tokens_details");
    out.begin_object();
    out.member("reasoning_tokens", answer.reasoning.size());
    out.end_object();
    out.member("total_tokens", answer.input_tokens + answer.output_tokens);
    out.end_object();
}

/// The settings of the request, which a response repeats, with what stands for those not made.
inline void write_settings(json::writer& out, const recorded_request& request) {
    struct setting {
        std::string_view name, unless_made;
    };
    static constexpr setting settings[] = {
        {"background", "false"},
        {"instructions", "null"},
        {"max_output_tokens", "null"},
        {"max_tool_calls", "null"},
        {"parallel_tool_calls", "true"},
        {"previous_response_id", "null"},
        {"prompt_cache_key", "null"},
        {"reasoning", R"({"effort":null,"summary":null})"},
        {"safety_identifier", "null"},
        {"service_tier", R"("default")"},
        {"store", "true"},
        {"temperature", "1"},
        {"text", R"({"format":{"type":"text"},"verbosity":"medium"})"},
        {"tool_choice", R"("auto")"},
        {"tools", "[]"},
        {"top_logprobs", "0"},
        {"top_p", "1"},
        {"truncation", R"("disabled")"},
        {"user", "null"},
        {"frequency_penalty", "0"},
        {"presence_penalty", "0"},
        {"metadata", "{}"},
    };
    json::document parsed;
    std::optional<simdjson::dom::object> body;
    if (!json::document::parse(request.body, parsed)) body = json::object_of(parsed.root());
    for (const auto& [name, unless_made] : settings) {
        if (name.ends_with("_penalty") && !is_open(request)) continue;
        const auto made = body ? json::find(*body, name) : std::nullopt;
        out.member_raw(name, made ? simdjson::minify(*made) : std::string(unless_made));
    }
}

/// The response as it is begun, or whole.
inline void write_response(json::writer& out, const planned_answer& answer,
                           const recorded_request& request, bool whole) {
    const std::string reason = incomplete_reason(answer);
    const bool open = is_open(request);
    out.begin_object();
    out.member("id", "resp_" + number_of(answer));
    out.member("object", "response");
    out.member("created_at", creation_time);
    out.member("status", !whole ? "in_progress" : reason.empty() ? "completed" : "incomplete");
    out.member_raw("completed_at",
                   whole && reason.empty() ? std::to_string(creation_time + 1) : "null");
    out.member_raw("error", "null");
    if (whole && !reason.empty()) {
        out.key("incomplete_details");
        out.begin_object();
        out.member("reason", reason);
        out.end_object();
    } else {
        out.member_raw("incomplete_details", "null");
    }
    out.member("model", answer.model);
    out.key("output");
    out.begin_array();
    if (whole) {
        for (const item& each : items_of(answer, request))
            each.write(out, true);
    }
    out.end_array();
    write_settings(out, request);
    if (!open) out.member_raw("access_programs", "null");
    if (whole && answer.with_usage) {
        write_usage(out, answer);
    } else {
        out.member_raw("usage", "null");
    }
    if (whole && !open) out.member_if("cost", answer.cost);
    out.end_object();
}

}  // namespace conclave::testing::detail::responses
