#include "http_server.hpp"

#include <conclave/net/asio.hpp>

#include <asio/signal_set.hpp>

#include <csignal>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace {

namespace asio = conclave::asio;

asio::awaitable<void> report_health(const server::http_request&, server::responder& out) {
    co_await out.send(200, "application/json", "{\"status\":\"ok\"}");
}

asio::awaitable<void> count(const server::http_request&, server::responder& out) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    co_await out.begin(200, "text/event-stream");
    out.on_drain("data: drained\n\n");
    for (int i = 0; i < 1000; ++i) {
        co_await out.write("data: " + std::to_string(i) + "\n\n");
        pause.expires_after(std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::use_awaitable);
    }
    co_await out.finish();
}

}  // namespace

int main() {
    asio::io_context context(1);
    server::route_table routes;
    routes.add("GET", "/health", server::access::open, report_health);
    routes.add("GET", "/count", server::access::open, count);
    server::http_hooks hooks;
    hooks.on_response = [](const server::http_request& r, int status, double took) {
        std::printf("%s %s %d %f\n", r.method.c_str(), r.path.c_str(), status, took);
        std::fflush(stdout);
    };
    server::http_server http(context, std::move(routes), {}, std::move(hooks));
    http.listen("127.0.0.1", 8080);
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](std::error_code, int) { http.drain([&] { context.stop(); }); });
    context.run();
}
