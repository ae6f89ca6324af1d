#include <conclave/roundtable/response.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace conclave;

TEST(AnswerText, OfJsonIsParsedWhenAskedFor) {
    const answer_text answer(R"({"database":"Postgres","port":5432})", true);
    const json::document parsed = answer.json();
    const auto object = json::object_of(parsed.root());
    ASSERT_TRUE(object);
    EXPECT_EQ(json::string_at(*object, "database"), "Postgres");
}

TEST(AnswerText, IsParsedAlsoWhereNobodyAskedForJson) {
    const json::document parsed = answer_text("[1, 2]", false).json();
    EXPECT_TRUE(json::array_of(parsed.root()));
}

TEST(AnswerText, ThatIsNoJsonSaysSo) {
    for (const std::string text : {"", "Postgres", "{\"a\":1} and more", "{\"a\":", "'a'"}) {
        try {
            (void)answer_text(text, true).json();
            ADD_FAILURE() << text;
        } catch (const error& failure) {
            EXPECT_EQ(failure.code(), errc::malformed_json) << text;
        }
    }
}

}  // namespace
