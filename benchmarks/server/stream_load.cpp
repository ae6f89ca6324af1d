// Opens streams and reads them to their end:
//
//   stream_load PORT PATH BODY MARK ROUNDS EACH SPREAD_MS HOLD_MS
//
// ROUNDS rounds begin, spread over SPREAD_MS at random, but the same every time: evenly spread they
// would beat with a provider that writes at even pauses. Each is of EACH requests at once. Prints
// as JSON for each round the milliseconds from its beginning until the first of its responses has
// MARK in it, the bytes of all bodies, and how many streams came to their end within HOLD_MS; 0 is
// without limit.

#include <conclave/net/asio.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = conclave::asio;
using tcp = asio::ip::tcp;
using clock_type = std::chrono::steady_clock;

struct load {
    unsigned short port;
    std::string request;
    std::string mark;
    std::vector<double> first;
    std::size_t bytes = 0;
    std::size_t complete = 0;
};

asio::awaitable<void> read_stream(load& all, std::size_t round, clock_type::time_point began) {
    tcp::socket socket(co_await asio::this_coro::executor);
    const tcp::endpoint where(asio::ip::address_v4::loopback(), all.port);
    co_await socket.async_connect(where, asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    co_await asio::async_write(socket, asio::buffer(all.request), asio::use_awaitable);
    std::array<char, 16 * 1024> buffer;
    std::string head;  // as long as the mark has not been seen
    bool seen = false;
    std::string tail;
    for (;;) {
        conclave::net::error_code failed;
        const std::size_t size = co_await socket.async_read_some(
            asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, failed));
        const std::string_view piece(buffer.data(), size);
        all.bytes += size;
        if (!seen) {
            head += piece;
            seen = head.find(all.mark) != head.npos;
            if (seen) {
                const std::chrono::duration<double, std::milli> took = clock_type::now() - began;
                all.first[round] = std::min(all.first[round], took.count());
            }
        }
        tail.append(piece);
        if (tail.size() > 64) tail.erase(0, tail.size() - 64);
        if (failed) break;
    }
    if (tail.find("[DONE]") != tail.npos) ++all.complete;
}

asio::awaitable<void> begin_rounds(load& all, std::size_t each, std::chrono::milliseconds spread) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor);
    const auto start = clock_type::now();
    const std::size_t rounds = all.first.size();
    std::minstd_rand random;
    for (std::size_t i = 0; i < rounds; ++i) {
        const double place = static_cast<double>(i) + static_cast<double>(random()) / random.max();
        const std::chrono::duration<double> after = spread * place / static_cast<double>(rounds);
        pause.expires_at(start + std::chrono::duration_cast<clock_type::duration>(after));
        co_await pause.async_wait(asio::use_awaitable);
        const auto now = clock_type::now();
        for (std::size_t k = 0; k < each; ++k)
            asio::co_spawn(executor, read_stream(all, i, now), asio::detached);
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 9) return 2;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    const std::string body = arguments[3];
    load all;
    all.port = static_cast<unsigned short>(std::atoi(arguments[1]));
    all.request = std::string("POST ") + arguments[2] +
                  " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                  "Content-Type: application/json\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body;
    all.mark = arguments[4];
    all.first.assign(static_cast<std::size_t>(std::atoi(arguments[5])), 1e9);
    const auto each = static_cast<std::size_t>(std::atoi(arguments[6]));
    const std::chrono::milliseconds spread(std::atoi(arguments[7]));
    const std::chrono::milliseconds hold(std::atoi(arguments[8]));

    asio::io_context context(1);
    asio::co_spawn(context, begin_rounds(all, each, spread), asio::detached);
    const auto began = clock_type::now();
    if (hold.count() > 0) {
        context.run_for(hold);
    } else {
        context.run();
    }
    const std::chrono::duration<double> took = clock_type::now() - began;
    std::printf("{\"seconds\":%f,\"bytes\":%zu,\"complete\":%zu,\"first_ms\":[", took.count(),
                all.bytes, all.complete);
    for (std::size_t i = 0; i < all.first.size(); ++i)
        std::printf("%s%.4f", i == 0 ? "" : ",", all.first[i]);
    std::printf("]}\n");
}
