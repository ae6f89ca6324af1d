#pragma once

#include <conclave/client/options.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <memory>
#include <string>
#include <vector>

namespace panel {

/// Where the answers come from.
struct source {
    /// Runs as long as this object, when nobody else is there to ask.
    std::unique_ptr<conclave::testing::scripted_provider> scripted;
    conclave::client_options client;
    /// Who is asked, in a sentence without any key.
    std::string notice;
    /// The panel unless told otherwise. Empty: ask the server what it has.
    std::vector<std::string> models;
    /// A panel with a seat in every wire format; empty where that cannot be known.
    std::vector<std::string> every_format;
};

/// The source that the environment names; without any a scripted provider on this machine, over
/// TLS. Throws `usage_error` for a variable that is no URL.
source find_source();

}  // namespace panel
