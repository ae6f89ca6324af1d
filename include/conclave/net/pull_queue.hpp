#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>

namespace conclave::net {

/// An operation whose items wait in a bounded queue until they are pulled. Held by a `shared_ptr`;
/// everything happens on `strand`.
template <class Item>
class pull_queue : public std::enable_shared_from_this<pull_queue<Item>> {
public:
    virtual ~pull_queue() = default;
    pull_queue(const pull_queue&) = delete;
    pull_queue& operator=(const pull_queue&) = delete;

    /// The next item, in order; nothing after the last. Starts the operation when it is called
    /// first, and throws what it threw once the items before that are taken. When it is cancelled,
    /// so is the operation, which it waits for.
    asio::awaitable<std::optional<Item>> next() {
        const auto self = this->shared_from_this();
        co_await wait_for_item();
        std::optional<Item> front;
        if (waiting() > 0) {
            front.emplace(std::move(items_[taken_++]));
            if (waiting() == 0) drop_taken();
            notify();
        }
        co_return front;
    }

    /// The same for all items that wait; none after the last.
    asio::awaitable<std::vector<Item>> next_all() {
        const auto self = this->shared_from_this();
        co_await wait_for_item();
        drop_taken();
        std::vector<Item> all = std::exchange(items_, {});
        items_.reserve(all.size());  // the next are about as many
        notify();
        co_return all;
    }

    /// Ends the operation: nobody is going to pull any more.
    void stop() {
        abandoned_ = true;
        notify();
        stop_.emit(asio::cancellation_type::terminal);
    }

    const asio::any_io_executor strand;

protected:
    explicit pull_queue(const asio::any_io_executor& executor)
        : strand(asio::make_strand(executor)),
          changed_(strand, asio::steady_timer::time_point::max()) {}

    /// The operation.
    virtual asio::awaitable<void> run() = 0;

    /// Adds an item made of `from`.
    template <class From>
    void push(From&& from) {
        if (taken_ > items_.size() / 2) drop_taken();
        items_.emplace_back(std::forward<From>(from));
        notify();
    }
    bool has_no_room() const noexcept { return waiting() >= limit && !abandoned_; }
    asio::awaitable<void> wait_for_room() {
        while (has_no_room())
            co_await wait();
    }

private:
    // As many as fit into a few reads; who finds more waiting stops reading from its socket.
    static constexpr std::size_t limit = 256;

    std::size_t waiting() const noexcept { return items_.size() - taken_; }

    void drop_taken() {
        using difference = typename std::vector<Item>::difference_type;
        items_.erase(items_.begin(), items_.begin() + static_cast<difference>(taken_));
        taken_ = 0;
    }

    // Until there is one, or none is going to come.
    asio::awaitable<void> wait_for_item() {
        if (!started_) start();
        co_await asio::this_coro::throw_if_cancelled(false);
        while (waiting() == 0 && !ended_) {
            const auto mine = co_await asio::this_coro::cancellation_state;
            if (mine.cancelled() != asio::cancellation_type::none) stop();
            co_await wait();
        }
        const auto mine = co_await asio::this_coro::cancellation_state;
        if (mine.cancelled() != asio::cancellation_type::none) throw error(errc::cancelled);
        if (waiting() == 0 && thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    }

    void start() {
        started_ = true;
        const auto operation = [self = this->shared_from_this()] { return self->run(); };
        const auto on_end = [self = this->shared_from_this()](std::exception_ptr thrown) {
            self->thrown_ = std::move(thrown);
            self->ended_ = true;
            self->notify();
        };
        asio::co_spawn(
            strand, operation,
            asio::bind_cancellation_slot(stop_.slot(), asio::bind_executor(strand, on_end)));
    }

    asio::awaitable<void> wait() {
        error_code woken;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }

    void notify() { changed_.cancel(); }

    asio::steady_timer changed_;
    asio::cancellation_signal stop_;
    std::vector<Item> items_;
    std::size_t taken_ = 0;  // of these, from the front
    std::exception_ptr thrown_;
    bool started_ = false;
    bool ended_ = false;
    bool abandoned_ = false;
};

}  // namespace conclave::net
