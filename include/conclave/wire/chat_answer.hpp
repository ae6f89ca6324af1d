#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/json/writer.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/tool.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave::wire {

/// What tells one answer from the next, for those who write answers.
struct answer_identity {
    /// Its id: `chatcmpl-…`, `resp_…`.
    std::string id;
    /// When it was begun, in seconds since 1970.
    std::int64_t created = 0;
    /// The model, as the request named it.
    std::string model;
};

/// What a provider wants to have back with a tool's call, as a member of the call: where Google's
/// own Chat Completions have it.
inline void write_signature(json::writer& to, const tool_call& called) {
    if (called.signature.empty()) return;
    to.key("extra_content");
    to.begin_object();
    to.key("google");
    to.begin_object();
    to.member("thought_signature", called.signature);
    to.end_object();
    to.end_object();
}

/// Writes answers as a server of OpenAI's Chat Completions does: the other side of
/// `chat_completions`. Each function but `whole` appends the JSON of one chunk of a stream, on one
/// line, to `out`; `whole` that of an answer without a stream. Without state but for the identity.
class chat_answer_writer {
public:
    /// `usage_follows` says that the stream is to end with a chunk that has the usage: the others
    /// then say that they have none.
    explicit chat_answer_writer(answer_identity identity, bool usage_follows = false)
        : identity_(std::move(identity)), usage_follows_(usage_follows) {
        json::writer to(chunk_head_);
        begin(to, "chat.completion.chunk");
        chunk_head_ += R"({"index":0,"delta":{)";
    }

    /// The first chunk, with the role; `has_content` is false where no text is going to come.
    void opening(std::string& out, bool has_content = true) const {
        chunk(out, [&](json::writer& delta) {
            delta.member("role", "assistant");
            if (has_content) {
                delta.member("content", "");
            } else {
                delta.member_raw("content", "null");
            }
            delta.member_raw("refusal", "null");
        });
    }
    /// A piece of the answer's text.
    void text(std::string_view piece, std::string& out) const { piece_of("content", piece, out); }
    /// A piece of the reasoning, which OpenAI does not show; the name is DeepSeek's.
    void reasoning(std::string_view piece, std::string& out) const {
        piece_of("reasoning_content", piece, out);
    }
    /// A piece of a refusal.
    void refusal(std::string_view piece, std::string& out) const {
        piece_of("refusal", piece, out);
    }
    /// The call number `index` of a tool, with the first piece of its arguments or all of them.
    void tool(const tool_call& called, std::size_t index, std::string_view arguments,
              std::string& out) const {
        chunk(out, [&](json::writer& delta) {
            delta.key("tool_calls");
            delta.begin_array();
            write_tool_call(delta, called, index, arguments);
            delta.end_array();
        });
    }
    /// A further piece of the arguments of call number `index`.
    void tool_arguments(std::size_t index, std::string_view piece, std::string& out) const {
        chunk(out, [&](json::writer& delta) {
            delta.key("tool_calls");
            delta.begin_array();
            delta.begin_object();
            delta.member("index", index);
            delta.key("function");
            delta.begin_object();
            delta.member("arguments", piece);
            delta.end_object();
            delta.end_object();
            delta.end_array();
        });
    }
    /// The chunk that says why the model stopped.
    void finish(std::string_view reason, std::string& out) const {
        chunk(
            out, [](json::writer&) {}, reason);
    }
    /// The last chunk, of the usage.
    void usage(const conclave::usage& used, std::optional<double> cost, std::string& out) const {
        json::writer to(out);
        begin(to, "chat.completion.chunk");
        to.end_array();
        write_usage(to, used, cost);
        to.end_object();
    }

    /// The whole of an answer that is not streamed. Of `answer` its id and model do not count.
    void whole(const completion& answer, std::string_view finish_reason, std::string& out) const {
        json::writer to(out);
        begin(to, "chat.completion");
        to.begin_object();
        to.member("index", 0);
        write_message(to, answer);
        to.member_raw("logprobs", "null");
        to.member("finish_reason", finish_reason);
        to.end_object();
        to.end_array();
        if (answer.usage) write_usage(to, *answer.usage, answer.cost);
        to.end_object();
    }

private:
    void begin(json::writer& to, std::string_view object) const {
        to.begin_object();
        to.member("id", identity_.id);
        to.member("object", object);
        to.member("created", identity_.created);
        to.member("model", identity_.model);
        to.key("choices");
        to.begin_array();
    }

    template <class WriteDelta>
    void chunk(std::string& out, WriteDelta write_delta,
               std::string_view finish_reason = {}) const {
        using namespace std::string_view_literals;
        out += chunk_head_;
        json::writer delta(out);
        write_delta(delta);
        out += R"(},"logprobs":null,"finish_reason":)"sv;
        if (finish_reason.empty()) {
            out += "null"sv;
        } else {
            json::writer(out).string(finish_reason);
        }
        out += usage_follows_ ? R"(}],"usage":null})"sv : "}]}"sv;
    }

    void piece_of(std::string_view name, std::string_view piece, std::string& out) const {
        chunk(out, [&](json::writer& delta) { delta.member(name, piece); });
    }

    static void write_tool_call(json::writer& to, const tool_call& called,
                                std::optional<std::size_t> index, std::string_view arguments) {
        to.begin_object();
        to.member_if("index", index);
        to.member("id", called.id);
        to.member("type", "function");
        to.key("function");
        to.begin_object();
        to.member("name", called.name);
        to.member("arguments", arguments);
        to.end_object();
        write_signature(to, called);
        to.end_object();
    }

    static void write_message(json::writer& to, const completion& answer) {
        const bool is_other = !answer.refusal.empty() || !answer.tool_calls.empty();
        to.key("message");
        to.begin_object();
        to.member("role", "assistant");
        if (answer.text.empty() && is_other) {
            to.member_raw("content", "null");
        } else {
            to.member("content", answer.text);
        }
        if (answer.refusal.empty()) {
            to.member_raw("refusal", "null");
        } else {
            to.member("refusal", answer.refusal);
        }
        if (!answer.reasoning.empty()) to.member("reasoning_content", answer.reasoning);
        if (!answer.tool_calls.empty()) {
            to.key("tool_calls");
            to.begin_array();
            for (const tool_call& each : answer.tool_calls)
                write_tool_call(to, each, std::nullopt, each.arguments);
            to.end_array();
        }
        to.end_object();
    }

    // The cost is where Opper has it, inside the usage and beside it.
    static void write_usage(json::writer& to, const conclave::usage& used,
                            std::optional<double> cost) {
        to.key("usage");
        to.begin_object();
        to.member("prompt_tokens", used.input_tokens);
        to.member("completion_tokens", used.output_tokens);
        to.member("total_tokens", used.input_tokens + used.output_tokens);
        write_detail(to, "prompt_tokens_details", "cached_tokens", used.cache_read_tokens);
        write_detail(to, "completion_tokens_details", "reasoning_tokens", used.reasoning_tokens);
        if (cost) {
            to.key("opper");
            to.begin_object();
            to.key("cost");
            to.begin_object();
            to.member("total", *cost);
            to.end_object();
            to.end_object();
        }
        to.end_object();
        to.member_if("cost", cost);
    }

    static void write_detail(json::writer& to, std::string_view group, std::string_view name,
                             const std::optional<std::int64_t>& count) {
        if (!count) return;
        to.key(group);
        to.begin_object();
        to.member(name, *count);
        to.end_object();
    }

    answer_identity identity_;
    std::string chunk_head_;  // what each chunk of a stream begins with
    bool usage_follows_;
};

}  // namespace conclave::wire
