#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/error.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/google_chunk.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire::detail {

// What people are told of an answer that stops at the limit of one request, which Google would go
// on with in a second.
inline constexpr std::string_view continuation_note =
    "the answer is incomplete: the provider stopped at its limit for one request";

// The reasons by which Google withholds an answer or its rest.
inline bool is_google_filter(std::string_view reason) noexcept {
    constexpr std::array<std::string_view, 7> reasons = {
        "SAFETY", "RECITATION",  "BLOCKLIST", "PROHIBITED_CONTENT",
        "SPII",   "MODEL_ARMOR", "JAILBREAK"};
    return std::ranges::find(reasons, reason) != reasons.end() || reason.starts_with("IMAGE_");
}

// The reasons by which there is no answer, because the model broke a rule of the format.
inline bool is_google_failure(std::string_view reason) noexcept {
    constexpr std::array<std::string_view, 4> reasons = {
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
        "MALFORMED_RESPONSE"};
    return std::ranges::find(reasons, reason) != reasons.end();
}

inline void add_note(completion& to, std::string note) {
    if (std::ranges::find(to.notes, note) == to.notes.end()) to.notes.push_back(std::move(note));
}

// "SAFETY: the provider's words"
inline std::string google_words(std::string_view reason, std::string_view message) {
    std::string words = one_line(reason, longest_excerpt);
    if (!message.empty()) words += ": " + one_line(message, longest_message);
    return words;
}

// Takes the reason to stop into the answer, and the words about one that was withheld as a whole
// into the piece. Returns why it is no answer, or nothing if it is one.
inline std::optional<failure> take_google_finish(const google_chunk::content& said, completion& to,
                                                 delta& piece) {
    const std::string_view reason = said.finish;
    if (!said.block.empty()) {
        to.finish = finish_reason::content_filter;
        piece.refusal = said.block_message;
        add_note(to, "the prompt was blocked: " + google_words(said.block, said.block_message));
    } else if (reason == "STOP") {
        to.finish = to.tool_calls.empty() ? finish_reason::stop : finish_reason::tool_calls;
    } else if (reason == "MAX_TOKENS") {
        to.finish = finish_reason::length;
    } else if (reason == "CONTINUATION") {
        to.finish = finish_reason::length;
        add_note(to, std::string(continuation_note));
    } else if (is_google_filter(reason)) {
        to.finish = finish_reason::content_filter;
        // of an answer whose rest was withheld, what there is counts
        if (to.text.empty() && piece.text.empty()) piece.refusal = said.finish_message;
        add_note(to, "withheld by the provider: " + google_words(reason, said.finish_message));
    } else if (is_google_failure(reason)) {
        return failure{errc::provider_error, google_words(reason, said.finish_message),
                       one_line(reason, longest_excerpt), 0};
    } else if (!reason.empty()) {
        to.finish = finish_reason::unknown;
        add_note(to, "the model stopped early: " + google_words(reason, said.finish_message));
    }
    return std::nullopt;
}

}  // namespace conclave::wire::detail
