#pragma once

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/json/detail/ip_literal.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace conclave::http {

/// An absolute `http` or `https` URL, of a subset in which no two readers can differ about the host
/// or the port. Whatever is accepted means the same to the URL standard (url.spec.whatwg.org) and
/// to RFC 3986; refused are user names, spaces, backslashes, anything beyond ASCII, empty and zero
/// ports, hosts that end in a dot, and every spelling of an IPv4 address but the plain dotted one.
/// An internationalised name is accepted in its ASCII form, `xn--…`. A fragment is dropped.
class url {
public:
    /// Reads a URL. Reports `errc::invalid_url`, and leaves `out` alone, if it is not in the
    /// subset.
    [[nodiscard]] static std::error_code parse(std::string_view text, url& out) {
        if (!detail::all(detail::visible_character, text)) return errc::invalid_url;
        url parsed;
        text = text.substr(0, text.find('#'));
        if (!parsed.take_scheme(text)) return errc::invalid_url;
        const std::string_view authority = text.substr(0, text.find_first_of("/?"));
        if (!parsed.read_authority(authority)) return errc::invalid_url;
        if (!parsed.read_path(text.substr(authority.size()))) return errc::invalid_url;
        out = std::move(parsed);
        return {};
    }

    /// `http` or `https`.
    std::string_view scheme() const noexcept { return is_tls_ ? "https" : "http"; }

    /// Whether the scheme is `https`.
    bool is_tls() const noexcept { return is_tls_; }

    /// The host in lower case: a name, an IPv4 address, or an IPv6 address in canonical form and
    /// without its brackets.
    const std::string& host() const noexcept { return host_; }

    /// The port, by default that of the scheme.
    std::uint16_t port() const noexcept { return port_; }

    /// Path and query as they were given: at least `/`. What a request line names.
    const std::string& path() const noexcept { return path_; }

    /// What the `Host` field says: the host, and the port where it is not the scheme's own.
    std::string authority() const {
        const bool is_default = port_ == default_port();
        return is_default ? bracketed_host() : bracketed_host() + ":" + std::to_string(port_);
    }

    /// Scheme, host and port, all spelled out, as in `https://example.org:443`. Two URLs with the
    /// same one may share connections.
    std::string origin() const {
        return std::string(scheme()) + "://" + bracketed_host() + ":" + std::to_string(port_);
    }

    /// The request target for something below this URL: `https://h/v1` or `https://h/v1/`, and
    /// `/models`, give `/v1/models`. The query of this URL, such as `?api-version=1`, follows that
    /// of the suffix.
    std::string target_for(std::string_view suffix) const {
        const std::string_view whole = path_;
        const std::size_t mark = whole.find('?');
        std::string_view base = whole.substr(0, mark);
        while (base.ends_with('/'))
            base.remove_suffix(1);
        std::string target(base);
        if (!suffix.starts_with('/')) target += '/';
        target += suffix;
        if (mark != whole.npos && mark + 1 < whole.size()) {
            target += suffix.find('?') == suffix.npos ? '?' : '&';
            target += whole.substr(mark + 1);
        }
        return target;
    }

private:
    std::uint16_t default_port() const noexcept { return is_tls_ ? 443 : 80; }

    std::string bracketed_host() const {
        return host_.find(':') == host_.npos ? host_ : "[" + host_ + "]";
    }

    bool take_scheme(std::string_view& text) noexcept {
        const std::size_t colon = text.find(':');
        if (colon == text.npos) return false;
        is_tls_ = equals_ignoring_case(text.substr(0, colon), "https");
        if (!is_tls_ && !equals_ignoring_case(text.substr(0, colon), "http")) return false;
        text.remove_prefix(colon + 1);
        if (!text.starts_with("//")) return false;
        text.remove_prefix(2);
        return true;
    }

    bool read_authority(std::string_view text) {
        std::size_t host_end = text.find(':');
        if (text.starts_with('[')) {
            host_end = text.find(']');
            if (host_end == text.npos) return false;
            const auto address = json::detail::parse_ipv6(text.substr(1, host_end - 1));
            if (!address) return false;
            host_ = json::detail::write_ipv6(*address);
            ++host_end;
        } else if (!read_name(text.substr(0, host_end))) {
            return false;
        }
        if (host_end >= text.size()) {
            port_ = default_port();
            return true;
        }
        return read_port(text.substr(host_end));
    }

    bool read_port(std::string_view text) noexcept {
        if (text.front() != ':') return false;
        text.remove_prefix(1);
        const std::optional<unsigned> number = json::detail::take_number(text, 10, 5);
        if (!number || !text.empty() || *number == 0 || *number > 65535) return false;
        port_ = static_cast<std::uint16_t>(*number);
        return true;
    }

    bool read_name(std::string_view text) {
        if (text.empty() || text.size() > 253) return false;
        std::string_view label;
        std::string_view rest = text;
        while (true) {
            const std::size_t dot = rest.find('.');
            label = rest.substr(0, dot);
            if (label.empty() || label.size() > 63) return false;
            for (const char byte : label) {
                if (!is_host_character(byte)) return false;
            }
            if (dot == rest.npos) break;
            rest.remove_prefix(dot + 1);
        }
        if (looks_like_a_number(label) && !json::detail::parse_ipv4(text)) return false;
        host_.assign(text);
        for (char& byte : host_)
            byte = to_lower(byte);
        return true;
    }

    static bool is_host_character(char byte) noexcept {
        const char lower = to_lower(byte);
        return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
               byte == '_';
    }

    /// Whether a host that ends in this label is an IPv4 address, however it is written.
    static bool looks_like_a_number(std::string_view label) noexcept {
        if (detail::all(detail::digit_character, label)) return true;
        if (!label.starts_with("0x") && !label.starts_with("0X")) return false;
        return detail::all(detail::hex_character, label.substr(2));
    }

    bool read_path(std::string_view text) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (std::string_view("\"<>\\^`{|}").find(text[i]) != std::string_view::npos)
                return false;
            if (text[i] != '%') continue;
            const std::string_view digits = text.substr(i + 1, 2);
            if (digits.size() != 2 || !detail::all(detail::hex_character, digits)) return false;
        }
        if (!text.starts_with('/')) path_ = "/";
        path_ += text;
        return true;
    }

    std::string host_;
    std::string path_;
    std::uint16_t port_ = 0;
    bool is_tls_ = false;
};

}  // namespace conclave::http
