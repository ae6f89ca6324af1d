#pragma once

#include <cstdint>
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
#include <conclave/wire/detail/anthropic_error.hpp>
#include <conclave/wire/detail/anthropic_event.hpp>
#include <conclave/wire/detail/anthropic_request.hpp>
#include <conclave/wire/detail/anthropic_settings.hpp>
#include <conclave/wire/detail/odd_data.hpp>
#include <conclave/wire/detail/sampling.hpp>
#include <conclave/wire/detail/schema_prompt.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire {

/// A version of Anthropic's API.
enum class anthropic_version {
    /// `2023-06-01`, which every server of the format knows.
    v2023_06_01,
    /// `2026-10-21`, in which there is no `temperature` and no `top_p`.
    v2026_10_21,
};

/// The version as its header field has it: `"2023-06-01"`.
constexpr std::string_view to_string(anthropic_version version) noexcept {
    return version == anthropic_version::v2023_06_01 ? "2023-06-01" : "2026-10-21";
}

/// Anthropic's Messages, as `https://api.anthropic.com` speaks them and gateways do. Bytes in,
/// values out; no I/O.
///
/// A call's settings that the version or the model refuses are dropped, with a note; what a model
/// takes is told from its name. Reasoning becomes `output_config.effort` with adaptive thinking, or
/// for models that know only that, a share of the tokens to think in.
struct anthropic_messages {
    /// The version to speak. Answers are the same in both; in the older one models that take a
    /// `temperature` still do.
    anthropic_version version = anthropic_version::v2023_06_01;
    /// Send the key as `Authorization: Bearer`, as gateways want it, instead of `x-api-key`.
    bool bearer = false;
    /// The token limit of a call that sets none, since the format must have one. This is the most
    /// that every model in service takes; what the model thinks counts too.
    std::int64_t max_tokens = 32'000;
    /// Send an output schema as `output_config.format`. When false, and for models and schemas
    /// that do not fit there, it goes into the system prompt instead.
    bool json_schema = true;
    /// More models that refuse `temperature` and `top_p`, by how their names at this endpoint
    /// begin: for those whose names do not say which Claude they are.
    std::vector<std::string> without_sampling = {};

    /// Where a request goes, below the endpoint's base URL.
    std::string target(std::string_view, bool) const { return "/v1/messages"; }

    /// Where the list of models is, below the endpoint's base URL: all of it on one page.
    std::string models_target() const { return "/v1/models?limit=1000"; }

    /// The header fields that say whose request it is, and of what version.
    std::vector<http::field> header(std::string_view key) const;

    /// Appends the request's JSON body to `out`. `model` is the name as the endpoint knows it; the
    /// call's own is not looked at, nor are its values checked. Returns a note for each setting
    /// that was dropped because the model or the version refuses it.
    std::vector<std::string> write_request(const call& what, std::string_view model, bool stream,
                                           std::string& out) const;

    /// Reads the whole body of a reply of status 200. Returns why it is no answer, or nothing if
    /// it is one; a refusal is one. `out` is to be fresh.
    static std::optional<failure> read_reply(std::string_view body, completion& out);

    /// Reads the body of a reply with an error status; see `read_provider_error`. The code is
    /// Anthropic's `error_code` where there is one, such as `contract_spend_limit_reached`.
    static failure read_error(int status, std::string_view body) {
        return detail::read_anthropic_error(status, body);
    }

    class stream_reader;
};

/// Reads one streamed answer. It was complete if its last event had come, `message_stop`.
class anthropic_messages::stream_reader
    : public answer_reader<anthropic_messages::stream_reader, detail::anthropic_event> {
    friend answer_reader;

    bool read_by_fields(const sse::event& event, delta& piece);
    void read_stop(const detail::anthropic_event::content& said, delta& piece);
    void read_end();

    bool has_message_ = false;
    // Why the model stopped, as spelled, and of what kind a refusal is.
    std::string stop_;
    std::string category_;
};

namespace detail {

inline finish_reason to_anthropic_finish(std::string_view word) noexcept {
    if (word == "end_turn" || word == "stop_sequence") return finish_reason::stop;
    if (word == "tool_use") return finish_reason::tool_calls;
    if (word == "refusal") return finish_reason::content_filter;
    for (const std::string_view cut : {"max_tokens", "pause_turn", "model_context_window_exceeded"})
        if (word == cut) return finish_reason::length;
    return finish_reason::unknown;
}

// The words of a refusal, which Anthropic does not always have.
inline std::string_view refusal_words(std::string_view explanation) noexcept {
    return explanation.empty() ? "The model declined to answer." : explanation;
}

// Says of an answer that has ended what its reason to stop does not tell everybody.
inline void note_anthropic_end(std::string_view stop, std::string_view category, completion& to) {
    to.finish = to_anthropic_finish(stop);
    if (stop == "pause_turn") {
        to.notes.emplace_back("the provider paused a long turn: the answer is not complete");
    } else if (stop == "model_context_window_exceeded") {
        to.notes.emplace_back("the model's context window is full: the answer is cut off");
    } else if (to.finish == finish_reason::unknown && !stop.empty()) {
        to.notes.push_back("the model stopped for a reason not known here: " +
                           one_line(stop, longest_excerpt));
    }
    if (!category.empty()) {
        to.notes.push_back("the refusal's category: " + one_line(category, longest_excerpt));
    }
    for (tool_call& each : to.tool_calls) {
        if (each.arguments.empty()) each.arguments = arguments_object(each);
    }
}

}  // namespace detail

inline std::vector<http::field> anthropic_messages::header(std::string_view key) const {
    std::vector<http::field> fields = {{"anthropic-version", std::string(to_string(version))}};
    if (key.empty()) return fields;
    if (bearer) {
        fields.push_back({"Authorization", "Bearer " + std::string(key)});
    } else {
        fields.push_back({"x-api-key", std::string(key)});
    }
    return fields;
}

inline std::vector<std::string> anthropic_messages::write_request(const call& what,
                                                                  std::string_view model,
                                                                  bool stream,
                                                                  std::string& out) const {
    const bool refuses_sampling =
        version != anthropic_version::v2023_06_01 || detail::is_among(model, without_sampling);
    auto chosen =
        detail::anthropic_chooser(what, model).choose(max_tokens, refuses_sampling, json_schema);
    const bool schema_in_prompt = !what.output_schema().empty() && chosen.schema.empty();
    const std::string system =
        schema_in_prompt ? detail::instructions_with_schema(what) : what.instructions();
    json::writer to(out);
    to.begin_object();
    to.member("model", model);
    to.member("max_tokens", chosen.max_tokens);
    if (!system.empty()) to.member("system", system);
    detail::write_anthropic_messages(what, to);
    to.member_if("temperature", chosen.temperature);
    to.member_if("top_p", chosen.top_p);
    detail::write_anthropic_thinking(chosen, to);
    detail::write_anthropic_output_config(chosen, to);
    if (!what.tools().empty()) detail::write_anthropic_tools(what, to);
    if (chosen.tool_choice) detail::write_anthropic_tool_choice(*chosen.tool_choice, to);
    if (stream) to.member("stream", true);
    to.end_object();
    return std::move(chosen.notes);
}

inline std::optional<failure> anthropic_messages::read_reply(std::string_view body,
                                                             completion& out) {
    const json::padded_text padded(body);
    detail::anthropic_event message;
    detail::anthropic_event::content said;
    if (message.read_whole(padded.view(), out, said)) {
        return detail::reply_not_json(body);
    }
    if (said.has_error) return detail::read_anthropic_error(0, body);
    if (!said.has_message) {
        return failure{errc::malformed_reply, "the reply has no content in it", {}, 0};
    }
    if (said.has_too_many_tools) return detail::too_many_tool_calls();
    detail::note_anthropic_end(said.stop, said.category, out);
    if (said.stop == "refusal") out.refusal = detail::refusal_words(said.explanation);
    return std::nullopt;
}

// Returns whether there was nothing but the piece.
inline bool anthropic_messages::stream_reader::read_by_fields(const sse::event& event,
                                                              delta& piece) {
    detail::anthropic_event::content said;
    const auto failed = event_.read(event.data, event.type, result_, piece, said);
    if (said.has_error) {
        piece = {};
        fail(detail::read_anthropic_error(0, event.data));
    } else if (failed) {
        piece = {};
        read_odd_data(event);
    } else if (said.has_too_many_tools) {
        fail(detail::too_many_tool_calls());
    } else if (said.type == "message_stop") {
        read_end();
    } else {
        has_message_ |= said.has_message || said.type == "content_block_start";
        if (!said.stop.empty()) read_stop(said, piece);
        return said.only_piece;
    }
    return false;
}

inline void anthropic_messages::stream_reader::read_stop(
    const detail::anthropic_event::content& said, delta& piece) {
    stop_ = said.stop;
    if (!said.category.empty()) category_ = said.category;
    result_.finish = detail::to_anthropic_finish(stop_);
    if (stop_ == "refusal" && result_.refusal.empty()) {
        piece.refusal = detail::refusal_words(said.explanation);
    }
}

inline void anthropic_messages::stream_reader::read_end() {
    if (!has_message_) {
        return fail({errc::truncated_stream, "the stream ended without an answer", {}, 0});
    }
    detail::note_anthropic_end(stop_, category_, result_);
    complete();
}

}  // namespace conclave::wire
