#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::wire {

/// How much of its reasoning a model is to summarise for the reader.
enum class reasoning_summary { automatic, concise, detailed };

/// How long a model's answers are to be.
enum class text_verbosity { low, medium, high };

/// What is done with a conversation that is too long for the model.
enum class input_truncation {
    /// The request fails.
    disabled,
    /// The provider leaves out what it thinks best.
    automatic,
};

/// The word for it, as in JSON: `"auto"`.
constexpr std::string_view to_string(reasoning_summary how) noexcept {
    if (how == reasoning_summary::concise) return "concise";
    return how == reasoning_summary::detailed ? "detailed" : "auto";
}
/// The word for it, as in JSON: `"low"`.
constexpr std::string_view to_string(text_verbosity how) noexcept {
    if (how == text_verbosity::low) return "low";
    return how == text_verbosity::medium ? "medium" : "high";
}
/// The word for it, as in JSON: `"disabled"`.
constexpr std::string_view to_string(input_truncation how) noexcept {
    return how == input_truncation::automatic ? "auto" : "disabled";
}

/// What a request in the Responses or OpenResponses format can say and no other format: it is sent
/// with every request to the endpoint that has it. Not set means: not sent, the provider decides.
struct responses_options {
    responses_options() = default;

    /// Whether the provider keeps the answer for later requests; it is told not to unless set.
    bool store = false;
    /// Whether the arguments of tools are held to their schemas exactly. Only some schemas can be:
    /// the provider refuses the others.
    bool strict = false;
    /// Asks for a summary of the model's reasoning, which is hidden otherwise.
    std::optional<reasoning_summary> summary;
    /// How long answers are to be; not every provider heeds it.
    std::optional<text_verbosity> verbosity;
    /// What is done when the conversation is too long.
    std::optional<input_truncation> truncation;
    /// Whether the model may call several tools at once.
    std::optional<bool> parallel_tool_calls;
    /// The most calls of the provider's own tools.
    std::optional<std::int64_t> max_tool_calls;
    /// From -2 to 2: less or more of what was said already. OpenResponses only; dropped with a note
    /// elsewhere, as the next.
    std::optional<double> frequency_penalty;
    /// From -2 to 2: less or more of what was spoken of already.
    std::optional<double> presence_penalty;
    /// The answer that this request follows, which its provider has stored; empty: none.
    std::string previous_response_id;
    /// The class of service, such as `flex` or `priority`; empty: the provider's default.
    std::string service_tier;
    /// Whom the provider is to take the request for; empty: nobody in particular.
    std::string user;
    /// What the answer is to have on top, such as `reasoning.encrypted_content`.
    std::vector<std::string> include;
    /// Notes that the provider keeps with the answer.
    std::map<std::string, std::string> metadata;
};

}  // namespace conclave::wire
