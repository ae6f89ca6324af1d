#pragma once

// What a handler sees of HTTP: a request, and somebody who takes the response. Which library serves
// it is known to http_server.cpp alone.

#include <conclave/http/fields.hpp>
#include <conclave/net/asio.hpp>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

namespace asio = conclave::asio;

/// A request that has come in whole.
struct http_request {
    /// `GET`, `POST` and the like. A HEAD request is given to handlers as GET.
    std::string method;
    /// The path, without the query.
    std::string path;
    /// What stands behind the `?`, as it was sent; empty without one.
    std::string query;
    /// All header fields.
    conclave::http::fields fields;
    /// The body; empty without one.
    std::string body;
    /// Whether the response can begin before its length is known: HTTP/1.0 has no way to say so.
    bool can_stream = true;
    /// Names the request in the log and in the response's `X-Request-Id`: the client's own
    /// `X-Request-Id` if it is usable, else a new one.
    std::string id;
    /// The client's `traceparent` if it is a valid one, else empty.
    std::string traceparent;
    /// The name of the key that the caller showed, never the key; empty while none are configured.
    std::string caller;

    /// The value of the first header field of this name, or nothing.
    std::string_view header(std::string_view name) const {
        return fields.find(name).value_or(std::string_view());
    }
};

/// Further header fields of a response. GCC 12 needs a list that has entries to have a name before
/// it is given to an awaited call.
using header_list = std::vector<conclave::http::field>;

/// Why a handler was told to stop.
enum class stop_reason {
    /// It was not.
    none,
    /// The client has gone away.
    client_gone,
    /// The server ends, and has waited as long as it was told to.
    draining,
};

/// Takes the response to one request. Every function may be cancelled, and throws
/// `std::system_error` once the client has gone away.
class responder {
public:
    virtual ~responder() = default;

    /// The whole response, whose body has a `Content-Length`. One of status 304 takes the body that
    /// 200 would have: its length is told and nothing of it sent.
    virtual asio::awaitable<void> send(int status, std::string content_type, std::string body,
                                       header_list extra = header_list()) = 0;

    /// The head of a response whose body is not known yet, to a request that `can_stream`. Follow
    /// it with `write` and `finish`.
    virtual void begin(int status, std::string content_type, header_list extra = header_list()) = 0;

    /// The next piece of the body. The kernel gets what it takes now; false when something is left:
    /// whoever awaits `drained` then, before the next piece, keeps no more than a piece in memory,
    /// however slowly the client reads.
    virtual bool write(std::string_view bytes) = 0;

    /// Completes when the kernel has taken everything.
    virtual asio::awaitable<void> drained() = 0;

    /// The end of the body, once everything before it is with the kernel.
    virtual asio::awaitable<void> finish() = 0;

    /// What is written to a response that has begun when the server ends before it is finished: the
    /// last words of a stream, such as an error frame. The handler itself is cancelled then.
    virtual void on_drain(std::string last_words) = 0;

    /// Whether `send` or `begin` has been called.
    virtual bool has_begun() const noexcept = 0;

    /// Why the handler is being cancelled, if it is.
    virtual stop_reason stopped() const noexcept = 0;
};

/// What answers requests: a coroutine of its own for each. It is cancelled (terminal) when the
/// client goes away and when the server ends; both objects outlive it. What it throws is answered:
/// a `refusal` as it says, everything else with 500 and without details; a response that has begun
/// is cut off.
using handler = std::function<asio::awaitable<void>(const http_request&, responder&)>;

/// Thrown by a handler, before the response has begun: the request is answered with this status and
/// a body `{"error":{"code":…,"message":…}}`.
class refusal : public std::runtime_error {
public:
    refusal(int status, std::string code, const std::string& message,
            header_list extra = header_list())
        : std::runtime_error(message),
          status_(status),
          code_(std::move(code)),
          extra_(std::move(extra)) {}

    /// The status of the response.
    int status() const noexcept { return status_; }
    /// A word for programs.
    const std::string& code() const noexcept { return code_; }
    /// Further header fields, such as `Retry-After`.
    const header_list& extra() const noexcept { return extra_; }

private:
    int status_;
    std::string code_;
    header_list extra_;
};

/// Who may call a handler.
enum class access {
    /// Everybody: the page, the health of the server.
    open,
    /// Who shows a key, if keys are configured.
    with_key,
};

/// What is served where. A path is matched whole.
class route_table {
public:
    struct entry {
        handler run;
        access who = access::with_key;
    };

    /// Serves `method` at `path`; HEAD is served wherever GET is.
    void add(std::string method, std::string path, access who, handler run) {
        paths_[std::move(path)][std::move(method)] = {std::move(run), who};
    }

    /// By path, then by method.
    const std::map<std::string, std::map<std::string, entry>>& paths() const { return paths_; }

private:
    std::map<std::string, std::map<std::string, entry>> paths_;
};

/// The body of an error: `{"error":{"code":…,"message":…}}`.
std::string error_body(std::string_view code, std::string_view message);

}  // namespace server
