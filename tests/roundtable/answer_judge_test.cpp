#include <conclave/roundtable/detail/answer_judge.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <conclave/error.hpp>

namespace conclave::tests {
namespace {

constexpr std::string_view judged_schema =
    R"({"type":"object","properties":{"label":{"type":"string"},"n":{"type":"integer"},)"
    R"("note":{"type":["string","null"]}},"required":["label"]})";

detail::judged_answer judged(std::string_view answer, std::string_view schema = judged_schema,
                             finish_reason finish = finish_reason::stop) {
    return detail::answer_judge(schema).judge(answer, finish);
}

// The valid JSON in an answer, or what is wrong with it.
std::string verdict_on(std::string_view answer, std::string_view schema = judged_schema) {
    const detail::judged_answer told = judged(answer, schema);
    EXPECT_TRUE(told.complaint || told.data.is_json());
    return told.complaint ? "no: " + *told.complaint : told.data.text();
}

TEST(AnswerJudge, TakesTheFirstValidValue) {
    EXPECT_EQ(verdict_on("\n{\"label\" : \"a\"} "), R"({"label" : "a"})");
    EXPECT_EQ(verdict_on("{\"n\":1} or {\"label\":\"b\"} or {\"label\":\"c\"}"),
              R"({"label":"b"})");
    EXPECT_EQ(verdict_on("As {\"label\":\"prose\"}:\n```json\n{\"label\":\"block\"}\n```"),
              R"({"label":"block"})");
    EXPECT_EQ(verdict_on("123456789012345678901234567890", R"({"type":"integer"})"),
              "123456789012345678901234567890");
}

TEST(AnswerJudge, TakesNothingOutOfAValueThatIsNotValid) {
    const auto told = judged(R"({"answer":{"label":"a"}})");
    EXPECT_NE(told.complaint.value_or("").find("label"), std::string::npos);
    EXPECT_EQ(told.data.text(), R"({"answer":{"label":"a"}})");
    EXPECT_TRUE(told.data.is_json());
    EXPECT_FALSE(judged("{\"n\":1} {\"n\":2}").data.is_json());
}

TEST(AnswerJudge, TakesTheSchemaForNoAnswer) {
    const std::string echo = "no: the answer is the schema itself, and not a value that fits it";
    constexpr std::string_view open = R"({"type":"object","properties":{"a":{"type":"string"}}})";
    EXPECT_EQ(verdict_on(open, open), echo);
    EXPECT_EQ(verdict_on("```\n" + std::string(open) + "\n```", open), echo);
    EXPECT_EQ(verdict_on(R"({ "properties": {"a": {"type": "string"}}, "type": "object" })", open),
              echo);
    // as some models were sent it
    EXPECT_EQ(verdict_on(wire::detail::to_strict_schema(open).value_or(""), open), echo);
    EXPECT_EQ(verdict_on(wire::detail::to_claude_schema(open).value_or(""), open), echo);
    EXPECT_EQ(verdict_on("By " + std::string(open) + " it is {\"a\":\"x\"}.", open),
              R"({"a":"x"})");
    EXPECT_EQ(verdict_on("{}", "{}"), "{}");
}

TEST(AnswerJudge, TakesNullsOutOnlyWhereTheyAreNotAllowed) {
    EXPECT_EQ(verdict_on(R"({"label":"a","n":null,"note":null})"), R"({"label":"a","note":null})");
    EXPECT_EQ(verdict_on(R"({"label": "a", "note": null})"), R"({"label": "a", "note": null})");
    // and where it is not valid even so, they are not what is wrong
    const std::string wrong = verdict_on(R"({"label":null,"n":null})");
    EXPECT_NE(wrong.find("/label"), std::string::npos) << wrong;
    EXPECT_EQ(wrong.find("/n"), std::string::npos) << wrong;
}

TEST(AnswerJudge, SaysWhatIsWrong) {
    EXPECT_EQ(verdict_on("Tabs, of course."), "no: the answer is not JSON");
    const auto cut = judged(R"({"label":"a)", judged_schema, finish_reason::length);
    EXPECT_NE(cut.complaint.value_or("").find("cut off"), std::string::npos);
    const std::string several =
        verdict_on(R"([1,2,3,4,5])", R"({"items":{"type":"string"},"maxItems":1})");
    EXPECT_NE(several.find("; "), std::string::npos) << several;
    // of a long list of errors a model needs to see only some
    EXPECT_LT(several.size(), 400u) << several;
}

TEST(AnswerJudge, LooksAtNoMoreThanItHasTo) {
    std::string many;
    for (int i = 0; i < 200'000; ++i)
        many += "{} ";
    EXPECT_TRUE(judged(many + R"({"label":"a"})").complaint);
    EXPECT_FALSE(judged("{} [] {} " + std::string(R"({"label":"a"})")).complaint);
}

TEST(AnswerJudge, RefusesASchemaThatIsNone) {
    for (const std::string_view none :
         {R"({"type":"strong"})", R"({"$ref":"https://example.com/s"})", "{", "[]",
          R"({"properties":[]})"}) {
        try {
            detail::answer_judge judge(none);
            ADD_FAILURE() << none;
        } catch (const error& refusal) {
            EXPECT_EQ(refusal.code(), errc::invalid_request);
            EXPECT_EQ(refusal.field(), "output_schema");
        }
    }
}

}  // namespace
}  // namespace conclave::tests
