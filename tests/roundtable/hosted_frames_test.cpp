// How liberally the frames of a hosted roundtable are read, without a socket.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/roundtable/hosted_frames.hpp>
#include <conclave/sse/parser.hpp>

#include "panel_world.hpp"

namespace conclave::tests {
namespace {

class frame_log final : public detail::event_sink {
public:
    void emit(const roundtable_event& seen) override { events.emplace_back(seen); }

    std::string words() const {
        std::string all;
        for (const stream_event& seen : events) {
            if (!all.empty()) all += ' ';
            all += to_string(seen.type);
            if (seen.type <= event_type::model_error) all += std::to_string(seen.model_index);
            if (!seen.delta.empty()) all += "=" + seen.delta;
        }
        return all;
    }

    std::vector<stream_event> events;
};

struct frames_read {
    wire::stream_status state;
    wire::failure failure;
    roundtable_response response;
    std::string words;
};

roundtable_request frames_request() {
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b");
    return request;
}

frames_read read_in_steps(const std::string& stream, std::size_t step,
                          const roundtable_request& request) {
    const endpoint server("http://127.0.0.1");
    const std::string trace = "the trace";
    frame_log log;
    detail::hosted_frames frames(request, server, trace, log);
    sse::parser events;
    const auto on_event = [&](const sse::event& event) { frames.read(event); };
    for (std::size_t at = 0; at < stream.size(); at += step)
        events.feed(std::string_view(stream).substr(at, step), on_event);
    events.finish(on_event);
    frames.finish(events.stray_lines());
    return {frames.state(), frames.failure(), frames.response(), log.words()};
}

// The same however the stream is cut.
frames_read read_frames(const std::string& stream,
                        const roundtable_request& request = frames_request()) {
    const frames_read whole = read_in_steps(stream, stream.size() + 1, request);
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}}) {
        const frames_read cut = read_in_steps(stream, step, request);
        EXPECT_EQ(cut.words, whole.words);
        EXPECT_EQ(cut.response, whole.response);
        EXPECT_EQ(cut.failure.message, whole.failure.message);
    }
    return whole;
}

std::string data_of(const std::vector<std::string>& frames) {
    std::string stream;
    for (const std::string& frame : frames)
        stream += "data: " + frame + "\n\n";
    return stream;
}

const std::string final_frame =
    R"({"type":"done","id":"rt_9","data":"merged","meta":{"resolution":"summary",)"
    R"("models_used":["m/a","m/b"],"total_cost":0.5,"total_duration_ms":70,"summary_model":"m/a",)"
    R"("trace_uuid":"theirs"},"model_results":[{"index":0,"model":"m/a","data":"A","duration_ms":7},)"
    R"({"index":1,"model":"m/b","data":"B","duration_ms":8}]})";

TEST(HostedFrames, TheFinalFrameAloneHasAllOfIt) {
    const frames_read read = read_frames(data_of({final_frame}));
    EXPECT_EQ(read.state, wire::stream_status::done);
    EXPECT_EQ(read.words,
              "model_start0 model_delta0=A model_done0 model_start1 model_delta1=B model_done1 "
              "summary_start summary_delta=merged summary_done done");
    EXPECT_EQ(read.response.id, "rt_9");
    EXPECT_EQ(read.response.meta.trace_uuid, "theirs");
    EXPECT_EQ(read.response.meta.total_duration, 70ms);
    EXPECT_EQ(read.response.results[1].duration, 8ms);
    EXPECT_TRUE(read.response.meta.cost_complete);
}

TEST(HostedFrames, UnknownTypesAndSeatsAndOtherJsonAreSkipped) {
    const frames_read read = read_frames(
        ": keep-alive\n\n" + data_of({R"({"type":"tool_call_start"})", "[]", "7", "",
                                      R"({"type":"model_delta","model_index":2,"delta":"x"})",
                                      R"({"type":"model_delta","delta":"x"})",
                                      R"({"type":"content","delta":"x"})", final_frame}));
    EXPECT_EQ(read.state, wire::stream_status::done);
    EXPECT_EQ(read.words.find("=x"), std::string::npos);
}

TEST(HostedFrames, MissingTypesAreToldByTheirMembersAndStartsAreFilledIn) {
    const frames_read read = read_frames(data_of(
        {R"({"model_index":1,"delta":"B "})", R"({"model_index":1,"delta":"says"})",
         R"({"model_index":0,"error":"no"})", R"({"model_index":1,"data":"B says","cost":0.5})",
         R"({"delta":"mer"})", R"({"delta":"ged"})", R"({"data":"merged"})",
         R"({"meta":{"total_cost":0.75}})", "[DONE]"}));
    EXPECT_EQ(read.state, wire::stream_status::done);
    EXPECT_EQ(
        read.words,
        "model_start1 model_delta1=B  model_delta1=says model_start0 model_error0 model_done1 "
        "summary_start summary_delta=mer summary_delta=ged summary_done done");
    EXPECT_EQ(read.response.text(), "merged");
    EXPECT_EQ(read.response.results[0].error, "no");
    EXPECT_EQ(read.response.results[1].cost, 0.5);
    EXPECT_EQ(read.response.results[1].duration, 0ms) << "unknown";
    EXPECT_EQ(read.response.meta.total_cost, 0.75);
    EXPECT_EQ(read.response.meta.trace_uuid, "the trace");
}

TEST(HostedFrames, AFrameWithMetaIsFinalWhateverItsType) {
    for (const char* type : {"model_delta", "finish", "completed", "anything"}) {
        const frames_read read = read_frames(data_of(
            {R"({"type":")" + std::string(type) + R"(","data":"x","meta":{"total_cost":1}})",
             R"({"type":"model_start","model_index":0})"}));
        EXPECT_EQ(read.state, wire::stream_status::done) << type;
        EXPECT_EQ(read.response.text(), "x");
        EXPECT_EQ(read.words, "model_start0 model_error0 model_start1 model_error1 done")
            << "nothing is known of the seats, and nothing invented";
    }
}

TEST(HostedFrames, ANamedCompleteFrameIsFinal) {
    // The habits of the sibling stream: a bare `done`, then the frame that has it all.
    const frames_read read =
        read_frames(data_of({R"({"delta":"mer"})", R"({"delta":"ged"})",
                             R"({"type":"done","usage":{"input_tokens":1,"output_tokens":2}})"}) +
                    "event: complete\ndata: {\"data\":\"merged\"}\n\ndata: [DONE]\n\n");
    EXPECT_EQ(read.state, wire::stream_status::done);
    EXPECT_EQ(read.response.text(), "merged");
    EXPECT_EQ(read.words,
              "summary_start summary_delta=mer summary_delta=ged model_start0 model_error0 "
              "model_start1 model_error1 summary_done done");
}

TEST(HostedFrames, ABareDoneIsFinalAtTheEndOfTheStream) {
    const std::vector<std::string> frames = {
        R"({"type":"model_delta","model_index":0,"delta":"A"})",
        R"({"type":"model_done","model_index":1,"data":"B","cost":0.5})", R"({"type":"done"})"};
    std::vector<std::string> marked = frames;
    marked.emplace_back(" [DONE] ");
    for (const std::string& stream : {data_of(frames), data_of(marked)}) {
        const frames_read read = read_frames(stream, frames_request().resolve_by(resolution::fast));
        EXPECT_EQ(read.state, wire::stream_status::done);
        EXPECT_EQ(read.response.results[0].text(), "A") << "what was shown is the answer";
        EXPECT_TRUE(read.response.results[0].ok());
        EXPECT_EQ(read.response.meta.resolution, resolution::fast);
        EXPECT_EQ(read.response.meta.total_cost, 0.5);
        EXPECT_FALSE(read.response.meta.cost_complete);
        EXPECT_EQ(read.response.meta.models_used, (std::vector<std::string>{"m/a", "m/b"}));
    }
}

TEST(HostedFrames, AnEndBeforeAFinalFrameIsAnError) {
    for (const std::string& stream :
         {std::string(), data_of({"[DONE]"}), data_of({R"({"model_index":0,"data":"A"})"}),
          data_of({R"({"model_index":0,"data":"A"})", "[DONE]", final_frame}),
          std::string("data: {\"type\":\"done\",\"meta\":{")}) {
        const frames_read read = read_frames(stream);
        EXPECT_EQ(read.state, wire::stream_status::failed) << stream;
        EXPECT_EQ(read.failure.code, errc::truncated_stream) << stream;
    }
}

TEST(HostedFrames, WhatIsNoJsonIsAnErrorAndStrayJsonIsReadForOne) {
    EXPECT_EQ(read_frames(data_of({"{\"type\":"})).failure.code, errc::malformed_json);
    const frames_read stray = read_frames(R"({"error":{"code":"x","message":"fell over"}})"
                                          "\n");
    EXPECT_EQ(stray.failure.message, "fell over");
}

TEST(HostedFrames, EachSeatReportsOnceWhateverTheFramesSay) {
    const frames_read read = read_frames(data_of(
        {R"({"type":"model_start","model_index":0})", R"({"type":"model_start","model_index":0})",
         R"({"type":"model_done","model_index":0,"data":"A"})",
         R"({"type":"model_error","model_index":0,"error":"no"})",
         R"({"type":"model_delta","model_index":0,"delta":"x"})",
         R"({"type":"model_retry","model_index":0,"error":"x"})", final_frame}));
    EXPECT_EQ(read.words.find("model_start0 model_delta0=A model_done0 model_start1"), 0u);
    EXPECT_EQ(read.response.results[0].duration, 7ms) << "the final frame knows more";
}

TEST(HostedFrames, ARetryVoidsWhatWasShown) {
    const frames_read read = read_frames(data_of(
        {R"({"type":"model_delta","model_index":0,"delta":"half"})",
         R"({"type":"model_retry","model_index":0,"error":"lost"})",
         R"({"type":"model_delta","model_index":0,"delta":"all"})",
         R"({"type":"summary_delta","delta":"half"})", R"({"type":"summary_retry","error":"lost"})",
         R"({"type":"summary_delta","delta":"all"})", R"({"type":"done"})"}));
    EXPECT_EQ(read.response.results[0].text(), "all");
    EXPECT_EQ(read.response.text(), "all");
}

TEST(HostedFrames, JsonAnswersMayBeStringsOrValues) {
    auto request = frames_request().output_schema(R"({"type":"object"})");
    for (const char* data : {R"("{\"n\":1}")", R"({"n":1})", R"({ "n" : 1 })"}) {
        const frames_read read = read_frames(
            data_of({R"({"data":)" + std::string(data) + R"(,"meta":{},"model_results":[)" +
                     R"({"index":0,"data":)" + data + "}]}"}),
            request);
        EXPECT_EQ(read.response.text(), R"({"n":1})");
        EXPECT_TRUE(read.response.data->is_json());
        EXPECT_TRUE(read.response.results[0].data.is_json());
    }
}

TEST(HostedFrames, ResultsAreInTheOrderOfTheRequestAndOthersAreIgnored) {
    const frames_read read = read_frames(
        data_of({R"({"meta":{},"model_results":[{"index":1,"data":"B"},{"index":0,"data":"A"},)"
                 R"({"index":0,"data":"again"},{"index":99999999999,"data":"far"}]})"}));
    ASSERT_EQ(read.response.results.size(), 2u);
    EXPECT_EQ(read.response.results[0].text(), "A");
    EXPECT_EQ(read.response.results[0].model, "m/a");
    EXPECT_EQ(read.response.results[1].text(), "B");
    EXPECT_FALSE(read.response.meta.cost_complete) << "no total was told";
}

TEST(HostedFrames, OurOwnStreamIsReadBackWhole) {
    scripted_provider provider;
    provider.on("m/a", answer("A says so.").cost(0.5)).on("m/b", status(400));
    const panel_run here = run_panel(provider, frames_request().resolve_by(resolution::fast));
    std::string stream;
    for (const stream_event& seen : here.events) {
        stream += "data: ";
        write_frame(seen.view(), stream);
        stream += "\n\n";
    }
    const frames_read read = read_frames(stream);
    ASSERT_EQ(read.state, wire::stream_status::done);
    EXPECT_EQ(read.response.to_json(), here.response.to_json());
}

}  // namespace
}  // namespace conclave::tests
