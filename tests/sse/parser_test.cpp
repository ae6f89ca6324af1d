// The rules of the WHATWG event stream, one test each.

#include <conclave/sse/parser.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "read_stream.hpp"

namespace {

using namespace std::string_view_literals;
using conclave::sse::event_kind;
using conclave::testing::all_reported;
using conclave::testing::pieces_of;
using conclave::testing::pull;
using conclave::testing::read_whole;
using conclave::testing::reading;

std::vector<std::string> data_of(const reading& all) {
    std::vector<std::string> data;
    for (const auto& event : all.events)
        data.push_back(event.data);
    return data;
}

std::vector<std::string> data_of(std::string_view stream) { return data_of(read_whole(stream)); }

std::vector<std::string> data_in_pieces(std::vector<std::string_view> pieces) {
    conclave::sse::parser parser(all_reported());
    return data_of(pull(parser, pieces));
}

using texts = std::vector<std::string>;

// Decoding and lines

TEST(SseDecoding, BytesAreKeptEvenWhereTheyAreNotUtf8) {
    EXPECT_EQ(data_of("data: a\xFF\xC3(\n\n"), texts{"a\xFF\xC3("});
}

TEST(SseDecoding, OneLeadingByteOrderMarkIsDropped) {
    EXPECT_EQ(data_of("\xEF\xBB\xBF"
                      "data: x\n\n"),
              texts{"x"});
}

TEST(SseDecoding, ByteOrderMarkMayBeSplitOverReads) {
    EXPECT_EQ(data_in_pieces({"\xEF", "\xBB", "\xBF", "data: x\n\n"}), texts{"x"});
    EXPECT_EQ(data_in_pieces({"\xEF\xBB",
                              "\xBF"
                              "data: x\n\n"}),
              texts{"x"});
}

TEST(SseDecoding, SecondByteOrderMarkBelongsToTheFieldName) {
    EXPECT_EQ(data_of("\xEF\xBB\xBF\xEF\xBB\xBF"
                      "data: x\n\ndata: y\n\n"),
              texts{"y"});
}

TEST(SseDecoding, ByteOrderMarkLaterInTheStreamIsContent) {
    EXPECT_EQ(data_of("data: a\n\n\xEF\xBB\xBF"
                      "data: b\n\ndata: \xEF\xBB\xBF\n\n"),
              (texts{"a", "\xEF\xBB\xBF"}));
}

TEST(SseDecoding, PartOfAByteOrderMarkIsContent) {
    EXPECT_EQ(data_of("\xEF\xBB"
                      "data: x\n\ndata: y\n\n"),
              texts{"y"});
    EXPECT_EQ(data_in_pieces({"\xEF", "data: x\n\ndata: y\n\n"}), texts{"y"});
    EXPECT_EQ(data_in_pieces({"\xEF\xBB"}), texts{});
}

TEST(SseLines, EndInLfCrOrCrlfMixed) {
    EXPECT_EQ(data_of("data: a\n\ndata: b\r\rdata: c\r\n\r\n"), (texts{"a", "b", "c"}));
    EXPECT_EQ(data_of("data: a\ndata: b\rdata: c\r\ndata: d\n\r"), texts{"a\nb\nc\nd"});
    EXPECT_EQ(data_of("data: a\r\n\ndata: b\r\r\ndata: c\n\r\n"), (texts{"a", "b", "c"}));
}

TEST(SseLines, CrlfCountsOnceWhenSplit) {
    EXPECT_EQ(data_in_pieces({"data: a\r", "\ndata: b\r", "\n\r", "\n"}), texts{"a\nb"});
}

TEST(SseLines, CrAtTheEndOfAReadEndsTheLineAtOnce) {
    conclave::sse::parser parser;
    int events = 0;
    const auto count = [&](const conclave::sse::event&) { ++events; };
    parser.feed("data: a\r\r", count);
    EXPECT_EQ(events, 1);
    parser.feed("\ndata: b\r\r", count);
    EXPECT_EQ(events, 2);
}

TEST(SseLines, OnlyTheLfDirectlyBehindACrIsSwallowed) {
    EXPECT_EQ(data_in_pieces({"data: a\r", "\n", "\n"}), texts{"a"});
    EXPECT_EQ(data_in_pieces({"data: a\r", "data: b\n", "\n"}), texts{"a\nb"});
}

TEST(SseLines, CharactersAreCutAnywhereByReads) {
    EXPECT_EQ(data_in_pieces(pieces_of("data: \xF0\x9F\xA5\x8C \xC3\xA9\n\n", 1)),
              texts{"\xF0\x9F\xA5\x8C \xC3\xA9"});
}

TEST(SseLines, NothingElseEndsALine) {
    const std::string_view text =
        "a\xE2\x80\xA8"
        "b\xE2\x80\xA9"
        "c\xC2\x85"
        "d\v\f\x1C\x1D\x1E\0e"sv;
    EXPECT_EQ(data_of("data: " + std::string(text) + "\n\n"), texts{std::string(text)});
}

// Lines and their fields

TEST(SseFields, LineThatBeginsWithAColonIsAComment) {
    const reading all = read_whole(": data: x\n:\n:data: y\n\n");
    ASSERT_EQ(all.events.size(), 3u);
    for (const auto& event : all.events)
        EXPECT_EQ(event.kind, event_kind::comment);
    EXPECT_EQ(data_of(all), (texts{" data: x", "", "data: y"}));
}

TEST(SseFields, ValueBeginsBehindTheFirstColon) {
    EXPECT_EQ(data_of("data: a: b:c\n\n"), texts{"a: b:c"});
    EXPECT_EQ(data_of("data::\n\n"), texts{":"});
}

TEST(SseFields, OneSpaceBehindTheColonIsDropped) {
    EXPECT_EQ(data_of("data:x\n\n"), texts{"x"});
    EXPECT_EQ(data_of("data: x\n\n"), texts{"x"});
    EXPECT_EQ(data_of("data:  x \n\n"), texts{" x "});
    EXPECT_EQ(data_of("data:\tx\n\n"), texts{"\tx"});
    EXPECT_EQ(data_of("data:\xC2\xA0x\n\n"), texts{"\xC2\xA0x"});
}

TEST(SseFields, LineWithoutAColonIsANameWithAnEmptyValue) {
    EXPECT_EQ(data_of("data\n\n"), texts{""});
    EXPECT_EQ(data_of("data\ndata\n\n"), texts{"\n"});
    EXPECT_EQ(read_whole("event: a\nevent\ndata: x\n\n").events.at(0).type, "message");
    EXPECT_EQ(read_whole("id: a\n\nid\n\n").last_event_id, "");
}

TEST(SseFields, NamesAreComparedExactly) {
    EXPECT_EQ(data_of("Data: a\n data: b\nDATA: c\ndata : d\ndata\t: e\ndatas: f\ndat: g\n\n"),
              texts{});
    EXPECT_EQ(data_of("data\0: a\n\n"sv), texts{});
    const reading all = read_whole("Event: a\nID: b\nRetry: 3\ndata: x\n\n");
    ASSERT_EQ(all.events.size(), 1u);
    EXPECT_EQ(all.events[0].type, "message");
    EXPECT_EQ(all.events[0].id, "");
    EXPECT_EQ(all.retry_ms, std::nullopt);
}

TEST(SseFields, UnknownNamesAreIgnored) {
    EXPECT_EQ(data_of("x\nfoo: bar\ndata: a\n{\"error\": 1}\ndata: b\n\n"), texts{"a\nb"});
}

TEST(SseFields, DataLinesAreJoinedByLf) {
    EXPECT_EQ(data_of("data: a\ndata: b\ndata: c\n\n"), texts{"a\nb\nc"});
    EXPECT_EQ(data_of("data:\ndata\ndata: x\n\n"), texts{"\n\nx"});
    EXPECT_EQ(data_of("data: x\ndata\n\n"), texts{"x\n"});
}

TEST(SseFields, LastEventTypeWins) {
    const reading all = read_whole("event: a\nevent: b\ndata: x\n\nevent: a\nevent:\ndata: y\n\n");
    ASSERT_EQ(all.events.size(), 2u);
    EXPECT_EQ(all.events[0].type, "b");
    EXPECT_EQ(all.events[1].type, "message");
}

TEST(SseFields, TypeMayStandBehindTheDataAndBetween) {
    const reading all = read_whole(
        "data: x\nevent: late\n\n"
        "data: x\nevent: a-type-that-is-longer-than-what-is-joined\ndata: yyyyyyyyyyyyyyyyyy\n\n"
        "data: x\nevent: late\nevent: \ndata: y\n\n"
        "event: early\ndata: x\nevent: late\ndata: yyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n\n"
        "data: plain\n\n");
    ASSERT_EQ(all.events.size(), 5u);
    EXPECT_EQ(all.events[0].type, "late");
    EXPECT_EQ(all.events[1].type, "a-type-that-is-longer-than-what-is-joined");
    EXPECT_EQ(all.events[1].data, "x\nyyyyyyyyyyyyyyyyyy");
    EXPECT_EQ(all.events[2].type, "message");
    EXPECT_EQ(all.events[3].type, "late");
    EXPECT_EQ(all.events[4].type, "message");
}

TEST(SseFields, IdPersistsOverLaterEvents) {
    const reading all = read_whole("id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n");
    ASSERT_EQ(all.events.size(), 3u);
    EXPECT_EQ(all.events[0].id, "1");
    EXPECT_EQ(all.events[1].id, "1");
    EXPECT_EQ(all.events[2].id, "2");
    EXPECT_EQ(all.last_event_id, "2");
}

TEST(SseFields, EmptyIdResetsIt) {
    const reading all = read_whole("id: 1\ndata: a\n\nid:\ndata: b\n\n");
    ASSERT_EQ(all.events.size(), 2u);
    EXPECT_EQ(all.events[1].id, "");
}

TEST(SseFields, IdWithNulIsIgnoredWhole) {
    const reading all = read_whole("id: 1\ndata: a\n\nid: 2\0003\ndata: b\n\nid: \0\n\n"sv);
    ASSERT_EQ(all.events.size(), 2u);
    EXPECT_EQ(all.events[1].id, "1");
    EXPECT_EQ(all.last_event_id, "1");
}

TEST(SseFields, RetryTakesDigitsOnly) {
    for (const char* bad :
         {"", " ", "1x", "-1", "+1", "1.5", " 1", "1 ", "0x5", "1e3", "\xD9\xA1"}) {
        const reading all = read_whole("retry: 7\nretry: " + std::string(bad) + "\n");
        EXPECT_EQ(all.retry_ms, 7u) << bad;
        EXPECT_EQ(all.events.size(), 1u) << bad;
    }
    EXPECT_EQ(read_whole("retry\n").retry_ms, std::nullopt);
    EXPECT_EQ(read_whole("retry:03000\n").retry_ms, 3000u);
    EXPECT_EQ(read_whole("retry: 0\n").retry_ms, 0u);
}

TEST(SseFields, RetryTooLargeIsTheLargest) {
    EXPECT_EQ(read_whole("retry: 18446744073709551615\n").retry_ms, UINT64_MAX);
    EXPECT_EQ(read_whole("retry: 18446744073709551616\n").retry_ms, UINT64_MAX);
    EXPECT_EQ(read_whole("retry: 999999999999999999999999999999\n").retry_ms, UINT64_MAX);
    EXPECT_EQ(read_whole("retry: 000000000000000000000000000042\n").retry_ms, 42u);
    EXPECT_EQ(read_whole("retry: 5\nretry: 999999999999999999999999999999x\n").retry_ms, 5u);
}

// Dispatch

TEST(SseDispatch, IdIsCommittedEvenWhenNothingIsDispatched) {
    EXPECT_EQ(read_whole("id: 1\n\n").last_event_id, "1");
    EXPECT_EQ(read_whole("id: 1\n\ndata: x\n\n").events.at(0).id, "1");
}

TEST(SseDispatch, IdIsNotCommittedBeforeTheBlankLine) {
    conclave::sse::parser parser;
    const auto ignore = [](const conclave::sse::event&) {};
    parser.feed("id: 1\n", ignore);
    EXPECT_EQ(parser.last_event_id(), "");
    parser.feed("\n", ignore);
    EXPECT_EQ(parser.last_event_id(), "1");
}

TEST(SseDispatch, NothingWithoutADataLineAndTheTypeDoesNotLeak) {
    const reading all = read_whole("event: x\n\ndata: y\n\n");
    ASSERT_EQ(all.events.size(), 1u);
    EXPECT_EQ(all.events[0].type, "message");
    EXPECT_EQ(all.events[0].data, "y");
}

TEST(SseDispatch, BlankLinesAloneDispatchNothing) {
    EXPECT_EQ(data_of("\n\r\n\r\r\n\n"), texts{});
    EXPECT_EQ(data_of("\n\n\ndata: x\n\n\n\n"), texts{"x"});
}

TEST(SseDispatch, OneTrailingLfOnlyIsRemoved) {
    EXPECT_EQ(data_of("data: x\ndata:\ndata:\n\n"), texts{"x\n\n"});
}

TEST(SseDispatch, LoneDataLineGivesAnEventWithEmptyData) {
    const reading all = read_whole("data\n\ndata:\n\ndata: \n\n");
    EXPECT_EQ(data_of(all), (texts{"", "", ""}));
}

TEST(SseDispatch, DataAndTypeDoNotLeakIntoTheNextEvent) {
    const reading all = read_whole("event: a\ndata: long text\n\ndata: x\n\n");
    ASSERT_EQ(all.events.size(), 2u);
    EXPECT_EQ(all.events[1].type, "message");
    EXPECT_EQ(all.events[1].data, "x");
}

TEST(SseDispatch, DoneMarkersAreOrdinaryEvents) {
    EXPECT_EQ(data_of("data: [DONE]\n\ndata: [DONE] \n\ndata: [DONE]x\n\ndata: [DO\ndata: NE]\n\n"),
              (texts{"[DONE]", "[DONE] ", "[DONE]x", "[DO\nNE]"}));
}

// End of the stream, as the specification has it

TEST(SseEnd, UnterminatedEventIsDiscarded) {
    conclave::sse::parser_options options = all_reported();
    options.deliver_unterminated = false;
    for (const char* stream : {"data: x", "data: x\n", "data: x\r", "data: x\r\n", "id: 1\ndata"}) {
        const reading all = read_whole(stream, options);
        EXPECT_EQ(all.events.size(), 0u) << stream;
        EXPECT_EQ(all.last_event_id, "") << stream;
    }
}

TEST(SseEnd, RetryWithoutItsLineEndIsDiscarded) {
    EXPECT_EQ(read_whole("retry: 100").retry_ms, std::nullopt);
}

TEST(SseEnd, CompleteEventsBeforeTheEndAreDelivered) {
    conclave::sse::parser parser;
    EXPECT_EQ(data_of(pull(parser, {"data: a\n\ndata: b\n\n"})), (texts{"a", "b"}));
    EXPECT_EQ(parser.next(), nullptr);
}

TEST(SseEnd, EmptyStreamHasNoEvents) {
    conclave::sse::parser parser;
    EXPECT_EQ(parser.next(), nullptr);
    parser.finish();
    EXPECT_EQ(parser.next(), nullptr);
    EXPECT_FALSE(parser.error());
}

}  // namespace
