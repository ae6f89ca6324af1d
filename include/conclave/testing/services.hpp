#pragma once

#include <conclave/testing/chat_completions_service.hpp>
#include <conclave/testing/embeddings_service.hpp>
#include <conclave/testing/service.hpp>

#include <array>
#include <string_view>

namespace conclave::testing::detail {

/// What speaks where a request is of no format.
inline const service& default_service() {
    static const chat_completions_service chat;
    return chat;
}

/// The service of the format that a request to this path is of, or null.
inline const service* find_service(std::string_view method, std::string_view path) {
    static const embeddings_service embeddings;
    static const std::array<const service*, 2> all = {&default_service(), &embeddings};
    for (const service* each : all) {
        if (each->takes(method, path)) return each;
    }
    return nullptr;
}

}  // namespace conclave::testing::detail
