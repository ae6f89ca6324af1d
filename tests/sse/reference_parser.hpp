#pragma once

#include <conclave/sse/parser.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

// The event-stream rules as plainly as they can be said: the whole stream at once, one line after
// the other, everything copied. What the real parser is compared with.

namespace conclave::testing {

/// An `sse::event` that owns its text.
struct seen_event {
    sse::event_kind kind = sse::event_kind::message;
    bool cut = false;
    std::string type;
    std::string data;
    std::string id;
    std::uint64_t retry_ms = 0;

    friend bool operator==(const seen_event&, const seen_event&) = default;
    friend std::ostream& operator<<(std::ostream& out, const seen_event& event) {
        return out << "{kind " << int(event.kind) << (event.cut ? ", cut" : "") << ", type \""
                   << event.type << "\", data \"" << event.data << "\", id \"" << event.id
                   << "\", retry " << event.retry_ms << '}';
    }
};

/// All that a parser says of a stream.
struct reading {
    std::vector<seen_event> events;
    std::string last_event_id;
    std::optional<std::uint64_t> retry_ms;
    bool too_large = false;

    friend bool operator==(const reading&, const reading&) = default;
    friend std::ostream& operator<<(std::ostream& out, const reading& all) {
        for (const seen_event& event : all.events)
            out << event << '\n';
        out << "last id \"" << all.last_event_id << '"';
        if (all.retry_ms) out << ", retry " << *all.retry_ms;
        return out << (all.too_large ? ", too large\n" : "\n");
    }
};

class reference_parser {
public:
    explicit reference_parser(const sse::parser_options& options) : options_(options) {}

    reading read(std::string_view stream) {
        std::size_t at = stream.starts_with("\xEF\xBB\xBF") ? 3 : 0;
        while (!result_.too_large) {
            const std::size_t end = stream.find_first_of("\r\n", at);
            if (end == stream.npos) break;
            take_line(stream.substr(at, end - at), at);
            at = end + (stream.substr(end, 2) == "\r\n" ? 2 : 1);
        }
        if (!result_.too_large) take_rest(stream.substr(at), at);
        return result_;
    }

private:
    void take_line(std::string_view line, std::size_t at) {
        if (line.empty()) return dispatch(false);
        check_size(line, at);
        if (result_.too_large) return;
        const std::size_t colon = line.find(':');
        if (colon == 0) return take_comment(line.substr(1));
        std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
        if (value.starts_with(" ")) value.remove_prefix(1);
        take_field(line.substr(0, colon), value, at);
    }

    void take_field(std::string_view name, std::string_view value, std::size_t at) {
        if ((name == "data" || name == "event") && !begun_) begun_ = at;
        if (name == "data") {
            data_ = data_ ? *data_ + "\n" + std::string(value) : std::string(value);
        } else if (name == "event") {
            type_ = value;
        } else if (name == "id" && value.find('\0') == value.npos) {
            id_ = value;
        } else if (name == "retry" && !value.empty() &&
                   value.find_first_not_of("0123456789") == value.npos) {
            take_retry(value);
        }
    }

    void take_comment(std::string_view text) {
        if (!options_.report_comments) return;
        seen_event comment;
        comment.kind = sse::event_kind::comment;
        comment.data = text;
        comment.id = result_.last_event_id;
        result_.events.push_back(comment);
    }

    void take_retry(std::string_view digits) {
        constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
        std::uint64_t value = 0;
        for (const char digit : digits) {
            const auto unit = static_cast<std::uint64_t>(digit - '0');
            value = value > (largest - unit) / 10 ? largest : value * 10 + unit;
        }
        result_.retry_ms = value;
        if (!options_.report_retry) return;
        seen_event retry;
        retry.kind = sse::event_kind::retry;
        retry.data = digits;
        retry.id = result_.last_event_id;
        retry.retry_ms = value;
        result_.events.push_back(retry);
    }

    void dispatch(bool cut) {
        result_.last_event_id = id_;
        if (data_) {
            seen_event event;
            event.cut = cut;
            event.type = type_.empty() ? "message" : type_;
            event.data = *data_;
            event.id = id_;
            result_.events.push_back(event);
        }
        data_.reset();
        type_.clear();
        begun_.reset();
    }

    void take_rest(std::string_view rest, std::size_t at) {
        if (!rest.empty()) check_size(rest, at);
        if (result_.too_large || !options_.deliver_unterminated) return;
        if (rest.starts_with("data:")) take_line(rest, at);
        if (data_) dispatch(!rest.empty());
    }

    void check_size(std::string_view line, std::size_t at) {
        result_.too_large = line.size() > options_.max_line_size ||
                            at + line.size() - begun_.value_or(at) > options_.max_event_size;
    }

    sse::parser_options options_;
    reading result_;
    std::optional<std::size_t> begun_;
    std::optional<std::string> data_;
    std::string type_;
    std::string id_;
};

/// What the reference parser makes of `stream`.
inline reading read_by_reference(std::string_view stream, const sse::parser_options& options = {}) {
    return reference_parser(options).read(stream);
}

}  // namespace conclave::testing
