#include "panel_world.hpp"

#include <future>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>

// Both have moved: from `experimental` in Asio 1.23, which dropped the old names in 1.33.
#if __has_include(<asio/as_tuple.hpp>)
#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
namespace token = asio;
#else
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
namespace token = asio::experimental;
#endif

namespace conclave::tests {
namespace {

// ---- all ways in give the same answer

roundtable_request two_seats() {
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b");
    return request;
}

// Without what differs from run to run.
std::string essence(roundtable_response response) {
    response.id.clear();
    response.meta.trace_uuid.clear();
    response.meta.total_duration = {};
    for (auto& result : response.results)
        result.duration = {};
    return response.to_json();
}

class WaysIn : public ::testing::Test {
protected:
    WaysIn() {
        const auto reply = [](const testing::recorded_request& request) -> std::string {
            if (request.prompt.starts_with("Question:")) return "merged of both";
            return "the answer of " + request.model;
        };
        provider.otherwise(testing::answer_with(reply).cost(0.5).usage(3, 4));
    }

    void expect_the_answer(const roundtable_response& response) {
        EXPECT_EQ(response.text(), "merged of both");
        EXPECT_EQ(essence(response), essence(run_panel(provider, two_seats()).response));
    }

    scripted_provider provider;
    asio::io_context context;
    client via{context, options_for(provider)};
};

TEST_F(WaysIn, AsAnAwaitable) {
    expect_the_answer(run_to_end(context, roundtable(via, two_seats())));
}

asio::awaitable<roundtable_response> with_temporary_handler(client& via) {
    static int seen;
    seen = 0;
    auto response = co_await roundtable(via, two_seats(), [](const roundtable_event&) { ++seen; });
    EXPECT_GT(seen, 6);
    co_return response;
}

TEST_F(WaysIn, WithATemporaryHandler) {
    expect_the_answer(run_to_end(context, with_temporary_handler(via)));
}

asio::awaitable<roundtable_response> with_referring_handler(client& via) {
    int seen = 0;
    auto response =
        co_await roundtable(via, two_seats(), [&seen](const roundtable_event&) { ++seen; });
    EXPECT_GT(seen, 6);
    co_return response;
}

TEST_F(WaysIn, WithATemporaryHandlerThatCapturesReferences) {
    expect_the_answer(run_to_end(context, with_referring_handler(via)));
}

// Counts its copies: a handler passed by name is to have none.
class counting_handler {
public:
    counting_handler() = default;
    counting_handler(const counting_handler&) = delete;
    counting_handler& operator=(const counting_handler&) = delete;

    void operator()(const roundtable_event& seen) {
        ++events;
        if (seen.type == event_type::done) response = *seen.response;
    }

    int events = 0;
    roundtable_response response;
};

asio::awaitable<roundtable_response> with_named_handler(client& via, counting_handler& handler) {
    auto response = co_await roundtable(via, two_seats(), handler);
    co_return response;
}

TEST_F(WaysIn, WithAHandlerByNameWhichIsNotCopied) {
    counting_handler handler;
    const auto response = run_to_end(context, with_named_handler(via, handler));
    expect_the_answer(response);
    EXPECT_EQ(handler.response, response) << "`done` shows what is returned";
}

asio::awaitable<std::vector<stream_event>> pull_all(client& via, roundtable_request request) {
    std::vector<stream_event> events;
    auto stream = roundtable_stream(via, std::move(request));
    while (auto seen = co_await stream.next())
        events.push_back(std::move(*seen));
    auto after = co_await stream.next();
    EXPECT_FALSE(after.has_value()) << "the end stays the end";
    co_return events;
}

TEST_F(WaysIn, AsAStreamToPullFrom) {
    const auto events = run_to_end(context, pull_all(via, two_seats()));
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().type, event_type::done);
    ASSERT_TRUE(events.back().response.has_value());
    expect_the_answer(*events.back().response);
    std::string merged;
    for (const auto& seen : events) {
        if (seen.type == event_type::summary_delta) merged += seen.delta;
    }
    EXPECT_EQ(merged, "merged of both");
}

// ---- any completion token

TEST_F(WaysIn, WithACallback) {
    roundtable_response response;
    int called = 0;
    auto on_end = [&](std::exception_ptr thrown, roundtable_response got) {
        ++called;
        EXPECT_FALSE(thrown);
        response = std::move(got);
    };
    async_roundtable(via, two_seats(), on_end);
    EXPECT_EQ(called, 0) << "never from inside of the initiating function";
    context.run();
    EXPECT_EQ(called, 1);
    expect_the_answer(response);
}

TEST_F(WaysIn, WithACallbackOnAnExecutorOfItsOwn) {
    asio::io_context other;
    roundtable_response response;
    bool on_other = false;
    auto on_end = [&](std::exception_ptr, roundtable_response got) {
        on_other = other.get_executor().running_in_this_thread();
        response = std::move(got);
    };
    async_roundtable(via, two_seats(), asio::bind_executor(other, on_end));
    std::thread waits([&] { other.run(); });  // the call under way keeps it running
    context.run();
    waits.join();
    EXPECT_TRUE(on_other);
    expect_the_answer(response);
}

TEST_F(WaysIn, WithAFuture) {
    auto future = async_roundtable(via, two_seats(), asio::use_future);
    context.run();
    expect_the_answer(future.get());
}

TEST_F(WaysIn, WithUseAwaitable) {
    expect_the_answer(run_to_end(context, async_roundtable(via, two_seats(), asio::use_awaitable)));
}

TEST_F(WaysIn, WithDetached) {
    async_roundtable(via, two_seats(), asio::detached);
    context.run();
    EXPECT_EQ(provider.requests().size(), 3u);
}

asio::awaitable<roundtable_response> as_tuple_of(client& via, roundtable_request request,
                                                 std::exception_ptr& thrown) {
    auto result =
        co_await async_roundtable(via, std::move(request), token::as_tuple(asio::use_awaitable));
    thrown = std::get<0>(result);
    co_return std::move(std::get<1>(result));
}

TEST_F(WaysIn, WithAsTuple) {
    std::exception_ptr thrown;
    expect_the_answer(run_to_end(context, as_tuple_of(via, two_seats(), thrown)));
    EXPECT_FALSE(thrown);
    (void)run_to_end(context, as_tuple_of(via, roundtable_request(""), thrown));
    ASSERT_TRUE(thrown);
    EXPECT_THROW(std::rethrow_exception(thrown), error);
}

TEST_F(WaysIn, Deferred) {
    auto operation = async_roundtable(via, two_seats(), token::deferred);
    EXPECT_EQ(provider.connections(), 0u);
    auto future = std::move(operation)(asio::use_future);
    context.run();
    expect_the_answer(future.get());
}

asio::awaitable<roundtable_response> redirected(client& via, roundtable_request request) {
    std::error_code code;
    auto response = co_await async_roundtable(via, std::move(request),
                                              asio::redirect_error(asio::use_awaitable, code));
    EXPECT_FALSE(code) << "there is no error code to redirect: failures are exceptions";
    co_return response;
}

TEST_F(WaysIn, WithRedirectErrorWhichChangesNothing) {
    expect_the_answer(run_to_end(context, redirected(via, two_seats())));
    EXPECT_THROW(run_to_end(context, redirected(via, roundtable_request(""))), error);
}

TEST_F(WaysIn, WithACancellationSlot) {
    scripted_provider quiet;
    quiet.otherwise(testing::silent());
    client asks(context, options_for(quiet));
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    int called = 0;
    auto on_end = [&](std::exception_ptr why, roundtable_response) {
        ++called;
        thrown = why;
    };
    async_roundtable(asks, two_seats(), asio::bind_cancellation_slot(stop.slot(), on_end));
    asio::steady_timer soon(context, 50ms);
    soon.async_wait([&](std::error_code) { stop.emit(asio::cancellation_type::terminal); });
    context.run();
    EXPECT_EQ(called, 1);
    ASSERT_TRUE(thrown);
    try {
        std::rethrow_exception(thrown);
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::cancelled);
        EXPECT_EQ(failure.code(), std::errc::operation_canceled);
    }
    EXPECT_TRUE(quiet.wait_until([&] { return quiet.open_connections() == 0; }));
    stop.emit(asio::cancellation_type::terminal);  // nothing is left to cancel
}

TEST_F(WaysIn, WithACancellationSlotThatIsNotUsed) {
    asio::cancellation_signal stop;
    roundtable_response response;
    auto on_end = [&](std::exception_ptr, roundtable_response got) { response = std::move(got); };
    async_roundtable(via, two_seats(), asio::bind_cancellation_slot(stop.slot(), on_end));
    stop.emit(asio::cancellation_type::total);  // only terminal cancellation is offered
    context.run();
    expect_the_answer(response);
}

TEST_F(WaysIn, EachRefusesABadRequestInItsOwnWay) {
    const roundtable_request bad("");
    EXPECT_THROW(run_to_end(context, roundtable(via, bad)), error);
    EXPECT_THROW(run_to_end(context, pull_all(via, bad)), error);
    context.restart();
    auto future = async_roundtable(via, bad, asio::use_future);
    context.run();
    EXPECT_THROW(future.get(), error);
}

// ---- a handler that throws

struct handler_exception {
    int value = 0;
};

class PanelHandlerThrows : public ::testing::TestWithParam<event_type> {};

asio::awaitable<void> throw_at(client& via, roundtable_request request, event_type when,
                               int& called) {
    auto on_event = [when, &called](const roundtable_event& seen) {
        ++called;
        if (seen.type != when) return;
        called = 0;
        throw handler_exception{42};
    };
    co_await roundtable(via, std::move(request), on_event);
}

TEST_P(PanelHandlerThrows, ItsExceptionArrivesAndAllSeatsAreCancelled) {
    scripted_provider provider;
    provider.on("m/a", answer("breaks here").close_in_event(2));
    provider.on("m/a", answer("A")).on("m/a", answer("merged"));
    provider.on("m/b", status(400));
    provider.on("m/c", answer("C"));
    provider.on("m/hangs", answer("never to its end").stall_in_event(1));
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b").model("m/c");
    const bool ends_early = GetParam() <= event_type::model_error;
    if (ends_early) request.model("m/hangs").model("m/hangs");

    asio::io_context context;
    client via(context, options_for(provider));
    int called_after = 0;
    const auto start = std::chrono::steady_clock::now();
    try {
        run_to_end(context, throw_at(via, request, GetParam(), called_after));
        ADD_FAILURE() << "nothing was thrown";
    } catch (const handler_exception& mine) {
        EXPECT_EQ(mine.value, 42);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s) << "what hangs was cancelled";
    EXPECT_EQ(called_after, 0) << "a handler that threw is left alone";
    via.close_idle_connections();
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(AtEvery, PanelHandlerThrows,
                         ::testing::Values(event_type::model_start, event_type::model_delta,
                                           event_type::model_retry, event_type::model_done,
                                           event_type::model_error, event_type::summary_start,
                                           event_type::summary_delta, event_type::summary_done,
                                           event_type::done),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST(PanelHandler, AnExceptionOfTheHandlerIsNotTakenForAFailureOfTheModel) {
    scripted_provider provider;
    provider.otherwise(answer("A few words"));
    asio::io_context context;
    client via(context, options_for(provider));
    roundtable_request request("Which database?");
    request.model("m/a");
    const auto fails = [&]() -> asio::awaitable<void> {
        auto on_event = [](const roundtable_event& seen) {
            if (seen.type == event_type::model_delta) throw error(errc::connection_lost);
        };
        co_await roundtable(via, request, on_event);
    };
    try {
        run_to_end(context, fails());
        ADD_FAILURE() << "nothing was thrown";
    } catch (const error& mine) {
        EXPECT_EQ(mine.code(), errc::connection_lost);
    }
    EXPECT_EQ(provider.requests().size(), 1u) << "it is not retried";
}

}  // namespace
}  // namespace conclave::tests
