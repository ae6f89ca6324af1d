#pragma once

#include "http.hpp"

#include <conclave/net/asio.hpp>

#include <asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// An event stream as a response. It is begun by the first bytes that are written, so that what
/// fails before can still have a status of its own. A comment every 15 seconds without a sign of
/// life keeps it open.
class event_response {
public:
    using clock = std::chrono::steady_clock;

    /// `last_words` are the events that end the stream if the server ends before it does.
    event_response(responder& to, const asio::any_io_executor& executor, std::string last_words)
        : to_(to),
          idle_(executor),
          free_(executor, clock::time_point::max()),
          last_words_(std::move(last_words)) {}

    /// Runs `pump`, a function that returns `awaitable<void>` and throws nothing, with a comment
    /// now and then; ends early if the client does not take one.
    template <class Pump>
    asio::awaitable<void> run(Pump& pump) {
        using namespace asio::experimental::awaitable_operators;
        co_await (pump() || keep_alive());
    }

    /// Sends the events in `bytes`, and empties it.
    asio::awaitable<void> write(std::string& bytes) {
        if (bytes.empty()) co_return;
        co_await send(bytes);
        bytes.clear();
    }

    /// The end of the stream.
    asio::awaitable<void> finish() { co_await to_.finish(); }

    /// Whether the status can no longer be told.
    bool has_begun() const noexcept { return to_.has_begun(); }

private:
    // Marks the response as being written to: by the events or by a comment, one at a time.
    class busy_mark {
    public:
        explicit busy_mark(event_response& of) : of_(of) { of_.busy_ = true; }
        ~busy_mark() {
            of_.busy_ = false;
            of_.free_.cancel();
        }
        busy_mark(const busy_mark&) = delete;
        busy_mark& operator=(const busy_mark&) = delete;

    private:
        event_response& of_;
    };

    asio::awaitable<void> send(std::string_view bytes) {
        while (busy_) {
            conclave::net::error_code woken;
            co_await free_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        const busy_mark mark(*this);
        if (!to_.has_begun()) {
            header_list extra;
            extra.push_back({"Cache-Control", "no-cache"});
            extra.push_back({"X-Accel-Buffering", "no"});
            co_await to_.begin(200, "text/event-stream", std::move(extra));
            to_.on_drain(std::move(last_words_));
        }
        co_await to_.write(bytes);
        last_ = clock::now();
    }

    asio::awaitable<void> keep_alive() {
        try {
            for (;;) {
                const auto next = std::max(last_, last_comment_) + std::chrono::seconds(15);
                if (next > clock::now()) {
                    idle_.expires_at(next);
                    co_await idle_.async_wait(asio::use_awaitable);
                    continue;
                }
                last_comment_ = clock::now();
                if (!busy_) co_await send(": keep-alive\n\n");
            }
        } catch (const std::exception&) {
            // The client is gone, or the stream has ended.
        }
    }

    responder& to_;
    asio::steady_timer idle_;
    asio::steady_timer free_;
    std::string last_words_;
    bool busy_ = false;
    clock::time_point last_ = clock::now();
    clock::time_point last_comment_ = last_;
};

}  // namespace server
