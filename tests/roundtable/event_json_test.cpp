#include <conclave/roundtable/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "random_values.hpp"

namespace conclave {
namespace {

std::string frame_of(const stream_event& event) {
    std::string text;
    write_frame(event.view(), text);
    return text;
}

std::optional<event_type> type_of(std::string_view frame, std::string_view name = {}) {
    const auto event = stream_event::from_json(frame, name);
    return event ? std::optional(event->type) : std::nullopt;
}

TEST(EventJson, WritesTheDocumentedChunkMembers) {
    stream_event event;
    event.type = event_type::model_delta;
    event.model_index = 1;
    event.model = "openai/m1";
    event.delta = "hel\nlo";
    EXPECT_EQ(frame_of(event),
              R"({"type":"model_delta","model_index":1,"model":"openai/m1","delta":"hel\nlo"})");

    event = {};
    event.type = event_type::model_done;
    event.model_index = 2;
    event.result.emplace();
    event.result->model = "m";
    event.result->data = answer_text("hello");
    event.result->cost = 0.25;
    event.result->usage.emplace();
    event.result->schema_valid = true;
    EXPECT_EQ(frame_of(event),
              R"({"type":"model_done","model_index":2,"model":"m","data":"hello","duration_ms":0,)"
              R"("cost":0.25,"usage":{"input_tokens":0,"output_tokens":0},"schema_valid":true,)"
              R"("attempts":0})");

    event = {};
    event.type = event_type::summary_done;
    event.model = "m";
    EXPECT_EQ(frame_of(event), R"({"type":"summary_done","model":"m","data":""})");
}

TEST(EventJson, PutsTheWholeResponseIntoTheLastFrame) {
    tests::random_values random(4);
    stream_event event;
    event.response = random.response();
    const std::string frame = frame_of(event);
    EXPECT_EQ(frame, "{\"type\":\"done\"," + event.response->to_json().substr(1));
    EXPECT_TRUE(roundtable_response::from_json(frame) == *event.response);
}

TEST(EventJson, AppendsToWhatIsThere) {
    std::string text = "data: ";
    write_frame(roundtable_event(), text);
    EXPECT_EQ(text, "data: {\"type\":\"done\"}");
}

TEST(EventJson, SurvivesTheRoundTripOnOneLine) {
    tests::random_values random(5);
    for (int round = 0; round < 2'000; ++round) {
        const stream_event event = random.event();
        const std::string frame = frame_of(event);
        ASSERT_EQ(frame.find_first_of("\r\n"), std::string::npos);
        const auto again = stream_event::from_json(frame);
        ASSERT_TRUE(again.has_value()) << frame;
        if (event.type == event_type::done) {
            ASSERT_TRUE(again->response == event.response) << frame;
        } else {
            ASSERT_TRUE(*again == event) << frame;
        }
        ASSERT_EQ(frame_of(*again), frame);
    }
}

TEST(EventJson, SkipsFramesOfUnknownTypeOrWithoutMeaning) {
    for (const char* frame :
         {R"({"type":"content","delta":"x"})", R"({"type":"","delta":"x"})",
          R"({"type":"MODEL_DELTA","model_index":0,"delta":"x"})", "{}", R"({"usage":{}})", "[]",
          "null", "1", "\"x\"", R"({"type":null})", R"({"meta":null})", R"({"delta":null})"}) {
        EXPECT_EQ(type_of(frame), std::nullopt) << frame;
    }
}

TEST(EventJson, SkipsASeatsFrameThatDoesNotNameTheSeat) {
    for (const char* seat : {"", R"(,"model_index":-1)", R"(,"model_index":"0")"}) {
        const std::string frame = R"({"type":"model_delta","delta":"x")" + std::string(seat) + "}";
        EXPECT_EQ(type_of(frame), std::nullopt) << frame;
    }
}

TEST(EventJson, TellsAMissingTypeByTheMembers) {
    EXPECT_EQ(type_of(R"({"model_index":0,"delta":"x"})"), event_type::model_delta);
    EXPECT_EQ(type_of(R"({"delta":"x"})"), event_type::summary_delta);
    EXPECT_EQ(type_of(R"({"model_index":0,"data":"x"})"), event_type::model_done);
    EXPECT_EQ(type_of(R"({"data":"x"})"), event_type::summary_done);
    EXPECT_EQ(type_of(R"({"model_index":0,"error":"x"})"), event_type::model_error);
    EXPECT_EQ(type_of(R"({"model_index":0,"data":"","error":"x"})"), event_type::model_error);
    EXPECT_EQ(type_of(R"({"error":"x"})"), event_type::error);
    EXPECT_EQ(type_of(R"({"data":"x","model_results":[]})"), event_type::done);
    EXPECT_EQ(type_of(R"({"type":7,"delta":"x"})"), event_type::summary_delta);
    EXPECT_EQ(type_of(R"({"delta":"x","error":null})"), event_type::summary_delta);
}

TEST(EventJson, TakesAFrameWithMetaAsTheLastWhateverItsType) {
    for (const char* type :
         {"", R"("type":"anything",)", R"("type":"model_delta",)", R"("type":"done",)"}) {
        const auto event = stream_event::from_json("{" + std::string(type) +
                                                   R"("data":"merged","meta":{"total_cost":0.5}})");
        ASSERT_TRUE(event) << type;
        EXPECT_EQ(event->type, event_type::done);
        EXPECT_EQ(event->response->text(), "merged");
        EXPECT_EQ(event->response->meta.total_cost, 0.5);
    }
}

TEST(EventJson, TakesAFrameNamedCompleteAsTheLast) {
    const auto event = stream_event::from_json(R"({"data":"merged"})", "complete");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->type, event_type::done);
    EXPECT_EQ(event->response->text(), "merged");
    EXPECT_EQ(type_of("{}", "complete"), event_type::done);
    EXPECT_EQ(type_of(R"({"type":"anything"})", "complete"), event_type::done);
}

TEST(EventJson, TellsAMissingTypeByTheEventsName) {
    EXPECT_EQ(type_of(R"({"delta":"x","model_index":3})", "model_delta"), event_type::model_delta);
    EXPECT_EQ(type_of(R"({"type":"model_start","model_index":3})", "model_delta"),
              event_type::model_start);
    EXPECT_EQ(type_of(R"({"delta":"x"})", "message"), event_type::summary_delta);
    const auto failed = stream_event::from_json(R"({"message":"overloaded"})", "error");
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->type, event_type::error);
    EXPECT_EQ(failed->error, "overloaded");
}

TEST(EventJson, TakesAnErrorThatNamesASeatAsThatSeats) {
    const auto event =
        stream_event::from_json(R"({"type":"error","model_index":1,"error":{"message":"slow"}})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->type, event_type::model_error);
    EXPECT_EQ(event->error, "slow");
    ASSERT_TRUE(event->result);
    EXPECT_EQ(event->result->index, 1U);
    EXPECT_EQ(event->result->error, "slow");
    EXPECT_EQ(type_of(R"({"type":"done","model_index":1,"data":"x"})"), event_type::model_done);
}

TEST(EventJson, NeverTakesAFailedSeatForOneThatAnswered) {
    const auto event = stream_event::from_json(R"({"type":"model_error","model_index":0})");
    ASSERT_TRUE(event);
    EXPECT_FALSE(event->result->ok());
}

TEST(EventJson, RefusesWhatIsNotJson) {
    for (const char* frame : {"", "[DONE]", "{", "{\"delta\":\"\xff\"}"}) {
        try {
            (void)stream_event::from_json(frame);
            FAIL() << frame;
        } catch (const error& refusal) {
            EXPECT_EQ(refusal.code(), errc::malformed_json);
        }
    }
}

}  // namespace
}  // namespace conclave
