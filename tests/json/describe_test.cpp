#include <conclave/json/describe.hpp>
#include <conclave/json/schema_of.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>

#include "described_types.hpp"

struct described_in_no_namespace {
    int x = 0;
};
CONCLAVE_DESCRIBE(described_in_no_namespace, x);

namespace described_elsewhere {

struct evidence {
    bool there = false;
};
CONCLAVE_DESCRIBE(evidence, there)

struct outer {
    struct inner {
        int deep = 0;
    };
    enum mood { calm, tense };
    inner in;
    mood how = calm;
};
CONCLAVE_DESCRIBE(outer::inner, deep)
CONCLAVE_DESCRIBE_ENUM(outer::mood, calm, tense)
CONCLAVE_DESCRIBE(outer, in, how)

struct derived : described_in_no_namespace {
    int y = 0;
};
CONCLAVE_DESCRIBE(derived, x, y)

struct not_described : described_in_no_namespace {};

struct both {
    evidence one;
    described::evidence other;
};
CONCLAVE_DESCRIBE(both, one, other)

}  // namespace described_elsewhere

namespace {

namespace json = conclave::json;

struct describe_test_nothing {};
CONCLAVE_DESCRIBE(describe_test_nothing)

// As large as answers get, and larger: 70 members.
struct describe_test_wide {
    int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2,
        c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5,
        e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8,
        g9;
};
CONCLAVE_DESCRIBE(describe_test_wide, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4,
                  b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4,
                  d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4,
                  f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, (g9, "The last"))

TEST(Describe, NamesEnumeratorsAndFindsThemByName) {
    using described::colour;
    static_assert(json::name_of(colour::green) == "green");
    static_assert(json::enumerator_named<colour>("blue") == colour::blue);
    EXPECT_EQ(json::name_of(static_cast<colour>(7)), "");
    EXPECT_EQ(json::enumerator_named<colour>("Blue"), std::nullopt);
    EXPECT_EQ(json::name_of(described_elsewhere::outer::tense), "tense");
}

TEST(Describe, KnowsADescribedTypeFromOneThatOnlyDerivesFromIt) {
    static_assert(json::struct_with_description<described_elsewhere::derived>);
    static_assert(!json::struct_with_description<described_elsewhere::not_described>);
    static_assert(!json::struct_with_description<std::string>);
    static_assert(json::enum_with_description<described_elsewhere::outer::mood>);
    static_assert(!json::enum_with_description<std::byte>);
}

TEST(SchemaOf, IsAnObjectWithItsMembersAllRequiredButTheOptional) {
    EXPECT_EQ(json::schema_of<described::verdict>(),
              R"({"type":"object","properties":{"label":{"type":"string"},)"
              R"("confidence":{"type":"number","description":"How sure, from 0 to 1"},)"
              R"("reasons":{"type":"array","items":{"type":"string"}},)"
              R"("caveat":{"anyOf":[{"type":"string"},{"type":"null"}]}},)"
              R"("required":["label","confidence","reasons"],"additionalProperties":false})");
}

TEST(SchemaOf, HasEachNestedStructOnceInItsDefinitions) {
    EXPECT_EQ(json::schema_of<std::vector<described::square>>(),
              R"({"type":"array","items":{"$ref":"#/$defs/square"},"$defs":{"square":)"
              R"({"type":"object","properties":{"side":{"type":"number"},)"
              R"("fill":{"type":"string","enum":["red","green","blue"]}},)"
              R"("required":["side","fill"],"additionalProperties":false}}})");
    const std::string all = json::schema_of<described::everything>();
    EXPECT_EQ(all.find("\"evidence\":{"), all.rfind("\"evidence\":{"));
    EXPECT_NE(all.find(R"("description":"Where it can be read, \"in print\"")"), all.npos);
    EXPECT_EQ(all, json::schema_of<described::everything>());
}

TEST(SchemaOf, RefersToTheWholeWhereAStructContainsItself) {
    const std::string node =
        R"({"type":"object","properties":{)"
        R"("value":{"type":"integer","minimum":-2147483648,"maximum":2147483647},)"
        R"("children":{"type":"array","items":{"$ref":"#"}},)"
        R"("named":{"type":"object","additionalProperties":{"$ref":"#"}},)"
        R"("next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},)"
        R"("required":["value","children","named"],"additionalProperties":false})";
    EXPECT_EQ(json::schema_of<described::node>(), node);
    const std::string list = json::schema_of<std::vector<described::node>>();
    EXPECT_NE(list.find(R"("children":{"type":"array","items":{"$ref":"#/$defs/node"}})"),
              list.npos);
}

TEST(SchemaOf, TellsStructsOfOneNameApart) {
    const std::string text = json::schema_of<described_elsewhere::both>();
    json::document parsed;
    ASSERT_FALSE(json::document::parse(text, parsed)) << text;
    const auto at = [&](const char* pointer) {
        simdjson::dom::element found;
        EXPECT_FALSE(parsed.root().at_pointer(pointer).get(found)) << pointer << " in " << text;
        return simdjson::minify(found);
    };
    EXPECT_EQ(at("/properties/one/$ref"), "\"#/$defs/evidence\"");
    EXPECT_EQ(at("/properties/other/$ref"), "\"#/$defs/evidence_2\"");
    EXPECT_EQ(at("/$defs/evidence/required"), R"(["there"])");
    EXPECT_EQ(at("/$defs/evidence_2/required"), R"(["source"])");
}

TEST(SchemaOf, GivesIntegersTheRangeOfTheirType) {
    const auto range = [](const std::string& least, const std::string& most) {
        return R"({"type":"integer","minimum":)" + least + R"(,"maximum":)" + most + "}";
    };
    EXPECT_EQ(json::schema_of<std::int8_t>(), range("-128", "127"));
    EXPECT_EQ(json::schema_of<std::uint16_t>(), range("0", "65535"));
    EXPECT_EQ(json::schema_of<std::int64_t>(),
              range("-9223372036854775808", "9223372036854775807"));
    EXPECT_EQ(json::schema_of<std::uint64_t>(), range("0", "18446744073709551615"));
}

TEST(SchemaOf, KnowsAllOtherTypes) {
    EXPECT_EQ(json::schema_of<bool>(), R"({"type":"boolean"})");
    EXPECT_EQ(json::schema_of<float>(), R"({"type":"number"})");
    EXPECT_EQ((json::schema_of<std::array<bool, 3>>()),
              R"({"type":"array","items":{"type":"boolean"},"minItems":3,"maxItems":3})");
    EXPECT_EQ((json::schema_of<std::unordered_map<std::string, double>>()),
              R"({"type":"object","additionalProperties":{"type":"number"}})");
    EXPECT_EQ((json::schema_of<std::variant<bool, std::string, described::circle>>()),
              R"({"anyOf":[{"type":"boolean"},{"type":"string"},{"$ref":"#/$defs/circle"}],)"
              R"("$defs":{"circle":{"type":"object","properties":{"radius":{"type":"number"}},)"
              R"("required":["radius"],"additionalProperties":false}}})");
    EXPECT_EQ(json::schema_of<describe_test_nothing>(),
              R"({"type":"object","properties":{},"required":[],"additionalProperties":false})");
}

TEST(SchemaOf, TakesTypesOfAnyNamespaceAndInsideOfOthers) {
    const std::string outer = json::schema_of<described_elsewhere::outer>();
    EXPECT_NE(outer.find(R"("in":{"$ref":"#/$defs/inner"})"), outer.npos) << outer;
    const std::string derived = json::schema_of<described_elsewhere::derived>();
    EXPECT_NE(derived.find(R"("required":["x","y"])"), derived.npos) << derived;
}

TEST(SchemaOf, TakesStructsOfManyMembers) {
    const std::string text = json::schema_of<describe_test_wide>();
    json::document parsed;
    ASSERT_FALSE(json::document::parse(text, parsed)) << text;
    const auto required = json::array_at(*json::object_of(parsed.root()), "required");
    ASSERT_TRUE(required);
    EXPECT_EQ(required->size(), 70u);
    EXPECT_NE(text.find(R"("description":"The last")"), text.npos);
}

}  // namespace
