#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/roundtable/boxed.hpp>
#include <conclave/roundtable/response.hpp>

namespace conclave {

/// What a roundtable reports while it runs.
enum class event_type {
    /// A seat's first request is about to be sent.
    model_start,
    /// A piece of a seat's answer.
    model_delta,
    /// A seat's attempt failed and is made again, or its answer is not valid by the output schema
    /// and is asked for once more: its deltas so far are void.
    model_retry,
    /// A seat answered.
    model_done,
    /// A seat failed for good.
    model_error,
    /// The answers are being merged.
    summary_start,
    /// A piece of the merged answer.
    summary_delta,
    /// The merging failed, or its answer is not valid by the output schema, and it is tried again,
    /// by this or another model: its deltas so far are void.
    summary_retry,
    /// The merged answer is complete.
    summary_done,
    /// The roundtable is complete.
    done,
    /// The roundtable failed as a whole.
    error,
};

namespace detail {
inline constexpr std::array<std::string_view, 11> event_words = {
    "model_start",   "model_delta",   "model_retry",  "model_done", "model_error", "summary_start",
    "summary_delta", "summary_retry", "summary_done", "done",       "error"};
}

/// The word for a type, as in a stream frame: `"model_delta"`.
constexpr std::string_view to_string(event_type type) noexcept {
    return detail::event_words[static_cast<std::size_t>(type)];
}

/// The type that a word means, or nothing if it means none.
constexpr std::optional<event_type> to_event_type(std::string_view word) noexcept {
    for (std::size_t i = 0; i < detail::event_words.size(); ++i) {
        if (detail::event_words[i] == word) return static_cast<event_type>(i);
    }
    return std::nullopt;
}

/// One event, as a handler gets it: views that are valid during the call only.
struct roundtable_event {
    /// What happened. It tells which of the others mean something.
    event_type type = event_type::done;
    /// The seat, in `model_…` events.
    std::size_t model_index = 0;
    /// The model: the seat's, or the one that merges.
    std::string_view model;
    /// The piece of text, in `…_delta` events.
    std::string_view delta;
    /// What went wrong, in `…_retry`, `model_error` and `error`.
    std::string_view error;
    /// The whole merged answer, in `summary_done`.
    std::string_view data;
    /// The seat's result, in `model_done` and `model_error`; else null.
    const model_result* result = nullptr;
    /// The whole answer, in `done`; else null.
    const roundtable_response* response = nullptr;
};

/// One event that owns what it holds: what a pull stream gives and what a frame's JSON is read
/// into.
class stream_event {
public:
    stream_event() = default;
    /// Copies all that `seen` shows.
    explicit stream_event(const roundtable_event& seen)
        : type(seen.type), model_index(seen.model_index), model(seen.model), delta(seen.delta) {
        if (!seen.error.empty()) error = seen.error;
        if (!seen.data.empty()) data = seen.data;
        if (seen.result != nullptr) result = *seen.result;
        if (seen.response != nullptr) response = *seen.response;
    }

    /// Reads a frame of the stream of `POST /v3/roundtable`, ours or another server's: the JSON of
    /// one event. Gives nothing for a frame of an unknown type, which is to be skipped. A frame
    /// with `meta` is `done` whatever its type, and a missing type is told by the event's name or
    /// by the frame's members. Throws `error` with `errc::malformed_json`; the end marker `[DONE]`
    /// is not a frame.
    ///
    /// \param event_name the event's name in the stream, empty if it has none; `complete` is `done`
    static std::optional<stream_event> from_json(std::string_view frame,
                                                 std::string_view event_name = {});

    /// What happened. This and the next five mean what they mean in `roundtable_event`.
    event_type type = event_type::done;
    /// The seat.
    std::size_t model_index = 0;
    /// The seat's model.
    std::string model;
    /// The next piece of an answer.
    std::string delta;
    /// Why something failed.
    std::string error;
    /// A whole answer.
    std::string data;
    /// Set in `model_done` and `model_error`.
    boxed<model_result> result;
    /// Set in `done`.
    boxed<roundtable_response> response;

    /// The same as views into this object.
    roundtable_event view() const& noexcept {
        roundtable_event seen;
        seen.type = type;
        seen.model_index = model_index;
        seen.model = model;
        seen.delta = delta;
        seen.error = error;
        seen.data = data;
        seen.result = result ? &*result : nullptr;
        seen.response = response ? &*response : nullptr;
        return seen;
    }
    roundtable_event view() const&& = delete;

    friend bool operator==(const stream_event&, const stream_event&) = default;
};

}  // namespace conclave

#include <conclave/roundtable/event_json.hpp>
