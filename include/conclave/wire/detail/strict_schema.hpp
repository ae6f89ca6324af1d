#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/document.hpp>
#include <conclave/wire/detail/schema_writer.hpp>

namespace conclave::wire::detail {

// A JSON Schema in the words of OpenAI's strict mode: the root is an object, an object has all the
// properties that it names and no others, and one that may be left out may be null instead. Limits
// that it does not know, such as `minLength`, become part of the description. A schema that
// combines others in ways unknown there cannot be said. Source: OpenAI's guide to structured
// outputs.
class strict_schema_writer final : schema_writer {
public:
    strict_schema_writer(const simdjson::dom::object& root, std::string& out)
        : schema_writer(root, out) {}

    bool write_root(const simdjson::dom::object& root) {
        level at{root, 0, {}};
        out_.begin_object();
        count_names(json::object_at(root, "$defs"));
        count_names(json::object_at(root, "definitions"));
        const bool written = write_definitions(at) && write_members(at);
        out_.end_object();
        return written && properties_ <= 5000 && values_ <= 1000 && letters_ <= 120'000;
    }

private:
    static constexpr int most_objects_in_objects = 10;

    bool write_members(level& at) override {
        const bool is_optional = std::exchange(is_optional_, false);
        if (!is_known(at)) return false;
        if (const auto reference = json::string_at(at.schema, "$ref")) {
            return write_reference(at, *reference);
        }
        if (const auto part = sole_part(at.schema)) return write_instead(at, *part);
        for (const std::string_view word :
             {"$schema", "$id", "$comment", "$defs", "definitions", "description"})
            at.said.push_back(word);
        copy(at, "title");
        const bool written = is_choice(at.schema)   ? write_choice(at)
                             : is_listed(at.schema) ? write_enum(at)
                                                    : write_typed(at, is_optional);
        if (!written) return false;
        write_description(at);
        return true;
    }

    // Without keywords that make another schema of it where they are left out.
    static bool is_known(const level& at) {
        constexpr std::array<std::string_view, 16> strange = {"not",           "if",
                                                              "then",          "else",
                                                              "dependencies",  "dependentSchemas",
                                                              "contains",      "dependentRequired",
                                                              "prefixItems",   "patternProperties",
                                                              "$anchor",       "additionalItems",
                                                              "$dynamicRef",   "unevaluatedItems",
                                                              "$recursiveRef", "$dynamicAnchor"};
        const bool is_elsewhere = at.depth > 0 && json::find(at.schema, "$id");
        return !is_elsewhere &&
               std::none_of(strange.begin(), strange.end(), [&](std::string_view word) {
                   return json::find(at.schema, word).has_value();
               });
    }
    static bool is_choice(const simdjson::dom::object& schema) {
        return json::find(schema, "anyOf") || json::find(schema, "oneOf");
    }
    static bool is_listed(const simdjson::dom::object& schema) {
        return json::find(schema, "enum") || json::find(schema, "const");
    }

    // Nothing may stand beside a reference; what says nothing of values is left out. The root has
    // to have a type, so what it refers to stands there itself.
    bool write_reference(const level& at, std::string_view reference) {
        constexpr std::array<std::string_view, 13> silent = {
            "$ref",        "$schema", "$id",      "$comment",   "$defs",    "definitions", "title",
            "description", "default", "examples", "deprecated", "readOnly", "writeOnly"};
        for (const auto& each : at.schema) {
            if (std::find(silent.begin(), silent.end(), each.key) == silent.end()) return false;
        }
        const auto target = references_.target(reference);
        if (!target) return false;
        if (at.depth == 0) return write_instead(at, *target);
        out_.member("$ref", reference);
        return true;
    }

    // Another schema's members in the place of its own. Where that never ends it is none.
    bool write_instead(const level& at, const simdjson::dom::object& other) {
        if (++replaced_ > 1000) return false;
        level inner{other, at.depth, {}};
        return write_members(inner);
    }

    bool write_choice(level& at) {
        const std::string_view word = json::find(at.schema, "anyOf") ? "anyOf" : "oneOf";
        const auto list = json::array_at(at.schema, word);
        for (const std::string_view other :
             {"type", "enum", "const", "properties", "items", "allOf", "required", "$ref"}) {
            if (json::find(at.schema, other)) return false;
        }
        const bool both = word == "anyOf" && json::find(at.schema, "oneOf");
        if (!list || list->size() == 0 || both || at.depth == 0) return false;
        return write_list(at, word, *list, "anyOf");
    }

    // Also where the schema has no type, a list of values has to have one.
    bool write_enum(level& at) {
        std::vector<simdjson::dom::element> values;
        if (const auto list = json::array_at(at.schema, "enum")) {
            values.assign(list->begin(), list->end());
        } else if (const auto one = json::find(at.schema, "const")) {
            values.push_back(*one);
        }
        if (values.empty() || at.depth == 0 || json::find(at.schema, "allOf") ||
            !std::all_of(values.begin(), values.end(), is_scalar) || !count_values(values)) {
            return false;
        }
        for (const std::string_view word : {"enum", "const", "type"})
            at.said.push_back(word);
        out_.key("type");
        if (const auto type = json::find(at.schema, "type")) {
            out_.raw(std::string(simdjson::minify(*type)));
        } else {
            write_types(types_of(values));
        }
        out_.key("enum");
        out_.begin_array();
        for (const auto& each : values)
            out_.raw(std::string(simdjson::minify(each)));
        out_.end_array();
        return true;
    }

    bool write_typed(level& at, bool is_optional) {
        std::vector<std::string_view> types;
        const auto type = json::find(at.schema, "type");
        const auto list = type ? json::array_of(*type) : std::nullopt;
        if (list) {
            for (const simdjson::dom::element each : *list)
                types.push_back(json::string_of(each).value_or(""));
        } else if (type) {
            types.push_back(json::string_of(*type).value_or(""));
        }
        const bool is_object = has(types, "object");
        const bool is_array = has(types, "array");
        if (types.empty() || json::find(at.schema, "allOf")) return false;
        if (at.depth == 0 && (!is_object || types.size() != 1)) return false;
        if (is_optional && !has(types, "null")) types.push_back("null");
        at.said.push_back("type");
        out_.key("type");
        write_types(types);
        copy_limits(at);
        if (is_object && !write_object(at)) return false;
        const auto items = json::find(at.schema, "items");
        return !is_array || (items && write_below(at, "items", *items));
    }

    void copy_limits(level& at) {
        for (const std::string_view word :
             {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
              "minItems", "maxItems"}) {
            copy(at, word);
        }
        constexpr std::array<std::string_view, 9> formats = {
            "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"};
        const auto format = json::string_at(at.schema, "format");
        if (format && std::find(formats.begin(), formats.end(), *format) != formats.end()) {
            copy(at, "format");
        }
        // of groups, those that look ahead are refused
        const auto pattern = json::string_at(at.schema, "pattern");
        if (pattern && pattern->find("(?") == pattern->npos) copy(at, "pattern");
    }

    bool write_object(level& at) {
        const auto properties = json::object_at(at.schema, "properties");
        const auto others = json::find(at.schema, "additionalProperties");
        if (others && json::object_of(*others)) return false;
        if (!properties && !(others && json::boolean_of(*others) == false)) return false;
        if (!names_all_required(at.schema) || ++objects_ > most_objects_in_objects) return false;
        const auto needed = schema_references::required(at.schema);
        for (const std::string_view word :
             {"properties", "required", "additionalProperties", "unevaluatedProperties"})
            at.said.push_back(word);
        std::vector<std::string_view> names;
        out_.key("properties");
        out_.begin_object();
        if (properties) {
            count_names(properties);
            properties_ += properties->size();
            for (const auto& [name, schema] : *properties) {
                names.push_back(name);
                out_.key(name);
                if (!write_property(at, schema, !needed.contains(name))) return false;
            }
        }
        out_.end_object();
        write_list_of("required", names);
        out_.member("additionalProperties", false);
        --objects_;
        return true;
    }

    bool write_property(const level& at, const simdjson::dom::element& schema, bool is_optional) {
        if (!is_optional) return write(schema, at.depth + 1);
        const auto object = json::object_of(schema);
        if (!object) return false;
        const bool has_type = json::find(*object, "type") && !is_choice(*object) &&
                              !is_listed(*object) && !json::find(*object, "$ref");
        if (has_type) {
            is_optional_ = true;
            return write(schema, at.depth + 1);
        }
        out_.begin_object();
        out_.key("anyOf");
        out_.begin_array();
        const bool written = write(schema, at.depth + 1);
        out_.begin_object();
        out_.member("type", "null");
        out_.end_object();
        out_.end_array();
        out_.end_object();
        return written;
    }

    static std::vector<std::string_view> types_of(
        const std::vector<simdjson::dom::element>& values) {
        std::vector<std::string_view> types;
        for (const auto& each : values) {
            const std::string_view type = type_of(each);
            if (!has(types, type)) types.push_back(type);
        }
        return types;
    }
    static std::string_view type_of(const simdjson::dom::element& value) {
        switch (value.type()) {
            case simdjson::dom::element_type::STRING: return "string";
            case simdjson::dom::element_type::BOOL: return "boolean";
            case simdjson::dom::element_type::DOUBLE: return "number";
            case simdjson::dom::element_type::NULL_VALUE: return "null";
            default: return "integer";
        }
    }
    static bool has(const std::vector<std::string_view>& types, std::string_view word) {
        return std::find(types.begin(), types.end(), word) != types.end();
    }

    void write_types(const std::vector<std::string_view>& types) {
        if (types.size() == 1) return out_.string(types.front());
        out_.begin_array();
        for (const std::string_view each : types)
            out_.string(each);
        out_.end_array();
    }
    void write_list_of(std::string_view word, const std::vector<std::string_view>& names) {
        out_.key(word);
        out_.begin_array();
        for (const std::string_view each : names)
            out_.string(each);
        out_.end_array();
    }

    void count_names(const std::optional<simdjson::dom::object>& named) {
        if (!named) return;
        for (const auto& each : *named)
            letters_ += each.key.size();
    }
    bool count_values(const std::vector<simdjson::dom::element>& values) {
        std::size_t letters = 0;
        for (const auto& each : values)
            letters += json::string_of(each).value_or("").size();
        letters_ += letters;
        values_ += values.size();
        return values.size() <= 250 || letters <= 15'000;
    }

    bool is_optional_ = false;
    int objects_ = 0;
    int replaced_ = 0;
    std::size_t properties_ = 0;
    std::size_t values_ = 0;
    std::size_t letters_ = 0;
};

// The schema in the words of strict mode, or nothing if it cannot be said in them.
inline std::optional<std::string> to_strict_schema(std::string_view schema) {
    return adapted_schema<strict_schema_writer>(schema);
}

// A schema as the field of OpenAI's formats has it.
struct openai_schema {
    std::string text;
    bool is_strict = false;
};

// In strict mode where it can be said there and `strict` asks for it, else as it is, which is a
// wish alone. Nothing if its root is no object: then the field takes it in neither way.
inline std::optional<openai_schema> to_openai_schema(std::string_view schema, bool strict) {
    if (strict) {
        if (auto adapted = to_strict_schema(schema))
            return openai_schema{*std::move(adapted), true};
    }
    json::document parsed;
    if (json::document::parse(schema, parsed)) return std::nullopt;
    const auto root = json::object_of(parsed.root());
    if (!root || json::string_at(*root, "type") != "object") return std::nullopt;
    return openai_schema{std::string(schema), false};
}

}  // namespace conclave::wire::detail
