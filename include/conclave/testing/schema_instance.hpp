#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conclave::testing {

namespace detail {

/// Writes an instance of one schema. Nothing deeper than `deepest` is followed, so that a schema
/// that refers to itself comes to an end.
class instance_writer {
public:
    instance_writer(simdjson::dom::element root, std::size_t pick, std::string& text)
        : root_(root), pick_(pick), text_(text), out_(text) {}

    void write(const simdjson::dom::element& schema, std::string_view name, int depth = 0) {
        const auto object = json::object_of(schema);
        if (!object || depth > deepest || text_.size() > largest) return out_.null();
        if (const auto fixed = json::find(*object, "const")) {
            return out_.raw(std::string(simdjson::minify(*fixed)));
        }
        const auto options = json::array_at(*object, "enum");
        if (options && options->size() != 0) {
            return out_.raw(std::string(simdjson::minify(options->at(pick_ % options->size()))));
        }
        if (const auto target = follow(*object)) return write(*target, name, depth + 1);
        write_typed(*object, type_of(*object), name, depth);
    }

private:
    static constexpr int deepest = 12;
    /// Beyond this depth, properties that may be left out are.
    static constexpr int optional_depth = 3;
    static constexpr std::size_t largest = 64 * 1024;
    static constexpr std::int64_t longest = 1000;

    /// Where a reference, or the first of several alternatives, leads.
    std::optional<simdjson::dom::element> follow(const simdjson::dom::object& schema) const {
        if (const auto reference = json::string_at(schema, "$ref")) {
            simdjson::dom::element target;
            if (!reference->starts_with('#')) return std::nullopt;
            if (root_.at_pointer(reference->substr(1)).get(target)) return std::nullopt;
            return target;
        }
        for (const std::string_view word : {"anyOf", "oneOf", "allOf"}) {
            const auto list = json::array_at(schema, word);
            if (list && list->size() != 0) return list->at(0).value_unsafe();
        }
        return std::nullopt;
    }

    /// The schema's type, the first but null of several, or what its keywords let suppose.
    static std::string_view type_of(const simdjson::dom::object& schema) {
        if (const auto type = json::string_at(schema, "type")) return *type;
        if (const auto types = json::array_at(schema, "type")) {
            for (const simdjson::dom::element type : *types) {
                const auto word = json::string_of(type);
                if (word && *word != "null") return *word;
            }
            return "null";
        }
        if (json::find(schema, "properties")) return "object";
        return json::find(schema, "items") ? "array" : "string";
    }

    void write_typed(const simdjson::dom::object& schema, std::string_view type,
                     std::string_view name, int depth) {
        if (type == "object") return write_object(schema, depth);
        if (type == "array") return write_array(schema, name, depth);
        if (type == "string") return write_string(schema, name);
        if (type == "boolean") return out_.boolean(true);
        if (type == "integer") {
            return out_.number(static_cast<std::int64_t>(std::ceil(number(schema))));
        }
        if (type == "number") return out_.number(number(schema));
        out_.null();
    }

    void write_object(const simdjson::dom::object& schema, int depth) {
        out_.begin_object();
        if (const auto properties = json::object_at(schema, "properties")) {
            for (const auto& property : *properties) {
                if (depth >= optional_depth && !requires_property(schema, property.key)) continue;
                out_.key(property.key);
                write(property.value, property.key, depth + 1);
            }
        }
        out_.end_object();
    }

    static bool requires_property(const simdjson::dom::object& schema, std::string_view name) {
        const auto required = json::array_at(schema, "required");
        return required && std::any_of(required->begin(), required->end(), [&](const auto& each) {
                   return json::string_of(each) == name;
               });
    }

    void write_array(const simdjson::dom::object& schema, std::string_view name, int depth) {
        const auto items = json::find(schema, "items");
        const std::int64_t least = json::integer_at(schema, "minItems").value_or(1);
        const std::int64_t most = json::integer_at(schema, "maxItems").value_or(longest);
        const std::int64_t count =
            std::clamp<std::int64_t>(least, 0, std::clamp<std::int64_t>(most, 0, longest));
        out_.begin_array();
        for (std::int64_t i = 0; items && depth < deepest && i < count; ++i)
            write(*items, name, depth + 1);
        out_.end_array();
    }

    void write_string(const simdjson::dom::object& schema, std::string_view name) {
        std::string text = "scripted";
        if (!name.empty()) text.append(" ").append(name);
        const std::int64_t least = json::integer_at(schema, "minLength").value_or(0);
        const std::int64_t most = json::integer_at(schema, "maxLength").value_or(longest);
        const auto length = static_cast<std::int64_t>(text.size());
        if (length < least) text.resize(static_cast<std::size_t>(std::min(least, longest)), '.');
        if (length > most) text.resize(static_cast<std::size_t>(std::max<std::int64_t>(most, 0)));
        out_.string(text);
    }

    static double number(const simdjson::dom::object& schema) {
        if (const auto least = json::number_at(schema, "minimum")) return *least;
        if (const auto below = json::number_at(schema, "exclusiveMinimum")) return *below + 1;
        const double most = json::number_at(schema, "maximum").value_or(1);
        return std::min(most, 1.0);
    }

    simdjson::dom::element root_;
    std::size_t pick_;
    std::string& text_;
    json::writer out_;
};

}  // namespace detail

/// A small instance of a JSON Schema, both as JSON text: every property, arrays as short as they
/// may be but not empty, strings that say what they are, and of each enumeration the value at
/// `pick`, counted round. It knows the keywords that schemas for language models are made of, not
/// all; patterns and formats it does not. `null` when `schema` is not JSON.
inline std::string schema_instance(std::string_view schema, std::size_t pick = 0) {
    json::document parsed;
    if (json::document::parse(schema, parsed)) return "null";
    std::string text;
    detail::instance_writer(parsed.root(), pick, text).write(parsed.root(), {});
    return text;
}

}  // namespace conclave::testing
