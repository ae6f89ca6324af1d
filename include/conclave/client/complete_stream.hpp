#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/client/client.hpp>
#include <conclave/client/observer.hpp>
#include <conclave/client/perform.hpp>
#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/pull_queue.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/validate_call.hpp>

namespace conclave {

/// A `delta` that owns its texts: what a stream of an answer gives.
struct stream_delta {
    stream_delta() = default;
    /// Copies what `seen` shows.
    explicit stream_delta(const delta& seen)
        : text(seen.text),
          reasoning(seen.reasoning),
          refusal(seen.refusal),
          tool_arguments(seen.tool_arguments),
          restart(seen.restart) {}

    /// The next piece of the answer's text. This and the next four mean what they mean in `delta`.
    std::string text;
    /// The next piece of the model's reasoning.
    std::string reasoning;
    /// The next piece of a refusal.
    std::string refusal;
    /// The next piece of a tool call's arguments.
    std::string tool_arguments;
    /// The attempt failed and another is made: what was given before this is void.
    bool restart = false;
};

namespace detail {

/// A call whose pieces wait in a bounded queue until they are pulled.
template <class Transport>
class delta_queue final : public call_observer, public net::pull_queue<stream_delta> {
public:
    delta_queue(std::shared_ptr<client_state<Transport>> client, call what)
        : pull_queue(client->executor), client_(std::move(client)), what_(std::move(what)) {}

    void on_delta(const delta& piece) override { this->push(piece); }
    void on_retry(const error&) override {
        stream_delta void_so_far;
        void_so_far.restart = true;
        this->push(std::move(void_so_far));
    }
    bool is_full() const noexcept override { return this->has_no_room(); }
    asio::awaitable<void> ready() override { return this->wait_for_room(); }

    completion result;

private:
    asio::awaitable<void> run() override {
        validate(what_);
        performance<Transport> running(client_, what_, trace_header<Transport>(what_), *this);
        call_report report = co_await running.run();
        result = std::move(report.answer);
        result.usage = report.usage;
        result.cost = report.cost;
        if (report.failure) throw error(*report.failure);
    }

    std::shared_ptr<client_state<Transport>> client_;
    call what_;
};

}  // namespace detail

/// One model's answer to pull piece by piece; made by `complete_stream(client, call)`. Movable.
/// When it is destroyed before its end, the call is cancelled.
template <class Transport>
class basic_completion_stream {
public:
    /// As `complete_stream` does.
    basic_completion_stream(basic_client<Transport>& via, call what)
        : queue_(std::make_shared<detail::delta_queue<Transport>>(via.state(), std::move(what))) {}
    basic_completion_stream(basic_completion_stream&&) noexcept = default;
    /// The call that was here is cancelled when `other` is destroyed, which gets it.
    basic_completion_stream& operator=(basic_completion_stream&& other) noexcept {
        std::swap(queue_, other.queue_);
        return *this;
    }
    ~basic_completion_stream() {
        if (!queue_) return;
        const auto strand = queue_->strand;
        asio::post(strand, [queue = std::move(queue_)] { queue->stop(); });
    }

    /// The next piece, or nothing after the last. The first call starts the request. Throws what
    /// `complete` throws, once the pieces before it are taken.
    ///
    /// Up to 256 pieces wait; with more the model's connection is read no further, so that a slow
    /// reader costs bounded memory. The call's clock goes on meanwhile.
    ///
    /// Cancellation: terminal; it ends the call. One `next` or `next_all` at a time, from any
    /// thread: another throws `std::logic_error`.
    asio::awaitable<std::optional<stream_delta>> next() {
        return queue_->next(asio::use_awaitable);
    }

    /// The same for all pieces that wait, one at least; none after the last. For those who pass on
    /// what comes: a burst costs them one turn.
    asio::awaitable<std::vector<stream_delta>> next_all() {
        return queue_->next_all(asio::use_awaitable);
    }

    /// The whole answer, once `next` has given nothing; once it has thrown, what had come of the
    /// answer, with the usage and the cost of all attempts.
    const completion& result() const noexcept { return queue_->result; }

private:
    std::shared_ptr<detail::delta_queue<Transport>> queue_;
};

/// One call to one model whose answer the caller pulls at its own pace:
/// `while (auto piece = co_await stream.next()) …`. Nothing is sent before the first `next`.
template <class Transport>
basic_completion_stream<Transport> complete_stream(basic_client<Transport>& via, call what) {
    return basic_completion_stream<Transport>(via, std::move(what));
}

}  // namespace conclave
