#pragma once

#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/wire/tool.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing {

/// How the end of a response's body is told.
enum class body_framing {
    /// Chunks for a stream, a length for anything else.
    automatic,
    content_length,
    chunked,
    /// The connection is closed at the end of the body.
    close_delimited,
};

/// Cuts text into pieces the size of a model's tokens: words, each with the white space before it.
/// Joined, the pieces are the text again.
inline std::vector<std::string> split_into_tokens(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    std::vector<std::string> tokens;
    while (!text.empty()) {
        const std::size_t word = text.find_first_not_of(space);
        const std::size_t end = word == text.npos ? text.npos : text.find_first_of(space, word);
        tokens.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end, text.size()));
    }
    return tokens;
}

namespace detail {

struct planned_panel;

enum class reply_fault { none, stall, close, reset };

/// What a `scripted_reply` says, for those who play it.
struct reply_script {
    enum class kind { answer, status, raw, silent };

    kind what = kind::answer;
    std::function<std::string(const recorded_request&)> compute;
    std::vector<std::string> tokens;
    std::vector<std::string> reasoning;
    std::string refusal;
    std::vector<tool_call> tool_calls;
    std::string finish_reason;
    std::optional<std::pair<std::int64_t, std::int64_t>> usage;
    std::optional<double> cost;
    double input_price = 0;
    double output_price = 0;
    bool with_usage = true;
    bool with_done = true;
    bool always_whole = false;
    std::optional<std::pair<std::size_t, std::string>> error_in_stream;
    std::string endless_unit;
    std::shared_ptr<const planned_panel> panel;

    int status = 200;
    /// The body of a status, or the whole of a raw reply.
    std::string bytes;
    std::vector<std::pair<std::string, std::string>> header;
    std::size_t head_padding = 0;
    body_framing framing = body_framing::automatic;
    std::size_t chunk_bytes = 0;
    std::size_t write_bytes = 0;

    std::chrono::milliseconds head_after{0};
    std::chrono::milliseconds first_token_after{0};
    std::chrono::milliseconds token_every{0};
    std::chrono::milliseconds jitter{0};

    reply_fault fault = reply_fault::none;
    std::size_t fault_after = 0;
    bool fault_counts_events = false;
};

}  // namespace detail

/// What a `scripted_provider` replies to one request. Begin with one of the functions below
/// (`answer`, `status`, `silent`, …) and add to it:
///
///     provider.on("openai/gpt-5.5", answer("Use Postgres.").token_every(20ms).usage(12, 4));
///     provider.on("openai/gpt-5.5", status(429).retry_after(2s));
///     provider.on("openai/gpt-5.5", answer("Use Postgres.").reset_in_event(2));
///
/// A request for a roundtable gets what its models would say, each by its own script. A reply to
/// the model `roundtable` is one to the request as a whole: of an `answer` all but the text counts.
///
/// Whether an answer goes out whole or as a stream is for the request to say.
class scripted_reply {
public:
    /// What the functions below call.
    explicit scripted_reply(detail::reply_script script) : script_(std::move(script)) {}

    /// The model's reasoning, shown before the answer in tokens of its own.
    scripted_reply& reasoning(std::string_view text) {
        script_.reasoning = split_into_tokens(text);
        return *this;
    }
    /// The words in which the model declines. They follow the answer's text, if it has any.
    scripted_reply& refusal(std::string text) {
        script_.refusal = std::move(text);
        return *this;
    }
    /// A tool that the model wants called, after the text if there is any. `arguments` is JSON; it
    /// is streamed in pieces. The provider makes up the call's id.
    scripted_reply& tool_call(std::string name, std::string arguments) {
        script_.tool_calls.push_back({{}, std::move(name), std::move(arguments)});
        return *this;
    }
    /// Why the model stopped, as `to_string(conclave::finish_reason)` spells it; each format has
    /// its own word for it, and another text is sent as it is. Unless set `stop`, or `tool_calls`
    /// if there are any.
    scripted_reply& finish_reason(std::string reason) {
        script_.finish_reason = std::move(reason);
        return *this;
    }

    /// The token counts to report. Unless set, the words of prompt and answer are counted.
    scripted_reply& usage(std::int64_t input_tokens, std::int64_t output_tokens) {
        script_.usage.emplace(input_tokens, output_tokens);
        return *this;
    }
    /// Reports no usage, even to a request that asks for it.
    scripted_reply& without_usage() {
        script_.with_usage = false;
        return *this;
    }
    /// The cost to report, in USD, with the usage. None is reported unless set, or priced.
    scripted_reply& cost(double usd) {
        script_.cost = usd;
        return *this;
    }
    /// Prices in USD for a million tokens, by which the cost follows from the usage.
    scripted_reply& priced(double input, double output) {
        script_.input_price = input;
        script_.output_price = output;
        return *this;
    }

    /// How long the reply's head is held back.
    scripted_reply& head_after(std::chrono::milliseconds wait) {
        script_.head_after = wait;
        return *this;
    }
    /// How long the model thinks before its first token, the reasoning's included.
    scripted_reply& first_token_after(std::chrono::milliseconds wait) {
        script_.first_token_after = wait;
        return *this;
    }
    /// The time between two tokens, give or take up to `jitter`, which is the same in every run. An
    /// answer that is not streamed takes as long, and then comes at once.
    scripted_reply& token_every(std::chrono::milliseconds pace,
                                std::chrono::milliseconds jitter = {}) {
        script_.token_every = pace;
        script_.jitter = jitter;
        return *this;
    }

    /// A header field of the reply, in the place of one of the same name.
    scripted_reply& header(std::string name, std::string value) {
        script_.header.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    /// Asks the client, by `Retry-After`, to come back later.
    scripted_reply& retry_after(std::chrono::seconds wait) {
        return header("retry-after", std::to_string(wait.count()));
    }
    /// How the end of the body is told.
    scripted_reply& framing(body_framing how) {
        script_.framing = how;
        return *this;
    }
    /// Cuts the body into pieces of this many bytes, each a chunk and a write of its own, without
    /// regard to events. A pause between two tokens sends what there is.
    scripted_reply& chunk_bytes(std::size_t count) {
        script_.chunk_bytes = count;
        return *this;
    }
    /// Lets no write, head and framing included, have more than this many bytes.
    scripted_reply& write_bytes(std::size_t count) {
        script_.write_bytes = count;
        return *this;
    }
    /// Answers with one JSON body even where a stream is asked for.
    scripted_reply& always_whole() {
        script_.always_whole = true;
        return *this;
    }

    /// Ends a stream without `[DONE]`.
    scripted_reply& without_done() {
        script_.with_done = false;
        return *this;
    }
    /// Breaks a stream off, in good order, with an event of this JSON after `events` others. An
    /// answer that is not streamed is replaced by the JSON.
    scripted_reply& error_in_stream(std::string json, std::size_t events = 0) {
        script_.error_in_stream.emplace(events, std::move(json));
        return *this;
    }
    /// Adds to the head a field of this many bytes.
    scripted_reply& giant_head(std::size_t bytes) {
        script_.head_padding = bytes;
        return *this;
    }
    /// Never ends: repeats `unit` after the tokens until the client goes away, or
    /// `endless_body_limit` bytes were sent. The default unit makes a line that never ends.
    scripted_reply& endless_body(std::string unit = "x") {
        script_.endless_unit = std::move(unit);
        return *this;
    }

    /// Sends this many bytes of the response, its head included, or all if it has no more; then
    /// nothing, over a connection that stays open.
    scripted_reply& stall_after_bytes(std::size_t count) {
        return fault(detail::reply_fault::stall, count, false);
    }
    /// Sends this many bytes, head included, and closes the connection, without TLS's farewell.
    scripted_reply& close_after_bytes(std::size_t count) {
        return fault(detail::reply_fault::close, count, false);
    }
    /// Sends this many bytes, head included, and resets the connection. A reset overtakes what it
    /// follows: the client may see less.
    scripted_reply& reset_after_bytes(std::size_t count) {
        return fault(detail::reply_fault::reset, count, false);
    }
    /// Falls silent in the middle of an event, after this many whole ones. An answer that is not
    /// streamed counts as one event.
    scripted_reply& stall_in_event(std::size_t whole_events) {
        return fault(detail::reply_fault::stall, whole_events, true);
    }
    /// Closes the connection in the middle of an event, after this many whole ones.
    scripted_reply& close_in_event(std::size_t whole_events) {
        return fault(detail::reply_fault::close, whole_events, true);
    }
    /// Resets the connection in the middle of an event, after this many whole ones.
    scripted_reply& reset_in_event(std::size_t whole_events) {
        return fault(detail::reply_fault::reset, whole_events, true);
    }

    /// What was scripted, for those who play it.
    const detail::reply_script& script() const noexcept { return script_; }

private:
    scripted_reply& fault(detail::reply_fault what, std::size_t after, bool counts_events) {
        script_.fault = what;
        script_.fault_after = after;
        script_.fault_counts_events = counts_events;
        return *this;
    }

    detail::reply_script script_;
};

/// How much an endless body sends before it ends after all, in bytes.
inline constexpr std::size_t endless_body_limit = std::size_t{1} << 30;

/// An answer of these tokens, each an event of its own when streamed.
inline scripted_reply answer(std::vector<std::string> tokens) {
    detail::reply_script script;
    script.tokens = std::move(tokens);
    return scripted_reply(std::move(script));
}

/// An answer of this text, in tokens of a word each.
inline scripted_reply answer(std::string_view text) { return answer(split_into_tokens(text)); }
/// The same, for a literal, which might be tokens too.
inline scripted_reply answer(const char* text) { return answer(std::string_view(text)); }

/// The vectors of the texts that a request for embeddings has; see `scripted_embedding`.
inline scripted_reply embeddings() { return answer(std::vector<std::string>()); }

/// An answer computed from the request. The function runs on the provider's thread; what it throws
/// becomes a status of 500.
inline scripted_reply answer_with(std::function<std::string(const recorded_request&)> compute) {
    detail::reply_script script;
    script.compute = std::move(compute);
    return scripted_reply(std::move(script));
}

/// A pick among choices: the JSON `{"choice": "B"}` if the request carries a JSON Schema, else the
/// plain text.
inline scripted_reply choice(std::string picked) {
    return answer_with([picked = std::move(picked)](const recorded_request& request) {
        if (request.output_schema.empty()) return picked;
        std::string text;
        json::writer out(text);
        out.begin_object();
        out.member("choice", picked);
        out.end_object();
        return text;
    });
}

/// An error status with the body given, or an error object in the request's format if it is empty.
inline scripted_reply status(int code, std::string body = {}) {
    detail::reply_script script;
    script.what = detail::reply_script::kind::status;
    script.status = code;
    script.bytes = std::move(body);
    return scripted_reply(std::move(script));
}

/// These bytes as the whole response, status line and all, and then the end of the connection;
/// `stall_after_bytes` leaves it open.
inline scripted_reply raw(std::string bytes) {
    detail::reply_script script;
    script.what = detail::reply_script::kind::raw;
    script.bytes = std::move(bytes);
    return scripted_reply(std::move(script));
}

/// Bytes that are not HTTP; the same in every run.
inline scripted_reply garbage(std::size_t count = 512) {
    std::string bytes(count, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<char>(static_cast<unsigned char>(state >> 24));
    }
    return raw(std::move(bytes));
}

/// No answer: the request is read, and then nothing happens.
inline scripted_reply silent() {
    detail::reply_script script;
    script.what = detail::reply_script::kind::silent;
    return scripted_reply(std::move(script));
}

}  // namespace conclave::testing
