#pragma once

#include <conclave/error.hpp>
#include <conclave/http/no_proxy.hpp>
#include <conclave/http/proxy.hpp>
#include <conclave/http/url.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace conclave::http {

/// Which proxy leads where. As it stands, none does: no environment is read but where
/// `from_variables` is called.
struct proxy_settings {
    proxy_settings() = default;

    /// The proxy for `https` URLs, as `proxy` has it: `http://user:password@proxy.example:3128`.
    /// Empty: that of `all`.
    std::string https;
    /// The proxy for `http` URLs. Empty: that of `all`.
    std::string http;
    /// The proxy for URLs that none of the two above is for. Empty: none.
    std::string all;
    /// The hosts that are reached without any, as `excludes_proxy` has it: `localhost,10.0.0.0/8`.
    /// Nothing is in it that is not named, not even `localhost`.
    std::string no_proxy;

    /// What the environment says: `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, each
    /// also in capitals where the small one is not set. `HTTP_PROXY` is left alone in a CGI
    /// program (where `REQUEST_METHOD` is set), whose caller writes that variable with a header
    /// field `Proxy`. `lookup` is given names and returns the values, empty for none.
    template <class Lookup>
    static proxy_settings from_variables(const Lookup& lookup) {
        const auto first_of = [&](std::initializer_list<const char*> names) {
            std::string value;
            for (const char* name : names) {
                if (value.empty()) value = lookup(name);
            }
            return value;
        };
        const bool is_cgi = !std::string(lookup("REQUEST_METHOD")).empty();
        proxy_settings settings;
        settings.https = first_of({"https_proxy", "HTTPS_PROXY"});
        settings.http = is_cgi ? first_of({"http_proxy"}) : first_of({"http_proxy", "HTTP_PROXY"});
        settings.all = first_of({"all_proxy", "ALL_PROXY"});
        settings.no_proxy = first_of({"no_proxy", "NO_PROXY"});
        return settings;
    }

    /// The proxy that leads to `to`, if any does. Reports `errc::invalid_url` if it is written as
    /// none can be.
    [[nodiscard]] std::error_code find(const url& to, std::optional<proxy>& out) const {
        out.reset();
        const std::string& own = to.is_tls() ? https : http;
        const std::string& chosen = own.empty() ? all : own;
        if (chosen.empty() || excludes_proxy(no_proxy, to)) return {};
        proxy found;
        if (const std::error_code refused = proxy::parse(chosen, found)) return refused;
        out = std::move(found);
        return {};
    }
};

}  // namespace conclave::http
