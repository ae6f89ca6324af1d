#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>

namespace conclave::net {

namespace detail {

// A lookup under way, which the call that made it may have left. Not local to `system_lookup`, for
// GCC 12 crashes on a type in a coroutine that comes out of a precompiled header.
struct lookup {
    explicit lookup(const asio::any_io_executor& on)
        : resolver(on), ended(on, asio::steady_timer::time_point::max()) {}

    asio::ip::tcp::resolver resolver;
    asio::steady_timer ended;
    bool done = false;
    error_code failure;
    asio::ip::tcp::resolver::results_type results;
};

}  // namespace detail

/// The addresses of `host` as the operating system finds them, in its order. Throws `error` with
/// `errc::resolve_failed`.
///
/// Cancellation: terminal, at once. The operating system's lookup cannot be interrupted: a
/// cancelled call walks away from it, and it ends on Asio's own resolver thread, for which
/// `io_context::run()` and its destructor wait.
inline asio::awaitable<std::vector<asio::ip::address>> system_lookup(std::string host) {
    const auto executor = co_await asio::this_coro::executor;
    const auto state = std::make_shared<detail::lookup>(executor);
    state->resolver.async_resolve(
        host, "", asio::bind_executor(executor, [state](error_code failure, const auto& results) {
            state->done = true;
            state->failure = failure;
            state->results = results;
            state->ended.cancel();
        }));
    while (!state->done) {
        error_code woken;
        co_await state->ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        const auto mine = co_await asio::this_coro::cancellation_state;
        if (mine.cancelled() != asio::cancellation_type::none) {
            state->resolver.cancel();
            throw error(errc::cancelled);
        }
    }
    if (state->failure) {
        error_details details;
        details.cause = state->failure;
        throw error(errc::resolve_failed,
                    "host name not resolved: " + host + ": " + state->failure.message(),
                    std::move(details));
    }
    std::vector<asio::ip::address> found;
    for (const auto& each : state->results)
        found.push_back(each.endpoint().address());
    co_return found;
}

}  // namespace conclave::net
