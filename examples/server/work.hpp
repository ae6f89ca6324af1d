#pragma once

#include "api_error.hpp"
#include "application.hpp"
#include "http.hpp"
#include "panel_record.hpp"

#include <conclave/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace server {

/// What the server says to streams that it does not let come to their end.
inline api_error shutting_down() {
    api_error why;
    why.status = 503;
    why.code = "shutting_down";
    why.message = "the server is being stopped";
    return why;
}

/// One request for an answer under way.
class work {
public:
    work(application& of, const http_request& asked) : app(of), request(asked) {}
    work(const work&) = delete;
    work& operator=(const work&) = delete;

    /// Waits for leave to ask so many models. Throws a `refusal` if there is none, or if the answer
    /// is to be streamed and cannot be.
    asio::awaitable<void> enter(std::size_t seats, std::string kind, bool streamed) {
        if (streamed && !request.can_stream)
            throw refusal(400, "http_version", "a stream needs HTTP/1.1");
        place leave = co_await app.gate.enter(request, seats);
        record.emplace(app, request, std::move(leave), std::move(kind));
    }

    void fail(api_error why) { failure = std::move(why); }

    /// Takes note if this is how a coroutine ends that is cancelled.
    bool note_cancelled(const conclave::error& thrown) {
        if (thrown.code() == conclave::errc::cancelled) was_cancelled = true;
        return was_cancelled;
    }

    /// Further header fields of the response that tells the failure.
    header_list failure_header() const {
        header_list extra;
        if (failure->retry_after > 0)
            extra.push_back({"Retry-After", std::to_string(failure->retry_after)});
        return extra;
    }

    application& app;
    const http_request& request;
    std::optional<panel_record> record;
    /// Why there is no answer.
    std::optional<api_error> failure;
    /// Whether the client is gone, or the server ends.
    bool was_cancelled = false;
};

}  // namespace server
