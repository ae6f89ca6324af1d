#include "running.hpp"

#include <conclave/net/clocks.hpp>
#include <conclave/net/resolve.hpp>
#include <conclave/net/task_group.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

// Stands before the C library's function of this name in this whole program: names that end in
// ".slow.test" take as long as a name server that does not answer, and are then this machine's.
namespace {
constexpr std::chrono::milliseconds slowness{700};
std::atomic<int> slow_lookups_ended = 0;
}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** results) {
    using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto original = reinterpret_cast<function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    if (node == nullptr || !std::string_view(node).ends_with(".slow.test")) {
        return original(node, service, hints, results);
    }
    std::this_thread::sleep_for(slowness);
    const int outcome = original("127.0.0.1", service, hints, results);
    ++slow_lookups_ended;
    return outcome;
}

namespace {

using namespace conclave;
using namespace running;

std::vector<asio::ip::tcp::endpoint> resolve(const std::string& host, std::uint16_t port) {
    std::vector<asio::ip::tcp::endpoint> found;
    running::run([&]() -> asio::awaitable<void> { found = co_await net::resolve(host, port); });
    return found;
}

TEST(Resolve, TakesLiteralAddressesAsTheyAre) {
    const auto v4 = resolve("192.0.2.7", 443);
    ASSERT_EQ(v4.size(), 1u);
    EXPECT_EQ(v4[0].address().to_string(), "192.0.2.7");
    EXPECT_EQ(v4[0].port(), 443);
    const auto v6 = resolve("2001:db8::1", 80);
    ASSERT_EQ(v6.size(), 1u);
    EXPECT_EQ(v6[0].address().to_string(), "2001:db8::1");
    EXPECT_EQ(v6[0].port(), 80);
}

TEST(Resolve, FindsThisMachine) {
    const auto found = resolve("localhost", 8080);
    ASSERT_FALSE(found.empty());
    for (const auto& each : found) {
        EXPECT_TRUE(each.address().is_loopback());
        EXPECT_EQ(each.port(), 8080);
    }
}

TEST(Resolve, ReportsANameThatDoesNotExist) {
    const error failure = error_of([] { resolve("no-such-host.invalid", 443); });
    EXPECT_EQ(failure.code(), errc::resolve_failed);
    EXPECT_NE(std::string(failure.what()).find("no-such-host.invalid"), std::string::npos);
    EXPECT_TRUE(failure.details().cause);
}

TEST(Resolve, WaitsForASlowLookup) {
    const auto found = resolve("patient.slow.test", 1);
    ASSERT_FALSE(found.empty());
    EXPECT_TRUE(found[0].address().is_loopback());
}

// The time at which the coroutine went on, which is not when the context came to rest: that has to
// wait for the lookup.
TEST(Resolve, CancelledDuringALookupReturnsAtOnce) {
    asio::io_context context;
    asio::cancellation_signal signal;
    const int ended_before = slow_lookups_ended;
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point returned;
    int code = 0;
    const auto caller = [&]() -> asio::awaitable<void> {
        try {
            co_await net::resolve("cancelled.slow.test", 1);
        } catch (const error& failure) {
            code = failure.code().value();
        }
        returned = std::chrono::steady_clock::now();
        EXPECT_EQ(slow_lookups_ended, ended_before);
    };
    asio::co_spawn(context, caller, asio::bind_cancellation_slot(signal.slot(), asio::detached));
    asio::steady_timer timer(context, 20ms);
    timer.async_wait([&](net::error_code) { signal.emit(asio::cancellation_type::terminal); });
    context.run_for(stall);
    EXPECT_EQ(code, static_cast<int>(errc::cancelled));
    EXPECT_LT(returned - begin, slowness);
    EXPECT_EQ(slow_lookups_ended, ended_before + 1) << "run() ends no earlier than the lookup";
}

TEST(Resolve, IsAbandonedByADeadline) {
    asio::io_context context;
    const int ended_before = slow_lookups_ended;
    running::run(context, [&]() -> asio::awaitable<void> {
        const auto strand = co_await asio::this_coro::executor;
        net::task_group group(strand);
        net::clocks<asio::steady_timer> clocks(strand, group.stopper());
        clocks.set(errc::resolve_timeout, std::chrono::steady_clock::now() + 20ms);
        const auto lookup = []() -> asio::awaitable<void> {
            co_await net::resolve("late.slow.test", 1);
        };
        group.spawn(lookup);
        bool thrown = false;
        try {
            co_await group.join();
        } catch (const error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(clocks.expired(), errc::resolve_timeout);
        EXPECT_EQ(slow_lookups_ended, ended_before);
    });
    // What the lookup brings at last is thrown away.
    EXPECT_EQ(slow_lookups_ended, ended_before + 1);
}

TEST(Resolve, LeavesNothingBehindWhenItsContextIsDestroyedDuringALookup) {
    const auto token = std::make_shared<int>(1);
    {
        asio::io_context context;
        const auto caller = [token]() -> asio::awaitable<void> {
            const auto mine = token;
            co_await net::resolve("destroyed.slow.test", 1);
        };
        asio::co_spawn(context, caller, asio::detached);
        context.run_for(20ms);
        EXPECT_GT(token.use_count(), 1);
    }
    EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
