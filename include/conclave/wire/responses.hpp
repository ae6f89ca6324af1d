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
#include <conclave/wire/detail/response_calls.hpp>
#include <conclave/wire/detail/response_judgement.hpp>
#include <conclave/wire/detail/responses_event.hpp>
#include <conclave/wire/detail/responses_request.hpp>
#include <conclave/wire/detail/schema_prompt.hpp>
#include <conclave/wire/detail/strict_schema.hpp>
#include <conclave/wire/opper_headers.hpp>
#include <conclave/wire/provider_error.hpp>
#include <conclave/wire/responses_options.hpp>

namespace conclave::wire {

/// OpenAI's Responses, and OpenResponses, which other providers speak: one format but for a few
/// fields. Bytes in, values out; no I/O.
struct responses {
    /// Which of the two an endpoint takes.
    enum class dialect { openai, open_responses };

    /// Which of the two it is. What comes back is read in both alike.
    dialect speaks = dialect::openai;
    /// Where requests go, below the endpoint's base URL; `/openresponses` at Opper for that
    /// dialect.
    std::string path = "/responses";
    /// Ask OpenAI to leave out the random text with which it hides the sizes of a stream's pieces:
    /// half of the bytes of many.
    bool without_obfuscation = true;
    /// Send an output schema as `text.format`. When false it goes into the instructions instead, as
    /// it does always if it is not one of objects.
    bool json_schema = true;
    /// See `chat_completions::strict_schema`. Not in the dialect of OpenResponses.
    bool strict_schema = true;
    /// The models that refuse `temperature` and `top_p`, by how their names at this endpoint begin,
    /// such as OpenAI's reasoning models. A call's are dropped for them, with a note.
    std::vector<std::string> without_sampling = {};
    /// What only this format can say.
    responses_options options = {};
    /// What Opper's gateway takes beside the body.
    opper_headers opper = {};

    /// Where a request goes, below the endpoint's base URL.
    std::string target(std::string_view, bool) const { return path; }

    /// See `chat_completions::embeddings_target`.
    std::string embeddings_target() const { return "/embeddings"; }

    /// Where the list of models is, below the endpoint's base URL.
    std::string models_target() const { return "/models"; }

    /// The header fields that say whose request it is, and of what version; no key is sent if it is
    /// empty.
    std::vector<http::field> header(std::string_view key) const;

    /// Appends the request's JSON body to `out`. `model` is the name as the endpoint knows it; the
    /// call's own is not looked at, nor are its values checked. Returns a note for each setting
    /// that was dropped or changed because the model or the dialect refuses it.
    std::vector<std::string> write_request(const call& what, std::string_view model, bool stream,
                                           std::string& out) const;

    /// Reads the whole body of a reply of status 200. Returns why it is no answer, or nothing if
    /// it is one; a refusal is one, and a response that `failed` is none. `out` is to be fresh.
    static std::optional<failure> read_reply(std::string_view body, completion& out);

    /// Reads the body of a reply with an error status; see `read_provider_error`.
    static failure read_error(int status, std::string_view body) {
        return read_provider_error(status, body);
    }

    class stream_reader;
};

/// Reads one streamed answer. It was complete if one of the three last events had come,
/// `response.completed`, `response.incomplete` and `response.failed`.
class responses::stream_reader
    : public answer_reader<responses::stream_reader, detail::responses_event> {
    friend answer_reader;

    using kind = detail::responses_event::kind;
    using content = detail::responses_event::content;

    bool read_by_fields(const sse::event& event, delta& piece);
    void read_other(const sse::event& event, delta& piece);
    void read_content(content& said, delta& piece);
    void read_begin(const completion& begun);
    void read_item_done(content& said, delta& piece);
    void read_call(const content& said, delta& piece);
    void read_end(kind what, detail::response_content& said, delta& piece);

    detail::response_calls calls_;
    // Of an item or a response that came whole, what the pieces shown last are of.
    completion whole_;
    // Which of these have come in pieces.
    bool has_text_ = false;
    bool has_reasoning_ = false;
    bool has_refusal_ = false;
};

inline std::vector<http::field> responses::header(std::string_view key) const {
    std::vector<http::field> own;
    if (!key.empty()) own.push_back({"Authorization", "Bearer " + std::string(key)});
    opper.append_to(own);
    return own;
}

inline std::vector<std::string> responses::write_request(const call& what, std::string_view model,
                                                         bool stream, std::string& out) const {
    const bool open = speaks == dialect::open_responses;
    const bool has_schema = !what.output_schema().empty();
    std::optional<detail::openai_schema> schema;
    if (has_schema && json_schema)
        schema = detail::to_openai_schema(what.output_schema(), strict_schema && !open);
    const bool schema_in_prompt = has_schema && !schema;
    json::writer to(out);
    to.begin_object();
    to.member("model", model);
    const std::string instructions =
        schema_in_prompt ? detail::instructions_with_schema(what) : what.instructions();
    if (!instructions.empty()) to.member("instructions", instructions);
    detail::write_response_input(what, to);
    auto notes = detail::write_sampling(what, model, without_sampling, to);
    detail::write_response_penalties(options, !open, to, notes);
    detail::write_response_limit(what, to, notes);
    detail::write_response_reasoning(what, options, open, to);
    detail::write_response_text(schema, options, to);
    detail::write_response_tools(what, options.strict, to);
    detail::write_response_options(options, to);
    if (stream) {
        to.member("stream", true);
        if (without_obfuscation && !open) {
            to.key("stream_options");
            to.begin_object();
            to.member("include_obfuscation", false);
            to.end_object();
        }
    }
    to.end_object();
    return notes;
}

inline std::optional<failure> responses::read_reply(std::string_view body, completion& out) {
    const json::padded_text padded(body);
    detail::responses_event reader;
    detail::response_content said;
    if (reader.read_reply(padded.view(), said)) {
        return detail::reply_not_json(body);
    }
    const bool is_response = said.has_output || !said.details.status.empty();
    auto failed = detail::judge(std::move(said), out);
    if (!failed && !is_response) {
        return failure{errc::malformed_reply, "the reply has no output in it", {}, 0};
    }
    return failed;
}

// Returns whether there was nothing but the piece.
inline bool responses::stream_reader::read_by_fields(const sse::event& event, delta& piece) {
    if (event.type == "error") {
        fail(read_provider_error(0, event.data));
        return false;
    }
    if (event_.read(event.data, piece)) {
        has_text_ |= !piece.text.empty();
        has_reasoning_ |= !piece.reasoning.empty();
        has_refusal_ |= !piece.refusal.empty();
        return true;
    }
    read_other(event, piece);
    return false;
}

inline void responses::stream_reader::read_other(const sse::event& event, delta& piece) {
    content said;
    if (event_.read_all(event.data, said)) {
        // a gateway's marker behind the last event, which has not come
        if (read_odd_data(event) == detail::odd_data::done) end({});
    } else if (said.what == kind::error || said.has_error) {
        fail(read_provider_error(0, event.data));
    } else {
        read_content(said, piece);
    }
}

inline void responses::stream_reader::read_content(content& said, delta& piece) {
    switch (said.what) {
        case kind::begin: return read_begin(said.response.answer);
        case kind::item_added:
            if (said.item.item.type == "function_call") read_call(said, piece);
            return;
        case kind::item_done: return read_item_done(said, piece);
        case kind::part_added:
            // summaries come in parts that stand by themselves
            if (!result_.reasoning.empty() &&
                (said.part_type == "summary_text" || said.part_type == "reasoning_text")) {
                piece.reasoning = "\n\n";
            }
            return;
        case kind::arguments_delta:
        case kind::arguments_done: return read_call(said, piece);
        case kind::completed:
        case kind::incomplete:
        case kind::failed: return read_end(said.what, said.response, piece);
        case kind::error:
        case kind::other: return;
    }
}

inline void responses::stream_reader::read_begin(const completion& begun) {
    if (result_.id.empty()) result_.id = begun.id;
    if (result_.model.empty()) result_.model = begun.model;
}

inline void responses::stream_reader::read_item_done(content& said, delta& piece) {
    if (said.item.item.type == "function_call") return read_call(said, piece);
    detail::take_encrypted_reasoning(said.item, result_);
    // of a server that sends items whole
    whole_.text = std::move(said.item.text);
    whole_.refusal = std::move(said.item.refusal);
    whole_.reasoning = std::move(said.item.reasoning);
    if (!has_text_) piece.text = whole_.text;
    if (!has_refusal_) piece.refusal = whole_.refusal;
    if (!has_reasoning_) piece.reasoning = whole_.reasoning;
}

inline void responses::stream_reader::read_call(const content& said, delta& piece) {
    const bool is_item = !said.item.item.type.empty();
    const detail::response_place place{
        said.output_index, is_item ? std::string_view(said.item.item.id) : said.item_id,
        is_item ? std::string_view(said.item.item.call_id) : said.call_id};
    tool_call* const to = calls_.at(place, result_.tool_calls);
    if (to == nullptr) {
        fail(detail::too_many_tool_calls());
    } else if (said.what == kind::arguments_delta) {
        to->arguments += said.arguments_delta;
        piece.tool_arguments = said.arguments_delta;
    } else if (said.what == kind::arguments_done) {
        if (!said.arguments.empty()) to->arguments = said.arguments;
    } else {
        const tool_call& called = said.item.called;
        if (!called.id.empty()) to->id = called.id;
        if (!called.name.empty()) to->name = called.name;
        if (!called.arguments.empty()) to->arguments = called.arguments;
    }
}

// The last event has the whole answer, on some servers without its output: what has been shown
// stays, and what is there beyond it is shown now.
inline void responses::stream_reader::read_end(kind what, detail::response_content& said,
                                               delta& piece) {
    std::string& status = said.details.status;
    if (what == kind::failed) {
        status = "failed";
    } else if (what == kind::incomplete) {
        status = "incomplete";
    } else if (status.empty() || status == "in_progress" || status == "queued") {
        status = "completed";
    }
    whole_ = {};
    if (auto failed = detail::judge(std::move(said), whole_)) {
        fail(std::move(*failed));
        return;
    }
    const auto rest = [](const std::string& all, const std::string& shown) {
        return all.starts_with(shown) ? std::string_view(all).substr(shown.size())
                                      : std::string_view();
    };
    piece.text = rest(whole_.text, result_.text);
    piece.refusal = rest(whole_.refusal, result_.refusal);
    piece.reasoning = rest(whole_.reasoning, result_.reasoning);
    read_begin(whole_);
    if (!whole_.tool_calls.empty()) result_.tool_calls = std::move(whole_.tool_calls);
    if (!whole_.reasoning_parts.empty())
        result_.reasoning_parts = std::move(whole_.reasoning_parts);
    const bool called = whole_.finish == finish_reason::stop && !result_.tool_calls.empty();
    result_.finish = called ? finish_reason::tool_calls : whole_.finish;
    result_.usage = std::move(whole_.usage);
    result_.cost = whole_.cost;
    result_.notes = std::move(whole_.notes);
    result_.details = std::move(whole_.details);
    complete();
}

}  // namespace conclave::wire
