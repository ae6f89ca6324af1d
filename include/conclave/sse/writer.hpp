#pragma once

#include <charconv>
#include <conclave/sse/line_scanner.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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
        if (type.find_first_of("\r\n") != type.npos) type = {};
        if (id.find_first_of(std::string_view("\r\n\0", 3)) != id.npos) id = {};
        if (!type.empty()) line("event: ", type);
        if (!id.empty()) line("id: ", id);
        lines("data: ", data);
        output_ += '\n';
    }

    /// Appends a comment, which readers ignore: a sign of life. Each line of `text` becomes a
    /// comment line.
    void comment(std::string_view text = {}) {
        lines(":", text);
        // Some readers take all up to a blank line as one block and would drop the event behind.
        output_ += '\n';
    }

    /// Asks the reader to wait for `milliseconds` before it reconnects.
    void retry(std::uint64_t milliseconds) {
        char digits[20];
        const auto written = std::to_chars(digits, digits + sizeof digits, milliseconds);
        line("retry: ", {digits, static_cast<std::size_t>(written.ptr - digits)});
        output_ += '\n';
    }

    /// Appends the event `[DONE]` that ends streams of OpenAI's format.
    void done() { event("[DONE]"); }

private:
    void line(std::string_view name, std::string_view value) {
        output_ += name;
        output_ += value;
        output_ += '\n';
    }

    void lines(std::string_view name, std::string_view text) {
        for (;;) {
            const std::size_t size = line_size(text);
            line(name, text.substr(0, size));
            if (size == text.size()) return;
            const bool crlf = text.substr(size, 2) == "\r\n";
            text.remove_prefix(size + (crlf ? 2 : 1));
        }
    }

    std::string& output_;
};

}  // namespace conclave::sse
