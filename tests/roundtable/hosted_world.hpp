#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "panel_world.hpp"

namespace conclave::tests {

// The provider as the server of roundtables; no endpoint to ask models at is left.
inline client_options hosted_by(const scripted_provider& provider, std::string key = {}) {
    client_options options = options_for(provider);
    options.endpoints.clear();
    options.hosted_roundtable.emplace(provider.base_url(), std::move(key));
    return options;
}

inline panel_run run_hosted(const scripted_provider& provider, roundtable_request request) {
    return panel_run(hosted_by(provider), std::move(request));
}

// A roundtable that nobody watches.
inline panel_run ask_hosted(const scripted_provider& provider, roundtable_request request) {
    panel_run run;
    asio::io_context context;
    client via(context, hosted_by(provider));
    try {
        run.response = run_to_end(context, roundtable(via, std::move(request)));
    } catch (const error& failure) {
        run.thrown = failure;
    }
    return run;
}

inline roundtable_request request_to(const std::vector<std::string>& models) {
    roundtable_request request("Which database?");
    for (const std::string& model : models)
        request.model(model);
    return request;
}

// A whole HTTP response with these frames, given as they stand behind `data: `.
inline std::string stream_of(const std::vector<std::string>& frames) {
    std::string bytes =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    for (const std::string& frame : frames)
        bytes += "data: " + frame + "\n\n";
    return bytes;
}

inline std::string reply_of(std::string_view status, std::string_view type, std::string_view body) {
    std::string bytes = "HTTP/1.1 " + std::string(status) + "\r\ncontent-type: ";
    bytes.append(type).append("\r\ncontent-length: ").append(std::to_string(body.size()));
    return bytes.append("\r\nconnection: close\r\n\r\n").append(body);
}

// What a server that sends these frames, or other bytes, makes of a request to `m/a` and `m/b`.
inline panel_run read_hosted(std::string bytes, resolution how = resolution::summary) {
    scripted_provider provider;
    provider.on("roundtable", testing::raw(std::move(bytes)));
    roundtable_request request = request_to({"m/a", "m/b"});
    request.resolve_by(how);
    return run_hosted(provider, std::move(request));
}

}  // namespace conclave::tests
