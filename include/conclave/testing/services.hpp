#pragma once

#include <conclave/testing/anthropic_messages_service.hpp>
#include <conclave/testing/chat_completions_service.hpp>
#include <conclave/testing/embeddings_service.hpp>
#include <conclave/testing/google_generate_content_service.hpp>
#include <conclave/testing/google_interactions_service.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/responses_service.hpp>
#include <conclave/testing/roundtable_service.hpp>
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
    static const responses_service response;
    static const anthropic_messages_service anthropic;
    static const google_generate_content_service generate_content;
    static const google_interactions_service interactions;
    static const roundtable_service roundtable;
    static const embeddings_service embeddings;
    static const std::array<const service*, 7> all = {
        &default_service(), &response,   &anthropic, &generate_content,
        &interactions,      &roundtable, &embeddings};
    for (const service* each : all) {
        if (each->takes(method, path)) return each;
    }
    return nullptr;
}

/// The list of models in the shape that a request is for, as several providers have its path:
/// Anthropic's SDKs and our own format for it are known by the version's field, Google's by the
/// key's field or the version in the path.
inline std::string model_list(const recorded_request& request,
                              const std::vector<std::string>& names) {
    if (request.header.find("anthropic-version")) return anthropic_messages::model_list(names);
    const bool is_google = request.target.find("/v1beta/models") != std::string::npos ||
                           request.header.find("x-goog-api-key").has_value();
    return is_google ? google::model_list(names) : chat_completions::model_list(names);
}

}  // namespace conclave::testing::detail
