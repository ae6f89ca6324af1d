#pragma once

#include "config.hpp"
#include "http.hpp"

#include <conclave/net/asio.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace server {

class admission;

/// Leave for one panel to run, given back when the object goes. It must not outlive the admission.
class place {
public:
    place() = default;
    place(place&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), caller_(other.caller_) {}
    place& operator=(place&& other) noexcept {
        std::swap(from_, other.from_);
        std::swap(caller_, other.caller_);
        return *this;
    }
    ~place();

    /// Counts against what the caller may use in a day.
    void spend(std::int64_t tokens, double cost);

private:
    friend class admission;
    place(admission* from, std::size_t caller) : from_(from), caller_(caller) {}

    admission* from_ = nullptr;
    std::size_t caller_ = 0;
};

/// Knows the callers by their keys, and lets as many panels run as the limits say. Everything
/// happens on the server's thread.
class admission {
public:
    admission(asio::io_context& context, const config& settings);
    admission(const admission&) = delete;
    admission& operator=(const admission&) = delete;

    /// The name of the caller whose key the request has; empty while no callers are configured.
    /// Throws a `refusal` with 401. The time it takes does not tell how much of a key was right.
    std::string authenticate(const http_request& request) const;

    /// Waits for leave to run a panel, or a single call, of so many seats. Throws a `refusal`: 413
    /// for too many seats, 429 when the caller has as many panels running as it may, or has used
    /// what it may in a day, 503 when too many wait already, or it has waited too long.
    ///
    /// Cancellation: terminal.
    asio::awaitable<place> enter(const http_request& request, std::size_t seats);

    /// Panels that run.
    std::size_t running() const noexcept { return running_; }
    /// Panels that wait.
    std::size_t waiting() const noexcept { return queue_.size(); }

private:
    friend class place;
    using digest = std::array<unsigned char, 32>;

    struct caller {
        std::string name;
        digest key{};
        caller_limits limits;
        std::size_t running = 0;
        std::int64_t day = 0;
        std::int64_t tokens = 0;
        double cost = 0;
    };
    struct waiter {
        explicit waiter(asio::io_context& context) : timer(context) {}
        asio::steady_timer timer;
        bool granted = false;
    };
    // Leaves the queue, or gives back a leave that nobody took.
    class turn;

    static digest digest_of(std::string_view key);
    std::size_t find(const std::string& name) const;
    void check_seats(const caller& who, std::size_t seats) const;
    static void check_caller(caller& who);
    static void begin_day(caller& who);
    void give_back(std::size_t who);
    void release();
    asio::awaitable<void> wait_for_turn();

    asio::io_context& context_;
    panel_limits limits_;
    // The last one is everybody, while no callers are configured.
    std::vector<caller> callers_;
    std::deque<std::shared_ptr<waiter>> queue_;
    std::size_t running_ = 0;
};

}  // namespace server
