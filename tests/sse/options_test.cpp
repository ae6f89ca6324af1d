#include <conclave/sse/parser.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "read_stream.hpp"

namespace {

using namespace conclave::testing;
namespace sse = conclave::sse;

TEST(SseUnterminated, EventWhoseBlankLineIsMissingIsDelivered) {
    const reading all = read_whole("id: 4\nevent: x\ndata: a\ndata: b\n");
    ASSERT_EQ(all.events.size(), 1u);
    EXPECT_EQ(all.events[0].data, "a\nb");
    EXPECT_EQ(all.events[0].type, "x");
    EXPECT_EQ(all.events[0].id, "4");
    EXPECT_FALSE(all.events[0].cut);
}

TEST(SseUnterminated, EventCutInItsLastDataLineSaysSo) {
    const reading all = read_whole("data: [1,\ndata: 2]");
    ASSERT_EQ(all.events.size(), 1u);
    EXPECT_EQ(all.events[0].data, "[1,\n2]");
    EXPECT_TRUE(all.events[0].cut);
}

TEST(SseUnterminated, CutFieldsOtherThanDataAreNotTakenButTold) {
    for (const std::string rest : {"d", "data", "event: erro", "id: 1", "retry: 5", ": c", "x"}) {
        const reading all = read_whole("event: whole\ndata: a\n" + rest);
        ASSERT_EQ(all.events.size(), 1u) << rest;
        EXPECT_EQ(all.events[0].data, "a") << rest;
        EXPECT_EQ(all.events[0].type, "whole") << rest;
        EXPECT_EQ(all.events[0].id, "") << rest;
        EXPECT_TRUE(all.events[0].cut) << rest;
        EXPECT_EQ(all.retry_ms, std::nullopt) << rest;
    }
}

TEST(SseUnterminated, NothingIsDeliveredWithoutData) {
    EXPECT_EQ(read_whole("event: x\n").events.size(), 0u);
    EXPECT_EQ(read_whole("data: a\n\nevent: x").events.size(), 1u);
    EXPECT_EQ(read_whole("dat").events.size(), 0u);
}

TEST(SseUnterminated, CutIsNotLeftOnLaterEventsOfAReusedParser) {
    sse::parser parser;
    EXPECT_TRUE(pull(parser, {"data: a"}).events.at(0).cut);
    parser.reset();
    EXPECT_FALSE(pull(parser, {"data: a\n\n"}).events.at(0).cut);
}

TEST(SseUnterminated, IsDeliveredOnce) {
    sse::parser parser;
    EXPECT_EQ(pull(parser, {"data: a"}).events.size(), 1u);
    EXPECT_EQ(parser.next(), nullptr);
}

TEST(SseReports, CommentsAndRetriesAreSilentUnlessAskedFor) {
    const std::string_view stream = ": hello\nretry: 5\ndata: x\n\n";
    sse::parser quiet;
    EXPECT_EQ(pull(quiet, {stream}).events.size(), 1u);
    EXPECT_EQ(quiet.retry_ms(), 5u);

    sse::parser_options options;
    options.report_comments = true;
    sse::parser comments(options);
    const reading with_comments = pull(comments, {stream});
    ASSERT_EQ(with_comments.events.size(), 2u);
    EXPECT_EQ(with_comments.events[0].kind, sse::event_kind::comment);
    EXPECT_EQ(with_comments.events[0].data, " hello");

    options = {};
    options.report_retry = true;
    sse::parser retries(options);
    const reading with_retries = pull(retries, {stream});
    ASSERT_EQ(with_retries.events.size(), 2u);
    EXPECT_EQ(with_retries.events[0].kind, sse::event_kind::retry);
    EXPECT_EQ(with_retries.events[0].retry_ms, 5u);
    EXPECT_EQ(with_retries.events[0].data, "5");
}

TEST(SseReports, AReportInsideAnEventLeavesTheEventWhole) {
    const reading all = read_whole("event: t\ndata: a\n: c\nretry: 1\ndata: b\n\n");
    ASSERT_EQ(all.events.size(), 3u);
    EXPECT_EQ(all.events[0].data, " c");
    EXPECT_EQ(all.events[1].retry_ms, 1u);
    EXPECT_EQ(all.events[2].kind, sse::event_kind::message);
    EXPECT_EQ(all.events[2].type, "t");
    EXPECT_EQ(all.events[2].data, "a\nb");
}

TEST(SseViews, DataOfSeveralEventsOfOneReadStaysUntilTheNextPrepare) {
    sse::parser parser;
    const std::string_view stream = "data: a\ndata: b\n\ndata: c\n\ndata: d\ndata: e\n\ndata: f";
    const std::span<char> room = parser.prepare(stream.size());
    std::memcpy(room.data(), stream.data(), stream.size());
    parser.commit(room.first(stream.size()));
    std::vector<std::string_view> views;
    while (const sse::event* event = parser.next())
        views.push_back(event->data);
    EXPECT_EQ(views, (std::vector<std::string_view>{"a\nb", "c", "d\ne"}));
}

TEST(SseViews, ConsumedBytesArePoisonedInDebugBuilds) {
#if CONCLAVE_POISON_CONSUMED
    for (const std::string_view pending : {"", "data: pending"}) {
        sse::parser parser;
        const std::string stream = "data: secret\n\n" + std::string(pending);
        const std::span<char> room = parser.prepare(stream.size());
        std::memcpy(room.data(), stream.data(), stream.size());
        parser.commit(room.first(stream.size()));
        const std::string_view kept_too_long = parser.next()->data;
        ASSERT_EQ(kept_too_long, "secret");
        static_cast<void>(parser.prepare(1));
        EXPECT_EQ(kept_too_long, std::string(6, '\xDB'));
    }
#else
    GTEST_SKIP() << "not a debug build";
#endif
}

}  // namespace
