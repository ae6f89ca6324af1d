#pragma once

#include "http_limits.hpp"

#include <conclave/client/options.hpp>
#include <conclave/roundtable/request.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// A panel that has a name, and is asked as a model of that name.
struct panel_setting {
    /// The seats, by the names of models.
    std::vector<std::string> models;
    conclave::resolution resolution = conclave::resolution::summary;
    /// The model that merges; empty: the first that answered.
    std::string summary_model;
    /// A system prompt for every seat, before the request's own; empty for none.
    std::string instructions;
    /// What `multiple_choice` picks from.
    std::vector<std::string> choices;
    int max_retries = 1;
    std::chrono::milliseconds timeout{120'000};
};

/// What a caller may take. Zero: no limit of its own.
struct caller_limits {
    /// Panels at a time.
    std::size_t panels = 0;
    /// Seats of one panel.
    std::size_t seats = 0;
    /// Input and output tokens of a day (UTC), together.
    std::int64_t tokens_per_day = 0;
    /// USD of a day.
    double cost_per_day = 0;
};

/// Somebody who may call.
struct caller_setting {
    /// For the log; never the key.
    std::string name;
    std::string key;
    caller_limits limits;
};

/// What all callers together may take.
struct panel_limits {
    /// Panels at a time, calls that pass through included.
    std::size_t panels = 256;
    /// Seats of one panel.
    std::size_t seats = 16;
    /// Panels that wait for others to end.
    std::size_t queue = 256;
    /// How long they wait.
    std::chrono::milliseconds queue_time{10'000};
};

/// What the server is told by its configuration file.
struct config {
    std::string address = "127.0.0.1";
    unsigned short port = 8080;
    /// Where models are served.
    conclave::client_options client;
    /// By name: `panel/default`.
    std::map<std::string, panel_setting, std::less<>> panels;
    /// Nobody is asked for a key while this is empty.
    std::vector<caller_setting> callers;
    panel_limits limits;
    http_limits http;
    /// `trace`, `debug`, `info`, `warn`, `error` or `off`.
    std::string log_level = "info";
    /// Whether questions and answers are logged.
    bool log_prompts = false;
    /// Why there are no real models behind it; empty when there are.
    std::string notice;

    /// Reads a configuration, which `check` has to look at once it is as it should be. Throws
    /// `conclave::error`, whose text names the member that is wrong and quotes no value.
    static config from_json(std::string_view text);
    /// The same from a file.
    static config from_file(const std::string& path);

    /// Throws `conclave::error` for what only shows when all is read: an address that everybody
    /// can reach although no keys are configured, an endpoint whose URL is none, a panel that could
    /// not be asked or whose models nobody serves.
    void check() const;
};

}  // namespace server
