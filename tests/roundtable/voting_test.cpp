#include <conclave/roundtable/voting.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>

#include "random_values.hpp"

namespace conclave {
namespace {

using picks = std::vector<std::optional<std::size_t>>;
constexpr auto none = std::nullopt;

const std::vector<std::string> databases = {"PostgreSQL", "MySQL", "SQLite"};

TEST(MatchChoice, TakesTheChoiceAsItIsOrAsJsonOrFenced) {
    for (const char* answer :
         {"MySQL", "{\"choice\":\"MySQL\"}", "  {\n  \"choice\" : \"MySQL\"\n}\n",
          "{\"reason\":\"why not\",\"choice\":\"MySQL\"}", "```json\n{\"choice\":\"MySQL\"}\n```",
          "```\nMySQL\n```", "\n```json\r\n{\"choice\":\"MySQL\"}\r\n```\n",
          "{\"choice\":\"\\u004dySQL\"}"}) {
        EXPECT_EQ(match_choice(answer, databases), 1U) << answer;
    }
}

TEST(MatchChoice, LooksPastQuotesSpacesOneFullStopAndCase) {
    for (const char* answer :
         {"mysql", "MYSQL.", " MySQL\n", "\"MySQL\"", "'MySQL'", "`MySQL`", "\"MySQL.\"",
          "\"MySQL\".", "\u201cMySQL\u201d", "\u2018mysql\u2019.", "\" MySQL \"", "MySQL .",
          "{\"choice\":\" mysql. \"}"}) {
        EXPECT_EQ(match_choice(answer, databases), 1U) << answer;
    }
}

TEST(MatchChoice, NamesNothingWhenTheAnswerIsNoChoice) {
    for (const char* answer : {"",
                               " ",
                               ".",
                               "\"\"",
                               "MySQL..",
                               "My SQL",
                               "I would pick MySQL",
                               "MySQL or SQLite",
                               "MySQL, SQLite",
                               "{\"choice\":\"Oracle\"}",
                               "{\"choice\":1}",
                               "{\"choice\":null}",
                               "{\"choice\":[\"MySQL\"]}",
                               "{\"pick\":\"MySQL\"}",
                               "{}",
                               "[\"MySQL\"]",
                               "{\"choice\":\"MySQL\"",
                               "```",
                               "```json",
                               "```\n```",
                               "``````",
                               "1",
                               "\u0130"}) {
        EXPECT_EQ(match_choice(answer, databases), none) << answer;
    }
    EXPECT_EQ(match_choice("MySQL", {}), none);
}

TEST(MatchChoice, PrefersTheExactChoiceAndRefusesAnAmbiguousOne) {
    const std::vector<std::string> alike = {"yes", "Yes", "Yes."};
    EXPECT_EQ(match_choice("yes", alike), 0U);
    EXPECT_EQ(match_choice("Yes", alike), 1U);
    EXPECT_EQ(match_choice("Yes.", alike), 2U);
    EXPECT_EQ(match_choice("{\"choice\":\"Yes\"}", alike), 1U);
    EXPECT_EQ(match_choice("YES", alike), none);
}

TEST(MatchChoice, KnowsChoicesThatNeedTrimmingThemselves) {
    const std::vector<std::string> odd = {"U.S.", "\"quoted\"", "{\"choice\":\"x\"}", "```\na\n```",
                                          "."};
    for (std::size_t i = 0; i < odd.size(); ++i)
        EXPECT_EQ(match_choice(odd[i], odd), i);
    EXPECT_EQ(match_choice("u.s", odd), 0U);
    EXPECT_EQ(match_choice("Quoted.", odd), 1U);
    EXPECT_EQ(match_choice("", odd), none);
}

TEST(MatchChoice, FoldsTheCaseOfAsciiOnly) {
    EXPECT_EQ(match_choice("\u00c4PFEL", {"\u00c4pfel"}), 0U);
    EXPECT_EQ(match_choice("\u00e4pfel", {"\u00c4pfel"}), none);
}

TEST(MatchChoice, FindsEveryHostileChoiceInTheJsonThatAsksForIt) {
    std::vector<std::string> choices(tests::hostile_texts.begin(), tests::hostile_texts.end());
    for (std::size_t i = 0; i < choices.size(); ++i) {
        std::string answer;
        json::writer out(answer);
        out.begin_object();
        out.member("choice", choices[i]);
        out.end_object();
        // One text is itself an answer's JSON; it stands for itself.
        const auto expected = answer == choices[i] ? i : match_choice(choices[i], choices);
        EXPECT_EQ(match_choice(answer, choices), expected) << answer;
        EXPECT_EQ(expected, i);
    }
}

TEST(Tally, LetsThePluralityWinAndCountsInTheOrderOfTheChoices) {
    const auto result = tally({1, 2, 2, none, 0, 2, 1}, databases);
    EXPECT_EQ(result.winner, 2U);
    EXPECT_EQ(result.votes, (std::vector<vote>{{"PostgreSQL", 1}, {"MySQL", 2}, {"SQLite", 3}}));
}

TEST(Tally, GivesATieToTheChoiceOfTheEarliestSeat) {
    EXPECT_EQ(tally({2, 0}, databases).winner, 2U);
    EXPECT_EQ(tally({0, 2}, databases).winner, 0U);
    EXPECT_EQ(tally({none, 1, 0, 0, 1}, databases).winner, 1U);
    // The earliest seat's own choice is not among those tied.
    EXPECT_EQ(tally({0, 2, 1, 1, 2}, databases).winner, 2U);
}

TEST(Tally, HasNoWinnerWithoutAPick) {
    for (const picks& nobody : {picks{}, picks{none, none}, picks{3, 99}}) {
        const auto result = tally(nobody, databases);
        EXPECT_EQ(result.winner, none);
        EXPECT_EQ(result.votes,
                  (std::vector<vote>{{"PostgreSQL", 0}, {"MySQL", 0}, {"SQLite", 0}}));
    }
    EXPECT_EQ(tally({0}, {}).winner, none);
}

TEST(ChoiceSchema, IsAnObjectWithOneOfTheChoices) {
    EXPECT_EQ(choice_schema({"a", "\"b\""}),
              R"({"type":"object","properties":{"choice":{"type":"string","enum":["a","\"b\""]}},)"
              R"("required":["choice"],"additionalProperties":false})");
}

TEST(ChoiceSchema, IsJsonWhateverTheChoices) {
    const std::vector<std::string> choices(tests::hostile_texts.begin(),
                                           tests::hostile_texts.end());
    json::document schema;
    ASSERT_FALSE(json::document::parse(choice_schema(choices), schema));
    std::vector<std::string> listed;
    for (const auto item : schema.root().at_pointer("/properties/choice/enum").get_array()) {
        listed.emplace_back(json::string_of(item).value());
    }
    EXPECT_EQ(listed, choices);
}

TEST(ChoicePrompt, PutsTheInstructionsFirstAndEachChoiceOnALine) {
    const std::string prompt = choice_prompt("Be brief.", databases);
    EXPECT_EQ(prompt.find("Be brief.\n\n"), 0U);
    for (const auto& choice : databases) {
        EXPECT_NE(prompt.find("\n- \"" + choice + "\"\n"), std::string::npos);
    }
    EXPECT_NE(prompt.find("{\"choice\": \"...\"}"), std::string::npos);
    EXPECT_NE(choice_prompt("", databases).front(), '\n');
}

TEST(ChoicePrompt, LetsNoChoicePoseAsAnother) {
    const std::string prompt = choice_prompt("", {"a\n- \"b\"\n", "c"});
    std::size_t lines = 0;
    for (std::size_t at = prompt.find("\n- "); at != std::string::npos;
         at = prompt.find("\n- ", at + 1)) {
        ++lines;
    }
    EXPECT_EQ(lines, 2U);
}

}  // namespace
}  // namespace conclave
