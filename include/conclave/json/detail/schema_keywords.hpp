#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <conclave/json/schema_options.hpp>

namespace conclave::json::detail {

// The keywords that change a verdict or hold schemas. In the order of `keyword_table`.
enum class keyword : std::uint8_t {
    schema,
    id,
    anchor,
    dynamic_anchor,
    reference,
    dynamic_reference,
    defs,
    definitions,
    all_of,
    any_of,
    one_of,
    negation,
    condition,
    then_branch,
    else_branch,
    dependent_schemas,
    dependencies,
    properties,
    pattern_properties,
    additional_properties,
    property_names,
    items,
    prefix_items,
    additional_items,
    contains,
    unevaluated_items,
    unevaluated_properties,
    type,
    enumeration,
    constant,
    multiple_of,
    maximum,
    exclusive_maximum,
    minimum,
    exclusive_minimum,
    max_length,
    min_length,
    pattern,
    max_items,
    min_items,
    unique_items,
    max_contains,
    min_contains,
    max_properties,
    min_properties,
    required,
    dependent_required,
    format,
    content_encoding,
    content_media_type,
    count,
};

inline constexpr std::size_t keyword_count = static_cast<std::size_t>(keyword::count);

// Which schemas a keyword holds.
enum class keyword_shape : std::uint8_t { none, schema, schemas, schema_map, items, dependencies };

// The vocabularies that can be left out.
enum class vocabulary : std::uint8_t { core, applicator, unevaluated, validation, format, content };

struct keyword_info {
    std::string_view name;
    keyword_shape shape;
    vocabulary part_of;
    bool in_draft_7;
    bool in_2020_12;
};

inline constexpr std::array<keyword_info, keyword_count> keyword_table = [] {
    using enum keyword_shape;
    using enum vocabulary;
    return std::array<keyword_info, keyword_count>{{
        {"$schema", none, core, true, true},
        {"$id", none, core, true, true},
        {"$anchor", none, core, false, true},
        {"$dynamicAnchor", none, core, false, true},
        {"$ref", none, core, true, true},
        {"$dynamicRef", none, core, false, true},
        {"$defs", schema_map, core, false, true},
        {"definitions", schema_map, core, true, true},
        {"allOf", schemas, applicator, true, true},
        {"anyOf", schemas, applicator, true, true},
        {"oneOf", schemas, applicator, true, true},
        {"not", schema, applicator, true, true},
        {"if", schema, applicator, true, true},
        {"then", schema, applicator, true, true},
        {"else", schema, applicator, true, true},
        {"dependentSchemas", schema_map, applicator, false, true},
        {"dependencies", dependencies, applicator, true, true},
        {"properties", schema_map, applicator, true, true},
        {"patternProperties", schema_map, applicator, true, true},
        {"additionalProperties", schema, applicator, true, true},
        {"propertyNames", schema, applicator, true, true},
        {"items", items, applicator, true, true},
        {"prefixItems", schemas, applicator, false, true},
        {"additionalItems", schema, applicator, true, false},
        {"contains", schema, applicator, true, true},
        {"unevaluatedItems", schema, unevaluated, false, true},
        {"unevaluatedProperties", schema, unevaluated, false, true},
        {"type", none, validation, true, true},
        {"enum", none, validation, true, true},
        {"const", none, validation, true, true},
        {"multipleOf", none, validation, true, true},
        {"maximum", none, validation, true, true},
        {"exclusiveMaximum", none, validation, true, true},
        {"minimum", none, validation, true, true},
        {"exclusiveMinimum", none, validation, true, true},
        {"maxLength", none, validation, true, true},
        {"minLength", none, validation, true, true},
        {"pattern", none, validation, true, true},
        {"maxItems", none, validation, true, true},
        {"minItems", none, validation, true, true},
        {"uniqueItems", none, validation, true, true},
        {"maxContains", none, validation, false, true},
        {"minContains", none, validation, false, true},
        {"maxProperties", none, validation, true, true},
        {"minProperties", none, validation, true, true},
        {"required", none, validation, true, true},
        {"dependentRequired", none, validation, false, true},
        {"format", none, format, true, true},
        {"contentEncoding", none, content, true, false},
        {"contentMediaType", none, content, true, false},
    }};
}();

inline std::string_view name_of(keyword which) noexcept {
    return keyword_table[static_cast<std::size_t>(which)].name;
}

// What a schema resource is written in.
struct dialect {
    schema_draft draft = schema_draft::draft_2020_12;
    bool has_applicators = true;
    bool has_unevaluated = true;
    bool has_validation = true;
    bool asserts_formats = false;
    bool asserts_content = false;

    bool is_draft_7() const noexcept { return draft == schema_draft::draft_7; }

    bool has(const keyword_info& info) const noexcept {
        if (!(is_draft_7() ? info.in_draft_7 : info.in_2020_12)) return false;
        switch (info.part_of) {
            case vocabulary::applicator: return has_applicators;
            case vocabulary::unevaluated: return has_unevaluated;
            case vocabulary::validation: return has_validation;
            default: return true;
        }
    }
};

// The keyword of that name in that dialect.
inline std::optional<keyword> find_keyword(const dialect& in, std::string_view name) {
    for (std::size_t i = 0; i < keyword_count; ++i) {
        if (keyword_table[i].name != name) continue;
        if (!in.has(keyword_table[i])) return std::nullopt;
        return static_cast<keyword>(i);
    }
    return std::nullopt;
}

}  // namespace conclave::json::detail
