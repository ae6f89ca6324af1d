// URLs of proxies and lists of hosts to reach without: what is accepted can be used, and a list is
// no more and no less than its parts.

#include <conclave/http/fields.hpp>
#include <conclave/http/no_proxy.hpp>
#include <conclave/http/proxy.hpp>
#include <conclave/http/proxy_settings.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/detail/socks5.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

namespace http = conclave::http;

void require(bool condition) {
    if (!condition) std::abort();
}

// Takes a line from the front.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return line;
}

void try_proxy(std::string_view text) {
    http::proxy first;
    if (http::proxy::parse(text, first)) return;
    require(!first.address().host().empty() && first.address().port() != 0);
    require(first.has_credentials() || first.password().empty());
    require(http::is_field_value(first.user()) && http::is_field_value(first.password()));
    if (first.kind() == http::proxy::protocol::socks5) {
        require(first.user().size() <= 255 && first.password().size() <= 255);
    }
    http::proxy again;
    require(!http::proxy::parse(first.origin(), again));
    require(again.origin() == first.origin() && !again.has_credentials());
    require(again.kind() == first.kind() && again.is_tls() == first.is_tls());
}

void try_list(std::string_view list, const http::url& to) {
    const bool excluded = http::excludes_proxy(list, to);
    for (const char separator : {',', ' '}) {
        const std::string twice = std::string(list) + separator + std::string(list);
        require(http::excludes_proxy(twice, to) == excluded);
        require(http::excludes_proxy(std::string(list) + separator + '*', to));
    }
    bool any = false;
    for (std::size_t start = 0; start <= list.size();) {
        const std::size_t end = std::min(list.find_first_of(", \t\r\n", start), list.size());
        any = any || http::excludes_proxy(list.substr(start, end - start), to);
        start = end + 1;
    }
    require(any == excluded);

    http::proxy_settings settings;
    settings.all = "http://proxy.test";
    settings.no_proxy = list;
    std::optional<http::proxy> via;
    require(!settings.find(to, via));
    require(via.has_value() != excluded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    try_proxy(take_line(text));
    http::url to;
    if (http::url::parse(take_line(text), to)) return 0;
    try_list(text, to);
    // The longest message to a SOCKS server has a length that fits into its one byte.
    require(conclave::net::detail::socks5::connect_request(to.host(), to.port()).size() <= 262);
    return 0;
}
