#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <conclave/client/client.hpp>
#include <conclave/client/redirect.hpp>
#include <conclave/client/reply_reader.hpp>
#include <conclave/client/retry.hpp>
#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/exchange.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/version.hpp>
#include <conclave/wire/any_format.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/rate_limits.hpp>

namespace conclave {

namespace detail {

/// A request as it goes out, for every attempt alike.
struct prepared_request {
    std::size_t endpoint = 0;
    http::request_head head;
    std::string body;
};

/// The head of a request to an endpoint. Throws `error` with `errc::invalid_header` when a key or
/// an own field of the endpoint has a character that no header field may have.
inline http::request_head make_request_head(const endpoint& to, const http::url& base,
                                            std::string method, std::string_view path) {
    http::request_head head;
    head.method = std::move(method);
    head.target = base.target_for(path);
    const auto add = [&](const std::string& name, std::string value) {
        if (head.header.set(name, std::move(value))) {
            throw error(errc::invalid_header, "invalid header field " + name + " of an endpoint");
        }
    };
    add("Host", base.authority());
    add("User-Agent", "conclave/" CONCLAVE_VERSION_STRING);
    add("Accept-Encoding", "identity");
    auto own = std::visit([&](const auto& format) { return format.header(to.api_key); }, to.format);
    for (auto& [name, value] : own)
        add(name, std::move(value));
    for (const auto& [name, value] : to.header)
        add(name, value);
    return head;
}

/// The provider's id of a request, under one of the names that providers have for it.
inline std::string request_id(const http::response_head& head) {
    for (const std::string_view name : {"x-request-id", "request-id"}) {
        if (const auto id = head.header.find(name)) return std::string(*id);
    }
    return {};
}

inline bool is_event_stream(const http::response_head& head) {
    const std::string_view type = head.header.find("content-type").value_or("");
    constexpr std::string_view wanted = "text/event-stream";
    return http::equals_ignoring_case(type.substr(0, wanted.size()), wanted);
}

/// What Opper says in a field that the request cost. The head of a stream comes before the answer,
/// and cannot know.
inline std::optional<double> cost_in_head(const http::response_head& head) {
    const auto text = head.header.find("x-opper-cost");
    if (!text || is_event_stream(head)) return std::nullopt;
    double cost = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), cost);
    const bool is_number = failed == std::errc() && end == text->data() + text->size();
    return is_number && std::isfinite(cost) && cost >= 0 ? std::optional(cost) : std::nullopt;
}

/// A reply that is not a stream.
struct whole_reply {
    http::response_head head;
    std::string body;
};

/// Puts what the head of a reply, read at `now`, says of an answer into it. What the body says of
/// the same counts more.
template <class Answer>
void read_reply_head(const http::response_head& head, std::chrono::system_clock::time_point now,
                     Answer& to) {
    to.request_id = request_id(head);
    to.rate_limits = wire::read_rate_limits(head.header, now);
    to.cost = cost_in_head(head);
}

/// The error that a reply with an error status, read at `now`, stands for.
inline error status_error(const wire::any_format& format, const http::response_head& head,
                          std::string_view body, std::chrono::system_clock::time_point now) {
    const wire::failure failure =
        std::visit([&](const auto& each) { return each.read_error(head.status, body); }, format);
    error_details details;
    details.http_status = head.status;
    details.provider_code = failure.provider_code;
    details.provider_message = failure.message;
    details.request_id = request_id(head);
    details.rate_limits = wire::read_rate_limits(head.header, now);
    if (details.request_id.empty()) details.request_id = failure.request_id;
    details.retry_after = parse_retry_after(head.header, now);
    if (!details.retry_after) details.retry_after = failure.retry_after;
    details.should_retry = failure.should_retry;
    if (const auto advice = head.header.find("x-should-retry")) {
        if (*advice == "true") details.should_retry = true;
        if (*advice == "false") details.should_retry = false;
    }
    std::string what = "HTTP " + std::to_string(head.status);
    if (!failure.message.empty()) what += ": " + failure.message;
    return error(errc::http_status, what, std::move(details));
}

/// The error that a failure of the system's stands for where nothing below knew a better one: that
/// no thread could be started, or OpenSSL had no memory left.
inline error system_failure(const net::system_error& failure) {
    if (failure.code() == asio::error::operation_aborted) return error(errc::cancelled);
    error_details details;
    details.cause = failure.code();
    return error(errc::connect_failed, std::string("connection failed: ") + failure.what(),
                 std::move(details));
}

/// The error that a failure inside a reply, to the request with this id, stands for.
inline error reply_error(wire::failure failure, std::string request_id) {
    error_details details;
    details.request_id = std::move(request_id);
    if (details.request_id.empty()) details.request_id = std::move(failure.request_id);
    details.http_status = failure.status;
    details.retry_after = failure.retry_after;
    details.should_retry = failure.should_retry;
    details.provider_code = std::move(failure.provider_code);
    details.provider_message = failure.message;
    return error(failure.code, failure.message, std::move(details));
}

/// One attempt at a call: a connection, a request, a reply read as it comes.
template <class Transport>
class attempt {
public:
    using stream_type = typename Transport::stream_type;
    using clocks_type = net::clocks<typename Transport::timer_type>;

    attempt(client_state<Transport>& client, const prepared_request& request, clocks_type& timers)
        : client_(client),
          request_(request),
          timers_(timers),
          to_(client.bases[request.endpoint]),
          head_(request.head) {}

    /// Has `reader` read the answer. Throws `error`; what had come by then, the reader has.
    asio::awaitable<void> run(reply_reader& reader) {
        is_paced_ = reader.is_paced();
        auto exchange = co_await open();
        const http::response_head& head = exchange.head();
        if (head.status < 200 || head.status > 299) {
            const std::string body = co_await read_small_body(exchange, reader.error_body_size());
            may_be_billed_ = reader.read_error_body(head.status, body);
            if (may_be_billed_) co_return;
            throw refusal(head, body);
        }
        reader.read_head(head, Transport::wall_clock_type::now());
        if (is_event_stream(head)) {
            co_await read_stream(exchange, reader);
        } else {
            const auto on_piece = [this] { note_piece(); };
            const std::string body =
                co_await exchange.read_body(client_.options.limits.body_size, on_piece);
            if (const auto failure = reader.read_whole(body)) throw unreadable(head, *failure);
        }
        keep_connection(exchange);
    }

    /// The whole reply, which has to have a status of success. The clocks of answers run if it is
    /// one.
    asio::awaitable<whole_reply> fetch(bool is_answer) {
        is_paced_ = is_answer;
        auto exchange = co_await open();
        whole_reply reply;
        reply.head = exchange.head();
        if (reply.head.status < 200 || reply.head.status > 299) {
            const std::string body = co_await read_small_body(exchange);
            throw refusal(reply.head, body);
        }
        const auto on_piece = [this] { note_piece(); };
        reply.body = co_await exchange.read_body(client_.options.limits.body_size, on_piece);
        keep_connection(exchange);
        co_return reply;
    }

    /// Whether the provider may charge for this attempt: it has the whole request, and no error
    /// status said that it declined.
    bool may_be_billed() const noexcept { return may_be_billed_; }

private:
    using exchange_type = net::exchange<stream_type>;

    // Sends the request, and again to where redirects lead, if they are to be followed.
    asio::awaitable<exchange_type> open() {
        for (std::size_t hops = 0;; ++hops) {
            auto exchange = co_await open_once();
            const http::response_head reply = exchange.head();
            const std::size_t most = client_.options.max_redirects;
            if (most == 0 || !is_redirect(reply.status)) co_return exchange;
            if (hops == most) {
                throw redirect_refusal(reply, "there were " + std::to_string(most) + " before it");
            }
            co_await read_small_body(exchange);
            has_begun_ = false;
            timers_.clear(errc::idle_timeout);
            follow_redirect(reply, to_, head_);
        }
    }

    // Sends the request and reads the reply's head. A pooled connection may have been closed by its
    // server just now: if it dies before any byte of reply, the request is sent again on a new one,
    // once, unless that is turned off.
    asio::awaitable<exchange_type> open_once() {
        // Whoever holds one while it waits for another may wait for somebody who does the same.
        slot_ = net::connection_slot();
        slot_ = co_await client_.pool.reserve(to_.origin());
        std::optional<stream_type> pooled = co_await client_.pool.take(to_.origin());
        if (pooled) {
            exchange_type reused(std::move(*pooled));
            bool died = false;
            try {
                co_await converse(reused);
            } catch (const error& failure) {
                died = failure.code() == errc::connection_lost && !reused.heard() &&
                       client_.options.pool.resend_on_dead_connection;
                if (!died) throw;
            }
            if (!died) co_return reused;
            timers_.clear(errc::first_token_timeout);
        }
        stream_type connection =
            co_await client_.transport.connect(to_, client_.options.connect, timers_);
        exchange_type fresh(std::move(connection));
        co_await converse(fresh);
        co_return fresh;
    }

    asio::awaitable<void> converse(exchange_type& exchange) {
        if (is_paced_) await_progress();
        co_await exchange.send(head_, request_.body);
        // Whoever has all of the request may be at work on it, and says so only with the head.
        if (exchange.sent()) may_be_billed_ = true;
        co_await exchange.read_head();
        const int status = exchange.head().status;
        may_be_billed_ = status >= 200 && status <= 299;
    }

    void await_progress() {
        const reply_timeouts& limits = client_.options.timeouts;
        if (has_begun_) {
            timers_.start(errc::idle_timeout, limits.idle_timeout);
        } else {
            timers_.start(errc::first_token_timeout, limits.first_token_timeout);
        }
    }

    // Something of the answer has come.
    void note_progress() {
        if (!has_begun_) timers_.clear(errc::first_token_timeout);
        has_begun_ = true;
        await_progress();
    }

    void note_piece() {
        if (is_paced_) note_progress();
    }

    error refusal(const http::response_head& head, std::string_view body) const {
        return status_error(client_.at(request_.endpoint).format, head, body,
                            Transport::wall_clock_type::now());
    }

    // What can be had of a body that matters less than the status before it.
    asio::awaitable<std::string> read_small_body(exchange_type& exchange,
                                                 std::size_t enough = small_body_size) {
        std::string body;
        note_progress();
        const auto on_piece = [this] { note_progress(); };
        try {
            body = co_await exchange.read_body(enough, on_piece);
            keep_connection(exchange);
        } catch (const error&) {
            // The status says more than the trouble with its body.
        }
        co_return body;
    }

    asio::awaitable<void> read_stream(exchange_type& exchange, reply_reader& reader) {
        using status = wire::stream_status;
        sse::parser_options options;
        options.max_line_size = options.max_event_size = client_.options.limits.event_size;
        sse::parser events(options);
        auto state = status::more;
        for (bool more = true; more && state == status::more;) {
            more = co_await exchange.read_events(events);
            if (!more) events.finish();
            if (reader.read_events(events)) note_piece();
            if (events.error()) throw error(errc::event_too_large);
            state = reader.state();
            if (!more && state == status::more) state = reader.finish(events.stray_lines());
            // A stream has no end that could be told from its head.
            if (reader.size() > client_.options.limits.body_size) throw error(errc::body_too_large);
            if (state == status::more && reader.is_full()) co_await wait_for(reader);
        }
        if (state == status::failed) {
            throw reply_error(reader.failure(), request_id(exchange.head()));
        }
    }

    // Nobody can be late whom we do not listen to.
    asio::awaitable<void> wait_for(reply_reader& reader) {
        timers_.clear(errc::first_token_timeout);
        timers_.clear(errc::idle_timeout);
        co_await reader.ready();
        if (is_paced_) await_progress();
    }

    static error unreadable(const http::response_head& head, const wire::failure& why) {
        const auto type = head.header.find("content-type").value_or("no content type");
        const bool claims_json = type.find("json") != std::string_view::npos;
        if (why.code == errc::malformed_json && !claims_json) {
            return error(errc::malformed_reply,
                         "expected an answer in JSON and got " + std::string(type));
        }
        return reply_error(why, request_id(head));
    }

    void keep_connection(exchange_type& exchange) {
        if (!exchange.reusable()) return;
        const http::body_decoder rest = exchange.rest();
        client_.pool.give(to_.origin(), exchange.release(), rest);
    }

    client_state<Transport>& client_;
    const prepared_request& request_;
    clocks_type& timers_;
    net::connection_slot slot_;
    bool is_paced_ = false;
    bool has_begun_ = false;
    // Where the request goes, and what goes there: with each redirect another.
    http::url to_;
    http::request_head head_;
    bool may_be_billed_ = false;
};

}  // namespace detail
}  // namespace conclave
