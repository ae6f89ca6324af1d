#include "routes.hpp"

#include "api_routes.hpp"
#include "page.hpp"

#include <string>
#include <utility>

namespace server {

namespace {

gauges gauges_now(const application& app, const http_server* http) {
    gauges now;
    if (http != nullptr) {
        now.open_connections = http->open_connections();
        now.open_requests = http->open_requests();
        now.open_streams = http->open_streams();
    }
    now.running_panels = app.gate.running();
    now.waiting_panels = app.gate.waiting();
    now.idle_upstream_connections = app.client.idle_connections();
    return now;
}

}  // namespace

void add_operation_routes(route_table& to, application& app, const http_server*& http) {
    to.add("GET", "/health", access::open,
           [](const http_request&, responder& out) -> asio::awaitable<void> {
               co_await out.send(200, "application/json", "{\"status\":\"ok\"}");
           });
    to.add("GET", "/ready", access::open,
           [&http](const http_request&, responder& out) -> asio::awaitable<void> {
               const bool ready = http != nullptr && !http->draining();
               std::string body = ready ? std::string("{\"status\":\"ready\"}")
                                        : error_body("shutting_down", "the server is about to end");
               co_await out.send(ready ? 200 : 503, "application/json", std::move(body));
           });
    to.add("GET", "/metrics", access::open,
           [&app, &http](const http_request&, responder& out) -> asio::awaitable<void> {
               std::string body = app.counters.text(gauges_now(app, http));
               co_await out.send(200, "text/plain; version=0.0.4; charset=utf-8", std::move(body));
           });
}

route_table make_routes(application& app, const http_server*& http) {
    route_table routes;
    add_operation_routes(routes, app, http);
    add_api_routes(routes, app);
    add_page(routes);
    return routes;
}

}  // namespace server
