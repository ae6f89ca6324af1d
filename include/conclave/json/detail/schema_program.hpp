#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/detail/schema_decimal.hpp>
#include <conclave/json/detail/schema_hash.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_reader.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/format.hpp>
#include <conclave/json/pattern.hpp>
#include <conclave/json/schema_options.hpp>

namespace conclave::json::detail {

inline constexpr std::uint32_t no_index = 0xFFFFFFFF;

// A part of one of the program's arrays.
struct index_range {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
};

// One check of a compiled schema, for values of some types.
struct instruction {
    keyword what;
    std::uint8_t applies_to;
    // A limit, or where in the program's arrays the rest is.
    std::uint32_t operand = 0;
};

// A schema: its type, its instructions, and where it stands.
struct schema_node {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t document = 0;
    std::uint32_t value = 0;
    std::uint32_t resource = 0;
    std::uint8_t types = json_type::any;
    // The types whose members or elements it has to keep account of.
    std::uint8_t unevaluated = 0;
    // It leads to no other schema.
    bool is_leaf = false;
};

// A name that members are looked up by, and the schema of `properties`, if there is one.
struct member_name {
    std::string_view name;
    std::uint64_t hash;
    std::uint32_t schema;
};

// `slots` is of a power of two, indexed by the hash; empty for few names.
struct name_table {
    index_range names;
    index_range slots;
};

struct pattern_rule {
    std::uint32_t pattern;
    std::uint32_t schema;
};

// Behind a name: what else has to be there, or a schema for the whole object.
struct dependency_rule {
    std::uint32_t trigger;
    index_range required;
    std::uint32_t schema;
    keyword by;
};

// All keywords that look at members, so that each member is looked up once. Names are by their
// number in the table.
struct member_rules {
    name_table table;
    index_range required;
    // The same as bits, for names below 64.
    std::uint64_t required_few = 0;
    index_range patterns;
    index_range dependencies;
    std::uint32_t additional = no_index;
    std::uint32_t names = no_index;
};

struct item_rules {
    index_range prefix;
    std::uint32_t rest = no_index;
};

struct contains_rule {
    std::uint32_t schema;
    std::uint32_t least;
    std::uint32_t most;
};

struct condition_rule {
    std::uint32_t condition;
    std::uint32_t then_branch;
    std::uint32_t else_branch;
};

struct number_bound {
    decimal exact;
    small_decimal small;
    std::string_view spelled;
};

struct number_divisor {
    divisor exact;
    std::int64_t integer;  // 0 if it is none
    std::string_view spelled;
};

struct allowed_value {
    std::uint64_t hash;
    const json_node* nodes;
    std::uint32_t value;
};

// What `enum` and `const` allow; `slots` as in `name_table`.
struct allowed_values {
    index_range values;
    index_range slots;
    std::uint8_t types;
};

struct pattern_use {
    conclave::json::pattern expression;
    std::string_view spelled;
};

// Where a `$dynamicRef` leads: to the schema of the outermost resource that has the anchor.
struct dynamic_target {
    std::uint32_t fallback;
    std::uint32_t anchor;  // `no_index` if it is like `$ref`
};

struct dynamic_anchor {
    std::uint32_t anchor;
    std::uint32_t resource;
    std::uint32_t schema;

    friend auto operator<=>(const dynamic_anchor&, const dynamic_anchor&) = default;
};

// What an `$id` names, or a whole document.
struct resource_root {
    std::string uri;
    std::uint32_t value;
};

struct schema_document {
    std::string uri;
    std::string text;
    json_reader reader;
};

// Finds the number of an entry in an open-addressed table, or `no_index`.
template <class Equal>
std::uint32_t find_slot(std::span<const std::uint32_t> slots, std::uint64_t hash, Equal&& equal) {
    const std::size_t mask = slots.size() - 1;
    for (std::size_t at = hash & mask; slots[at] != no_index; at = (at + 1) & mask) {
        if (equal(slots[at])) return slots[at];
    }
    return no_index;
}

// What of `schema_options` counts when a value is judged.
struct schema_limits {
    std::size_t max_depth = 0;
    std::size_t max_evaluation_depth = 0;
    std::uint64_t max_steps_per_value = 0;
    std::size_t max_errors = 0;
};

// A compiled schema: flat arrays that name each other by index. The first of `nodes` is the schema.
struct schema_program {
    schema_limits limits;
    std::uint64_t seed = hash_seed();
    std::vector<schema_node> nodes;
    std::vector<instruction> code;
    std::vector<std::uint32_t> lists;  // of schemas, names, slots
    std::vector<member_name> names;
    std::vector<member_rules> members;
    std::vector<pattern_rule> pattern_rules;
    std::vector<dependency_rule> dependencies;
    std::vector<item_rules> items;
    std::vector<contains_rule> contains;
    std::vector<condition_rule> conditions;
    std::vector<number_bound> bounds;
    std::vector<number_divisor> divisors;
    std::vector<allowed_value> values;
    std::vector<allowed_values> value_sets;
    std::vector<index_range> ranges;
    std::vector<pattern_use> patterns;
    std::vector<format> formats;
    std::vector<dynamic_target> dynamic_targets;
    std::vector<dynamic_anchor> dynamic_anchors;  // sorted
    std::vector<std::unique_ptr<schema_document>> documents;
    std::vector<resource_root> resources;

    const json_node* nodes_of(const schema_node& node) const noexcept {
        return documents[node.document]->reader.nodes();
    }

    std::span<const std::uint32_t> list(index_range range) const noexcept {
        return {lists.data() + range.first, range.count};
    }

    std::span<const pattern_rule> rules_of(index_range range) const noexcept {
        return {pattern_rules.data() + range.first, range.count};
    }

    // The number of a member's name in the table, or `no_index`. `guess` is looked at first.
    std::uint32_t find_name(const name_table& table, std::string_view name,
                            std::uint32_t guess) const {
        const member_name* const all = names.data() + table.names.first;
        if (guess < table.names.count && same_text(all[guess].name, name)) return guess;
        if (table.slots.count == 0) {
            for (std::uint32_t i = 0; i < table.names.count; ++i) {
                if (same_text(all[i].name, name)) return i;
            }
            return no_index;
        }
        const std::uint64_t hash = hash_of(name, seed);
        return find_slot(list(table.slots), hash, [&](std::uint32_t i) {
            return all[i].hash == hash && same_text(all[i].name, name);
        });
    }
};

}  // namespace conclave::json::detail
