#pragma once

// One request over a connection made by `socket_transport`, as the layer above does it.

#include "exchanging.hpp"

#include <conclave/http/url.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/socket_transport.hpp>
#include <conclave/net/task_group.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace running {

/// What came of it.
struct visit {
    conclave::error failure{conclave::errc{}, "no error"};
    std::optional<conclave::errc> expired;
    int status = 0;
    std::string body;
};

inline asio::awaitable<void> fetch_with(conclave::net::socket_transport& transport,
                                        conclave::http::url to,
                                        conclave::net::connect_options options, visit& result) {
    const auto strand = co_await asio::this_coro::executor;
    conclave::net::task_group group(strand);
    conclave::net::clocks<asio::steady_timer> clocks(strand, group.stopper());
    const auto attempt = [&]() -> asio::awaitable<void> {
        auto connection = co_await transport.connect(to, options, clocks);
        conclave::net::exchange exchange(std::move(connection));
        conclave::http::request_head head = request_head();
        head.method = "GET";
        head.target = to.target_for("/models");
        co_await exchange.send(head, "the body");
        co_await exchange.read_head();
        result.status = exchange.head().status;
        result.body = co_await exchange.read_body(1 << 20);
    };
    group.spawn(attempt);
    try {
        co_await group.join();
    } catch (const conclave::error& failure) {
        result.failure = failure;
    }
    result.expired = clocks.expired();
}

/// Asks for `{url}/models`; cancels that after a while, if one is given.
inline visit fetch(const std::string& url, const conclave::net::tls_options& tls,
                   conclave::net::connect_options options = {},
                   std::optional<std::chrono::milliseconds> cancel_after = std::nullopt) {
    visit result;
    conclave::http::url parsed;
    if (conclave::http::url::parse(url, parsed)) {
        result.failure = conclave::error(conclave::errc::invalid_url);
        return result;
    }
    asio::io_context context;
    conclave::net::socket_transport transport(context.get_executor(), tls, {});
    asio::cancellation_signal signal;
    asio::steady_timer timer(context);
    if (cancel_after) {
        timer.expires_after(*cancel_after);
        timer.async_wait(
            [&](conclave::net::error_code) { signal.emit(asio::cancellation_type::terminal); });
    }
    const auto operation = [&] { return fetch_with(transport, parsed, options, result); };
    asio::co_spawn(context, operation, asio::bind_cancellation_slot(signal.slot(), asio::detached));
    context.run_for(stall);
    return result;
}

/// Scheme, host and port of a URL.
inline std::string http_origin(const std::string& url) {
    conclave::http::url parsed;
    return conclave::http::url::parse(url, parsed) ? "no URL" : parsed.origin();
}

}  // namespace running
