#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>

namespace conclave::wire::detail {

// Writes a JSON Schema in the words that Anthropic's structured outputs take: other keywords, which
// it refuses, become part of the description, where the model reads them. Source: what
// @anthropic-ai/sdk 1.11.0 makes of schemas (lib/transform-json-schema.js).
class claude_schema_writer {
public:
    explicit claude_schema_writer(std::string& out) : out_(out) {}

    // Returns false if the schema has something that cannot be said: then nothing is meant.
    bool write(const simdjson::dom::element& schema, int depth = 0) {
        const auto object = json::object_of(schema);
        if (!object || depth > deepest) return false;
        out_.begin_object();
        const bool written = write_members(*object, depth);
        out_.end_object();
        return written;
    }

private:
    static constexpr int deepest = 64;

    bool write_members(const simdjson::dom::object& schema, int depth) {
        if (!write_definitions(schema, depth)) return false;
        if (const auto reference = json::find(schema, "$ref")) {
            member("$ref", *reference);
            return true;
        }
        bool is_typed = false;
        for (const std::string_view word : {"enum", "const"}) {
            const auto value = json::find(schema, word);
            if (!value || !is_plain(*value)) continue;
            member(word, *value);
            is_typed = true;
        }
        bool is_combined = false;
        for (const std::string_view word : {"anyOf", "oneOf", "allOf"}) {
            const auto list = json::array_at(schema, word);
            if (!list || is_combined) continue;
            is_combined = true;
            if (!write_list(word == "oneOf" ? "anyOf" : word, *list, depth)) return false;
        }
        const auto type = json::find(schema, "type");
        if (!type && !is_typed && !is_combined) return false;
        if (type && !is_typed && !is_combined) member("type", *type);
        if (const auto title = json::find(schema, "title")) member("title", *title);
        if (!is_typed && type && says(*type, "object") && !write_object(schema, depth))
            return false;
        if (!is_typed && type && says(*type, "array")) {
            const auto items = json::find(schema, "items");
            if (items && !write_below("items", *items, depth)) return false;
        }
        write_description(schema);
        return true;
    }

    bool write_definitions(const simdjson::dom::object& schema, int depth) {
        for (const std::string_view word : {"$defs", "definitions"}) {
            const auto all = json::object_at(schema, word);
            if (all && !write_map(word, *all, depth)) return false;
        }
        return true;
    }

    // An object may have the properties that it names and no others. One that is a map, or anything
    // at all, would have to be empty.
    bool write_object(const simdjson::dom::object& schema, int depth) {
        const auto properties = json::object_at(schema, "properties");
        const auto others = json::find(schema, "additionalProperties");
        if (others && json::object_of(*others)) return false;
        if (!properties && !(others && json::boolean_of(*others) == false)) return false;
        if (properties && !write_map("properties", *properties, depth)) return false;
        out_.member("additionalProperties", false);
        if (const auto required = json::find(schema, "required")) member("required", *required);
        return true;
    }

    bool write_below(std::string_view word, const simdjson::dom::element& schema, int depth) {
        out_.key(word);
        return write(schema, depth + 1);
    }
    bool write_map(std::string_view word, const simdjson::dom::object& schemas, int depth) {
        out_.key(word);
        out_.begin_object();
        for (const auto& each : schemas) {
            if (!write_below(each.key, each.value, depth)) return false;
        }
        out_.end_object();
        return true;
    }
    bool write_list(std::string_view word, const simdjson::dom::array& schemas, int depth) {
        out_.key(word);
        out_.begin_array();
        for (const simdjson::dom::element each : schemas) {
            if (!write(each, depth + 1)) return false;
        }
        out_.end_array();
        return true;
    }

    void write_description(const simdjson::dom::object& schema) {
        std::string text(json::string_at(schema, "description").value_or(std::string_view{}));
        std::string more;
        for (const auto& each : schema) {
            if (is_said(each.key, each.value, schema)) continue;
            more.append(more.empty() ? "{" : ", ").append(each.key).append(": ");
            more += simdjson::minify(each.value);
        }
        if (!more.empty()) text.append(text.empty() ? "" : "\n\n").append(more).append("}");
        if (!text.empty()) out_.member("description", text);
    }

    // Whether a member was written as it is, or is not to be: what names the dialect says nothing.
    bool is_said(std::string_view word, const simdjson::dom::element& value,
                 const simdjson::dom::object& schema) {
        constexpr std::array<std::string_view, 8> taken = {
            "$schema", "$defs", "definitions",          "type",
            "title",   "anyOf", "additionalProperties", "description"};
        const auto type = json::find(schema, "type");
        if (word == "enum" || word == "const") return is_plain(value);
        if (word == "oneOf") return !json::find(schema, "anyOf");
        if (word == "allOf") return !json::find(schema, "anyOf") && !json::find(schema, "oneOf");
        if (word == "properties" || word == "required") return type && says(*type, "object");
        if (word == "items") return type && says(*type, "array");
        if (word == "format" || word == "minItems") return write_if_taken(word, value);
        return std::find(taken.begin(), taken.end(), word) != taken.end();
    }

    // The only two keywords of which some values are taken.
    bool write_if_taken(std::string_view word, const simdjson::dom::element& value) {
        constexpr std::array<std::string_view, 10> formats = {
            "date-time", "time", "date", "duration", "email",
            "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};
        const auto format = json::string_of(value);
        const auto count = json::integer_of(value);
        const bool is_taken = word == "format" ? format && std::find(formats.begin(), formats.end(),
                                                                     *format) != formats.end()
                                               : count == 0 || count == 1;
        if (is_taken) member(word, value);
        return is_taken;
    }

    static bool is_plain(const simdjson::dom::element& value) {
        if (json::object_of(value)) return false;
        const auto list = json::array_of(value);
        return !list ||
               (list->size() != 0 && std::all_of(list->begin(), list->end(), [](const auto& each) {
                    return !json::object_of(each) && !json::array_of(each);
                }));
    }

    static bool says(const simdjson::dom::element& type, std::string_view word) {
        if (json::string_of(type) == word) return true;
        const auto list = json::array_of(type);
        return list && std::any_of(list->begin(), list->end(),
                                   [&](const auto& each) { return json::string_of(each) == word; });
    }

    void member(std::string_view word, const simdjson::dom::element& value) {
        out_.member_raw(word, std::string(simdjson::minify(value)));
    }

    json::writer out_;
};

// The schema in Anthropic's words, or nothing if it cannot be said in them.
inline std::optional<std::string> to_claude_schema(std::string_view schema) {
    json::document parsed;
    if (json::document::parse(schema, parsed)) return std::nullopt;
    std::string text;
    if (!claude_schema_writer(text).write(parsed.root())) return std::nullopt;
    return text;
}

}  // namespace conclave::wire::detail
