#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <conclave/json/document.hpp>

namespace conclave::wire::detail {

// Where a schema's `$ref`s lead, of the two kinds that providers take: to the whole, `#`, and to a
// definition of the whole, `#/$defs/name`.
class schema_references {
public:
    explicit schema_references(const simdjson::dom::object& root) : root_(root) {
        for (const std::string_view word : {"$defs", "definitions"}) {
            const auto all = json::object_at(root, word);
            if (!all) continue;
            for (const auto& each : *all) {
                if (const auto schema = json::object_of(each.value))
                    definitions_.try_emplace(std::string(word).append("/").append(each.key),
                                             *schema);
            }
        }
    }

    std::optional<simdjson::dom::object> target(std::string_view reference) const {
        if (reference == "#") return root_;
        constexpr std::string_view start = "#/";
        const std::size_t slash = reference.find('/', start.size());
        if (!reference.starts_with(start) || slash == reference.npos) return std::nullopt;
        const auto name = unescaped(reference.substr(slash + 1));
        if (!name) return std::nullopt;
        const std::string_view word = reference.substr(start.size(), slash - start.size());
        const auto found = definitions_.find(std::string(word).append("/").append(*name));
        if (found == definitions_.end()) return std::nullopt;
        return found->second;
    }

    // Whether some part of the schema is inside itself, or too far from the root to be told. A
    // cycle through a property that may be left out does not count unless `optional_too`.
    bool are_cyclic(bool optional_too) const {
        search run{*this, optional_too, {}};
        if (run.enter("#", root_, 0)) return true;
        for (const std::string_view word : {"$defs", "definitions"}) {
            const auto all = json::find(root_, word);
            if (all && run.look_at_all(*all)) return true;
        }
        return false;
    }

    // The properties that an object has to have.
    static std::unordered_set<std::string_view> required(const simdjson::dom::object& schema) {
        std::unordered_set<std::string_view> names;
        const auto list = json::array_at(schema, "required");
        if (!list) return names;
        for (const simdjson::dom::element each : *list) {
            if (const auto name = json::string_of(each)) names.insert(*name);
        }
        return names;
    }

    // Whether a keyword's value is data, and no schema, whatever it looks like.
    static bool is_data(std::string_view word) noexcept {
        constexpr std::array<std::string_view, 4> words = {"enum", "const", "default", "examples"};
        return std::find(words.begin(), words.end(), word) != words.end();
    }

private:
    static constexpr int deepest = 256;

    static std::optional<std::string> unescaped(std::string_view name) {
        std::string plain;
        for (std::size_t i = 0; i < name.size(); ++i) {
            if (name[i] == '/' || name[i] == '%') return std::nullopt;
            if (name[i] != '~') {
                plain += name[i];
                continue;
            }
            ++i;
            if (i == name.size() || (name[i] != '0' && name[i] != '1')) return std::nullopt;
            plain += name[i] == '0' ? '~' : '/';
        }
        return plain;
    }

    // A depth-first search, which looks at each definition once.
    struct search {
        const schema_references& all;
        bool optional_too;
        // true while it is being looked at
        std::unordered_map<std::string_view, bool> seen;

        bool enter(std::string_view reference, const simdjson::dom::object& schema, int depth) {
            const auto [at, is_new] = seen.try_emplace(reference, true);
            if (!is_new) return at->second;
            if (look(schema, depth)) return true;
            seen[reference] = false;
            return false;
        }

        // Also definitions that only a property leads to which may be left out.
        bool look_at_all(const simdjson::dom::element& definitions) {
            const auto named = json::object_of(definitions);
            return named && std::any_of(named->begin(), named->end(),
                                        [&](const auto& each) { return look(each.value, 1); });
        }

        bool look(const simdjson::dom::element& value, int depth) {
            if (const auto object = json::object_of(value)) return look(*object, depth);
            const auto list = json::array_of(value);
            return list && std::any_of(list->begin(), list->end(),
                                       [&](const auto& each) { return look(each, depth + 1); });
        }

        bool look(const simdjson::dom::object& schema, int depth) {
            if (depth > deepest) return true;
            for (const auto& [word, value] : schema) {
                if (word == "$defs" || word == "definitions" || is_data(word)) continue;
                if (word == "properties") {
                    if (look_at_properties(schema, value, depth)) return true;
                    continue;
                }
                const auto reference = word == "$ref" ? json::string_of(value) : std::nullopt;
                const auto target = reference ? all.target(*reference) : std::nullopt;
                if (target && enter(*reference, *target, depth + 1)) return true;
                if (look(value, depth + 1)) return true;
            }
            return false;
        }

        bool look_at_properties(const simdjson::dom::object& schema,
                                const simdjson::dom::element& value, int depth) {
            const auto properties = json::object_of(value);
            if (!properties) return false;
            const auto needed = required(schema);
            for (const auto& [name, property] : *properties) {
                if (!optional_too && !needed.contains(name)) continue;
                if (look(property, depth + 1)) return true;
            }
            return false;
        }
    };

    simdjson::dom::object root_;
    std::unordered_map<std::string, simdjson::dom::object> definitions_;
};

}  // namespace conclave::wire::detail
