#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <conclave/rate_limit.hpp>

namespace conclave {

/// What can go wrong, one value for each thing a caller may want to tell apart.
enum class errc {
    /// The caller cancelled. Equal to `std::errc::operation_canceled`.
    cancelled = 1,
    /// A field of the request is missing or out of range; `error::field()` names it. Nothing was
    /// sent.
    invalid_request,
    /// No configured endpoint serves the model named. Nothing was sent.
    no_endpoint,
    /// The host name could not be resolved.
    resolve_failed,
    /// No address of the host accepted a connection.
    connect_failed,
    /// The TLS handshake failed, verification of the certificate included.
    tls_failed,
    /// The connection broke, or was closed before the reply was complete.
    connection_lost,
    /// The clock of one model ran out: `timeout_ms`, over all its attempts.
    model_timeout,
    /// The name was not resolved in time.
    resolve_timeout,
    /// The connection was not made in time.
    connect_timeout,
    /// The TLS handshake was not finished in time.
    tls_timeout,
    /// Nothing of the answer came in time after the request was sent.
    first_token_timeout,
    /// The answer had begun, and then nothing more of it came in time.
    idle_timeout,
    /// The clock of one attempt ran out.
    attempt_timeout,
    /// The clock of the whole panel ran out.
    panel_timeout,
    /// A URL is not a plain `http` or `https` URL.
    invalid_url,
    /// A header name or value has a character that HTTP does not allow there.
    invalid_header,
    /// The reply is not well-formed HTTP/1.1.
    malformed_http,
    /// The reply's status line and header fields are larger than allowed.
    head_too_large,
    /// The reply's body is larger than allowed.
    body_too_large,
    /// The body has a content coding, although none was asked for.
    encoded_body,
    /// A line or an event of the event stream is larger than allowed.
    event_too_large,
    /// JSON was expected and something else came.
    malformed_json,
    /// The provider's reply is JSON, but not of the shape its format has.
    malformed_reply,
    /// The provider answered with an error status.
    http_status,
    /// The provider reported an error inside a reply that had begun well.
    provider_error,
    /// The stream ended before the answer was complete.
    truncated_stream,
    /// The provider withheld the answer (refusal or content filter).
    refused,
    /// A proxy could not be reached, or did not make the connection that it was asked for.
    proxy_failed,
    /// A JSON Schema is not one, or asks for what this build cannot do.
    invalid_schema,
    /// JSON does not have the shape that was asked for, of a schema or of a type.
    schema_mismatch,
    /// A roundtable came to no answer that could be given.
    no_answer,
};

namespace detail {

struct error_category final : std::error_category {
    const char* name() const noexcept override { return "conclave"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::cancelled: return "cancelled by the caller";
            case errc::invalid_request: return "invalid request";
            case errc::no_endpoint: return "no endpoint serves this model";
            case errc::resolve_failed: return "host name not resolved";
            case errc::connect_failed: return "connection failed";
            case errc::tls_failed: return "TLS handshake failed";
            case errc::connection_lost: return "connection lost";
            case errc::model_timeout: return "timed out";
            case errc::resolve_timeout: return "timed out resolving the host name";
            case errc::connect_timeout: return "timed out connecting";
            case errc::tls_timeout: return "timed out in the TLS handshake";
            case errc::first_token_timeout: return "timed out waiting for the first token";
            case errc::idle_timeout: return "timed out waiting for the next token";
            case errc::attempt_timeout: return "the attempt timed out";
            case errc::panel_timeout: return "the panel timed out";
            case errc::invalid_url: return "invalid URL";
            case errc::invalid_header: return "invalid header field";
            case errc::malformed_http: return "malformed HTTP reply";
            case errc::head_too_large: return "reply head too large";
            case errc::body_too_large: return "reply body too large";
            case errc::encoded_body: return "reply body has a content coding";
            case errc::event_too_large: return "stream event too large";
            case errc::malformed_json: return "malformed JSON";
            case errc::malformed_reply: return "reply not understood";
            case errc::http_status: return "error status";
            case errc::provider_error: return "provider error";
            case errc::truncated_stream: return "stream ended early";
            case errc::refused: return "answer withheld by the provider";
            case errc::proxy_failed: return "connection through the proxy failed";
            case errc::invalid_schema: return "invalid JSON Schema";
            case errc::schema_mismatch: return "JSON of another shape than asked for";
            case errc::no_answer: return "no answer";
        }
        return "unknown error";
    }

    std::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
            case errc::cancelled: return std::errc::operation_canceled;
            case errc::model_timeout:
            case errc::resolve_timeout:
            case errc::connect_timeout:
            case errc::tls_timeout:
            case errc::first_token_timeout:
            case errc::idle_timeout:
            case errc::attempt_timeout:
            case errc::panel_timeout: return std::errc::timed_out;
            default: return {value, *this};
        }
    }
};

}  // namespace detail

/// The category of `errc`.
inline const std::error_category& error_category() noexcept {
    static const detail::error_category instance;
    return instance;
}

/// Lets an `errc` stand where a `std::error_code` is wanted.
inline std::error_code make_error_code(errc value) noexcept {
    return {static_cast<int>(value), error_category()};
}

}  // namespace conclave

/// Makes the conversion implicit.
template <>
struct std::is_error_code_enum<conclave::errc> : std::true_type {};

namespace conclave {

/// What a provider or a layer below said of a failure, beyond its `errc`. Empty or zero is unknown.
struct error_details {
    /// HTTP status of the reply, 0 if none came.
    int http_status = 0;
    /// The field of the request that was refused, as a path: `models[1].temperature`.
    std::string field;
    /// The provider's own code: `rate_limit_exceeded`.
    std::string provider_code;
    /// The provider's own words.
    std::string provider_message;
    /// The provider's id of the request, for its support.
    std::string request_id;
    /// How long the provider asked to be left alone.
    std::optional<std::chrono::milliseconds> retry_after;
    /// The provider's rate limits, as the header of its reply had them.
    std::vector<rate_limit> rate_limits;
    /// Whether it is worth trying again, where that is known better than from code and status: the
    /// provider said so (`x-should-retry`), or a proxy failed in one way or another.
    std::optional<bool> should_retry;
    /// The error underneath, of the operating system, Asio or OpenSSL.
    std::error_code cause;
};

/// What awaitables of this library throw: a `std::system_error` whose code is an `errc`, with what
/// is known of the failure. No text in it contains a key.
class error : public std::system_error {
public:
    /// `what` is a whole sentence for people; empty, it is the one for `code`.
    explicit error(errc code, std::string what = {}, error_details details = {})
        : std::system_error(make_error_code(code)),
          what_(what.empty() ? this->code().message() : std::move(what)),
          details_(std::move(details)) {}

    /// What went wrong, for people. `code()` is for programs.
    const char* what() const noexcept override { return what_.c_str(); }

    /// HTTP status of the reply, 0 if none came.
    int http_status() const noexcept { return details_.http_status; }
    /// The request's field that was refused, as a path: `models[1].temperature`.
    const std::string& field() const noexcept { return details_.field; }
    /// The provider's own code for the failure.
    const std::string& provider_code() const noexcept { return details_.provider_code; }
    /// The provider's own words.
    const std::string& provider_message() const noexcept { return details_.provider_message; }
    /// The provider's id of the request.
    const std::string& request_id() const noexcept { return details_.request_id; }
    /// How long the provider asked to be left alone.
    std::optional<std::chrono::milliseconds> retry_after() const noexcept {
        return details_.retry_after;
    }
    /// All of the above, and the underlying error.
    const error_details& details() const noexcept { return details_; }

private:
    std::string what_;
    error_details details_;
};

/// An `error` that refuses one field of a request before anything is sent.
inline error invalid_field(std::string field, std::string_view complaint) {
    error_details details;
    std::string what = field + " " + std::string(complaint);
    details.field = std::move(field);
    return error(errc::invalid_request, std::move(what), std::move(details));
}

}  // namespace conclave
