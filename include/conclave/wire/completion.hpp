#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/rate_limit.hpp>
#include <conclave/wire/reasoning_part.hpp>
#include <conclave/wire/response_details.hpp>
#include <conclave/wire/tool.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave {

/// Why a model stopped.
enum class finish_reason {
    /// The provider did not say, or said something this library does not know.
    unknown,
    /// The answer is complete.
    stop,
    /// The answer was cut off at the token limit.
    length,
    /// The model wants a tool called.
    tool_calls,
    /// The provider withheld the answer or its rest.
    content_filter,
};

/// The word for a reason, as OpenAI's formats spell it: `"stop"`.
constexpr std::string_view to_string(finish_reason reason) noexcept {
    constexpr std::array<std::string_view, 5> words = {"unknown", "stop", "length", "tool_calls",
                                                       "content_filter"};
    return words[static_cast<std::size_t>(reason)];
}

/// One model's answer to one call, as its provider reported it.
struct completion {
    /// The answer's text.
    std::string text;
    /// The model's reasoning, where the provider shows it.
    std::string reasoning;
    /// What the provider wants back of the reasoning if the conversation goes on; `message` takes
    /// it from here.
    std::vector<reasoning_part> reasoning_parts;
    /// The words in which the model declined; empty if it did not.
    std::string refusal;
    /// The tools that the model wants called, in its order.
    std::vector<tool_call> tool_calls;
    /// Why the model stopped.
    finish_reason finish = finish_reason::unknown;
    /// Absent when the provider reported none.
    std::optional<conclave::usage> usage;
    /// In USD: the provider's own figure, else from the client's price table, else absent.
    std::optional<double> cost;
    /// The model that answered, as the provider names it.
    std::string model;
    /// The provider's id of the answer.
    std::string id;
    /// The provider's id of the request, by which its support finds it; from the reply's header.
    std::string request_id;
    /// The provider's rate limits, as the reply's header had them; empty if it had none.
    std::vector<rate_limit> rate_limits;
    /// For people: what the call asked for and the endpoint does not take, so that it was dropped
    /// instead of sent, and what else is to be known of the answer.
    std::vector<std::string> notes;
    /// What only the Responses and OpenResponses formats tell; null for all others.
    std::shared_ptr<const wire::response_details> details;
};

/// A piece of an answer as it arrives. Views into the receive buffer: valid during the call of the
/// handler that gets it, no longer.
struct delta {
    /// The next piece of the answer's text.
    std::string_view text;
    /// The next piece of the model's reasoning.
    std::string_view reasoning;
    /// The next piece of a refusal.
    std::string_view refusal;
    /// The next piece of a tool call's arguments, a sign of life while there is no text. Of pieces
    /// of several calls at once it is the last; the calls are whole in `completion::tool_calls`.
    std::string_view tool_arguments;
    /// The attempt failed and another is made: what was shown before this is void.
    bool restart = false;

    /// Whether there is nothing to show in it.
    bool empty() const noexcept {
        return text.empty() && reasoning.empty() && refusal.empty() && tool_arguments.empty();
    }
};

namespace wire {

/// Where a streamed answer stands.
enum class stream_status {
    /// The answer goes on.
    more,
    /// The answer is complete. Events after that are ignored.
    done,
    /// The answer failed; the reader's `error` says why, and its `result` has what came before.
    failed,
};

/// Why a reply is a failure, as read from it.
struct failure {
    /// `errc::provider_error` when the provider reported it, `errc::malformed_json`,
    /// `errc::malformed_reply`, `errc::truncated_stream` or `errc::refused` when the reply shows
    /// it.
    errc code = errc::provider_error;
    /// What happened, in the provider's words where it has any.
    std::string message;
    /// The provider's code, or its type where it has no code.
    std::string provider_code;
    /// The HTTP status that an error inside a stream stands for, 0 if it does not say.
    int status = 0;
    /// How long the provider asks to be left alone, where it says so beside the error.
    std::optional<std::chrono::milliseconds> retry_after = {};
    /// The provider's id of the request, where the error has it in itself.
    std::string request_id = {};
    /// Whether the provider says beside the error that trying again is worth while; else absent.
    std::optional<bool> should_retry = {};
};

}  // namespace wire
}  // namespace conclave
