// Which schemas are taken and which refused, and how they refer to each other.

#include <conclave/json/schema.hpp>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/error.hpp>
#include <conclave/json/schema_validator.hpp>

namespace {

namespace json = conclave::json;

std::string schema_refusal(std::string_view text, const json::schema_options& options = {}) {
    try {
        json::schema taken(text, options);
    } catch (const conclave::error& refused) {
        EXPECT_EQ(refused.code(), conclave::errc::invalid_schema);
        return refused.what();
    }
    return "taken";
}

TEST(Schema, IsRefusedWithWhereAndWhy) {
    const std::vector<std::pair<const char*, const char*>> refused = {
        {"{", "the schema is not JSON: it ends too early"},
        {"1", "the schema must be a schema: an object, true or false"},
        {R"({"type":"strin"})", R"("/type" must be one of the seven names of types)"},
        {R"({"type":[]})", R"("/type" must be the name of a type or an array of such names)"},
        {R"({"type":["null",1]})", R"("/type/1" must be one of the seven names of types)"},
        {R"({"properties":[]})", R"("/properties" must be an object)"},
        {R"({"properties":{"a":{"items":3}}})",
         R"("/properties/a/items" must be a schema: an object, true or false)"},
        {R"({"$defs":{"a":{"minLength":-1}}})",
         R"("/$defs/a/minLength" must be a whole number that is not negative)"},
        {R"({"maxItems":1.5})", R"("/maxItems" must be a whole number that is not negative)"},
        {R"({"multipleOf":0})", R"("/multipleOf" must be greater than 0)"},
        {R"({"multipleOf":1.2345678901234567891})", R"("/multipleOf" has more than 19 digits)"},
        {R"({"minimum":"1"})", R"("/minimum" must be a number)"},
        {R"({"required":"a"})", R"("/required" must be an array of names)"},
        {R"({"required":[1]})", R"("/required/0" must be a string)"},
        {R"({"enum":1})", R"("/enum" must be an array)"},
        {R"({"allOf":[]})", R"("/allOf" must not be empty)"},
        {R"({"uniqueItems":1})", R"("/uniqueItems" must be true or false)"},
        {R"({"$ref":1})", R"("/$ref" must be a string)"},
        {R"({"$ref":"#/$defs/a"})", R"("/$ref" refers to "#/$defs/a", which is not there)"},
        {R"({"$ref":"#a"})", R"("/$ref" refers to "#a", which is not there)"},
        {R"({"$ref":"https://a.example/b#/c"})",
         R"("/$ref" refers to "https://a.example/b", which was not handed over)"},
        {R"({"$id":"https://a.example/b","items":{"$ref":"c.json"}})",
         R"("/items/$ref" refers to "https://a.example/c.json", which was not handed over)"},
        {R"({"$schema":"http://json-schema.org/draft-04/schema#"})",
         R"(the schema is written in "http://json-schema.org/draft-04/schema", which is neither )"
         R"(draft 2020-12 nor draft 7 and was not handed over)"},
        {R"({"$id":"a#b"})", R"(the schema has an "$id" with a fragment)"},
        {R"({"$id":1})", R"("/$id" must be a string)"},
        {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})",
         R"("/$defs/b" has the anchor "x" of another schema)"},
        {R"({"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}})",
         R"("/$defs/b" has the URI "x" of another schema)"},
        {R"({"properties":{"a":true,"a":false}})", R"("/properties" has "a" twice)"},
        {R"({"$ref":"#"})", "the schema leads back to itself without end"},
        {R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[true,{"$ref":"#"}]}}})",
         "the schema leads back to itself without end"},
    };
    for (const auto& [text, why] : refused)
        EXPECT_EQ(schema_refusal(text), why) << text;
}

TEST(Schema, IsRefusedIfAPatternIsNone) {
    EXPECT_TRUE(
        schema_refusal(R"({"items":{"pattern":"("}})").starts_with(R"("/items/pattern" is )"));
    EXPECT_TRUE(schema_refusal(R"({"patternProperties":{"(":true}})")
                    .starts_with(R"("/patternProperties/()"));
}

TEST(Schema, ReadsADocumentThatWasHandedOverAndSaysWhatIsWrongInIt) {
    json::schema_options options;
    options.documents["https://a.example/item"] = R"({"type":"integer","$defs":{"b":{"type":1}}})";
    const json::schema taken(R"({"items":{"$ref":"https://a.example/item"}})", options);
    json::schema_validator validator(taken);
    EXPECT_TRUE(validator.is_valid("[1]"));
    const auto error = validator.first_error("[true]");
    EXPECT_EQ(error->keyword_location, "/items/$ref/type");
    EXPECT_EQ(error->absolute_keyword_location, "https://a.example/item#/type");
    EXPECT_EQ(schema_refusal(R"({"$ref":"https://a.example/item#/$defs/b"})", options),
              R"("/$defs/b/type" of "https://a.example/item" must be the name of a type or an )"
              R"(array of such names)");
}

TEST(Schema, NeedsAMetaschemaOfItsOwnAndItsVocabularies) {
    json::schema_options options;
    options.documents["https://a.example/m"] = R"({"$vocabulary":{"https://a.example/v":true}})";
    EXPECT_EQ(schema_refusal(R"({"$schema":"https://a.example/m"})", options),
              R"(the schema is written in "https://a.example/m", which is no metaschema or needs )"
              R"(a vocabulary that is not known)");
    options.documents["https://a.example/m"] =
        R"({"$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/applicator":true}})";
    json::schema_validator validator{
        json::schema(R"({"$schema":"https://a.example/m","minimum":5,"items":false})", options)};
    EXPECT_TRUE(validator.is_valid("1"));
    EXPECT_FALSE(validator.is_valid("[1]"));
}

#if CONCLAVE_WITH_RE2
TEST(Schema, MayReferToTheMetaschemasOfBothDrafts) {
    for (const std::string uri : {"https://json-schema.org/draft/2020-12/schema",
                                  "http://json-schema.org/draft-07/schema#"}) {
        json::schema_validator validator{json::schema(R"({"$ref":")" + uri + R"("})")};
        EXPECT_TRUE(validator.is_valid(R"({"type":"string","properties":{"a":{"minLength":1}}})"));
        const auto error = validator.first_error(R"({"properties":{"a":{"minLength":-1}}})");
        ASSERT_TRUE(error) << uri;
        EXPECT_EQ(error->instance_location, "/properties/a/minLength");
    }
}
#endif

TEST(Schema, IsSharedByThreads) {
    const json::schema shared(R"({"items":{"enum":[1,2,3,4,5,6,7,8,9,"a"]},"uniqueItems":true})");
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            json::schema_validator validator(shared);
            for (int round = 0; round < 100; ++round) {
                if (!validator.is_valid(R"([1,2,"a"])")) ++wrong;
                if (validator.is_valid(R"([1,2,"b"])")) ++wrong;
            }
        });
    }
    for (std::thread& each : threads)
        each.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
