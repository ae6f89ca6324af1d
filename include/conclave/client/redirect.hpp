#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/url.hpp>

namespace conclave::detail {

/// Whether a status sends the client elsewhere.
constexpr bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The error of a redirect that is not followed. Where it leads is not said: others' URLs have keys
/// in them.
inline error redirect_refusal(const http::response_head& reply, const std::string& why) {
    error_details details;
    details.http_status = reply.status;
    if (const auto id = reply.header.find("x-request-id")) details.request_id = *id;
    return error(errc::http_status,
                 "HTTP " + std::to_string(reply.status) + ": redirect not followed: " + why,
                 std::move(details));
}

/// Reads a `Location`: a URL, or one without its scheme, or a path from the root.
[[nodiscard]] inline std::error_code read_location(const http::url& from, std::string_view text,
                                                   http::url& to) {
    std::string whole(text);
    if (text.starts_with("//")) {
        whole.insert(0, std::string(from.scheme()) + ":");
    } else if (text.starts_with('/')) {
        whole.insert(0, from.origin());
    }
    return http::url::parse(whole, to);
}

/// The same request to another place: all of its fields within the origin, and to another one only
/// those that say what it is.
inline http::request_head redirected_head(const http::request_head& sent, const http::url& to,
                                          bool same_origin) {
    constexpr std::array<std::string_view, 5> harmless = {
        "content-type", "content-length", "accept", "accept-encoding", "user-agent"};
    http::request_head head;
    head.method = sent.method;
    head.target = to.path();
    // Those of the request were accepted once, and so is an authority that a URL has.
    (void)head.header.add("Host", to.authority());
    for (const auto& [name, value] : sent.header) {
        const bool is_harmless =
            std::any_of(harmless.begin(), harmless.end(), [&field = name](auto candidate) {
                return http::equals_ignoring_case(candidate, field);
            });
        const bool is_host = http::equals_ignoring_case(name, "host");
        if (!is_host && (same_origin || is_harmless)) (void)head.header.add(name, value);
    }
    return head;
}

/// Makes of `to` and `sent`, where a request went and what it was, where and what it is to be after
/// this reply. Throws `error` with `errc::http_status` if the redirect is not to be followed: if it
/// would make another request of a POST, or leads to another origin without TLS, so that nothing
/// shows who is there.
inline void follow_redirect(const http::response_head& reply, http::url& to,
                            http::request_head& sent) {
    const bool keeps_method = reply.status == 307 || reply.status == 308;
    if (!keeps_method && sent.method != "GET") {
        throw redirect_refusal(reply, "it does not let the request be sent again as it was");
    }
    const auto locations = reply.header.values("location");
    http::url next;
    if (locations.size() != 1 || read_location(to, locations.front(), next)) {
        throw redirect_refusal(reply, "its Location is not understood");
    }
    const bool same_origin = next.origin() == to.origin();
    if (!same_origin && !next.is_tls()) {
        throw redirect_refusal(reply, "it leads to another origin without TLS");
    }
    sent = redirected_head(sent, next, same_origin);
    to = next;
}

}  // namespace conclave::detail
