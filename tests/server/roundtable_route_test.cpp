// POST /v3/roundtable of the real program: every response is held to its descriptions.

#include "described.hpp"
#include "running_server.hpp"

#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace conclave::testing;
using namespace std::chrono_literals;
using loopback::at;
using loopback::parsed_response;
using serving::description;
using serving::json;
using serving::running_server;

constexpr auto path = "/v3/roundtable";

// One server for all tests, as nothing that one of them does may be seen by the next.
class RoundtableRoute : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        provider = std::make_unique<scripted_provider>();
        script(*provider);
        json settings;
        settings["listen"]["port"] = 0;
        settings["client"]["endpoints"] = {
            {{"base_url", provider->base_url()}, {"models", json::array()}}};
        auto& endpoint = settings["client"]["endpoints"][0];
        endpoint["prefix"] = "m/";
        endpoint.erase("models");
        settings["client"]["prices"]["m/plain"] = {{"input", 1}, {"output", 2}};
        server = std::make_unique<running_server>(settings.dump());
        served = std::make_unique<description>(description::served(*server));
        published = std::make_unique<description>(description::published());
    }
    static void TearDownTestSuite() {
        published.reset();
        served.reset();
        server.reset();
        provider.reset();
    }

    static void script(scripted_provider& to) {
        to.on("plain", answer("Use Postgres.").usage(12, 4));
        to.on("priced", answer("Use Oracle.").usage(10, 3).cost(0.25).reasoning("Think."));
        to.on("json", answer(R"({"city":"Paris"})").usage(1, 1));
        to.on("yes", choice("yes"));
        to.on("no", choice("no"));
        to.on("maybe", choice("maybe"));
        to.on("broken", status(400));
        to.on("missing", status(404));
        to.on("refuses", answer("").refusal("I cannot."));
        to.on("cut", answer("Use Postgres, for all.").close_in_event(3));
        to.on("lines", answer({"a\n\ndata: [DONE]\n\n", "\r\n: b", "\"}\xe2\x80\xa8"}));
        to.on("slow", answer(std::vector<std::string>(400, "word ")).token_every(50ms));
        to.on("silent", silent());
        to.on("long", answer(std::vector<std::string>(20'000, std::string(4096, 'x'))));
    }

    // The body of a request, with members beside input and models.
    static std::string body(const std::vector<std::string>& models,
                            const json& members = json::object()) {
        json request = members;
        if (!request.contains("input")) request["input"] = "Which database?";
        request["models"] = json::array();
        for (const std::string& each : models)
            request["models"].push_back({{"name", "m/" + each}});
        return request.dump();
    }

    // Asks for a whole answer, and holds it to the descriptions.
    static parsed_response ask(const std::string& text, int status = 200) {
        const parsed_response got = serving::answer_to(*server, "POST", path, text);
        EXPECT_EQ(got.head.status, status) << got.body;
        EXPECT_EQ(got.head.header.find("content-type").value_or(""), "application/json");
        EXPECT_TRUE(got.head.header.find("x-request-id"));
        expect_described(status == 200 ? "RoundtableResponse" : "ErrorResponse", got.body);
        const auto& answers = served->paths.at(path).at("post").at("responses");
        EXPECT_TRUE(answers.contains(std::to_string(status))) << status << " is not described";
        return got;
    }

    static void expect_described(const std::string& name, const std::string& text) {
        EXPECT_EQ(published->complaint(name, text), "") << "published";
        EXPECT_EQ(served->complaint(name, text), "") << "served";
    }

    // Asks for a stream; its frames, each held to the descriptions, without the end marker.
    static std::vector<std::string> stream(const std::vector<std::string>& models,
                                           json members = json::object()) {
        members["stream"] = true;
        const parsed_response got =
            serving::answer_to(*server, "POST", path, body(models, members));
        EXPECT_EQ(got.head.status, 200) << got.body;
        EXPECT_EQ(got.head.header.find("content-type").value_or(""), "text/event-stream");
        EXPECT_TRUE(got.complete);
        std::vector<std::string> frames = loopback::events_of(got.body);
        EXPECT_FALSE(frames.empty());
        if (frames.empty()) return frames;
        EXPECT_EQ(frames.back(), "[DONE]");
        frames.pop_back();
        for (const std::string& frame : frames)
            expect_described("RoundtableStreamChunk", frame);
        return frames;
    }

    static std::vector<std::string> types_of(const std::vector<std::string>& frames) {
        std::vector<std::string> types;
        for (const std::string& frame : frames)
            types.push_back(at(frame, "/type"));
        return types;
    }

    static inline std::unique_ptr<scripted_provider> provider;
    static inline std::unique_ptr<running_server> server;
    static inline std::unique_ptr<description> served;
    static inline std::unique_ptr<description> published;
};

TEST_F(RoundtableRoute, MergesTheAnswers) {
    const auto got = ask(body({"plain", "priced"}));
    EXPECT_EQ(at(got.body, "/data"), "Use Postgres.");
    EXPECT_EQ(at(got.body, "/meta/summary_model"), "m/plain");
    EXPECT_EQ(at(got.body, "/meta/models_used"), R"(["m/plain","m/priced"])");
    EXPECT_EQ(at(got.body, "/model_results/1/data"), "Use Oracle.");
    EXPECT_EQ(at(got.body, "/model_results/1/cost"), "0.25");
    // 12 + 4 tokens twice, at 1 and 2 USD for a million
    EXPECT_EQ(at(got.body, "/meta/total_cost"), "0.25004");
    EXPECT_EQ(at(got.body, "/meta/cost_complete"), "true");
}

TEST_F(RoundtableRoute, IsServedAtItsOlderPathToo) {
    const auto got = serving::answer_to(*server, "POST", "/v3/beta/roundtable", body({"plain"}));
    EXPECT_EQ(got.head.status, 200);
    EXPECT_EQ(at(got.body, "/data"), "Use Postgres.");
    expect_described("RoundtableResponse", got.body);
}

TEST_F(RoundtableRoute, LeavesTheAnswersAsTheyAreInFast) {
    const auto got = ask(body({"plain", "priced", "plain"}, {{"resolution", "fast"}}));
    EXPECT_EQ(at(got.body, "/data"), "null");
    EXPECT_EQ(at(got.body, "/model_results/2/data"), "Use Postgres.");
}

TEST_F(RoundtableRoute, CountsVotes) {
    const json vote = {{"resolution", "multiple_choice"}, {"choices", {"yes", "no"}}};
    const auto got = ask(body({"yes", "no", "maybe", "no"}, vote));
    EXPECT_EQ(at(got.body, "/data"), "no");
    EXPECT_EQ(at(got.body, "/meta/votes"),
              R"([{"choice":"yes","count":1},{"choice":"no","count":2}])");
    EXPECT_EQ(at(got.body, "/model_results/2/schema_valid"), "false");

    const auto none = ask(body({"maybe", "maybe"}, vote));
    EXPECT_EQ(at(none.body, "/data"), "null") << "models answered, and picked nothing";
}

TEST_F(RoundtableRoute, AnswersInTheShapeAskedFor) {
    const json schema = {{"output_schema",
                          {{"type", "object"},
                           {"properties", {{"city", {{"type", "string"}}}}},
                           {"required", {"city"}}}}};
    const auto got = ask(body({"json", "json"}, schema));
    EXPECT_EQ(at(got.body, "/data"), R"({"city":"Paris"})") << "a string, as the reference has it";
    EXPECT_EQ(at(got.body, "/data_is_json"), "true");
    EXPECT_NE(at(got.body, "/model_results/0/schema_valid"), "false");

    const auto none = ask(body({"plain", "plain"}, schema), 502);
    EXPECT_EQ(at(none.body, "/error/code"), "all_models_failed");
}

TEST_F(RoundtableRoute, ReportsAModelThatFails) {
    const auto got = ask(body({"broken", "plain", "refuses"}));
    EXPECT_EQ(at(got.body, "/data"), "Use Postgres.") << "the one answer is the answer";
    EXPECT_NE(at(got.body, "/model_results/0/error"), "absent");
    EXPECT_NE(at(got.body, "/model_results/2/error"), "absent");
    EXPECT_EQ(at(got.body, "/meta/models_used"), R"(["m/plain"])");
}

TEST_F(RoundtableRoute, SaysWhyMergingFailed) {
    const auto got = ask(body({"plain", "priced"}, {{"summary_model", "m/broken"}}));
    EXPECT_EQ(at(got.body, "/data"), "null");
    EXPECT_NE(at(got.body, "/meta/summary_error"), "absent");
    EXPECT_EQ(at(got.body, "/model_results/1/data"), "Use Oracle.");
}

TEST_F(RoundtableRoute, FailsWhenAllModelsDo) {
    for (const char* resolution : {"summary", "fast"}) {
        const auto got = ask(body({"broken", "missing"}, {{"resolution", resolution}}), 502);
        EXPECT_EQ(at(got.body, "/error/code"), "all_models_failed");
        const std::string details = at(got.body, "/error/details");
        expect_described("RoundtableResponse", details);
        EXPECT_EQ(at(details, "/data"), "null");
        EXPECT_NE(at(details, "/model_results/1/error"), "absent");
    }
}

TEST_F(RoundtableRoute, RefusesWhatIsWrongAndNamesIt) {
    const auto refused = [](const std::string& text, const std::string& field) {
        const auto got = ask(text, 400);
        EXPECT_EQ(at(got.body, "/error/code"),
                  field.starts_with("nobody") ? "model_not_found" : "invalid_request");
        EXPECT_NE(at(got.body, "/error/message"), "");
        return at(got.body, "/error/details/field");
    };
    EXPECT_EQ(refused("{", ""), "body");
    EXPECT_EQ(refused("[]", ""), "body");
    EXPECT_EQ(refused(R"({"models":[{"name":"m/plain"}]})", ""), "input");
    EXPECT_EQ(refused(body({}), ""), "models");
    EXPECT_EQ(refused(body({"plain"}, {{"input", ""}}), ""), "input");
    EXPECT_EQ(refused(body({"plain"}, {{"max_retries", 4}}), ""), "max_retries");
    EXPECT_EQ(refused(body({"plain"}, {{"max_retries", -1}}), ""), "max_retries");
    EXPECT_EQ(refused(body({"plain"}, {{"timeout_ms", 0}}), ""), "timeout_ms");
    EXPECT_EQ(refused(body({"plain"}, {{"timeout_ms", "soon"}}), ""), "timeout_ms");
    EXPECT_EQ(refused(body({"plain"}, {{"resolution", "best"}}), ""), "resolution");
    EXPECT_EQ(refused(body({"plain"}, {{"resolution", "multiple_choice"}}), ""), "choices");
    EXPECT_EQ(refused(body({"plain\r\n"}), ""), "models[0].name");
    EXPECT_EQ(refused(body({"plain"}, {{"stream", true}, {"timeout_ms", 0}}), ""), "timeout_ms");
    const std::string unknown = R"({"input":"Hi","stream":true,"models":[{"name":"who/knows"}]})";
    EXPECT_EQ(refused(unknown, "nobody"), "models[0].name");
    EXPECT_EQ(ask(body(std::vector<std::string>(10'000, "plain")), 413).head.status, 413);
}

TEST_F(RoundtableRoute, StreamsWhatHappens) {
    const auto frames = stream({"plain", "broken"});
    const auto types = types_of(frames);
    EXPECT_EQ(types.front(), "model_start");
    EXPECT_EQ(std::count(types.begin(), types.end(), "model_done"), 1);
    EXPECT_EQ(std::count(types.begin(), types.end(), "model_error"), 1);
    EXPECT_EQ(types.back(), "done");
    EXPECT_EQ(at(frames.back(), "/data"), "Use Postgres.");

    const auto merged = types_of(stream({"plain", "priced"}));
    for (const char* type : {"summary_start", "summary_delta", "summary_done"})
        EXPECT_NE(std::find(merged.begin(), merged.end(), type), merged.end()) << type;

    const auto retried = stream({"cut", "plain"}, {{"max_retries", 1}, {"resolution", "fast"}});
    const auto retries = types_of(retried);
    EXPECT_NE(std::find(retries.begin(), retries.end(), "model_retry"), retries.end());
    EXPECT_EQ(at(retried.back(), "/data"), "null");
}

TEST_F(RoundtableRoute, TellsAStreamOfFailuresToItsEnd) {
    const auto frames = stream({"broken", "missing"});
    EXPECT_EQ(at(frames.back(), "/type"), "done");
    EXPECT_EQ(at(frames.back(), "/data"), "null");
    EXPECT_NE(at(frames.back(), "/model_results/0/error"), "absent");
}

TEST_F(RoundtableRoute, LetsTheStreamAloneRebuildTheAnswer) {
    const auto frames = stream({"plain", "priced", "broken"});
    const auto last = conclave::stream_event::from_json(frames.back());
    ASSERT_TRUE(last && last->response);
    const auto whole =
        conclave::roundtable_response::from_json(ask(body({"plain", "priced", "broken"})).body);
    auto streamed = *last->response;
    EXPECT_EQ(streamed.data, whole.data);
    EXPECT_EQ(streamed.meta.models_used, whole.meta.models_used);
    EXPECT_EQ(streamed.meta.total_cost, whole.meta.total_cost);
    ASSERT_EQ(streamed.results.size(), whole.results.size());
    for (std::size_t i = 0; i < whole.results.size(); ++i) {
        streamed.results[i].duration = whole.results[i].duration;
        EXPECT_EQ(streamed.results[i], whole.results[i]);
    }
}

TEST_F(RoundtableRoute, LetsNoTextForgeAnEvent) {
    std::string text;
    for (const std::string& frame : stream({"lines"}, {{"resolution", "fast"}})) {
        if (at(frame, "/type") == "model_delta") text += at(frame, "/delta");
    }
    EXPECT_EQ(text, "a\n\ndata: [DONE]\n\n\r\n: b\"}\xe2\x80\xa8");
}

TEST_F(RoundtableRoute, CancelsTheModelsWhenTheClientGoesAway) {
    const auto idle = [] { return provider->aborted().size(); };
    for (const char* const model : {"slow", "silent"}) {
        for (const bool streamed : {true, false}) {
            const std::size_t before = idle();
            const std::size_t asked = provider->requests().size();
            loopback::plain_client client(server->port());
            client.send(serving::request("POST", path,
                                         body({model, model, model}, {{"stream", streamed}})));
            ASSERT_TRUE(
                provider->wait_until([&] { return provider->requests().size() == asked + 3; }));
            client.close();
            const auto left = std::chrono::steady_clock::now();
            EXPECT_TRUE(provider->wait_until([&] { return idle() == before + 3; }))
                << model << " streamed: " << streamed;
            // 50 ms are promised; the rest is for a machine that is busy with something else.
            EXPECT_LT(std::chrono::steady_clock::now() - left, 500ms);
        }
    }
}

// 80 MB a seat, of which a client that reads nothing gets what the buffers between hold.
TEST_F(RoundtableRoute, HoldsTheModelsBackForASlowClient) {
    const std::size_t before = server->memory() * 1024;
    loopback::plain_client client(server->port(), 60s);
    client.send(serving::request(
        "POST", path, body({"long", "long"}, {{"stream", true}, {"resolution", "fast"}})));
    std::this_thread::sleep_for(2s);
    EXPECT_LT(server->memory() * 1024, before + (std::size_t{32} << 20));
    EXPECT_NE(client.receive(), "");
}

}  // namespace
