#pragma once

// What stands in front of the HTTP library's parser: the strict one of conclave reads every request
// first, and the library gets to see only what was written anew from what that understood.

#include "http_limits.hpp"

#include <conclave/http/body_decoder.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/head_parser.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// Stands in a head that the filter wrote if the request was one of HTTP/1.0, which RESTinio does
/// not tell. A client's own field of that name is dropped.
inline constexpr std::string_view old_version_field = "http-version";

/// Reads requests strictly and writes each anew, in the one form that no reader can take in two
/// ways: no upgrades, no chunk extensions, no trailers, one length. No input or output of its own.
class request_filter {
public:
    explicit request_filter(const http_limits& limits)
        : parser_({.bytes = limits.head_size, .fields = 128}), body_limit_(limits.body_size) {}

    /// Takes from the front of `input`, which is changed, what belongs to the request, and appends
    /// it to `out` as it was understood. Returns how many bytes it took: fewer than there are once
    /// the request is `complete` or refused.
    std::size_t feed(std::span<char> input, std::string& out) {
        std::size_t taken = 0;
        if (!in_body_) {
            taken = parser_.feed({input.data(), input.size()});
            if (parser_.error()) refuse_head();
            if (refusal_ != 0 || !parser_.done()) return taken;
            read_head(out);
            if (refusal_ != 0) return taken;
        }
        return taken + feed_body(input.subspan(taken), out);
    }

    /// The status that the request is refused with; 0 while it is not.
    int refusal() const noexcept { return refusal_; }
    /// Whether the request is there in whole.
    bool complete() const noexcept { return in_body_ && decoder_.done(); }
    /// Whether no byte of the request has come.
    bool untouched() const noexcept { return !in_body_ && parser_.untouched(); }
    /// Whether the client waits for leave to send the body. True once.
    bool take_expectation() noexcept { return std::exchange(expects_, false); }
    /// Begins with the request after this one.
    void next() {
        parser_.reset();
        in_body_ = expects_ = false;
    }

private:
    void refuse_head() { refusal_ = parser_.error() == conclave::errc::head_too_large ? 431 : 400; }

    void read_head(std::string& out) {
        const conclave::http::request_head& head = parser_.head();
        std::string_view target = head.target;
        if (!make_origin_form(target) || !has_host(head)) {
            refusal_ = 400;
            return;
        }
        if (conclave::http::body_decoder::for_request(head, decoder_)) {
            refusal_ = 400;
            return;
        }
        if (std::find(methods.begin(), methods.end(), head.method) == methods.end()) {
            refusal_ = 501;
            return;
        }
        const auto length = decoder_.content_length();
        if (length && *length > body_limit_) {
            refusal_ = 413;
            return;
        }
        in_body_ = true;
        chunked_ = !length;
        passed_ = 0;
        expects_ = !decoder_.done() && head.header.has_token("expect", "100-continue");
        write_head(head, target, out);
    }

    // A proxy's form of the target has the origin in front, which is left out.
    static bool make_origin_form(std::string_view& target) {
        for (const std::string_view scheme : {"http://", "https://"}) {
            if (!target.starts_with(scheme)) continue;
            const std::size_t path = target.find('/', scheme.size());
            target = path == target.npos ? std::string_view("/") : target.substr(path);
        }
        return target.starts_with('/') && target.find('#') == target.npos;
    }

    static bool has_host(const conclave::http::request_head& head) {
        const std::size_t hosts = head.header.count("host");
        return hosts == 1 || (hosts == 0 && head.minor_version == 0);
    }

    void write_head(const conclave::http::request_head& head, std::string_view target,
                    std::string& out) const {
        out.append(head.method).append(" ").append(target);
        out.append(head.minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
        for (const conclave::http::field& line : head.header) {
            const bool dropped =
                std::any_of(hop_by_hop.begin(), hop_by_hop.end(), [&](std::string_view name) {
                    return conclave::http::equals_ignoring_case(line.name, name);
                });
            if (!dropped) out.append(line.name).append(": ").append(line.value).append("\r\n");
        }
        if (chunked_) {
            out += "transfer-encoding: chunked\r\n";
        } else if (const auto length = *decoder_.content_length(); length != 0) {
            out += "content-length: " + std::to_string(length) + "\r\n";
        }
        if (head.minor_version == 0) out.append(old_version_field).append(": 1.0\r\n");
        out += keep_alive(head) ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
    }

    std::size_t feed_body(std::span<char> input, std::string& out) {
        const auto piece = decoder_.decode(input);
        const std::string_view payload(piece.payload.data(), piece.payload.size());
        passed_ += payload.size();
        if (decoder_.error()) {
            refusal_ = 400;
        } else if (passed_ > body_limit_) {
            refusal_ = 413;
        } else if (!chunked_) {
            out += payload;
        } else {
            if (!payload.empty()) append_chunk(payload, out);
            if (decoder_.done()) out += "0\r\n\r\n";
        }
        return piece.consumed;
    }

    static void append_chunk(std::string_view payload, std::string& out) {
        std::array<char, 16> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), payload.size(), 16).ptr;
        out.append(digits.data(), end).append("\r\n").append(payload).append("\r\n");
    }

    static constexpr std::array<std::string_view, 7> methods = {"GET",    "HEAD",    "POST", "PUT",
                                                                "DELETE", "OPTIONS", "PATCH"};
    // Said anew, or of no use to a server that upgrades to nothing and reads no trailers.
    static constexpr std::array<std::string_view, 11> hop_by_hop = {
        old_version_field, "connection", "keep-alive", "proxy-connection", "transfer-encoding",
        "content-length",  "upgrade",    "expect",     "http2-settings",   "te",
        "trailer"};

    conclave::http::request_parser parser_;
    conclave::http::body_decoder decoder_;
    std::size_t body_limit_;
    std::size_t passed_ = 0;
    int refusal_ = 0;
    bool in_body_ = false;
    bool chunked_ = false;
    bool expects_ = false;
};

}  // namespace server
