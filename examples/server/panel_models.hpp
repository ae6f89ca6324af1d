#pragma once

// Panels that are asked like models: by a name from the configuration, or spelled in the request.

#include "config.hpp"

#include <conclave/error.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/wire/call.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace server {

/// Panels by the names of models; each is a request whose `input` does not count.
using panel_map = std::map<std::string, conclave::roundtable_request, std::less<>>;

/// The panel that a setting means, asked `input`.
inline conclave::roundtable_request panel_of(const panel_setting& setting, std::string input = {}) {
    conclave::roundtable_request panel(std::move(input));
    for (const std::string& model : setting.models)
        panel.model(model);
    panel.resolve_by(setting.resolution).choices(setting.choices);
    panel.summary_model(setting.summary_model).instructions(setting.instructions);
    panel.max_retries(setting.max_retries).timeout(setting.timeout);
    return panel;
}

/// The panels of the configuration.
inline panel_map panels_of(const config& settings) {
    panel_map panels;
    for (const auto& [name, setting] : settings.panels)
        panels.emplace(name, panel_of(setting));
    return panels;
}

namespace panel_detail {

inline conclave::error misspelled(const std::string& complaint) {
    return conclave::invalid_field("model", complaint);
}

/// Calls `take` for each of the parts of `text` between the separators.
template <class Take>
void each_part(std::string_view text, char separator, Take take) {
    for (;;) {
        const std::size_t end = text.find(separator);
        take(text.substr(0, end));
        if (end == text.npos) return;
        text.remove_prefix(end + 1);
    }
}

inline int to_number(std::string_view name, std::string_view value) {
    int number = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failed != std::errc{} || end != value.data() + value.size() || value.empty())
        throw misspelled("has a panel whose " + std::string(name) + " is not a number");
    return number;
}

inline void read_option(std::string_view name, std::string_view value,
                        conclave::roundtable_request& panel) {
    if (name == "resolution") {
        const auto resolution = conclave::to_resolution(value);
        if (!resolution) throw misspelled("has a panel of an unknown resolution");
        panel.resolve_by(*resolution);
    } else if (name == "summary_model") {
        panel.summary_model(std::string(value));
    } else if (name == "choice") {
        panel.choice(std::string(value));
    } else if (name == "max_retries") {
        panel.max_retries(to_number(name, value));
    } else if (name == "timeout_ms") {
        panel.timeout(std::chrono::milliseconds(to_number(name, value)));
    } else {
        throw misspelled(
            "has a panel with an unknown option: there are resolution, summary_model, choice, "
            "max_retries and timeout_ms");
    }
}

}  // namespace panel_detail

/// What the name of a panel begins with that is spelled in a request.
inline constexpr std::string_view spelled_panel_prefix = "panel:";

/// The panel that a name spells: `panel:openai/a+anthropic/b`, and with options
/// `panel:a+b?resolution=multiple_choice&choice=yes&choice=no`. Throws `conclave::error` with
/// `errc::invalid_request` if it is misspelled.
inline conclave::roundtable_request read_spelled_panel(std::string_view name) {
    using namespace panel_detail;
    name.remove_prefix(spelled_panel_prefix.size());
    const std::size_t mark = name.find('?');
    conclave::roundtable_request panel("");
    each_part(name.substr(0, mark), '+', [&](std::string_view model) {
        if (model.empty()) throw misspelled("has a panel with a model that has no name");
        panel.model(std::string(model));
    });
    if (mark == name.npos) return panel;
    each_part(name.substr(mark + 1), '&', [&](std::string_view option) {
        const std::size_t equals = option.find('=');
        if (equals == option.npos) throw misspelled("has a panel with an option of no value");
        read_option(option.substr(0, equals), option.substr(equals + 1), panel);
    });
    if (panel.resolution() == conclave::resolution::multiple_choice && panel.choices().empty())
        throw misspelled("has a panel that votes and no choice to pick from");
    return panel;
}

/// The panel that a request's model is, or nothing if it is an ordinary one.
inline std::optional<conclave::roundtable_request> find_panel(const panel_map& panels,
                                                              std::string_view model) {
    if (const auto found = panels.find(model); found != panels.end()) return found->second;
    if (model.starts_with(spelled_panel_prefix)) return read_spelled_panel(model);
    return std::nullopt;
}

/// The conversation as one question: a panel is asked one text. More than one message goes as JSON,
/// in which no text can pose as another message.
inline std::string panel_question(const conclave::call& what) {
    const auto& messages = what.messages();
    if (messages.size() == 1 && messages.front().role() == conclave::message_role::user)
        return messages.front().text();
    std::string text =
        "The conversation so far, as JSON. Write the assistant's next message: its text alone.\n\n";
    conclave::json::writer out(text);
    out.begin_array();
    for (const conclave::message& each : messages) {
        out.begin_object();
        switch (each.role()) {
            case conclave::message_role::user: out.member("role", "user"); break;
            case conclave::message_role::assistant: out.member("role", "assistant"); break;
            case conclave::message_role::tool: out.member("role", "tool"); break;
        }
        out.member("content", each.text());
        if (!each.tool_calls().empty()) {
            out.key("tool_calls");
            out.begin_array();
            for (const conclave::tool_call& called : each.tool_calls()) {
                out.begin_object();
                out.member("name", called.name);
                out.member("arguments", called.arguments);
                out.end_object();
            }
            out.end_array();
        }
        out.end_object();
    }
    out.end_array();
    return text;
}

/// What the panel is asked for a call. What the call sets goes before what the panel has, but for
/// what a seat has for itself. Throws `conclave::error` with `errc::invalid_request` for what a
/// panel cannot do.
inline conclave::roundtable_request panel_request(const conclave::roundtable_request& panel,
                                                  const conclave::call& what) {
    using conclave::invalid_field;
    using mode = conclave::tool_choice::mode;
    if (panel.resolution() == conclave::resolution::fast)
        throw invalid_field("model", "is a panel that comes to no one answer");
    if (panel.resolution() == conclave::resolution::multiple_choice &&
        !what.output_schema().empty())
        throw invalid_field("model",
                            "is a panel that votes: its answer is one of its choices, and "
                            "has no other format");
    for (const conclave::message& each : what.messages()) {
        if (!each.attachments().empty())
            throw invalid_field("messages", "must be text alone: a panel takes no attachments");
    }
    if (what.tool_choice() &&
        (what.tool_choice()->how() == mode::required || what.tool_choice()->how() == mode::named))
        throw invalid_field("tool_choice", "asks for a tool's call, and a panel makes none");

    conclave::roundtable_request asked(panel_question(what));
    std::string instructions = panel.instructions();
    if (!instructions.empty() && !what.instructions().empty()) instructions += "\n\n";
    asked.instructions(instructions + what.instructions());
    for (conclave::panel_model seat : panel.models()) {
        if (what.temperature() && !seat.temperature()) seat.temperature(*what.temperature());
        if (what.top_p() && !seat.top_p()) seat.top_p(*what.top_p());
        if (what.max_tokens() && !seat.max_tokens()) seat.max_tokens(*what.max_tokens());
        if (what.reasoning() && !seat.reasoning()) seat.reasoning(*what.reasoning());
        asked.model(std::move(seat));
    }
    const std::string& schema =
        what.output_schema().empty() ? panel.output_schema() : what.output_schema();
    asked.resolve_by(panel.resolution()).choices(panel.choices()).output_schema(schema);
    asked.summary_model(panel.summary_model());
    asked.max_retries(panel.max_retries()).timeout(panel.timeout());
    asked.traceparent(what.traceparent());
    return asked;
}

}  // namespace server
