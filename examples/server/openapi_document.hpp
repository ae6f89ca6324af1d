#pragma once

#include <string_view>

namespace server {

/// What is served, as openapi.yaml has it. embedded.cmake makes its definition.
std::string_view openapi_document();

}  // namespace server
