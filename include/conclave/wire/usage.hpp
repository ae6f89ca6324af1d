#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace conclave {

/// What a call used, in one set of terms for all providers: `input_tokens` counts the whole prompt,
/// cached parts included; `output_tokens` counts all that was generated, reasoning included.
struct usage {
    /// The whole prompt.
    std::int64_t input_tokens = 0;
    /// All that was generated.
    std::int64_t output_tokens = 0;
    /// Of the output: tokens spent on reasoning.
    std::optional<std::int64_t> reasoning_tokens;
    /// Of the input: tokens read from the provider's prompt cache.
    std::optional<std::int64_t> cache_read_tokens;
    /// Of the input: tokens written to the prompt cache.
    std::optional<std::int64_t> cache_creation_tokens;
    /// Of those written: kept for an hour.
    std::optional<std::int64_t> cache_creation_1h_tokens;
    /// Of the input: tokens of sound.
    std::optional<std::int64_t> input_audio_tokens;
    /// Of the output: tokens of sound.
    std::optional<std::int64_t> output_audio_tokens;
    /// Searches of the web that the provider made for the answer.
    std::optional<std::int64_t> web_search_requests;
    /// Pages of the web that it fetched.
    std::optional<std::int64_t> web_fetch_requests;
    /// What a provider adds, as the text of a JSON object; empty when nothing.
    std::string extra;

    friend bool operator==(const usage&, const usage&) = default;
};

/// Adds `other` to `sum`: of two counts of which one is unknown, the known one is the sum. `extra`,
/// which has no sum, is left as it is.
inline void accumulate(usage& sum, const usage& other) {
    const auto add = [](std::optional<std::int64_t>& to, const std::optional<std::int64_t>& from) {
        if (from) to = to.value_or(0) + *from;
    };
    sum.input_tokens += other.input_tokens;
    sum.output_tokens += other.output_tokens;
    add(sum.reasoning_tokens, other.reasoning_tokens);
    add(sum.cache_read_tokens, other.cache_read_tokens);
    add(sum.cache_creation_tokens, other.cache_creation_tokens);
    add(sum.cache_creation_1h_tokens, other.cache_creation_1h_tokens);
    add(sum.input_audio_tokens, other.input_audio_tokens);
    add(sum.output_audio_tokens, other.output_audio_tokens);
    add(sum.web_search_requests, other.web_search_requests);
    add(sum.web_fetch_requests, other.web_fetch_requests);
}

}  // namespace conclave
