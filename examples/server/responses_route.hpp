#pragma once

#include "answer_output.hpp"
#include "compat_route.hpp"
#include "responses_request.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace server {

/// OpenAI's Responses.
inline constexpr compat_format responses_format = {
    "responses", &read_responses_request,
    [](const compat_request& asked, std::string_view body,
       const std::string& number) -> std::unique_ptr<answer_output> {
        return std::make_unique<responses_output>(number, asked.what.model(), body);
    }};

}  // namespace server
