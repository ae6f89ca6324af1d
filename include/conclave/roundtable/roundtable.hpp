#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <conclave/client/client.hpp>
#include <conclave/client/observer.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/run_on_strand.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/roundtable/run.hpp>
#include <conclave/roundtable/seat.hpp>

namespace conclave {

namespace detail {

inline constexpr auto ignore_events = [](const roundtable_event&) {};

/// Shows events to a user's handler, in place, until it throws.
template <class Handler>
class handler_sink final : public event_sink {
public:
    explicit handler_sink(Handler& handler) : handler_(handler) {}

    void emit(const roundtable_event& seen) override {
        if (failed_) return;
        failed_ = true;
        call_handler(handler_, seen);
        failed_ = false;
    }
    bool is_watched() const noexcept override {
        return !std::is_same_v<const Handler, decltype(ignore_events)>;
    }

private:
    Handler& handler_;
    bool failed_ = false;
};

template <class Transport, class Handler>
asio::awaitable<roundtable_response> run_panel(std::shared_ptr<client_state<Transport>> client,
                                               const roundtable_request& request,
                                               Handler& on_event) {
    handler_sink<Handler> sink(on_event);
    roundtable_response response =
        co_await run_roundtable<Transport>(std::move(client), request, sink);
    co_return response;
}

template <class Transport, class Handler, class CompletionToken>
auto start_panel(basic_client<Transport>& via, roundtable_request request, Handler on_event,
                 CompletionToken&& token) {
    auto operation = [state = via.state(), request = std::move(request),
                      on_event = std::move(on_event)]() mutable {
        return run_panel<Transport>(state, request, on_event);
    };
    asio::any_io_executor strand = asio::make_strand(via.get_executor());
    return net::run_on_strand<roundtable_response>(std::move(strand), std::move(operation),
                                                   std::forward<CompletionToken>(token));
}

}  // namespace detail

/// Asks a panel of models one question and completes with their answers and, but in `fast`, the one
/// answer they come to.
///
/// Completion signature: `void(std::exception_ptr, roundtable_response)`. The exception is an
/// `error`: `errc::invalid_request` (`error::field()` names the field) or `errc::no_endpoint`
/// before anything is sent, `errc::cancelled`. A model that fails is no exception: its
/// `model_result` says why, and the others are not touched.
///
/// Where the client's options name a `hosted_roundtable`, its server asks the models instead, and
/// the exception may also say why that failed. It is asked again, `max_retries` times at most, only
/// where it has declined or was not reached. When `deadline` or the time that `timeout` leaves it
/// runs out, the response has what had come. Its durations are those the server tells, else 0.
///
/// Cancellation: terminal; every connection of the call is closed at once, and the call completes
/// when all of it has ended.
///
/// Thread-safety: a client may be used by several threads. The call runs on a strand of the
/// client's executor and completes on the token's own.
template <class Transport, class CompletionToken>
auto async_roundtable(basic_client<Transport>& via, roundtable_request request,
                      CompletionToken&& token) {
    return detail::start_panel(via, std::move(request), detail::ignore_events,
                               std::forward<CompletionToken>(token));
}

/// The same as an awaitable.
template <class Transport>
asio::awaitable<roundtable_response> roundtable(basic_client<Transport>& via,
                                                roundtable_request request) {
    return detail::start_panel(via, std::move(request), detail::ignore_events, asio::use_awaitable);
}

/// The same, watching: `on_event(const roundtable_event&)` is called for each event in order, on
/// the call's strand, with views into the receive buffer; a slow handler holds the whole panel.
/// What it throws ends the call and is thrown here. A handler passed by name is not copied, and has
/// to outlive the call.
template <class Transport, class Handler>
asio::awaitable<roundtable_response> roundtable(basic_client<Transport>& via,
                                                roundtable_request request, Handler&& on_event) {
    static_assert(detail::is_safe_handler<Handler>,
                  "name the handler first and pass it by its name: GCC before 13 destroys a "
                  "temporary with captures twice in an expression with co_await");
    if constexpr (std::is_lvalue_reference_v<Handler>) {
        auto by_reference = [&on_event](const roundtable_event& seen) { on_event(seen); };
        return detail::start_panel(via, std::move(request), by_reference, asio::use_awaitable);
    } else {
        return detail::start_panel(via, std::move(request), std::forward<Handler>(on_event),
                                   asio::use_awaitable);
    }
}

}  // namespace conclave
