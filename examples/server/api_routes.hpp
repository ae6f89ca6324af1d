#pragma once

#include "application.hpp"
#include "http.hpp"

namespace server {

/// Adds what answers questions: `POST /v3/roundtable` and `/v3/beta/roundtable`, `POST
/// /v3/compat/chat/completions` and `/v3/compat/responses`, `GET /v3/models` and
/// `/v3/compat/models`, `GET /v3/openapi.yaml`. `app` has to outlive the server.
void add_api_routes(route_table& to, application& app);

}  // namespace server
