#pragma once

#include "http.hpp"

#include <conclave/net/asio.hpp>

#include <asio/experimental/awaitable_operators.hpp>

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
        : to_(to), idle_(executor), last_words_(std::move(last_words)) {}

    /// Runs `pump`, a function that returns `awaitable<void>` and throws nothing, with a comment
    /// now and then; ends early if the client does not take one.
    template <class Pump>
    asio::awaitable<void> run(Pump& pump) {
        using namespace asio::experimental::awaitable_operators;
        co_await (pump() || keep_alive());
    }

    /// Sends the events in `bytes`, and empties it. False when the client has not taken all yet:
    /// await `drained` before the next.
    bool write(std::string& bytes) {
        if (bytes.empty()) return true;
        const bool all = send(bytes);
        bytes.clear();
        return all;
    }

    asio::awaitable<void> drained() { return to_.drained(); }

    /// The end of the stream: it has had its last words.
    asio::awaitable<void> finish() {
        to_.on_drain({});
        return to_.finish();
    }

    /// Whether the status can no longer be told.
    bool has_begun() const noexcept { return to_.has_begun(); }

private:
    bool send(std::string_view bytes) {
        if (!to_.has_begun()) {
            header_list extra;
            extra.push_back({"Cache-Control", "no-cache"});
            extra.push_back({"X-Accel-Buffering", "no"});
            to_.begin(200, "text/event-stream", std::move(extra));
            to_.on_drain(std::move(last_words_));
        }
        last_ = clock::now();
        return to_.write(bytes);
    }

    asio::awaitable<void> keep_alive() {
        try {
            for (;;) {
                const auto next = last_ + std::chrono::seconds(15);
                if (next > clock::now()) {
                    idle_.expires_at(next);
                    co_await idle_.async_wait(asio::use_awaitable);
                } else if (!send(": keep-alive\n\n")) {
                    co_await drained();
                }
            }
        } catch (const std::exception&) {
            // The client is gone, or the stream has ended.
        }
    }

    responder& to_;
    asio::steady_timer idle_;
    std::string last_words_;
    clock::time_point last_ = clock::now();
};

}  // namespace server
