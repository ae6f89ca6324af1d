#pragma once

#include <conclave/testing/anthropic_messages_service.hpp>
#include <conclave/testing/chat_completions_service.hpp>
#include <conclave/testing/embeddings_service.hpp>
#include <conclave/testing/google_generate_content_service.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::testing::detail {

/// What speaks where a request is of no format.
inline const service& default_service() {
    static const chat_completions_service chat;
    return chat;
}

/// The service of the format that a request to this path is of, or null.
inline const service* find_service(std::string_view method, std::string_view path) {
    static const anthropic_messages_service anthropic;
    static const google_generate_content_service generate_content;
    static const embeddings_service embeddings;
    static const std::array<const service*, 4> all = {&default_service(), &anthropic,
                                                      &generate_content, &embeddings};
    for (const service* each : all) {
        if (each->takes(method, path)) return each;
    }
    return nullptr;
}

/// The list of models in the shape of the provider that a request is meant for.
inline std::string model_list(const recorded_request& request,
                              const std::vector<std::string>& names) {
    const std::string_view path =
        std::string_view(request.target).substr(0, request.target.find('?'));
    if (path.ends_with("/v1beta/models")) return google::model_list(names);
    if (request.header.find("anthropic-version")) return anthropic_messages::model_list(names);
    return chat_completions::model_list(names);
}

}  // namespace conclave::testing::detail
