#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/json/document.hpp>
#include <conclave/wire/detail/schema_writer.hpp>

namespace conclave::wire::detail {

// A JSON Schema in the words that Anthropic's structured outputs take, which refuse all others, and
// schemas that are inside themselves. Source: what @anthropic-ai/sdk 1.11.0 makes of schemas
// (lib/transform-json-schema.js), and Anthropic's guide.
class claude_schema_writer final : schema_writer {
public:
    claude_schema_writer(const simdjson::dom::object& root, std::string& out)
        : schema_writer(root, out) {}

    bool write_root(const simdjson::dom::object& root) {
        return !references_.are_cyclic(true) && write(root, 0);
    }

private:
    bool write_members(level& at) override {
        if (!write_definitions(at)) return false;
        if (const auto reference = json::string_at(at.schema, "$ref")) {
            out_.member("$ref", *reference);
            return references_.target(*reference).has_value();
        }
        bool is_listed = false;
        for (const std::string_view word : {"enum", "const"})
            is_listed |= copy_if_plain(at, word);
        bool is_combined = false;
        for (const std::string_view word : {"anyOf", "oneOf", "allOf"}) {
            const auto list = json::array_at(at.schema, word);
            if (!list || is_combined) continue;
            is_combined = true;
            if (!write_list(at, word, *list, word == "oneOf" ? "anyOf" : word)) return false;
        }
        const bool is_typed = json::find(at.schema, "type").has_value();
        if (!is_typed && !is_listed && !is_combined) return false;
        if (is_listed || is_combined) at.said.push_back("type");
        copy(at, "type");
        copy(at, "title");
        if (!is_listed && is_of_type(at.schema, "object") && !write_object(at)) return false;
        if (!is_listed && is_of_type(at.schema, "array")) {
            const auto items = json::find(at.schema, "items");
            if (items && !write_below(at, "items", *items)) return false;
        }
        copy_if_taken(at);
        write_description(at);
        return true;
    }

    // An object may have the properties that it names and no others. One that is a map, or anything
    // at all, would have to be empty.
    bool write_object(level& at) {
        const auto properties = json::object_at(at.schema, "properties");
        const auto others = json::find(at.schema, "additionalProperties");
        if (others && json::object_of(*others)) return false;
        if (!properties && !(others && json::boolean_of(*others) == false)) return false;
        if (!names_all_required(at.schema)) return false;
        if (properties && !write_map(at, "properties", *properties)) return false;
        at.said.push_back("additionalProperties");
        out_.member("additionalProperties", false);
        copy(at, "required");
        return true;
    }

    bool copy_if_plain(level& at, std::string_view word) {
        const auto value = json::find(at.schema, word);
        if (!value || !is_plain(*value)) return false;
        copy(at, word);
        return true;
    }

    // The only two keywords of which some values are taken.
    void copy_if_taken(level& at) {
        constexpr std::array<std::string_view, 10> formats = {
            "date-time", "time", "date", "duration", "email",
            "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};
        const auto format = json::string_at(at.schema, "format");
        if (format && std::find(formats.begin(), formats.end(), *format) != formats.end()) {
            copy(at, "format");
        }
        const auto least = json::integer_at(at.schema, "minItems");
        if (least == 0 || least == 1) copy(at, "minItems");
    }

    static bool is_plain(const simdjson::dom::element& value) {
        if (json::object_of(value)) return false;
        const auto list = json::array_of(value);
        return !list || (list->size() != 0 && std::all_of(list->begin(), list->end(), is_scalar));
    }
};

// The schema in Anthropic's words, or nothing if it cannot be said in them.
inline std::optional<std::string> to_claude_schema(std::string_view schema) {
    return adapted_schema<claude_schema_writer>(schema);
}

}  // namespace conclave::wire::detail
