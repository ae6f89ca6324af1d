#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>
#include <conclave/wire/detail/added_nulls.hpp>
#include <conclave/wire/detail/claude_schema.hpp>
#include <conclave/wire/detail/google_schema.hpp>
#include <conclave/wire/detail/strict_schema.hpp>

namespace {

namespace json = conclave::json;
namespace detail = conclave::wire::detail;

std::string strict_words(std::string_view schema) {
    return detail::to_strict_schema(schema).value_or("none");
}
std::string google_words(std::string_view schema) {
    return detail::to_google_schema(schema).value_or("none");
}
std::string in_strict_object(std::string_view member) {
    return R"({"type":"object","properties":{"x":)" + std::string(member) +
           R"(},"required":["x"],"additionalProperties":false})";
}

TEST(StrictSchema, ClosesObjectsAndRequiresAllThatTheyName) {
    EXPECT_EQ(strict_words(R"({"type":"object","properties":{"a":{"type":"string"},)"
                           R"("b":{"type":"object","properties":{}}},"required":["b","a"]})"),
              R"({"type":"object","properties":{"a":{"type":"string"},)"
              R"("b":{"type":"object","properties":{},"required":[],"additionalProperties":)"
              R"(false}},"required":["a","b"],"additionalProperties":false})");
}

TEST(StrictSchema, LetsOptionalMembersBeNull) {
    const auto optional = [](std::string_view member) {
        const std::string words = strict_words(R"({"$defs":{"d":{"type":"number"}},)"
                                               R"("type":"object","properties":{"x":)" +
                                               std::string(member) + "}}");
        const std::string_view begin = R"("type":"object","properties":{"x":)";
        const std::string_view end = R"(},"required":["x"],"additionalProperties":false})";
        const std::size_t at = words.find(begin);
        if (at == words.npos || !words.ends_with(end)) return words;
        const std::size_t from = at + begin.size();
        return words.substr(from, words.size() - end.size() - from);
    };
    EXPECT_EQ(optional(R"({"type":"string"})"), R"({"type":["string","null"]})");
    EXPECT_EQ(optional(R"({"type":["null","string"]})"), R"({"type":["null","string"]})");
    EXPECT_EQ(optional(R"({"type":"array","items":{"type":"integer"}})"),
              R"({"type":["array","null"],"items":{"type":"integer"}})");
    EXPECT_EQ(optional(R"({"type":"string","enum":["a"]})"),
              R"({"anyOf":[{"type":"string","enum":["a"]},{"type":"null"}]})");
    EXPECT_EQ(optional(R"({"$ref":"#/$defs/d","description":"how much"})"),
              R"({"anyOf":[{"$ref":"#/$defs/d"},{"type":"null"}]})");
    EXPECT_EQ(optional(R"({"oneOf":[{"type":"string"},{"const":3}]})"),
              R"({"anyOf":[{"anyOf":[{"type":"string"},{"type":"integer","enum":[3]}]},)"
              R"({"type":"null"}]})");
    EXPECT_EQ(optional(R"({"allOf":[{"$ref":"#/$defs/d"}]})"),
              R"({"anyOf":[{"$ref":"#/$defs/d"},{"type":"null"}]})");
}

TEST(StrictSchema, SaysLimitsThatItDoesNotKnowInTheDescription) {
    EXPECT_EQ(strict_words(in_strict_object(
                  R"({"type":"string","minLength":2,"description":"A name","format":"uri"})")),
              in_strict_object(R"({"type":"string","description":)"
                               R"("A name\n\n{minLength: 2, format: \"uri\"}"})"));
    EXPECT_EQ(strict_words(in_strict_object(R"({"type":"string","pattern":"^(?=a)."})")),
              in_strict_object(R"({"type":"string","description":"{pattern: \"^(?=a).\"}"})"));
    for (const std::string_view known :
         {R"({"type":"string","pattern":"^a+$"})", R"({"type":"string","format":"uuid"})",
          R"({"type":"integer","minimum":1,"exclusiveMaximum":9,"multipleOf":2})",
          R"({"type":"array","minItems":1,"maxItems":3,"items":{"type":"null"}})"}) {
        EXPECT_EQ(strict_words(in_strict_object(known)), in_strict_object(known));
    }
    EXPECT_EQ(strict_words(in_strict_object(R"({"enum":["a",1,0.5,true,null]})")),
              in_strict_object(R"({"type":["string","integer","number","boolean","null"],)"
                               R"("enum":["a",1,0.5,true,null]})"));
}

TEST(StrictSchema, PutsWhatTheRootRefersToInItsPlace) {
    EXPECT_EQ(strict_words(R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)"
                           R"("$ref":"#/$defs/node","$defs":{"node":{"type":"object",)"
                           R"("properties":{"next":{"$ref":"#/$defs/node"}}}}})"),
              R"({"$defs":{"node":{"type":"object","properties":{"next":{"anyOf":[)"
              R"({"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["next"],)"
              R"("additionalProperties":false}},"type":"object","properties":{"next":{"anyOf":[)"
              R"({"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["next"],)"
              R"("additionalProperties":false})");
}

TEST(StrictSchema, IsNoneWhereStrictModeHasNoWords) {
    for (const std::string_view schema :
         {R"({})", R"({"type":"array","items":{"type":"string"}})", R"({"type":"object"})",
          R"({"type":["object","null"],"properties":{}})", R"({"$ref":"#"})", "[]", "{",
          R"({"anyOf":[{"type":"object","properties":{}}]})",
          R"({"type":"object","properties":{},"additionalProperties":{"type":"string"}})",
          R"({"type":"object","properties":{},"patternProperties":{"^a":{"type":"string"}}})",
          R"({"type":"object","properties":{},"required":["a"]})",
          R"({"type":"object","properties":{},"allOf":[{"type":"object"},{"type":"object"}]})"}) {
        EXPECT_EQ(strict_words(schema), "none") << schema;
    }
    for (const std::string_view member :
         {R"({})", "true", R"({"type":"array"})", R"({"not":{"type":"string"}})",
          R"({"type":"string","if":{"const":"a"},"then":{"minLength":1}})", R"({"enum":[[1]]})",
          R"({"type":"array","items":{"type":"string"},"prefixItems":[{"type":"string"}]})",
          R"({"$ref":"#/$defs/none"})", R"({"$ref":"https://example.com/schema"})",
          R"({"$ref":"#","minProperties":1})", R"({"anyOf":[],"type":"string"})",
          R"({"type":"string","anyOf":[{"type":"string"}]})", R"({"$anchor":"a","type":"string"})",
          R"({"allOf":[{"type":"string"},{"minLength":1}]})", R"({"enum":[]})"}) {
        EXPECT_EQ(strict_words(in_strict_object(member)), "none") << member;
    }
}

TEST(StrictSchema, KeepsToItsLimits) {
    const auto nested = [](int levels) {
        std::string schema = R"({"type":"string"})";
        for (int i = 0; i < levels; ++i)
            schema = in_strict_object(schema);
        return schema;
    };
    const auto listed = [](int count, const std::string& start) {
        std::string values;
        for (int i = 0; i < count; ++i)
            values += (i == 0 ? "\"" : ",\"") + start + std::to_string(i) + '"';
        return in_strict_object(R"({"enum":[)" + values + "]}");
    };
    EXPECT_EQ(strict_words(nested(10)), nested(10));
    EXPECT_EQ(strict_words(nested(11)), "none");
    EXPECT_EQ(strict_words(nested(300)), "none");
    EXPECT_NE(strict_words(listed(1000, "a")), "none");
    EXPECT_EQ(strict_words(listed(1001, "a")), "none");
    EXPECT_EQ(strict_words(listed(251, std::string(70, 'a'))), "none");
    EXPECT_EQ(strict_words(listed(200, std::string(700, 'a'))), "none");
}

TEST(StrictSchema, IsHowOpenAiHasItUnlessItCannotBe) {
    const auto strict = detail::to_openai_schema(in_strict_object(R"({"type":"null"})"), true);
    ASSERT_TRUE(strict);
    EXPECT_TRUE(strict->is_strict);
    const auto open = detail::to_openai_schema(R"({"type": "object"})", true);
    ASSERT_TRUE(open);
    EXPECT_FALSE(open->is_strict);
    EXPECT_EQ(open->text, R"({"type": "object"})");
    EXPECT_FALSE(detail::to_openai_schema(R"({"type":"array"})", true));
    EXPECT_FALSE(detail::to_openai_schema(R"({"type":"array"})", false));
}

TEST(GoogleSchema, KeepsWhatGoogleKnowsAndDescribesTheRest) {
    EXPECT_EQ(google_words(R"({"$schema":"x","type":"object","properties":{"n":{"type":"integer",)"
                           R"("minimum":1,"multipleOf":2},"s":{"type":"string","format":"date",)"
                           R"("maxLength":9},"k":{"const":"v"},"any":true,"b":{"enum":[true]}},)"
                           R"("required":["n"],"additionalProperties":false,"title":"T"})"),
              R"({"type":"object","title":"T","properties":{"n":{"type":"integer","minimum":1,)"
              R"("description":"{multipleOf: 2}"},"s":{"type":"string","format":"date",)"
              R"("description":"{maxLength: 9}"},"k":{"enum":["v"]},"any":{},)"
              R"("b":{"description":"{enum: [true]}"}},"additionalProperties":false,)"
              R"("required":["n"]})");
    EXPECT_EQ(google_words(R"({"type":"array","prefixItems":[{"type":"string"}],"items":{"oneOf":)"
                           R"([{"type":"null"},{"allOf":[{"$ref":"#/definitions/d"}]}]},)"
                           R"("definitions":{"d":{"type":"number"}}})"),
              R"({"$defs":{"d":{"type":"number"}},"type":"array","prefixItems":)"
              R"([{"type":"string"}],"items":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/d"}]}})");
}

TEST(GoogleSchema, IsInsideItselfOnlyWhereThatMayBeLeftOut) {
    EXPECT_NE(google_words(R"({"type":"object","properties":{"next":{"$ref":"#"}}})"), "none");
    EXPECT_EQ(google_words(R"({"type":"object","properties":{"next":{"type":"array","items":)"
                           R"({"$ref":"#"}}},"required":["next"]})"),
              "none");
    EXPECT_EQ(google_words(R"({"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":)"
                           R"({"a":{"type":"array","items":{"$ref":"#/$defs/a"}}}})"),
              "none");
    EXPECT_EQ(google_words(R"({"$ref":"#/$defs/none"})"), "none");
    EXPECT_EQ(google_words(R"({"items":{"$ref":"other.json"}})"), "none");
}

TEST(ClaudeSchema, IsNoneWhereItIsInsideItself) {
    for (const std::string_view schema :
         {R"({"type":"object","properties":{"next":{"$ref":"#"}}})",
          R"({"$defs":{"a":{"type":"object","properties":{"b":{"$ref":"#/$defs/b"}}},)"
          R"("b":{"type":"array","items":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"})",
          R"({"type":"object","properties":{},"required":["a"]})",
          R"({"type":"array","items":{"$ref":"#/$defs/none"}})"}) {
        EXPECT_FALSE(detail::to_claude_schema(schema)) << schema;
    }
    // the same one twice is no cycle
    EXPECT_TRUE(detail::to_claude_schema(
        R"({"$defs":{"a~/":{"type":"string"}},"type":"object","properties":{)"
        R"("b":{"$ref":"#/$defs/a~0~1"},"c":{"$ref":"#/$defs/a~0~1"}}})"));
}

TEST(AdaptedSchema, ComesToAnEndWithALongChainOfReferences) {
    std::string definitions;
    for (int i = 0; i < 20'000; ++i) {
        definitions += (i == 0 ? "\"d" : ",\"d") + std::to_string(i) + R"(":{"$ref":"#/$defs/d)" +
                       std::to_string(i + 1) + "\"}";
    }
    const std::string chain = R"({"$ref":"#/$defs/d0","$defs":{)" + definitions + "}}";
    EXPECT_EQ(strict_words(chain), "none");
    EXPECT_EQ(google_words(chain), "none");
    EXPECT_FALSE(detail::to_claude_schema(chain));
}

std::string nulls_removed(std::string_view answer, std::string_view schema) {
    json::document parsed;
    EXPECT_FALSE(json::document::parse(schema, parsed)) << schema;
    return detail::without_added_nulls(answer, *json::object_of(parsed.root())).value_or("same");
}

TEST(AddedNulls, AreTakenOutWhereAMemberMayBeLeftOutAndNotBeNull) {
    constexpr std::string_view schema =
        R"({"$defs":{"d":{"type":"object","properties":{"x":{"type":"string"}}}},)"
        R"("type":"object","properties":{"need":{"type":"string"},"may":{"type":"integer"},)"
        R"("null":{"type":["string","null"]},"d":{"$ref":"#/$defs/d"},"any":{},)"
        R"("list":{"type":"array","items":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/d"}]}},)"
        R"("q\"":{"const":1}},"required":["need"]})";
    EXPECT_EQ(nulls_removed(R"({"need":"a","may":null})", schema), R"({"need":"a"})");
    EXPECT_EQ(nulls_removed(R"( { "may" : null , "need" : "a" } )", schema), R"({"need":"a"})");
    EXPECT_EQ(nulls_removed(R"({"d":null,"q\"":null,"\u006day":null})", schema), "{}");
    EXPECT_EQ(nulls_removed(R"({"list":[null,{"x":null},{"x":"]null"}],"d":{"x":null}})", schema),
              R"({"list":[null,{},{"x":"]null"}],"d":{}})");
    for (const std::string_view same :
         {R"({"need":null})", R"({"null":null,"any":null})", R"({"other":null})", "null", "[null]",
          R"({"list":[null]})", R"({"need":"null"})", R"({"may":[{"may":null}]})"}) {
        EXPECT_EQ(nulls_removed(same, schema), "same") << same;
    }
    EXPECT_EQ(nulls_removed(R"([1e400,{"a":null,"b":-0.50}])",
                            R"({"items":{"properties":{"a":{"enum":["x"]},"b":{}}}})"),
              R"([1e400,{"b":-0.50}])");
}

TEST(AddedNulls, AreThoseOfStrictModeAlone) {
    // whatever branch the answer is of
    constexpr std::string_view schema =
        R"({"anyOf":[{"properties":{"a":{"type":"string"}}},)"
        R"({"properties":{"a":{"type":"null"},"b":{"oneOf":[{"type":"string"}]}}}]})";
    EXPECT_EQ(nulls_removed(R"({"a":null,"b":null})", schema), R"({"a":null})");
    EXPECT_EQ(nulls_removed(R"({"a":null})", R"({"$ref":"#"})"), "same");
    const std::string deep = std::string(500, '[') + "null" + std::string(500, ']');
    EXPECT_EQ(nulls_removed(deep, R"({"items":{"$ref":"#"}})"), "same");
}

}  // namespace
