#include <conclave/roundtable/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "random_values.hpp"
#include "refusal.hpp"

namespace conclave {
namespace {

std::string refused(std::string_view body) {
    return tests::refused_field([&] { (void)roundtable_request::from_json(body); });
}

// The body of a request that is good but for the members added.
std::string body_with(std::string_view members) {
    return R"({"input":"?","models":[{"name":"a"}],)" + std::string(members) + "}";
}
std::string body_with_seat(std::string_view members) {
    return R"({"input":"?","models":[{"name":"a"},{"name":"b",)" + std::string(members) + "}]}";
}

TEST(RequestJson, ReadsEveryDocumentedMember) {
    const auto request = roundtable_request::from_json(R"( {
        "input": "Which?", "instructions": "Be brief.", "resolution": "fast",
        "models": [ {"name": "openai/m1", "max_tokens": 100, "temperature": 0.5, "top_p": 0.9,
                     "reasoning": "high"}, {"name": "m2"}, {"name": "m2"} ],
        "choices": ["a", "b"], "output_schema": {"type": "object", "required": [ "x" ]},
        "summary_model": "m3", "stream": true, "max_retries": 3, "timeout_ms": 2500,
        "unknown": {"nested": [1, 2]} } )");
    auto expected = roundtable_request("Which?")
                        .model(panel_model("openai/m1")
                                   .max_tokens(100)
                                   .temperature(0.5)
                                   .top_p(0.9)
                                   .reasoning(reasoning_effort::high))
                        .model("m2")
                        .model("m2")
                        .instructions("Be brief.")
                        .resolve_by(resolution::fast)
                        .choices({"a", "b"})
                        .output_schema(R"({"type":"object","required":["x"]})")
                        .summary_model("m3")
                        .stream(true)
                        .max_retries(3)
                        .timeout(std::chrono::milliseconds(2500));
    EXPECT_TRUE(request == expected) << request.to_json();
}

TEST(RequestJson, GivesAbsentAndNullMembersTheirDefaults) {
    const auto expected = roundtable_request("?").model("a");
    EXPECT_TRUE(roundtable_request::from_json(R"({"input":"?","models":[{"name":"a"}]})") ==
                expected);
    EXPECT_TRUE(roundtable_request::from_json(
                    R"({"input":"?","models":[{"name":"a","max_tokens":null,"temperature":null,)"
                    R"("top_p":null,"reasoning":null}],"instructions":null,"resolution":null,)"
                    R"("choices":null,"output_schema":null,"summary_model":null,"stream":null,)"
                    R"("max_retries":null,"timeout_ms":null})") == expected);
    EXPECT_EQ(expected.resolution(), resolution::summary);
    EXPECT_EQ(expected.max_retries(), 1);
    EXPECT_EQ(expected.timeout(), std::chrono::milliseconds(120'000));
}

TEST(RequestJson, WritesTheDocumentedNames) {
    EXPECT_EQ(roundtable_request("?")
                  .model(panel_model("a").temperature(0.5).reasoning(reasoning_effort::low))
                  .stream(true)
                  .to_json(),
              R"({"input":"?","models":[{"name":"a","temperature":0.5,"reasoning":"low"}],)"
              R"("resolution":"summary","stream":true,"max_retries":1,"timeout_ms":120000})");
}

TEST(RequestJson, SurvivesTheRoundTrip) {
    tests::random_values random(1);
    for (int round = 0; round < 1'000; ++round) {
        const roundtable_request request = random.request();
        const std::string text = request.to_json();
        const auto again = roundtable_request::from_json(text);
        ASSERT_TRUE(again == request) << text;
        ASSERT_EQ(again.to_json(), text);
    }
}

TEST(RequestJson, WritesTheSchemaWithoutWhiteSpaceAndNothingBesideIt) {
    const auto request = roundtable_request("?").model("a").output_schema("{ \"a\" :\n[ 1 ] }");
    EXPECT_NE(request.to_json().find(R"("output_schema":{"a":[1]},)"), std::string::npos);
    const auto forged = roundtable_request("?").model("a").output_schema("{},\"models\":[]");
    EXPECT_EQ(tests::refused_field([&] { (void)forged.to_json(); }), "output_schema");
}

TEST(RequestJson, RefusesABodyThatIsNotAJsonObject) {
    for (const char* body :
         {"", " ", "null", "[]", "\"?\"", "1", "{", "{\"input\":}", "{} {}", "{\"input\":\"\xff\"}",
          "<html>", "input=?", "{\"input\":\"?\",\"max_retries\":1e400}"}) {
        EXPECT_EQ(refused(body), "body") << body;
    }
    EXPECT_EQ(refused(std::string(100'000, '[')), "body");
}

TEST(RequestJson, NamesTheMemberThatIsMissing) {
    EXPECT_EQ(refused("{}"), "input");
    EXPECT_EQ(refused(R"({"input":null})"), "input");
    EXPECT_EQ(refused(R"({"input":"?"})"), "models");
    EXPECT_EQ(refused(R"({"input":"?","models":null})"), "models");
    EXPECT_EQ(refused(R"({"input":"?","models":[{"name":"a"},{}]})"), "models[1].name");
    EXPECT_EQ(refused(body_with(R"("resolution":"multiple_choice")")), "choices");
}

TEST(RequestJson, NamesTheMemberOfTheWrongType) {
    for (const char* wrong : {"1", "[]", "{}", "true"}) {
        const std::string value = wrong;
        EXPECT_EQ(refused("{\"input\":" + value + "}"), "input");
        EXPECT_EQ(refused(body_with("\"instructions\":" + value)), "instructions");
        EXPECT_EQ(refused(body_with("\"summary_model\":" + value)), "summary_model");
        EXPECT_EQ(refused(body_with("\"resolution\":" + value)), "resolution");
        EXPECT_EQ(refused(body_with("\"choices\":[\"a\"," + value + "]")), "choices[1]");
        EXPECT_EQ(refused(body_with_seat("\"reasoning\":" + value)), "models[1].reasoning");
        EXPECT_EQ(refused(R"({"input":"?","models":[{"name":)" + value + "}]}"), "models[0].name");
    }
    for (const char* wrong : {"\"1\"", "[1]", "{}", "true"}) {
        const std::string value = wrong;
        EXPECT_EQ(refused(body_with("\"max_retries\":" + value)), "max_retries");
        EXPECT_EQ(refused(body_with("\"timeout_ms\":" + value)), "timeout_ms");
        EXPECT_EQ(refused(body_with_seat("\"max_tokens\":" + value)), "models[1].max_tokens");
        EXPECT_EQ(refused(body_with_seat("\"temperature\":" + value)), "models[1].temperature");
        EXPECT_EQ(refused(body_with_seat("\"top_p\":" + value)), "models[1].top_p");
    }
    for (const char* wrong : {"1", "\"a\"", "{}", "false"}) {
        EXPECT_EQ(refused(body_with(std::string("\"choices\":") + wrong)), "choices");
        EXPECT_EQ(refused(std::string(R"({"input":"?","models":)") + wrong + "}"), "models");
    }
    for (const char* wrong : {"1", "\"true\"", "{}", "[]"}) {
        EXPECT_EQ(refused(body_with(std::string("\"stream\":") + wrong)), "stream");
    }
    for (const char* wrong : {"1", "\"{}\"", "true", "[]"}) {
        EXPECT_EQ(refused(body_with(std::string("\"output_schema\":") + wrong)), "output_schema");
    }
    EXPECT_EQ(refused(R"({"input":"?","models":[{"name":"a"},"b"]})"), "models[1]");
}

TEST(RequestJson, NamesTheMemberThatIsOutOfRange) {
    const std::vector<std::pair<const char*, const char*>> cases = {
        {R"("max_retries":-1)", "max_retries"},
        {R"("max_retries":4)", "max_retries"},
        {R"("max_retries":1.5)", "max_retries"},
        {R"("max_retries":4294967296)", "max_retries"},
        {R"("max_retries":9223372036854775807)", "max_retries"},
        {R"("timeout_ms":0)", "timeout_ms"},
        {R"("timeout_ms":300001)", "timeout_ms"},
        {R"("timeout_ms":-9223372036854775808)", "timeout_ms"},
        {R"("timeout_ms":18446744073709551615)", "timeout_ms"},
        {R"("resolution":"Summary")", "resolution"},
        {R"("resolution":"")", "resolution"},
        {R"("choices":["a","a"])", "choices[1]"},
        {R"("choices":[""])", "choices[0]"},
        {R"("resolution":"multiple_choice","choices":[])", "choices"},
        {R"("summary_model":"a\u0000")", "summary_model"},
    };
    for (const auto& [members, field] : cases) {
        EXPECT_EQ(refused(body_with(members)), field) << members;
    }
    EXPECT_EQ(refused(R"({"input":"","models":[{"name":"a"}]})"), "input");
    EXPECT_EQ(refused(R"({"input":"?","models":[]})"), "models");
    EXPECT_EQ(refused(R"({"input":"?","models":[{"name":"a\r\nx"}]})"), "models[0].name");
    EXPECT_EQ(refused(body_with_seat(R"("temperature":2.5)")), "models[1].temperature");
    EXPECT_EQ(refused(body_with_seat(R"("top_p":-0.1)")), "models[1].top_p");
    EXPECT_EQ(refused(body_with_seat(R"("max_tokens":0)")), "models[1].max_tokens");
    EXPECT_EQ(refused(body_with_seat(R"("reasoning":"extreme")")), "models[1].reasoning");
}

TEST(RequestJson, TakesAWholeNumberHoweverItIsSpelled) {
    EXPECT_EQ(roundtable_request::from_json(body_with(R"("max_retries":2.0)")).max_retries(), 2);
    EXPECT_EQ(roundtable_request::from_json(body_with_seat(R"("temperature":1)"))
                  .models()[1]
                  .temperature(),
              1.0);
}

}  // namespace
}  // namespace conclave
