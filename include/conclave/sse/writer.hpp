#pragma once

#include <charconv>
#include <conclave/sse/line_scanner.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::sse {

/// Writes an event stream, appending to a string of the caller's. Whatever the payload, one call of
/// `event` writes exactly one event: text can never forge a field or another event.
class writer {
public:
    /// `output` must outlive the writer.
    explicit writer(std::string& output) noexcept : output_(output) {}
    explicit writer(std::string&&) = delete;

    /// Appends an event. Line ends in `data` begin new `data` lines, which a reader joins by LF: so
    /// LF survives, while CR and CRLF come back as LF, as the format has no way to carry a CR. A
    /// `type` or `id` that is empty is left out, and so is one with CR, LF or (in an id) NUL,
    /// which no stream can carry.
    void event(std::string_view data, std::string_view type = {}, std::string_view id = {}) {
        parts_of_event(data, type, id, appender{output_});
    }

    /// The same without a copy, for large payloads and gathered writes: appends to `parts` what
    /// makes up the event, in order. The views are into `data`, `type` and `id`, and into static
    /// memory.
    static void gather(std::vector<std::string_view>& parts, std::string_view data,
                       std::string_view type = {}, std::string_view id = {}) {
        parts_of_event(data, type, id, [&](std::string_view part) { parts.push_back(part); });
    }

    /// Appends a comment, which readers ignore: a sign of life. Each line of `text` becomes a
    /// comment line.
    void comment(std::string_view text = {}) {
        parts_of_lines(":", text, appender{output_});
        // Some readers take all up to a blank line as one block and would drop the event behind.
        output_ += '\n';
    }

    /// Asks the reader to wait for `milliseconds` before it reconnects.
    void retry(std::uint64_t milliseconds) {
        char digits[20];
        const auto written = std::to_chars(digits, digits + sizeof digits, milliseconds);
        output_ += "retry: ";
        output_.append(digits, written.ptr);
        output_ += "\n\n";
    }

    /// Appends the event `[DONE]` that ends streams of OpenAI's format.
    void done() { event("[DONE]"); }

private:
    // Puts parts behind each other in a string.
    struct appender {
        std::string& output;
        void operator()(std::string_view part) const { output += part; }
    };

    template <class Put>
    static void parts_of_event(std::string_view data, std::string_view type, std::string_view id,
                               Put put) {
        if (type.find_first_of("\r\n") != type.npos) type = {};
        if (id.find_first_of(std::string_view("\r\n\0", 3)) != id.npos) id = {};
        if (!type.empty()) parts_of_line("event: ", type, put);
        if (!id.empty()) parts_of_line("id: ", id, put);
        parts_of_lines("data: ", data, put);
        put("\n");
    }

    template <class Put>
    static void parts_of_lines(std::string_view name, std::string_view text, Put put) {
        for (;;) {
            const std::size_t size = line_size(text);
            parts_of_line(name, text.substr(0, size), put);
            if (size == text.size()) return;
            const bool crlf = text.substr(size, 2) == "\r\n";
            text.remove_prefix(size + (crlf ? 2 : 1));
        }
    }

    template <class Put>
    static void parts_of_line(std::string_view name, std::string_view value, Put& put) {
        put(name);
        put(value);
        put("\n");
    }

    std::string& output_;
};

}  // namespace conclave::sse
