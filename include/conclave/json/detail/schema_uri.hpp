#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace conclave::json::detail {

// The parts of a URI reference (RFC 3986, appendix B); nothing where one is absent.
struct uri_parts {
    std::optional<std::string_view> scheme;
    std::optional<std::string_view> authority;
    std::string_view path;
    std::optional<std::string_view> query;
    std::optional<std::string_view> fragment;
};

inline uri_parts split_uri(std::string_view text) {
    uri_parts parts;
    if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
        parts.fragment = text.substr(hash + 1);
        text = text.substr(0, hash);
    }
    if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
        parts.query = text.substr(mark + 1);
        text = text.substr(0, mark);
    }
    const std::size_t colon = text.find_first_of(":/");
    if (colon != std::string_view::npos && colon > 0 && text[colon] == ':') {
        parts.scheme = text.substr(0, colon);
        text = text.substr(colon + 1);
    }
    if (text.starts_with("//")) {
        const std::size_t end = std::min(text.find('/', 2), text.size());
        parts.authority = text.substr(2, end - 2);
        text = text.substr(end);
    }
    parts.path = text;
    return parts;
}

inline std::string join_uri(const uri_parts& parts) {
    std::string text;
    if (parts.scheme) text.append(*parts.scheme).append(":");
    if (parts.authority) text.append("//").append(*parts.authority);
    text.append(parts.path);
    if (parts.query) text.append("?").append(*parts.query);
    if (parts.fragment) text.append("#").append(*parts.fragment);
    return text;
}

// Without the segments `.` and `..` (section 5.2.4).
inline std::string remove_dot_segments(std::string_view path) {
    std::string out;
    const bool absolute = path.starts_with('/');
    if (absolute) path.remove_prefix(1);
    for (;;) {
        const std::size_t end = path.find('/');
        const bool last = end == std::string_view::npos;
        const std::string_view segment = path.substr(0, end);
        if (segment == "..") {
            if (!out.empty()) out.pop_back();
            out.resize(out.rfind('/') + 1);  // npos + 1 is 0
        } else if (segment != ".") {
            out.append(segment);
            if (!last) out += '/';
        }
        if (last) break;
        path.remove_prefix(end + 1);
    }
    return absolute ? "/" + out : out;
}

// What `reference` means where `base` is the base URI (section 5.2.2).
inline std::string resolve_uri(std::string_view base, std::string_view reference) {
    const uri_parts from = split_uri(base);
    uri_parts to = split_uri(reference);
    std::string path;
    if (to.scheme) {
        return std::string(reference);
    }
    to.scheme = from.scheme;
    if (to.authority) {
        path = remove_dot_segments(to.path);
    } else {
        to.authority = from.authority;
        if (to.path.empty()) {
            path = from.path;
            if (!to.query) to.query = from.query;
        } else if (to.path.starts_with('/')) {
            path = remove_dot_segments(to.path);
        } else {
            path = from.path.substr(0, from.path.rfind('/') + 1);
            if (from.authority && path.empty()) path = "/";
            path = remove_dot_segments(path.append(to.path));
        }
    }
    to.path = path;
    return join_uri(to);
}

// Undoes percent-encoding; what is none stays as it is.
inline std::string percent_decoded(std::string_view text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : -1;
        const int low = high < 0 ? -1 : digit(text[i + 2]);
        if (low < 0) {
            out += text[i];
        } else {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

}  // namespace conclave::json::detail
