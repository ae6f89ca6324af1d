// What bounds the work of schemas and values that were made to exhaust a process.

#include <conclave/json/schema_validator.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <conclave/error.hpp>
#include <conclave/json/schema.hpp>

namespace {

namespace json = conclave::json;

std::string repeated(std::string_view text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += text;
    return all;
}

// "[" + each(0) + "," + each(1) + … + "]"
template <class Each>
std::string list_of(int count, char open, char close, Each&& each) {
    std::string all(1, open);
    for (int i = 0; i < count; ++i) {
        if (i > 0) all += ',';
        all += each(i);
    }
    return all + close;
}

std::string complaint_by(json::schema_validator& validator, std::string_view text) {
    EXPECT_FALSE(validator.is_valid(text));
    EXPECT_EQ(validator.errors(text).size(), 1U);
    const auto error = validator.first_error(text);
    return error ? error->message : "none";
}

TEST(SchemaBounds, NestingOfValuesIsLimited) {
    json::schema_validator validator{json::schema(R"({"items":{"$ref":"#"}})")};
    EXPECT_TRUE(validator.is_valid(repeated("[", 256) + repeated("]", 256)));
    EXPECT_EQ(complaint_by(validator, repeated("[", 257) + repeated("]", 257)),
              "the value is not JSON: it is nested too deeply, at byte 256");
    EXPECT_FALSE(validator.is_valid(repeated("[", 1'000'000)));
    EXPECT_FALSE(validator.is_valid(repeated("{\"a\":", 1'000'000)));
}

TEST(SchemaBounds, NestingOfSchemasIsLimited) {
    EXPECT_NO_THROW(json::schema(repeated(R"({"items":)", 255) + "{}" + repeated("}", 255)));
    EXPECT_THROW(json::schema(repeated(R"({"items":)", 256) + "{}" + repeated("}", 256)),
                 conclave::error);
}

TEST(SchemaBounds, SizeOfSchemasIsLimitedWithWhatTheyReferTo) {
    json::schema_options options;
    options.max_schema_size = 100;
    options.documents["https://a.example/large"] = R"({"title":")" + std::string(80, 'x') + R"("})";
    EXPECT_NO_THROW(json::schema(R"({"title":"x"})", options));
    EXPECT_NO_THROW(json::schema(R"({"$ref":"https://a.example/large"})", [&] {
        auto larger = options;
        larger.max_schema_size = 200;
        return larger;
    }()));
    EXPECT_THROW(json::schema(R"({"$ref":"https://a.example/large"})", options), conclave::error);
}

// The references form no circle but 2^60 ways from the first to the last.
TEST(SchemaBounds, WorkIsLimited) {
    const std::string text =
        R"({"$ref":"#/$defs/d0","$defs":)" +
        list_of(60, '{', '}',
                [](int i) {
                    const std::string next =
                        i == 59 ? "true" : R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
                    return "\"d" + std::to_string(i) + R"(":{"allOf":[)" + next + "," + next + "]}";
                }) +
        "}";
    json::schema_validator validator{json::schema(text)};
    EXPECT_EQ(complaint_by(validator, "1"),
              "the value takes more steps to judge by this schema than allowed");
}

// Where `$dynamicRef` leads is known only when a value is judged.
TEST(SchemaBounds, CirclesOfDynamicReferencesEnd) {
    json::schema_validator validator{json::schema(
        R"({"$id":"https://a.example/a","$dynamicAnchor":"x","allOf":[{"$dynamicRef":"#x"}]})")};
    EXPECT_EQ(complaint_by(validator, "1"),
              "the value takes more schemas inside each other to judge than allowed");
}

TEST(SchemaBounds, LengthOfUrisIsLimited) {
    const auto with_id = [](std::size_t size) {
        return R"({"$id":")" + std::string(size, 'x') + R"("})";
    };
    EXPECT_NO_THROW(json::schema(with_id(4096)));
    EXPECT_THROW(json::schema(with_id(4097)), conclave::error);
}

#if CONCLAVE_WITH_RE2
TEST(SchemaBounds, NumberOfRegularExpressionsIsLimited) {
    const auto text = [](int count) {
        return R"({"allOf":)" +
               list_of(count, '[', ']',
                       [](int i) { return R"({"pattern":")" + std::to_string(i) + "\"}"; }) +
               "}";
    };
    EXPECT_NO_THROW(json::schema(text(256)));
    EXPECT_THROW(json::schema(text(257)), conclave::error);
}
#endif

TEST(SchemaBounds, ErrorsAreLimited) {
    json::schema_options options;
    options.max_errors = 10;
    json::schema_validator validator{json::schema(R"({"items":{"type":"null"}})", options)};
    EXPECT_EQ(validator.errors("[" + repeated("1,", 100) + "1]").size(), 10U);
}

// Each of these takes minutes where it is not near-linear.
TEST(SchemaBounds, LargeArraysOfUniqueItemsAreJudgedInTime) {
    json::schema_validator validator{json::schema(R"({"uniqueItems":true})")};
    const auto numbers = [](int i) { return std::to_string(i); };
    const auto objects = [](int i) { return R"({"a":[)" + std::to_string(i) + R"(],"b":"x"})"; };
    EXPECT_TRUE(validator.is_valid(list_of(100'000, '[', ']', numbers)));
    EXPECT_TRUE(validator.is_valid(list_of(100'000, '[', ']', objects)));
    EXPECT_FALSE(validator.is_valid(
        list_of(100'000, '[', ']', [&](int i) { return objects(i == 99'999 ? 7 : i); })));
}

TEST(SchemaBounds, LargeEnumsAreJudgedInTime) {
    const auto entry = [](int i) { return R"({"n":)" + std::to_string(i) + "}"; };
    json::schema_validator validator{
        json::schema(R"({"items":{"enum":)" + list_of(100'000, '[', ']', entry) + "}}")};
    EXPECT_TRUE(validator.is_valid(list_of(100'000, '[', ']', entry)));
    EXPECT_FALSE(validator.is_valid(
        list_of(100'000, '[', ']', [&](int i) { return entry(i == 99'999 ? -1 : i); })));
}

TEST(SchemaBounds, LargeObjectsAreJudgedInTime) {
    const auto name = [](int i) { return "\"n" + std::to_string(i) + "\""; };
    const std::string text =
        R"({"additionalProperties":false,"properties":)" +
        list_of(100'000, '{', '}', [&](int i) { return name(i) + R"(:{"type":"integer"})"; }) +
        R"(,"required":)" + list_of(100'000, '[', ']', name) + "}";
    json::schema_validator validator{json::schema(text)};
    const auto member = [&](int i) { return name(99'999 - i) + ":1"; };
    EXPECT_TRUE(validator.is_valid(list_of(100'000, '{', '}', member)));
    EXPECT_FALSE(validator.is_valid(list_of(99'999, '{', '}', member)));
}

TEST(SchemaBounds, LargeSchemasAreCompiledInTime) {
    const auto definition = [](int i) {
        return "\"d" + std::to_string(i) + R"(":{"$ref":"#/$defs/d)" + std::to_string(i + 1) +
               "\"}";
    };
    const std::string chain = R"({"$defs":)" + list_of(30'000, '{', '}', definition);
    // the last of the chain
    const std::string text = chain.substr(0, chain.size() - 1) + R"(,"d30000":true}})";
    EXPECT_NO_THROW(json::schema{text});
    const std::string items = list_of(
        30'000, '[', ']', [](int) { return R"({"items":{"$ref":"#/prefixItems/29999"}})"; });
    EXPECT_NO_THROW(json::schema(R"({"prefixItems":)" + items + "}"));
}

TEST(SchemaBounds, NumbersAreNeverWrittenOut) {
    json::schema_validator validator{
        json::schema(R"({"multipleOf":1e-1000000000,"minimum":1e-299999999,"type":"integer"})")};
    EXPECT_TRUE(validator.is_valid("1e1000000000"));
    EXPECT_TRUE(validator.is_valid("1e29999299992999929999999"));
    EXPECT_FALSE(validator.is_valid("1e-1000000001"));
}

}  // namespace
