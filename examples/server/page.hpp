#pragma once

// The page to watch a panel on: the files of page/, which are part of the program.

#include "http.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// A file of the page.
struct page_file {
    /// Where it is served, `/` for the page itself.
    std::string_view path;
    std::string_view content_type;
    /// Tells this content from any other: an entity tag with its quotes.
    std::string_view tag;
    std::string_view content;
};

/// All of them. embedded.cmake makes their definition.
std::span<const page_file> page_files();

namespace detail {

// No script, style, picture or request but this server's own, no markup from text but by the
// sanitiser, no frame around it.
inline constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify";

// Whether If-None-Match, a list of entity tags or `*`, has this one.
inline bool has_tag(std::string_view list, std::string_view tag) {
    return list == "*" || list.find(tag) != list.npos;
}

inline header_list page_header(const page_file& file) {
    return {
        {"Content-Security-Policy", std::string(page_policy)},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        // Asked for anew each time, so that no two files are of different releases.
        {"Cache-Control", "no-cache"},
        {"ETag", std::string(file.tag)},
    };
}

inline asio::awaitable<void> send_page_file(const page_file& file, const http_request& request,
                                            responder& out) {
    header_list header = page_header(file);
    const bool is_known = has_tag(request.header("If-None-Match"), file.tag);
    const int status = is_known ? 304 : 200;
    std::string type;
    if (!is_known) type = file.content_type;
    co_await out.send(status, std::move(type), std::string(file.content), std::move(header));
}

}  // namespace detail

/// Serves the page at `/` and its files under `/page/`, to everybody.
inline void add_page(route_table& routes) {
    for (const page_file& file : page_files()) {
        routes.add("GET", std::string(file.path), access::open,
                   [&file](const http_request& request, responder& out) {
                       return detail::send_page_file(file, request, out);
                   });
    }
}

}  // namespace server
