#pragma once

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace conclave::http::detail {

/// Follows the framing of a chunked body (RFC 9112 section 7.1) a byte at a time: chunk sizes,
/// their extensions, the line ends and the trailer, all of which are checked and dropped. The data
/// in between is the caller's: whenever `data_left()` is not zero, that many bytes come next.
class chunk_reader {
public:
    /// What extensions and trailers may amount to in one body, in bytes. Nobody needs any.
    static constexpr std::size_t max_excess = 16 * 1024;

    /// Takes framing from the front of `input`, up to the next data, the end of the body, or an
    /// error; says how many bytes that was.
    std::size_t skip_framing(std::string_view input) noexcept {
        std::size_t used = 0;
        if (error_) return used;
        while (used < input.size() && state_ != state::data && state_ != state::done) {
            step(input[used]);
            if (error_) break;
            ++used;
        }
        return used;
    }

    /// How much data comes next.
    std::uint64_t data_left() const noexcept { return state_ == state::data ? size_ : 0; }

    /// Says that the next `length` bytes of data, no more than `data_left()`, have been passed.
    void skip_data(std::uint64_t length) noexcept {
        size_ -= length;
        if (size_ == 0) state_ = state::data_cr;
    }

    bool done() const noexcept { return state_ == state::done; }
    std::error_code error() const noexcept { return error_; }

private:
    enum class state : unsigned char {
        size,
        size_lf,
        extension_start,
        extension_name,
        extension_value_start,
        extension_token,
        extension_quoted,
        extension_escape,
        extension_end,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf,
        done,
    };

    void fail() noexcept { error_ = errc::malformed_http; }

    void expect(char wanted, char byte, state next) noexcept {
        if (byte != wanted) return fail();
        state_ = next;
    }

    void step(char byte) noexcept {
        switch (state_) {
            case state::size: return step_size(byte);
            case state::size_lf:
                return expect('\n', byte, size_ == 0 ? state::trailer_start : state::data);
            case state::data_cr: return expect('\r', byte, state::data_lf);
            case state::data_lf: digits_ = 0; return expect('\n', byte, state::size);
            case state::last_lf: return expect('\n', byte, state::done);
            case state::data:
            case state::done: return;
            default: break;
        }
        if (state_ == state::trailer_start && byte == '\r') {
            state_ = state::last_lf;
            return;
        }
        if (++excess_ > max_excess) {
            error_ = errc::body_too_large;
        } else if (state_ < state::data) {
            step_extension(byte);
        } else {
            step_trailer(byte);
        }
    }

    void step_size(char byte) noexcept {
        if (is(hex_character, byte)) {
            // Sixteen digits fill 64 bits exactly, so that no size can overflow.
            if (digits_ == 16) return fail();
            ++digits_;
            size_ = size_ << 4 | hex_value(byte);
        } else if (digits_ == 0) {
            fail();
        } else {
            end_extension(byte);
        }
    }

    void step_extension(char byte) noexcept {
        switch (state_) {
            case state::extension_start:
            case state::extension_value_start: return start_word(byte);
            case state::extension_name:
                if (is(token_character, byte)) return;
                if (byte == '=') {
                    state_ = state::extension_value_start;
                    return;
                }
                return end_extension(byte);
            case state::extension_token:
                if (is(token_character, byte)) return;
                return end_extension(byte);
            case state::extension_escape:
                if (!is(value_character, byte)) return fail();
                state_ = state::extension_quoted;
                return;
            case state::extension_quoted:
                if (byte == '"') {
                    state_ = state::extension_end;
                } else if (byte == '\\') {
                    state_ = state::extension_escape;
                } else if (!is(value_character, byte)) {
                    fail();
                }
                return;
            default: return end_extension(byte);
        }
    }

    void start_word(char byte) noexcept {
        const bool is_value = state_ == state::extension_value_start;
        if (is(token_character, byte)) {
            state_ = is_value ? state::extension_token : state::extension_name;
        } else if (is_value && byte == '"') {
            state_ = state::extension_quoted;
        } else {
            fail();
        }
    }

    void end_extension(char byte) noexcept {
        if (byte == ';') {
            state_ = state::extension_start;
        } else {
            expect('\r', byte, state::size_lf);
        }
    }

    void step_trailer(char byte) noexcept {
        switch (state_) {
            case state::trailer_start:
                if (!is(token_character, byte)) return fail();
                state_ = state::trailer_name;
                return;
            case state::trailer_name:
                if (is(token_character, byte)) return;
                return expect(':', byte, state::trailer_value);
            case state::trailer_value:
                if (is(value_character, byte)) return;
                return expect('\r', byte, state::trailer_lf);
            default: return expect('\n', byte, state::trailer_start);
        }
    }

    std::uint64_t size_ = 0;
    std::size_t excess_ = 0;
    unsigned digits_ = 0;
    state state_ = state::size;
    std::error_code error_;
};

}  // namespace conclave::http::detail
