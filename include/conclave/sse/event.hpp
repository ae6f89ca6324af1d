#pragma once

#include <cstdint>
#include <string_view>

namespace conclave::sse {

/// What `parser::next` has found in the stream.
enum class event_kind : std::uint8_t {
    /// A dispatched event.
    message,
    /// A comment line; only with `parser_options::report_comments`.
    comment,
    /// A `retry` field; only with `parser_options::report_retry`.
    retry,
};

/// One thing found in an event stream: views into the parser's own memory, nothing is copied.
///
/// The views are valid until the next call of a member function of the parser that is not `const`.
/// The `data` of a message is valid for longer: until the next `prepare`, `feed` or `reset`.
/// At least `parser::padding` bytes behind every `data` may be read (their content is undefined),
/// so that a SIMD reader such as simdjson parses it where it is.
struct event {
    /// What this is, and so which of the other members mean something.
    event_kind kind = event_kind::message;
    /// The stream ended inside the last line of this event, so that `data` may lack its end. A
    /// JSON payload that parses is whole; take anything else as lost.
    bool cut = false;
    /// The event's type: `"message"` when the stream gave none.
    std::string_view type{};
    /// The payload: the values of all `data` lines joined by LF, bytes as they came (UTF-8 is not
    /// checked). For a comment the text behind the colon; for a retry the digits.
    std::string_view data{};
    /// The last event id when this event was dispatched; it persists from event to event.
    std::string_view id{};
    /// Reconnection time in milliseconds, for `event_kind::retry`.
    std::uint64_t retry_ms = 0;
    /// A message's bytes as they came, from its first line to its blank line, both included; valid
    /// as long as `data`. Empty if they are not all there unchanged: data of several lines was
    /// joined, there were lines other than `data` and `event` in between, or the stream was cut.
    std::string_view raw{};
};

}  // namespace conclave::sse
