#pragma once

#include "answer_output.hpp"
#include "chat_request.hpp"
#include "compat_route.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace server {

/// OpenAI's Chat Completions.
inline constexpr compat_format chat_format = {
    "chat", &read_chat_request,
    [](const compat_request& asked, std::string_view,
       const std::string& number) -> std::unique_ptr<answer_output> {
        return std::make_unique<chat_output>(number, asked.what.model(), asked.include_usage);
    }};

}  // namespace server
