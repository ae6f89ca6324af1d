#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <conclave/client/attempt.hpp>
#include <conclave/client/client.hpp>
#include <conclave/client/secrets.hpp>
#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/run_on_strand.hpp>
#include <conclave/net/task_group.hpp>

namespace conclave {

namespace detail {

// Says how many there are: a number has no prefix to look for.
inline error no_such_endpoint(std::size_t index, std::size_t count) {
    error_details details;
    details.field = "index";
    return error(errc::no_endpoint,
                 "endpoint number " + std::to_string(index) + " does not exist: the client has " +
                     std::to_string(count),
                 std::move(details));
}

// The names in `{"data":[{"id":"…"}, …]}` (OpenAI, GET /models), or in
// `{"models":[{"name":"models/…"}, …]}` (Google).
inline std::vector<std::string> read_model_names(const std::string& body) {
    json::document parsed;
    if (json::document::parse(body, parsed))
        throw error(errc::malformed_json, "the list of models is not JSON");
    simdjson::dom::array list;
    const bool is_google = !parsed.root()["models"].get(list);
    if (!is_google && parsed.root()["data"].get(list))
        throw error(errc::malformed_reply, "the list of models has no data");
    std::vector<std::string> names;
    for (const simdjson::dom::element entry : list) {
        std::string_view name;
        if (entry[is_google ? "name" : "id"].get(name)) continue;
        constexpr std::string_view resource = "models/";
        if (is_google && name.starts_with(resource)) name.remove_prefix(resource.size());
        names.emplace_back(name);
    }
    return names;
}

template <class Transport>
asio::awaitable<std::vector<std::string>> fetch_models(
    std::shared_ptr<client_state<Transport>> client, std::size_t index,
    std::chrono::milliseconds timeout) {
    if (index >= client->options.endpoints.size()) {
        throw no_such_endpoint(index, client->options.endpoints.size());
    }
    const endpoint& from = client->options.endpoints[index];
    prepared_request request;
    request.endpoint = index;
    const std::string target =
        std::visit([](const auto& format) { return format.models_target(); }, from.format);
    request.head = make_request_head(from, client->bases[index], "GET", target);

    const auto strand = co_await asio::this_coro::executor;
    net::task_group group(strand);
    typename attempt<Transport>::clocks_type timers(strand, group.stopper());
    timers.set(errc::model_timeout, Transport::clock_type::now() + timeout);
    attempt<Transport> current(*client, request, timers);
    whole_reply reply;
    const auto operation = [&]() -> asio::awaitable<void> {
        reply = co_await current.fetch(false);
    };
    group.spawn(operation);
    std::exception_ptr thrown;
    try {
        co_await group.join();
    } catch (const error& failure) {
        thrown = std::make_exception_ptr(without_secrets(failure, from));
    } catch (const net::system_error& failure) {
        thrown = std::make_exception_ptr(system_failure(failure));
    }
    const auto mine = co_await asio::this_coro::cancellation_state;
    if (thrown) {
        if (timers.expired())
            throw error(*timers.expired(), "timed out reading the list of models");
        if (mine.cancelled() != asio::cancellation_type::none) throw error(errc::cancelled);
        std::rethrow_exception(thrown);
    }
    std::vector<std::string> names = read_model_names(reply.body);
    for (auto& name : names)
        name.insert(0, from.prefix);
    co_return names;
}

}  // namespace detail

/// The models that endpoint number `index` of the client says it serves, named as a request would
/// (`GET {base_url}/models`). Throws `error`: `errc::http_status` where the endpoint has no such
/// list, `errc::no_endpoint` where there is no such endpoint, `errc::model_timeout` after
/// `timeout`.
///
/// Cancellation: terminal.
template <class Transport>
asio::awaitable<std::vector<std::string>> list_models(
    basic_client<Transport>& via, std::size_t index = 0,
    std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    auto operation = [state = via.state(), index, timeout] {
        return detail::fetch_models<Transport>(state, index, timeout);
    };
    asio::any_io_executor strand = asio::make_strand(via.get_executor());
    return net::run_on_strand<std::vector<std::string>>(std::move(strand), std::move(operation),
                                                        asio::use_awaitable);
}

}  // namespace conclave
