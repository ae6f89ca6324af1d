#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/client/options.hpp>
#include <conclave/error.hpp>
#include <conclave/rate_limit.hpp>

namespace conclave::detail {

/// `text` with asterisks wherever it has 8 characters in a row that `secret` has too. What is
/// shorter than that is no secret. Takes time by the product of the lengths: for texts of errors.
inline std::string without_secret(std::string_view text, std::string_view secret) {
    constexpr std::size_t window = 8;
    std::string safe(text);
    for (std::size_t i = 0; secret.size() >= window && i + window <= text.size(); ++i) {
        if (secret.find(text.substr(i, window)) != secret.npos)
            safe.replace(i, window, window, '*');
    }
    return safe;
}

/// `text` without the keys of the endpoint that it came from: some providers quote the key that
/// they refuse.
inline std::string without_secrets(std::string_view text, const endpoint& from) {
    std::string safe = without_secret(text, from.api_key);
    for (const auto& [name, value] : from.header)
        safe = without_secret(safe, value);
    return safe;
}

/// `failure` without the keys of the endpoint that it is about.
inline error without_secrets(const error& failure, const endpoint& from) {
    const auto clean = [&](const std::string& text) { return without_secrets(text, from); };
    error_details details = failure.details();
    details.provider_code = clean(details.provider_code);
    details.provider_message = clean(details.provider_message);
    details.request_id = clean(details.request_id);
    for (rate_limit& each : details.rate_limits)
        each.name = clean(each.name);
    return error(static_cast<errc>(failure.code().value()), clean(failure.what()),
                 std::move(details));
}

}  // namespace conclave::detail
