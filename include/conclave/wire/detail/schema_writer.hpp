#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/wire/detail/schema_references.hpp>

namespace conclave::wire::detail {

// Writes a JSON Schema in the words that a provider takes. What each of them takes is up to the
// classes made from this; a keyword that they do not write becomes part of the description, where
// the model reads it. Whether an answer is good is judged by the schema as it was.
class schema_writer {
public:
    schema_writer(const schema_writer&) = delete;
    schema_writer& operator=(const schema_writer&) = delete;

protected:
    // A schema on its way: which of its keywords have been written, or are to be passed over.
    struct level {
        const simdjson::dom::object& schema;
        int depth;
        std::vector<std::string_view> said;

        bool has_said(std::string_view word) const {
            return std::find(said.begin(), said.end(), word) != said.end();
        }
    };

    schema_writer(const simdjson::dom::object& root, std::string& out)
        : references_(root), out_(out) {}
    ~schema_writer() = default;

    // Writes the members of a schema. Returns false if it has something that cannot be said: then
    // nothing is meant.
    virtual bool write_members(level& at) = 0;

    bool write(const simdjson::dom::element& schema, int depth) {
        const auto object = json::object_of(schema);
        return object && write(*object, depth);
    }
    bool write(const simdjson::dom::object& schema, int depth) {
        if (depth > deepest) return false;
        level at{schema, depth, {"$schema", "$comment", "description"}};
        out_.begin_object();
        const bool written = write_members(at);
        out_.end_object();
        return written;
    }

    bool write_below(level& at, std::string_view word, const simdjson::dom::element& schema) {
        at.said.push_back(word);
        out_.key(word);
        return write(schema, at.depth + 1);
    }
    bool write_map(level& at, std::string_view word, const simdjson::dom::object& schemas) {
        at.said.push_back(word);
        out_.key(word);
        out_.begin_object();
        for (const auto& each : schemas) {
            out_.key(each.key);
            if (!write(each.value, at.depth + 1)) return false;
        }
        out_.end_object();
        return true;
    }
    // `as` is what the keyword is called here.
    bool write_list(level& at, std::string_view word, const simdjson::dom::array& schemas,
                    std::string_view as) {
        at.said.push_back(word);
        out_.key(as);
        out_.begin_array();
        for (const simdjson::dom::element each : schemas) {
            if (!write(each, at.depth + 1)) return false;
        }
        out_.end_array();
        return true;
    }
    bool write_definitions(level& at) {
        for (const std::string_view word : {"$defs", "definitions"}) {
            const auto all = json::object_at(at.schema, word);
            if (all && !write_map(at, word, *all)) return false;
        }
        return true;
    }

    // The member as it is, if there is one.
    void copy(level& at, std::string_view word) {
        const auto value = json::find(at.schema, word);
        if (!value || at.has_said(word)) return;
        at.said.push_back(word);
        member(word, *value);
    }

    // The description, and in it all that has not been said.
    void write_description(level& at) {
        std::string text(json::string_at(at.schema, "description").value_or(std::string_view{}));
        std::string more;
        for (const auto& each : at.schema) {
            if (at.has_said(each.key)) continue;
            more.append(more.empty() ? "{" : ", ").append(each.key).append(": ");
            more += simdjson::minify(each.value);
        }
        if (!more.empty()) text.append(text.empty() ? "" : "\n\n").append(more).append("}");
        if (!text.empty()) out_.member("description", text);
    }

    void member(std::string_view word, const simdjson::dom::element& value) {
        out_.member_raw(word, std::string(simdjson::minify(value)));
    }

    // Whether every property that has to be there is among those that are named. Where no others
    // are allowed, nothing could be right otherwise.
    static bool names_all_required(const simdjson::dom::object& schema) {
        const auto properties = json::object_at(schema, "properties");
        const auto needed = schema_references::required(schema);
        std::size_t found = 0;
        if (properties) {
            for (const auto& each : *properties)
                found += needed.contains(each.key) ? 1 : 0;
        }
        return found >= needed.size();
    }

    static bool is_scalar(const simdjson::dom::element& value) {
        return !json::object_of(value) && !json::array_of(value);
    }

    static bool says(const simdjson::dom::element& type, std::string_view word) {
        if (json::string_of(type) == word) return true;
        const auto list = json::array_of(type);
        return list && std::any_of(list->begin(), list->end(),
                                   [&](const auto& each) { return json::string_of(each) == word; });
    }
    static bool is_of_type(const simdjson::dom::object& schema, std::string_view word) {
        const auto type = json::find(schema, "type");
        return type && says(*type, word);
    }

    // The one schema of an `allOf` that has only one, if it stands for all that its own schema says
    // of values.
    static std::optional<simdjson::dom::object> sole_part(const simdjson::dom::object& schema) {
        const auto parts = json::array_at(schema, "allOf");
        if (!parts || parts->size() != 1) return std::nullopt;
        for (const std::string_view word : {"type", "enum", "const", "anyOf", "oneOf", "properties",
                                            "additionalProperties", "items", "$ref"}) {
            if (json::find(schema, word)) return std::nullopt;
        }
        return json::object_of(parts->at(0).value_unsafe());
    }

    schema_references references_;
    json::writer out_;

private:
    static constexpr int deepest = 64;
};

// What `Writer` makes of a schema, or nothing if it cannot be said in its words.
template <class Writer>
std::optional<std::string> adapted_schema(std::string_view schema) {
    json::document parsed;
    if (json::document::parse(schema, parsed)) return std::nullopt;
    const auto root = json::object_of(parsed.root());
    std::string text;
    if (!root || !Writer(*root, text).write_root(*root)) return std::nullopt;
    return text;
}

}  // namespace conclave::wire::detail
