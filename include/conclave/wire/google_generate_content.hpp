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
#include <conclave/wire/detail/google_chunk.hpp>
#include <conclave/wire/detail/google_finish.hpp>
#include <conclave/wire/detail/google_request.hpp>
#include <conclave/wire/detail/google_schema.hpp>
#include <conclave/wire/detail/sampling.hpp>
#include <conclave/wire/detail/schema_prompt.hpp>
#include <conclave/wire/detail/stream_end.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire {

/// Google's `generateContent` and `streamGenerateContent`, of the Gemini API at
/// `https://generativelanguage.googleapis.com` and of gateways. Bytes in, values out; no I/O.
///
/// Members that are lists say of models by how their names begin, without what stands before the
/// last slash.
struct google_generate_content {
    /// The API's version, the first part of every path.
    std::string api_version = "v1beta";
    /// Send the key as `Authorization: Bearer`, which OAuth and gateways want, instead of as
    /// `x-goog-api-key`.
    bool bearer = false;
    /// Send an output schema as `responseJsonSchema`, in the words that this takes. When false, or
    /// when it cannot be said in them, it goes into the system instruction instead.
    bool json_schema = true;
    /// The models that take an output schema or tools, and not both: with tools, the schema goes
    /// into the system instruction.
    std::vector<std::string> schema_or_tools = {"gemini-1.", "gemini-2."};
    /// The models that do not think. A call's reasoning effort is dropped for them, with a note.
    std::vector<std::string> without_thinking = {"gemini-1.", "gemini-2.0", "gemma-3"};
    /// The models that take the effort as a number of tokens; all others take a level.
    std::vector<std::string> thinking_budget = {"gemini-2.5"};
    /// The models that refuse `temperature` and `topP`. A call's are dropped for them, with a note.
    std::vector<std::string> without_sampling = {};

    /// See `chat_completions::target`. The model's name is in it, percent-encoded but for the
    /// slashes that names at gateways have.
    std::string target(std::string_view model, bool stream) const;

    /// See `chat_completions::models_target`.
    std::string models_target() const { return "/" + api_version + "/models?pageSize=1000"; }

    /// See `chat_completions::header`.
    std::vector<http::field> header(std::string_view key) const;

    /// See `chat_completions::write_request`.
    std::vector<std::string> write_request(const call& what, std::string_view model, bool stream,
                                           std::string& out) const;

    /// See `chat_completions::read_reply`. A prompt or an answer that Google withheld is one, with
    /// `finish_reason::content_filter`; an answer that stops at Google's limit for one request has
    /// `finish_reason::length` and a note.
    static std::optional<failure> read_reply(std::string_view body, completion& out);

    /// Reads the body of a reply with an error status; see `read_provider_error`.
    static failure read_error(int status, std::string_view body) {
        return read_provider_error(status, body);
    }

    class stream_reader;

private:
    void write_config(const call& what, std::string_view model,
                      const std::optional<std::string>& schema, json::writer& to,
                      std::vector<std::string>& notes) const;
    void write_thinking(reasoning_effort effort, std::string_view model, json::writer& to,
                        std::vector<std::string>& notes) const;
};

/// Reads one streamed answer. It is over at the stream's end, and complete if the model had given a
/// reason to stop and there is no error among the stray lines: Google sends one in the midst of a
/// stream as bare JSON.
class google_generate_content::stream_reader
    : public answer_reader<google_generate_content::stream_reader, detail::google_chunk> {
    friend answer_reader;

    bool read_by_fields(const sse::event& event, delta& piece);
    void end(std::string_view stray);

    bool has_finish_ = false;
};

inline std::string google_generate_content::target(std::string_view model, bool stream) const {
    std::string path = "/" + api_version + "/";
    if (!model.starts_with("models/") && !model.starts_with("tunedModels/")) path += "models/";
    path += detail::path_of_model(model);
    return path + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
}

inline std::vector<http::field> google_generate_content::header(std::string_view key) const {
    if (key.empty()) return {};
    if (bearer) return {{"Authorization", "Bearer " + std::string(key)}};
    return {{"x-goog-api-key", std::string(key)}};
}

inline std::vector<std::string> google_generate_content::write_request(const call& what,
                                                                       std::string_view model, bool,
                                                                       std::string& out) const {
    const bool has_schema = !what.output_schema().empty();
    const bool one_only =
        !what.tools().empty() && detail::is_among(detail::model_part(model), schema_or_tools);
    std::optional<std::string> schema;
    if (has_schema && json_schema && !one_only)
        schema = detail::to_google_schema(what.output_schema());
    const bool in_prompt = has_schema && !schema;
    json::writer to(out);
    to.begin_object();
    std::vector<std::string> notes = detail::write_google_contents(what, model, to);
    const std::string instructions =
        in_prompt ? detail::instructions_with_schema(what) : what.instructions();
    if (!instructions.empty()) {
        to.key("systemInstruction");
        to.begin_object();
        to.key("parts");
        to.begin_array();
        detail::write_google_text(instructions, to);
        to.end_array();
        to.end_object();
    }
    write_config(what, model, schema, to, notes);
    detail::write_google_tools(what, to);
    to.end_object();
    return notes;
}

inline void google_generate_content::write_config(const call& what, std::string_view model,
                                                  const std::optional<std::string>& schema,
                                                  json::writer& to,
                                                  std::vector<std::string>& notes) const {
    std::string config;
    json::writer in(config);
    in.begin_object();
    for (std::string& note :
         detail::write_sampling(what, detail::model_part(model), without_sampling, in, "topP"))
        notes.push_back(std::move(note));
    in.member_if("maxOutputTokens", what.max_tokens());
    if (what.reasoning()) write_thinking(*what.reasoning(), model, in, notes);
    if (schema) {
        in.member("responseMimeType", "application/json");
        in.member_raw("responseJsonSchema", *schema);
    }
    in.end_object();
    if (config != "{}") to.member_raw("generationConfig", config);
}

inline void google_generate_content::write_thinking(reasoning_effort effort, std::string_view model,
                                                    json::writer& to,
                                                    std::vector<std::string>& notes) const {
    const std::string_view name = detail::model_part(model);
    if (detail::is_among(name, without_thinking)) {
        if (effort != reasoning_effort::none) notes.push_back(detail::dropped_note("reasoning"));
        return;
    }
    const bool by_budget = detail::is_among(name, thinking_budget);
    const int budget = detail::thinking_budget(effort, model);
    const bool off = effort == reasoning_effort::none;
    if (off && (!by_budget || budget != 0)) notes.emplace_back(detail::least_reasoning_note);
    to.key("thinkingConfig");
    to.begin_object();
    if (by_budget) {
        to.member("thinkingBudget", budget);
    } else {
        to.member("thinkingLevel", detail::in_capitals(detail::thinking_level(effort, model)));
    }
    if (!off) to.member("includeThoughts", true);
    to.end_object();
}

inline std::optional<failure> google_generate_content::read_reply(std::string_view body,
                                                                  completion& out) {
    const json::padded_text padded(body);
    detail::google_chunk chunk;
    detail::google_chunk::content content;
    delta whole;
    if (chunk.read(padded.view(), out, whole, content)) {
        if (detail::tells_of_error(body)) return read_provider_error(0, body);
        return detail::reply_not_json(body);
    }
    if (content.has_error) return read_provider_error(0, body);
    if (!content.has_candidate && content.block.empty()) {
        return failure{errc::malformed_reply, "the reply has no candidate in it", {}, 0};
    }
    if (content.has_too_many_tools) return detail::too_many_tool_calls();
    auto failed = detail::take_google_finish(content, out, whole);
    out.text = whole.text;
    out.reasoning = whole.reasoning;
    out.refusal = whole.refusal;
    return failed;
}

// Returns whether there was nothing but the piece.
inline bool google_generate_content::stream_reader::read_by_fields(const sse::event& event,
                                                                   delta& piece) {
    detail::google_chunk::content content;
    if (event_.read(event.data, result_, piece, content)) {
        if (read_odd_data(event) == detail::odd_data::ignored && detail::tells_of_error(event.data))
            fail(read_provider_error(0, event.data));
        return false;
    }
    if (!content.says_more()) return true;
    if (content.has_error) {
        fail(read_provider_error(0, event.data));
    } else if (content.has_too_many_tools) {
        fail(detail::too_many_tool_calls());
    } else if (auto failed = detail::take_google_finish(content, result_, piece)) {
        fail(std::move(*failed));
    } else if (!content.finish.empty() || !content.block.empty()) {
        has_finish_ = true;  // and yet there may come more: some models say STOP in every chunk
    }
    return false;
}

inline void google_generate_content::stream_reader::end(std::string_view stray) {
    if (has_finish_ && !detail::tells_of_error(stray)) return complete();
    answer_reader::end(stray);
}

}  // namespace conclave::wire
