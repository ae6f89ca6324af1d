#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/json/document.hpp>
#include <conclave/wire/detail/schema_writer.hpp>

namespace conclave::wire::detail {

// A JSON Schema in the words of Google's `responseJsonSchema`. What they do not have is part of the
// description; a schema that is inside itself is taken only where a property leads there that may
// be left out. Source: Google's reference of `GenerationConfig`.
class google_schema_writer final : schema_writer {
public:
    google_schema_writer(const simdjson::dom::object& root, std::string& out)
        : schema_writer(root, out) {}

    bool write_root(const simdjson::dom::object& root) {
        return !references_.are_cyclic(false) && write(root, 0);
    }

private:
    bool write_members(level& at) override {
        if (!write_all_definitions(at)) return false;
        if (const auto reference = json::string_at(at.schema, "$ref")) {
            return write_reference(*reference);
        }
        if (const auto part = sole_part(at.schema)) return write_instead(at, *part);
        for (const std::string_view word : {"type", "title"})
            copy(at, word);
        write_enum(at);
        for (const std::string_view word : {"minItems", "maxItems", "minimum", "maximum"})
            copy(at, word);
        copy_format(at);
        if (!write_choice(at) || !write_object(at) || !write_array(at)) return false;
        write_description(at);
        return true;
    }

    // All under the name that Google knows.
    bool write_all_definitions(level& at) {
        for (const std::string_view word : {"$defs", "definitions", "$id"})
            at.said.push_back(word);
        if (at.depth > 0) return true;
        const auto newer = json::object_at(at.schema, "$defs");
        const auto older = json::object_at(at.schema, "definitions");
        if (newer && older) return false;
        const auto& all = newer ? newer : older;
        if (!all) return true;
        out_.key("$defs");
        out_.begin_object();
        for (const auto& each : *all) {
            out_.key(each.key);
            if (!write_any(each.value, 1)) return false;
        }
        out_.end_object();
        return true;
    }

    bool write_reference(std::string_view reference) {
        constexpr std::string_view older = "#/definitions/";
        if (!references_.target(reference)) return false;
        if (!reference.starts_with(older)) {
            out_.member("$ref", reference);
        } else {
            out_.member("$ref", "#/$defs/" + std::string(reference.substr(older.size())));
        }
        return true;
    }

    bool write_instead(const level& at, const simdjson::dom::object& other) {
        if (++replaced_ > 1000) return false;
        level inner{other, at.depth + 1, {"$schema", "$comment", "description"}};
        return write_members(inner);
    }

    // Of strings and numbers alone.
    void write_enum(level& at) {
        const auto list = json::array_at(at.schema, "enum");
        if (list && list->size() != 0 && std::all_of(list->begin(), list->end(), is_word)) {
            return copy(at, "enum");
        }
        const auto one = json::find(at.schema, "const");
        if (list || !one || !is_word(*one)) return;
        at.said.push_back("const");
        out_.key("enum");
        out_.begin_array();
        out_.raw(std::string(simdjson::minify(*one)));
        out_.end_array();
    }
    static bool is_word(const simdjson::dom::element& value) {
        return value.is_string() || value.is_number();
    }

    void copy_format(level& at) {
        constexpr std::array<std::string_view, 3> known = {"date-time", "date", "time"};
        const auto format = json::string_at(at.schema, "format");
        if (format && std::find(known.begin(), known.end(), *format) != known.end()) {
            copy(at, "format");
        }
    }

    bool write_choice(level& at) {
        for (const std::string_view word : {"anyOf", "oneOf"}) {
            const auto list = json::array_at(at.schema, word);
            if (!list || list->size() == 0) continue;
            return write_several(at, word, "anyOf", *list);
        }
        return true;
    }

    bool write_object(level& at) {
        if (const auto properties = json::object_at(at.schema, "properties")) {
            at.said.push_back("properties");
            out_.key("properties");
            out_.begin_object();
            for (const auto& each : *properties) {
                out_.key(each.key);
                if (!write_any(each.value, at.depth + 1)) return false;
            }
            out_.end_object();
        }
        const auto others = json::find(at.schema, "additionalProperties");
        if (others && json::boolean_of(*others)) {
            copy(at, "additionalProperties");
        } else if (others) {
            if (!write_below(at, "additionalProperties", *others)) return false;
        }
        copy(at, "required");
        return true;
    }

    bool write_array(level& at) {
        if (const auto first = json::array_at(at.schema, "prefixItems")) {
            if (!write_several(at, "prefixItems", "prefixItems", *first)) return false;
        }
        const auto items = json::find(at.schema, "items");
        if (!items || json::boolean_of(*items) == false || json::array_of(*items)) return true;
        at.said.push_back("items");
        out_.key("items");
        return write_any(*items, at.depth + 1);
    }

    bool write_several(level& at, std::string_view word, std::string_view as,
                       const simdjson::dom::array& schemas) {
        at.said.push_back(word);
        out_.key(as);
        out_.begin_array();
        for (const simdjson::dom::element each : schemas) {
            if (!write_any(each, at.depth + 1)) return false;
        }
        out_.end_array();
        return true;
    }

    // Also the schema that any value fits.
    bool write_any(const simdjson::dom::element& schema, int depth) {
        if (json::boolean_of(schema) != true) return write(schema, depth);
        out_.raw("{}");
        return true;
    }

    int replaced_ = 0;
};

// The schema in Google's words, or nothing if it cannot be said in them.
inline std::optional<std::string> to_google_schema(std::string_view schema) {
    return adapted_schema<google_schema_writer>(schema);
}

}  // namespace conclave::wire::detail
