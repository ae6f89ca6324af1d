#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/http/body_decoder.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/head_parser.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/sse/parser.hpp>

namespace conclave::net {

/// One HTTP request and its reply on a connection: `send`, then `read_head`, then the body, whole
/// (`read_body`) or as events (`read_events`).
///
/// Cancellation: terminal; the connection is of no more use.
template <class Stream>
class exchange {
public:
    /// On a connection that nothing has been sent on since its last reply, or at all.
    explicit exchange(Stream connection) : connection_(std::move(connection)) {}

    /// Sends a request. A server may answer before it has read all of it, and close: when writing
    /// fails, `read_head` tells whether there is an answer.
    asio::awaitable<void> send(const http::request_head& head, std::string_view body) {
        method_ = head.method;
        std::string text;
        if (const std::error_code refused = http::write_head(head, text)) {
            throw http_error(refused, "request head");
        }
        const std::array<asio::const_buffer, 2> buffers = {asio::buffer(text),
                                                           asio::buffer(body.data(), body.size())};
        co_await connection_.write(buffers, write_failure_);
        sent_ = !write_failure_;
        if (write_failure_ == asio::error::operation_aborted) {
            // What the kernel holds of the request would go out for as long as the peer takes it.
            connection_.reset();
            throw lost(write_failure_);
        }
    }

    /// Whether all of the request was written.
    bool sent() const noexcept { return sent_; }

    /// Reads the reply's head; interim replies (1xx) are skipped. Throws `error` with
    /// `errc::connection_lost`, `tls_failed`, `malformed_http` or `head_too_large`.
    asio::awaitable<const http::response_head*> read_head() {
        for (int interim = 0; interim <= max_interim_heads; ++interim) {
            http::response_parser parser;
            while (!parser.done()) {
                if (unread_.empty()) co_await receive();
                const std::size_t used = parser.feed(unread_text());
                unread_ = unread_.subspan(used);
                if (parser.error()) throw http_error(parser.error(), "reply head");
            }
            head_ = parser.head();
            if (http::is_interim(head_)) continue;
            accept_framing();
            co_return &head_;
        }
        throw error(errc::malformed_http, "malformed HTTP reply: too many interim replies");
    }

    /// Reads the whole body, and calls `on_piece()` for each piece of it that comes. Throws
    /// `errc::body_too_large` when it is larger than `limit` bytes, and `encoded_body` when it has
    /// a content coding. `on_piece` has to outlive the call.
    template <class OnPiece>
    asio::awaitable<std::string> read_body(std::size_t limit, OnPiece& on_piece) {
        refuse_coding();
        std::string body;
        while (!decoder_.done()) {
            if (unread_.empty()) {
                const bool more = co_await receive_or_end();
                if (!more) break;
            }
            const auto piece = decode(unread_);
            refuse_broken_framing();
            if (piece.size() > limit - body.size()) throw error(errc::body_too_large);
            body.append(piece.data(), piece.size());
            if (!piece.empty()) on_piece();
        }
        co_return body;
    }

    /// The same, telling nobody.
    asio::awaitable<std::string> read_body(std::size_t limit) {
        const auto tell_nobody = [] {};
        std::string body = co_await read_body(limit, tell_nobody);
        co_return body;
    }

    /// Reads once, straight into the memory of `events`, and strips the framing there. False at the
    /// proper end of the body. Where the framing breaks, what stood before is delivered first, and
    /// the next call throws. Throws `errc::encoded_body` when the body has a content coding.
    asio::awaitable<bool> read_events(sse::parser& events) {
        refuse_coding();
        refuse_broken_framing();
        if (decoder_.done()) co_return false;
        const std::span<char> room = events.prepare(event_read_size_);
        std::size_t size = std::min(unread_.size(), room.size());
        if (size > 0) {
            std::memcpy(room.data(), unread_.data(), size);
            unread_ = unread_.subspan(size);
        } else {
            // The rest of the stream goes past it, and a process may have thousands of them open.
            if (!buffer_.empty()) std::string().swap(buffer_);
            error_code failure;
            size = co_await connection_.read_some(asio::buffer(room.data(), room.size()), failure);
            if (failure) {
                end_of_stream(failure);
                co_return false;
            }
        }
        if (size == room.size()) event_read_size_ = std::min(2 * event_read_size_, read_size);
        std::span<char> received = room.first(size);
        events.commit(decode(received));
        surplus_ = surplus_ || !received.empty();
        co_return true;
    }

    /// Whether any byte of the reply has come.
    bool heard() const noexcept { return heard_; }

    /// The reply's head, once `read_head` has returned.
    const http::response_head& head() const noexcept { return head_; }

    /// Whether the connection may serve another request, once what is left of this reply's framing
    /// (`rest`) has come.
    bool reusable() const noexcept {
        return have_head_ && !write_failure_ && !surplus_ && unread_.empty() && !decoder_.error() &&
               !until_close_ && http::keep_alive(head_);
    }

    /// Where the reply's framing stands: what follows its last byte of content may still be to
    /// come.
    const http::body_decoder& rest() const noexcept { return decoder_; }

    /// Gives the connection up, for the next exchange.
    Stream release() { return std::move(connection_); }

private:
    static constexpr std::size_t read_size = 16 * 1024;
    static constexpr int max_interim_heads = 16;

    std::string_view unread_text() const noexcept { return {unread_.data(), unread_.size()}; }

    asio::awaitable<bool> receive_or_end() {
        buffer_.resize(read_size);
        error_code failure;
        const std::size_t size = co_await connection_.read_some(asio::buffer(buffer_), failure);
        if (failure) {
            end_of_stream(failure);
            co_return false;
        }
        heard_ = true;
        unread_ = std::span<char>(buffer_.data(), size);
        co_return true;
    }

    asio::awaitable<void> receive() {
        const bool more = co_await receive_or_end();
        if (!more) throw lost(asio::error::eof);
    }

    // The connection ended or broke: fine only where the body ends so.
    void end_of_stream(const error_code& failure) {
        if (failure != asio::error::eof || !have_head_ || !decoder_.complete_at_close()) {
            throw lost(failure);
        }
    }

    // Strips the framing from the front of `input` in place; what is left in `input` is not part of
    // the body.
    std::span<char> decode(std::span<char>& input) {
        const auto piece = decoder_.decode(input);
        input = input.subspan(piece.consumed);
        return piece.payload;
    }

    void refuse_broken_framing() const {
        if (decoder_.error()) throw http_error(decoder_.error(), "reply body");
    }

    void refuse_coding() const {
        if (is_encoded_) throw error(errc::encoded_body);
    }

    void accept_framing() {
        if (const auto refused = http::body_decoder::for_response(method_, head_, decoder_)) {
            throw http_error(refused, "reply framing");
        }
        have_head_ = true;
        until_close_ = !decoder_.done() && decoder_.complete_at_close();
        const auto coding = head_.header.find("content-encoding");
        is_encoded_ = coding && !http::equals_ignoring_case(*coding, "identity");
    }

    static error http_error(const std::error_code& code, const char* where) {
        return error(static_cast<errc>(code.value()), code.message() + ": " + where);
    }

    static error lost(const error_code& failure) {
        error_details details;
        details.cause = failure;
        // What comes so late is mostly an alert over our own certificate: TLS 1.3 has servers look
        // at it when for us the handshake is over.
        if (failure.category() == asio::error::get_ssl_category()) {
            return error(errc::tls_failed, "TLS failed: " + failure.message(), std::move(details));
        }
        const std::string what =
            failure == asio::error::eof ? "closed by the peer" : failure.message();
        return error(errc::connection_lost, "connection lost: " + what, std::move(details));
    }

    Stream connection_;
    std::string method_;
    http::response_head head_;
    // Most streams bring a few events at a time; one that fills what it gets is given more.
    std::size_t event_read_size_ = 2 * 1024;
    http::body_decoder decoder_;
    std::string buffer_;
    std::span<char> unread_;
    error_code write_failure_;
    bool sent_ = false;
    bool heard_ = false;
    bool have_head_ = false;
    bool is_encoded_ = false;
    bool until_close_ = false;
    bool surplus_ = false;
};

}  // namespace conclave::net
