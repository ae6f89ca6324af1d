#pragma once

#include <string>

#include <conclave/error.hpp>

namespace conclave::json {

/// Why a JSON text could not be decoded.
struct decode_error {
    /// `errc::malformed_json` when the text is not JSON, else `errc::schema_mismatch`.
    errc code = errc::schema_mismatch;
    /// Where it is, as a JSON Pointer; empty for the whole text.
    std::string instance_location;
    /// What was expected there and what was found, in one sentence without a full stop; long values
    /// are shortened.
    std::string message;

    /// The message behind its location, if it has one: `/reasons/2: expected a string, found 5`.
    std::string text() const {
        return instance_location.empty() ? message : instance_location + ": " + message;
    }

    friend bool operator==(const decode_error&, const decode_error&) = default;
};

}  // namespace conclave::json
