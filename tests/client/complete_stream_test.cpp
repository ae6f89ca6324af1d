#include "calling.hpp"

#include <conclave/client/complete_stream.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

// Pulls an answer to its end, and shows its pieces as `calling::result` does.
result pull(caller& from, call what, completion* whole = nullptr,
            std::optional<std::chrono::milliseconds> cancel_after = std::nullopt) {
    result got;
    const auto operation = [&]() -> asio::awaitable<void> {
        auto stream = complete_stream(from.via, std::move(what));
        try {
            for (;;) {
                const auto piece = co_await stream.next();
                if (!piece) break;
                if (piece->restart) got.shown += '|';
                got.shown += piece->text;
                if (!piece->reasoning.empty()) got.shown += "(" + piece->reasoning + ")";
            }
        } catch (...) {
            if (whole != nullptr) *whole = stream.result();
            throw;
        }
        got.answer = stream.result();
    };
    from.run(operation, cancel_after, got);
    return got;
}

TEST(CompleteStream, GivesThePiecesAndThenTheWholeAnswer) {
    scripted_provider provider;
    provider.on("m", answer("Use Postgres.").reasoning("Compare.").usage(12, 4).cost(0.25));
    caller from(provider);
    const result got = pull(from, question());
    ASSERT_EQ(got.code(), errc{}) << got.what();
    EXPECT_EQ(got.shown, "(Compare.)Use Postgres.");
    EXPECT_EQ(got.answer.text, "Use Postgres.");
    EXPECT_EQ(got.answer.finish, finish_reason::stop);
    ASSERT_TRUE(got.answer.usage);
    EXPECT_EQ(got.answer.usage->output_tokens, 4);
    EXPECT_EQ(got.answer.cost, 0.25);
}

TEST(CompleteStream, GivesAllThatWaitsAtOnce) {
    scripted_provider provider;
    provider.on("m", answer(std::vector<std::string>(1000, "word ")));
    caller from(provider);
    result got;
    std::size_t turns = 0;
    const auto operation = [&]() -> asio::awaitable<void> {
        auto stream = complete_stream(from.via, question());
        for (;;) {
            const auto waiting = co_await stream.next_all();
            if (waiting.empty()) break;
            ++turns;
            for (const stream_delta& piece : waiting)
                got.shown += piece.text;
        }
        got.answer = stream.result();
    };
    from.run(operation, std::nullopt, got);
    EXPECT_EQ(got.shown.size(), 5000U);
    EXPECT_EQ(got.shown, got.answer.text);
    EXPECT_LT(turns, 500U);
}

TEST(CompleteStream, ThrowsWhyTheCallFailedAfterThePiecesThatCame) {
    scripted_provider provider;
    provider.on("m", answer("a b c d").close_in_event(3));
    caller from(provider);
    completion so_far;
    const result got = pull(from, question().max_retries(0), &so_far);
    EXPECT_EQ(got.code(), errc::connection_lost) << got.what();
    EXPECT_EQ(got.shown, "a b");
    EXPECT_EQ(so_far.text, "a b");
}

TEST(CompleteStream, SaysWhenWhatItGaveIsVoid) {
    scripted_provider provider;
    provider.on("m", answer("a b c d").close_in_event(3));
    provider.on("m", answer("x y"));
    caller from(provider);
    const result got = pull(from, question());
    ASSERT_EQ(got.code(), errc{}) << got.what();
    EXPECT_EQ(got.shown, "a b|x y");
}

TEST(CompleteStream, RefusesACallThatIsNotFitToBeSent) {
    scripted_provider provider;
    caller from(provider);
    const result got = pull(from, question().temperature(3));
    EXPECT_EQ(got.code(), errc::invalid_request);
    EXPECT_EQ(got.failure.field(), "temperature");
    EXPECT_EQ(provider.requests().size(), 0U);
}

TEST(CompleteStream, EndsTheCallWhenItIsCancelled) {
    scripted_provider provider;
    provider.on("m", answer("a b c").first_token_after(std::chrono::seconds(30)));
    caller from(provider);
    const result got = pull(from, question(), nullptr, 50ms);
    EXPECT_EQ(got.code(), errc::cancelled);
    EXPECT_LT(got.taken, 5s);
}

TEST(CompleteStream, EndsTheCallWhenItGoes) {
    scripted_provider provider;
    provider.on("m", answer("a").endless_body("data: {}\n\n"));
    caller from(provider);
    result got;
    const auto operation = [&]() -> asio::awaitable<void> {
        auto stream = complete_stream(from.via, question());
        const auto first = co_await stream.next();
        got.shown = first ? first->text : "nothing";
    };
    from.run(operation, std::nullopt, got);
    EXPECT_EQ(got.shown, "a");
    // The context has run out of work: the connection is closed, and nothing waits for more of it.
    EXPECT_EQ(from.via.idle_connections(), 0U);
}

// As much as 256 pieces and what is between two sockets: all the rest waits with the provider.
TEST(CompleteStream, DoesNotReadAheadOfASlowReader) {
    constexpr std::size_t count = 8'000;
    scripted_provider provider;
    provider.on("m", answer(std::vector<std::string>(count, std::string(4096, 'x'))));
    caller from(provider);
    result got;
    std::size_t size_in_the_pause = 0;
    const auto operation = [&]() -> asio::awaitable<void> {
        auto stream = complete_stream(from.via, question());
        const auto first = co_await stream.next();
        asio::steady_timer pause(from.context, 500ms);
        co_await pause.async_wait(asio::use_awaitable);
        size_in_the_pause = stream.result().text.size();
        got.shown = first ? first->text : "nothing";
        std::size_t pieces = 1;
        for (;;) {
            const auto piece = co_await stream.next();
            if (!piece) break;
            ++pieces;
        }
        EXPECT_EQ(pieces, count);
        got.answer = stream.result();
    };
    from.run(operation, std::nullopt, got);
    EXPECT_EQ(got.shown.size(), 4096U);
    EXPECT_EQ(size_in_the_pause, 0U) << "the call ended while nobody read";
    EXPECT_EQ(got.answer.text.size(), count * 4096);
}

}  // namespace
