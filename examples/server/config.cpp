#include "config.hpp"

#include "panel_models.hpp"

#include <conclave/client/client.hpp>
#include <conclave/client/config.hpp>
#include <conclave/client/detail/setting.hpp>
#include <conclave/client/environment.hpp>
#include <conclave/client/routing.hpp>
#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/roundtable/validate.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace server {

namespace {

using conclave::invalid_field;
using conclave::detail::setting;

bool read_small(const setting& from, std::int64_t most, std::size_t& to) {
    to = static_cast<std::size_t>(from.whole_number(most));
    return true;
}

bool read_positive(const setting& from, std::size_t& to) {
    from.read(to);
    if (to == 0) throw invalid_field(from.path(), "must be at least 1");
    return true;
}

[[noreturn]] void refuse_unknown(const setting& from, std::string_view known) {
    throw invalid_field(from.path(), "is unknown here: there are " + std::string(known));
}

bool read_listen(std::string_view name, const setting& from, config& to) {
    if (name == "address") {
        to.address = from.filled_text();
        return true;
    }
    if (name != "port") refuse_unknown(from, "address and port");
    std::size_t port = 0;
    read_small(from, 65535, port);
    to.port = static_cast<unsigned short>(port);
    return true;
}

bool read_panel_member(std::string_view name, const setting& from, panel_setting& to) {
    if (name == "models") return from.read(to.models);
    if (name == "summary_model") return from.read(to.summary_model);
    if (name == "instructions") return from.read(to.instructions);
    if (name == "choices") return from.read(to.choices);
    if (name == "timeout_ms") return from.read(to.timeout);
    if (name == "max_retries") {
        std::size_t count = 0;
        read_small(from, 3, count);
        to.max_retries = static_cast<int>(count);
        return true;
    }
    if (name != "resolution") {
        refuse_unknown(from,
                       "models, resolution, summary_model, instructions, choices, "
                       "max_retries and timeout_ms");
    }
    const auto meant = conclave::to_resolution(from.text());
    if (!meant) throw invalid_field(from.path(), "must be summary, fast or multiple_choice");
    to.resolution = *meant;
    return true;
}

panel_setting read_panel(const setting& from) {
    panel_setting panel;
    from.each_member([&](std::string_view name, const setting& each) {
        return read_panel_member(name, each, panel);
    });
    return panel;
}

bool read_caller_limit(std::string_view name, const setting& from, caller_limits& to) {
    if (name == "panels") return from.read(to.panels);
    if (name == "seats") return from.read(to.seats);
    if (name == "tokens_per_day") return from.read(to.tokens_per_day);
    if (name != "cost_per_day") {
        refuse_unknown(from, "panels, seats, tokens_per_day and cost_per_day");
    }
    std::optional<double> cost;
    from.read(cost);
    to.cost_per_day = *cost;
    return true;
}

// Short keys are guessed.
constexpr std::size_t shortest_key = 16;

std::string read_key(const setting& from) {
    std::string key = conclave::detail::environment_variable(from.filled_text().c_str());
    if (key.empty()) throw invalid_field(from.path(), "names a variable that is not set");
    if (key.size() < shortest_key) {
        throw invalid_field(from.path(),
                            "names a variable whose key is shorter than 16 characters");
    }
    return key;
}

caller_setting read_caller(const setting& from) {
    caller_setting caller;
    from.each_member([&](std::string_view name, const setting& each) {
        if (name == "name") {
            caller.name = each.filled_text();
        } else if (name == "key_env") {
            caller.key = read_key(each);
        } else if (name == "limits") {
            each.each_member([&](std::string_view inner, const setting& value) {
                return read_caller_limit(inner, value, caller.limits);
            });
        } else {
            refuse_unknown(each, "name, key_env and limits");
        }
        return true;
    });
    if (caller.name.empty()) throw invalid_field(from.path() + ".name", "is missing");
    if (caller.key.empty()) throw invalid_field(from.path() + ".key_env", "is missing");
    return caller;
}

bool read_limit(std::string_view name, const setting& from, config& to) {
    if (name == "panels") return read_positive(from, to.limits.panels);
    if (name == "seats") return read_positive(from, to.limits.seats);
    if (name == "queue") return from.read(to.limits.queue);
    if (name == "queue_time_ms") return from.read(to.limits.queue_time);
    if (name == "head_size") return read_small(from, 64 * 1024, to.http.head_size);
    if (name == "body_size") return read_small(from, std::int64_t{256} << 20, to.http.body_size);
    if (name == "connections") return read_positive(from, to.http.connections);
    if (name == "request_time_ms") return from.read(to.http.request_time);
    if (name == "write_time_ms") return from.read(to.http.write_time);
    if (name == "drain_time_ms") return from.read(to.http.drain_time);
    refuse_unknown(from,
                   "panels, seats, queue, queue_time_ms, head_size, body_size, connections, "
                   "request_time_ms, write_time_ms and drain_time_ms");
}

bool read_log(std::string_view name, const setting& from, config& to) {
    if (name == "prompts") return from.read(to.log_prompts);
    if (name != "level") refuse_unknown(from, "level and prompts");
    to.log_level = from.text();
    const std::set<std::string> known = {"trace", "debug", "info", "warn", "error", "off"};
    if (known.contains(to.log_level)) return true;
    throw invalid_field(from.path(), "must be trace, debug, info, warn, error or off");
}

// The library says where a mistake is as if what it reads were all there is.
conclave::error in_client(const conclave::error& failure) {
    return conclave::error(conclave::errc::invalid_request,
                           std::string("client: ") + failure.what());
}

void read_client(const simdjson::dom::element& value, config& to) {
    if (!value.is_object()) throw invalid_field("client", "must be an object");
    try {
        to.client = conclave::client_options::from_json(simdjson::minify(value));
    } catch (const conclave::error& failure) {
        throw in_client(failure);
    }
}

bool read_member(std::string_view name, const setting& from, config& to) {
    if (name == "panels") {
        from.each_entry([&](std::string_view panel, const setting& each) {
            to.panels.emplace(panel, read_panel(each));
        });
    } else if (name == "callers") {
        from.each_element([&](const setting& each) { to.callers.push_back(read_caller(each)); });
    } else if (name == "listen" || name == "limits" || name == "log") {
        const auto read = name == "listen" ? &read_listen : name == "log" ? &read_log : &read_limit;
        from.each_member(
            [&](std::string_view inner, const setting& each) { return read(inner, each, to); });
    } else {
        refuse_unknown(from, "listen, client, panels, callers, limits and log");
    }
    return true;
}

void check_callers(const std::vector<caller_setting>& callers) {
    std::set<std::string> names;
    std::set<std::string> keys;
    for (std::size_t i = 0; i < callers.size(); ++i) {
        const std::string path = "callers[" + std::to_string(i) + "]";
        if (!names.insert(callers[i].name).second) {
            throw invalid_field(path + ".name", "is given twice");
        }
        if (!keys.insert(callers[i].key).second) {
            throw invalid_field(path + ".key_env", "names a key that another caller has");
        }
    }
}

// What is wrong with URLs, proxies and certificates shows when a client is made.
void check_client(const conclave::client_options& options) {
    conclave::asio::io_context context;
    try {
        const conclave::client made(context, options);
    } catch (const conclave::error& failure) {
        throw in_client(failure);
    }
}

// What nobody could ever ask of a panel is wrong from the start.
void check_panel(const std::string& path, const panel_setting& panel, const config& in) {
    try {
        conclave::validate(panel_of(panel, "Is it right?"));
    } catch (const conclave::error& failure) {
        throw conclave::error(conclave::errc::invalid_request, path + "." + failure.what());
    }
    if (panel.models.size() > in.limits.seats) {
        throw invalid_field(path + ".models", "has more seats than limits.seats allows");
    }
    const auto check_served = [&](const std::string& model, const std::string& name) {
        if (!conclave::detail::find_route(in.client.endpoints, model)) {
            throw invalid_field(path + name, "names a model that no endpoint serves");
        }
    };
    for (std::size_t i = 0; i < panel.models.size(); ++i)
        check_served(panel.models[i], ".models[" + std::to_string(i) + "]");
    if (!panel.summary_model.empty()) check_served(panel.summary_model, ".summary_model");
}

}  // namespace

config config::from_json(std::string_view text) {
    conclave::json::document parsed;
    if (conclave::json::document::parse(text, parsed)) {
        throw conclave::error(conclave::errc::malformed_json, "the configuration is not JSON");
    }
    config read;
    setting(parsed.root(), "").each_member([&](std::string_view name, const setting& each) {
        if (name != "client") return read_member(name, each, read);
        simdjson::dom::element value;
        if (parsed.root()["client"].get(value) == simdjson::SUCCESS) read_client(value, read);
        return true;
    });
    return read;
}

config config::from_file(const std::string& path) {
    return from_json(conclave::detail::read_config_file(path, std::size_t{1} << 20));
}

void config::check() const {
    check_callers(callers);
    std::error_code error;
    const auto listens_at = conclave::asio::ip::make_address(address, error);
    if (error) throw invalid_field("listen.address", "must be an IP address, such as 127.0.0.1");
    if (callers.empty() && !listens_at.is_loopback()) {
        throw invalid_field("listen.address",
                            "is not a loopback address, which it has to be while no callers are "
                            "configured: everybody would be served on your keys");
    }
    if (client.endpoints.empty()) {
        throw invalid_field("client.endpoints", "must not be empty: nobody would serve a model");
    }
    check_client(client);
    for (const auto& [name, panel] : panels)
        check_panel("panels[\"" + name + "\"]", panel, *this);
}

}  // namespace server
