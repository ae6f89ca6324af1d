#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <conclave/client/client.hpp>
#include <conclave/client/observer.hpp>
#include <conclave/client/perform.hpp>
#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/run_on_strand.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/validate_call.hpp>

namespace conclave {

namespace detail {

/// Shows the pieces of an answer to a user's handler, kept by value or by reference.
template <class Handler>
class handler_observer final : public call_observer {
public:
    explicit handler_observer(Handler& handler) : handler_(handler) {}

    void on_delta(const delta& piece) override { call_handler(handler_, piece); }
    void on_retry(const error&) override {
        delta void_so_far;
        void_so_far.restart = true;
        call_handler(handler_, void_so_far);
    }

private:
    Handler& handler_;
};

inline constexpr auto ignore_deltas = [](const delta&) {};

/// Performs a checked call on the current strand, and throws when there is no answer.
template <class Transport, class Handler>
asio::awaitable<completion> perform_call(std::shared_ptr<client_state<Transport>> client,
                                         const call& what, Handler& on_delta) {
    validate(what);
    handler_observer<Handler> observer(on_delta);
    performance<Transport> running(std::move(client), what, trace_header<Transport>(what),
                                   observer);
    call_report report = co_await running.run();
    if (report.failure) throw error(*report.failure);
    report.answer.usage = report.usage;
    report.answer.cost = report.cost;
    co_return std::move(report.answer);
}

template <class Transport, class Handler, class CompletionToken>
auto start_call(basic_client<Transport>& via, call what, Handler on_delta,
                CompletionToken&& token) {
    auto operation = [state = via.state(), what = std::move(what),
                      on_delta = std::move(on_delta)]() mutable {
        return perform_call<Transport>(state, what, on_delta);
    };
    asio::any_io_executor strand = asio::make_strand(via.get_executor());
    return net::run_on_strand<completion>(std::move(strand), std::move(operation),
                                          std::forward<CompletionToken>(token));
}

}  // namespace detail

/// Asks one model and completes with its answer, retries included.
///
/// Completion signature: `void(std::exception_ptr, completion)`. The exception is an `error`:
/// `errc::invalid_request` and `errc::no_endpoint` before anything is sent, else why the last
/// attempt failed. `usage` and `cost` of the answer are those of all attempts together.
///
/// Cancellation: terminal; the connection is closed at once, and the error is `errc::cancelled`.
///
/// Thread-safety: a client may be used by several threads; the call runs on a strand of its own.
template <class Transport, class CompletionToken>
auto async_complete(basic_client<Transport>& via, call what, CompletionToken&& token) {
    return detail::start_call(via, std::move(what), detail::ignore_deltas,
                              std::forward<CompletionToken>(token));
}

/// The same as an awaitable: `auto answer = co_await complete(client, call("openai/gpt-5.5",
/// "Hi"))`.
template <class Transport>
asio::awaitable<completion> complete(basic_client<Transport>& via, call what) {
    return detail::start_call(via, std::move(what), detail::ignore_deltas, asio::use_awaitable);
}

/// The same, watching the answer grow: `on_delta(const delta&)` is called for each piece, on the
/// call's strand, with views into the receive buffer. A `delta` with `restart` set says that what
/// was shown is void, because the attempt failed and another is made. What the handler throws ends
/// the call and is thrown here. A handler passed by name is not copied, and has to outlive the
/// call.
template <class Transport, class Handler>
asio::awaitable<completion> complete(basic_client<Transport>& via, call what, Handler&& on_delta) {
    static_assert(detail::is_safe_handler<Handler>,
                  "name the handler first and pass it by its name: GCC before 13 destroys a "
                  "temporary with captures twice in an expression with co_await");
    if constexpr (std::is_lvalue_reference_v<Handler>) {
        auto by_reference = [&on_delta](const delta& piece) { on_delta(piece); };
        return detail::start_call(via, std::move(what), by_reference, asio::use_awaitable);
    } else {
        return detail::start_call(via, std::move(what), std::forward<Handler>(on_delta),
                                  asio::use_awaitable);
    }
}

}  // namespace conclave
