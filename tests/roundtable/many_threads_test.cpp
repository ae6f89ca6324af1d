// One client and one context, run by four threads: for the thread sanitizer to see, and for what
// goes wrong only there.

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "panel_world.hpp"

namespace conclave::tests {
namespace {

void run_on_threads(asio::io_context& context, int count = 4) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
        threads.emplace_back([&context] { context.run(); });
    for (auto& thread : threads)
        thread.join();
}

// A plain and a TLS provider; what is asked of `odd/…` goes wrong in many ways.
class crowd {
public:
    crowd() {
        plain.otherwise(answer("A few words of an answer"));
        secure.otherwise(answer("A few words of an answer").token_every(1ms));
        odd.on("slow", answer("never to its end").stall_in_event(2));
        odd.on("broken", answer("breaks off").close_in_event(2));
        odd.on("busy", status(503).header("retry-after-ms", "2"));
        odd.on("bad", status(400));
        odd.on("silent", testing::silent());
        options = options_for(plain);
        options.tls.ca_pem = secure.certificate_authority();
        options.endpoints.emplace_back(secure.base_url());
        options.endpoints.back().prefix = "secure/";
        options.endpoints.emplace_back(odd.base_url());
        options.endpoints.back().prefix = "odd/";
    }

    void expect_all_closed(client& via) {
        via.close_idle_connections();
        for (scripted_provider* each : {&plain, &secure, &odd})
            EXPECT_TRUE(each->wait_until([&] { return each->open_connections() == 0; }));
    }

    scripted_provider plain;
    scripted_provider secure{testing::provider_options().tls()};
    scripted_provider odd;
    client_options options;
};

TEST(ManyThreads, ManyPanelsAtOnceEachGetTheirOwnAnswers) {
    scripted_provider provider;
    provider.otherwise(testing::answer_with([](const testing::recorded_request& request) {
        return request.model + " was asked: " + request.prompt;
    }));
    asio::io_context context;
    client via(context, options_for(provider));
    constexpr int panels = 100;
    std::atomic<int> answered = 0;
    for (int i = 0; i < panels; ++i) {
        const std::string input = "question " + std::to_string(i);
        roundtable_request request(input);
        request.model("m/a").model("m/b").model("m/c").resolve_by(resolution::fast);
        auto on_end = [&answered, input](const std::exception_ptr& thrown,
                                         const roundtable_response& response) {
            EXPECT_FALSE(thrown);
            ASSERT_EQ(response.results.size(), 3u);
            for (const auto& result : response.results)
                EXPECT_EQ(result.text(), result.model + " was asked: " + input);
            ++answered;
        };
        async_roundtable(via, std::move(request), on_end);
    }
    run_on_threads(context);
    EXPECT_EQ(answered, panels);
    EXPECT_EQ(provider.requests().size(), std::size_t{3} * panels);
}

// ---- calls that are cancelled by their caller, at any time

// Cancels from the strand of the coroutine that waits, as Asio wants it.
class cancelled_panel : public std::enable_shared_from_this<cancelled_panel> {
public:
    cancelled_panel(client& via, roundtable_request request, std::chrono::microseconds after,
                    std::atomic<int>& ended)
        : strand_(asio::make_strand(via.get_executor())),
          via_(via),
          request_(std::move(request)),
          timer_(strand_, after),
          ended_(ended) {}

    void start() {
        asio::post(strand_, [self = shared_from_this()] { self->run(); });
    }

private:
    void run() {
        auto on_end = [self = shared_from_this()](const std::exception_ptr&) {
            self->timer_.cancel();
            self->expect_one_report_a_seat();
            ++self->ended_;
        };
        auto work = [self = shared_from_this()]() -> asio::awaitable<void> {
            auto response = co_await watch(self->via_, self->request_, self->events_);
            EXPECT_EQ(response.results.size(), self->request_.models().size());
        };
        asio::co_spawn(
            strand_, std::move(work),
            asio::bind_cancellation_slot(stop_.slot(), asio::bind_executor(strand_, on_end)));
        timer_.async_wait([self = shared_from_this()](std::error_code aborted) {
            if (!aborted) self->stop_.emit(asio::cancellation_type::terminal);
        });
    }

    void expect_one_report_a_seat() const {
        std::vector<int> open(request_.models().size());
        for (const auto& seen : events_) {
            if (seen.type == event_type::model_start) ++open[seen.model_index];
            if (seen.type == event_type::model_done) --open[seen.model_index];
            if (seen.type == event_type::model_error) --open[seen.model_index];
        }
        for (const int count : open)
            EXPECT_EQ(count, 0);
    }

    asio::strand<asio::any_io_executor> strand_;
    client& via_;
    roundtable_request request_;
    asio::steady_timer timer_;
    asio::cancellation_signal stop_;
    std::vector<stream_event> events_;
    std::atomic<int>& ended_;
};

TEST(ManyThreads, PanelsThatAreCancelledAtAnyTimeEndOnce) {
    crowd all;
    asio::io_context context;
    client via(context, all.options);
    std::mt19937 random(7);
    std::atomic<int> ended = 0;
    constexpr int panels = 150;
    const std::vector<std::string> others = {"odd/slow",   "odd/broken", "odd/busy",
                                             "odd/silent", "odd/bad",    "m/b"};
    for (int i = 0; i < panels; ++i) {
        roundtable_request request("Which database?");
        request.model("m/a").model("secure/b").model(others[random() % others.size()]);
        request.timeout(150ms);
        const auto after = std::chrono::microseconds(random() % 100'000);
        std::make_shared<cancelled_panel>(via, std::move(request), after, ended)->start();
    }
    run_on_threads(context);
    EXPECT_EQ(ended, panels);
    all.expect_all_closed(via);
}

TEST(ManyThreads, TheTimesOfManyPanelsRunOutTogether) {
    crowd all;
    asio::io_context context;
    client via(context, all.options);
    std::atomic<int> timed_out = 0;
    constexpr int panels = 60;
    for (int i = 0; i < panels; ++i) {
        roundtable_request request("Which database?");
        request.model("odd/silent").model("odd/slow").timeout(std::chrono::milliseconds(50 + i));
        auto on_end = [&](const std::exception_ptr& thrown, const roundtable_response& response) {
            EXPECT_FALSE(thrown);
            for (const auto& result : response.results)
                timed_out += result.error_code == errc::model_timeout ? 1 : 0;
        };
        async_roundtable(via, std::move(request), on_end);
    }
    run_on_threads(context);
    EXPECT_EQ(timed_out, 2 * panels);
    all.expect_all_closed(via);
}

// ---- streams

asio::awaitable<void> pull_some(client& via, std::size_t most, std::atomic<int>& done) {
    auto stream = roundtable_stream(via, three_seats().model("secure/d"));
    for (std::size_t i = 0; i < most; ++i) {
        auto seen = co_await stream.next();
        if (!seen) break;
        if (seen->type == event_type::done) ++done;
    }
}

TEST(ManyThreads, StreamsMayBeAbandonedAtAnyEvent) {
    crowd all;
    asio::io_context context;
    client via(context, all.options);
    std::atomic<int> done = 0;
    std::atomic<int> ended = 0;
    constexpr std::size_t streams = 100;
    for (std::size_t i = 0; i < streams; ++i) {
        auto on_end = [&ended](const std::exception_ptr& thrown) {
            EXPECT_FALSE(thrown);
            ++ended;
        };
        const std::size_t most = i % 2 == 0 ? i : 10'000;
        asio::co_spawn(asio::make_strand(context), pull_some(via, most, done), on_end);
    }
    run_on_threads(context);
    EXPECT_EQ(ended, static_cast<int>(streams));
    EXPECT_GE(done, static_cast<int>(streams / 2));
    all.expect_all_closed(via);
}

// ---- handlers

asio::awaitable<void> throw_in_handler(client& via, std::atomic<int>& caught) {
    const auto number = std::make_shared<int>(0);
    auto on_event = [number](const roundtable_event& seen) {
        if (seen.type == event_type::model_delta && ++*number == 3) throw std::string("enough");
    };
    try {
        co_await roundtable(via, three_seats(), on_event);
    } catch (const std::string& mine) {
        EXPECT_EQ(mine, "enough");
        ++caught;
    }
}

TEST(ManyThreads, WhatHandlersThrowArrivesAtTheirOwnCallers) {
    crowd all;
    asio::io_context context;
    client via(context, all.options);
    std::atomic<int> caught = 0;
    constexpr int panels = 50;
    for (int i = 0; i < panels; ++i)
        asio::co_spawn(asio::make_strand(context), throw_in_handler(via, caught), asio::detached);
    run_on_threads(context);
    EXPECT_EQ(caught, panels);
    all.expect_all_closed(via);
}

TEST(ManyThreads, AHandlerIsNeverCalledByTwoThreadsAtOnce) {
    crowd all;
    asio::io_context context;
    client via(context, all.options);
    // Not atomic on purpose: the strand of the call is what orders the handler's calls.
    std::vector<int> counts(20);
    std::vector<std::unique_ptr<std::atomic<int>>> inside;
    for (std::size_t i = 0; i < counts.size(); ++i)
        inside.push_back(std::make_unique<std::atomic<int>>(0));
    const auto watch_one = [&](std::size_t i) -> asio::awaitable<void> {
        auto on_event = [&counts, &inside, i](const roundtable_event&) {
            EXPECT_EQ(inside[i]->fetch_add(1), 0);
            ++counts[i];
            inside[i]->fetch_sub(1);
        };
        co_await roundtable(via, three_seats().model("secure/d"), on_event);
    };
    for (std::size_t i = 0; i < counts.size(); ++i)
        asio::co_spawn(context, watch_one(i), asio::detached);
    run_on_threads(context);
    for (const int count : counts)
        EXPECT_GT(count, 20);
}

// ---- the client itself

TEST(ManyThreads, TheClientMayBeUsedAndDestroyedByAnotherThread) {
    crowd all;
    asio::io_context context;
    auto via = std::make_unique<client>(context, all.options);
    std::atomic<int> answered = 0;
    auto on_end = [&](const std::exception_ptr& thrown, const roundtable_response&) {
        EXPECT_FALSE(thrown);
        ++answered;
    };
    auto work = asio::make_work_guard(context);
    std::thread other([&] { run_on_threads(context); });
    for (int i = 0; i < 30; ++i) {
        async_roundtable(*via, three_seats(), on_end);
        (void)via->idle_connections();
        if (i % 5 == 0) via->close_idle_connections();
    }
    via.reset();
    work.reset();
    other.join();
    EXPECT_EQ(answered, 30);
}

TEST(ManyThreads, FourContextsWithAClientEachDoNotMeet) {
    crowd all;
    std::atomic<int> answered = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            asio::io_context context;
            client via(context, all.options);
            for (int round = 0; round < 10; ++round) {
                const auto response = run_to_end(context, roundtable(via, three_seats()));
                answered += response.data.has_value() ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(answered, 40);
}

TEST(ManyThreads, AFutureIsWaitedForByAThreadThatRunsNothing) {
    crowd all;
    asio::io_context context;
    client via(context, all.options);
    auto work = asio::make_work_guard(context);
    std::thread other([&] { run_on_threads(context); });
    for (int i = 0; i < 10; ++i) {
        auto future = async_roundtable(via, three_seats(), asio::use_future);
        EXPECT_EQ(future.get().results.size(), 3u);
        auto refused = async_roundtable(via, roundtable_request(""), asio::use_future);
        EXPECT_THROW(refused.get(), error);
    }
    work.reset();
    other.join();
}

}  // namespace
}  // namespace conclave::tests
