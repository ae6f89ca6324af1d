#pragma once

#include <cstddef>

namespace conclave::sse {

/// What a `parser` accepts and reports.
struct parser_options {
    /// Longest line in bytes, without its line end.
    std::size_t max_line_size = std::size_t{16} << 20;
    /// Longest event in bytes, as received: from the start of its first `data` or `event` line to
    /// the end of its last line.
    std::size_t max_event_size = std::size_t{16} << 20;
    /// Deliver an event with data that the stream's end left without its blank line, as OpenAI's
    /// client does for servers that forget it; `event::cut` tells when even its last line lacks its
    /// end. When false such an event is dropped, as the specification has it.
    bool deliver_unterminated = true;
    /// Report comment lines, which are a sign of life.
    bool report_comments = false;
    /// Report valid `retry` fields.
    bool report_retry = false;
};

}  // namespace conclave::sse
