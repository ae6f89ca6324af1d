#pragma once

#include <conclave/json/document.hpp>
#include <conclave/testing/recorded_request.hpp>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace conclave::testing::detail::anthropic_messages {

/// What proves to Anthropic that thinking is its own.
inline constexpr std::string_view signature = "EqQBCgIYAhIMc2NyaXB0ZWQgdGhvdWdodHM=";

/// Calls `visit(type, block)` for each block of a message's content, or of the system prompt.
template <class Visitor>
void each_block(const simdjson::dom::object& owner, std::string_view key, Visitor&& visit) {
    const auto blocks = json::array_at(owner, key);
    if (!blocks) return;
    for (const simdjson::dom::element element : *blocks) {
        const auto block = json::object_of(element);
        if (block) visit(json::string_at(*block, "type").value_or(""), *block);
    }
}

/// The text of a message or of the system prompt: a string, or the text blocks of an array.
inline std::string text_of(const simdjson::dom::object& owner, std::string_view key) {
    if (const auto text = json::string_at(owner, key)) return std::string(*text);
    std::string joined;
    each_block(owner, key, [&](std::string_view type, const simdjson::dom::object& block) {
        if (type == "text") joined += json::string_at(block, "text").value_or("");
    });
    return joined;
}

/// What Anthropic would say against a conversation: an empty text, a tool's call or result without
/// the other in the turn beside it, thinking that is not its own, or, where it is told how much to
/// think, a call of a tool whose turn does not begin with the thinking that led to it.
class conversation_check {
public:
    explicit conversation_check(bool thinks) : thinks_(thinks) {}

    /// Takes the next turn. Returns what is wrong with it, or nothing.
    std::string take(const simdjson::dom::object& turn) {
        const std::string_view role = json::string_at(turn, "role").value_or("");
        if (role != "user" && role != "assistant") return "messages: unexpected role";
        std::string complaint;
        std::set<std::string, std::less<>> calls;
        std::string first;
        bool has_result = false;
        if (json::string_at(turn, "content") == "") complaint = "messages: content is empty";
        each_block(turn, "content", [&](std::string_view type, const simdjson::dom::object& block) {
            if (first.empty()) first = type;
            has_result |= type == "tool_result";
            if (type == "thinking" && json::string_at(block, "signature") != signature) {
                complaint = "messages: Invalid `signature` in `thinking` block";
            }
            if (type == "text" && json::string_at(block, "text").value_or("").empty()) {
                complaint = "messages: text content blocks must be non-empty";
            } else if (type == "tool_use") {
                calls.emplace(json::string_at(block, "id").value_or(""));
            } else if (type == "tool_result" &&
                       open_.erase(
                           std::string(json::string_at(block, "tool_use_id").value_or(""))) == 0) {
                complaint = "messages: unexpected `tool_use_id` in a `tool_result` block";
            }
        });
        if (!open_.empty()) complaint = without_results();
        open_ = std::move(calls);
        if (role == "assistant") last_begins_with_ = first;
        ends_in_result_ = has_result;
        return complaint;
    }

    /// Says that there are no more turns.
    std::string end() const {
        if (!open_.empty()) return without_results();
        const bool has_thinking =
            last_begins_with_ == "thinking" || last_begins_with_ == "redacted_thinking";
        if (!thinks_ || !ends_in_result_ || has_thinking) return {};
        return "messages: Expected `thinking` or `redacted_thinking`, but found `" +
               last_begins_with_ + "`";
    }

private:
    static std::string without_results() {
        return "messages: `tool_use` ids were found without `tool_result` blocks immediately after";
    }

    bool thinks_;
    std::string last_begins_with_;
    bool ends_in_result_ = false;
    std::set<std::string, std::less<>> open_;  // calls whose results have to come next
};

inline std::string read_messages(const simdjson::dom::array& messages, bool thinks,
                                 recorded_request& request) {
    conversation_check check(thinks);
    for (const simdjson::dom::element element : messages) {
        const auto message = json::object_of(element);
        if (!message) return "messages: not an object";
        const std::string complaint = check.take(*message);
        if (!complaint.empty()) return complaint;
        if (json::string_at(*message, "role") == "user") {
            request.prompt = text_of(*message, "content");
        }
    }
    return check.end();
}

/// What the version asked for says against a request's members.
inline std::string check_version(const simdjson::dom::object& body,
                                 const recorded_request& request) {
    const auto version = request.header.find("anthropic-version");
    if (!version) return "anthropic-version: header is required";
    if (*version == "2023-06-01") return {};
    if (*version != "2026-10-21") return "anthropic-version: not a version of the API";
    for (const std::string_view gone : {"temperature", "top_p", "top_k"}) {
        if (json::find(body, gone)) return std::string(gone) + ": Extra inputs are not permitted";
    }
    return {};
}

inline std::string read_schema(const simdjson::dom::object& body) {
    const auto config = json::object_at(body, "output_config");
    const auto format = config ? json::object_at(*config, "format") : std::nullopt;
    const auto schema = format ? json::find(*format, "schema") : std::nullopt;
    return schema ? simdjson::minify(*schema) : std::string();
}

/// Reads the request's body into its other fields. Returns what is wrong with it, or nothing.
inline std::string read_request(recorded_request& request) {
    json::document parsed;
    if (json::document::parse(request.body, parsed)) return "the body is not JSON";
    const auto body = json::object_of(parsed.root());
    if (!body) return "the body is not a JSON object";
    request.model = std::string(json::string_at(*body, "model").value_or(""));
    request.stream = json::boolean_at(*body, "stream").value_or(false);
    request.stream_usage = request.stream;
    request.instructions = text_of(*body, "system");
    request.output_schema = read_schema(*body);
    if (request.model.empty()) return "model: Field required";
    if (!json::integer_at(*body, "max_tokens")) return "max_tokens: Field required";
    const auto messages = json::array_at(*body, "messages");
    if (!messages) return "messages: Field required";
    std::string complaint = check_version(*body, request);
    if (!complaint.empty()) return complaint;
    const auto thinking = json::object_at(*body, "thinking");
    const bool thinks = thinking && json::string_at(*thinking, "type") == "enabled";
    return read_messages(*messages, thinks, request);
}

}  // namespace conclave::testing::detail::anthropic_messages
