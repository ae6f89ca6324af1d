#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/wire/message.hpp>
#include <conclave/wire/tool.hpp>

namespace conclave {

/// How hard a model should think before it answers; each format gets what it has nearest.
enum class reasoning_effort { none, minimal, low, medium, high, xhigh, max };

namespace detail {
inline constexpr std::array<std::string_view, 7> reasoning_words = {
    "none", "minimal", "low", "medium", "high", "xhigh", "max"};
}

/// The word for an effort, as in JSON: `"high"`.
constexpr std::string_view to_string(reasoning_effort effort) noexcept {
    return detail::reasoning_words[static_cast<std::size_t>(effort)];
}

/// The effort that a word means, or nothing if it means none.
constexpr std::optional<reasoning_effort> to_reasoning_effort(std::string_view word) noexcept {
    for (std::size_t i = 0; i < detail::reasoning_words.size(); ++i) {
        if (detail::reasoning_words[i] == word) return static_cast<reasoning_effort>(i);
    }
    return std::nullopt;
}

/// One call to one model, in terms that fit every provider. A class with constructors, so that a
/// temporary of it is safe in an expression with `co_await` on every compiler.
///
/// Not set means: the provider decides. `complete()` refuses values out of range before sending.
class call {
public:
    /// A call without messages yet: add some with `add`.
    explicit call(std::string model) : model_(std::move(model)) {}
    /// A call with one message from the user.
    call(std::string model, std::string prompt) : model_(std::move(model)) {
        messages_.emplace_back(std::move(prompt));
    }

    /// The next message of the conversation.
    call& add(conclave::message next) {
        messages_.push_back(std::move(next));
        return *this;
    }
    /// The system prompt.
    call& instructions(std::string text) {
        instructions_ = std::move(text);
        return *this;
    }
    /// Sampling temperature, 0 to 2.
    call& temperature(double value) {
        temperature_ = value;
        return *this;
    }
    /// Nucleus sampling, 0 to 1.
    call& top_p(double value) {
        top_p_ = value;
        return *this;
    }
    /// The most tokens the answer may have, at least 1.
    call& max_tokens(std::int64_t value) {
        max_tokens_ = value;
        return *this;
    }
    /// How hard to think.
    call& reasoning(reasoning_effort effort) {
        reasoning_ = effort;
        return *this;
    }
    /// The answer is to be JSON of this JSON Schema (the text of a JSON object). The model is told
    /// in the words of its format; the answer of a single call comes as it is, unjudged.
    call& output_schema(std::string schema) {
        output_schema_ = std::move(schema);
        return *this;
    }
    /// A tool that the model may ask to be called.
    call& add(conclave::tool next) {
        tools_.push_back(std::move(next));
        return *this;
    }
    /// Whether the model has to call a tool; it decides unless set.
    call& tool_choice(conclave::tool_choice choice) {
        tool_choice_ = std::move(choice);
        return *this;
    }
    /// How often a transient failure is tried again at most, 0 to 3; 1 unless set. All calls of a
    /// client share its `retry_budget` besides.
    call& max_retries(int count) {
        max_retries_ = count;
        return *this;
    }
    /// The time for everything, retries included: 1 ms to 300 s; 120 s unless set.
    call& timeout(std::chrono::milliseconds value) {
        timeout_ = value;
        return *this;
    }
    /// The W3C `traceparent` of what the call is part of: its requests carry one of the same trace.
    /// None is sent unless set; one that is not well-formed counts as not set.
    call& traceparent(std::string parent) {
        traceparent_ = std::move(parent);
        return *this;
    }

    /// As the client's endpoints know it.
    const std::string& model() const noexcept { return model_; }
    /// The conversation so far, in order.
    const std::vector<conclave::message>& messages() const noexcept { return messages_; }
    /// Empty when there is no system prompt.
    const std::string& instructions() const noexcept { return instructions_; }
    /// Absent when the provider decides; so with the next three.
    std::optional<double> temperature() const noexcept { return temperature_; }
    /// Nucleus sampling.
    std::optional<double> top_p() const noexcept { return top_p_; }
    /// The most tokens of the answer.
    std::optional<std::int64_t> max_tokens() const noexcept { return max_tokens_; }
    /// How hard to think.
    std::optional<reasoning_effort> reasoning() const noexcept { return reasoning_; }
    /// Empty when the answer is plain text.
    const std::string& output_schema() const noexcept { return output_schema_; }
    /// The tools that the model may ask to be called.
    const std::vector<tool>& tools() const noexcept { return tools_; }
    /// Whether the model has to call one; absent when it decides.
    const std::optional<conclave::tool_choice>& tool_choice() const noexcept {
        return tool_choice_;
    }
    /// How often a transient failure is tried again.
    int max_retries() const noexcept { return max_retries_; }
    /// The time for everything, retries included.
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }
    /// Empty when the call is part of no trace.
    const std::string& traceparent() const noexcept { return traceparent_; }

private:
    std::string model_;
    std::vector<conclave::message> messages_;
    std::string instructions_;
    std::optional<double> temperature_;
    std::optional<double> top_p_;
    std::optional<std::int64_t> max_tokens_;
    std::optional<reasoning_effort> reasoning_;
    std::string output_schema_;
    std::vector<tool> tools_;
    std::optional<conclave::tool_choice> tool_choice_;
    int max_retries_ = 1;
    std::chrono::milliseconds timeout_{120'000};
    std::string traceparent_;
};

}  // namespace conclave
