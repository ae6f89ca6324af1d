#pragma once

// Replies that were written in advance, read by an `exchange` over a real connection.

#include "raw_server.hpp"
#include "running.hpp"

#include <conclave/http/head.hpp>
#include <conclave/net/exchange.hpp>
#include <conclave/net/stream.hpp>
#include <conclave/sse/parser.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace running {

/// Reads no more than so many bytes at once, as if each segment had no more.
class narrow_stream {
public:
    narrow_stream(conclave::net::stream stream, std::size_t width)
        : stream_(std::move(stream)), width_(width) {}

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into,
                                           conclave::net::error_code& failure) {
        return stream_.read_some(asio::buffer(into, width_), failure);
    }
    asio::awaitable<std::size_t> write(std::array<asio::const_buffer, 2> from,
                                       conclave::net::error_code& failure) {
        return stream_.write(from, failure);
    }
    void reset() { stream_.reset(); }

private:
    conclave::net::stream stream_;
    std::size_t width_;
};

inline conclave::http::request_head request_head(std::size_t body_size = 8) {
    conclave::http::request_head head;
    head.method = "POST";
    head.target = "/v1/ask";
    (void)head.header.add("Host", "localhost");
    (void)head.header.add("Content-Length", std::to_string(body_size));
    return head;
}

struct good_reply {
    std::string name;
    std::string bytes;
    std::size_t head_size = 0;
    bool keeps_connection = true;
};

/// The same body, two events, in every framing.
inline const std::vector<good_reply>& good_replies() {
    static const std::vector<good_reply> replies = [] {
        const std::string body = "data: one\n\ndata: two\n\n";
        const auto make = [](std::string name, const std::string& fields, const std::string& framed,
                             bool keeps) {
            const std::string head =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + fields + "\r\n";
            return good_reply{std::move(name), head + framed, head.size(), keeps};
        };
        const std::string chunked = "Transfer-Encoding: chunked\r\n";
        std::vector<good_reply> list;
        list.push_back(make("length", "Content-Length: 22\r\n", body, true));
        list.push_back(make("one chunk", chunked, "16\r\n" + body + "\r\n0\r\n\r\n", true));
        list.push_back(make("chunks across events", chunked,
                            "3;x=\"y\"\r\n" + body.substr(0, 3) + "\r\nA\r\n" + body.substr(3, 10) +
                                "\r\n09\r\n" + body.substr(13) + "\r\n0\r\nTrailer: t\r\n\r\n",
                            true));
        list.push_back(make("close", "", body, false));
        return list;
    }();
    return replies;
}

enum class how { whole, events };

/// What came of reading a reply.
struct outcome {
    int error_code = 0;
    std::string what;
    int status = 0;
    /// The body, or its events in brackets.
    std::string body;
    bool heard = false;
    /// What the exchange says, with all of the framing seen.
    bool reusable = false;
};

template <class Exchange>
asio::awaitable<void> read_reply(Exchange& exchange, how way, std::size_t limit, outcome& read) {
    const conclave::http::request_head head = request_head();
    co_await exchange.send(head, "the body");
    co_await exchange.read_head();
    read.status = exchange.head().status;
    if (way == how::whole) {
        read.body = co_await exchange.read_body(limit);
        co_return;
    }
    conclave::sse::parser parser;
    for (bool more = true; more;) {
        more = co_await exchange.read_events(parser);
        if (!more) parser.finish();
        while (const auto* event = parser.next())
            read.body.append("[").append(event->data).append("]");
    }
}

/// Reads a reply of these bytes, after which the server says no more, in segments of at most
/// `width` bytes.
inline outcome exchange_with(const std::string& bytes, how way,
                             std::size_t width = std::numeric_limits<std::size_t>::max(),
                             std::size_t limit = 1 << 20) {
    asio::io_context context;
    connected_pair pair(context);
    outcome read;
    write(pair.server, bytes);
    pair.server.shutdown(tcp::socket::shutdown_send);
    conclave::net::exchange exchange(
        narrow_stream(conclave::net::stream(std::move(pair.client)), width));
    try {
        run(context, [&] { return read_reply(exchange, way, limit, read); });
    } catch (const conclave::error& failure) {
        read.error_code = failure.code().value();
        read.what = failure.what();
    }
    read.heard = exchange.heard();
    read.reusable = exchange.reusable() && exchange.rest().done();
    return read;
}

}  // namespace running
