// A second interpreter of JSON Schema, as simple as it can be: straight recursion over two parsed
// documents, everything looked up and compared anew each time. What it does not know: references to
// other documents, `format`, and the vocabularies.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::tests {

using element = simdjson::dom::element;

/// Numbers here have at most six decimal places, and are held exactly.
__extension__ using millionths = __int128;

inline millionths number_of(element value) {
    if (value.is_int64()) return static_cast<millionths>(std::int64_t(value)) * 1'000'000;
    if (value.is_uint64()) return static_cast<millionths>(std::uint64_t(value)) * 1'000'000;
    return static_cast<millionths>(std::llround(double(value) * 1e6));
}

inline bool are_equal(element left, element right) {
    if (left.is_number() && right.is_number()) return number_of(left) == number_of(right);
    if (left.type() != right.type()) return false;
    if (left.is_string()) return std::string_view(left) == std::string_view(right);
    if (left.is_bool()) return bool(left) == bool(right);
    if (left.is_array()) {
        const simdjson::dom::array a = left, b = right;
        if (a.size() != b.size()) return false;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (!are_equal(a.at(i), b.at(i))) return false;
        }
    }
    if (left.is_object()) {
        const simdjson::dom::object a = left, b = right;
        if (a.size() != b.size()) return false;
        for (const auto [key, value] : a) {
            element other;
            if (b.at_key(key).get(other) || !are_equal(value, other)) return false;
        }
    }
    return true;
}

/// The regular expressions that are used here: letters, with `^` before or `$` behind.
inline bool plainly_matches(std::string_view pattern, std::string_view text) {
    const bool at_front = pattern.starts_with('^'), at_back = pattern.ends_with('$');
    pattern = pattern.substr(at_front ? 1 : 0);
    if (at_back) pattern.remove_suffix(1);
    if (at_front && at_back) return text == pattern;
    if (at_front) return text.starts_with(pattern);
    if (at_back) return text.ends_with(pattern);
    return text.find(pattern) != text.npos;
}

class plain_schema {
public:
    /// The document's memory stays with who parsed it.
    plain_schema(element root, bool is_draft_7) : root_(root), is_draft_7_(is_draft_7) {
        collect(root, "/");
    }

    bool is_valid(element instance) {
        scope_ = {"/"};
        return evaluate(root_, instance).valid;
    }

private:
    struct outcome {
        bool valid = true;
        std::set<std::string_view> members;
        std::set<std::size_t> elements;
    };

    /// Every `$id` and anchor, wherever it stands: the schemas here have none in an `enum`.
    void collect(element value, std::string resource) {
        if (value.is_array()) {
            for (const element child : simdjson::dom::array(value))
                collect(child, resource);
        }
        if (!value.is_object()) return;
        std::string_view text;
        if (!value["$id"].get(text)) resource = text;
        if (!value["$id"].get(text) || places_.empty()) places_.emplace(resource, value);
        if (!value["$anchor"].get(text)) places_.emplace(resource + "#" + std::string(text), value);
        if (!value["$dynamicAnchor"].get(text)) {
            places_.emplace(resource + "#" + std::string(text), value);
            dynamic_.insert(resource + "#" + std::string(text));
        }
        for (const auto [key, child] : simdjson::dom::object(value))
            collect(child, resource);
    }

    /// `uri` is `#/pointer`, `#anchor`, `id` or `id#anchor`.
    outcome refer(std::string uri, element instance) {
        if (uri.starts_with('#')) uri = scope_.back() + uri;
        const std::size_t hash = uri.find('#');
        const std::string resource = uri.substr(0, hash);
        element target;
        if (hash == uri.npos || hash + 1 == uri.size()) {
            target = places_.at(resource);
        } else if (uri[hash + 1] == '/') {
            target = places_.at(resource).at_pointer(uri.substr(hash + 1)).value();
        } else {
            target = places_.at(uri);
        }
        scope_.push_back(resource);
        outcome result = evaluate(target, instance);
        scope_.pop_back();
        return result;
    }

    outcome refer_dynamically(const std::string& uri, element instance) {
        if (dynamic_.contains(scope_.back() + uri)) {
            for (const std::string& outer : scope_) {
                if (dynamic_.contains(outer + uri)) return refer(outer + uri, instance);
            }
        }
        return refer(uri, instance);
    }

    outcome evaluate(element schema, element instance) {
        if (schema.is_bool()) return {bool(schema), {}, {}};
        std::string_view id;
        const bool is_resource = !schema["$id"].get(id) && scope_.back() != id;
        if (is_resource) scope_.emplace_back(id);
        outcome result = evaluate_object(schema, instance);
        if (is_resource) scope_.pop_back();
        if (!result.valid) return {false, {}, {}};
        return result;
    }

    static void add(outcome& to, const outcome& what) {
        to.members.insert(what.members.begin(), what.members.end());
        to.elements.insert(what.elements.begin(), what.elements.end());
    }
    static void demand(outcome& to, const outcome& what) {
        to.valid = to.valid && what.valid;
        add(to, what);
    }

    outcome evaluate_object(element schema, element instance) {
        outcome result;
        std::string_view reference;
        if (!schema["$ref"].get(reference)) {
            demand(result, refer(std::string(reference), instance));
            if (is_draft_7_) return result;
        }
        if (!schema["$dynamicRef"].get(reference))
            demand(result, refer_dynamically(std::string(reference), instance));
        check_value(schema, instance, result);
        if (instance.is_number()) check_number(schema, instance, result);
        if (instance.is_string()) check_string(schema, instance, result);
        combine(schema, instance, result);
        if (instance.is_object()) check_object(schema, instance, result);
        if (instance.is_array()) check_array(schema, instance, result);
        return result;
    }

    static bool has_type(std::string_view type, element value) {
        if (type == "integer") return value.is_number() && number_of(value) % 1'000'000 == 0;
        if (type == "number") return value.is_number();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_bool();
        if (type == "null") return value.is_null();
        return type == "array" ? value.is_array() : value.is_object();
    }

    static void check_value(element schema, element instance, outcome& result) {
        element value;
        if (!schema["type"].get(value)) {
            bool found = false;
            if (value.is_string()) {
                found = has_type(value, instance);
            } else {
                for (const element type : simdjson::dom::array(value))
                    found = found || has_type(type, instance);
            }
            result.valid = result.valid && found;
        }
        if (!schema["const"].get(value)) result.valid = result.valid && are_equal(value, instance);
        if (!schema["enum"].get(value)) {
            bool found = false;
            for (const element allowed : simdjson::dom::array(value))
                found = found || are_equal(allowed, instance);
            result.valid = result.valid && found;
        }
    }

    static void check_number(element schema, element instance, outcome& result) {
        const millionths number = number_of(instance);
        element limit;
        bool& valid = result.valid;
        if (!schema["maximum"].get(limit)) valid = valid && number <= number_of(limit);
        if (!schema["minimum"].get(limit)) valid = valid && number >= number_of(limit);
        if (!schema["exclusiveMaximum"].get(limit)) valid = valid && number < number_of(limit);
        if (!schema["exclusiveMinimum"].get(limit)) valid = valid && number > number_of(limit);
        if (!schema["multipleOf"].get(limit)) valid = valid && number % number_of(limit) == 0;
    }

    static void check_count(element schema, const char* least, const char* most, std::size_t count,
                            outcome& result) {
        element limit;
        const auto number = static_cast<millionths>(count) * 1'000'000;
        if (!schema[least].get(limit)) result.valid = result.valid && number >= number_of(limit);
        if (!schema[most].get(limit)) result.valid = result.valid && number <= number_of(limit);
    }

    static void check_string(element schema, element instance, outcome& result) {
        const std::string_view text = instance;
        const auto length = std::count_if(text.begin(), text.end(), [](char byte) {
            return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
        });
        check_count(schema, "minLength", "maxLength", static_cast<std::size_t>(length), result);
        std::string_view pattern;
        if (!schema["pattern"].get(pattern))
            result.valid = result.valid && plainly_matches(pattern, text);
    }

    void combine(element schema, element instance, outcome& result) {
        element value;
        if (!schema["allOf"].get(value)) {
            for (const element branch : simdjson::dom::array(value))
                demand(result, evaluate(branch, instance));
        }
        for (const char* which : {"anyOf", "oneOf"}) {
            if (schema[which].get(value)) continue;
            std::size_t count = 0;
            for (const element branch : simdjson::dom::array(value)) {
                const outcome inside = evaluate(branch, instance);
                count += inside.valid ? 1 : 0;
                add(result, inside);
            }
            result.valid = result.valid && (which[0] == 'a' ? count > 0 : count == 1);
        }
        if (!schema["not"].get(value))
            result.valid = result.valid && !evaluate(value, instance).valid;
        if (!schema["if"].get(value)) {
            const outcome condition = evaluate(value, instance);
            add(result, condition);
            if (!schema[condition.valid ? "then" : "else"].get(value))
                demand(result, evaluate(value, instance));
        }
    }

    void check_object(element schema, element instance, outcome& result) {
        const simdjson::dom::object object = instance;
        check_count(schema, "minProperties", "maxProperties", object.size(), result);
        element value;
        if (!schema["required"].get(value)) demand_members(object, value, result);
        for (const char* which : {"dependentRequired", "dependentSchemas", "dependencies"}) {
            if (is_draft_7_ != (which == std::string_view("dependencies"))) continue;
            if (schema[which].get(value)) continue;
            for (const auto [key, dependency] : simdjson::dom::object(value)) {
                if (object.at_key(key).error()) continue;
                if (dependency.is_array()) {
                    demand_members(object, dependency, result);
                } else {
                    demand(result, evaluate(dependency, instance));
                }
            }
        }
        for (const auto [key, member] : object)
            check_member(schema, key, member, result);
        if (is_draft_7_ || schema["unevaluatedProperties"].get(value)) return;
        for (const auto [key, member] : object) {
            if (result.members.contains(key)) continue;
            result.valid = result.valid && evaluate(value, member).valid;
            result.members.insert(key);
        }
    }

    static void demand_members(simdjson::dom::object object, element names, outcome& result) {
        for (const element name : simdjson::dom::array(names))
            result.valid = result.valid && !object.at_key(std::string_view(name)).error();
    }

    void check_member(element schema, std::string_view key, element member, outcome& result) {
        element value, inside;
        bool is_named = false;
        if (!schema["properties"].get(value) && !value.at_key(key).get(inside)) {
            is_named = true;
            result.valid = result.valid && evaluate(inside, member).valid;
        }
        if (!schema["patternProperties"].get(value)) {
            for (const auto [pattern, branch] : simdjson::dom::object(value)) {
                if (!plainly_matches(pattern, key)) continue;
                is_named = true;
                result.valid = result.valid && evaluate(branch, member).valid;
            }
        }
        if (!is_named && !schema["additionalProperties"].get(value)) {
            is_named = true;
            result.valid = result.valid && evaluate(value, member).valid;
        }
        if (is_named) result.members.insert(key);
        if (!schema["propertyNames"].get(value)) {
            simdjson::dom::parser parser;
            const std::string name = "\"" + std::string(key) + "\"";
            result.valid = result.valid && evaluate(value, parser.parse(name)).valid;
        }
    }

    void check_array(element schema, element instance, outcome& result) {
        const simdjson::dom::array array = instance;
        check_count(schema, "minItems", "maxItems", array.size(), result);
        element value;
        bool unique = false;
        if (!schema["uniqueItems"].get(unique) && unique) {
            for (std::size_t i = 0; i < array.size(); ++i) {
                for (std::size_t j = 0; j < i; ++j)
                    result.valid = result.valid && !are_equal(array.at(i), array.at(j));
            }
        }
        const bool is_list = is_draft_7_ && !schema["items"].get(value) && value.is_array();
        const char* const prefix = is_list ? "items" : "prefixItems";
        const char* const rest = is_list ? "additionalItems" : "items";
        std::size_t prefixed = 0;
        if ((is_list || !is_draft_7_) && !schema[prefix].get(value)) {
            for (const element branch : simdjson::dom::array(value)) {
                if (prefixed == array.size()) break;
                result.elements.insert(prefixed);
                result.valid = result.valid && evaluate(branch, array.at(prefixed++)).valid;
            }
        }
        if (!schema[rest].get(value)) {
            for (std::size_t i = prefixed; i < array.size(); ++i) {
                result.elements.insert(i);
                result.valid = result.valid && evaluate(value, array.at(i)).valid;
            }
        }
        check_contains(schema, array, result);
        if (is_draft_7_ || schema["unevaluatedItems"].get(value)) return;
        for (std::size_t i = 0; i < array.size(); ++i) {
            if (!result.elements.insert(i).second) continue;
            result.valid = result.valid && evaluate(value, array.at(i)).valid;
        }
    }

    void check_contains(element schema, simdjson::dom::array array, outcome& result) {
        element value;
        if (schema["contains"].get(value)) return;
        millionths count = 0;
        for (std::size_t i = 0; i < array.size(); ++i) {
            if (!evaluate(value, array.at(i)).valid) continue;
            result.elements.insert(i);
            count += 1'000'000;
        }
        element limit;
        const bool has_least = !is_draft_7_ && !schema["minContains"].get(limit);
        result.valid = result.valid && count >= (has_least ? number_of(limit) : 1'000'000);
        if (!is_draft_7_ && !schema["maxContains"].get(limit))
            result.valid = result.valid && count <= number_of(limit);
    }

    element root_;
    bool is_draft_7_;
    std::map<std::string, element> places_;
    std::set<std::string> dynamic_;
    std::vector<std::string> scope_;
};

}  // namespace conclave::tests
