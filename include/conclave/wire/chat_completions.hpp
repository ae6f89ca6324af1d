#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/json/fields.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/chat_chunk.hpp>
#include <conclave/wire/detail/chat_request.hpp>
#include <conclave/wire/detail/odd_data.hpp>
#include <conclave/wire/detail/stream_end.hpp>
#include <conclave/wire/detail/strict_schema.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/opper_headers.hpp>
#include <conclave/wire/provider_error.hpp>
#include <conclave/wire/template_set.hpp>

namespace conclave::wire {

/// OpenAI Chat Completions, the format that most servers speak, with the dialects of DeepSeek,
/// OpenRouter, vLLM, SGLang, llama.cpp, Ollama and Opper. Bytes in, values out; no I/O.
struct chat_completions {
    /// Send the token limit as `max_completion_tokens`, which OpenAI's reasoning models want,
    /// instead of `max_tokens`, which all others know.
    bool max_completion_tokens = false;
    /// Ask for the usage of a streamed answer (`stream_options`).
    bool include_usage = true;
    /// Send an output schema as `response_format`. When false it goes into the system message
    /// instead, as it does always if it is not one of objects.
    bool json_schema = true;
    /// Hold the model to an output schema exactly (`strict`), in the words that this takes, if the
    /// schema can be said in them: optional members become ones that may be null.
    bool strict_schema = true;
    /// The models that refuse `temperature` and `top_p`, by how their names at this endpoint begin,
    /// such as OpenAI's reasoning models. A call's are dropped for them, with a note.
    std::vector<std::string> without_sampling = {};
    /// What Opper's gateway takes beside the body.
    opper_headers opper = {};

    /// Where a request goes, below the endpoint's base URL.
    std::string target(std::string_view model, bool stream) const;

    /// Where the list of models is, below the endpoint's base URL.
    std::string models_target() const { return "/models"; }

    /// Where embeddings are, below the endpoint's base URL. A format that has no such function has
    /// no embeddings; those that do have OpenAI's.
    std::string embeddings_target() const { return "/embeddings"; }

    /// The header fields that say whose request it is, and of what version; no key is sent if it is
    /// empty.
    std::vector<http::field> header(std::string_view key) const;

    /// Appends the request's JSON body to `out`. `model` is the name as the endpoint knows it; the
    /// call's own is not looked at, nor are its values checked. Returns a note for each setting
    /// that was dropped because the model refuses it.
    std::vector<std::string> write_request(const call& what, std::string_view model, bool stream,
                                           std::string& out) const;

    /// Reads the whole body of a reply of status 200. Returns why it is no answer, or nothing if
    /// it is one; a refusal is one. `out` is to be fresh.
    static std::optional<failure> read_reply(std::string_view body, completion& out);

    /// Reads the body of a reply with an error status; see `read_provider_error`.
    static failure read_error(int status, std::string_view body) {
        return read_provider_error(status, body);
    }

    class stream_reader;
};

/// Reads one streamed answer, event by event, most of them by a template. After an event or two it
/// allocates for nothing but the growing `result`.
class chat_completions::stream_reader {
public:
    /// Takes the next event from `events` and reads it. What is new in the answer is appended to
    /// `result`, and shown in `piece`: views that are valid until the next read or until the
    /// parser's buffer moves. Returns false, with `piece` empty, if there is no event until more
    /// bytes come, or none is wanted, as `state` tells.
    bool next(sse::parser& events, delta& piece);

    /// Reads one event, behind whose data `json::field_reader::padding` bytes are readable, as
    /// `next` does: for those who take the events from a parser themselves.
    stream_status read(const sse::event& event, delta& piece);

    /// Where the answer stands.
    stream_status state() const noexcept { return status_; }

    /// Says that the stream has ended. The answer was complete if the model had given a reason to
    /// stop, also without the closing `[DONE]`; else this is `errc::truncated_stream`, or what
    /// `stray`, the parser's stray lines, tells of an error.
    stream_status finish(std::string_view stray = {});

    /// The answer so far.
    completion& result() noexcept { return result_; }

    /// Why the answer failed; means something once `stream_status::failed` was returned.
    const failure& error() const noexcept { return error_; }

    /// How many events were read by a template, and how many were not.
    const template_set& templates() const noexcept { return templates_; }

private:
    bool read_by_fields(const sse::event& event, delta& piece);
    stream_status fail(failure why) {
        error_ = std::move(why);
        return status_ = stream_status::failed;
    }
    stream_status read_end();
    void read_unparsable(const sse::event& event);
    void keep(const delta& piece);

    detail::chat_chunk chunk_;
    template_set templates_{detail::chat_chunk::rules};
    completion result_;
    failure error_;
    stream_status status_ = stream_status::more;
    bool has_choice_ = false;
    bool has_finish_ = false;
};

namespace detail {

// The word for why the model stopped; also those of older servers.
inline finish_reason to_finish_reason(std::string_view word) noexcept {
    if (word == "stop") return finish_reason::stop;
    if (word == "length") return finish_reason::length;
    if (word == "tool_calls" || word == "function_call") return finish_reason::tool_calls;
    if (word == "content_filter") return finish_reason::content_filter;
    return finish_reason::unknown;
}

}  // namespace detail

inline std::string chat_completions::target(std::string_view, bool) const {
    return "/chat/completions";
}

inline std::vector<http::field> chat_completions::header(std::string_view key) const {
    std::vector<http::field> own;
    if (!key.empty()) own.push_back({"Authorization", "Bearer " + std::string(key)});
    opper.append_to(own);
    return own;
}

inline std::vector<std::string> chat_completions::write_request(const call& what,
                                                                std::string_view model, bool stream,
                                                                std::string& out) const {
    const bool has_schema = !what.output_schema().empty();
    std::optional<detail::openai_schema> schema;
    if (has_schema && json_schema)
        schema = detail::to_openai_schema(what.output_schema(), strict_schema);
    json::writer to(out);
    to.begin_object();
    to.member("model", model);
    detail::write_chat_messages(what, has_schema && !schema, to);
    auto notes = detail::write_sampling(what, model, without_sampling, to);
    to.member_if(max_completion_tokens ? "max_completion_tokens" : "max_tokens", what.max_tokens());
    if (what.reasoning()) to.member("reasoning_effort", to_string(*what.reasoning()));
    if (schema) detail::write_chat_schema(*schema, to);
    detail::write_chat_tools(what, to);
    if (stream) {
        to.member("stream", true);
        if (include_usage) {
            to.key("stream_options");
            to.begin_object();
            to.member("include_usage", true);
            to.end_object();
        }
    }
    to.end_object();
    return notes;
}

inline std::optional<failure> chat_completions::read_reply(std::string_view body, completion& out) {
    std::string padded;
    padded.reserve(body.size() + json::field_reader::padding);
    padded.append(body).append(json::field_reader::padding, ' ');
    detail::chat_chunk chunk;
    detail::chat_chunk::content content;
    delta whole;
    if (chunk.read(std::string_view(padded).substr(0, body.size()), out, whole, content)) {
        return failure{errc::malformed_json,
                       "the reply is not a JSON object: " + detail::excerpt(body),
                       {},
                       0};
    }
    if (content.has_error || content.finish == "error") return read_provider_error(0, body);
    if (!content.has_choice) {
        return failure{errc::malformed_reply, "the reply has no choice in it", {}, 0};
    }
    if (content.has_too_many_tools) return detail::too_many_tool_calls();
    out.text = whole.text;
    out.reasoning = whole.reasoning;
    out.refusal = whole.refusal;
    out.finish = detail::to_finish_reason(content.finish);
    return std::nullopt;
}

inline bool chat_completions::stream_reader::next(sse::parser& events, delta& piece) {
    piece = {};
    if (status_ != stream_status::more) return false;
    const auto how = templates_.next(events, piece, [this](const sse::event& event, delta& out) {
        return read_by_fields(event, out);
    });
    if (how == found::nothing) return false;
    keep(piece);
    return true;
}

inline stream_status chat_completions::stream_reader::read(const sse::event& event, delta& piece) {
    piece = {};
    if (status_ != stream_status::more || event.kind != sse::event_kind::message) return status_;
    templates_.read(event, piece, [this](const sse::event& each, delta& out) {
        return read_by_fields(each, out);
    });
    keep(piece);
    return status_;
}

// Returns whether there was nothing but the piece.
inline bool chat_completions::stream_reader::read_by_fields(const sse::event& event, delta& piece) {
    if (event.kind != sse::event_kind::message) return false;
    detail::chat_chunk::content content;
    if (event.type == "error") {
        fail(read_provider_error(0, event.data));
    } else if (chunk_.read(event.data, result_, piece, content)) {
        // the usual case first: all that is not an object is looked at only when this has failed
        read_unparsable(event);
    } else if (content.has_error || content.finish == "error") {
        piece = {};
        fail(read_provider_error(0, event.data));
    } else if (content.has_too_many_tools) {
        fail(detail::too_many_tool_calls());
    } else {
        has_choice_ |= content.has_choice;
        if (content.finish.empty()) {
            return !content.has_usage && !content.joined && !content.has_tools;
        }
        has_finish_ = true;
        result_.finish = detail::to_finish_reason(content.finish);
    }
    return false;
}

inline stream_status chat_completions::stream_reader::finish(std::string_view stray) {
    if (status_ == stream_status::more) {
        if (has_finish_) return status_ = stream_status::done;
        fail(detail::early_end(stray, "the stream ended before the answer was complete"));
    }
    return status_;
}

inline stream_status chat_completions::stream_reader::read_end() {
    if (has_choice_) return status_ = stream_status::done;
    return fail({errc::truncated_stream, "the stream ended without an answer", {}, 0});
}

// What is not a JSON object: the end, an empty event, JSON of another kind, or nonsense.
inline void chat_completions::stream_reader::read_unparsable(const sse::event& event) {
    switch (detail::judge_odd_data(event)) {
        case detail::odd_data::done: read_end(); return;
        case detail::odd_data::ignored: return;  // `finish` judges a stream that was cut
        case detail::odd_data::nonsense: break;
    }
    fail({errc::malformed_json,
          "an event of the stream is not JSON: " + detail::excerpt(event.data),
          {},
          0});
}

inline void chat_completions::stream_reader::keep(const delta& piece) {
    result_.text += piece.text;
    result_.reasoning += piece.reasoning;
    result_.refusal += piece.refusal;
}

}  // namespace conclave::wire
