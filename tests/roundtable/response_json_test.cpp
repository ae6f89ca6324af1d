#include <conclave/roundtable/json.hpp>

#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "random_values.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;

errc refusal_of(std::string_view text) {
    try {
        (void)roundtable_response::from_json(text);
    } catch (const error& refusal) {
        return static_cast<errc>(refusal.code().value());
    }
    return {};
}

TEST(ResponseJson, ReadsEveryDocumentedMember) {
    const auto response = roundtable_response::from_json(R"({
        "id": "rt_7", "data": "merged", "new_member": [1],
        "meta": {"resolution": "multiple_choice", "models_used": ["m1", "m2"],
                 "total_cost": 0.0031, "total_duration_ms": 2100, "summary_model": "m1",
                 "summary_usage": {"input_tokens": 40, "output_tokens": 12}, "trace_uuid": "6f0c"},
        "model_results": [
          {"index": 0, "model": "m1", "data": "text A", "duration_ms": 900, "cost": 0.001,
           "schema_valid": false, "schema_error": "no x",
           "usage": {"input_tokens": 1, "output_tokens": 2, "cache_creation_1h_tokens": 3,
                     "cache_creation_tokens": 4, "cache_read_tokens": 5, "input_audio_tokens": 6,
                     "output_audio_tokens": 7, "reasoning_tokens": 8, "web_search_requests": 9,
                     "web_fetch_requests": 10, "extra": {"tier": "flex" }}},
          {"index": 1, "model": "m2", "data": "", "duration_ms": 1200, "error": "timeout"}]})");
    EXPECT_EQ(response.id, "rt_7");
    EXPECT_EQ(response.text(), "merged");
    EXPECT_EQ(response.meta.resolution, resolution::multiple_choice);
    EXPECT_EQ(response.meta.models_used, (std::vector<std::string>{"m1", "m2"}));
    EXPECT_EQ(response.meta.total_cost, 0.0031);
    EXPECT_TRUE(response.meta.cost_complete);
    EXPECT_EQ(response.meta.total_duration, milliseconds(2100));
    EXPECT_EQ(response.meta.summary_model, "m1");
    ASSERT_TRUE(response.meta.summary_usage);
    EXPECT_EQ(response.meta.summary_usage->input_tokens, 40);
    EXPECT_EQ(response.meta.trace_uuid, "6f0c");
    ASSERT_EQ(response.results.size(), 2U);
    const model_result& first = response.results[0];
    EXPECT_TRUE(first.ok());
    EXPECT_EQ(first.text(), "text A");
    EXPECT_EQ(first.duration, milliseconds(900));
    EXPECT_EQ(first.cost, 0.001);
    EXPECT_EQ(first.schema_valid, false);
    EXPECT_EQ(first.schema_error, "no x");
    usage expected{1, 2, 8, 5, 4, 3, 6, 7, 9, 10, R"({"tier":"flex"})"};
    EXPECT_TRUE(first.usage == expected);
    const model_result& second = response.results[1];
    EXPECT_EQ(second.index, 1U);
    EXPECT_EQ(second.error, "timeout");
    EXPECT_FALSE(second.ok());
    EXPECT_FALSE(second.cost);
    EXPECT_FALSE(second.usage);
    EXPECT_FALSE(second.schema_valid);
}

TEST(ResponseJson, AlwaysWritesTheRequiredMembers) {
    roundtable_response response;
    response.results.emplace_back();
    EXPECT_EQ(response.to_json(),
              R"({"id":"","data":null,"meta":{"resolution":"summary","models_used":[],)"
              R"("total_cost":0,"cost_complete":true,"total_duration_ms":0},"model_results":)"
              R"([{"index":0,"model":"","data":"","duration_ms":0,"attempts":0}]})");
}

TEST(ResponseJson, WritesTheAdditiveMembersUnderTheirNames) {
    roundtable_response response;
    response.meta.cost_complete = false;
    response.meta.summary_error = "no luck";
    response.meta.votes = {{"b", 2}, {"a", 0}};
    model_result result;
    result.attempts = 3;
    result.finish = finish_reason::content_filter;
    result.notes = {"top_p dropped"};
    response.results.push_back(result);
    const std::string text = response.to_json();
    for (const char* part :
         {R"("cost_complete":false)", R"("summary_error":"no luck")",
          R"("votes":[{"choice":"b","count":2},{"choice":"a","count":0}])", R"("attempts":3)",
          R"("finish_reason":"content_filter")", R"("notes":["top_p dropped"])"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    }
}

TEST(ResponseJson, SurvivesTheRoundTrip) {
    tests::random_values random(2);
    for (int round = 0; round < 1'000; ++round) {
        const roundtable_response response = random.response();
        const std::string text = response.to_json();
        const auto again = roundtable_response::from_json(text);
        ASSERT_TRUE(again == response) << text;
        ASSERT_EQ(again.to_json(), text);
        ASSERT_EQ(text.find_first_of("\r\n"), std::string::npos);
    }
}

TEST(ResponseJson, LeavesOutTheErrorCodeThatHasNoJsonForm) {
    roundtable_response response;
    response.results.emplace_back();
    response.results[0].error = "timed out";
    response.results[0].error_code = errc::model_timeout;
    const auto again = roundtable_response::from_json(response.to_json());
    EXPECT_EQ(again.results[0].error, "timed out");
    EXPECT_FALSE(again.results[0].error_code);
}

TEST(ResponseJson, TakesDataAsAStringOrAsAnyJsonValue) {
    const auto data_of = [](std::string_view data) {
        return roundtable_response::from_json("{\"data\":" + std::string(data) + "}").data;
    };
    EXPECT_EQ(data_of("null"), std::nullopt);
    EXPECT_EQ(data_of("\"\""), answer_text(""));
    EXPECT_EQ(data_of("\"{\\\"a\\\":1}\""), answer_text("{\"a\":1}"));
    EXPECT_EQ(data_of("{ \"a\" : [1, 2.5, null] }"), answer_text("{\"a\":[1,2.5,null]}", true));
    EXPECT_EQ(data_of("[ ]"), answer_text("[]", true));
    EXPECT_EQ(data_of("0"), answer_text("0", true));
    EXPECT_EQ(data_of("false"), answer_text("false", true));
}

TEST(ResponseJson, WritesDataAsAStringAlsoWhereItIsJson) {
    roundtable_response response;
    response.data = answer_text("{\"a\":1}", true);
    EXPECT_NE(response.to_json().find(R"("data":"{\"a\":1}","data_is_json":true)"),
              std::string::npos);
    response.data = answer_text("{\"a\":1}", false);
    EXPECT_EQ(response.to_json().find("data_is_json"), std::string::npos);
}

TEST(ResponseJson, LeavesWhatIsMissingOrOfAnotherTypeAtItsDefault) {
    const auto bare = roundtable_response::from_json(R"({"model_results":[{},1,{"index":-3}]})");
    ASSERT_EQ(bare.results.size(), 2U);
    EXPECT_EQ(bare.results[0].index, 0U);
    EXPECT_EQ(bare.results[1].index, 1U);
    EXPECT_TRUE(bare.results[0] == model_result{});

    const auto odd = roundtable_response::from_json(
        R"({"id":7,"data":null,"meta":{"resolution":"vote","models_used":["a",1],"total_cost":"x",)"
        R"("total_duration_ms":12.7,"votes":[1,{"choice":"a","count":-1}],"summary_usage":[]},)"
        R"("model_results":[{"index":5,"data":null,"duration_ms":1e300,"cost":null,"error":null,)"
        R"("usage":{"input_tokens":-3,"output_tokens":7.0,"extra":3},"attempts":1e12,)"
        R"("finish_reason":"bored","notes":"x","schema_valid":"yes"}]})");
    EXPECT_EQ(odd.id, "");
    EXPECT_EQ(odd.meta.models_used, std::vector<std::string>{"a"});
    EXPECT_EQ(odd.meta.total_cost, 0);
    EXPECT_EQ(odd.meta.total_duration, milliseconds(12));
    EXPECT_EQ(odd.meta.votes, (std::vector<vote>{{"a", 0}}));
    EXPECT_FALSE(odd.meta.summary_usage);
    ASSERT_EQ(odd.results.size(), 1U);
    const model_result& result = odd.results[0];
    EXPECT_EQ(result.index, 5U);
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.text(), "");
    EXPECT_EQ(result.duration, milliseconds(0));
    EXPECT_FALSE(result.cost);
    EXPECT_EQ(result.usage->output_tokens, 7);
    EXPECT_EQ(result.usage->extra, "");
    EXPECT_EQ(result.attempts, std::numeric_limits<int>::max());
    EXPECT_EQ(result.finish, finish_reason::unknown);
    EXPECT_FALSE(result.schema_valid);
}

TEST(ResponseJson, ReadsAnErrorThatIsNotAString) {
    const auto error_of = [](std::string_view value) {
        return roundtable_response::from_json(R"({"model_results":[{"error":)" +
                                              std::string(value) + "}]}")
            .results[0]
            .error;
    };
    EXPECT_EQ(error_of("null"), std::nullopt);
    EXPECT_EQ(error_of("\"\""), "");
    EXPECT_EQ(error_of(R"({"code":"x","message":"too slow"})"), "too slow");
    EXPECT_EQ(error_of(R"({ "code" : 3 })"), R"({"code":3})");
    EXPECT_EQ(error_of("false"), "false");
}

TEST(ResponseJson, RefusesWhatIsNotARoundtablesResponse) {
    for (const char* text : {"", "{", "<html>", "{} {}"}) {
        EXPECT_EQ(refusal_of(text), errc::malformed_json) << text;
    }
    for (const char* text :
         {"{}", "[]", "null", "\"x\"", R"({"error":{"code":"x","message":"y"}})"}) {
        EXPECT_EQ(refusal_of(text), errc::malformed_reply) << text;
    }
}

TEST(ResponseJson, StaysJsonWhateverAUserPutsIntoIt) {
    roundtable_response response;
    response.id = "\xff\xfe";
    response.data = answer_text("caf\xe9");
    response.meta.total_cost = std::numeric_limits<double>::quiet_NaN();
    model_result result;
    result.cost = std::numeric_limits<double>::infinity();
    result.usage.emplace();
    result.usage->extra = "{},\"forged\":1";
    response.results.push_back(result);
    result.usage->extra = "{\n\"a\": 1\n}";
    response.results.push_back(result);
    const auto again = roundtable_response::from_json(response.to_json());
    EXPECT_EQ(again.text(), "caf\ufffd");
    EXPECT_EQ(again.meta.total_cost, 0);
    EXPECT_FALSE(again.results[0].cost);
    EXPECT_EQ(again.results[0].usage->extra, "");
    EXPECT_EQ(again.results[1].usage->extra, "{\"a\":1}");
    EXPECT_EQ(response.to_json().find("forged"), std::string::npos);
}

}  // namespace
}  // namespace conclave
