#pragma once

#include <conclave/http/fields.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace conclave::testing {

/// One request as a `scripted_provider` saw it.
struct recorded_request {
    /// The method, as it came.
    std::string method;
    /// The path, with its query, as it came.
    std::string target;
    /// The header fields, as they came.
    http::fields header;
    /// The body, its framing taken off.
    std::string body;

    /// The model asked for; empty in a request that names none, and `roundtable` in one for a
    /// roundtable.
    std::string model;
    /// The models of a roundtable, in order.
    std::vector<std::string> models;
    /// Whether a stream was asked for.
    bool stream = false;
    /// Whether a stream was asked to report its usage.
    bool stream_usage = false;
    /// The text of the system prompt.
    std::string instructions;
    /// The text of the last message of the user.
    std::string prompt;
    /// The JSON Schema that the answer is to follow, as JSON text; empty if there is none.
    std::string output_schema;

    /// The connection it came over, counted from 1 in the order of acceptance.
    std::size_t connection = 0;
    /// Whether it came over TLS.
    bool tls = false;
    /// When its last byte had been read.
    std::chrono::steady_clock::time_point received;
};

}  // namespace conclave::testing
