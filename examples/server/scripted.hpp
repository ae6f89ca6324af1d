#pragma once

#include "config.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <memory>

namespace server {

/// What answers when no configuration says who should: a scripted provider of this process, with a
/// model in each wire format.
struct scripted_source {
    std::unique_ptr<conclave::testing::scripted_provider> provider;
    config settings;
};

/// Starts it.
scripted_source start_scripted();

}  // namespace server
