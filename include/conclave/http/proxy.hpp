#pragma once

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/http/url.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace conclave::http {

/// A proxy, as a URL names it: `http://proxy.example:3128`. The scheme says how it is spoken to:
/// `http` and `https` (HTTP CONNECT, the latter over TLS), `socks5` and `socks5h` (RFC 1928); none
/// is `http`. With both kinds of SOCKS it is the proxy that resolves names. Without a port it is
/// 80, 443 or 1080. A user and a password may stand before the host, percent-encoded:
/// `http://user:p%40ss@proxy.example:3128`.
class proxy {
public:
    /// How a proxy is told where to connect to.
    enum class protocol {
        /// CONNECT of RFC 9110 section 9.3.6.
        http,
        /// RFC 1928.
        socks5,
    };

    /// Reads a URL. Reports `errc::invalid_url`, and leaves `out` alone, if it is none of the kind
    /// above, longer than 4096 bytes, or has a user or password that the protocol cannot carry:
    /// control characters, a colon in HTTP's user, more than 255 bytes for SOCKS.
    [[nodiscard]] static std::error_code parse(std::string_view text, proxy& out) {
        proxy parsed;
        if (text.size() > longest_url || !parsed.take_scheme(text)) return errc::invalid_url;
        if (text.ends_with('/')) text.remove_suffix(1);
        if (text.find_first_of("/?#\\") != text.npos) return errc::invalid_url;
        const std::size_t at = text.find('@');
        if (at != text.npos) {
            if (!parsed.read_credentials(text.substr(0, at))) return errc::invalid_url;
            text.remove_prefix(at + 1);
        }
        if (!parsed.read_address(text)) return errc::invalid_url;
        out = std::move(parsed);
        return {};
    }

    /// How it is told where to connect to.
    protocol kind() const noexcept { return kind_; }
    /// Host and port, as an `http` or `https` URL.
    const url& address() const noexcept { return address_; }
    /// Whether TLS is spoken with the proxy itself.
    bool is_tls() const noexcept { return address_.is_tls(); }
    /// Whether the URL had a user.
    bool has_credentials() const noexcept { return !user_.empty(); }
    /// The user, decoded; empty if there is none.
    const std::string& user() const noexcept { return user_; }
    /// The password, decoded; may be empty.
    const std::string& password() const noexcept { return password_; }

    /// The URL without user and password, all spelled out, as in `socks5://localhost:1080`: for
    /// texts that people read.
    std::string origin() const {
        const std::string whole = address_.origin();
        return kind_ == protocol::http ? whole : "socks5" + whole.substr(whole.find(':'));
    }

private:
    static constexpr std::size_t longest_url = 4096;
    static constexpr std::size_t longest_socks_field = 255;

    bool take_scheme(std::string_view& text) noexcept {
        const std::size_t end = text.find("://");
        if (end == text.npos) return true;
        const std::string_view scheme = text.substr(0, end);
        text.remove_prefix(end + 3);
        if (equals_ignoring_case(scheme, "http")) return true;
        is_https_ = equals_ignoring_case(scheme, "https");
        if (is_https_) return true;
        kind_ = protocol::socks5;
        return equals_ignoring_case(scheme, "socks5") || equals_ignoring_case(scheme, "socks5h");
    }

    bool read_credentials(std::string_view text) {
        const std::size_t colon = text.find(':');
        if (!decode(text.substr(0, colon), user_) || user_.empty()) return false;
        if (colon != text.npos && !decode(text.substr(colon + 1), password_)) return false;
        if (kind_ == protocol::http) return user_.find(':') == user_.npos;
        return user_.size() <= longest_socks_field && password_.size() <= longest_socks_field;
    }

    // Control characters are refused however they are written.
    static bool decode(std::string_view text, std::string& out) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            char byte = text[i];
            if (!detail::is(detail::visible_character, byte)) return false;
            if (byte == '%') {
                const std::string_view digits = text.substr(i + 1, 2);
                if (digits.size() != 2 || !detail::all(detail::hex_character, digits)) return false;
                const unsigned value =
                    detail::hex_value(digits[0]) * 16 + detail::hex_value(digits[1]);
                byte = static_cast<char>(static_cast<unsigned char>(value));
                if (value < 0x20 || value == 0x7f) return false;
                i += 2;
            }
            out += byte;
        }
        return true;
    }

    bool read_address(std::string_view text) {
        const std::size_t bracket = text.find(']');
        const std::string_view behind = bracket == text.npos ? text : text.substr(bracket);
        std::string whole(is_https_ ? "https://" : "http://");
        whole += text;
        if (kind_ == protocol::socks5 && behind.find(':') == behind.npos) whole += ":1080";
        return !url::parse(whole, address_);
    }

    protocol kind_ = protocol::http;
    bool is_https_ = false;
    url address_;
    std::string user_;
    std::string password_;
};

}  // namespace conclave::http
