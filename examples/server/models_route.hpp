#pragma once

// The list of models: what the configuration names, and the panels that are asked like models.

#include "answer_output.hpp"
#include "panel_models.hpp"

#include <conclave/client/options.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/roundtable/request.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace server {

/// The models that are known by name: those that endpoints list, that have a price, or that sit on
/// a configured panel. An endpoint that takes names by their beginning serves others too.
inline std::set<std::string> known_models(const conclave::client_options& options,
                                          const panel_map& panels) {
    std::set<std::string> names;
    for (const conclave::endpoint& each : options.endpoints) {
        for (const auto& [name, there] : each.models)
            names.insert(name);
    }
    for (const auto& [name, price] : options.prices)
        names.insert(name);
    for (const auto& [name, panel] : panels) {
        for (const conclave::panel_model& seat : panel.models())
            names.insert(seat.name());
    }
    return names;
}

namespace models_detail {

inline void write_model(conclave::json::writer& out, std::string_view name, std::int64_t created,
                        std::string_view owner) {
    out.member("id", name);
    out.member("object", "model");
    out.member("created", created);
    out.member("owned_by", owner);
}

}  // namespace models_detail

/// The list as OpenAI has it. A panel says besides who sits on it, how their
/// answers become one, and what it chooses from if it votes.
inline std::string model_list(const conclave::client_options& options, const panel_map& panels,
                              std::int64_t created) {
    std::string text;
    conclave::json::writer out(text);
    out.begin_object();
    out.member("object", "list");
    out.key("data");
    out.begin_array();
    for (const auto& [name, panel] : panels) {
        out.begin_object();
        models_detail::write_model(out, name, created, "panel");
        out.member("resolution", to_string(panel.resolution()));
        out.key("models");
        out.begin_array();
        for (const conclave::panel_model& seat : panel.models())
            out.string(seat.name());
        out.end_array();
        if (!panel.choices().empty()) {
            out.key("choices");
            out.begin_array();
            for (const std::string& choice : panel.choices())
                out.string(choice);
            out.end_array();
        }
        out.end_object();
    }
    for (const std::string& name : known_models(options, panels)) {
        out.begin_object();
        models_detail::write_model(out, name, created, name.substr(0, name.find('/')));
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return text;
}

}  // namespace server
