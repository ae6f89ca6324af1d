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
#include <conclave/roundtable/roundtable.hpp>
#include <conclave/roundtable/typed_response.hpp>

namespace conclave {

namespace detail {

template <class T, class Transport, class Handler>
asio::awaitable<typed_response<T>> run_typed_panel(std::shared_ptr<client_state<Transport>> client,
                                                   roundtable_request& request, Handler& on_event) {
    request = typed_request<T>(std::move(request));
    roundtable_response plain = co_await run_panel<Transport>(std::move(client), request, on_event);
    typed_response<T> response(std::move(plain));
    co_return response;
}

template <class T, class Transport, class Handler, class CompletionToken>
auto start_typed_panel(basic_client<Transport>& via, roundtable_request request, Handler on_event,
                       CompletionToken&& token) {
    auto operation = [state = via.state(), request = std::move(request),
                      on_event = std::move(on_event)]() mutable {
        return run_typed_panel<T, Transport>(state, request, on_event);
    };
    asio::any_io_executor strand = asio::make_strand(via.get_executor());
    return net::run_on_strand<typed_response<T>>(std::move(strand), std::move(operation),
                                                 std::forward<CompletionToken>(token));
}

}  // namespace detail

/// Asks a panel of models for values of T, which is a struct described by `CONCLAVE_DESCRIBE` or
/// another type that `json::schema_of` takes:
///
///     auto answer = co_await conclave::roundtable<verdict>(client, request);
///     std::cout << answer.value().label;
///
/// The models get the schema of T, and their answers are decoded: each as `results[i].value()`, the
/// one they come to as `value()`. A described enum as T goes with `multiple_choice` too: its names
/// are the choices.
///
/// As `async_roundtable` without a type; the completion signature is `void(std::exception_ptr,
/// typed_response<T>)`, and `errc::invalid_request` also refuses what `typed_request` does. An
/// answer that has not the shape is no exception: `value()` throws it.
template <class T, class Transport, class CompletionToken>
auto async_roundtable(basic_client<Transport>& via, roundtable_request request,
                      CompletionToken&& token) {
    return detail::start_typed_panel<T>(via, std::move(request), detail::ignore_events,
                                        std::forward<CompletionToken>(token));
}

/// The same as an awaitable.
template <class T, class Transport>
asio::awaitable<typed_response<T>> roundtable(basic_client<Transport>& via,
                                              roundtable_request request) {
    return detail::start_typed_panel<T>(via, std::move(request), detail::ignore_events,
                                        asio::use_awaitable);
}

/// The same, watching, as `roundtable` without a type does. The response in `event_type::done` is
/// the untyped one.
template <class T, class Transport, class Handler>
asio::awaitable<typed_response<T>> roundtable(basic_client<Transport>& via,
                                              roundtable_request request, Handler&& on_event) {
    static_assert(detail::is_safe_handler<Handler>,
                  "name the handler first and pass it by its name: GCC before 13 destroys a "
                  "temporary with captures twice in an expression with co_await");
    if constexpr (std::is_lvalue_reference_v<Handler>) {
        auto by_reference = [&on_event](const roundtable_event& seen) { on_event(seen); };
        return detail::start_typed_panel<T>(via, std::move(request), by_reference,
                                            asio::use_awaitable);
    } else {
        return detail::start_typed_panel<T>(via, std::move(request),
                                            std::forward<Handler>(on_event), asio::use_awaitable);
    }
}

}  // namespace conclave
