#include "net/machine_delay.hpp"
#include "panel_world.hpp"

#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

namespace conclave::tests {
namespace {

roundtable_request streamed_seat() {
    roundtable_request request("Count.");
    request.model("m/a");
    return request;
}

asio::awaitable<void> pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

std::vector<std::string> numbered_tokens(std::size_t count, std::size_t size) {
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < count; ++i) {
        tokens.push_back(std::to_string(i) + ' ');
        tokens.back().resize(std::max(size, tokens.back().size()), '.');
    }
    return tokens;
}

TEST(PanelStream, NothingIsSentBeforeTheFirstPull) {
    scripted_provider provider;
    provider.otherwise(answer("A"));
    asio::io_context context;
    client via(context, options_for(provider));
    {
        auto stream = roundtable_stream(via, streamed_seat());
        context.run_for(50ms);
    }
    context.restart();
    context.run();
    EXPECT_EQ(provider.connections(), 0u);
}

asio::awaitable<std::string> pull_slowly(client& via) {
    std::string text;
    std::size_t count = 0;
    auto stream = roundtable_stream(via, streamed_seat());
    while (auto seen = co_await stream.next()) {
        if (seen->type != event_type::model_delta) continue;
        text += seen->delta;
        if (++count % 500 == 0) co_await pause(2ms);
    }
    co_return text;
}

TEST(PanelStream, ASlowReaderGetsEveryTokenInOrder) {
    const auto tokens = numbered_tokens(10'000, 0);
    scripted_provider provider;
    provider.on("m/a", answer(tokens));
    asio::io_context context;
    client via(context, options_for(provider));
    std::string expected;
    for (const auto& token : tokens)
        expected += token;
    EXPECT_EQ(run_to_end(context, pull_slowly(via)), expected);
}

asio::awaitable<void> pull_once_and_wait(client& via, std::chrono::milliseconds time) {
    auto stream = roundtable_stream(via, streamed_seat());
    for (int i = 0; i < 2; ++i) {
        auto seen = co_await stream.next();
        EXPECT_TRUE(seen.has_value());
    }
    co_await pause(time);
}

TEST(PanelStream, AReaderThatStopsLetsTheProviderSendNoMoreThanWhatBuffersHold) {
    // 80 MB, of which 256 events are 2 MB; the kernel's two buffers hold up to 10 MB more.
    constexpr std::size_t token_size = 8 * 1024;
    scripted_provider provider;
    provider.on("m/a", answer(numbered_tokens(10'000, token_size)));
    asio::io_context context;
    client via(context, options_for(provider));
    run_to_end(context, pull_once_and_wait(via, 1s));

    // Abandoned, it is cancelled upstream.
    ASSERT_TRUE(provider.wait_until([&] { return provider.aborted().size() == 1; }));
    EXPECT_LT(provider.aborted()[0].bytes_sent, std::size_t{20} << 20);
    EXPECT_GT(provider.aborted()[0].bytes_sent, 200 * token_size);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(PanelStream, AReaderThatStopsDoesNotStopTheClocksOfTheModels) {
    scripted_provider provider;
    provider.on("m/a", answer(numbered_tokens(10'000, 8 * 1024)));
    asio::io_context context;
    client via(context, options_for(provider));
    const running::machine_delay delay;
    const auto read = [&]() -> asio::awaitable<void> {
        roundtable_request request = streamed_seat();
        request.timeout(300ms);
        auto stream = roundtable_stream(via, std::move(request));
        auto first = co_await stream.next();
        EXPECT_TRUE(first.has_value());
        co_await pause(500ms);
        std::optional<stream_event> last;
        while (auto seen = co_await stream.next())
            last = std::move(seen);
        EXPECT_TRUE(last.has_value() && last->response.has_value());
        if (!last || !last->response) co_return;
        EXPECT_EQ(last->response->results[0].error_code, errc::model_timeout);
        EXPECT_LT(last->response->results[0].duration, 400ms + delay.longest());
    };
    run_to_end(context, read());
}

TEST(PanelStream, AReaderThatStopsIsNotTakenForAProviderThatDoes) {
    scripted_provider provider;
    provider.on("m/a", answer(numbered_tokens(5'000, 8 * 1024)));
    client_options options = options_for(provider);
    options.timeouts.idle_timeout = 150ms;
    asio::io_context context;
    client via(context, options);
    const auto read = [&]() -> asio::awaitable<void> {
        auto stream = roundtable_stream(via, streamed_seat());
        auto first = co_await stream.next();
        EXPECT_TRUE(first.has_value());
        co_await pause(500ms);
        std::optional<stream_event> last;
        while (auto seen = co_await stream.next())
            last = std::move(seen);
        EXPECT_TRUE(last.has_value() && last->response.has_value());
        if (!last || !last->response) co_return;
        EXPECT_TRUE(last->response->results[0].ok()) << *last->response->results[0].error;
        EXPECT_EQ(last->response->results[0].attempts, 1);
    };
    run_to_end(context, read());
}

TEST(PanelStream, AbandonedItIsCancelledUpstreamAtOnce) {
    scripted_provider provider;
    provider.otherwise(answer("a b c d").stall_in_event(3));
    asio::io_context context;
    client via(context, options_for(provider));
    std::chrono::steady_clock::time_point left;
    const auto read = [&]() -> asio::awaitable<void> {
        roundtable_request request = streamed_seat();
        request.model("m/b").model("m/c");
        {
            auto stream = roundtable_stream(via, std::move(request));
            for (int deltas = 0; deltas < 6;) {
                auto seen = co_await stream.next();
                if (seen && seen->type == event_type::model_delta) ++deltas;
            }
            left = std::chrono::steady_clock::now();
        }
        co_await pause(0ms);
    };
    run_to_end(context, read());
    ASSERT_TRUE(provider.wait_until([&] { return provider.aborted().size() == 3; }));
    for (const auto& response : provider.aborted())
        EXPECT_LT(response.at - left, 500ms);
}

TEST(PanelStream, MovesAndAssignsAsOneWouldExpect) {
    scripted_provider provider;
    provider.otherwise(answer("A"));
    asio::io_context context;
    client via(context, options_for(provider));
    const auto read = [&]() -> asio::awaitable<void> {
        auto first = roundtable_stream(via, streamed_seat());
        auto started = co_await first.next();
        EXPECT_TRUE(started.has_value());
        auto moved = std::move(first);
        auto other = roundtable_stream(via, streamed_seat());
        other = std::move(moved);
        std::optional<stream_event> last;
        while (auto seen = co_await other.next())
            last = std::move(seen);
        EXPECT_TRUE(last && last->response && last->response->text() == "A");
    };
    run_to_end(context, read());
    EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(PanelStream, EndsWithTheSameExceptionOnlyOnce) {
    asio::io_context context;
    client via(context, client_options());
    const auto read = [&]() -> asio::awaitable<void> {
        auto stream = roundtable_stream(via, streamed_seat());
        bool refused = false;
        try {
            auto seen = co_await stream.next();
            EXPECT_FALSE(seen.has_value());
        } catch (const error& failure) {
            refused = failure.code() == errc::no_endpoint;
        }
        EXPECT_TRUE(refused);
        auto after = co_await stream.next();
        EXPECT_FALSE(after.has_value());
    };
    run_to_end(context, read());
}

TEST(PanelStream, ASecondPullAtATimeIsRefusedAndTakesNothing) {
    scripted_provider provider;
    provider.otherwise(answer("A"));
    asio::io_context context;
    client via(context, options_for(provider));
    auto stream = roundtable_stream(via, streamed_seat());
    std::optional<stream_event> last;
    bool refused = false;
    const auto read = [&]() -> asio::awaitable<void> {
        while (auto seen = co_await stream.next())
            last = std::move(seen);
    };
    const auto intrude = [&]() -> asio::awaitable<void> {
        try {
            auto seen = co_await stream.next_all();
            EXPECT_TRUE(seen.empty());
        } catch (const std::logic_error&) {
            refused = true;
        }
    };
    asio::co_spawn(context, read, asio::detached);
    asio::co_spawn(context, intrude, asio::detached);
    context.run();
    EXPECT_TRUE(refused);
    EXPECT_TRUE(last && last->response && last->response->text() == "A");
}

TEST(PanelStream, CancellingANextEndsTheWholeRoundtable) {
    scripted_provider provider;
    provider.otherwise(testing::silent());
    asio::io_context context;
    client via(context, options_for(provider));
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    const auto read = [&]() -> asio::awaitable<void> {
        auto stream = roundtable_stream(via, streamed_seat());
        while (auto seen = co_await stream.next()) {
        }
    };
    auto on_end = [&](std::exception_ptr why) { thrown = why; };
    asio::co_spawn(context, read, asio::bind_cancellation_slot(stop.slot(), on_end));
    asio::steady_timer soon(context, 50ms);
    soon.async_wait([&](std::error_code) { stop.emit(asio::cancellation_type::terminal); });
    context.run();
    ASSERT_TRUE(thrown);
    try {
        std::rethrow_exception(thrown);
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::cancelled);
    }
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

}  // namespace
}  // namespace conclave::tests
