#include "api_routes.hpp"

#include "chat_route.hpp"
#include "models_route.hpp"
#include "openapi_document.hpp"
#include "responses_route.hpp"
#include "roundtable_route.hpp"

#include <memory>
#include <string>
#include <utility>

namespace server {

namespace {

asio::awaitable<void> serve_roundtable(application& app, const http_request& request,
                                       responder& out) {
    roundtable_exchange exchange(app, request, out);
    co_await exchange.run();
}

asio::awaitable<void> serve_compat(application& app, const panel_map& panels,
                                   const compat_format& format, const http_request& request,
                                   responder& out) {
    compat_exchange exchange(app, panels, request, out, format);
    co_await exchange.run();
}

asio::awaitable<void> serve_text(std::string type, const std::string& text, responder& out) {
    co_await out.send(200, std::move(type), text);
}

}  // namespace

void add_api_routes(route_table& to, application& app) {
    const auto roundtable = [&app](const http_request& request, responder& out) {
        return serve_roundtable(app, request, out);
    };
    to.add("POST", "/v3/roundtable", access::with_key, roundtable);
    to.add("POST", "/v3/beta/roundtable", access::with_key, roundtable);

    const auto panels = std::make_shared<const panel_map>(panels_of(app.settings));
    const auto compat = [&app, panels](const compat_format& format) {
        return [&app, panels, &format](const http_request& request, responder& out) {
            return serve_compat(app, *panels, format, request, out);
        };
    };
    to.add("POST", "/v3/compat/chat/completions", access::with_key, compat(chat_format));
    to.add("POST", "/v3/compat/responses", access::with_key, compat(responses_format));

    const auto models = [list = model_list(app.settings.client, *panels, unix_time())](
                            const http_request&, responder& out) {
        return serve_text("application/json", list, out);
    };
    to.add("GET", "/v3/models", access::with_key, models);
    to.add("GET", "/v3/compat/models", access::with_key, models);

    const auto description = [](const http_request&, responder& out) {
        static const std::string text(openapi_document());
        return serve_text("application/yaml", text, out);
    };
    to.add("GET", "/v3/openapi.yaml", access::open, description);
}

}  // namespace server
