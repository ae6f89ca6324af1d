#pragma once

// How the tests run coroutines: to their end, on a context of their own, and never for ever.

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace running {

namespace asio = conclave::asio;
using namespace std::chrono_literals;

/// What "at once" is held to, next to stalls of half a minute and more.
inline constexpr auto at_once = 2s;
inline constexpr auto stall = 30s;

/// Runs a callable that returns an `awaitable<void>` until nothing is left to do, and throws what
/// left it.
template <class Operation>
void run(asio::io_context& context, Operation operation) {
    std::exception_ptr thrown;
    bool ended = false;
    const auto on_end = [&](std::exception_ptr what) {
        thrown = what;
        ended = true;
    };
    asio::co_spawn(context, std::move(operation), on_end);
    context.restart();
    context.run_for(60s);
    if (!ended) {
        std::cerr << "the coroutine has not ended after a minute\n";
        std::abort();
    }
    if (thrown) std::rethrow_exception(thrown);
}

template <class Operation>
void run(Operation operation) {
    asio::io_context context;
    run(context, std::move(operation));
}

/// A context that several threads run until the object goes, or is told to `join` them.
class threads {
public:
    explicit threads(int count) : work_(context.get_executor()) {
        for (int i = 0; i < count; ++i)
            threads_.emplace_back([this] { context.run(); });
    }
    ~threads() { join(); }
    threads(const threads&) = delete;
    threads& operator=(const threads&) = delete;

    /// Waits until nothing is left to do.
    void join() {
        work_.reset();
        for (auto& each : threads_)
            each.join();
        threads_.clear();
    }

    asio::io_context context;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::vector<std::thread> threads_;
};

inline asio::awaitable<void> sleep(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(time);
    co_await timer.async_wait(asio::use_awaitable);
}

/// Waits until it is cancelled, which it throws.
inline asio::awaitable<void> wait_for_cancellation() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_at(std::chrono::steady_clock::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
}

/// The time that `what()` takes.
template <class Callable>
std::chrono::steady_clock::duration time_of(Callable&& what) {
    const auto begin = std::chrono::steady_clock::now();
    what();
    return std::chrono::steady_clock::now() - begin;
}

/// The error that `what()` throws; of code 0 if it throws none.
template <class Callable>
conclave::error error_of(Callable&& what) {
    try {
        what();
    } catch (const conclave::error& thrown) {
        return thrown;
    } catch (const std::exception& other) {
        return conclave::error(conclave::errc{}, std::string("not one of ours: ") + other.what());
    }
    return conclave::error(conclave::errc{}, "no error");
}

}  // namespace running
