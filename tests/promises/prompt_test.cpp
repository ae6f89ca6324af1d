// A call that is cancelled, or whose time is up, returns at once, wherever it is.

#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "net/full_backlog.hpp"
#include "net/machine_delay.hpp"
#include "roundtable/panel_world.hpp"

// In the place of the system's: one host has a name server that is slow.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto system = reinterpret_cast<function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    if (host != nullptr && std::strcmp(host, "slow.example") == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(600));
        return EAI_AGAIN;
    }
    return system(host, service, hints, found);
}

namespace conclave::tests {
namespace {

using clock = std::chrono::steady_clock;
using running::machine_delay;
using testing::connection_fault;
using testing::provider_options;

// One call of one seat or more, and everything around it.
class scene {
public:
    explicit scene(provider_options options = provider_options())
        : provider(std::move(options)), with(options_for(provider)) {}

    scripted_provider provider;
    running::full_backlog full;
    client_options with;
    roundtable_request request = roundtable_request("Which database?").resolve_by(resolution::fast);
    std::vector<stream_event> events;
    // Whether the call is where it is to be caught.
    std::function<bool()> is_there = [] { return true; };
    // Whether the same is asked once before, on the same client.
    bool warm_up = false;
    // Whether the provider does not even notice when a client leaves.
    bool is_deaf = false;
};

struct stage {
    std::string name;
    std::function<std::unique_ptr<scene>()> set;
    // Of the test in which that runs out; zero where none can.
    std::chrono::milliseconds timeout = 400ms;
};

bool shows(const scene& here, event_type type, std::size_t count) {
    const auto seen = std::count_if(here.events.begin(), here.events.end(),
                                    [&](const stream_event& each) { return each.type == type; });
    return static_cast<std::size_t>(seen) >= count;
}

// Waits until the provider has so many requests, or connections.
void until_requests(scene& here, std::size_t count) {
    here.is_there = [&here, count] { return here.provider.requests().size() >= count; };
}
void until_connections(scene& here, std::size_t count) {
    here.is_there = [&here, count] { return here.provider.connections() >= count; };
}

std::unique_ptr<scene> seated(std::unique_ptr<scene> here, std::size_t seats) {
    for (std::size_t i = 0; i < seats; ++i)
        here->request.model("m/" + std::to_string(i));
    return here;
}

std::unique_ptr<scene> in_connect() {
    auto here = seated(std::make_unique<scene>(), 2);
    here->with.endpoints[0] = endpoint(here->full.url());
    return here;
}

std::unique_ptr<scene> in_lookup() {
    auto here = seated(std::make_unique<scene>(), 2);
    here->with.endpoints[0] = endpoint("http://slow.example/v1");
    return here;
}

// Several addresses, and nobody answers at any of them.
std::unique_ptr<scene> in_connect_to_many() {
    auto here = in_connect();
    const auto port = here->full.endpoint().port();
    here->with.endpoints[0] = endpoint("http://many.example:" + std::to_string(port) + "/v1");
    here->with.resolve.lookup = [](std::string) -> asio::awaitable<std::vector<asio::ip::address>> {
        co_return std::vector<asio::ip::address>(3, asio::ip::address_v4::loopback());
    };
    return here;
}

std::unique_ptr<scene> in_own_lookup() {
    auto here = in_lookup();
    here->with.resolve.lookup = [](std::string) -> asio::awaitable<std::vector<asio::ip::address>> {
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        co_await never.async_wait(asio::use_awaitable);
        co_return std::vector<asio::ip::address>();
    };
    return here;
}

std::unique_ptr<scene> in_handshake(connection_fault how) {
    auto here = seated(std::make_unique<scene>(provider_options().tls()), 2);
    here->provider.on_connect(how, scripted_provider::every_connection);
    until_connections(*here, 2);
    return here;
}

// A proxy that says nothing more: none of its own words, or no more of TLS.
std::unique_ptr<scene> in_tunnel(const std::string& scheme, connection_fault how) {
    const bool tls = scheme == "https";
    auto here =
        seated(std::make_unique<scene>(tls ? provider_options().tls() : provider_options()), 2);
    here->provider.on_connect(how, scripted_provider::every_connection);
    here->with.connect.proxy.all =
        scheme + "://user:word@127.0.0.1:" + std::to_string(here->provider.port());
    here->with.endpoints[0] = endpoint("https://api.test/v1");
    until_connections(*here, 2);
    return here;
}

std::unique_ptr<scene> in_write() {
    // More than the kernel's two buffers take from a writer whom nobody reads.
    static const std::string much(6 << 20, 'x');
    auto here = std::make_unique<scene>();
    here->request = roundtable_request(much).resolve_by(resolution::fast);
    here = seated(std::move(here), 1);
    here->provider.on_connect(connection_fault::silent, scripted_provider::every_connection);
    here->is_deaf = true;
    until_connections(*here, 1);
    return here;
}

std::unique_ptr<scene> after(scripted_reply reply, bool tls, std::size_t deltas = 0) {
    auto here =
        seated(std::make_unique<scene>(tls ? provider_options().tls() : provider_options()), 3);
    here->provider.otherwise(std::move(reply));
    until_requests(*here, 3);
    if (deltas > 0) {
        scene& place = *here;
        here->is_there = [&place, deltas] { return shows(place, event_type::model_delta, deltas); };
    }
    return here;
}

// One seat has the only connection, the others wait for it.
std::unique_ptr<scene> in_queue() {
    auto here = after(testing::silent(), false);
    here->with.pool.max_connections_per_origin = 1;
    until_requests(*here, 1);
    return here;
}

std::unique_ptr<scene> in_back_off() {
    auto here = after(status(503).retry_after(30s), false);
    scene& place = *here;
    here->is_there = [&place] { return shows(place, event_type::model_retry, 3); };
    return here;
}

std::unique_ptr<scene> on_pooled_connection(bool tls) {
    auto here =
        seated(std::make_unique<scene>(tls ? provider_options().tls() : provider_options()), 1);
    here->provider.on("m/0", answer("warm")).on("m/0", testing::silent());
    here->warm_up = true;
    until_requests(*here, 2);
    return here;
}

std::unique_ptr<scene> in_consolidation() {
    auto here = seated(std::make_unique<scene>(), 2);
    here->request.resolve_by(resolution::summary);
    here->provider.on("m/0", answer("A")).on("m/0", answer("merged at last").stall_in_event(2));
    here->provider.on("m/1", answer("B"));
    scene& place = *here;
    here->is_there = [&place] { return shows(place, event_type::summary_delta, 1); };
    return here;
}

std::vector<stage> stages() {
    std::vector<stage> all;
    const scripted_reply words = answer("one two three");
    all.push_back({"Connect", [] { return in_connect(); }});
    all.push_back({"ConnectToMany", [] { return in_connect_to_many(); }, 700ms});
    all.push_back({"NameLookup", [] { return in_lookup(); }});
    all.push_back({"OwnNameLookup", [] { return in_own_lookup(); }});
    all.push_back({"Queue", [] { return in_queue(); }});
    all.push_back({"SilentHandshake", [] { return in_handshake(connection_fault::silent); }});
    all.push_back(
        {"HalfAHandshake", [] { return in_handshake(connection_fault::half_tls_handshake); }});
    for (const std::string scheme : {"http", "https", "socks5"}) {
        all.push_back(
            {"Tunnel_" + scheme, [=] { return in_tunnel(scheme, connection_fault::silent); }});
    }
    all.push_back({"TunnelHalfAHandshake",
                   [] { return in_tunnel("https", connection_fault::half_tls_handshake); }});
    all.push_back({"Write", [] { return in_write(); }, 1500ms});
    for (const bool tls : {false, true}) {
        const std::string over = tls ? "OverTls" : "Plain";
        all.push_back({"Head" + over, [=] { return after(testing::silent(), tls); }});
        all.push_back({"MidHead" + over,
                       [=] { return after(scripted_reply(words).stall_after_bytes(40), tls); }});
        all.push_back({"MidStream" + over,
                       [=] { return after(scripted_reply(words).stall_in_event(3), tls, 6); }});
        all.push_back({"FlowingStream" + over, [=] {
                           return after(
                               answer(std::vector<std::string>(5'000, "on ")).token_every(1ms), tls,
                               30);
                       }});
        all.push_back({"WholeBody" + over, [=] {
                           return after(scripted_reply(words).always_whole().stall_after_bytes(250),
                                        tls);
                       }});
        all.push_back(
            {"ErrorBody" + over, [=] { return after(status(400).stall_after_bytes(120), tls); }});
        all.push_back({"PooledConnection" + over, [=] { return on_pooled_connection(tls); }});
    }
    all.push_back({"BackOff", [] { return in_back_off(); }, 0ms});
    all.push_back({"Consolidation", [] { return in_consolidation(); }});
    return all;
}

// Runs the scene until the call is where it is to be caught.
class staged_call {
public:
    explicit staged_call(const stage& what) : scene_(what.set()), via_(context_, scene_->with) {
        if (scene_->warm_up) (void)run_to_end(context_, roundtable(via_, scene_->request));
        context_.restart();
    }

    void start() {
        auto on_end = [this](std::exception_ptr thrown, roundtable_response got) {
            ended_at_ = clock::now();
            ended_ = true;
            thrown_ = thrown;
            response_ = std::move(got);
        };
        started_at_ = clock::now();
        asio::co_spawn(context_, watch(via_, scene_->request, scene_->events),
                       asio::bind_cancellation_slot(stop_.slot(), on_end));
    }

    // Whether it got there.
    bool wait_until_there() {
        const auto give_up = clock::now() + 5s;
        while (!scene_->is_there() && clock::now() < give_up && !ended_)
            context_.run_for(2ms);
        context_.run_for(40ms);
        return scene_->is_there() && !ended_;
    }

    // How long it takes to return from there.
    clock::duration cancel() {
        const auto start = clock::now();
        stop_.emit(asio::cancellation_type::terminal);
        wait_for_end();
        return ended_at_ - start;
    }

    void wait_for_end() {
        while (!ended_ && context_.run_one_for(5s) != 0) {
        }
        EXPECT_TRUE(ended_);
    }

    void expect_cancelled() const {
        ASSERT_TRUE(thrown_);
        try {
            std::rethrow_exception(thrown_);
        } catch (const error& failure) {
            EXPECT_EQ(failure.code(), errc::cancelled) << failure.what();
        }
    }

    // Every seat that started has reported once by the time the call returns.
    void expect_all_reported() const {
        for (std::size_t seat = 0; seat < scene_->request.models().size(); ++seat) {
            const auto reports = [&](event_type type) {
                return std::count_if(scene_->events.begin(), scene_->events.end(),
                                     [&](const stream_event& seen) {
                                         return seen.type == type && seen.model_index == seat;
                                     });
            };
            EXPECT_EQ(reports(event_type::model_start), 1);
            EXPECT_EQ(reports(event_type::model_done) + reports(event_type::model_error), 1);
        }
    }

    void expect_all_closed() {
        // A socket closed with bytes unsent says so to its peer only behind them.
        if (scene_->is_deaf) return;
        via_.close_idle_connections();
        auto& provider = scene_->provider;
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }, 500ms));
    }

    scene& place() { return *scene_; }
    const roundtable_response& response() const { return response_; }
    clock::duration took() const { return ended_at_ - started_at_; }

private:
    std::unique_ptr<scene> scene_;
    asio::io_context context_;
    client via_;
    asio::cancellation_signal stop_;
    clock::time_point started_at_;
    clock::time_point ended_at_;
    bool ended_ = false;
    std::exception_ptr thrown_;
    roundtable_response response_;
};

// Of several calls the most prompt one counts: what makes a call wait that has been told to end
// makes every one wait, what a busy machine does to one it does not do to all.
class Prompt : public ::testing::TestWithParam<stage> {};

TEST_P(Prompt, ReturnsWithin50MillisecondsOfACancel) {
    auto shortest = clock::duration::max();
    for (int i = 0; i < 5; ++i) {
        staged_call call(GetParam());
        call.start();
        ASSERT_TRUE(call.wait_until_there());
        const machine_delay delay;
        shortest = std::min(shortest, call.cancel() - delay.longest());
        call.expect_cancelled();
        call.expect_all_reported();
        call.expect_all_closed();
        EXPECT_FALSE(shows(call.place(), event_type::done, 1));
    }
    EXPECT_LT(shortest, 50ms);
}

class PromptDeadline : public ::testing::TestWithParam<stage> {};

TEST_P(PromptDeadline, ReturnsWithin50MillisecondsOfItsTimeAndNotBefore) {
    const auto timeout = GetParam().timeout;
    auto least_late = clock::duration::max();
    for (int i = 0; i < 3; ++i) {
        staged_call call(GetParam());
        call.place().request.timeout(timeout);
        const machine_delay delay;
        call.start();
        call.wait_for_end();
        least_late = std::min(least_late, call.took() - timeout - delay.longest());
        const auto& results = call.response().results;
        ASSERT_FALSE(results.empty());
        call.expect_all_reported();
        call.expect_all_closed();
        if (call.place().request.resolution() == resolution::summary) {
            EXPECT_TRUE(call.response().meta.summary_error.has_value());
        } else {
            for (const auto& result : results) {
                EXPECT_EQ(result.error_code, errc::model_timeout) << result.error.value_or("none");
                EXPECT_GE(result.duration, timeout);
            }
        }
        EXPECT_GE(call.took(), timeout);
    }
    EXPECT_LT(least_late, 50ms);
}

class PromptPanelDeadline : public ::testing::TestWithParam<stage> {};

TEST_P(PromptPanelDeadline, ReturnsWithin50MillisecondsOfItsTimeAndNotBefore) {
    const auto limit = GetParam().timeout;
    auto least_late = clock::duration::max();
    for (int i = 0; i < 3 && least_late >= 50ms; ++i) {
        staged_call call(GetParam());
        call.place().request.deadline(limit);
        const machine_delay delay;
        call.start();
        call.wait_for_end();
        EXPECT_GE(call.took(), limit);
        least_late = std::min(least_late, call.took() - limit - delay.longest());
        call.expect_all_reported();
        call.expect_all_closed();
        const auto& response = call.response();
        if (call.place().request.resolution() == resolution::summary) {
            EXPECT_EQ(response.meta.summary_error, error(errc::panel_timeout).what());
            continue;
        }
        for (const auto& result : response.results)
            EXPECT_EQ(result.error_code, errc::panel_timeout) << result.error.value_or("none");
    }
    EXPECT_LT(least_late, 50ms);
}

std::vector<stage> stages_with_deadline() {
    std::vector<stage> all = stages();
    std::erase_if(all, [](const stage& each) { return each.timeout == 0ms; });
    return all;
}

void PrintTo(const stage& each, std::ostream* out) { *out << each.name; }

INSTANTIATE_TEST_SUITE_P(In, Prompt, ::testing::ValuesIn(stages()),
                         [](const auto& each) { return each.param.name; });
INSTANTIATE_TEST_SUITE_P(In, PromptDeadline, ::testing::ValuesIn(stages_with_deadline()),
                         [](const auto& each) { return each.param.name; });
INSTANTIATE_TEST_SUITE_P(In, PromptPanelDeadline, ::testing::ValuesIn(stages_with_deadline()),
                         [](const auto& each) { return each.param.name; });

// A name server that is slow for one host holds up nobody who asks for another one's literal
// address.
TEST(PromptLookup, ASlowNameHoldsUpNobodyElse) {
    scripted_provider provider;
    provider.otherwise(answer("A"));
    client_options options = options_for(provider);
    options.endpoints.emplace_back("http://slow.example/v1");
    options.endpoints.back().prefix = "slow/";
    roundtable_request request("Which database?");
    request.model("slow/one").model("m/a").timeout(200ms).resolve_by(resolution::fast);
    const machine_delay delay;
    const panel_run run(options, request);
    EXPECT_EQ(run.response.results[0].error_code, errc::model_timeout);
    EXPECT_EQ(run.response.results[1].text(), "A");
    EXPECT_LT(run.response.results[1].duration, 150ms + delay.longest());
    EXPECT_LT(run.response.meta.total_duration, 300ms + delay.longest());
}

}  // namespace
}  // namespace conclave::tests
