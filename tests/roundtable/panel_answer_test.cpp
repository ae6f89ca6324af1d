#include "net/machine_delay.hpp"
#include "panel_world.hpp"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/sse/writer.hpp>

namespace conclave::tests {
namespace {

// A member of the JSON that the provider was sent, as JSON text; empty if it is not there.
std::string sent(const testing::recorded_request& request, const std::string& pointer) {
    json::document body;
    if (json::document::parse(request.body, body)) return "not JSON";
    simdjson::dom::element found;
    if (body.root().at_pointer(pointer).get(found)) return {};
    return simdjson::minify(found);
}

TEST(Panel, ResultsAreInRequestOrderThoughTheSeatsFinishInAnother) {
    scripted_provider provider;
    provider.on("m/a", answer("slow").first_token_after(200ms));
    provider.on("m/b", answer("middle").first_token_after(100ms));
    provider.on("m/c", answer("quick"));
    roundtable_request request = three_seats();
    request.resolve_by(resolution::fast);
    const panel_run run = run_panel(provider, request);

    ASSERT_EQ(run.response.results.size(), 3u);
    const std::vector<std::string> texts = {"slow", "middle", "quick"};
    const std::vector<std::string> names = {"m/a", "m/b", "m/c"};
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(run.response.results[i].index, i);
        EXPECT_EQ(run.response.results[i].model, names[i]);
        EXPECT_EQ(run.response.results[i].text(), texts[i]);
        EXPECT_EQ(run.response.results[i].attempts, 1);
        EXPECT_EQ(run.response.results[i].finish, finish_reason::stop);
    }
    const std::vector<std::string> expected = {"model_start 0", "model_start 1", "model_start 2",
                                               "model_done 2",  "model_done 1",  "model_done 0",
                                               "done"};
    EXPECT_EQ(run.milestones(), expected);
    EXPECT_EQ(run.response.meta.models_used, names);
    EXPECT_EQ(provider.requests().size(), 3u);
}

TEST(Panel, AsksItsSeatsSideBySide) {
    scripted_provider provider;
    provider.otherwise(answer("after a while").first_token_after(300ms));
    roundtable_request request("Which database?");
    request.resolve_by(resolution::fast);
    for (int i = 0; i < 8; ++i)
        request.model("m/" + std::to_string(i));
    const running::machine_delay delay;
    const panel_run run = run_panel(provider, request);
    EXPECT_LT(run.took, 2 * 300ms + delay.longest());
    EXPECT_GE(run.response.meta.total_duration, 299ms);
}

TEST(Panel, DurationsAreThoseOfTheSeatsAndOfTheWhole) {
    scripted_provider provider;
    provider.on("m/a", answer("slow").first_token_after(200ms));
    provider.on("m/b", answer("quick"));
    provider.on("m/c", answer("later").first_token_after(100ms));
    const panel_run run = run_panel(provider, three_seats());
    const auto& results = run.response.results;
    EXPECT_GE(results[0].duration, 199ms);
    EXPECT_GE(results[2].duration, 99ms);
    EXPECT_LT(results[1].duration, results[2].duration);
    // The consolidation, which m/a makes, has its 200 ms too.
    EXPECT_GE(run.response.meta.total_duration, 2 * 199ms);
    EXPECT_LE(run.response.meta.total_duration, run.took);
}

TEST(Panel, SendsEachSeatItsOwnOverrides) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    roundtable_request request("Which database?");
    request.model(panel_model("m/a").temperature(0.25).top_p(0.5).max_tokens(77).reasoning(
        reasoning_effort::high));
    request.model(panel_model("m/b").temperature(0).max_tokens(1));
    request.model("m/c");
    request.instructions("Be brief.").resolve_by(resolution::fast);
    const panel_run run = run_panel(provider, request);
    ASSERT_EQ(run.response.meta.models_used.size(), 3u);

    const auto first = provider.requests_for("m/a").at(0);
    EXPECT_EQ(sent(first, "/temperature"), "0.25");
    EXPECT_EQ(sent(first, "/top_p"), "0.5");
    EXPECT_EQ(sent(first, "/max_tokens"), "77");
    EXPECT_EQ(sent(first, "/reasoning_effort"), "\"high\"");
    const auto second = provider.requests_for("m/b").at(0);
    EXPECT_EQ(std::stod(sent(second, "/temperature")), 0.0);
    EXPECT_EQ(sent(second, "/max_tokens"), "1");
    EXPECT_EQ(sent(second, "/top_p"), "");
    const auto third = provider.requests_for("m/c").at(0);
    for (const char* member : {"/temperature", "/top_p", "/max_tokens", "/reasoning_effort"})
        EXPECT_EQ(sent(third, member), "") << member;
    for (const auto& request_seen : provider.requests()) {
        EXPECT_EQ(request_seen.instructions, "Be brief.");
        EXPECT_EQ(request_seen.prompt, "Which database?");
        EXPECT_TRUE(request_seen.stream);
        EXPECT_TRUE(request_seen.stream_usage);
        EXPECT_EQ(request_seen.target, "/v1/chat/completions");
    }
}

TEST(Panel, ASeatsResultSaysWhatWasDroppedBecauseItsModelRefusesIt) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    client_options options = options_for(provider);
    wire::chat_completions speaks;
    speaks.without_sampling = {"m/a"};
    options.endpoints[0].format = speaks;
    roundtable_request request("Which database?");
    request.model(panel_model("m/a").temperature(0.25)).model(panel_model("m/b").temperature(0.25));
    request.resolve_by(resolution::fast);
    asio::io_context context;
    client via(context, options);
    const auto response = run_to_end(context, roundtable(via, request));
    EXPECT_EQ(response.results[0].notes,
              std::vector<std::string>{"temperature was dropped: this model does not take it"});
    EXPECT_TRUE(response.results[1].notes.empty());
    EXPECT_EQ(sent(provider.requests_for("m/a").at(0), "/temperature"), "");
    EXPECT_EQ(sent(provider.requests_for("m/b").at(0), "/temperature"), "0.25");
}

TEST(Panel, TheSameModelMaySitTwice) {
    scripted_provider provider;
    provider.on("m/a", answer("one")).on("m/a", answer("two")).on("m/a", answer("merged"));
    roundtable_request request("Which database?");
    request.model(panel_model("m/a").temperature(0)).model(panel_model("m/a").temperature(1));
    const panel_run run = run_panel(provider, request);
    ASSERT_EQ(run.response.results.size(), 2u);
    const std::set<std::string> texts = {run.response.results[0].text(),
                                         run.response.results[1].text()};
    EXPECT_EQ(texts, (std::set<std::string>{"one", "two"}));
    EXPECT_EQ(run.response.text(), "merged");
    EXPECT_EQ(run.response.meta.models_used, (std::vector<std::string>{"m/a", "m/a"}));
}

TEST(Panel, AModelsPrefixChoosesItsEndpointAndIsTakenOff) {
    scripted_provider general;
    scripted_provider special;
    general.otherwise(answer("general"));
    special.otherwise(answer("special"));
    client_options options = options_for(general, "general-key");
    options.endpoints.emplace_back(special.base_url(), "special-key");
    options.endpoints.back().prefix = "special/";
    roundtable_request request("Which database?");
    request.model("special/one").model("other/one").resolve_by(resolution::fast);
    const panel_run run(options, request);

    EXPECT_EQ(run.response.results[0].text(), "special");
    EXPECT_EQ(run.response.results[1].text(), "general");
    EXPECT_EQ(run.response.results[0].model, "special/one");
    EXPECT_EQ(special.requests().at(0).model, "one");
    EXPECT_EQ(general.requests().at(0).model, "other/one");
    // Each key goes to its own endpoint.
    EXPECT_EQ(special.requests().at(0).header.find("authorization"), "Bearer special-key");
    EXPECT_EQ(general.requests().at(0).header.find("authorization"), "Bearer general-key");
}

// ---- cost

TEST(Panel, CostIsTheProvidersFigureElseThatOfThePriceTable) {
    scripted_provider provider;
    provider.on("m/a", answer("A").cost(0.5)).on("m/a", answer("merged").cost(0.25));
    provider.on("m/b", answer("B").usage(1000, 100));
    provider.on("m/c", answer("C").usage(10, 10).cost(0.125));
    client_options options = options_for(provider);
    options.prices["m/b"] = {2.0, 10.0};
    options.prices["m/c"] = {1e6, 1e6};  // the provider's own figure comes first
    const panel_run run(options, three_seats());
    const auto& results = run.response.results;
    EXPECT_EQ(results[0].cost, 0.5);
    ASSERT_TRUE(results[1].cost.has_value());
    EXPECT_DOUBLE_EQ(*results[1].cost, 0.003);
    EXPECT_EQ(results[2].cost, 0.125);
    EXPECT_DOUBLE_EQ(run.response.meta.total_cost, 0.5 + 0.003 + 0.125 + 0.25);
    EXPECT_TRUE(run.response.meta.cost_complete);
}

TEST(Panel, CostIsIncompleteWhenAPartIsUnknown) {
    scripted_provider provider;
    provider.on("m/a", answer("A").cost(0.5)).on("m/a", answer("merged").cost(0.25));
    provider.on("m/b", answer("B"));
    provider.on("m/c", status(400));
    const panel_run run = run_panel(provider, three_seats());
    EXPECT_FALSE(run.response.results[1].cost.has_value());
    EXPECT_EQ(run.response.results[2].cost, 0.0) << "what was refused costs nothing";
    EXPECT_DOUBLE_EQ(run.response.meta.total_cost, 0.75);
    EXPECT_FALSE(run.response.meta.cost_complete);
}

TEST(Panel, CostIsIncompleteWhenTheConsolidationsIsUnknown) {
    scripted_provider provider;
    provider.on("m/a", answer("A").cost(0.5)).on("m/a", answer("merged"));
    provider.on("m/b", answer("B").cost(0.5));
    roundtable_request request("Which database?");
    request.model("m/a").model("m/b");
    const panel_run run = run_panel(provider, request);
    EXPECT_DOUBLE_EQ(run.response.meta.total_cost, 1.0);
    EXPECT_FALSE(run.response.meta.cost_complete);
}

TEST(Panel, CostOfAnAttemptThatBrokeOffIsUnknownThoughTheNextOneTellsIts) {
    scripted_provider provider;
    provider.on("m/a", answer("breaks off here").close_in_event(2));
    provider.on("m/a", answer("A").cost(0.5));
    roundtable_request request("Which database?");
    request.model("m/a");
    const panel_run run = run_panel(provider, request);
    ASSERT_TRUE(run.response.results[0].ok());
    EXPECT_FALSE(run.response.results[0].cost.has_value());
    EXPECT_FALSE(run.response.meta.cost_complete);
}

TEST(Panel, UsageIsThatOfAllAttempts) {
    scripted_provider provider;
    // Broken off behind its usage: it was made, and is paid for.
    provider.on("m/a", answer("x").usage(10, 20).cost(0.5).close_in_event(4));
    provider.on("m/a", answer("A").usage(1, 2).cost(0.25));
    roundtable_request request("Which database?");
    request.model("m/a");
    const panel_run run = run_panel(provider, request);
    ASSERT_TRUE(run.response.results[0].ok());
    ASSERT_TRUE(run.response.results[0].usage.has_value());
    EXPECT_EQ(run.response.results[0].attempts, 2);
    EXPECT_EQ(run.response.results[0].usage->input_tokens, 11);
    EXPECT_EQ(run.response.results[0].usage->output_tokens, 22);
    EXPECT_EQ(run.response.results[0].cost, 0.75);
}

// ---- identity

TEST(Panel, IdsSortByTime) {
    scripted_provider provider;
    provider.otherwise(answer("well"));
    roundtable_request request("Which database?");
    request.model("m/a");
    std::string last;
    for (int i = 0; i < 5; ++i) {
        const panel_run run = run_panel(provider, request);
        EXPECT_EQ(run.response.id.size(), 29u);
        EXPECT_TRUE(run.response.id.starts_with("rt_"));
        EXPECT_LT(last, run.response.id);
        last = run.response.id;
        std::this_thread::sleep_for(2ms);
    }
}

TEST(Panel, EveryRequestIsPartOfTheTrace) {
    scripted_provider provider;
    provider.on("m/a", status(503).header("retry-after-ms", "1")).on("m/a", answer("A"));
    provider.on("m/b", answer("B"));
    provider.on("m/c", answer("C"));
    const panel_run run = run_panel(provider, three_seats());
    const auto requests = provider.requests();
    ASSERT_EQ(requests.size(), 5u) << "three seats, a retry and the consolidation";
    std::string trace = run.response.meta.trace_uuid;
    ASSERT_EQ(trace.size(), 36u);
    std::erase(trace, '-');
    std::set<std::string> spans;
    std::set<std::string> keys;
    for (const auto& request : requests) {
        const std::string header(request.header.find("traceparent").value_or(""));
        ASSERT_EQ(header.size(), 55u);
        EXPECT_EQ(header.substr(0, 36), "00-" + trace + "-");
        spans.insert(header.substr(36, 16));
        keys.emplace(request.header.find("idempotency-key").value_or(""));
    }
    EXPECT_GE(spans.size(), 4u) << "each call has a span of its own";
    EXPECT_EQ(keys.size(), 4u) << "the retry repeats its call's key";
    const auto retried = provider.requests_for("m/a");
    EXPECT_EQ(retried.at(0).header.find("idempotency-key"),
              retried.at(1).header.find("idempotency-key"));
    const panel_run other = run_panel(provider, three_seats());
    EXPECT_NE(other.response.meta.trace_uuid, run.response.meta.trace_uuid);
}

// ---- JSON

// Without what has no JSON form.
roundtable_response as_json_has_it(roundtable_response response) {
    for (auto& result : response.results)
        result.error_code.reset();
    return response;
}

void script_an_eventful_panel(scripted_provider& provider) {
    provider.on("m/a", answer("This much is said and then").close_in_event(4));
    provider.on("m/a", answer("Use \"Postgres\"\nwith row-level security.").cost(0.001));
    provider.on("m/a", answer("Merged: Postgres, é ✓.").usage(7, 3).cost(0.002));
    provider.on("m/b", answer("MySQL it is.").usage(5, 4).reasoning("Let me think."));
    provider.on("m/c", status(400, R"({"error":{"message":"no \"such\" thing","code":"bad"}})"));
}

TEST(Panel, ARealAnswerSurvivesItsJson) {
    scripted_provider provider;
    script_an_eventful_panel(provider);
    const panel_run run = run_panel(provider, three_seats());
    ASSERT_EQ(run.response.text(), "Merged: Postgres, é ✓.");
    const std::string text = run.response.to_json();
    const roundtable_response read = roundtable_response::from_json(text);
    EXPECT_EQ(read, as_json_has_it(run.response));
    EXPECT_EQ(read.to_json(), text);
}

TEST(Panel, TheStreamsFramesAloneRebuildTheJsonAnswer) {
    scripted_provider provider;
    script_an_eventful_panel(provider);
    const panel_run run = run_panel(provider, three_seats());

    std::string wire;
    for (const stream_event& seen : run.events) {
        std::string frame;
        write_frame(seen.view(), frame);
        sse::writer(wire).event(frame);
    }
    sse::parser parser;
    std::vector<stream_event> read;
    const auto room = parser.prepare(wire.size());
    std::copy(wire.begin(), wire.end(), room.begin());
    parser.commit(room.first(wire.size()));
    while (const sse::event* event = parser.next()) {
        auto seen = stream_event::from_json(event->data, event->type);
        ASSERT_TRUE(seen.has_value()) << event->data;
        read.push_back(std::move(*seen));
    }
    ASSERT_EQ(read.size(), run.events.size());

    // The last frame has it all, and what went before adds up to the same.
    ASSERT_TRUE(read.back().response.has_value());
    EXPECT_EQ(read.back().response->to_json(), run.response.to_json());
    std::vector<std::string> shown(3);
    std::string merged;
    for (const stream_event& seen : read) {
        switch (seen.type) {
            case event_type::model_retry: shown.at(seen.model_index).clear(); break;
            case event_type::model_delta: shown.at(seen.model_index) += seen.delta; break;
            case event_type::summary_delta: merged += seen.delta; break;
            case event_type::model_done:
            case event_type::model_error:
                EXPECT_EQ(seen.result, as_json_has_it(run.response).results[seen.model_index]);
                break;
            case event_type::summary_done: EXPECT_EQ(seen.data, run.response.text()); break;
            default: break;
        }
    }
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(shown[i], run.response.results[i].text()) << i;
    EXPECT_EQ(merged, run.response.text());
}

}  // namespace
}  // namespace conclave::tests
