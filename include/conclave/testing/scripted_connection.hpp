#pragma once

#include <conclave/http/body_decoder.hpp>
#include <conclave/http/head_parser.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/testing/pause_list.hpp>
#include <conclave/testing/provider_record.hpp>
#include <conclave/testing/response_plan.hpp>
#include <conclave/testing/roundtable_panel.hpp>
#include <conclave/testing/services.hpp>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <poll.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace conclave::testing::detail {

/// One connection of a `scripted_provider`, and the coroutine that serves it. Everything happens on
/// the provider's one thread.
///
/// A read is under way at all times, beside the coroutine: it brings the next request, and notices
/// at once when the client goes away, whatever the coroutine is waiting for.
class scripted_connection : public std::enable_shared_from_this<scripted_connection> {
public:
    using tcp = asio::ip::tcp;

    /// `tls` is null for plain HTTP, `key` empty if every client is welcome. All references must
    /// outlive the connection.
    scripted_connection(tcp::socket socket, provider_record& record, pause_list& pauses,
                        asio::ssl::context* tls, const std::string& key)
        : socket_(std::move(socket)),
          wake_(socket_.get_executor()),
          record_(record),
          pauses_(pauses),
          tls_context_(tls),
          key_(key),
          number_(record.opened()) {}

    /// Serves the connection until it ends.
    static asio::awaitable<void> run(std::shared_ptr<scripted_connection> self) {
        try {
            const connection_fault fault = self->record_.take_fault();
            if (fault == connection_fault::none) {
                co_await self->serve();
            } else {
                co_await self->misbehave(fault);
            }
        } catch (const std::exception&) {
            // Nobody is there to be told: the client sees its connection close.
        }
        self->close();
        self->record_.closed();
    }

private:
    using clock = std::chrono::steady_clock;
    using milliseconds = std::chrono::milliseconds;

    static constexpr std::size_t read_ahead_limit = 1024 * 1024;
    static constexpr std::size_t request_limit = 64 * 1024 * 1024;

    static auto into(net::error_code& error) {
        return asio::redirect_error(asio::use_awaitable, error);
    }

    asio::awaitable<void> serve() {
        net::error_code error;
        socket_.set_option(tcp::no_delay(true), error);
        if (tls_context_ != nullptr) {
            tls_.emplace(socket_, *tls_context_);
            co_await tls_->async_handshake(asio::ssl::stream_base::server, into(error));
            if (error) co_return;
            if (SSL_session_reused(tls_->native_handle()) == 1) record_.resumed();
        }
        bool more = true;
        while (more) {
            recorded_request request;
            bool keep_alive = false;
            const int refusal = co_await read_request(request, keep_alive);
            if (refusal < 0) co_return;
            response_plan plan;
            if (refusal == 0) {
                plan = decide(request, keep_alive);
            } else {
                plan = complain(refusal, "the request is not well-formed HTTP", request, 0, false);
            }
            more = co_await play(plan, request.model);
        }
    }

    // ---- reading

    /// Sees to it that a read is under way, unless the client is far ahead.
    void read_ahead() {
        if (reading_ || gone_ || input_.size() >= read_ahead_limit) return;
        reading_ = true;
        auto done = [self = shared_from_this()](net::error_code error, std::size_t length) {
            self->on_read(error, length);
        };
        if (tls_) {
            tls_->async_read_some(asio::buffer(received_), std::move(done));
        } else {
            socket_.async_read_some(asio::buffer(received_), std::move(done));
        }
    }

    void on_read(net::error_code error, std::size_t length) {
        reading_ = false;
        input_.append(received_.data(), length);
        if (error) return leave();
        wake_.cancel();
        read_ahead();
    }

    /// The client is gone: nothing is waited for any longer.
    void leave() {
        if (!gone_) gone_at_ = clock::now();
        gone_ = true;
        wake_.cancel();
        net::error_code ignored;
        socket_.cancel(ignored);
    }

    /// Waits until there is more input, or none will come.
    asio::awaitable<void> more_input() {
        const std::size_t before = input_.size();
        while (!gone_ && input_.size() == before) {
            read_ahead();
            net::error_code ignored;
            wake_.expires_at(clock::time_point::max());
            co_await wake_.async_wait(into(ignored));
        }
    }

    /// 0, or the status to refuse the request with, or -1 when none came.
    asio::awaitable<int> read_request(recorded_request& request, bool& keep_alive) {
        http::request_parser parser;
        while (true) {
            input_.erase(0, parser.feed(input_));
            if (parser.error()) co_return 400;
            if (parser.done()) break;
            if (gone_) co_return -1;
            co_await more_input();
        }
        const http::request_head head = parser.release();
        http::body_decoder decoder;
        if (http::body_decoder::for_request(head, decoder)) co_return 400;
        keep_alive = http::keep_alive(head);
        request.method = head.method;
        request.target = head.target;
        request.header = head.header;
        request.connection = number_;
        request.tls = tls_.has_value();
        if (head.header.has_token("expect", "100-continue")) {
            co_await send("HTTP/1.1 100 Continue\r\n\r\n");
        }
        const int refusal = co_await read_body(decoder, request.body);
        request.received = clock::now();
        co_return refusal;
    }

    asio::awaitable<int> read_body(http::body_decoder& decoder, std::string& body) {
        while (true) {
            const auto piece = decoder.decode(std::span<char>(input_));
            body.append(piece.payload.data(), piece.payload.size());
            input_.erase(0, piece.consumed);
            if (decoder.error()) co_return 400;
            if (body.size() > request_limit) co_return 413;
            if (decoder.done()) co_return 0;
            if (gone_) co_return -1;
            co_await more_input();
        }
    }

    // ---- deciding

    response_plan decide(recorded_request& request, bool keep_alive) {
        const std::string_view path =
            std::string_view(request.target).substr(0, request.target.find('?'));
        const service* const format = find_service(request.method, path);
        std::string complaint;
        if (format != nullptr) complaint = format->read_request(request);
        const std::uint64_t ordinal = record_.received(request);
        const auto complain_as = [&](int status, std::string_view message) {
            return complain(status, message, request, ordinal, keep_alive, format);
        };
        if (!may_enter(request)) return complain_as(401, "incorrect API key provided");
        if (request.method == "GET" && path.ends_with("/models")) {
            return response_planner::plain(200, model_list(request, record_.models()),
                                           default_service(), request, ordinal, keep_alive);
        }
        if (format == nullptr) return complain_as(404, "no such path");
        if (!complaint.empty()) return complain_as(400, complaint);
        try {
            const auto reply = request.models.empty() ? record_.take_reply(request.model)
                                                      : panel_reply(record_, request, ordinal);
            if (!reply) return complain_as(404, "no such model");
            return response_planner(reply->script(), *format, request, ordinal, keep_alive).make();
        } catch (const std::exception& failure) {
            return complain_as(500, failure.what());
        }
    }

    /// Whether the request has the key, in one of the fields that providers take it in.
    bool may_enter(const recorded_request& request) const {
        return key_.empty() || request.header.find("authorization") == "Bearer " + key_ ||
               request.header.find("x-api-key") == key_ ||
               request.header.find("x-goog-api-key") == key_;
    }

    /// An error in the format of the request, or where that is of none in OpenAI's.
    static response_plan complain(int status, std::string_view message,
                                  const recorded_request& request, std::uint64_t ordinal,
                                  bool keep_alive, const service* format = nullptr) {
        const service& speaks = format != nullptr ? *format : default_service();
        return response_planner::plain(status, speaks.error_body(status, message), speaks, request,
                                       ordinal, keep_alive);
    }

    // ---- writing

    asio::awaitable<void> send(std::string_view bytes) {
        net::error_code error;
        if (tls_) {
            co_await asio::async_write(*tls_, asio::buffer(bytes), into(error));
        } else {
            co_await asio::async_write(socket_, asio::buffer(bytes), into(error));
        }
        if (error) leave();
    }

    asio::awaitable<void> pause_until(clock::time_point due) {
        const pause_list::entry listed(pauses_, wake_);
        while (!gone_ && clock::now() < due && !pauses_.are_skipped()) {
            net::error_code ignored;
            wake_.expires_at(due);
            co_await wake_.async_wait(into(ignored));
        }
    }

    asio::awaitable<void> stall() {
        while (!gone_) {
            net::error_code ignored;
            wake_.expires_at(clock::time_point::max());
            co_await wake_.async_wait(into(ignored));
        }
    }

    /// Sends the response. Says whether the connection can carry another.
    asio::awaitable<bool> play(const response_plan& plan, const std::string& model) {
        std::size_t sent = 0;
        read_ahead();
        auto due = clock::now();
        for (const timed_bytes& piece : plan.writes) {
            due += piece.after;
            if (piece.after.count() != 0) co_await pause_until(due);
            if (gone_) break;
            co_await send(piece.bytes);
            sent += piece.bytes.size();
        }
        while (!gone_ && !plan.endless.empty() && sent < endless_body_limit) {
            co_await send(plan.endless);
            sent += plan.endless.size();
        }
        if (plan.then == response_plan::ending::stall) {
            co_await stall();
        }
        if (gone_) {
            record_.aborted({model, gone_at_, sent});
            co_return false;
        }
        if (plan.then == response_plan::ending::keep_alive) co_return true;
        if (plan.then == response_plan::ending::reset) reset();
        if (plan.then == response_plan::ending::close) co_await say_farewell();
        co_return false;
    }

    /// TLS's own end of the connection, for clients that take care not to be cut short.
    asio::awaitable<void> say_farewell() {
        if (!tls_) co_return;
        asio::steady_timer deadline(socket_.get_executor(), std::chrono::seconds(1));
        auto give_up = [self = shared_from_this()](net::error_code error) {
            if (!error) self->close();
        };
        deadline.async_wait(std::move(give_up));
        net::error_code ignored;
        co_await tls_->async_shutdown(into(ignored));
    }

    void close() {
        net::error_code ignored;
        socket_.close(ignored);
    }

    void reset() {
        net::error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        socket_.close(ignored);
    }

    // ---- faults before the first request

    asio::awaitable<void> misbehave(connection_fault fault) {
        switch (fault) {
            case connection_fault::reset: reset(); break;
            case connection_fault::silent: co_await ignore_client(); break;
            case connection_fault::half_tls_handshake:
                if (tls_context_ == nullptr) {
                    co_await ignore_client();
                } else {
                    co_await begin_handshake();
                }
                break;
            case connection_fault::plaintext_on_tls:
                co_await more_input();
                co_await send(
                    "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                break;
            default: break;
        }
    }

    /// Reads nothing, and looks every few milliseconds whether the client has left.
    asio::awaitable<void> ignore_client() {
        bool left = false;
        while (!left) {
            net::error_code ignored;
            wake_.expires_after(milliseconds(5));
            co_await wake_.async_wait(into(ignored));
            left = client_left();
        }
    }

    bool client_left() {
        pollfd state{};
        state.fd = socket_.native_handle();
#ifdef POLLRDHUP
        state.events = POLLRDHUP;
#endif
        return ::poll(&state, 1, 0) > 0;
    }

    asio::awaitable<void> begin_handshake() {
        const std::unique_ptr<SSL, decltype(&SSL_free)> engine(
            SSL_new(tls_context_->native_handle()), &SSL_free);
        BIO* in = BIO_new(BIO_s_mem());
        BIO* out = BIO_new(BIO_s_mem());
        SSL_set_bio(engine.get(), in, out);
        std::array<char, 16 * 1024> flight;
        int length = 0;
        while (!gone_ && length <= 0) {
            co_await more_input();
            BIO_write(in, input_.data(), static_cast<int>(input_.size()));
            input_.clear();
            SSL_accept(engine.get());
            length = BIO_read(out, flight.data(), static_cast<int>(flight.size()));
        }
        if (gone_) co_return;
        co_await send(std::string_view(flight.data(), static_cast<std::size_t>(length) / 2));
        co_await stall();
    }

    tcp::socket socket_;
    std::optional<asio::ssl::stream<tcp::socket&>> tls_;
    asio::steady_timer wake_;
    provider_record& record_;
    pause_list& pauses_;
    asio::ssl::context* tls_context_;
    const std::string& key_;
    std::size_t number_;

    std::array<char, 16 * 1024> received_;
    std::string input_;
    bool reading_ = false;
    bool gone_ = false;
    clock::time_point gone_at_;
};

}  // namespace conclave::testing::detail
