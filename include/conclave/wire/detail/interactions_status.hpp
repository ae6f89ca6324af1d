#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <conclave/error.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/google_finish.hpp>
#include <conclave/wire/detail/google_request.hpp>
#include <conclave/wire/detail/interactions_event.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire::detail {

// Whether nothing follows such a status. The words are an open set.
inline bool is_final_status(std::string_view status) noexcept {
    return !status.empty() && status != "in_progress" && status != "queued";
}

// Whether the code of an error says that the answer was withheld. How it is spelled here is not
// documented; these are the reasons that `generateContent` has.
inline bool is_filter_code(std::string_view code) {
    const std::string word = in_capitals(code.substr(code.find_last_of("/.") + 1));
    return is_google_filter(word) || word == "CONTENT_FILTER" || word == "BLOCKED";
}

// Takes the status of an interaction into the answer, and what it says of errors; and the words
// about one that was withheld as a whole into the piece. Returns why it is no answer, or nothing if
// it is one.
inline std::optional<failure> take_interactions_status(const interactions_event::content& said,
                                                       completion& to, delta& piece) {
    const std::string_view status = said.status;
    const bool has_message = !said.error_message.empty();
    if (status == "failed" && is_filter_code(said.error_code)) {
        to.finish = finish_reason::content_filter;
        if (to.text.empty() && piece.text.empty()) piece.refusal = said.error_message;
        add_note(to,
                 "withheld by the provider: " + google_words(said.error_code, said.error_message));
        return std::nullopt;
    }
    if (status == "failed" || status == "cancelled" ||
        (!status.empty() && !is_final_status(status))) {
        const std::string words = "the interaction is " + one_line(status, longest_excerpt);
        return failure{
            errc::provider_error,
            has_message ? one_line(said.error_message, longest_message) : words,
            one_line(said.error_code.empty() ? status : said.error_code, longest_excerpt), 0};
    }
    if (has_message) {
        add_note(to, "the provider reports: " + google_words(said.error_message, {}));
    }
    if (status == "completed" || status == "requires_action") {
        to.finish = to.tool_calls.empty() ? finish_reason::stop : finish_reason::tool_calls;
    } else if (status == "requires_continuation") {
        to.finish = finish_reason::length;
        add_note(to, std::string(continuation_note));
    } else if (status == "incomplete" || status == "budget_exceeded") {
        to.finish = finish_reason::length;
        add_note(to, "the answer is incomplete: the provider calls it " + std::string(status));
    } else if (!status.empty()) {
        to.finish = finish_reason::unknown;
        add_note(to, "the provider calls the answer " + one_line(status, longest_excerpt));
    }
    return std::nullopt;
}

}  // namespace conclave::wire::detail
