#pragma once

#include <conclave/http/characters.hpp>
#include <conclave/http/url.hpp>
#include <conclave/json/detail/ip_literal.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conclave::http {

namespace detail {

/// An address of either family; an IPv4 one as the IPv6 address that stands for it.
struct ip_address {
    json::detail::ipv6_groups groups{};
    bool is_ipv4 = false;
};

inline std::optional<ip_address> parse_ip(std::string_view text) noexcept {
    ip_address address;
    if (const auto ipv4 = json::detail::parse_ipv4(text)) {
        address.groups[5] = 0xffff;
        address.groups[6] = *ipv4 >> 16;
        address.groups[7] = *ipv4 & 0xffff;
    } else if (const auto ipv6 = json::detail::parse_ipv6(text)) {
        address.groups = *ipv6;
    } else {
        return std::nullopt;
    }
    const auto begin = address.groups.begin();
    address.is_ipv4 = std::all_of(begin, begin + 5, [](unsigned group) { return group == 0; }) &&
                      address.groups[5] == 0xffff;
    return address;
}

/// Whether the first `bits` of both are the same.
inline bool same_network(const ip_address& left, const ip_address& right, unsigned bits) noexcept {
    if (left.is_ipv4 != right.is_ipv4) return false;
    for (std::size_t i = 0; i < left.groups.size() && bits > 0; ++i) {
        const unsigned here = std::min(bits, 16u);
        if (((left.groups[i] ^ right.groups[i]) >> (16 - here)) != 0) return false;
        bits -= here;
    }
    return true;
}

/// Whether an entry such as `10.0.0.0/8`, without a port, has the address in it.
inline bool network_has(std::string_view entry, const ip_address& address) noexcept {
    const std::size_t slash = entry.find('/');
    const auto network = parse_ip(entry.substr(0, slash));
    if (!network) return false;
    constexpr unsigned all_bits = 128;
    if (slash == entry.npos) return same_network(*network, address, all_bits);
    const bool written_as_ipv4 = entry.substr(0, slash).find(':') == entry.npos;
    const unsigned offset = written_as_ipv4 ? 96 : 0;
    std::string_view digits = entry.substr(slash + 1);
    const std::optional<unsigned> bits = json::detail::take_number(digits, 10, 3);
    if (!bits || !digits.empty() || *bits > all_bits - offset) return false;
    return same_network(*network, address, *bits + offset);
}

/// Whether the host is the name, or below it.
inline bool name_has(std::string_view name, std::string_view host) noexcept {
    if (name.starts_with("*.")) name.remove_prefix(1);
    if (name.starts_with('.')) name.remove_prefix(1);
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || host.size() < name.size()) return false;
    const std::size_t before = host.size() - name.size();
    if (!equals_ignoring_case(host.substr(before), name)) return false;
    return before == 0 || host[before - 1] == '.';
}

/// Takes a port from the end of the entry, if it has one. False if what stands there is none.
inline bool take_port(std::string_view& entry, std::optional<unsigned>& port) noexcept {
    std::size_t colon = entry.npos;
    if (entry.starts_with('[')) {
        const std::size_t bracket = entry.find(']');
        if (bracket == entry.npos) return false;
        if (bracket + 1 < entry.size()) colon = bracket + 1;
        if (colon != entry.npos && entry[colon] != ':') return false;
    } else if (std::count(entry.begin(), entry.end(), ':') == 1) {
        colon = entry.find(':');
    }
    if (colon != entry.npos) {
        std::string_view digits = entry.substr(colon + 1);
        port = json::detail::take_number(digits, 10, 5);
        if (!port || !digits.empty()) return false;
        entry = entry.substr(0, colon);
    }
    if (entry.starts_with('[')) entry = entry.substr(1, entry.size() - 2);
    return true;
}

inline bool entry_has(std::string_view entry, const url& to,
                      const std::optional<ip_address>& address) noexcept {
    if (entry == "*") return true;
    std::optional<unsigned> port;
    if (!take_port(entry, port)) return false;
    if (port && *port != to.port()) return false;
    return address ? network_has(entry, *address) : name_has(entry, to.host());
}

}  // namespace detail

/// Whether a list such as that of `NO_PROXY` has the host of `to`. Its entries, with commas or
/// spaces between them, are:
/// - `*`: every host;
/// - `example.org`, `.example.org` or `*.example.org`: that host and all below it;
/// - `192.0.2.1` or `2001:db8::1`: a host that is given by this address;
/// - `10.0.0.0/8` or `fd00::/8`: hosts that are given by an address in this network. Names are not
///   resolved to look.
///
/// Any but the first may be followed by a port, `example.org:8080` or `[::1]:8080`, and is then for
/// that port alone. Whatever else there is stands for nothing. Takes time by the list's length.
inline bool excludes_proxy(std::string_view list, const url& to) noexcept {
    const std::optional<detail::ip_address> address = detail::parse_ip(to.host());
    constexpr std::string_view separators = ", \t\r\n";
    while (true) {
        const std::size_t start = list.find_first_not_of(separators);
        if (start == list.npos) return false;
        list.remove_prefix(start);
        const std::string_view entry = list.substr(0, list.find_first_of(separators));
        if (detail::entry_has(entry, to, address)) return true;
        list.remove_prefix(entry.size());
    }
}

}  // namespace conclave::http
