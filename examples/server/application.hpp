#pragma once

#include "callers.hpp"
#include "config.hpp"
#include "log.hpp"
#include "metrics.hpp"

#include <conclave/client/client.hpp>
#include <conclave/net/asio.hpp>

#include <utility>

namespace server {

/// What the routes work with. Everything happens on the context's one thread.
struct application {
    application(asio::io_context& on, config with)
        : context(on),
          settings(std::move(with)),
          client(on, settings.client),
          gate(on, settings),
          log(settings.log_level, settings.log_prompts) {}

    asio::io_context& context;
    const config settings;
    conclave::client client;
    admission gate;
    metrics counters;
    journal log;
};

}  // namespace server
