#pragma once

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/http/head.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace conclave::http {

/// How large a head may be.
struct head_limits {
    /// Bytes of the whole head, its closing empty line included.
    std::size_t bytes = 64 * 1024;
    /// Number of header fields.
    std::size_t fields = 256;
};

/// Reads the head of one HTTP/1.x message, from bytes that come in pieces of any size. It is as
/// strict as RFC 9112 allows: lines end in CR LF and nothing else, no line is folded, no space
/// stands before a colon, versions are 1.0 and 1.1, a status has three digits. What is not so is
/// refused at the first byte that shows it, for whatever two readers could take in two ways can be
/// used to make one of them see another message. The time is linear in the bytes fed, however they
/// are cut.
///
/// Use `response_parser` and `request_parser`.
template <class Head>
class basic_head_parser {
public:
    /// A parser for one head, which `limits` bound.
    explicit basic_head_parser(head_limits limits = {}) noexcept : limits_(limits) {}

    /// Takes what belongs to the head from the front of `input`, and says how many bytes that was:
    /// all of them, or fewer once the head is `done()` or has an `error()`.
    std::size_t feed(std::string_view input) {
        if (state_ == state::done || error_) return 0;
        std::string_view rest = input.substr(0, limits_.bytes - used_);
        const std::size_t offered = rest.size();
        while (!rest.empty() && state_ != state::done && !error_)
            advance(rest);
        const std::size_t consumed = offered - rest.size();
        used_ += consumed;
        if (state_ != state::done && !error_ && consumed < input.size()) {
            error_ = errc::head_too_large;
        }
        return consumed;
    }

    /// Whether the head is complete; what follows in the input is the body, or the next head.
    bool done() const noexcept { return state_ == state::done; }

    /// Whether no byte has been taken yet: a connection that is closed now was closed between
    /// messages.
    bool untouched() const noexcept { return used_ == 0; }

    /// `errc::malformed_http` or `errc::head_too_large` once the input is refused, for good.
    std::error_code error() const noexcept { return error_; }

    /// The head. Complete only when `done()`.
    const Head& head() const noexcept { return head_; }

    /// Gives the head away and makes the parser ready for the next one, as after `reset()`.
    Head release() {
        Head head = std::move(head_);
        reset();
        return head;
    }

    /// Makes the parser ready for another head. The limits stay.
    void reset() { *this = basic_head_parser(limits_); }

private:
    static constexpr bool is_response = std::is_same_v<Head, response_head>;

    enum class state {
        method,
        target,
        version,
        minor_version,
        version_end,
        status,
        status_end,
        reason,
        line_end,
        field_start,
        name,
        value_start,
        value,
        head_end,
        done,
    };

    void fail() noexcept { error_ = errc::malformed_http; }

    /// Appends to `text` what of `rest` is of the class. True if something is left to be looked at.
    static bool collect(detail::character_class wanted, std::string_view& rest, std::string& text) {
        const std::size_t length = detail::run_length(wanted, rest);
        text.append(rest.substr(0, length));
        rest.remove_prefix(length);
        return !rest.empty();
    }

    static char take(std::string_view& rest) noexcept {
        const char byte = rest.front();
        rest.remove_prefix(1);
        return byte;
    }

    void expect(char wanted, std::string_view& rest, state next) noexcept {
        if (rest.front() != wanted) return fail();
        rest.remove_prefix(1);
        state_ = next;
    }

    void advance(std::string_view& rest) {
        switch (state_) {
            case state::field_start: return start_field(rest);
            case state::name:
                if (collect(detail::token_character, rest, name_)) {
                    expect(':', rest, state::value_start);
                }
                return;
            case state::value_start:
                if (rest.front() == ' ' || rest.front() == '\t') return rest.remove_prefix(1);
                state_ = state::value;
                return;
            case state::value:
                if (collect(detail::value_character, rest, value_)) finish_field(rest);
                return;
            case state::line_end: return expect('\n', rest, state::field_start);
            case state::head_end: return expect('\n', rest, state::done);
            case state::done: return;
            default: return advance_start_line(rest);
        }
    }

    void advance_start_line(std::string_view& rest) {
        if (state_ == state::version) return match_version(rest);
        if (state_ == state::minor_version) {
            if (rest.front() != '0' && rest.front() != '1') return fail();
            head_.minor_version = take(rest) - '0';
            state_ = state::version_end;
        } else if (state_ == state::version_end) {
            if constexpr (is_response) return expect(' ', rest, state::status);
            return expect('\r', rest, state::line_end);
        } else if constexpr (is_response) {
            advance_status_line(rest);
        } else {
            advance_request_line(rest);
        }
    }

    void match_version(std::string_view& rest) noexcept {
        constexpr std::string_view prefix = "HTTP/1.";
        if (rest.front() != prefix[progress_]) return fail();
        rest.remove_prefix(1);
        if (++progress_ == prefix.size()) {
            progress_ = 0;
            state_ = state::minor_version;
        }
    }

    void advance_status_line(std::string_view& rest) {
        if (state_ == state::status) {
            const char digit = rest.front();
            if (!detail::is(detail::digit_character, digit)) return fail();
            if (progress_ == 0 && digit == '0') return fail();
            head_.status = head_.status * 10 + (take(rest) - '0');
            if (++progress_ == 3) state_ = state::status_end;
        } else if (state_ == state::status_end) {
            // The space is required even where no reason follows it, but some servers leave it out.
            if (rest.front() == '\r') return expect('\r', rest, state::line_end);
            expect(' ', rest, state::reason);
        } else if (collect(detail::value_character, rest, head_.reason)) {
            expect('\r', rest, state::line_end);
        }
    }

    void advance_request_line(std::string_view& rest) {
        if (state_ == state::method) {
            if (!collect(detail::token_character, rest, head_.method)) return;
            if (head_.method.empty()) return fail();
            expect(' ', rest, state::target);
        } else if (collect(detail::visible_character, rest, head_.target)) {
            if (head_.target.empty()) return fail();
            expect(' ', rest, state::version);
        }
    }

    void start_field(std::string_view& rest) {
        if (rest.front() == '\r') return expect('\r', rest, state::head_end);
        if (!detail::is(detail::token_character, rest.front())) return fail();
        if (head_.header.size() == limits_.fields) {
            error_ = errc::head_too_large;
            return;
        }
        name_.clear();
        value_.clear();
        state_ = state::name;
    }

    void finish_field(std::string_view& rest) {
        expect('\r', rest, state::line_end);
        if (error_) return;
        value_.resize(trim(value_).size());
        error_ = head_.header.add(std::move(name_), std::move(value_));
    }

    head_limits limits_;
    Head head_{};
    std::string name_;
    std::string value_;
    std::size_t used_ = 0;
    std::size_t progress_ = 0;
    state state_ = is_response ? state::version : state::method;
    std::error_code error_;
};

/// Reads the heads of responses, interim ones (`is_interim`) included: `release()` each, and count
/// them, until one is not interim.
using response_parser = basic_head_parser<response_head>;

/// Reads the heads of requests. For servers.
using request_parser = basic_head_parser<request_head>;

}  // namespace conclave::http
