// What the scripted provider streams in each format, cut at every byte.

#include "every_format.hpp"
#include "wire/reading_streams.hpp"

#include <conclave/sse/writer.hpp>
#include <conclave/testing/services.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

using namespace conclave::testing;
using conclave::finish_reason;
using conclave::tool_call;
using conclave::wire::stream_status;

class EveryFormatStream : public ::testing::TestWithParam<named_format> {
protected:
    // The stream of an answer; without its last `missing` events, if any.
    std::string stream(const conclave::testing::detail::planned_answer& answer,
                       std::size_t missing = 0) const {
        const std::string target = std::visit(
            [](const auto& format) { return format.target("m", true); }, GetParam().format);
        const auto* const service = conclave::testing::detail::find_service(
            "POST", std::string_view(target).substr(0, target.find('?')));
        recorded_request request;
        request.model = "m";
        request.stream = request.stream_usage = true;
        auto events = service->stream_events(answer, request);
        events.resize(events.size() - missing);
        std::string text;
        for (const conclave::testing::detail::planned_event& each : events)
            conclave::sse::writer(text).event(each.data, each.type);
        return text;
    }

    stream_outcome read(const std::string& stream) const {
        return std::visit(
            [&](const auto& format) {
                using format_reader = typename std::decay_t<decltype(format)>::stream_reader;
                return read_stream<format_reader>(stream);
            },
            GetParam().format);
    }

    static conclave::testing::detail::planned_answer planned() {
        conclave::testing::detail::planned_answer answer;
        answer.id = "id-1";
        answer.model = "m";
        answer.reasoning = {"Rain", " means wet."};
        answer.tokens = {"Bring an", " “umbrella”,\n", "\"please\" 🦊."};
        answer.finish_reason = "stop";
        answer.input_tokens = 12;
        answer.output_tokens = 9;
        return answer;
    }
};

TEST_P(EveryFormatStream, IsTheSameHoweverItIsCut) {
    const stream_outcome out = read(stream(planned()));
    EXPECT_EQ(out.end, stream_status::done) << out.error.message;
    EXPECT_EQ(out.text, "Bring an “umbrella”,\n\"please\" 🦊.");
    EXPECT_EQ(out.reasoning, "Rain means wet.");
    EXPECT_EQ(out.result.finish, finish_reason::stop);
    ASSERT_TRUE(out.result.usage);
    EXPECT_EQ(out.result.usage->input_tokens, 12);
    EXPECT_EQ(out.result.usage->output_tokens, 9);
}

TEST_P(EveryFormatStream, OfToolCallsIsTheSameHoweverItIsCut) {
    auto answer = planned();
    answer.reasoning.clear();
    answer.tool_calls = {{"call_1", "weather", R"({"city":"Oslo","days":[1,2]})"},
                         {"call_2", "time", "{}"}};
    answer.finish_reason = "tool_calls";
    const stream_outcome out = read(stream(answer));
    EXPECT_EQ(out.end, stream_status::done) << out.error.message;
    EXPECT_EQ(out.result.finish, finish_reason::tool_calls);
    ASSERT_EQ(out.result.tool_calls.size(), 2U);
    EXPECT_EQ(out.result.tool_calls[0].name, "weather");
    EXPECT_EQ(out.result.tool_calls[0].arguments, R"({"city":"Oslo","days":[1,2]})");
    EXPECT_EQ(out.result.tool_calls[1], (tool_call{out.result.tool_calls[1].id, "time", "{}"}));
}

TEST_P(EveryFormatStream, ThatEndsEarlyIsAFailureWithWhatCame) {
    const auto answer = planned();
    std::size_t count = 0;
    const std::string whole = stream(answer);
    for (std::size_t at = whole.find("\n\n"); at != whole.npos; at = whole.find("\n\n", at + 2))
        ++count;
    for (std::size_t missing = 1; missing < count; ++missing) {
        const stream_outcome out = read(stream(answer, missing));
        if (out.end == stream_status::done) {
            // Only what follows the model's own end may be missing.
            EXPECT_EQ(out.result.finish, finish_reason::stop);
            EXPECT_EQ(out.text, "Bring an “umbrella”,\n\"please\" 🦊.");
        } else {
            EXPECT_EQ(out.end, stream_status::failed);
            EXPECT_EQ(out.error.code, conclave::errc::truncated_stream);
        }
    }
}

TEST_P(EveryFormatStream, TakesNoNonsenseForAnAnswer) {
    for (const std::string_view text :
         {"", "data: [DONE]\n\n", "data: {}\n\n", "data: null\n\n", "event: ping\ndata: {}\n\n",
          ": comment\n\n", "data: {\"type\":\"unknown\"}\n\n", "<html></html>\n"}) {
        EXPECT_EQ(read(std::string(text)).end, stream_status::failed) << text;
    }
}

INSTANTIATE_TEST_SUITE_P(Speaks, EveryFormatStream, ::testing::ValuesIn(every_format()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
