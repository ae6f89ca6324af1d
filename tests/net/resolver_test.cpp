#include "net/machine_delay.hpp"
#include "running.hpp"

#include <conclave/net/clocks.hpp>
#include <conclave/net/resolver.hpp>
#include <conclave/net/task_group.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

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

using addresses = std::vector<asio::ip::address>;
using resolver = net::resolver<std::chrono::steady_clock>;

addresses one_address(const char* text) { return addresses(1, asio::ip::make_address(text)); }

// A lookup that takes a while, or for ever, and counts.
struct counting_lookup {
    std::chrono::milliseconds takes{0};
    addresses found = one_address("192.0.2.1");
    std::map<std::string, int> started;
    int cancelled = 0;
    bool throws = false;

    net::resolve_options options(std::chrono::milliseconds cache_time = 0ms) {
        net::resolve_options made;
        made.lookup = [this](std::string host) { return look_up(host); };
        made.cache_time = cache_time;
        return made;
    }

private:
    asio::awaitable<addresses> look_up(std::string host) {
        ++started[host];
        asio::steady_timer timer(co_await asio::this_coro::executor, takes);
        net::error_code ended;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        if (ended) ++cancelled;
        if (throws) throw std::runtime_error("the name server is on holiday");
        co_return found;
    }
};

// One call for addresses, and what came of it.
struct query {
    void start(asio::io_context& context, resolver& from, std::string host) {
        const auto caller = [this, &from, host]() -> asio::awaitable<void> {
            try {
                found = co_await from.resolve(host);
            } catch (const error& thrown) {
                failure = thrown;
            }
            ended = true;
            at = std::chrono::steady_clock::now();
        };
        asio::co_spawn(asio::make_strand(context), caller,
                       asio::bind_cancellation_slot(stop.slot(), asio::detached));
    }

    asio::cancellation_signal stop;
    addresses found;
    error failure{errc{}, "no error"};
    bool ended = false;
    std::chrono::steady_clock::time_point at;
};

addresses resolve(const std::string& host) {
    asio::io_context context;
    resolver names(context.get_executor(), {});
    addresses found;
    running::run(context, [&]() -> asio::awaitable<void> { found = co_await names.resolve(host); });
    return found;
}

TEST(Resolver, TakesLiteralAddressesAsTheyAreWithoutALookup) {
    for (const std::string literal : {"192.0.2.7", "2001:db8::1", "::1"}) {
        counting_lookup lookup;
        asio::io_context context;
        resolver names(context.get_executor(), lookup.options());
        query one;
        one.start(context, names, literal);
        context.run_for(stall);
        ASSERT_EQ(one.found.size(), 1u);
        EXPECT_EQ(one.found[0].to_string(), literal);
        EXPECT_TRUE(lookup.started.empty());
    }
}

TEST(Resolver, FindsThisMachine) {
    const auto found = resolve("localhost");
    ASSERT_FALSE(found.empty());
    for (const auto& each : found)
        EXPECT_TRUE(each.is_loopback());
}

TEST(Resolver, ReportsANameThatDoesNotExist) {
    const error failure = error_of([] { resolve("no-such-host.invalid"); });
    EXPECT_EQ(failure.code(), errc::resolve_failed);
    EXPECT_NE(std::string(failure.what()).find("no-such-host.invalid"), std::string::npos);
    EXPECT_TRUE(failure.details().cause);
}

TEST(Resolver, WaitsForASlowLookup) {
    const auto found = resolve("patient.slow.test");
    ASSERT_FALSE(found.empty());
    EXPECT_TRUE(found[0].is_loopback());
}

TEST(Resolver, MakesOneLookupForAllWhoAskAtTheSameTime) {
    counting_lookup lookup;
    lookup.takes = 30ms;
    asio::io_context context;
    resolver names(context.get_executor(), lookup.options());
    std::deque<query> all(20);
    for (auto& each : all)
        each.start(context, names, "a.test");
    query other;
    other.start(context, names, "b.test");
    context.run_for(stall);
    for (auto& each : all)
        EXPECT_EQ(each.found, lookup.found);
    EXPECT_EQ(lookup.started["a.test"], 1);
    EXPECT_EQ(lookup.started["b.test"], 1);

    query later;
    later.start(context, names, "a.test");
    context.restart();
    context.run_for(stall);
    EXPECT_EQ(lookup.started["a.test"], 2) << "there is no cache here";
}

TEST(Resolver, RemembersAddressesForAWhileUnlessToldToForgetThem) {
    counting_lookup lookup;
    asio::io_context context;
    resolver names(context.get_executor(), lookup.options(150ms));
    const auto ask = [&] {
        query one;
        one.start(context, names, "a.test");
        context.restart();
        context.run_for(stall);
        EXPECT_EQ(one.found, lookup.found);
    };
    ask();
    ask();
    EXPECT_EQ(lookup.started["a.test"], 1);
    names.forget("a.test");
    ask();
    EXPECT_EQ(lookup.started["a.test"], 2);
    std::this_thread::sleep_for(160ms);
    ask();
    EXPECT_EQ(lookup.started["a.test"], 3);
}

TEST(Resolver, ReportsFailuresToAllWhoWaitAndRemembersNone) {
    for (const bool throws : {false, true}) {
        counting_lookup lookup;
        lookup.throws = throws;
        lookup.found.clear();
        asio::io_context context;
        resolver names(context.get_executor(), lookup.options(10s));
        std::deque<query> all(3);
        for (int round = 1; round <= 2; ++round) {
            for (auto& each : all)
                each.start(context, names, "a.test");
            context.restart();
            context.run_for(stall);
            for (auto& each : all) {
                EXPECT_EQ(each.failure.code(), errc::resolve_failed);
                const std::string what = each.failure.what();
                EXPECT_NE(what.find("a.test"), std::string::npos);
                EXPECT_NE(what.find(throws ? "holiday" : "no address"), std::string::npos) << what;
            }
            EXPECT_EQ(lookup.started["a.test"], round);
        }
    }
}

TEST(Resolver, OneWhoIsCancelledLeavesTheLookupToTheOthersAndTheLastStopsIt) {
    counting_lookup lookup;
    lookup.takes = stall;
    asio::io_context context;
    resolver names(context.get_executor(), lookup.options());
    std::deque<query> all(2);
    for (auto& each : all)
        each.start(context, names, "a.test");
    context.run_for(20ms);
    all[0].stop.emit(asio::cancellation_type::terminal);
    context.run_for(20ms);
    EXPECT_TRUE(all[0].ended);
    EXPECT_EQ(all[0].failure.code(), errc::cancelled);
    EXPECT_FALSE(all[1].ended);
    EXPECT_EQ(lookup.cancelled, 0);
    all[1].stop.emit(asio::cancellation_type::terminal);
    context.run_for(at_once);
    EXPECT_TRUE(all[1].ended);
    EXPECT_EQ(lookup.cancelled, 1);
    EXPECT_TRUE(context.stopped()) << "nothing is left";
}

TEST(Resolver, GivesTheNextOneALookupOfHisOwnWhenOneWasLeft) {
    counting_lookup lookup;
    lookup.takes = 50ms;
    asio::io_context context;
    resolver names(context.get_executor(), lookup.options());
    query left;
    left.start(context, names, "a.test");
    context.run_for(10ms);
    left.stop.emit(asio::cancellation_type::terminal);
    query next;
    next.start(context, names, "a.test");
    context.run_for(stall);
    EXPECT_EQ(left.failure.code(), errc::cancelled);
    EXPECT_EQ(next.found, lookup.found);
    EXPECT_EQ(lookup.started["a.test"], 2);
}

// Ends when it wants to, whatever it is told.
asio::awaitable<addresses> deaf_lookup(std::string) {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto end = std::chrono::steady_clock::now() + 300ms;
    while (std::chrono::steady_clock::now() < end) {
        timer.expires_at(end);
        net::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return one_address("192.0.2.1");
}

TEST(Resolver, DoesNotWaitForALookupThatDoesNotHeedItsCancellation) {
    asio::io_context context;
    net::resolve_options options;
    options.lookup = deaf_lookup;
    resolver names(context.get_executor(), options);
    query one;
    one.start(context, names, "a.test");
    context.run_for(20ms);
    const running::machine_delay delay;
    const auto begin = std::chrono::steady_clock::now();
    one.stop.emit(asio::cancellation_type::terminal);
    context.run_for(stall);
    EXPECT_EQ(one.failure.code(), errc::cancelled);
    EXPECT_LT(one.at - begin, 200ms + delay.longest());
}

TEST(Resolver, ServesManyThreads) {
    std::atomic<int> lookups = 0;
    std::atomic<int> found = 0;
    std::atomic<int> cancelled = 0;
    net::resolve_options options;
    options.cache_time = 1ms;
    options.lookup = [&](std::string) -> asio::awaitable<addresses> {
        ++lookups;
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        net::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return one_address("192.0.2.1");
    };
    constexpr int callers = 64;
    {
        threads workers(4);
        resolver names(workers.context.get_executor(), options);
        const auto caller = [&]() -> asio::awaitable<void> {
            for (int i = 0; i < 50; ++i) {
                const auto got = co_await names.resolve("host" + std::to_string(i % 3));
                found += got.size() == 1 ? 1 : 0;
            }
        };
        const auto impatient = [&]() -> asio::awaitable<void> {
            for (int i = 0; i < 50; ++i) {
                const auto strand = co_await asio::this_coro::executor;
                net::task_group group(strand);
                net::clocks<asio::steady_timer> clocks(strand, group.stopper());
                clocks.start(errc::resolve_timeout, 1ms);
                const auto lookup = [&]() -> asio::awaitable<void> {
                    (void)co_await names.resolve("host" + std::to_string(i % 3));
                };
                group.spawn(lookup);
                try {
                    co_await group.join();
                } catch (const std::exception&) {
                    ++cancelled;
                }
            }
        };
        for (int i = 0; i < callers; ++i) {
            asio::co_spawn(asio::make_strand(workers.context), caller, asio::detached);
            asio::co_spawn(asio::make_strand(workers.context), impatient, asio::detached);
        }
        workers.join();
    }
    EXPECT_EQ(found, callers * 50);
    EXPECT_LT(lookups, callers * 50);
    EXPECT_GT(cancelled, 0);
}

TEST(AddressCache, HoldsTheNewest64Hosts) {
    net::address_cache<std::chrono::steady_clock> cache(stall);
    for (int i = 0; i < 70; ++i) {
        cache.put("host" + std::to_string(i), one_address("192.0.2.1"));
        std::this_thread::sleep_for(std::chrono::microseconds(1));
    }
    EXPECT_FALSE(cache.find("host0"));
    EXPECT_FALSE(cache.find("host5"));
    EXPECT_TRUE(cache.find("host6"));
    EXPECT_TRUE(cache.find("host69"));
}

// The time at which the coroutine went on, which is not when the context came to rest: that has to
// wait for the lookup.
TEST(Resolver, CancelledDuringALookupReturnsAtOnce) {
    asio::io_context context;
    resolver names(context.get_executor(), {});
    asio::cancellation_signal signal;
    const int ended_before = slow_lookups_ended;
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point returned;
    int code = 0;
    const auto caller = [&]() -> asio::awaitable<void> {
        try {
            (void)co_await names.resolve("cancelled.slow.test");
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

TEST(Resolver, IsAbandonedByADeadline) {
    asio::io_context context;
    resolver names(context.get_executor(), {});
    const int ended_before = slow_lookups_ended;
    running::run(context, [&]() -> asio::awaitable<void> {
        const auto strand = co_await asio::this_coro::executor;
        net::task_group group(strand);
        net::clocks<asio::steady_timer> clocks(strand, group.stopper());
        clocks.set(errc::resolve_timeout, std::chrono::steady_clock::now() + 20ms);
        const auto lookup = [&]() -> asio::awaitable<void> {
            (void)co_await names.resolve("late.slow.test");
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

TEST(Resolver, LeavesNothingBehindWhenItsContextIsDestroyedDuringALookup) {
    const auto token = std::make_shared<int>(1);
    {
        asio::io_context context;
        resolver names(context.get_executor(), {});
        const auto caller = [&names, token]() -> asio::awaitable<void> {
            const auto mine = token;
            (void)co_await names.resolve("destroyed.slow.test");
        };
        asio::co_spawn(context, caller, asio::detached);
        context.run_for(20ms);
        EXPECT_GT(token.use_count(), 1);
    }
    EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
