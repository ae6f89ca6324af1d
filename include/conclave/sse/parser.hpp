#pragma once

#include <algorithm>
#include <charconv>
#include <conclave/error.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/sse/line_scanner.hpp>
#include <conclave/sse/parser_options.hpp>
#include <conclave/sse/receive_buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace conclave::sse {

/// Reads a server-sent event stream (WHATWG HTML, "Server-sent events") in place, from pieces of
/// any size. No I/O, no exceptions but `std::bad_alloc`, no allocation once its buffer is as large
/// as the events are.
///
/// Pull: receive into `prepare`'s span, `commit` what came, take events from `next` until it
/// returns null; at the end of the stream call `finish` and empty `next` again. Push: `feed` and
/// `finish` with a handler. Time is linear in the input, memory at most about twice the larger of
/// the limits plus a read.
///
/// An object serves one stream at a time and one thread; it stays where it is, as views point into
/// it.
class parser {
public:
    /// Readable bytes behind each `event::data`.
    static constexpr std::size_t padding = receive_buffer::padding;

    /// Finds line ends in the fastest way this machine has.
    explicit parser(const parser_options& options = {}) : parser(options, best_block_scanner()) {}
    /// Uses the given way of finding line ends, for tests and measurements.
    parser(const parser_options& options, block_scanner scan) : options_(options), lines_(scan) {}
    parser(const parser&) = delete;
    parser& operator=(const parser&) = delete;

    /// Room for at least `minimum` bytes (at least one) to receive into. Invalidates all views.
    /// Take all events out with `next` before, or the buffer grows by what is left.
    std::span<char> prepare(std::size_t minimum) & {
        shift(buffer_.prepare(first_needed(), std::max<std::size_t>(minimum, 1)));
        return buffer_.room();
    }
    std::span<char> prepare(std::size_t) && = delete;

    /// Takes `received`, a part of the span that the last `prepare` returned, as the next bytes of
    /// the stream. It may begin later than the span (where framing of HTTP was stripped), and
    /// several parts may be committed in ascending order.
    void commit(std::span<const char> received) & {
        shift(buffer_.commit(first_needed(), received));
    }

    /// The next thing found, or null: more bytes are needed, the stream is over, or `error` is set.
    const event* next() & {
        if (error_) return nullptr;
        if (at_start_ && !skip_byte_order_mark()) return nullptr;
        if (skipped_) {
            lines_.skip_to(line_);
            skipped_ = false;
        }
        std::size_t at;
        while (lines_.next(buffer_.bytes(), buffer_.end(), at)) {
            if (take_line(buffer_.bytes(), at)) return error_ ? nullptr : &event_;
        }
        return take_end() ? &event_ : nullptr;
    }
    const event* next() && = delete;

    /// The received bytes, as far as the limits allow, at which the next event begins: for those
    /// who know by other means where it ends (`skip`). Empty once `next` has looked at part of it,
    /// so that this is tried once for an event, however small the pieces it comes in. `padding`
    /// bytes behind it may be read.
    std::string_view unframed() & {
        if (!between_events_) return {};
        if (at_start_ && !skip_byte_order_mark()) return {};
        const std::size_t most = std::min(options_.max_line_size, options_.max_event_size);
        return {buffer_.bytes() + line_, std::min(buffer_.end() - line_, most)};
    }
    std::string_view unframed() && = delete;

    /// Takes the first `size` bytes of `unframed` as read. They have to be one or more whole
    /// events, the last one's blank line included and ending in LF, of no other lines than `data`
    /// and `event`.
    void skip(std::size_t size) & noexcept {
        line_ += size;
        skipped_ = true;
        after_cr_ = false;
    }

    /// Says that the stream has ended; `next` may yet return events. No bytes may follow before
    /// `reset`.
    void finish() & { finished_ = true; }

    /// Push form of `prepare`, `commit` and `next`: copies `bytes` in and calls
    /// `on_event(const event&)` for each thing found, up to an error.
    template <class Handler>
    void feed(std::string_view bytes, Handler&& on_event) & {
        constexpr std::size_t piece = std::size_t{16} << 10;  // bounds the buffer
        while (!bytes.empty() && !error_) {
            const std::size_t size = std::min(bytes.size(), piece);
            const std::span<char> room = prepare(size);
            std::memcpy(room.data(), bytes.data(), size);
            commit(room.first(size));
            while (const event* found = next())
                on_event(*found);
            bytes.remove_prefix(size);
        }
    }

    /// Push form of `finish` and `next`.
    template <class Handler>
    void finish(Handler&& on_event) & {
        finish();
        while (const event* found = next())
            on_event(*found);
    }

    /// `errc::event_too_large` once a line or an event went over its limit: nothing more will be
    /// found until `reset`.
    std::error_code error() const noexcept { return error_; }

    /// The last event id of the stream so far, as of the last blank line.
    std::string_view last_event_id() const& noexcept { return last_event_id_; }
    std::string_view last_event_id() const&& = delete;

    /// The reconnection time in milliseconds that the stream asked for last, if it did. A number
    /// too large for 64 bits is taken as the largest.
    std::optional<std::uint64_t> retry_ms() const noexcept { return retry_ms_; }

    /// The lines so far that are of no known field, the first 4 KiB of them, each with an LF: what
    /// a server that fell out of its role has sent, such as an error in bare JSON.
    std::string_view stray_lines() const& noexcept { return stray_lines_; }
    std::string_view stray_lines() const&& = delete;

    /// Bytes of memory held for received bytes.
    std::size_t capacity() const noexcept { return buffer_.capacity(); }

    /// Makes the parser ready for another stream: everything is forgotten but the options and the
    /// memory.
    void reset() &;

private:
    // Offsets count from buffer_.bytes(). An event begins with its first data or event line;
    // outside an event nothing before line_ is needed.
    std::size_t first_needed() const noexcept { return in_event_ ? event_begin_ : line_; }

    void shift(std::size_t distance) noexcept {
        line_ += distance;
        event_begin_ += distance;
        data_begin_ += distance;
        data_end_ += distance;
        type_begin_ += distance;
        lines_.shift(distance);
    }

    bool skip_byte_order_mark();
    bool take_line(char* bytes, std::size_t at);
    bool take_other_line(char* bytes, std::size_t first, std::size_t last);
    void take_data(char* bytes, std::size_t line, std::size_t first, std::size_t last);
    void take_type(char* bytes, std::size_t line, std::size_t first, std::size_t last);
    bool take_retry(std::string_view digits);
    void take_stray(std::string_view line);
    std::string_view received_event() noexcept;
    bool take_blank_line();
    bool take_end();

    bool within_limits(std::size_t line, std::size_t end) const noexcept {
        const std::size_t begin = in_event_ ? event_begin_ : line;
        return end - line <= options_.max_line_size && end - begin <= options_.max_event_size;
    }

    parser_options options_;
    receive_buffer buffer_;
    line_scanner lines_;
    event event_;
    std::error_code error_;

    std::size_t line_ = 0;  // begin of the line that is not complete yet
    std::size_t event_begin_ = 0;
    std::size_t data_begin_ = 0;
    std::size_t data_end_ = 0;
    std::size_t type_begin_ = 0;
    std::size_t type_size_ = 0;
    bool in_event_ = false;
    bool has_data_ = false;
    bool between_events_ = true;  // no byte from line_ on has been looked at
    bool unchanged_ = true;   // of the event nothing was moved, and nothing but it is in its place
    bool late_type_ = false;  // the type is in late_type_text_
    bool has_id_ = false;     // id_ is to become last_event_id_
    bool skipped_ = false;    // lines_ is to go on from line_
    bool after_cr_ = false;   // an LF at line_ belongs to the line end before
    bool at_start_ = true;    // the byte-order mark may still come
    bool finished_ = false;
    bool ended_ = false;

    std::optional<std::uint64_t> retry_ms_;
    std::string id_;
    std::string last_event_id_;
    std::string late_type_text_;
    std::string stray_lines_;
};

inline void parser::reset() & {
    buffer_.clear();
    lines_.restart(0);
    error_.clear();
    line_ = 0;
    in_event_ = has_data_ = late_type_ = has_id_ = after_cr_ = finished_ = ended_ = false;
    skipped_ = false;
    at_start_ = between_events_ = unchanged_ = true;
    type_size_ = 0;
    retry_ms_.reset();
    id_.clear();
    last_event_id_.clear();
    stray_lines_.clear();
}

// True when the first line can begin.
inline bool parser::skip_byte_order_mark() {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    const std::string_view received(buffer_.bytes() + line_, buffer_.end() - line_);
    const bool more_may_come = received.size() < mark.size() && !finished_;
    if (more_may_come && mark.starts_with(received)) return false;
    if (received.starts_with(mark)) line_ += mark.size();
    lines_.restart(line_);
    at_start_ = false;
    return true;
}

// The byte at offset `at` ends a line, or is the LF of a CRLF. True when event_ is to be returned,
// or when the line is too large and error_ says so.
inline bool parser::take_line(char* bytes, std::size_t at) {
    const std::size_t line = line_;
    line_ = at + 1;
    const bool crlf = after_cr_ && at == line && bytes[at] == '\n';
    after_cr_ = bytes[at] == '\r';
    if (at == line) return !crlf && take_blank_line();
    between_events_ = false;
    if (!within_limits(line, at)) {
        error_ = errc::event_too_large;
        return true;
    }
    // The bytes behind a short line do no harm: no line end is in what is compared.
    constexpr std::string_view data = "data:";
    constexpr std::string_view type = "event:";
    const char* const text = bytes + line;
    if (std::memcmp(text, data.data(), data.size()) == 0) {
        take_data(bytes, line, line + data.size() + (text[data.size()] == ' ' ? 1 : 0), at);
        return false;
    }
    if (std::memcmp(text, type.data(), type.size()) == 0) {
        take_type(bytes, line, line + type.size() + (text[type.size()] == ' ' ? 1 : 0), at);
        return false;
    }
    return take_other_line(bytes, line, at);
}

inline void parser::take_data(char* bytes, std::size_t line, std::size_t first, std::size_t last) {
    if (!in_event_) {
        in_event_ = true;
        event_begin_ = line;
    }
    if (!has_data_) {
        has_data_ = true;
        data_begin_ = first;
        data_end_ = last;
        return;
    }
    unchanged_ = false;
    // Joined in place: the line end and the field name between the values give the room.
    bytes[data_end_++] = '\n';
    std::memmove(bytes + data_end_, bytes + first, last - first);
    data_end_ += last - first;
}

inline void parser::take_type(char* bytes, std::size_t line, std::size_t first, std::size_t last) {
    if (!in_event_) {
        in_event_ = true;
        event_begin_ = line;
    }
    type_begin_ = first;
    type_size_ = last - first;
    // More data would be joined over a type that stands behind the data.
    late_type_ = has_data_ && type_size_ != 0;
    if (late_type_) late_type_text_.assign(bytes + first, last - first);
}

// Comments, rare and unknown fields, and fields without a colon.
inline bool parser::take_other_line(char* bytes, std::size_t first, std::size_t last) {
    unchanged_ = unchanged_ && !in_event_;
    const std::string_view line(bytes + first, last - first);
    if (line.front() == ':') {
        if (options_.report_comments) {
            event_ = {.kind = event_kind::comment, .data = line.substr(1), .id = last_event_id_};
        }
        return options_.report_comments;
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "id") {
        if (value.find('\0') == value.npos) {
            id_ = value;
            has_id_ = true;
        }
    } else if (name == "retry") {
        return take_retry(value);
    } else if (name == "data") {
        take_data(bytes, first, last, last);
    } else if (name == "event") {
        take_type(bytes, first, last, last);
    } else {
        take_stray(line);
    }
    return false;
}

inline void parser::take_stray(std::string_view line) {
    constexpr std::size_t most = 4096;
    const std::size_t room = most - stray_lines_.size();
    if (room == 0) return;
    stray_lines_.append(line.substr(0, room - 1)).append(1, '\n');
}

inline bool parser::take_retry(std::string_view digits) {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, failure] = std::from_chars(digits.data(), end, value);
    if (stop != end || failure == std::errc::invalid_argument) return false;
    if (failure == std::errc::result_out_of_range) {
        value = std::numeric_limits<std::uint64_t>::max();
    }
    retry_ms_ = value;
    if (!options_.report_retry) return false;
    event_ = {.kind = event_kind::retry, .data = digits, .id = last_event_id_, .retry_ms = value};
    return true;
}

// The bytes of the event whose blank line has just been taken.
inline std::string_view parser::received_event() noexcept {
    const char* const bytes = buffer_.bytes();
    const bool crlf = bytes[line_ - 1] == '\r' && line_ != buffer_.end() && bytes[line_] == '\n';
    return {bytes + event_begin_, line_ - event_begin_ + (crlf ? 1 : 0)};
}

inline bool parser::take_blank_line() {
    if (has_id_) {
        last_event_id_ = id_;
        has_id_ = false;
    }
    const bool dispatch = has_data_;
    if (dispatch) {
        const char* const bytes = buffer_.bytes();
        event_.kind = event_kind::message;
        event_.cut = false;
        event_.type = late_type_        ? std::string_view(late_type_text_)
                      : type_size_ != 0 ? std::string_view(bytes + type_begin_, type_size_)
                                        : std::string_view("message");
        event_.data = {bytes + data_begin_, data_end_ - data_begin_};
        event_.id = last_event_id_;
        event_.retry_ms = 0;
        event_.raw = unchanged_ ? received_event() : std::string_view{};
    }
    in_event_ = has_data_ = late_type_ = false;
    between_events_ = unchanged_ = true;
    type_size_ = 0;
    return dispatch;
}

// All complete lines have been taken.
inline bool parser::take_end() {
    if (error_ || ended_) return false;
    const std::size_t end = buffer_.end();
    if (line_ != end) {
        between_events_ = false;
        if (!within_limits(line_, end)) error_ = errc::event_too_large;
    }
    if (error_ || !finished_) return false;
    ended_ = true;
    if (!options_.deliver_unterminated) return false;
    // Of a line without its end only data is of use: a type or an id may be half of one.
    const std::string_view rest(buffer_.bytes() + line_, end - line_);
    if (rest.starts_with("data:")) {
        take_data(buffer_.bytes(), line_, line_ + (rest.starts_with("data: ") ? 6 : 5), end);
    } else if (!rest.empty() && rest.front() != ':') {
        take_stray(rest);
    }
    if (!has_data_) return false;
    unchanged_ = false;  // its blank line is not there
    take_blank_line();
    event_.cut = !rest.empty();
    return true;
}

}  // namespace conclave::sse
