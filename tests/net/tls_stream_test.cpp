// `stream` with TLS, and with TLS inside TLS, on real sockets.

#include "made_certificates.hpp"
#include "raw_server.hpp"
#include "running.hpp"

#include <conclave/net/stream.hpp>
#include <conclave/net/tls.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace running;
using net::error_code;

/// Reads and writes the innermost of a server's layers, one record at once.
struct server_side {
    std::function<std::size_t(asio::mutable_buffer)> read_some;
    std::function<void(const std::string&)> write;
};

/// A server with so many layers of TLS, one inside the other.
class layered_server {
public:
    using session = std::function<void(const server_side&)>;

    layered_server(int layers, session serve)
        : context_(asio::ssl::context::tls_server), server_([=, this](tcp::socket& socket, int) {
              asio::ssl::stream<tcp::socket&> outer(socket, context_);
              outer.handshake(asio::ssl::stream_base::server);
              if (layers == 1) return serve(side(outer));
              asio::ssl::stream<asio::ssl::stream<tcp::socket&>&> inner(outer, context_);
              inner.handshake(asio::ssl::stream_base::server);
              serve(side(inner));
          }) {
        const std::string pem = certificate_.pem();
        const std::string key = certificate_.key_pem();
        context_.use_certificate(asio::buffer(pem), asio::ssl::context::pem);
        context_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
        net::tls_options options;
        options.ca_pem = authority_.pem();
        trust_ = net::make_tls_context(options);
    }

    asio::awaitable<net::stream> connect(int layers) const {
        tcp::socket socket(co_await asio::this_coro::executor);
        const tcp::endpoint to(asio::ip::address_v4::loopback(), server_.port());
        co_await socket.async_connect(to, asio::use_awaitable);
        net::stream made(std::move(socket));
        for (int i = 0; i < layers; ++i)
            co_await made.start_tls(*trust_, "a.test");
        co_return made;
    }

private:
    template <class Stream>
    static server_side side(Stream& of) {
        return {[&of](asio::mutable_buffer into) { return of.read_some(into); },
                [&of](const std::string& text) { running::write(of, text); }};
    }

    const made_certificate authority_ = make_certificate(authority_plan("an authority"));
    const made_certificate certificate_ = make_certificate(server_plan("DNS:a.test"), &authority_);
    asio::ssl::context context_;
    std::shared_ptr<asio::ssl::context> trust_;
    raw_server server_;
};

class TlsStream : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Layers, TlsStream, ::testing::Values(1, 2));

/// Cancels `operation` after 30 ms, and expects that it fails so, at once.
template <class Operation>
void expect_prompt_cancellation(const layered_server& server, int layers, Operation operation) {
    asio::io_context context;
    std::optional<net::stream> connected;
    run(context, [&]() -> asio::awaitable<void> { connected = co_await server.connect(layers); });
    context.restart();
    asio::cancellation_signal signal;
    asio::steady_timer timer(context, 30ms);
    std::chrono::steady_clock::time_point told;
    timer.async_wait([&](error_code) {
        told = std::chrono::steady_clock::now();
        signal.emit(asio::cancellation_type::terminal);
    });
    error_code failure;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await operation(*connected, failure);
        EXPECT_LT(std::chrono::steady_clock::now() - told, at_once);
    };
    asio::co_spawn(context, work, asio::bind_cancellation_slot(signal.slot(), asio::detached));
    context.run_for(stall);
    EXPECT_EQ(failure, asio::error::operation_aborted) << failure.message();
    EXPECT_TRUE(connected->is_open());
    connected->reset();
    EXPECT_FALSE(connected->is_open());
}

TEST_P(TlsStream, CancelsAWriteThatNobodyReads) {
    std::atomic<bool> over = false;
    const layered_server server(GetParam(), [&](const server_side&) { over.wait(false); });
    const std::string body(64 << 20, 'x');
    expect_prompt_cancellation(server, GetParam(), [&](net::stream& to, error_code& failure) {
        const std::array<asio::const_buffer, 2> buffers = {asio::buffer("head", 4),
                                                           asio::buffer(body)};
        return to.write(buffers, failure);
    });
    over = true;
    over.notify_all();
}

TEST_P(TlsStream, CancelsAReadToWhichNothingComes) {
    std::atomic<bool> over = false;
    const layered_server server(GetParam(), [&](const server_side&) { over.wait(false); });
    std::array<char, 100> bytes;
    expect_prompt_cancellation(server, GetParam(), [&](net::stream& from, error_code& failure) {
        return from.read_some(asio::buffer(bytes), failure);
    });
    over = true;
    over.notify_all();
}

TEST_P(TlsStream, ReportsACancelBetweenTwoRecordsLikeOneInAWait) {
    std::atomic<bool> over = false;
    const layered_server server(GetParam(), [&](const server_side&) { over.wait(false); });
    asio::io_context context;
    std::optional<net::stream> connected;
    run(context,
        [&]() -> asio::awaitable<void> { connected = co_await server.connect(GetParam()); });
    context.restart();
    // The kernel takes all of it at once.
    const std::string body(4 * 16'384, 'x');
    const std::array<asio::const_buffer, 2> buffers = {asio::const_buffer(), asio::buffer(body)};
    asio::cancellation_signal signal;
    error_code failure;
    std::size_t written = 0;
    const auto work = [&]() -> asio::awaitable<void> {
        asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); });
        written = co_await connected->write(buffers, failure);
    };
    asio::co_spawn(context, work, asio::bind_cancellation_slot(signal.slot(), asio::detached));
    context.run_for(stall);
    EXPECT_EQ(failure, asio::error::operation_aborted) << failure.message();
    EXPECT_GT(written, 0u);
    EXPECT_LT(written, body.size());
    over = true;
    over.notify_all();
}

// The sizes of the records in which a head and a body come.
std::vector<std::size_t> record_sizes(int layers, const std::string& head,
                                      const std::string& body) {
    std::vector<std::size_t> sizes;
    std::string heard;
    {
        const layered_server server(layers, [&](const server_side& from) {
            std::array<char, 20'000> bytes;
            while (heard.size() < head.size() + body.size()) {
                sizes.push_back(from.read_some(asio::buffer(bytes)));
                heard.append(bytes.data(), sizes.back());
            }
            from.write("ok");
        });
        run([&]() -> asio::awaitable<void> {
            net::stream to = co_await server.connect(layers);
            const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head),
                                                               asio::buffer(body)};
            error_code failure;
            const std::size_t written = co_await to.write(buffers, failure);
            EXPECT_EQ(written, head.size() + body.size());
            std::array<char, 2> answer;
            co_await to.read_some(asio::buffer(answer), failure);
            EXPECT_FALSE(failure) << failure.message();
        });
    }
    EXPECT_TRUE(heard == head + body);
    return sizes;
}

TEST_P(TlsStream, WritesHeadAndBodyInAsFewRecordsAsTheyFitInto) {
    using sizes = std::vector<std::size_t>;
    const std::size_t full = 16'384;
    const auto of = [](std::size_t size) { return std::string(size, 'x'); };
    const int layers = GetParam();
    EXPECT_EQ(record_sizes(layers, of(300), of(2'000)), (sizes{2'300}));
    EXPECT_EQ(record_sizes(layers, of(300), ""), (sizes{300}));
    EXPECT_EQ(record_sizes(layers, of(300), of(full)), (sizes{full, 300}));
    EXPECT_EQ(record_sizes(layers, of(full), of(5)), (sizes{full, 5}));
    EXPECT_EQ(record_sizes(layers, of(full + 1), of(3 * full)), (sizes{full, full, full, full, 1}));
}

TEST_P(TlsStream, WorksWhereverItIsMovedTo) {
    const layered_server server(GetParam(), [](const server_side& with) {
        std::array<char, 100> bytes;
        with.write("answer to " + std::string(bytes.data(), with.read_some(asio::buffer(bytes))));
        with.read_some(asio::buffer(bytes));
    });
    run([&]() -> asio::awaitable<void> {
        net::stream first = co_await server.connect(GetParam());
        auto second = std::make_unique<net::stream>(std::move(first));
        EXPECT_FALSE(first.is_open());
        first.close();
        std::array<char, 100> bytes;
        error_code failure;
        EXPECT_EQ(second->read_available(asio::buffer(bytes), failure), 0u);
        EXPECT_EQ(failure, asio::error::would_block);
        const std::array<asio::const_buffer, 2> buffers = {asio::buffer("a", 1),
                                                           asio::buffer("b", 1)};
        co_await second->write(buffers, failure);
        net::stream third = std::move(*second);
        second.reset();
        const std::size_t size = co_await third.read_some(asio::buffer(bytes), failure);
        EXPECT_EQ(std::string(bytes.data(), size), "answer to ab") << failure.message();
    });
}

TEST_P(TlsStream, LetsOthersRunWhileItsPeerIsFasterThanItsReader) {
    const layered_server server(GetParam(), [](const server_side& to) {
        const std::string much(1 << 20, 'x');
        while (true)
            to.write(much);
    });
    asio::io_context context;
    asio::steady_timer timer(context);
    bool has_fired = false;
    run(context, [&]() -> asio::awaitable<void> {
        net::stream from = co_await server.connect(GetParam());
        timer.expires_after(20ms);
        timer.async_wait([&](error_code) { has_fired = true; });
        std::array<char, 64> bytes;
        error_code failure;
        const auto give_up = std::chrono::steady_clock::now() + stall;
        while (!has_fired && !failure && std::chrono::steady_clock::now() < give_up)
            co_await from.read_some(asio::buffer(bytes), failure);
        EXPECT_TRUE(has_fired) << failure.message();
    });
}

}  // namespace
