#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/run_on_strand.hpp>

namespace conclave::net {

/// An operation whose items wait in a bounded queue until they are pulled. Held by a `shared_ptr`.
/// The operation runs on `strand`; who pulls may be on any thread, one pull at a time. A pull takes
/// what is there when it completes, which costs one turn of the puller's executor and none of the
/// strand's.
template <class Item>
class pull_queue : public std::enable_shared_from_this<pull_queue<Item>> {
public:
    virtual ~pull_queue() = default;
    pull_queue(const pull_queue&) = delete;
    pull_queue& operator=(const pull_queue&) = delete;

    /// The next item, in order; nothing after the last. Starts the operation when it is called
    /// first, and throws what it threw once the items before that are taken. When it is cancelled,
    /// so is the operation, which it waits for. Completes with `void(std::exception_ptr,
    /// std::optional<Item>)`.
    template <class CompletionToken>
    auto next(CompletionToken&& token) {
        return pull<std::optional<Item>>(token);
    }

    /// The same for all items that wait, in a vector; none after the last.
    template <class CompletionToken>
    auto next_all(CompletionToken&& token) {
        return pull<std::vector<Item>>(token);
    }

    /// Ends the operation: nobody is going to pull any more. On the strand.
    void stop() {
        {
            const std::scoped_lock lock(mutex_);
            abandoned_ = true;
        }
        room_.cancel();
        stop_.emit(asio::cancellation_type::terminal);
    }

    const asio::any_io_executor strand;

protected:
    explicit pull_queue(const asio::any_io_executor& executor)
        : strand(asio::make_strand(executor)),
          room_(strand, asio::steady_timer::time_point::max()) {}

    /// The operation; what it throws is thrown by the pull after the last item.
    virtual asio::awaitable<void> run() = 0;

    // These three are called on the strand.

    template <class From>
    void push(From&& from) {
        std::unique_ptr<puller> waiting_one;
        {
            const std::scoped_lock lock(mutex_);
            if (taken_ > items_.size() / 2) drop_taken();
            items_.emplace_back(std::forward<From>(from));
            if (is_worth_waking()) waiting_one = std::move(puller_);
        }
        wake(std::move(waiting_one));
    }
    bool has_no_room() const noexcept {
        const std::scoped_lock lock(mutex_);
        return is_full();
    }
    asio::awaitable<void> wait_for_room() {
        while (must_wait()) {
            error_code woken;
            co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
    }

private:
    // As many as fit into a few reads; who finds more waiting stops reading from its socket.
    static constexpr std::size_t limit = 256;

    // Who waits for an item.
    class puller {
    public:
        virtual ~puller() = default;
        // Completes the pull in a turn of the handler's executor.
        virtual void complete(std::unique_ptr<puller> self) = 0;

        std::exception_ptr misuse;
    };

    template <class Result, class Handler>
    class waiting_pull final : public puller {
    public:
        waiting_pull(std::shared_ptr<pull_queue> from, Handler handler)
            : from_(std::move(from)),
              handler_(std::move(handler)),
              work_(asio::get_associated_executor(handler_, from_->strand)) {}

        void watch_cancellation() {
            auto slot = asio::get_associated_cancellation_slot(handler_);
            if (!slot.is_connected()) return;
            // Weak, for the owner of the slot may keep it for longer than the strand's context.
            slot.assign([weak = from_->weak_from_this(), this](asio::cancellation_type type) {
                const bool terminal =
                    (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
                const auto alive = weak.lock();
                if (terminal && alive) alive->cancel_pull(this);
            });
        }

        void complete(std::unique_ptr<puller> self) override {
            asio::post(work_.get_executor(), [self = std::move(self)]() mutable {
                static_cast<waiting_pull&>(*self).deliver(std::move(self));
            });
        }

    private:
        void deliver(std::unique_ptr<puller> self) {
            // From here on the caller's signal has nothing left to cancel.
            auto slot = asio::get_associated_cancellation_slot(handler_);
            if (slot.is_connected()) slot.clear();
            Result result;
            std::exception_ptr thrown = this->misuse ? this->misuse : from_->take(result);
            Handler handler = std::move(handler_);
            self.reset();
            std::move(handler)(std::move(thrown), std::move(result));
        }

        std::shared_ptr<pull_queue> from_;
        Handler handler_;
        asio::executor_work_guard<asio::associated_executor_t<Handler, asio::any_io_executor>>
            work_;
    };

    // What `async_initiate` starts: a class and not a lambda, because GCC 12 destroys capturing
    // lambdas twice where they stand in an expression with `co_await`.
    template <class Result>
    class initiation {
    public:
        using executor_type = asio::any_io_executor;

        explicit initiation(std::shared_ptr<pull_queue> from) : from_(std::move(from)) {}

        executor_type get_executor() const noexcept { return from_->strand; }

        template <class Handler>
        void operator()(Handler&& handler) {
            using operation = waiting_pull<Result, std::decay_t<Handler>>;
            auto pull = std::make_unique<operation>(from_, std::forward<Handler>(handler));
            pull->watch_cancellation();
            from_->wait(std::move(pull));
        }

    private:
        std::shared_ptr<pull_queue> from_;
    };

    // The operation's end. Where a context is destroyed with the operation in it, this is all that
    // comes of it: who waits may hold the queue, and goes too.
    class ending {
    public:
        explicit ending(std::shared_ptr<pull_queue> of) : of_(std::move(of)) {}
        ending(ending&&) noexcept = default;
        ending& operator=(ending&&) = delete;
        ~ending() {
            if (of_) of_->take_puller().reset();
        }

        void operator()(std::exception_ptr thrown) {
            std::exchange(of_, nullptr)->end(std::move(thrown));
        }

    private:
        std::shared_ptr<pull_queue> of_;
    };

    template <class Result, class CompletionToken>
    auto pull(CompletionToken& token) {
        return asio::async_initiate<CompletionToken, void(std::exception_ptr, Result)>(
            initiation<Result>(this->shared_from_this()), token);
    }

    void wait(std::unique_ptr<puller> one) {
        bool starts = false;
        {
            const std::scoped_lock lock(mutex_);
            if (!std::exchange(started_, true)) {
                starts = !abandoned_;
                ended_ = abandoned_;
            }
            if (std::exchange(pulling_, true)) {
                one->misuse = std::make_exception_ptr(std::logic_error("one pull at a time"));
            } else {
                puller_ = std::move(one);
                if (is_worth_waking()) one = std::move(puller_);
            }
        }
        if (starts) start();
        wake(std::move(one));
    }

    static void wake(std::unique_ptr<puller> one) {
        if (one) one->complete(std::move(one));
    }

    void start() {
        const auto self = this->shared_from_this();
        const auto operation = [self] { return self->run(); };
        asio::co_spawn(
            strand, operation,
            asio::bind_cancellation_slot(stop_.slot(), asio::bind_executor(strand, ending(self))));
    }

    void end(std::exception_ptr thrown) {
        {
            const std::scoped_lock lock(mutex_);
            thrown_ = detail::as_reported(std::move(thrown));
            ended_ = true;
        }
        wake(take_puller());
    }

    void cancel_pull(const puller* one) {
        {
            const std::scoped_lock lock(mutex_);
            if (puller_.get() != one) return;
            cancelled_ = true;
        }
        asio::post(strand, [self = this->shared_from_this()] { self->stop(); });
    }

    // What a pull completes with.
    template <class Result>
    std::exception_ptr take(Result& result) {
        bool made_room = false;
        {
            const std::scoped_lock lock(mutex_);
            pulling_ = false;
            if (std::exchange(cancelled_, false))
                return std::make_exception_ptr(error(errc::cancelled));
            if (waiting() == 0) return std::exchange(thrown_, nullptr);
            take_items(result);
            made_room = !is_full() && std::exchange(producer_waits_, false);
        }
        if (made_room)
            asio::post(strand, [self = this->shared_from_this()] { self->room_.cancel(); });
        return nullptr;
    }

    // What follows is called with the mutex locked.

    void take_items(std::optional<Item>& front) {
        front.emplace(std::move(items_[taken_++]));
        if (waiting() == 0) drop_taken();
    }
    void take_items(std::vector<Item>& all) {
        drop_taken();
        all = std::exchange(items_, {});
        items_.reserve(all.size());  // the next are about as many
    }

    std::size_t waiting() const noexcept { return items_.size() - taken_; }
    bool is_full() const noexcept { return waiting() >= limit && !abandoned_; }
    bool is_worth_waking() const noexcept {
        return puller_ && (ended_ || (waiting() > 0 && !cancelled_));
    }

    void drop_taken() {
        using difference = typename std::vector<Item>::difference_type;
        items_.erase(items_.begin(), items_.begin() + static_cast<difference>(taken_));
        taken_ = 0;
    }

    // And these lock it.

    bool must_wait() {
        const std::scoped_lock lock(mutex_);
        producer_waits_ = is_full();
        return producer_waits_;
    }
    std::unique_ptr<puller> take_puller() {
        const std::scoped_lock lock(mutex_);
        return std::move(puller_);
    }

    asio::steady_timer room_;
    asio::cancellation_signal stop_;
    mutable std::mutex mutex_;  // of all that follows
    std::vector<Item> items_;
    std::size_t taken_ = 0;  // of these, from the front
    std::unique_ptr<puller> puller_;
    bool pulling_ = false;  // until the pull takes what it is woken for
    std::exception_ptr thrown_;
    bool producer_waits_ = false;
    bool started_ = false;
    bool ended_ = false;
    bool abandoned_ = false;
    bool cancelled_ = false;
};

}  // namespace conclave::net
