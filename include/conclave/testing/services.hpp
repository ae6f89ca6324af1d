#pragma once

#include <conclave/testing/chat_completions_service.hpp>
#include <conclave/testing/google_generate_content_service.hpp>
#include <conclave/testing/google_interactions_service.hpp>
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
    static const google_generate_content_service generate_content;
    static const google_interactions_service interactions;
    static const std::array<const service*, 3> all = {&default_service(), &generate_content,
                                                      &interactions};
    for (const service* each : all) {
        if (each->takes(method, path)) return each;
    }
    return nullptr;
}

/// The list of models in the shape of the provider whose path it is.
inline std::string model_list(std::string_view path, const std::vector<std::string>& names) {
    const bool is_google = path.ends_with("/v1beta/models");
    return is_google ? google::model_list(names) : chat_completions::model_list(names);
}

}  // namespace conclave::testing::detail
