#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <conclave/json/detail/ip_literal.hpp>

/// The messages of SOCKS5 (RFC 1928) and of its user and password (RFC 1929), as far as a client
/// that connects needs them.
namespace conclave::net::detail::socks5 {

inline constexpr char version = 5;
inline constexpr char without_authentication = 0;
inline constexpr char with_password = 2;
inline constexpr char nothing_acceptable = static_cast<char>(0xff);

/// What a client says first: which authentications it can do.
inline std::string greeting(bool has_password) {
    std::string bytes = {version, static_cast<char>(has_password ? 2 : 1), without_authentication};
    if (has_password) bytes += with_password;
    return bytes;
}

/// A user and a password of at most 255 bytes each.
inline std::string credentials(std::string_view user, std::string_view password) {
    std::string bytes = {1, static_cast<char>(user.size())};
    bytes += user;
    bytes += static_cast<char>(password.size());
    bytes += password;
    return bytes;
}

/// Asks for a connection. A host that is no literal address goes as the name that it is.
inline std::string connect_request(std::string_view host, std::uint16_t port) {
    const auto append_number = [](std::string& bytes, unsigned number) {
        bytes += static_cast<char>(static_cast<unsigned char>(number >> 8));
        bytes += static_cast<char>(static_cast<unsigned char>(number & 0xff));
    };
    std::string bytes = {version, 1, 0};
    if (const auto ipv4 = json::detail::parse_ipv4(host)) {
        bytes += '\x01';
        append_number(bytes, *ipv4 >> 16);
        append_number(bytes, *ipv4 & 0xffff);
    } else if (const auto ipv6 = json::detail::parse_ipv6(host)) {
        bytes += '\x04';
        for (const unsigned group : *ipv6)
            append_number(bytes, group);
    } else {
        bytes += '\x03';
        bytes += static_cast<char>(host.size());
        bytes += host;
    }
    append_number(bytes, port);
    return bytes;
}

/// How much of a reply follows its first five bytes, of which `type` and `first` are the last two;
/// 0 if the type of address is unknown.
inline std::size_t bytes_left(char type, char first) {
    constexpr std::size_t port = 2;
    switch (type) {
        case 1: return 3 + port;
        case 3: return static_cast<unsigned char>(first) + port;
        case 4: return 15 + port;
        default: return 0;
    }
}

/// Whether a refusal may pass: those that are about the way to the host.
inline bool is_transient(char code) { return code == 1 || (code >= 3 && code <= 6); }

/// A refusal in words.
inline std::string refusal(char code) {
    switch (code) {
        case 1: return "it failed to connect";
        case 2: return "its rules do not allow the connection";
        case 3: return "it cannot reach the network";
        case 4: return "it cannot reach the host";
        case 5: return "the host refused its connection";
        case 6: return "its connection timed out on the way";
        case 7: return "it cannot connect at all";
        case 8: return "it does not know this type of address";
        default: return "it refused, with a code that is not assigned";
    }
}

}  // namespace conclave::net::detail::socks5
