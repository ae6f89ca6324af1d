// Random schemas and instances have the same verdict from the validator as from a plain second
// interpreter. A failure says the seed, which makes the same again.

#include <conclave/json/schema_validator.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <conclave/json/schema.hpp>

#include "plain_schema.hpp"
#include "random_schema.hpp"

namespace {

namespace json = conclave::json;

struct verdict_counts {
    std::size_t valid = 0;
    std::size_t invalid = 0;
};

void compare_verdicts(std::uint64_t seed, bool is_draft_7, verdict_counts& counts) {
    conclave::tests::random_schema random(seed, is_draft_7);
    const std::string schema = random.schema();
    simdjson::dom::parser schema_parser, instance_parser;
    conclave::tests::plain_schema plain(schema_parser.parse(schema), is_draft_7);
    json::schema_validator validator{json::schema(schema)};
    for (int round = 0; round < 6; ++round) {
        const std::string instance = random.instance();
        SCOPED_TRACE("seed " + std::to_string(seed) + (is_draft_7 ? ", draft 7" : "") + "\n" +
                     schema + "\n" + instance);
        const bool expected = plain.is_valid(instance_parser.parse(instance));
        ++(expected ? counts.valid : counts.invalid);
        ASSERT_EQ(validator.is_valid(instance), expected);
        ASSERT_EQ(!validator.first_error(instance), expected);
        ASSERT_EQ(validator.errors(instance).empty(), expected);
    }
}

#if CONCLAVE_WITH_RE2

TEST(SchemaProperty, TheVerdictIsThatOfThePlainInterpreter) {
    for (const bool is_draft_7 : {false, true}) {
        verdict_counts counts;
        for (std::uint64_t seed = 0; seed < 500; ++seed) {
            ASSERT_NO_THROW(compare_verdicts(seed, is_draft_7, counts)) << "seed " << seed;
            if (HasFatalFailure()) return;
        }
        EXPECT_GT(counts.valid, counts.invalid / 4);
        EXPECT_GT(counts.invalid, counts.valid / 4);
    }
}

#endif

}  // namespace
