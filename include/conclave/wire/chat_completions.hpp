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
#include <conclave/wire/detail/chat_chunk.hpp>
#include <conclave/wire/detail/chat_request.hpp>
#include <conclave/wire/detail/odd_data.hpp>
#include <conclave/wire/detail/stream_end.hpp>
#include <conclave/wire/detail/strict_schema.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/opper_headers.hpp>
#include <conclave/wire/provider_error.hpp>

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

/// Reads one streamed answer. It was complete if the model had given a reason to stop, also without
/// the closing `[DONE]`.
class chat_completions::stream_reader
    : public answer_reader<chat_completions::stream_reader, detail::chat_chunk> {
    friend answer_reader;

    bool read_by_fields(const sse::event& event, delta& piece);
    void read_end();
    void end(std::string_view stray);

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
    const json::padded_text padded(body);
    detail::chat_chunk chunk;
    detail::chat_chunk::content content;
    delta whole;
    if (chunk.read(padded.view(), out, whole, content)) {
        return detail::reply_not_json(body);
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

// Returns whether there was nothing but the piece.
inline bool chat_completions::stream_reader::read_by_fields(const sse::event& event, delta& piece) {
    detail::chat_chunk::content content;
    if (event.type == "error") {
        fail(read_provider_error(0, event.data));
    } else if (event_.read(event.data, result_, piece, content)) {
        // the usual case first: all that is not an object is looked at only when this has failed
        if (read_odd_data(event) == detail::odd_data::done) read_end();
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

inline void chat_completions::stream_reader::read_end() {
    if (has_choice_) return complete();
    fail({errc::truncated_stream, "the stream ended without an answer", {}, 0});
}

inline void chat_completions::stream_reader::end(std::string_view stray) {
    if (has_finish_) return complete();
    answer_reader::end(stray);
}

}  // namespace conclave::wire
