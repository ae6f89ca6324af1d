#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/chat_completions_service.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/responses_answer.hpp>
#include <conclave/wire/tool.hpp>
#include <conclave/wire/usage.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// OpenAI's Responses API, and OpenResponses as Opper has it.
namespace responses {

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

/// What OpenAI would say against an item of reasoning, or nothing.
inline std::string check_reasoning(const simdjson::dom::object& reasoning, bool is_last) {
    const std::string id(json::string_at(reasoning, "id").value_or(""));
    const auto encrypted = json::string_at(reasoning, "encrypted_content");
    if (!encrypted) return "Item with id '" + id + "' not found";
    if (*encrypted != encrypted_reasoning) {
        return "The encrypted content for item " + id + " could not be verified.";
    }
    if (!is_last) return {};
    return "Item '" + id +
           "' of type 'reasoning' was provided without its required following item.";
}

/// Reads the conversation. Returns what is wrong with it, or nothing.
inline std::string read_input(const simdjson::dom::object& body, recorded_request& request) {
    if (const auto text = json::string_at(body, "input")) request.prompt = std::string(*text);
    const auto items = json::array_at(body, "input");
    if (!items) return {};
    std::string complaint;
    std::size_t left = items->size();
    for (const simdjson::dom::element element : *items) {
        --left;
        const auto message = json::object_of(element);
        if (!message) continue;
        if (json::string_at(*message, "type") == "reasoning" && complaint.empty())
            complaint = check_reasoning(*message, left == 0);
        const std::string_view role = json::string_at(*message, "role").value_or("");
        const std::string text = chat_completions::message_text(*message);
        if (role == "user") request.prompt = text;
        if (role == "system" || role == "developer") request.instructions = text;
    }
    return complaint;
}

inline std::string read_request(recorded_request& request) {
    json::document parsed;
    if (json::document::parse(request.body, parsed)) return "the body is not JSON";
    const auto body = json::object_of(parsed.root());
    if (!body) return "the body is not a JSON object";
    request.model = std::string(json::string_at(*body, "model").value_or(""));
    if (request.model.empty()) return "missing required parameter: 'model'";
    if (!json::find(*body, "input")) return "missing required parameter: 'input'";
    if (std::string complaint = read_input(*body, request); !complaint.empty()) return complaint;
    if (const auto text = json::string_at(*body, "instructions"))
        request.instructions = std::string(*text);
    const auto text = json::object_at(*body, "text");
    const auto format = text ? json::object_at(*text, "format") : std::nullopt;
    const auto schema = format ? json::find(*format, "schema") : std::nullopt;
    if (schema) request.output_schema = simdjson::minify(*schema);
    request.stream = json::boolean_at(*body, "stream").value_or(false);
    request.stream_usage = request.stream;
    return {};
}

/// Whether a request is for Opper's OpenResponses endpoint.
inline bool is_open(const recorded_request& request) {
    const std::string_view target = request.target;
    return target.substr(0, target.find('?')).ends_with("/openresponses");
}

/// Whether deltas carry the random text that hides their size: always, unless declined.
inline bool is_obfuscated(const recorded_request& request) {
    json::document parsed;
    if (is_open(request) || json::document::parse(request.body, parsed)) return false;
    bool wanted = true;
    return parsed.root().at_pointer("/stream_options/include_obfuscation").get(wanted) || wanted;
}

/// So long that all pieces of a few letters are of one size; the same in every run.
inline std::string_view noise_for(std::string_view event) {
    constexpr std::string_view noise = "k8PqZ3vXw0LmR7tY";
    return noise.substr(event.size() % noise.size());
}

/// A response is incomplete for this reason, empty if it is complete.
inline std::string incomplete_reason(const planned_answer& answer) {
    if (answer.finish_reason == "stop" || answer.finish_reason == "tool_calls") return {};
    return answer.finish_reason == "length" ? "max_output_tokens" : answer.finish_reason;
}

/// The part of a made-up id that tells answers apart.
inline std::string number_of(const planned_answer& answer) {
    return answer.id.substr(answer.id.rfind('-') + 1);
}

/// Opper's item with what an answer cost, as it is added or whole.
inline std::string cost_item(const planned_answer& answer, std::string_view status) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.member("id", "opper_" + number_of(answer));
    out.member("type", "opper:usage");
    out.member("status", status);
    out.member_if("cost_usd", answer.cost);
    out.member("execution_ms", 1);
    out.key("models_used");
    out.begin_array();
    out.string(answer.model);
    out.end_array();
    out.end_object();
    return text;
}

/// A writer that has got the whole answer, and told its events to `on_event`.
inline wire::responses_answer_writer write_answer(
    const planned_answer& answer, const recorded_request& request,
    wire::responses_answer_writer::event_handler on_event) {
    const bool open = is_open(request);
    wire::responses_answer_writer writer({"resp_" + number_of(answer), creation_time, answer.model},
                                         wire::responses_settings(request.body, open),
                                         std::move(on_event), open);
    writer.begin();
    if (wants_encrypted_reasoning(request)) writer.encrypt_reasoning(encrypted_reasoning);
    for (const std::string& piece : answer.reasoning)
        writer.reasoning(piece);
    for (const std::string& piece : answer.tokens)
        writer.text(piece);
    if (!answer.refusal.empty()) writer.refusal(answer.refusal);
    for (const tool_call& each : answer.tool_calls) {
        const std::vector<std::string> pieces = pieces_of(each.arguments);
        writer.tool(each, std::vector<std::string_view>(pieces.begin(), pieces.end()));
    }
    const bool has_item = open && answer.cost;
    if (has_item)
        writer.other_item(cost_item(answer, "in_progress"), cost_item(answer, "completed"));
    std::optional<usage> used;
    if (answer.with_usage) used = usage_of(answer);
    writer.finish(incomplete_reason(answer), used, answer.cost, creation_time + 1);
    return writer;
}

inline event_kind kind_of(std::string_view type) {
    if (type.ends_with(".delta")) return event_kind::token;
    const bool opening =
        type.ends_with(".added") || type.ends_with(".created") || type.ends_with(".in_progress");
    return opening ? event_kind::opening : event_kind::closing;
}

}  // namespace responses

/// OpenAI's Responses API, and OpenResponses at Opper's path, for the scripted provider.
class responses_service final : public service {
public:
    bool takes(std::string_view method, std::string_view path) const override {
        return method == "POST" &&
               (path.ends_with("/responses") || path.ends_with("/openresponses"));
    }
    std::string read_request(recorded_request& request) const override {
        return responses::read_request(request);
    }
    std::string error_body(int status, std::string_view message) const override {
        return chat_completions::error_body(status, message);
    }
    std::string whole_answer(const planned_answer& answer,
                             const recorded_request& request) const override {
        std::string text;
        responses::write_answer(answer, request, nullptr).write_response(text);
        return text;
    }
    std::vector<planned_event> stream_events(const planned_answer& answer,
                                             const recorded_request& request) const override {
        std::vector<planned_event> events;
        const bool obfuscated = responses::is_obfuscated(request);
        const auto add = [&](std::string_view type, std::string data) {
            const event_kind kind = responses::kind_of(type);
            if (obfuscated && kind == event_kind::token) {
                data.pop_back();
                data.append(R"(,"obfuscation":")").append(responses::noise_for(data)).append("\"}");
            }
            events.push_back({kind, std::move(data), std::string(type)});
        };
        responses::write_answer(answer, request, add);
        if (responses::is_open(request) && answer.with_done)
            events.push_back({event_kind::closing, "[DONE]"});
        return events;
    }
    std::string error_event_type(std::string_view text) const override {
        json::document parsed;
        if (json::document::parse(text, parsed)) return "error";
        const auto event = json::object_of(parsed.root());
        const auto type = event ? json::string_at(*event, "type") : std::nullopt;
        return std::string(type.value_or("error"));
    }
};

}  // namespace conclave::testing::detail
