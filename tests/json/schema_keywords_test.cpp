// Each keyword: a schema, values that are valid, and values that are not with where and why.

#include <conclave/json/schema_validator.hpp>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/schema.hpp>
#include <conclave/json/schema_output.hpp>

namespace {

namespace json = conclave::json;

struct invalid_value {
    const char* text;
    const char* instance_location;
    const char* keyword_location;
    const char* message;
};

struct keyword_case {
    const char* schema;
    std::vector<const char*> valid;
    std::vector<invalid_value> invalid;
};

std::ostream& operator<<(std::ostream& out, const keyword_case& each) { return out << each.schema; }

const std::vector<keyword_case> keyword_cases = {
    {R"({"type":"integer"})",
     {"1", "-0", "1.0", "10e-1", "1e400", "123456789012345678901234567890"},
     {{"1.5", "", "/type", "the value must be a whole number, but is 1.5"},
      {R"("1")", "", "/type", R"(the value must be a whole number, but is "1")"}}},
    {R"({"type":["string","null"]})",
     {"null", R"("")"},
     {{"[]", "", "/type", "the value must be a string or null, but is an empty array"},
      {"{\"a\":1}", "", "/type",
       "the value must be a string or null, but is an object with 1 property"}}},
    {R"({"type":"number"})",
     {"1", "0.5", "1E+2"},
     {{"true", "", "/type", "the value must be a number, but is true"}}},
    {R"({"const":{"a":[1,"x"],"b":null}})",
     {R"({"b":null,"a":[1.0,"x"]})"},
     {{R"({"a":[1,"x"],"b":0})", "", "/const",
       R"(the value must be {"a":[1,"x"],"b":null}, but is {"a":[1,"x"],"b":0})"}}},
    {R"({"properties":{"l":{"enum":["yes","no",1]}}})",
     {R"({"l":"no"})", R"({"l":1e0})"},
     {{R"({"l":"maybe"})", "/l", "/properties/l/enum",
       R"("/l" must be one of "yes", "no", 1, but is "maybe")"}}},
    {R"({"enum":[[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25],{}]})",
     {"{}"},
     {{"[]", "", "/enum",
       "the value must be one of [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,…, {}, but is []"}}},
    {R"({"enum":[]})", {}, {{"1", "", "/enum", "the value must be none of all values, but is 1"}}},
    {R"({"minimum":9007199254740993})",
     {"9007199254740993", "9007199254740993.0", "1e300", R"("0")"},
     {{"9007199254740992", "", "/minimum",
       "the value must be at least 9007199254740993, but is 9007199254740992"}}},
    {R"({"items":{"properties":{"confidence":{"maximum":1}}}})",
     {R"([{"confidence":1}])", R"([{"confidence":0.999999999999999999999}])"},
     {{R"([{"confidence":1.5}])", "/0/confidence", "/items/properties/confidence/maximum",
       R"("/0/confidence" must be at most 1, but is 1.5)"},
      {R"([{"confidence":1.000000000000000000001}])", "/0/confidence",
       "/items/properties/confidence/maximum",
       R"("/0/confidence" must be at most 1, but is 1.000000000000000000001)"}}},
    {R"({"exclusiveMinimum":-0.5})",
     {"-0.49999999999999999999", "0"},
     {{"-5e-1", "", "/exclusiveMinimum", "the value must be greater than -0.5, but is -5e-1"}}},
    {R"({"exclusiveMaximum":1e1000})",
     {"9.9e999", "-1e1001"},
     {{"10e999", "", "/exclusiveMaximum", "the value must be less than 1e1000, but is 10e999"}}},
    {R"({"minimum":0.25,"maximum":123456789012345678})",
     {"0.25", "25e-2", "0.250", "0.250000000000000000000", "123456789012345678.0"},
     {{"0.2499", "", "/minimum", "the value must be at least 0.25, but is 0.2499"},
      {"-1", "", "/minimum", "the value must be at least 0.25, but is -1"},
      {"123456789012345678.1", "", "/maximum",
       "the value must be at most 123456789012345678, but is 123456789012345678.1"}}},
    {R"({"multipleOf":0.0001})",
     {"0.0075", "1e308", "0", "-3", "7.5e-3"},
     {{"0.00751", "", "/multipleOf", "the value must be a multiple of 0.0001, but is 0.00751"}}},
    {R"({"multipleOf":7})",
     {"14", "-21", "7e0", "123456789012345678901234567890123456781"},
     {{"15", "", "/multipleOf", "the value must be a multiple of 7, but is 15"},
      {"1e308", "", "/multipleOf", "the value must be a multiple of 7, but is 1e308"}}},
    {R"({"minLength":2,"maxLength":3})",
     {R"("ab")", "\"\xF0\x9F\x92\xA9\xF0\x9F\x92\xA9\"", R"("\uD83D\uDCA9\u00e9x")", "1"},
     {{R"("a")", "", "/minLength", R"(the value must have at least 2 characters, but "a" has 1)"},
      {R"("abcd")", "", "/maxLength",
       R"(the value must have at most 3 characters, but "abcd" has 4)"}}},
    {R"({"minItems":1,"maxItems":2})",
     {"[1]", "[1,2]", "{}"},
     {{"[]", "", "/minItems", "the value must have at least 1 item, but has 0"},
      {"[1,2,3]", "", "/maxItems", "the value must have at most 2 items, but has 3"}}},
    {R"({"minProperties":1,"maxProperties":1})",
     {R"({"a":1})", "[]"},
     {{"{}", "", "/minProperties", "the value must have at least 1 property, but has 0"},
      {R"({"a":1,"b":2})", "", "/maxProperties",
       "the value must have at most 1 property, but has 2"}}},
    {R"({"uniqueItems":true})",
     {"[1,2,true,\"1\",[1],{\"a\":1},{\"a\":2}]", "[]", R"([0,false,"",null])"},
     {{"[1,2,1.0]", "", "/uniqueItems", "the value must not have an item twice"},
      {R"([{"a":1,"b":[2]},{"b":[2e0],"a":1}])", "", "/uniqueItems",
       "the value must not have an item twice"}}},
    {R"({"required":["a","b"]})",
     {R"({"b":1,"a":1})", "1"},
     {{R"({"b":1})", "", "/required", R"(the value must have "a")"}}},
    {R"({"properties":{"a/b~":{"type":"null"}},"additionalProperties":false})",
     {R"({"a/b~":null})"},
     {{R"({"a/b~":1})", "/a~1b~0", "/properties/a~1b~0/type",
       R"("/a~1b~0" must be null, but is 1)"},
      {R"({"c":1})", "/c", "/additionalProperties", R"("/c" is not allowed)"}}},
    {R"({"additionalProperties":{"type":"string"}})",
     {R"({"x":"y"})"},
     {{R"({"x":1})", "/x", "/additionalProperties/type", R"("/x" must be a string, but is 1)"}}},
    {R"({"propertyNames":{"maxLength":2}})",
     {R"({"ab":1})"},
     {{R"({"abc":1})", "/abc", "/propertyNames/maxLength",
       R"(the name of "/abc" must have at most 2 characters, but "abc" has 3)"}}},
    {R"({"dependentRequired":{"card":["name"]}})",
     {R"({"name":1})", R"({"card":1,"name":1})"},
     {{R"({"card":1})", "", "/dependentRequired",
       R"(the value must have "name" as it has "card")"}}},
    {R"({"dependentSchemas":{"card":{"minProperties":2}}})",
     {R"({"x":1})", R"({"card":1,"x":1})"},
     {{R"({"card":1})", "", "/dependentSchemas/card/minProperties",
       "the value must have at least 2 properties, but has 1"}}},
    {R"({"prefixItems":[{"type":"string"},true],"items":{"type":"null"}})",
     {R"(["a",1,null])", "[]", R"(["a"])"},
     {{"[1]", "/0", "/prefixItems/0/type", R"("/0" must be a string, but is 1)"},
      {R"(["a",1,1])", "/2", "/items/type", R"("/2" must be null, but is 1)"}}},
    {R"({"contains":{"type":"integer"},"minContains":2,"maxContains":3})",
     {R"([1,"a",2])", R"([1,2,3])"},
     {{"[1]", "", "/minContains",
       R"(the value must have at least 2 items of the kind that "contains" asks for, but has 1)"},
      {"[1,2,3,4]", "", "/maxContains",
       R"(the value must have at most 3 items of the kind that "contains" asks for, but has 4)"}}},
    {R"({"contains":{"const":1}})",
     {"[0,1]", "1"},
     {{"[]", "", "/contains",
       R"(the value must have at least 1 item of the kind that "contains" asks for, but has 0)"}}},
    {R"({"allOf":[{"minimum":1},{"maximum":2}]})",
     {"1", "2"},
     {{"3", "", "/allOf/1/maximum", "the value must be at most 2, but is 3"}}},
    {R"({"anyOf":[{"type":"null"},{"properties":{"a":{"type":"string"}},"type":"object"}]})",
     {"null", "{}"},
     {{R"({"a":1})", "", "/anyOf",
       R"(the value matches none of 2 alternatives; of the nearest, "/a" must be a string, but is 1)"}}},
    {R"({"oneOf":[{"type":"integer"},{"minimum":2}]})",
     {"1", "2.5"},
     {{"3", "", "/oneOf",
       "the value must match exactly one of 2 alternatives, but matches number 1 and number 2"},
      {"1.5", "", "/oneOf",
       "the value matches none of 2 alternatives; of the nearest, the value must be a whole "
       "number, but is "
       "1.5"}}},
    {R"({"not":{"type":"string"}})",
     {"1"},
     {{R"("a")", "", "/not",
       R"(the value must not be of the kind that "not" describes, but is "a")"}}},
    {R"({"if":{"type":"integer"},"then":{"minimum":5},"else":{"maxLength":1}})",
     {"5", R"("a")"},
     {{"4", "", "/then/minimum", "the value must be at least 5, but is 4"},
      {R"("ab")", "", "/else/maxLength",
       R"(the value must have at most 1 character, but "ab" has 2)"}}},
    {R"({"$defs":{"n":{"properties":{"next":{"$ref":"#/$defs/n"},"v":{"type":"integer"}}}},
         "$ref":"#/$defs/n"})",
     {R"({"next":{"next":{"v":1}}})"},
     {{R"({"next":{"v":"x"}})", "/next/v", "/$ref/properties/next/$ref/properties/v/type",
       R"("/next/v" must be a whole number, but is "x")"}}},
    {R"({"$id":"https://a.example/tree","$dynamicAnchor":"node",
         "properties":{"v":{"type":"integer"},"c":{"items":{"$dynamicRef":"#node"}}}})",
     {R"({"c":[{"v":1}]})"},
     {{R"({"c":[{"v":true}]})", "/c/0/v", "/properties/c/items/$dynamicRef/properties/v/type",
       R"("/c/0/v" must be a whole number, but is true)"}}},
    {R"({"properties":{"a":true},"anyOf":[{"properties":{"b":true},"required":["b"]},true],
         "unevaluatedProperties":false})",
     {R"({"a":1})", R"({"a":1,"b":2})"},
     {{R"({"c":1})", "/c", "/unevaluatedProperties", R"("/c" is not allowed)"}}},
    {R"({"prefixItems":[true],"contains":{"type":"string"},"unevaluatedItems":{"type":"null"}})",
     {R"([1,"a",null])"},
     {{R"([1,"a",2])", "/2", "/unevaluatedItems/type", R"("/2" must be null, but is 2)"}}},
    {"false", {}, {{"1", "", "", "the value is not allowed"}}},
    {R"({"$comment":"x","title":"x","contentEncoding":"base64","unknown":{"type":"nothing"}})",
     {R"("%%%")"},
     {}},
    {R"({"$schema":"http://json-schema.org/draft-07/schema#",
         "items":[{"type":"integer"}],"additionalItems":false})",
     {"[1]"},
     {{"[1,2]", "/1", "/additionalItems", R"("/1" is not allowed)"},
      {"[true]", "/0", "/items/0/type", R"("/0" must be a whole number, but is true)"}}},
    {R"({"$schema":"http://json-schema.org/draft-07/schema#",
         "dependencies":{"a":["b"],"c":{"required":["d"]}}})",
     {R"({"a":1,"b":1})"},
     {{R"({"a":1})", "", "/dependencies", R"(the value must have "b" as it has "a")"},
      {R"({"c":1})", "", "/dependencies/c/required", R"(the value must have "d")"}}},
};

class SchemaKeyword : public testing::TestWithParam<keyword_case> {};

TEST_P(SchemaKeyword, TellsValidFromInvalidAndSaysWhereAndWhy) {
    json::schema_validator validator{json::schema(GetParam().schema)};
    for (const char* const text : GetParam().valid) {
        EXPECT_TRUE(validator.is_valid(text)) << text;
        EXPECT_EQ(validator.first_error(text), std::nullopt) << text;
        EXPECT_EQ(validator.errors(text).size(), 0U) << text;
    }
    for (const invalid_value& each : GetParam().invalid) {
        EXPECT_FALSE(validator.is_valid(each.text)) << each.text;
        const auto first = validator.first_error(each.text);
        ASSERT_TRUE(first) << each.text;
        EXPECT_EQ(first->instance_location, each.instance_location);
        EXPECT_EQ(first->keyword_location, each.keyword_location);
        EXPECT_EQ(first->message, each.message);
        EXPECT_GE(validator.errors(each.text).size(), 1U) << each.text;
    }
}

INSTANTIATE_TEST_SUITE_P(All, SchemaKeyword, testing::ValuesIn(keyword_cases));

#if CONCLAVE_WITH_RE2
TEST(SchemaPattern, IsFoundAnywhere) {
    json::schema_validator validator{json::schema(
        R"({"pattern":"b+","patternProperties":{"^n_":{"type":"number"}},"additionalProperties":{"type":"string"}})")};
    EXPECT_TRUE(validator.is_valid(R"("abc")"));
    EXPECT_TRUE(validator.is_valid(R"({"n_a":1,"b":"c"})"));
    EXPECT_EQ(validator.first_error(R"("acc")")->message,
              R"(the value must match the pattern "b+", but is "acc")");
    const auto error = validator.first_error(R"({"n_a":"1"})");
    EXPECT_EQ(error->keyword_location, "/patternProperties/^n_/type");
    EXPECT_EQ(error->message, R"("/n_a" must be a number, but is "1")");
}
#endif

TEST(SchemaFormat, IsAssertedWhereAskedFor) {
    const char* const text = R"({"format":"date"})";
    EXPECT_TRUE(json::schema_validator(json::schema(text)).is_valid(R"("never")"));
    json::schema_options options;
    options.assert_formats = true;
    json::schema_validator validator{json::schema(text, options)};
    EXPECT_TRUE(validator.is_valid(R"("2024-02-29")"));
    const auto error = validator.first_error(R"("never")");
    EXPECT_EQ(error->keyword_location, "/format");
    EXPECT_EQ(error->message, R"(the value must be of the format "date", but is "never")");
    EXPECT_TRUE(json::schema_validator(json::schema(R"({"format":"none such"})", options))
                    .is_valid(R"("never")"));
}

TEST(SchemaContent, OfDraft7IsAssertedWhereAskedFor) {
    json::schema_options options;
    options.default_draft = json::schema_draft::draft_7;
    const char* const text =
        R"({"contentEncoding":"base64","contentMediaType":"application/json"})";
    EXPECT_TRUE(json::schema_validator(json::schema(text, options)).is_valid(R"("{}")"));
    options.assert_content = true;
    json::schema_validator validator{json::schema(text, options)};
    EXPECT_TRUE(validator.is_valid(R"("e30=")"));
    EXPECT_EQ(validator.first_error(R"("{}")")->keyword_location, "/contentEncoding");
    EXPECT_EQ(validator.first_error(R"("fQ==")")->message,
              R"(the value must hold JSON, but is "fQ==")");
}

TEST(SchemaErrors, AreAllFoundWhereAllAreWanted) {
    json::schema_validator validator{json::schema(
        R"({"required":["a","b"],"properties":{"c":{"anyOf":[{"type":"null"},{"minimum":3}]}},"maxProperties":0})")};
    std::vector<std::string> found;
    for (const json::schema_error& each : validator.errors(R"({"c":1})"))
        found.push_back(each.keyword_location + " " + each.message);
    EXPECT_EQ(found,
              (std::vector<std::string>{
                  "/maxProperties the value must have at most 0 properties, but has 1",
                  R"(/properties/c/anyOf "/c" matches none of 2 alternatives)",
                  R"(/properties/c/anyOf/0/type "/c" must be null, but is 1)",
                  R"(/properties/c/anyOf/1/minimum "/c" must be at least 3, but is 1)",
                  R"(/required the value must have "a")", R"(/required the value must have "b")"}));
}

TEST(SchemaErrors, OfLongValuesAreShort) {
    json::schema_validator validator{json::schema(R"({"maxLength":1,"type":"string"})")};
    const std::string text = "\"" + std::string(100'000, 'x') + "\"";
    EXPECT_LT(validator.first_error(text)->message.size(), 150U);
    const auto error = validator.first_error(std::string(1000, '1'));
    EXPECT_LT(error->message.size(), 150U);
    // not in the middle of a character
    std::string snowmen = "\"";
    for (int i = 0; i < 100; ++i)
        snowmen += "\xE2\x98\x83";
    EXPECT_EQ(validator.first_error(snowmen + "\"")->message.find("\xEF\xBF\xBD"),
              std::string::npos);
}

TEST(SchemaErrors, SayWhyATextIsNotJson) {
    json::schema_validator validator{json::schema("true")};
    const auto complaint = [&](std::string_view text) {
        EXPECT_FALSE(validator.is_valid(text));
        const auto error = validator.first_error(text);
        EXPECT_EQ(error->instance_location + error->keyword_location, "");
        return error->message;
    };
    EXPECT_EQ(complaint(""), "the value is not JSON: it is empty");
    EXPECT_EQ(complaint("{\"a\":}"),
              "the value is not JSON: it has something where JSON does not allow it, at byte 5");
    EXPECT_EQ(complaint("[1,2"), "the value is not JSON: it ends too early, at byte 4");
    EXPECT_EQ(complaint("01"),
              "the value is not JSON: it has a number with a zero in front, at byte 0");
    EXPECT_EQ(complaint("[1.]"), "the value is not JSON: it has an unfinished number, at byte 1");
    EXPECT_EQ(complaint("\"\xFF\""), "the value is not JSON: it is not UTF-8");
    EXPECT_EQ(complaint(R"(["\x"])"),
              "the value is not JSON: it has an escape that JSON does not have, at byte 1");
    EXPECT_EQ(complaint("1 2"),
              "the value is not JSON: it has something behind its end, at byte 2");
}

TEST(SchemaOutput, HasTheShapesOfTheSpecification) {
    json::schema_validator validator{
        json::schema(R"({"$id":"https://a.example/s","items":{"type":"null"}})")};
    EXPECT_EQ(json::flag_output(validator.is_valid("[1]")), R"({"valid":false})");
    EXPECT_EQ(json::flag_output(validator.is_valid("[]")), R"({"valid":true})");
    EXPECT_EQ(json::basic_output(validator.errors("[]")), R"({"valid":true})");
    EXPECT_EQ(
        json::basic_output(validator.errors("[1]")),
        R"({"valid":false,"errors":[{"keywordLocation":"/items/type",)"
        R"("absoluteKeywordLocation":"https://a.example/s#/items/type","instanceLocation":"/0",)"
        R"("error":"\"/0\" must be null, but is 1"}]})");
}

}  // namespace
