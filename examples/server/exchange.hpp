#pragma once

// One request and the response to it, by way of RESTinio. Included by http_server.cpp alone.

#include "chunked_body.hpp"
#include "guarded_socket.hpp"
#include "http.hpp"

#include <conclave/net/asio.hpp>

#include <restinio/all.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace server {

/// The words that stand behind a status.
inline std::string reason_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 402: return "Payment Required";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Status";
    }
}

/// A request under way.
class exchange final : public responder, public std::enable_shared_from_this<exchange> {
public:
    exchange(asio::io_context& context, http_request request, bool head_only,
             restinio::request_handle_t handle, std::shared_ptr<guard> connection)
        : request_(std::move(request)),
          head_only_(head_only),
          handle_(std::move(handle)),
          connection_(std::move(connection)),
          written_(context, asio::steady_timer::time_point::max()) {
        // RESTinio would end a body that is not sent all the same.
        request_.can_stream = request_.can_stream && !head_only_;
    }

    const http_request& request() const noexcept { return request_; }
    http_request& request() noexcept { return request_; }
    int status() const noexcept { return status_; }
    bool is_finished() const noexcept { return finished_; }
    bool is_gone() const noexcept { return stopped_ == stop_reason::client_gone; }
    auto began() const noexcept { return began_; }
    const std::string& last_words() const noexcept { return last_words_; }
    const std::shared_ptr<guard>& connection() const noexcept { return connection_; }
    asio::cancellation_slot slot() noexcept { return cancel_.slot(); }

    /// Sends `connection: close` with the response.
    void close_after() noexcept { close_after_ = true; }

    /// Cancels the handler.
    void stop(stop_reason why) {
        if (stopped_ == stop_reason::client_gone) return;
        stopped_ = why;
        wake();
        cancel_.emit(asio::cancellation_type::terminal);
    }

    /// The handler has ended: what is sent from now on goes out though it was cancelled.
    void begin_farewell() noexcept { farewell_ = true; }

    /// Cuts the response off, for the client to see that it is not whole.
    void cut_off() {
        connection_->on_gone(nullptr);
        connection_->abort();
        release();
    }

    /// Lets go of the connection, on which the next request may have come already.
    void release() {
        stream_.reset();
        handle_.reset();
    }

    asio::awaitable<void> send(int status, std::string content_type, std::string body,
                               header_list extra) override {
        if (has_begun()) throw std::logic_error("the response has begun");
        status_ = status;
        auto response = handle_->create_response<restinio::user_controlled_output_t>(
            {restinio::http_status_code_t(static_cast<std::uint16_t>(status)), reason_of(status)});
        add_header(response, content_type, extra);
        response.set_content_length(body.size());
        const bool has_body = !head_only_ && status != 304 && !body.empty();
        if (has_body) response.set_body(std::move(body));
        begin_write();
        finished_ = true;
        response.done(last_notifier());
        co_await wait_until_written();
    }

    void begin(int status, std::string content_type, header_list extra) override {
        if (has_begun()) throw std::logic_error("the response has begun");
        begin_write();
        status_ = status;
        stream_.emplace(handle_->create_response<restinio::chunked_output_t>(
            {restinio::http_status_code_t(static_cast<std::uint16_t>(status)), reason_of(status)}));
        add_header(*stream_, content_type, extra);
        body_.emplace(connection_);
        stream_->flush(notifier());
    }

    bool write(std::string_view bytes) override {
        if (!stream_) throw std::logic_error("the response has not begun");
        check();
        if (!bytes.empty()) body_->add(bytes);
        return !waiting_ && body_->send();  // the head comes first
    }

    asio::awaitable<void> drained() override {
        co_await wait_until_written();
        co_await body_->send_all();
    }

    asio::awaitable<void> finish() override {
        if (finished_) co_return;
        if (!stream_) throw std::logic_error("the response has not begun");
        co_await drained();
        begin_write();
        finished_ = true;
        stream_->done(last_notifier());
        co_await wait_until_written();
    }

    void on_drain(std::string last_words) override { last_words_ = std::move(last_words); }
    bool has_begun() const noexcept override { return status_ != 0; }
    stop_reason stopped() const noexcept override { return stopped_; }

private:
    template <class Response>
    void add_header(Response& response, const std::string& content_type, const header_list& extra) {
        if (!content_type.empty()) response.append_header("Content-Type", content_type);
        response.append_header("X-Request-Id", request_.id);
        response.append_header("X-Content-Type-Options", "nosniff");
        response.append_header_date_field();
        for (const conclave::http::field& line : extra)
            response.append_header(line.name, line.value);
        if (close_after_) response.connection_close();
    }

    void begin_write() {
        check();
        waiting_ = true;
        error_.clear();
    }

    void wake() { written_.cancel(); }

    restinio::write_status_cb_t notifier() {
        return [self = shared_from_this()](const std::error_code& error) {
            self->waiting_ = false;
            self->error_ = error;
            self->wake();
        };
    }

    // RESTinio goes on to the next request, or closes, right after this.
    restinio::write_status_cb_t last_notifier() {
        return [self = shared_from_this(), tell = notifier()](const std::error_code& error) {
            self->connection_->on_gone(nullptr);
            tell(error);
        };
    }

    void check() const {
        const bool stops = farewell_ ? is_gone() : stopped_ != stop_reason::none;
        if (stops) throw std::system_error(asio::error::operation_aborted);
    }

    asio::awaitable<void> wait_until_written() {
        while (waiting_) {
            std::error_code woken;
            co_await written_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            check();
        }
        if (error_) throw std::system_error(error_);
    }

    http_request request_;
    bool head_only_;
    bool close_after_ = false;
    restinio::request_handle_t handle_;
    std::shared_ptr<guard> connection_;
    asio::steady_timer written_;
    asio::cancellation_signal cancel_;
    std::optional<restinio::response_builder_t<restinio::chunked_output_t>> stream_;
    std::optional<chunked_body> body_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::string last_words_;
    std::error_code error_;
    int status_ = 0;
    stop_reason stopped_ = stop_reason::none;
    bool waiting_ = false;
    bool finished_ = false;
    bool farewell_ = false;
};

}  // namespace server
