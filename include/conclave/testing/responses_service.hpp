#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/chat_completions_service.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/responses_document.hpp>
#include <conclave/testing/service.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// OpenAI's Responses API, and OpenResponses as Opper has it.
namespace responses {

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

/// Whether deltas carry the random text that hides their size: always, unless declined.
inline bool is_obfuscated(const recorded_request& request) {
    json::document parsed;
    if (is_open(request) || json::document::parse(request.body, parsed)) return false;
    bool wanted = true;
    return parsed.root().at_pointer("/stream_options/include_obfuscation").get(wanted) || wanted;
}

/// The events of one stream, numbered.
class event_list {
public:
    event_list(const planned_answer& answer, const recorded_request& request)
        : answer_(answer), request_(request), obfuscated_(is_obfuscated(request)) {}

    std::vector<planned_event> make() {
        const bool open = is_open(request_);
        add_response(event_kind::opening, "response.created", false);
        add_response(event_kind::opening, "response.in_progress", false);
        for (const item& each : items_of(answer_, request_)) {
            add_item(event_kind::opening, "response.output_item.added", each, false);
            if (each.what == item::kind::reasoning) add_reasoning(each);
            if (each.what == item::kind::message) add_message(each);
            if (each.what == item::kind::function_call) add_call(each);
            add_item(event_kind::closing, "response.output_item.done", each, true);
            ++output_index_;
        }
        const bool complete = incomplete_reason(answer_).empty();
        add_response(event_kind::closing, complete ? "response.completed" : "response.incomplete",
                     true);
        if (open && answer_.with_done) events_.push_back({event_kind::closing, "[DONE]"});
        return std::move(events_);
    }

private:
    /// Where in the output a piece is; `index` has the name and the number of its part.
    struct place {
        const item& of;
        std::string_view index;
        std::size_t number;
    };

    template <class Write>
    void add(event_kind kind, std::string_view type, Write&& write) {
        planned_event event{kind, {}, std::string(type)};
        json::writer out(event.data);
        out.begin_object();
        out.member("type", type);
        out.member("sequence_number", events_.size());
        write(out);
        out.end_object();
        events_.push_back(std::move(event));
    }

    void add_response(event_kind kind, std::string_view type, bool whole) {
        add(kind, type, [&](json::writer& out) {
            out.key("response");
            write_response(out, answer_, request_, whole);
        });
    }

    void add_item(event_kind kind, std::string_view type, const item& what, bool whole) {
        add(kind, type, [&](json::writer& out) {
            out.member("output_index", output_index_);
            out.key("item");
            what.write(out, whole);
        });
    }

    void write_place(json::writer& out, const place& where) const {
        out.member("item_id", where.of.id);
        out.member("output_index", output_index_);
        if (!where.index.empty()) out.member(where.index, where.number);
    }

    void add_part(event_kind kind, std::string_view type, const place& where,
                  std::string_view part_type, std::string_view text) {
        add(kind, type, [&](json::writer& out) {
            write_place(out, where);
            out.key("part");
            write_part(out, part_type, text);
        });
    }

    /// The pieces of a text, and then the whole of it under the name that it has there.
    void add_text(std::string_view type, const place& where, const std::vector<std::string>& pieces,
                  std::string_view whole_name) {
        const bool is_text = type == "response.output_text";
        const std::string name(type);
        for (const std::string& piece : pieces) {
            add(event_kind::token, name + ".delta", [&](json::writer& out) {
                write_place(out, where);
                out.member("delta", piece);
                if (is_text) out.member_raw("logprobs", "[]");
                if (obfuscated_) out.member("obfuscation", noise_for(piece));
            });
        }
        add(event_kind::closing, name + ".done", [&](json::writer& out) {
            write_place(out, where);
            out.member(whole_name, join(pieces));
            if (is_text) out.member_raw("logprobs", "[]");
        });
    }

    void add_reasoning(const item& what) {
        const place where{what, what.open ? "content_index" : "summary_index", 0};
        const std::string_view part = what.open ? "reasoning_text" : "summary_text";
        const std::string added =
            what.open ? "response.content_part" : "response.reasoning_summary_part";
        add_part(event_kind::opening, added + ".added", where, part, "");
        add_text(what.open ? "response.reasoning" : "response.reasoning_summary_text", where,
                 answer_.reasoning, "text");
        add_part(event_kind::closing, added + ".done", where, part, join(answer_.reasoning));
    }

    void add_message(const item& what) {
        std::size_t parts = 0;
        const auto add_content = [&](std::string_view part, const std::vector<std::string>& pieces,
                                     std::string_view whole_name) {
            const place where{what, "content_index", parts++};
            add_part(event_kind::opening, "response.content_part.added", where, part, "");
            add_text("response." + std::string(part), where, pieces, whole_name);
            add_part(event_kind::closing, "response.content_part.done", where, part, join(pieces));
        };
        if (what.has_text()) add_content("output_text", answer_.tokens, "text");
        if (!answer_.refusal.empty()) add_content("refusal", {answer_.refusal}, "refusal");
    }

    void add_call(const item& what) {
        add_text("response.function_call_arguments", {what, {}, 0},
                 pieces_of(what.called.arguments), "arguments");
    }

    /// So long that all pieces of a few letters are of one size; the same in every run.
    static std::string noise_for(std::string_view piece) {
        constexpr std::size_t size = 16;
        return std::string("k8PqZ3vXw0LmR7tY").substr(0, size - piece.size() % size);
    }

    const planned_answer& answer_;
    const recorded_request& request_;
    bool obfuscated_;
    std::size_t output_index_ = 0;
    std::vector<planned_event> events_;
};

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
        json::writer out(text);
        responses::write_response(out, answer, request, true);
        return text;
    }
    std::vector<planned_event> stream_events(const planned_answer& answer,
                                             const recorded_request& request) const override {
        return responses::event_list(answer, request).make();
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
