// Counts what judging a value allocates. A file of its own, as it replaces the program's
// allocation.

#include <conclave/json/schema_validator.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include <conclave/json/schema.hpp>

namespace {
std::atomic<std::size_t> schema_allocations{0};

void* counted_for_schemas(std::size_t size) {
    ++schema_allocations;
    if (void* const memory = std::malloc(size ? size : 1)) return memory;
    std::abort();
}
}  // namespace

void* operator new(std::size_t size) { return counted_for_schemas(size); }
void* operator new[](std::size_t size) { return counted_for_schemas(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return counted_for_schemas(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return counted_for_schemas(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

namespace json = conclave::json;

TEST(SchemaAllocations, AreNoneOnceTheValidatorIsWarm) {
    json::schema_validator validator{json::schema(R"({
        "$defs":{"tree":{"$dynamicAnchor":"tree","type":"object","required":["n"],
            "properties":{"n":{"type":"number","minimum":0,"multipleOf":0.5},
                          "children":{"type":"array","items":{"$dynamicRef":"#tree"}}}}},
        "type":"object",
        "properties":{
            "tree":{"$ref":"#/$defs/tree"},
            "kind":{"enum":["a","b","c","d","e","f","g","h","i",1,2,{"x":[1]}]},
            "text":{"type":"string","minLength":2,"maxLength":20},
            "set":{"uniqueItems":true,"contains":{"type":"number"}},
            "either":{"anyOf":[{"type":"null"},{"type":"string"}]}},
        "dependentRequired":{"kind":["text"]},
        "oneOf":[{"required":["tree"]},{"required":["either"],"properties":{"either":true}}],
        "not":{"required":["forbidden"]},
        "if":{"required":["more"]},"then":{"properties":{"more":true}},
        "unevaluatedProperties":false})")};
    const std::string valid =
        R"({"tree":{"n":1.5,"children":[{"n":2},{"n":3e0,"children":[]}]},"kind":{"x":[1.0]},)"
        R"("text":"a\n\u00e9\ud83d\udca9","set":[1,{"a":1,"b":2},{"b":1,"a":2},"x"],"more":1})";
    const std::string other = R"({"either":null,"kind":"i","text":"xyz","set":[[1],[2],0]})";
    const std::string invalid = R"({"either":null,"kind":"j","text":"xyz"})";
    const std::string broken = R"({"either":null,"kind":"j","text":"xyz")";
    const auto judge = [&] {
        EXPECT_TRUE(validator.is_valid(valid));
        EXPECT_TRUE(validator.is_valid(other));
        EXPECT_FALSE(validator.is_valid(invalid));
        EXPECT_FALSE(validator.is_valid(broken));
    };
    judge();  // warm
    const std::size_t before = schema_allocations;
    for (int i = 0; i < 100; ++i)
        judge();
    EXPECT_EQ(schema_allocations, before);
}

}  // namespace
