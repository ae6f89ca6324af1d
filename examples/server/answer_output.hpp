#pragma once

// One answer in one of OpenAI's formats, as it grows.

#include "api_error.hpp"

#include <conclave/json/writer.hpp>
#include <conclave/sse/writer.hpp>
#include <conclave/wire/chat_answer.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/responses_answer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// Writes an answer in a format. Of a stream, the functions append events to a string of the
/// caller's; `whole` is the body of a response that is none. For one answer.
class answer_output {
public:
    virtual ~answer_output() = default;

    /// The events at the beginning of a stream.
    virtual void begin(std::string& out) = 0;
    virtual void reasoning(std::string_view piece, std::string& out) = 0;
    virtual void text(std::string_view piece, std::string& out) = 0;
    virtual void refusal(std::string_view piece, std::string& out) = 0;
    /// The events at the end. Of the answer everything but its texts counts: they have been
    /// written.
    virtual void finish(const conclave::completion& answer, std::string& out) = 0;
    /// The events at the end of a stream that failed.
    virtual void fail(const api_error& why, std::string& out) = 0;

    virtual std::string whole(const conclave::completion& answer) = 0;
};

inline std::int64_t unix_time() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// A chat completion.
class chat_output final : public answer_output {
public:
    /// `number` tells the answer from others.
    chat_output(const std::string& number, const std::string& model, bool include_usage)
        : include_usage_(include_usage),
          writer_({"chatcmpl-" + number, unix_time(), model}, include_usage) {}

    void begin(std::string& out) override {
        event([&](std::string& chunk) { writer_.opening(chunk); }, out);
    }
    void reasoning(std::string_view piece, std::string& out) override {
        event([&](std::string& chunk) { writer_.reasoning(piece, chunk); }, out);
    }
    void text(std::string_view piece, std::string& out) override {
        event([&](std::string& chunk) { writer_.text(piece, chunk); }, out);
    }
    void refusal(std::string_view piece, std::string& out) override {
        event([&](std::string& chunk) { writer_.refusal(piece, chunk); }, out);
    }
    void finish(const conclave::completion& answer, std::string& out) override {
        for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
            const conclave::tool_call& called = answer.tool_calls[i];
            event([&](std::string& chunk) { writer_.tool(called, i, called.arguments, chunk); },
                  out);
        }
        event([&](std::string& chunk) { writer_.finish(reason(answer), chunk); }, out);
        if (include_usage_) {
            const conclave::usage used = answer.usage.value_or(conclave::usage());
            event([&](std::string& chunk) { writer_.usage(used, answer.cost, chunk); }, out);
        }
        conclave::sse::writer(out).done();
    }
    void fail(const api_error& why, std::string& out) override {
        conclave::sse::writer to(out);
        to.event(openai_error_body(why));
        to.done();
    }

    std::string whole(const conclave::completion& answer) override {
        std::string body;
        writer_.whole(answer, reason(answer), body);
        return body;
    }

private:
    static std::string_view reason(const conclave::completion& answer) {
        const bool is_known = answer.finish != conclave::finish_reason::unknown;
        return to_string(is_known ? answer.finish : conclave::finish_reason::stop);
    }

    // The chunk is one line of JSON, in which nothing can end the event.
    template <class Write>
    static void event(Write write, std::string& out) {
        out += std::string_view("data: ");
        write(out);
        out += std::string_view("\n\n");
    }

    bool include_usage_;
    conclave::wire::chat_answer_writer writer_;
};

/// A response.
class responses_output final : public answer_output {
public:
    /// The request's body, whose settings a response repeats; `number` tells the answer from
    /// others.
    responses_output(const std::string& number, const std::string& model, std::string_view request)
        : writer_({"resp_" + number, unix_time(), model},
                  conclave::wire::responses_settings(request, false, false),
                  [this](std::string_view type, const std::string& data) {
                      conclave::sse::writer(pending_).event(data, type);
                  }) {}
    responses_output(const responses_output&) = delete;
    responses_output& operator=(const responses_output&) = delete;

    void begin(std::string& out) override {
        writer_.begin();
        take(out);
    }
    void reasoning(std::string_view piece, std::string& out) override {
        writer_.reasoning(piece);
        take(out);
    }
    void text(std::string_view piece, std::string& out) override {
        writer_.text(piece);
        take(out);
    }
    void refusal(std::string_view piece, std::string& out) override {
        writer_.refusal(piece);
        take(out);
    }
    void finish(const conclave::completion& answer, std::string& out) override {
        for (const conclave::tool_call& called : answer.tool_calls)
            writer_.tool(called, std::array<std::string_view, 1>{called.arguments});
        std::string_view incomplete;
        if (answer.finish == conclave::finish_reason::length) incomplete = "max_output_tokens";
        if (answer.finish == conclave::finish_reason::content_filter) incomplete = "content_filter";
        writer_.finish(incomplete, answer.usage, answer.cost, unix_time());
        take(out);
    }
    void fail(const api_error& why, std::string& out) override {
        writer_.fail(why.code, why.message);
        take(out);
    }

    std::string whole(const conclave::completion& answer) override {
        std::string events;
        if (!answer.reasoning.empty()) reasoning(answer.reasoning, events);
        if (!answer.text.empty()) text(answer.text, events);
        if (!answer.refusal.empty()) refusal(answer.refusal, events);
        finish(answer, events);
        std::string body;
        writer_.write_response(body);
        return body;
    }

private:
    void take(std::string& out) {
        out += pending_;
        pending_.clear();
    }

    std::string pending_;
    conclave::wire::responses_answer_writer writer_;
};

}  // namespace server
