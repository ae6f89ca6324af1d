#pragma once

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/http/detail/chunk_reader.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/head.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

namespace conclave::http {

/// Finds out from a head where the body ends (RFC 9112 section 6.3), and takes the framing off the
/// body in place, without copying it elsewhere. Bytes come in pieces of any size; the time is
/// linear in their number.
class body_decoder {
public:
    /// What `decode` made of one input.
    struct piece {
        /// The part of the body that the input held, moved together within the input if chunks cut
        /// it: it begins where the first byte of it stood.
        std::span<char> payload;
        /// How many bytes of the input belong to this message. Less than all once the body is
        /// `done()`, or refused.
        std::size_t consumed = 0;
    };

    /// A decoder of no body: `done()` from the start.
    body_decoder() noexcept = default;

    /// Makes `out` the decoder of the body that follows this head, which answers a request of the
    /// method given. Reports `errc::malformed_http`, and leaves `out` alone, if the head does not
    /// say for certain where the body ends: a transfer coding other than `chunked`, or one in
    /// HTTP/1.0; a length beside a transfer coding, more than one length, or one that is not 1 to
    /// 19 digits.
    [[nodiscard]] static std::error_code for_response(std::string_view request_method,
                                                      const response_head& head,
                                                      body_decoder& out) {
        const bool tunnel = request_method == "CONNECT" && head.status >= 200 && head.status < 300;
        if (request_method == "HEAD" || tunnel || head.status < 200 || head.status == 204 ||
            head.status == 304) {
            out = body_decoder();
            return {};
        }
        return choose(head.header, head.minor_version, framing::until_close, out);
    }

    /// Makes `out` the decoder of the body that follows this head. For servers. Reports what
    /// `for_response` does.
    [[nodiscard]] static std::error_code for_request(const request_head& head, body_decoder& out) {
        return choose(head.header, head.minor_version, framing::none, out);
    }

    /// Decodes the next bytes of the connection. They are changed; the payload is a part of them.
    /// With a body that is not chunked, or an input that holds data of one chunk only, nothing
    /// moves. What stood before an error is still delivered.
    piece decode(std::span<char> input) noexcept {
        if (framing_ == framing::chunked) return decode_chunked(input);
        std::size_t length = input.size();
        if (framing_ != framing::until_close) {
            length = static_cast<std::size_t>(std::min<std::uint64_t>(length, left_));
            left_ -= length;
        }
        return {input.first(length), length};
    }

    /// Whether the body is complete. Never so where the end of the connection ends the body.
    bool done() const noexcept {
        switch (framing_) {
            case framing::chunked: return chunks_.done();
            case framing::until_close: return false;
            default: return left_ == 0;
        }
    }

    /// `errc::malformed_http` if the chunks are not well-formed, `errc::body_too_large` if there is
    /// more than 16 KiB of chunk extensions and trailers. Stays once set.
    std::error_code error() const noexcept { return chunks_.error(); }

    /// Whether the body is whole if the connection ends now. The caller must know that the peer
    /// ended it in good order: under TLS, with close_notify.
    bool complete_at_close() const noexcept {
        return framing_ == framing::until_close || (done() && !error());
    }

    /// The length that the head announced, of a body that has one: 0 where there is no body, and
    /// nothing for a chunked body or one that lasts until the connection ends.
    std::optional<std::uint64_t> content_length() const noexcept {
        if (framing_ == framing::chunked || framing_ == framing::until_close) return std::nullopt;
        return length_;
    }

private:
    enum class framing : unsigned char { none, length, chunked, until_close };

    static std::error_code choose(const fields& header, int minor_version, framing otherwise,
                                  body_decoder& out) {
        const std::size_t codings = header.count("transfer-encoding");
        const std::size_t lengths = header.count("content-length");
        body_decoder chosen;
        chosen.framing_ = otherwise;
        if (codings != 0) {
            const std::string_view coding = *header.find("transfer-encoding");
            if (codings > 1 || lengths != 0 || minor_version == 0) return errc::malformed_http;
            if (!equals_ignoring_case(coding, "chunked")) return errc::malformed_http;
            chosen.framing_ = framing::chunked;
        } else if (lengths != 0) {
            const std::string_view digits = *header.find("content-length");
            if (lengths > 1 || !read_length(digits, chosen.length_)) return errc::malformed_http;
            chosen.left_ = chosen.length_;
            chosen.framing_ = framing::length;
        }
        out = chosen;
        return {};
    }

    static bool read_length(std::string_view digits, std::uint64_t& length) noexcept {
        if (digits.empty() || digits.size() > 19) return false;
        if (!detail::all(detail::digit_character, digits)) return false;
        std::from_chars(digits.data(), digits.data() + digits.size(), length);
        return true;
    }

    piece decode_chunked(std::span<char> input) noexcept {
        const std::string_view text(input.data(), input.size());
        std::size_t begin = 0;
        std::size_t end = 0;
        std::size_t position = 0;
        while (true) {
            position += chunks_.skip_framing(text.substr(position));
            const auto length = static_cast<std::size_t>(
                std::min<std::uint64_t>(chunks_.data_left(), input.size() - position));
            if (length == 0) break;
            if (begin == end) {
                begin = end = position;
            } else {
                std::memmove(input.data() + end, input.data() + position, length);
            }
            chunks_.skip_data(length);
            position += length;
            end += length;
        }
        return {input.subspan(begin, end - begin), position};
    }

    framing framing_ = framing::none;
    std::uint64_t length_ = 0;
    std::uint64_t left_ = 0;
    detail::chunk_reader chunks_;
};

}  // namespace conclave::http
