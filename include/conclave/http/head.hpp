#pragma once

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/http/fields.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace conclave::http {

/// The request line and header fields of an HTTP/1.x request.
struct request_head {
    /// `GET`, `POST` and the like, in capitals as they are.
    std::string method;
    /// What the request line names: a path with its query, or `host:port` for CONNECT.
    std::string target;
    /// The header fields.
    fields header;
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    int minor_version = 1;
};

/// The status line and header fields of an HTTP/1.x response.
struct response_head {
    /// 100 to 999.
    int status = 0;
    /// Free text of the server, often empty, never to be relied upon.
    std::string reason;
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    int minor_version = 1;
    /// The header fields.
    fields header;
};

/// Whether another head follows on the same connection before the answer itself: every 1xx but 101,
/// after which the connection no longer speaks HTTP (RFC 9110 section 15.2).
inline bool is_interim(const response_head& head) noexcept {
    return head.status >= 100 && head.status < 200 && head.status != 101;
}

namespace detail {

inline bool keeps_alive(const fields& header, int minor_version) noexcept {
    if (header.has_token("connection", "close")) return false;
    return minor_version >= 1 || header.has_token("connection", "keep-alive");
}

inline void write_fields(const fields& header, std::string& out) {
    for (const field& line : header) {
        out.append(line.name).append(": ").append(line.value).append("\r\n");
    }
    out.append("\r\n");
}

inline std::string_view version_text(int minor_version) noexcept {
    return minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

}  // namespace detail

/// Whether the server means to keep the connection open after this response. It may be used again
/// only if, besides, the body's decoder is `done()` and no byte came after the body.
inline bool keep_alive(const response_head& head) noexcept {
    return detail::keeps_alive(head.header, head.minor_version);
}

/// Whether the client means to keep the connection open after this request.
inline bool keep_alive(const request_head& head) noexcept {
    return detail::keeps_alive(head.header, head.minor_version);
}

/// Appends the head as it goes over the wire, the closing empty line included. Reports
/// `errc::invalid_header` if the method is not a token, and `errc::invalid_url` if the target is
/// empty or has a space, a control character, or a byte beyond ASCII; `out` is then unchanged.
[[nodiscard]] inline std::error_code write_head(const request_head& head, std::string& out) {
    if (!is_token(head.method)) return errc::invalid_header;
    if (head.target.empty() || !detail::all(detail::visible_character, head.target)) {
        return errc::invalid_url;
    }
    out.append(head.method).append(" ").append(head.target).append(" ");
    out.append(detail::version_text(head.minor_version)).append("\r\n");
    detail::write_fields(head.header, out);
    return {};
}

/// Appends the head as it goes over the wire, the closing empty line included. For servers. Reports
/// `errc::invalid_header` if the status is not of three digits or the reason has a control
/// character; `out` is then unchanged.
[[nodiscard]] inline std::error_code write_head(const response_head& head, std::string& out) {
    if (head.status < 100 || head.status > 999 || !is_field_value(head.reason)) {
        return errc::invalid_header;
    }
    out.append(detail::version_text(head.minor_version)).append(" ");
    out.append(std::to_string(head.status)).append(" ").append(head.reason).append("\r\n");
    detail::write_fields(head.header, out);
    return {};
}

}  // namespace conclave::http
