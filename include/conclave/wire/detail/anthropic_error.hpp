#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/json/document.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire::detail {

// The status that a type of error comes with where there is one; 0 for another type.
inline int status_of_anthropic_error(std::string_view type) noexcept {
    constexpr std::array<std::pair<std::string_view, int>, 11> statuses = {{
        {"invalid_request_error", 400},
        {"authentication_error", 401},
        {"billing_error", 402},
        {"permission_error", 403},
        {"not_found_error", 404},
        {"conflict_error", 409},
        {"request_too_large", 413},
        {"rate_limit_error", 429},
        {"api_error", 500},
        {"timeout_error", 504},
        {"overloaded_error", 529},
    }};
    for (const auto& [word, status] : statuses) {
        if (word == type) return status;
    }
    return 0;
}

// Reads an error, of a reply with this status, or 0 for one inside a reply. Beside its type it may
// have a code, which tells more: of what kind a 429 is.
inline failure read_anthropic_error(int status, std::string_view body) {
    failure out = read_provider_error(status, body);
    if (out.status == 0) out.status = status_of_anthropic_error(out.provider_code);
    json::document parsed;
    if (json::document::parse(body, parsed)) return out;
    std::string_view text;
    if (!parsed.root().at_pointer("/error/details/error_code").get(text) && !text.empty()) {
        out.provider_code = one_line(text, longest_excerpt);
    }
    if (!parsed.root().at_pointer("/request_id").get(text)) {
        out.request_id = one_line(text, longest_excerpt);
    }
    return out;
}

}  // namespace conclave::wire::detail
