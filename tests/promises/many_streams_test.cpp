// Thousands of streams at once in one process: all are answered, what they take of memory is
// bounded, and a deadline among them is kept.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "child_provider.hpp"
#include "descriptors.hpp"
#include "net/machine_delay.hpp"
#include "net/sanitized.hpp"
#include "roundtable/panel_world.hpp"

namespace conclave::tests {
namespace {

using running::child_provider;
using running::descriptor_limit;
using running::machine_delay;
using running::with_address_sanitizer;

// A sanitizer's shadows and red zones make everything several times as slow and as large.
std::size_t affordable(std::size_t streams) {
    if (!with_address_sanitizer) return streams;
    std::cout << "under the address sanitizer: " << streams / 10 << " streams instead of "
              << streams << "\n";
    return streams / 10;
}

// Resident, in KiB.
std::size_t memory_in_use() {
    std::ifstream pages("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    pages >> all >> resident;
    return resident * (static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024);
}

// Streams of one client that are opened, a few at a time, and kept open together.
class many_streams {
public:
    many_streams(client& via, std::size_t count) : via_(via), count_(count) {}

    void start() {
        for (std::size_t i = 0; i < std::min<std::size_t>(count_, opening_at_once); ++i)
            start_next();
    }

    // Runs until all streams show a token, and have ended none.
    bool wait_until_open(asio::io_context& context) {
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (begun_ < count_ && ended_ == 0 && std::chrono::steady_clock::now() < give_up)
            context.run_one_for(100ms);
        return begun_ == count_ && ended_ == 0;
    }

    std::size_t begun() const { return begun_; }
    std::size_t ended() const { return ended_; }
    const std::vector<std::string>& failures() const { return failures_; }
    // Those that gave this answer to its end.
    std::size_t answered(const std::string& text) const {
        return static_cast<std::size_t>(std::count(answers_.begin(), answers_.end(), text));
    }

private:
    static constexpr std::size_t opening_at_once = 200;

    void start_next() {
        if (started_ == count_) return;
        ++started_;
        asio::co_spawn(via_.get_executor(), one_stream(), asio::detached);
    }

    asio::awaitable<void> one_stream() {
        bool is_first = true;
        const auto on_delta = [&](const delta&) {
            if (!is_first) return;
            is_first = false;
            ++begun_;
            start_next();
        };
        call what("m", "Which database?");
        what.max_retries(0).timeout(120s);
        std::string text;
        try {
            const auto got = co_await complete(via_, std::move(what), on_delta);
            text = got.text;
        } catch (const std::exception& failure) {
            failures_.emplace_back(failure.what());
        }
        ++ended_;
        answers_.push_back(std::move(text));
        if (is_first) start_next();
    }

    client& via_;
    std::size_t count_;
    std::size_t started_ = 0;
    std::size_t begun_ = 0;
    std::size_t ended_ = 0;
    std::vector<std::string> answers_;
    std::vector<std::string> failures_;
};

// The first words come at once, and the last ones when the provider is told to skip the pause.
scripted_reply words_and_a_pause() {
    return answer(std::vector<std::string>{"Use ", "Postgres."}).token_every(1h);
}
const std::string whole_answer = "Use Postgres.";

client_options patient_options(const child_provider& provider) {
    client_options options;
    options.endpoints.emplace_back(provider.base_url());
    options.timeouts.idle_timeout = 120s;
    return options;
}

void expect_all_answered(const many_streams& streams, std::size_t count) {
    EXPECT_EQ(streams.ended(), count);
    EXPECT_EQ(streams.answered(whole_answer), count);
    if (!streams.failures().empty()) {
        ADD_FAILURE() << streams.failures().size() << " failed: " << streams.failures().front();
    }
}

// Opens all, and lets them end.
void expect_open_together(std::size_t count) {
    const child_provider provider([](scripted_provider& p) { p.otherwise(words_and_a_pause()); });
    asio::io_context context;
    client via(context, patient_options(provider));
    many_streams streams(via, count);
    const auto start = std::chrono::steady_clock::now();
    streams.start();
    ASSERT_TRUE(streams.wait_until_open(context))
        << streams.begun() << " begun, " << streams.ended() << " ended"
        << (streams.failures().empty() ? "" : ": " + streams.failures().front());
    EXPECT_EQ(provider.seen().open_connections, count);
    const auto opened = std::chrono::steady_clock::now() - start;
    provider.skip_pauses();
    context.run();
    expect_all_answered(streams, count);
    EXPECT_LE(via.idle_connections(), via.options().pool.max_idle_per_origin);
    std::cout << count << " streams open after " << opened / 1ms << " ms, ended after "
              << (std::chrono::steady_clock::now() - start) / 1ms << " ms\n";
}

// What a thousand streams take while all of them are open, in KiB.
void expect_memory_of_a_thousand(const testing::provider_options& kind, const std::string& scheme,
                                 std::size_t most) {
    const std::size_t count = affordable(1'000);
    const descriptor_limit limit(4'096);
    ASSERT_GT(limit.value(), count + 100) << "the hard limit on descriptors is too low";
    const child_provider provider(
        [](scripted_provider& p) { p.otherwise(words_and_a_pause()).on("warm", answer("up")); },
        kind);
    asio::io_context context;
    client_options options = patient_options(provider);
    options.endpoints[0].base_url = provider.base_url(scheme + "://127.0.0.1");
    options.tls.ca_pem = provider.certificate_authority();
    client via(context, std::move(options));
    (void)run_to_end(context, complete(via, call("warm", "up")));
    const std::size_t before = memory_in_use();
    many_streams streams(via, count);
    context.restart();
    streams.start();
    ASSERT_TRUE(streams.wait_until_open(context));
    const std::size_t taken = memory_in_use() - before;
    std::cout << count << " open streams over " << scheme << " take " << taken << " KiB\n";
    if (!with_address_sanitizer) {
        EXPECT_LT(taken, most);
    }
    provider.skip_pauses();
    context.run();
    expect_all_answered(streams, count);
}

TEST(SerialManyStreams, AThousandTakeUnder64MebibytesTogether) {
    expect_memory_of_a_thousand(testing::provider_options(), "http", 64u * 1024);
}

TEST(SerialManyStreams, AThousandOverTlsTakeUnder64MebibytesTogether) {
    expect_memory_of_a_thousand(testing::provider_options().tls(), "https", 64u * 1024);
}

TEST(SerialManyStreams, FiveThousandAreOpenInOneProcess) {
    const std::size_t count = affordable(5'000);
    const descriptor_limit limit(RLIM_INFINITY);
    ASSERT_GT(limit.value(), count + 100)
        << "the hard limit on descriptors (ulimit -Hn) is too low for this promise to be tested";
    expect_open_together(count);
}

TEST(SerialManyStreams, AModelsTimeoutAmongAThousandIsKept) {
    const std::size_t count = affordable(1'000);
    const descriptor_limit limit(4'096);
    const child_provider provider([](scripted_provider& p) {
        p.otherwise(answer(std::vector<std::string>(150, "on ")).token_every(100ms));
        p.on("silent", testing::silent());
    });
    asio::io_context context;
    client via(context, patient_options(provider));
    many_streams streams(via, count);
    streams.start();
    ASSERT_TRUE(streams.wait_until_open(context));
    for (int i = 0; i < 5; ++i) {
        roundtable_request request("Which database?");
        request.model("silent").timeout(200ms).max_retries(0).resolve_by(resolution::fast);
        bool has_ended = false;
        roundtable_response response;
        std::chrono::steady_clock::duration took{};
        const machine_delay delay;
        const auto start = std::chrono::steady_clock::now();
        async_roundtable(via, request, [&](std::exception_ptr, roundtable_response got) {
            took = std::chrono::steady_clock::now() - start;
            response = std::move(got);
            has_ended = true;
        });
        while (!has_ended)
            context.run_one();
        EXPECT_GE(took, 200ms);
        EXPECT_LT(took, 250ms + delay.longest());
        ASSERT_EQ(response.results.size(), 1u);
        EXPECT_EQ(response.results[0].error_code, errc::model_timeout);
        EXPECT_EQ(streams.ended(), 0u);
        std::cout << "late by " << (took - 200ms) / 1us << " us, the machine by "
                  << delay.longest() / 1us << " us\n";
    }
}

}  // namespace
}  // namespace conclave::tests
