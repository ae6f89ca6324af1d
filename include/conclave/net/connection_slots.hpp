#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/notification.hpp>

namespace conclave::net {

namespace detail {
class slot_book;
}

/// The right to one connection to an origin, given back when this is destroyed. Movable.
class connection_slot {
public:
    /// The right to nothing.
    connection_slot() = default;
    connection_slot(std::shared_ptr<detail::slot_book> book, std::string origin)
        : book_(std::move(book)), origin_(std::move(origin)) {}
    connection_slot(connection_slot&&) noexcept = default;
    connection_slot& operator=(connection_slot&& other) noexcept {
        std::swap(book_, other.book_);
        std::swap(origin_, other.origin_);
        return *this;
    }
    inline ~connection_slot();

private:
    std::shared_ptr<detail::slot_book> book_;
    std::string origin_;
};

namespace detail {

/// Who has a slot, and who waits for one.
class slot_book : public std::enable_shared_from_this<slot_book> {
public:
    struct waiter {
        explicit waiter(const asio::any_io_executor& strand)
            : granted(std::make_shared<notification>(strand)) {}

        std::shared_ptr<notification> granted;
        bool has_slot = false;
    };

    explicit slot_book(std::size_t limit) : limit_(limit) {}

    std::size_t limit() const noexcept { return limit_; }

    // Nothing if there was a slot free.
    std::shared_ptr<waiter> enter(const std::string& origin, const asio::any_io_executor& strand) {
        const std::lock_guard lock(mutex_);
        line& here = lines_[origin];
        if (here.used < limit_) {
            ++here.used;
            return nullptr;
        }
        here.waiting.push_back(std::make_shared<waiter>(strand));
        return here.waiting.back();
    }

    // Whether the wait brought a slot.
    bool leave(const std::string& origin, const std::shared_ptr<waiter>& gone) {
        const std::lock_guard lock(mutex_);
        if (!gone->has_slot) std::erase(lines_[origin].waiting, gone);
        return gone->has_slot;
    }

    // The one who has waited longest inherits it.
    void release(const std::string& origin) {
        std::shared_ptr<waiter> heir;
        {
            const std::lock_guard lock(mutex_);
            const auto place = lines_.find(origin);
            if (place == lines_.end()) return;
            line& here = place->second;
            if (here.waiting.empty()) {
                if (--here.used == 0) lines_.erase(place);
                return;
            }
            heir = std::move(here.waiting.front());
            here.waiting.pop_front();
            heir->has_slot = true;
        }
        heir->granted->notify();
    }

    std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const auto& [origin, here] : lines_)
            count += here.waiting.size();
        return count;
    }

private:
    struct line {
        std::size_t used = 0;
        std::deque<std::shared_ptr<waiter>> waiting;
    };

    std::size_t limit_;
    mutable std::mutex mutex_;
    std::map<std::string, line> lines_;
};

}  // namespace detail

inline connection_slot::~connection_slot() {
    if (book_) book_->release(origin_);
}

/// The connections there may be to one origin at a time, and the queue of those who want one: first
/// come, first served.
///
/// Thread-safety: may be used by several threads at once.
class connection_slots {
public:
    /// So many for each origin; 0: as many as are wanted.
    explicit connection_slots(std::size_t limit)
        : book_(std::make_shared<detail::slot_book>(limit)) {}

    /// A slot for a connection to `origin`, as soon as there is one.
    ///
    /// Cancellation: terminal; the place in the queue is given up.
    asio::awaitable<connection_slot> acquire(std::string origin) {
        const auto book = book_;
        if (book->limit() == 0) co_return connection_slot();
        const auto strand = co_await asio::this_coro::executor;
        const auto mine = book->enter(origin, strand);
        if (mine) {
            co_await mine->granted->wait();
            if (!book->leave(origin, mine)) throw error(errc::cancelled);
        }
        co_return connection_slot(book, std::move(origin));
    }

    /// How many wait.
    std::size_t waiting() const { return book_->waiting(); }

private:
    std::shared_ptr<detail::slot_book> book_;
};

}  // namespace conclave::net
