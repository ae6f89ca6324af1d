// What the writers of answers write is what the readers of the same format read.

#include "reading_streams.hpp"

#include <conclave/json/document.hpp>
#include <conclave/sse/writer.hpp>
#include <conclave/wire/chat_answer.hpp>
#include <conclave/wire/chat_completions.hpp>
#include <conclave/wire/responses.hpp>
#include <conclave/wire/responses_answer.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing {
namespace {

const std::vector<tool_call> two_calls = {{"call_1", "look", R"({"a":"\"\n"})"},
                                          {"call_2", "ask", "{}"}};

usage some_usage() {
    usage used;
    used.input_tokens = 12;
    used.output_tokens = 7;
    used.reasoning_tokens = 3;
    used.cache_read_tokens = 2;
    return used;
}

completion some_answer() {
    completion answer;
    answer.text = "Use \"Postgres\".\n\nfür alle\x01";
    answer.reasoning = "Think.";
    answer.tool_calls = two_calls;
    answer.usage = some_usage();
    answer.cost = 0.25;
    return answer;
}

void expect_read(const completion& read) {
    const completion written = some_answer();
    EXPECT_EQ(read.text, written.text);
    EXPECT_EQ(read.reasoning, written.reasoning);
    EXPECT_EQ(read.tool_calls, written.tool_calls);
    EXPECT_EQ(read.finish, finish_reason::tool_calls);
    ASSERT_TRUE(read.usage);
    EXPECT_EQ(read.usage->input_tokens, 12);
    EXPECT_EQ(read.usage->output_tokens, 7);
    EXPECT_EQ(read.usage->reasoning_tokens, 3);
    EXPECT_EQ(read.usage->cache_read_tokens, 2);
    EXPECT_EQ(read.cost, 0.25);
    EXPECT_EQ(read.model, "m");
}

TEST(ChatAnswerWriter, WritesAWholeAnswerThatReadsBack) {
    std::string body;
    const wire::chat_answer_writer writer({"chatcmpl-1", 5, "m"});
    writer.whole(some_answer(), "tool_calls", body);
    completion read;
    const auto failed = wire::chat_completions::read_reply(body, read);
    ASSERT_FALSE(failed) << failed->message;
    expect_read(read);
    EXPECT_EQ(read.id, "chatcmpl-1");
}

TEST(ChatAnswerWriter, WritesAStreamThatReadsBackHoweverItIsCut) {
    const wire::chat_answer_writer writer({"chatcmpl-1", 5, "m"}, true);
    const completion answer = some_answer();
    std::string stream;
    sse::writer to(stream);
    const auto add = [&](auto&& write) {
        std::string chunk;
        write(chunk);
        to.event(chunk);
    };
    add([&](std::string& out) { writer.opening(out); });
    add([&](std::string& out) { writer.reasoning(answer.reasoning, out); });
    for (const char piece : answer.text.substr(0, 16))
        add([&](std::string& out) { writer.text(std::string_view(&piece, 1), out); });
    add([&](std::string& out) { writer.text(answer.text.substr(16), out); });
    add([&](std::string& out) { writer.tool(two_calls[0], 0, "", out); });
    for (const char piece : two_calls[0].arguments)
        add([&](std::string& out) { writer.tool_arguments(0, std::string_view(&piece, 1), out); });
    add([&](std::string& out) { writer.tool(two_calls[1], 1, two_calls[1].arguments, out); });
    add([&](std::string& out) { writer.finish("tool_calls", out); });
    add([&](std::string& out) { writer.usage(some_usage(), 0.25, out); });
    to.done();
    const stream_outcome out = read_stream<wire::chat_completions::stream_reader>(stream);
    EXPECT_EQ(out.end, wire::stream_status::done) << out.error.message;
    expect_read(out.result);
}

// Writes the answer, and gives the stream and the whole.
std::pair<std::string, std::string> write_response(bool open) {
    std::string stream;
    wire::responses_answer_writer writer(
        {"resp_1", 5, "m"}, wire::responses_settings(R"({"temperature":0.5})", open),
        [&](std::string_view type, std::string data) { sse::writer(stream).event(data, type); },
        open);
    const completion answer = some_answer();
    writer.begin();
    writer.reasoning(answer.reasoning);
    for (const char& piece : answer.text.substr(0, 16))
        writer.text(std::string_view(&piece, 1));
    writer.text(answer.text.substr(16));
    for (const tool_call& each : two_calls)
        writer.tool(each, std::array<std::string_view, 1>{each.arguments});
    writer.finish("", some_usage(), 0.25, 6);
    if (open) sse::writer(stream).done();
    std::string whole;
    writer.write_response(whole);
    return {stream, whole};
}

TEST(ResponsesAnswerWriter, WritesWhatReadsBackWholeAndStreamed) {
    for (const bool open : {false, true}) {
        auto [stream, whole] = write_response(open);
        const stream_outcome out = read_parts<wire::responses::stream_reader>({stream});
        EXPECT_EQ(out.end, wire::stream_status::done) << out.error.message;
        completion read;
        const auto failed = wire::responses().read_reply(whole, read);
        ASSERT_FALSE(failed) << failed->message;
        if (open) continue;  // whose cost is in an item of its own
        expect_read(out.result);
        expect_read(read);
    }
}

TEST(ResponsesAnswerWriter, RepeatsTheSettingsAndNumbersTheEvents) {
    const auto [stream, whole] = write_response(false);
    json::document response;
    ASSERT_FALSE(json::document::parse(whole, response));
    EXPECT_EQ(double(response.root()["temperature"]), 0.5);
    EXPECT_TRUE(bool(response.root()["store"]));
    std::int64_t number = 0;
    sse::parser events;
    events.feed(stream, [&](const sse::event& event) {
        json::document parsed;
        ASSERT_FALSE(json::document::parse(event.data, parsed));
        EXPECT_EQ(std::int64_t(parsed.root()["sequence_number"]), number++);
        EXPECT_EQ(std::string_view(parsed.root()["type"]), event.type);
    });
    EXPECT_GT(number, 20);
}

TEST(ResponsesAnswerWriter, HasAMessageThoughNothingWasSaid) {
    wire::responses_answer_writer writer({"resp_1", 5, "m"}, "");
    writer.begin();
    writer.finish("max_output_tokens", std::nullopt, std::nullopt, 6);
    std::string whole;
    writer.write_response(whole);
    json::document response;
    ASSERT_FALSE(json::document::parse(whole, response)) << whole;
    EXPECT_EQ(std::string_view(response.root()["status"]), "incomplete");
    EXPECT_EQ(std::string_view(response.root().at_pointer("/output/0/content/0/text")), "");
    EXPECT_TRUE(response.root()["usage"].is_null());
}

TEST(ResponsesAnswerWriter, SaysThatAnAnswerFailed) {
    std::vector<std::string> types;
    wire::responses_answer_writer writer(
        {"resp_1", 5, "m"}, "",
        [&](std::string_view type, const std::string&) { types.emplace_back(type); });
    writer.begin();
    writer.text("Use");
    writer.fail("timeout", "too late");
    ASSERT_GE(types.size(), 2U);
    EXPECT_EQ(types[types.size() - 2], "error");
    EXPECT_EQ(types.back(), "response.failed");
    std::string whole;
    writer.write_response(whole);
    EXPECT_NE(whole.find(R"("error":{"code":"timeout","message":"too late"})"), std::string::npos);
}

}  // namespace
}  // namespace conclave::testing
