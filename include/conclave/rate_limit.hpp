#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace conclave {

/// One of the limits that a provider puts on how much is asked of it, as a reply's header had it.
/// What is absent the provider did not say.
struct rate_limit {
    /// What is limited, in the provider's words: `requests`, `tokens`, `input-tokens`; empty where
    /// there is but one limit, without a name.
    std::string name;
    /// How much may be asked within the time that the provider counts by.
    std::optional<std::int64_t> limit;
    /// How much of it is left.
    std::optional<std::int64_t> remaining;
    /// How long until all of it may be asked again, counted from when the reply came.
    std::optional<std::chrono::milliseconds> reset;

    friend bool operator==(const rate_limit&, const rate_limit&) = default;
};

}  // namespace conclave
