#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include <conclave/config.hpp>
#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/run_on_strand.hpp>
#include <conclave/wire/completion.hpp>

namespace conclave::detail {

/// What a running call tells, on its strand, to the panel or to whoever called.
class call_observer {
public:
    /// A piece of the answer; views that are valid during the call only.
    virtual void on_delta(const delta& piece) = 0;
    /// An attempt failed and is made again: what was shown of it is void.
    virtual void on_retry(const error& why) = 0;
    /// Whether `ready` would wait; asked after every read.
    virtual bool is_full() const noexcept { return false; }
    /// Completes when there is room for more.
    virtual asio::awaitable<void> ready() { co_return; }

protected:
    ~call_observer() = default;
};

/// Calls a user's handler so that what it throws arrives as `net::handler_failed`.
template <class Handler, class... Arguments>
void call_handler(Handler& handler, const Arguments&... arguments) {
    try {
        handler(arguments...);
    } catch (...) {
        throw net::handler_failed(std::current_exception());
    }
}

/// Whether a handler may stand where it does: GCC before 13 destroys a temporary with captures
/// twice in an expression with `co_await`.
template <class Handler>
inline constexpr bool is_safe_handler =
    CONCLAVE_GCC_DESTROYS_TEMPORARIES_TWICE == 0 || std::is_lvalue_reference_v<Handler> ||
    std::is_trivially_destructible_v<std::remove_reference_t<Handler>>;

}  // namespace conclave::detail
