#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <simdjson.h>

#include <conclave/client/detail/format_settings.hpp>
#include <conclave/client/detail/setting.hpp>
#include <conclave/client/endpoint.hpp>
#include <conclave/client/environment.hpp>
#include <conclave/client/options.hpp>
#include <conclave/client/prices.hpp>
#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/proxy_settings.hpp>
#include <conclave/json/document.hpp>
#include <conclave/net/tls.hpp>

namespace conclave {

namespace detail {

// A list of names, or an object of names and what they are called there.
inline void read_models(const setting& from, endpoint& to) {
    const auto add = [&](const std::string& name, std::string there, const setting& at) {
        if (name.empty()) throw invalid_field(at.path(), "must not be empty");
        if (!to.models.emplace(name, std::move(there)).second) {
            throw invalid_field(at.path(), "is given twice");
        }
    };
    if (from.is_list()) {
        from.each_element([&](const setting& each) { add(each.text(), "", each); });
    } else {
        from.each_entry([&](std::string_view name, const setting& each) {
            add(std::string(name), each.filled_text(), each);
        });
    }
}

inline void read_headers(const setting& from, endpoint& to) {
    from.each_entry([&](std::string_view name, const setting& each) {
        http::fields checked;
        std::string value = each.text();
        if (checked.add(std::string(name), value)) {
            throw invalid_field(each.path(), "is not a header field");
        }
        to.header.push_back({std::string(name), std::move(value)});
    });
}

inline std::string read_key_variable(const setting& from) {
    std::string key = environment_variable(from.filled_text().c_str());
    if (key.empty()) throw invalid_field(from.path(), "names a variable that is not set");
    return key;
}

inline endpoint read_endpoint(const setting& from) {
    endpoint to("");
    std::optional<setting> options;
    bool has_key = false;
    from.each_member([&](std::string_view name, const setting& each) {
        if (name == "base_url") return each.read(to.base_url);
        if (name == "prefix") return each.read(to.prefix);
        if (name == "key" || name == "key_env") {
            if (std::exchange(has_key, true)) {
                throw invalid_field(each.path(), "must not be given with another key");
            }
            to.api_key = name == "key" ? each.filled_text() : read_key_variable(each);
        } else if (name == "format") {
            to.format = read_format(each);
        } else if (name == "format_options") {
            options = each;
        } else if (name == "models") {
            read_models(each, to);
        } else if (name == "headers") {
            read_headers(each, to);
        } else {
            return false;
        }
        return true;
    });
    if (to.base_url.empty()) throw invalid_field(from.path() + ".base_url", "must be given");
    if (options) read_format_options(*options, to.format);
    return to;
}

inline endpoint read_hosted_roundtable(const setting& from) {
    endpoint to = read_endpoint(from);
    // All models are asked there: a member that says which would do nothing.
    if (!to.prefix.empty()) throw invalid_field(from.path() + ".prefix", "is unknown here");
    if (!to.models.empty()) throw invalid_field(from.path() + ".models", "is unknown here");
    return to;
}

inline price read_price(const setting& from) {
    price to;
    from.each_member([&](std::string_view name, const setting& each) {
        if (name == "input") return each.read(to.input);
        if (name == "output") return each.read(to.output);
        if (name == "cache_read") return each.read(to.cache_read);
        if (name == "cache_creation") return each.read(to.cache_creation);
        if (name == "cache_creation_1h") return each.read(to.cache_creation_1h);
        if (name == "input_audio") return each.read(to.input_audio);
        if (name == "reasoning") return each.read(to.reasoning);
        if (name == "output_audio") return each.read(to.output_audio);
        if (name == "web_search") return each.read(to.web_search);
        return false;
    });
    return to;
}

inline bool read_timeout(std::string_view name, const setting& from, client_options& to) {
    if (name == "resolve_ms") return from.read(to.connect.resolve_timeout);
    if (name == "connect_ms") return from.read(to.connect.connect_timeout);
    if (name == "tls_ms") return from.read(to.connect.tls_timeout);
    if (name == "first_token_ms") return from.read(to.timeouts.first_token_timeout);
    if (name == "idle_ms") return from.read(to.timeouts.idle_timeout);
    if (name == "attempt_ms") return from.read(to.timeouts.attempt_timeout);
    return false;
}

inline bool read_limit(std::string_view name, const setting& from, client_options& to) {
    if (name == "body_size") return from.read(to.limits.body_size);
    if (name == "event_size") return from.read(to.limits.event_size);
    return false;
}

inline bool read_pool(std::string_view name, const setting& from, client_options& to) {
    if (name == "max_connections_per_origin") return from.read(to.pool.max_connections_per_origin);
    if (name == "max_idle_per_origin") return from.read(to.pool.max_idle_per_origin);
    if (name == "idle_timeout_ms") return from.read(to.pool.idle_timeout);
    if (name == "resend_on_dead_connection") return from.read(to.pool.resend_on_dead_connection);
    return false;
}

inline bool read_retry_budget(std::string_view name, const setting& from, client_options& to) {
    if (name == "percent") return from.read(to.retry_budget.percent);
    if (name == "reserve") return from.read(to.retry_budget.reserve);
    return false;
}

inline bool read_resolve(std::string_view name, const setting& from, client_options& to) {
    return name == "cache_time_ms" && from.read(to.resolve.cache_time);
}

inline bool read_proxy(std::string_view name, const setting& from, client_options& to) {
    http::proxy_settings& proxy = to.connect.proxy;
    if (name == "https") return from.read(proxy.https);
    if (name == "http") return from.read(proxy.http);
    if (name == "all") return from.read(proxy.all);
    if (name == "no_proxy") return from.read(proxy.no_proxy);
    return false;
}

inline bool read_tls(std::string_view name, const setting& from, client_options& to) {
    net::tls_options& tls = to.tls;
    if (name == "ca_file") return from.read(tls.ca_file);
    if (name == "ca_directory") return from.read(tls.ca_directory);
    if (name == "crl_file") return from.read(tls.crl_file);
    if (name == "pinned_public_keys") return from.read(tls.pinned_public_keys);
    if (name == "certificate_file") return from.read(tls.certificate_file);
    if (name == "private_key_file") return from.read(tls.private_key_file);
    if (name != "minimum_version") return false;
    const std::string version = from.text();
    if (version != "1.2" && version != "1.3") {
        throw invalid_field(from.path(), "must be \"1.2\" or \"1.3\"");
    }
    tls.minimum_version = version == "1.3" ? net::tls_version::tls_1_3 : net::tls_version::tls_1_2;
    return true;
}

/// A member of the options that has members of its own, and what takes one of these.
struct config_section {
    std::string_view name;
    bool (*read)(std::string_view name, const setting& from, client_options& to);
};

inline constexpr std::array config_sections = {
    config_section{"timeouts", &read_timeout},
    config_section{"limits", &read_limit},
    config_section{"pool", &read_pool},
    config_section{"resolve", &read_resolve},
    config_section{"proxy", &read_proxy},
    config_section{"tls", &read_tls},
    config_section{"retry_budget", &read_retry_budget},
};

inline bool read_config_member(std::string_view name, const setting& from, client_options& to) {
    if (name == "endpoints") {
        from.each_element(
            [&](const setting& each) { to.endpoints.push_back(read_endpoint(each)); });
    } else if (name == "hosted_roundtable") {
        to.hosted_roundtable = read_hosted_roundtable(from);
    } else if (name == "prices") {
        from.each_entry([&](std::string_view model, const setting& each) {
            to.prices.emplace(model, read_price(each));
        });
    } else if (name == "max_redirects") {
        return from.read(to.max_redirects);
    } else {
        const auto section =
            std::find_if(config_sections.begin(), config_sections.end(),
                         [&](const config_section& each) { return each.name == name; });
        if (section == config_sections.end()) return false;
        from.each_member([&](std::string_view inner, const setting& each) {
            return section->read(inner, each, to);
        });
    }
    return true;
}

/// The whole of a file of at most `limit` bytes.
inline std::string read_config_file(const std::string& path, std::size_t limit) {
    const auto refuse = [&](int reason, const std::string& why) {
        error_details details;
        details.field = "path";
        details.cause = std::error_code(reason, std::generic_category());
        return error(errc::invalid_request, "the configuration file " + path + " " + why,
                     std::move(details));
    };
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw refuse(errno, "cannot be opened");
    std::string text(limit + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) throw refuse(errno, "cannot be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > limit) throw refuse(EFBIG, "is larger than 1 MiB");
    return text;
}

}  // namespace detail

inline client_options client_options::from_json(std::string_view text) {
    json::document parsed;
    // No excerpt: it may be of a key.
    if (json::document::parse(text, parsed) || !parsed.root().is_object()) {
        throw error(errc::malformed_json, "the configuration is not a JSON object");
    }
    client_options options;
    detail::setting(parsed.root(), "")
        .each_member([&](std::string_view name, const detail::setting& each) {
            return detail::read_config_member(name, each, options);
        });
    return options;
}

inline client_options client_options::from_file(const std::string& path) {
    return from_json(detail::read_config_file(path, std::size_t{1} << 20));
}

}  // namespace conclave
