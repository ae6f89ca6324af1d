#pragma once

// What went wrong, as the bodies and the statuses of responses say it.

#include <conclave/error.hpp>
#include <conclave/json/writer.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace server {

/// Why a request has no answer.
struct api_error {
    /// The status, if it can still be told.
    int status = 500;
    /// A word for programs.
    std::string code;
    /// A sentence for people.
    std::string message;
    /// The member of the request that is to blame; empty if none is.
    std::string field;
    /// Seconds after which it may be tried again; 0 if nothing is known.
    long retry_after = 0;
};

/// The status of a request that a provider answered with `status`. A key that it refused is the
/// server's, so that its callers could do nothing about it.
inline int status_for_provider(int status) {
    switch (status) {
        case 400:
        case 404:
        case 408:
        case 409:
        case 413:
        case 415:
        case 422:
        case 429: return status;
        case 503:
        case 529: return 503;
        case 504: return 504;
        default: return 502;
    }
}

/// What an error of the library comes to.
inline api_error to_api_error(const conclave::error& failure) {
    using conclave::errc;
    api_error told;
    told.message = failure.what();
    told.field = failure.field();
    if (const auto wait = failure.retry_after())
        told.retry_after = static_cast<long>((wait->count() + 999) / 1000);
    const std::error_code code = failure.code();
    if (code == errc::invalid_request) {
        told.status = 400;
        told.code = "invalid_request";
    } else if (code == errc::no_endpoint) {
        told.status = 404;
        told.code = "model_not_found";
    } else if (code == std::errc::timed_out) {
        told.status = 504;
        told.code = "timeout";
    } else if (code == errc::http_status || code == errc::provider_error) {
        told.status = status_for_provider(failure.http_status());
        told.code = failure.provider_code().empty() ? "provider_error" : failure.provider_code();
    } else {
        told.status = 502;
        told.code = "provider_unreachable";
    }
    return told;
}

/// The object that OpenAI has under `error`.
inline void write_openai_error_object(const api_error& what, conclave::json::writer& out) {
    const bool is_theirs = what.status >= 400 && what.status < 500;
    out.begin_object();
    out.member("message", what.message);
    out.member("type", what.status == 429 ? "rate_limit_error"
                       : is_theirs        ? "invalid_request_error"
                                          : "server_error");
    if (what.field.empty()) {
        out.member_raw("param", "null");
    } else {
        out.member("param", what.field);
    }
    out.member("code", what.code);
    out.end_object();
}

/// The body of an error as OpenAI has it.
inline std::string openai_error_body(const api_error& what) {
    std::string text;
    conclave::json::writer out(text);
    out.begin_object();
    out.key("error");
    write_openai_error_object(what, out);
    out.end_object();
    return text;
}

/// The body of an error of the roundtable: `{"error":{"code","message","details"}}`. `details` is
/// JSON text; empty: the field that is to blame, if one is.
inline std::string roundtable_error_body(const api_error& what, std::string_view details = {}) {
    std::string text;
    conclave::json::writer out(text);
    out.begin_object();
    out.key("error");
    out.begin_object();
    out.member("code", what.code);
    out.member("message", what.message);
    if (!details.empty()) {
        out.member_raw("details", details);
    } else if (!what.field.empty()) {
        out.key("details");
        out.begin_object();
        out.member("field", what.field);
        out.end_object();
    }
    out.end_object();
    out.end_object();
    return text;
}

}  // namespace server
