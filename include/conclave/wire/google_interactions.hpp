#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/json/padded_text.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/wire/answer_reader.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/google_finish.hpp>
#include <conclave/wire/detail/google_request.hpp>
#include <conclave/wire/detail/google_schema.hpp>
#include <conclave/wire/detail/interactions_calls.hpp>
#include <conclave/wire/detail/interactions_event.hpp>
#include <conclave/wire/detail/interactions_request.hpp>
#include <conclave/wire/detail/interactions_status.hpp>
#include <conclave/wire/detail/sampling.hpp>
#include <conclave/wire/detail/schema_prompt.hpp>
#include <conclave/wire/detail/stream_end.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire {

/// Google's Interactions API, at `https://generativelanguage.googleapis.com` and at gateways.
/// Nothing is stored at Google: each request carries the whole conversation. Bytes in, values out;
/// no I/O.
struct google_interactions {
    /// The two shapes that the API has had.
    enum class shape {
        /// Since May 2026: a conversation of `steps`.
        steps,
        /// Before: turns, and an answer of `outputs`. Gateways may still have it.
        outputs,
    };

    /// The API's version, the first part of every path.
    std::string api_version = "v1beta";
    /// The shape of the requests. Replies are read in both.
    shape writes = shape::steps;
    /// Send the key as `Authorization: Bearer`, which OAuth and gateways want, instead of as
    /// `x-goog-api-key`.
    bool bearer = false;
    /// Send an output schema as `response_format`. When false it goes into the system instruction
    /// instead.
    bool json_schema = true;
    /// The models that do not think, by how their names, without what stands before the last slash,
    /// begin. A call's reasoning effort is dropped for them, with a note.
    std::vector<std::string> without_thinking = {"gemini-1.", "gemini-2.0", "gemma-3"};
    /// The models that refuse `temperature` and `top_p`, told likewise. A call's are dropped for
    /// them, with a note.
    std::vector<std::string> without_sampling = {};

    /// See `chat_completions::target`.
    std::string target(std::string_view, bool) const { return "/" + api_version + "/interactions"; }

    /// See `chat_completions::models_target`.
    std::string models_target() const { return "/" + api_version + "/models?pageSize=1000"; }

    /// See `chat_completions::header`. Also names the shape.
    std::vector<http::field> header(std::string_view key) const;

    /// See `chat_completions::write_request`.
    std::vector<std::string> write_request(const call& what, std::string_view model, bool stream,
                                           std::string& out) const;

    /// See `chat_completions::read_reply`. An interaction that is incomplete, whatever the reason,
    /// has `finish_reason::length` and a note; one that failed or was cancelled is a failure.
    static std::optional<failure> read_reply(std::string_view body, completion& out);

    /// Reads the body of a reply with an error status; see `read_provider_error`.
    static failure read_error(int status, std::string_view body) {
        return read_provider_error(status, body);
    }

    class stream_reader;

private:
    void write_config(const call& what, std::string_view model, json::writer& to,
                      std::vector<std::string>& notes) const;
};

/// Reads one streamed answer. It was complete if its last status had said so, also without the
/// closing event.
class google_interactions::stream_reader
    : public answer_reader<google_interactions::stream_reader, detail::interactions_event> {
    friend answer_reader;

    using event_content = detail::interactions_event::content;

    bool read_by_fields(const sse::event& event, delta& piece);
    bool read_item(const event_content& content, bool is_delta, delta& piece);
    void read_state(const event_content& content);
    void read_end(const event_content& content, delta& piece);
    void end_with(event_content content, delta& piece);
    void read_odd_event(const sse::event& event);
    void end(std::string_view stray);

    detail::interactions_calls calls_;
    std::string last_status_;
    // what a step said of an error
    std::string error_code_;
    std::string error_message_;
    // of an answer that came with its end
    std::string late_text_;
    std::string late_reasoning_;
};

inline std::vector<http::field> google_interactions::header(std::string_view key) const {
    std::vector<http::field> fields;
    if (!key.empty() && bearer) fields.push_back({"Authorization", "Bearer " + std::string(key)});
    if (!key.empty() && !bearer) fields.push_back({"x-goog-api-key", std::string(key)});
    fields.push_back({"Api-Revision", writes == shape::steps ? "2026-05-20" : "2026-05-07"});
    return fields;
}

inline std::vector<std::string> google_interactions::write_request(const call& what,
                                                                   std::string_view model,
                                                                   bool stream,
                                                                   std::string& out) const {
    const bool has_schema = !what.output_schema().empty();
    std::optional<std::string> schema;
    if (has_schema && json_schema) schema = detail::to_google_schema(what.output_schema());
    json::writer to(out);
    to.begin_object();
    to.member("model", model);
    std::vector<std::string> notes =
        detail::interactions_input(writes == shape::steps, to).write(what.messages());
    const std::string instructions =
        has_schema && !schema ? detail::instructions_with_schema(what) : what.instructions();
    if (!instructions.empty()) to.member("system_instruction", instructions);
    write_config(what, model, to, notes);
    if (schema) detail::write_interactions_schema(*schema, writes == shape::steps, to);
    detail::write_interactions_tools(what, to);
    if (stream) to.member("stream", true);
    to.member("store", false);
    to.end_object();
    return notes;
}

inline void google_interactions::write_config(const call& what, std::string_view model,
                                              json::writer& to,
                                              std::vector<std::string>& notes) const {
    const std::string_view name = detail::model_part(model);
    std::string config;
    json::writer in(config);
    in.begin_object();
    for (std::string& note : detail::write_sampling(what, name, without_sampling, in))
        notes.push_back(std::move(note));
    in.member_if("max_output_tokens", what.max_tokens());
    if (what.reasoning()) {
        const bool off = *what.reasoning() == reasoning_effort::none;
        if (!detail::is_among(name, without_thinking)) {
            in.member("thinking_level", detail::thinking_level(*what.reasoning(), model));
            if (!off) in.member("thinking_summaries", "auto");
            if (off) notes.emplace_back(detail::least_reasoning_note);
        } else if (!off) {
            notes.push_back(detail::dropped_note("reasoning"));
        }
    }
    if (what.tool_choice() && !what.tools().empty())
        detail::write_interactions_tool_choice(*what.tool_choice(), in);
    in.end_object();
    if (config != "{}") to.member_raw("generation_config", config);
}

inline std::optional<failure> google_interactions::read_reply(std::string_view body,
                                                              completion& out) {
    const json::padded_text padded(body);
    detail::interactions_event reader;
    detail::interactions_event::content content;
    if (reader.read(padded.view(), content)) {
        if (detail::tells_of_error(body)) return read_provider_error(0, body);
        return detail::reply_not_json(body);
    }
    if (content.has_error) return read_provider_error(0, body);
    if (content.status.empty() && reader.items().empty()) {
        return failure{errc::malformed_reply, "the reply is no interaction", {}, 0};
    }
    out.id = content.id;
    out.model = content.model;
    out.usage = content.usage;
    detail::interactions_calls calls;
    for (const auto& each : reader.items()) {
        if (!calls.add(each, std::nullopt, out.tool_calls)) return detail::too_many_tool_calls();
        const auto target = detail::interactions_event::target_of(each.type);
        if (target == &delta::text) out.text += each.text;
        if (target == &delta::reasoning) out.reasoning += each.text;
    }
    calls.complete(out.tool_calls);
    delta withheld;
    auto failed = detail::take_interactions_status(content, out, withheld);
    out.refusal = withheld.refusal;
    return failed;
}

// Returns whether there was nothing but the piece.
inline bool google_interactions::stream_reader::read_by_fields(const sse::event& event,
                                                               delta& piece) {
    event_content content;
    if (event_.read(event.data, content)) {
        read_odd_event(event);
        return false;
    }
    if (content.type.empty()) content.type = event.type;
    if (content.type == "error" || content.has_error) {
        fail(read_provider_error(0, event.data));
    } else if (detail::interactions_event::has_new_text(content.type)) {
        return read_item(content, content.type.ends_with("delta"), piece);
    } else if (content.type == "interaction.completed" || content.type == "interaction.complete") {
        read_end(content, piece);
    } else if (content.type.starts_with("interaction.")) {
        read_state(content);
    }
    return false;
}

inline bool google_interactions::stream_reader::read_item(const event_content& content,
                                                          bool is_delta, delta& piece) {
    if (!content.has_item || event_.items().empty()) return false;
    const auto& item = event_.items().front();
    if (const auto target = detail::interactions_event::target_of(item.type)) {
        piece.*target = item.text;
        if (is_delta && item.signature.empty() && !content.joined) return true;
    }
    if (!content.error_message.empty()) {
        error_code_ = content.error_code;
        error_message_ = content.error_message;
    }
    if (is_delta) piece.tool_arguments = item.arguments;
    if (!calls_.add(item, content.index, result_.tool_calls)) fail(detail::too_many_tool_calls());
    return false;
}

inline void google_interactions::stream_reader::read_state(const event_content& content) {
    if (result_.id.empty()) result_.id = content.id;
    if (result_.model.empty()) result_.model = content.model;
    if (content.usage) result_.usage = content.usage;
    if (!content.status.empty()) last_status_ = content.status;
}

// The interaction may come once more as a whole: for those who have seen nothing of it.
inline void google_interactions::stream_reader::read_end(const event_content& content,
                                                         delta& piece) {
    read_state(content);
    if (result_.text.empty() && result_.reasoning.empty() && result_.tool_calls.empty()) {
        for (const auto& each : event_.items()) {
            const auto target = detail::interactions_event::target_of(each.type);
            if (target == &delta::text) late_text_ += each.text;
            if (target == &delta::reasoning) late_reasoning_ += each.text;
            if (!calls_.add(each, std::nullopt, result_.tool_calls)) {
                fail(detail::too_many_tool_calls());
                return;
            }
        }
        piece.text = late_text_;
        piece.reasoning = late_reasoning_;
    }
    end_with(content, piece);
}

inline void google_interactions::stream_reader::end_with(event_content content, delta& piece) {
    if (content.status.empty())
        content.status =
            detail::is_final_status(last_status_) ? std::string_view(last_status_) : "completed";
    if (content.error_message.empty()) {
        content.error_code = error_code_;
        content.error_message = error_message_;
    }
    calls_.complete(result_.tool_calls);
    if (auto failed = detail::take_interactions_status(content, result_, piece)) {
        fail(std::move(*failed));
    } else {
        complete();
    }
}

// What is not a JSON object: the end, or an error in an array.
inline void google_interactions::stream_reader::read_odd_event(const sse::event& event) {
    const detail::odd_data what = read_odd_data(event);
    if (what == detail::odd_data::done) {
        end({});
    } else if (what == detail::odd_data::ignored && detail::tells_of_error(event.data)) {
        fail(read_provider_error(0, event.data));
    }
}

inline void google_interactions::stream_reader::end(std::string_view stray) {
    if (!detail::is_final_status(last_status_) || detail::tells_of_error(stray)) {
        return answer_reader::end(stray);
    }
    delta unseen;  // there is nobody left to show it to; the notes have it
    end_with({}, unseen);
}

}  // namespace conclave::wire
