#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/json/detail/schema_checks.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/schema_words.hpp>

namespace conclave::json::detail {

// What a value is, in a few words.
inline std::string described(const json_node& value) {
    switch (value.type) {
        case json_type::null: return "null";
        case json_type::boolean: return value.truth ? "true" : "false";
        case json_type::string: return in_quotes(value.view());
        case json_type::integer:
        case json_type::real: return spelled_number(value.view());
        case json_type::array:
            return value.count == 0 ? "an empty array"
                                    : "an array of " + counted(value.count, "item", "items");
        default:
            return value.count == 0
                       ? "an empty object"
                       : "an object with " + counted(value.count, "property", "properties");
    }
}

// Appends a value as JSON, shortened to about `most` bytes.
inline void append_compact(std::string& out, const json_node* nodes, std::uint32_t at,
                           std::size_t most) {
    const json_node& value = nodes[at];
    const bool is_object = value.type == json_type::object;
    if (!is_object && value.type != json_type::array) {
        out += described(value);
        return;
    }
    bool is_first = true;
    const auto separate = [&] {
        if (!std::exchange(is_first, false)) out += ',';
        if (out.size() <= most) return true;
        out += "…";
        return false;
    };
    out += is_object ? '{' : '[';
    bool complete = true;
    if (is_object) {
        complete = each_member(nodes, at, [&](std::uint32_t name, std::uint32_t member) {
            if (!separate()) return false;
            out += in_quotes(nodes[name].view()) + ":";
            append_compact(out, nodes, member, most);
            return true;
        });
    } else {
        complete = each_element(nodes, at, [&](std::uint32_t element) {
            if (!separate()) return false;
            append_compact(out, nodes, element, most);
            return true;
        });
    }
    if (complete) out += is_object ? '}' : ']';
}

inline std::string compact(const json_node* nodes, std::uint32_t at) {
    constexpr std::size_t most = 40;
    std::string text;
    append_compact(text, nodes, at, most);
    return text;
}

// Types in words: "a string or null".
inline std::string named_types(std::uint8_t types) {
    struct named {
        std::uint8_t type;
        const char* words;
    };
    static constexpr named all[] = {{json_type::object, "an object"},
                                    {json_type::array, "an array"},
                                    {json_type::string, "a string"},
                                    {json_type::number, "a number"},
                                    {json_type::integer, "a whole number"},
                                    {json_type::boolean, "true or false"},
                                    {json_type::null, "null"}};
    std::string text;
    for (const named& each : all) {
        if ((types & each.type) != each.type) continue;
        types = static_cast<std::uint8_t>(types & ~each.type);
        if (!text.empty()) text += (types & json_type::any) == 0 ? " or " : ", ";
        text += each.words;
    }
    return text;
}

// What `enum` allows, the first few of it.
inline std::string named_values(const schema_program& program, const allowed_values& allowed) {
    constexpr std::uint32_t most = 8;
    const std::uint32_t count = allowed.values.count;
    if (count == 0) return "none of all values";
    std::string text = count == 1 ? "" : "one of ";
    for (std::uint32_t i = 0; i < std::min(count, most); ++i) {
        const allowed_value& each = program.values[allowed.values.first + i];
        if (i > 0) text += ", ";
        text += compact(each.nodes, each.value);
    }
    if (count > most) text += " and " + std::to_string(count - most) + " more";
    return text;
}

// What a value of which a check does not hold should be, in words that follow its place.
inline std::string complaint_of(const schema_program& program, const instruction& check,
                                const json_node* nodes, std::uint32_t at) {
    const json_node& value = nodes[at];
    const auto bound = [&] { return spelled_number(program.bounds[check.operand].spelled); };
    const auto limit = [&](std::string_view one, std::string_view many) {
        return counted(check.operand, one, many);
    };
    const std::string but = ", but is " + described(value);
    const auto but_length = [&] {
        return ", but " + in_quotes(value.view(), 30) + " has " +
               std::to_string(count_code_points(value.view()));
    };
    const auto but_count = [&] { return ", but has " + std::to_string(value.count); };
    switch (check.what) {
        case keyword::minimum: return "must be at least " + bound() + but;
        case keyword::maximum: return "must be at most " + bound() + but;
        case keyword::exclusive_minimum: return "must be greater than " + bound() + but;
        case keyword::exclusive_maximum: return "must be less than " + bound() + but;
        case keyword::multiple_of:
            return "must be a multiple of " +
                   spelled_number(program.divisors[check.operand].spelled) + but;
        case keyword::min_length:
            return "must have at least " + limit("character", "characters") + but_length();
        case keyword::max_length:
            return "must have at most " + limit("character", "characters") + but_length();
        case keyword::pattern:
            return "must match the pattern " + in_quotes(program.patterns[check.operand].spelled) +
                   but;
        case keyword::format:
            return "must be of the format " +
                   in_quotes(json::name_of(program.formats[check.operand])) + but;
        case keyword::content_encoding: return "must be base64" + but;
        case keyword::content_media_type: return "must hold JSON" + but;
        case keyword::min_items:
            return "must have at least " + limit("item", "items") + but_count();
        case keyword::max_items: return "must have at most " + limit("item", "items") + but_count();
        case keyword::min_properties:
            return "must have at least " + limit("property", "properties") + but_count();
        case keyword::max_properties:
            return "must have at most " + limit("property", "properties") + but_count();
        case keyword::unique_items: return "must not have an item twice";
        default:
            return "must be " + named_values(program, program.value_sets[check.operand]) +
                   ", but is " + compact(nodes, at);
    }
}

}  // namespace conclave::json::detail
