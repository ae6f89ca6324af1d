#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <conclave/json/detail/schema_checks.hpp>
#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_pointer.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/escape.hpp>

namespace conclave::json::detail {

// A text in quotes as JSON has it, shortened.
inline std::string quoted(std::string_view text, std::size_t most = 60) {
    std::string inside;
    std::size_t end = std::min(text.size(), most);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    append_escaped(inside, text.substr(0, end));
    return "\"" + inside + (end < text.size() ? "…\"" : "\"");
}

inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// A number as it is spelled, shortened.
inline std::string spelled_number(std::string_view text) {
    constexpr std::size_t most = 40;
    return text.size() <= most ? std::string(text) : std::string(text.substr(0, most)) + "…";
}

// What a value is, in a few words.
inline std::string described(const json_node& value) {
    switch (value.type) {
        case json_type::null: return "null";
        case json_type::boolean: return value.truth ? "true" : "false";
        case json_type::string: return quoted(value.view());
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
        text += described(program.documents[each.document]->reader.nodes()[each.value]);
    }
    if (count > most) text += " and " + std::to_string(count - most) + " more";
    return text;
}

// What a value of which a check does not hold should be, in words that follow its place.
inline std::string complaint_of(const schema_program& program, const instruction& check,
                                const json_node& value) {
    const auto bound = [&] { return spelled_number(program.bounds[check.operand].spelled); };
    const auto limit = [&](std::string_view one, std::string_view many) {
        return counted(check.operand, one, many);
    };
    const std::string but = ", but is " + described(value);
    const auto but_length = [&] {
        return ", but " + quoted(value.view(), 30) + " has " +
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
            return "must match the pattern " + quoted(program.patterns[check.operand].spelled) +
                   but;
        case keyword::format:
            return "must be of the format " + quoted(program.formats[check.operand]) + but;
        case keyword::min_items:
            return "must have at least " + limit("item", "items") + but_count();
        case keyword::max_items: return "must have at most " + limit("item", "items") + but_count();
        case keyword::min_properties:
            return "must have at least " + limit("property", "properties") + but_count();
        case keyword::max_properties:
            return "must have at most " + limit("property", "properties") + but_count();
        case keyword::unique_items: return "must not have an item twice";
        default: return "must be " + named_values(program, program.value_sets[check.operand]) + but;
    }
}

}  // namespace conclave::json::detail
