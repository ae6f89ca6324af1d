#pragma once

#include "application.hpp"
#include "http.hpp"
#include "http_server.hpp"

namespace server {

/// Adds `/health`, `/ready` and `/metrics`. `http` is asked when they are called.
void add_operation_routes(route_table& to, application& app, const http_server*& http);

/// All that is served.
route_table make_routes(application& app, const http_server*& http);

}  // namespace server
