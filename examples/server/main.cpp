// The roundtable server: `server --help` has the options, docs/server.md the rest.

#include "application.hpp"
#include "config.hpp"
#include "http_server.hpp"
#include "routes.hpp"
#include "scripted.hpp"

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/version.hpp>

#include <CLI/CLI.hpp>
#include <asio/signal_set.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace {

namespace asio = conclave::asio;

struct options {
    std::string file;
    std::string address;
    unsigned short port = 0;
    bool has_port = false;
    bool check_only = false;
};

void declare(CLI::App& app, options& given) {
    app.set_version_flag("--version", CONCLAVE_VERSION_STRING);
    app.add_option("--config", given.file, "The configuration, a JSON file (docs/server.md)")
        ->type_name("FILE");
    app.add_flag("--check-config", given.check_only,
                 "Say whether the configuration is right, and end");
    app.add_option("--address", given.address, "Listen there instead of where it says")
        ->type_name("IP");
    app.add_option("--port", given.port, "The same for the port; 0 is any that is free")
        ->type_name("PORT")
        ->each([&given](const std::string&) { given.has_port = true; });
}

// Connections of clients and to providers come out of one purse.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// RESTinio accepts nothing more once it has found no descriptor left.
void fit_connections(server::config& settings) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    settings.http.connections =
        std::min<std::size_t>(settings.http.connections, limit.rlim_cur / 4 + 1);
}

server::http_hooks make_hooks(server::application& app) {
    server::http_hooks hooks;
    hooks.authenticate = [&app](const server::http_request& request) {
        return app.gate.authenticate(request);
    };
    hooks.on_response = [&app](const server::http_request& request, std::string_view route,
                               int status, double seconds) {
        app.counters.request(route, request.method, status);
        app.log.request(request.id, request.method, request.path, status, seconds);
    };
    hooks.on_refusal = [&app](int status) { app.counters.malformed(status); };
    return hooks;
}

void listen(server::http_server& http, const std::string& address, unsigned short port) {
    try {
        http.listen(address, port);
    } catch (const std::system_error& failure) {
        throw std::runtime_error("cannot listen on port " + std::to_string(port) + " of " +
                                 address + ": " + failure.code().message());
    }
}

int serve(server::config settings) {
    asio::io_context context(1);
    server::application app(context, std::move(settings));
    const server::http_server* known = nullptr;
    server::http_server http(context, server::make_routes(app, known), app.settings.http,
                             make_hooks(app));
    known = &http;
    listen(http, app.settings.address, app.settings.port);

    asio::signal_set signals(context, SIGTERM, SIGINT);
    std::function<void(std::error_code, int)> on_signal = [&](std::error_code error, int) {
        if (error) return;
        app.log.say(http.draining() ? "ending at once" : "ending when the panels have ended");
        http.drain([&] {
            signals.cancel();
            context.stop();
        });
        signals.async_wait(on_signal);
    };
    signals.async_wait(on_signal);

    if (!app.settings.notice.empty()) app.log.say(app.settings.notice);
    const bool brackets = app.settings.address.find(':') != std::string::npos;
    const std::string host = brackets ? "[" + app.settings.address + "]" : app.settings.address;
    const std::string url = "http://" + host + ":" + std::to_string(http.port());
    app.log.say("listening on " + url);
    std::printf("%s\n", url.c_str());
    std::fflush(stdout);
    context.run();
    app.log.say("ended");
    return 0;
}

int run(const options& given) {
    std::optional<server::scripted_source> scripted;
    server::config settings;
    if (given.file.empty()) {
        scripted = server::start_scripted();
        settings = scripted->settings;
    } else {
        settings = server::config::from_file(given.file);
    }
    if (!given.address.empty()) settings.address = given.address;
    if (given.has_port) settings.port = given.port;
    settings.check();
    if (given.check_only) {
        std::printf("the configuration is right: %zu endpoints, %zu panels, %zu callers\n",
                    settings.client.endpoints.size(), settings.panels.size(),
                    settings.callers.size());
        return 0;
    }
    fit_connections(settings);
    return serve(std::move(settings));
}

}  // namespace

int main(int count, char** arguments) {
    options given;
    CLI::App app("A panel of language models, served over HTTP.", "server");
    declare(app, given);
    CLI11_PARSE(app, count, arguments);
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    try {
        return run(given);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "server: %s\n", failure.what());
        return 2;
    }
}
