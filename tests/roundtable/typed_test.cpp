#include "panel_world.hpp"

#include <memory>

#include <gtest/gtest.h>

#include <conclave/roundtable/typed.hpp>

namespace typed_tests {

enum class typed_colour { red, green, blue };
CONCLAVE_DESCRIBE_ENUM(typed_colour, red, green, blue)

struct typed_verdict {
    std::string label;
    double confidence = 0;
    std::optional<std::string> caveat;
    std::unique_ptr<std::string> note;  // moved only
};
CONCLAVE_DESCRIBE(typed_verdict, label, (confidence, "How sure, from 0 to 1"), caveat, note)

}  // namespace typed_tests

namespace conclave::tests {
namespace {

using typed_tests::typed_colour;
using typed_tests::typed_verdict;

roundtable_request typed_panel(const std::vector<std::string>& models) {
    roundtable_request request("Which database?");
    for (const std::string& model : models)
        request.model(model);
    return request;
}

// Each model says what it is named for, and whoever is asked to merge says what was agreed.
class TypedPanel : public ::testing::Test {
protected:
    TypedPanel() {
        const auto reply = [](const testing::recorded_request& request) -> std::string {
            if (request.prompt.starts_with("Question:")) {
                return R"({"label":"agreed","confidence":1,"note":"n"})";
            }
            if (request.model == "m/wrong") return R"({"label":"w","confidence":"high"})";
            if (request.model == "m/prose") return "PostgreSQL, I think.";
            return R"({"confidence":0.25,"label":")" + request.model + R"(","caveat":null})";
        };
        provider.otherwise(testing::answer_with(reply).cost(0.5).usage(3, 4));
        provider.on("m/down", status(400));
    }

    template <class T>
    typed_response<T> ask(roundtable_request request) {
        return run_to_end(context, roundtable<T>(via, std::move(request)));
    }

    // The field that is refused, before anything is sent.
    template <class T>
    std::string refused_field(roundtable_request request) {
        try {
            (void)ask<T>(std::move(request));
        } catch (const error& refusal) {
            EXPECT_EQ(refusal.code(), errc::invalid_request);
            EXPECT_TRUE(provider.requests().empty());
            return refusal.field();
        }
        return "none";
    }

    scripted_provider provider;
    asio::io_context context;
    client via{context, options_for(provider)};
};

template <class Result>
errc typed_failure(const Result& result) {
    EXPECT_FALSE(result.has_value());
    try {
        (void)result.value();
    } catch (const error& why) {
        EXPECT_STRNE(why.what(), "");
        return static_cast<errc>(why.code().value());
    }
    ADD_FAILURE() << "there is a value";
    return {};
}

TEST_F(TypedPanel, DecodesEachAnswerAndTheOneTheyComeTo) {
    const auto answer = ask<typed_verdict>(typed_panel({"m/a", "m/b"}));
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(answer.value().label, "agreed");
    EXPECT_EQ(*answer.value().note, "n");
    ASSERT_EQ(answer.results.size(), 2u);
    EXPECT_EQ(answer.results[0].value().label, "m/a");
    EXPECT_EQ(answer.results[1].value().label, "m/b");
    EXPECT_EQ(answer.results[1].value().confidence, 0.25);
    EXPECT_FALSE(answer.results[1].value().caveat);
    ASSERT_EQ(provider.requests().size(), 3u);
    for (const auto& seen : provider.requests()) {
        json::document schema;
        ASSERT_FALSE(json::document::parse(seen.output_schema, schema)) << seen.body;
        EXPECT_FALSE(schema.root().at_pointer("/properties/confidence/description").error());
    }
}

TEST_F(TypedPanel, KeepsAllThatTheResponseHas) {
    const auto answer = ask<typed_verdict>(typed_panel({"m/a", "m/b"}));
    EXPECT_TRUE(answer.id.starts_with("rt_"));
    EXPECT_EQ(answer.text(), R"({"label":"agreed","confidence":1,"note":"n"})");
    EXPECT_TRUE(answer.data->is_json());
    EXPECT_EQ(answer.meta.summary_model, "m/a");
    EXPECT_EQ(answer.meta.total_cost, 1.5);
    EXPECT_EQ(answer.results[1].model, "m/b");
    EXPECT_EQ(answer.results[1].index, 1u);
    EXPECT_EQ(answer.results[1].attempts, 1);
    EXPECT_EQ(answer.results[1].schema_valid.value_or(true), true);
    EXPECT_TRUE(answer.results[1].ok());
    const auto read = roundtable_response::from_json(answer.to_json());
    EXPECT_EQ(read, answer.untyped());
    const typed_response<typed_verdict> again(read);
    EXPECT_EQ(again.value().label, "agreed");
    EXPECT_EQ(again.results[0].value().label, "m/a");
}

TEST_F(TypedPanel, ThrowsWhereAValueIsWantedWhyASeatHasNone) {
    const auto answer =
        ask<typed_verdict>(typed_panel({"m/down", "m/wrong", "m/prose", "m/a", "m/b"}));
    EXPECT_EQ(typed_failure(answer.results[0]), errc::http_status);
    EXPECT_EQ(typed_failure(answer.results[1]), errc::schema_mismatch);
    EXPECT_EQ(typed_failure(answer.results[2]), errc::schema_mismatch);
    EXPECT_EQ(answer.results[2].text(), "PostgreSQL, I think.") << "what it said is kept";
    EXPECT_EQ(answer.results[3].value().label, "m/a");
    EXPECT_EQ(answer.value().label, "agreed");
}

TEST_F(TypedPanel, ThrowsWhyThereIsNoOneAnswer) {
    roundtable_request request = typed_panel({"m/a", "m/b"});
    const auto fast = ask<typed_verdict>(request.resolve_by(resolution::fast));
    EXPECT_EQ(typed_failure(fast), errc::no_answer);
    EXPECT_EQ(fast.text(), "");
    EXPECT_EQ(fast.results[0].value().label, "m/a");

    const auto none = ask<typed_verdict>(typed_panel({"m/down", "m/prose"}));
    try {
        (void)none.value();
        ADD_FAILURE() << "there is a value";
    } catch (const error& why) {
        EXPECT_EQ(why.code(), errc::no_answer);
        EXPECT_NE(std::string(why.what()).find("m/down: "), std::string::npos) << why.what();
    }
    EXPECT_EQ(typed_failure(typed_response<int>()), errc::no_answer);
}

TEST_F(TypedPanel, GivesAwayWhatCanOnlyBeMoved) {
    auto answer = ask<typed_verdict>(typed_panel({"m/a", "m/b"}));
    const typed_verdict mine = std::move(answer).value();
    EXPECT_EQ(*mine.note, "n");
    const typed_verdict first = std::move(answer.results[0]).value();
    EXPECT_EQ(first.label, "m/a");
}

TEST_F(TypedPanel, RefusesWhatTheTypeDecides) {
    EXPECT_EQ(refused_field<typed_verdict>(typed_panel({"m/a"}).output_schema("{}")),
              "output_schema");
    roundtable_request vote = typed_panel({"m/a"}).resolve_by(resolution::multiple_choice);
    EXPECT_EQ(refused_field<typed_verdict>(vote), "resolution");
    EXPECT_EQ(refused_field<typed_colour>(roundtable_request(vote).choice("red")), "choices");
    EXPECT_EQ(refused_field<typed_colour>(roundtable_request(vote).output_schema("{}")),
              "output_schema");
    EXPECT_EQ(refused_field<typed_verdict>(roundtable_request("Which?")), "models");
}

TEST(TypedChoice, TakesTheChoicesFromAnEnumAndGivesTheEnumeratorBack) {
    scripted_provider provider;
    provider.on("m/a", answer("'Blue'."));
    provider.on("m/b", answer(R"({"choice":"red"})"));
    provider.on("m/c", answer(R"({"choice":"blue"})"));
    provider.on("m/d", answer("Purple")).on("m/d", answer("Purple"));
    asio::io_context context;
    client via(context, options_for(provider));
    roundtable_request request = typed_panel({"m/a", "m/b", "m/c", "m/d"});
    request.resolve_by(resolution::multiple_choice);
    const auto voted = run_to_end(context, roundtable<typed_colour>(via, request));
    EXPECT_EQ(voted.value(), typed_colour::blue);
    EXPECT_EQ(voted.results[0].value(), typed_colour::blue);
    EXPECT_EQ(voted.results[1].value(), typed_colour::red);
    EXPECT_EQ(typed_failure(voted.results[3]), errc::schema_mismatch);
    EXPECT_EQ(voted.text(), "blue");
    ASSERT_EQ(voted.meta.votes.size(), 3u);
    EXPECT_EQ(voted.meta.votes[2], (vote{"blue", 2}));
    EXPECT_NE(provider.requests().at(0).instructions.find("\"green\""), std::string::npos);
}

// Many models take schemas of objects only.
TEST(TypedValues, ThatAreNoObjectAreAskedForAsOne) {
    scripted_provider provider;
    provider.on("m/colour", answer(R"({"value":"green"})"));
    provider.on("m/list", answer(R"({"value":["a","b"]})"));
    provider.on("m/map", answer(R"({"a":1})"));
    asio::io_context context;
    client via(context, options_for(provider));
    const auto colour =
        run_to_end(context, roundtable<typed_colour>(via, typed_panel({"m/colour"})));
    EXPECT_EQ(colour.value(), typed_colour::green);
    using list_type = std::vector<std::string>;
    const typed_response<list_type> list(
        run_to_end(context, roundtable(via, typed_request<list_type>(typed_panel({"m/list"})))));
    EXPECT_EQ(list.value(), (list_type{"a", "b"}));
    using map_type = std::map<std::string, int>;
    const typed_response<map_type> map(
        run_to_end(context, roundtable(via, typed_request<map_type>(typed_panel({"m/map"})))));
    EXPECT_EQ(map.value().at("a"), 1);
    EXPECT_EQ(typed_request<bool>(roundtable_request("?")).output_schema(),
              R"({"type":"object","properties":{"value":{"type":"boolean"}},)"
              R"("required":["value"],"additionalProperties":false})");
}

// ---- the other ways in

asio::awaitable<std::string> typed_labels(client& via) {
    int seen = 0;
    auto watched = co_await roundtable<typed_verdict>(
        via, roundtable_request("Which database?").model("m/a").model("m/b"),
        [&seen](const roundtable_event&) { ++seen; });
    EXPECT_GT(seen, 6);
    std::string deltas;
    auto show = [&deltas](const roundtable_event& each) { deltas += each.delta; };
    auto named = co_await roundtable<typed_verdict>(
        via, roundtable_request("Which database?").model("m/c"), show);
    EXPECT_EQ(deltas, named.text());
    auto plain =
        co_await roundtable<typed_verdict>(via, roundtable_request("Which database?").model("m/d"));
    co_return watched.value().label + ' ' + named.value().label + ' ' + plain.value().label;
}

TEST_F(TypedPanel, IsWatchedAsItAnswers) {
    EXPECT_EQ(run_to_end(context, typed_labels(via)), "agreed m/c m/d");
}

TEST_F(TypedPanel, TakesAnyCompletionToken) {
    auto future =
        async_roundtable<typed_verdict>(via, typed_panel({"m/a", "m/b"}), asio::use_future);
    context.run();
    EXPECT_EQ(future.get().value().label, "agreed");

    std::string label;
    auto on_end = [&label](std::exception_ptr thrown, typed_response<typed_verdict> answer) {
        EXPECT_FALSE(thrown);
        label = answer.value().label;
    };
    async_roundtable<typed_verdict>(via, typed_panel({"m/a"}), on_end);
    context.restart();
    context.run();
    EXPECT_EQ(label, "m/a");
}

TEST(TypedCancellation, ReachesTheModels) {
    scripted_provider quiet;
    quiet.otherwise(testing::silent());
    asio::io_context context;
    client via(context, options_for(quiet));
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    auto on_end = [&thrown](std::exception_ptr why, typed_response<typed_verdict>) {
        thrown = why;
    };
    async_roundtable<typed_verdict>(via, typed_panel({"m/a"}),
                                    asio::bind_cancellation_slot(stop.slot(), on_end));
    asio::steady_timer soon(context, 50ms);
    soon.async_wait([&stop](std::error_code) { stop.emit(asio::cancellation_type::terminal); });
    context.run();
    ASSERT_TRUE(thrown);
    try {
        std::rethrow_exception(thrown);
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::cancelled);
    }
}

asio::awaitable<std::string> typed_pulled(client& via) {
    auto request = typed_request<typed_verdict>(
        roundtable_request("Which database?").model("m/a").model("m/b"));
    auto stream = roundtable_stream(via, request);
    std::string label;
    while (auto seen = co_await stream.next()) {
        if (seen->response) {
            typed_response<typed_verdict> answer(std::move(*seen->response));
            label = answer.value().label;
        }
    }
    co_return label;
}

TEST_F(TypedPanel, IsPulledAsAStream) {
    EXPECT_EQ(run_to_end(context, typed_pulled(via)), "agreed");
}

}  // namespace
}  // namespace conclave::tests
