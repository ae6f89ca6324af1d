#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_program_builder.hpp>
#include <conclave/json/format.hpp>
#include <conclave/json/pattern.hpp>

namespace conclave::json::detail {

// Turns the schemas of documents into a program. Each schema is compiled once, when something leads
// to it; those that wait for it are kept in a list, so that no chain of references is too long.
class schema_compiler {
public:
    static std::shared_ptr<const schema_program> compile(std::string_view text,
                                                         const schema_options& options) {
        auto program = std::make_shared<schema_program>();
        program->options = options;
        schema_compiler compiler(*program);
        compiler.run(text);
        return program;
    }

private:
    explicit schema_compiler(schema_program& program)
        : program_(program), documents_(program), builder_(program) {}

    void run(std::string_view text) {
        const schema_place root = documents_.add({}, text);
        node_of(root);
        compile_waiting();
        compile_unused(root.document);
        add_dynamic_anchors();
        refuse_endless();
        for (const schema_resource& each : documents_.resources())
            program_.resources.push_back({each.uri, each.root.value});
    }

    void compile_waiting() {
        while (compiled_ < places_.size())
            compile_schema(compiled_++);
    }

    // What nothing leads to has to be right as well.
    void compile_unused(std::uint32_t document) {
        const std::size_t size = program_.documents[document]->reader.size();
        for (std::uint32_t at = 0; at < size; ++at) {
            if (documents_.is_schema({document, at})) node_of({document, at});
        }
        compile_waiting();
    }

    // The index of the schema there, which is compiled later if it is new.
    std::uint32_t node_of(schema_place place) {
        const std::uint64_t key = std::uint64_t{place.document} << 32 | place.value;
        const auto next = static_cast<std::uint32_t>(places_.size());
        const auto [at, is_new] = index_of_.try_emplace(key, next);
        if (is_new) {
            places_.push_back(place);
            in_place_.emplace_back();
            schema_node& node = program_.nodes.emplace_back();
            node.document = place.document;
            node.value = place.value;
        }
        return at->second;
    }

    // The same of a schema that looks at the same value as the one that is being compiled.
    std::uint32_t in_place_node_of(schema_place place) {
        const std::uint32_t node = node_of(place);
        in_place_[current_].push_back(node);
        return node;
    }

    void compile_schema(std::uint32_t index) {
        current_ = index;
        place_ = places_[index];
        resource_ = documents_.resource_of(place_);
        schema_node& node = program_.nodes[index];
        node.resource = resource_;
        node.first = static_cast<std::uint32_t>(program_.code.size());
        const json_node& value = documents_.node(place_);
        if (value.type == json_type::boolean) {
            node.is_false = !value.truth;
            node.types = value.truth ? json_type::any : std::uint8_t{0};
        } else if (value.type == json_type::object) {
            compile_object();
        } else {
            documents_.refuse(place_, "must be a schema: an object, true or false");
        }
        program_.nodes[index].last = static_cast<std::uint32_t>(program_.code.size());
    }

    void compile_object() {
        const dialect& in = documents_.resource(resource_).written_in;
        values_.fill(no_index);
        const json_node* const all = documents_.nodes(place_);
        each_member(all, place_.value, [&](std::uint32_t name, std::uint32_t value) {
            if (const auto found = find_keyword(in, all[name].view()))
                values_[static_cast<std::size_t>(*found)] = value;
            return true;
        });
        if (in.is_draft_7() && has(keyword::reference)) {
            const std::uint32_t reference = values_[static_cast<std::size_t>(keyword::reference)];
            values_.fill(no_index);
            values_[static_cast<std::size_t>(keyword::reference)] = reference;
        }
        compile_values();
        compile_strings(in);
        compile_array(in);
        compile_members();
        compile_references();
        compile_combinations();
        compile_unevaluated();
    }

    // ---- access to the keywords' values

    bool has(keyword which) const { return values_[static_cast<std::size_t>(which)] != no_index; }

    schema_place at(keyword which) const {
        return {place_.document, values_[static_cast<std::size_t>(which)]};
    }

    const json_node& value(keyword which) const { return documents_.node(at(which)); }
    const json_node* nodes() const { return documents_.nodes(place_); }

    const json_node& value(keyword which, std::uint8_t types, const char* wanted) const {
        const json_node& found = value(which);
        if ((found.type & types) == 0) documents_.refuse(at(which), wanted);
        return found;
    }

    template <class Visit>
    void each_in_array(keyword which, Visit&& visit) {
        value(which, json_type::array, "must be an array");
        each_element(nodes(), at(which).value, [&](std::uint32_t element) {
            visit(schema_place{place_.document, element});
            return true;
        });
    }

    template <class Visit>
    void each_in_object(keyword which, Visit&& visit) {
        value(which, json_type::object, "must be an object");
        const json_node* const all = nodes();
        each_member(all, at(which).value, [&](std::uint32_t name, std::uint32_t member) {
            visit(all[name].view(), schema_place{place_.document, member});
            return true;
        });
    }

    void emit(keyword what, std::uint8_t applies_to, std::uint32_t operand) {
        program_.code.push_back({what, applies_to, operand});
    }

    // ---- values of any type, and numbers

    void compile_values() {
        if (has(keyword::type)) program_.nodes[current_].types = types_of(at(keyword::type));
        if (has(keyword::constant)) emit_values(keyword::constant, {at(keyword::constant).value});
        if (has(keyword::enumeration)) {
            std::vector<std::uint32_t> places;
            each_in_array(keyword::enumeration,
                          [&](schema_place each) { places.push_back(each.value); });
            emit_values(keyword::enumeration, places);
        }
        for (const keyword each : {keyword::minimum, keyword::maximum, keyword::exclusive_minimum,
                                   keyword::exclusive_maximum}) {
            if (has(each)) compile_bound(each);
        }
        if (has(keyword::multiple_of)) compile_divisor();
    }

    void emit_values(keyword which, const std::vector<std::uint32_t>& places) {
        emit(which, json_type::any, builder_.append_values(place_.document, places));
    }

    std::uint8_t types_of(schema_place place) {
        if (documents_.node(place).type == json_type::string) return type_named(place);
        if (documents_.node(place).type != json_type::array || documents_.node(place).count == 0)
            documents_.refuse(place, "must be the name of a type or an array of such names");
        std::uint8_t types = 0;
        each_in_array(keyword::type, [&](schema_place each) {
            const std::uint8_t type = type_named(each);
            // "number" has "integer" in it, and either may come first
            types = static_cast<std::uint8_t>(types | type);
        });
        return types;
    }

    std::uint8_t type_named(schema_place place) {
        struct named_type {
            std::string_view name;
            std::uint8_t types;
        };
        static constexpr std::array<named_type, 7> named{{{"null", json_type::null},
                                                          {"boolean", json_type::boolean},
                                                          {"object", json_type::object},
                                                          {"array", json_type::array},
                                                          {"string", json_type::string},
                                                          {"integer", json_type::integer},
                                                          {"number", json_type::number}}};
        const json_node& found = documents_.node(place);
        if (found.type == json_type::string) {
            for (const named_type& each : named) {
                if (each.name == found.view()) return each.types;
            }
        }
        documents_.refuse(place, "must be one of the seven names of types");
    }

    void compile_bound(keyword which) {
        const json_node& limit = value(which, json_type::number, "must be a number");
        const bool is_integer = limit.type == json_type::integer;
        emit(which, json_type::number,
             builder_.append(program_.bounds,
                             number_bound{decimal(limit.view()), is_integer ? limit.integer : 0,
                                          is_integer, limit.view()}));
    }

    void compile_divisor() {
        const keyword which = keyword::multiple_of;
        const json_node& found = value(which, json_type::number, "must be a number");
        const decimal exact(found.view());
        if (exact.is_zero() || exact.is_negative())
            documents_.refuse(at(which), "must be greater than 0");
        if (!divisor::takes(exact)) documents_.refuse(at(which), "has more than 19 digits");
        const std::int64_t integer = found.type == json_type::integer ? found.integer : 0;
        emit(which, json_type::number,
             builder_.append(program_.divisors,
                             number_divisor{divisor(exact), integer, found.view()}));
    }

    // The limit of a length or a number of entries; nothing is as large as the largest.
    std::uint32_t limit_at(keyword which) {
        constexpr const char* wanted = "must be a whole number that is not negative";
        const json_node& found = value(which, json_type::number, wanted);
        const decimal exact(found.view());
        if (!exact.is_integer() || exact.is_negative()) documents_.refuse(at(which), wanted);
        if (exact.highest() > 9) return no_index;
        std::uint64_t limit = 0;
        exact.each_digit([&](unsigned digit) { limit = limit * 10 + digit; });
        for (std::int64_t i = 0; i < exact.lowest(); ++i)
            limit *= 10;
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, no_index));
    }

    void compile_limit(keyword which, std::uint8_t type) {
        if (has(which)) emit(which, type, limit_at(which));
    }

    // ---- strings

    void compile_strings(const dialect& in) {
        compile_limit(keyword::min_length, json_type::string);
        compile_limit(keyword::max_length, json_type::string);
        if (has(keyword::pattern)) {
            const json_node& spelled =
                value(keyword::pattern, json_type::string, "must be a string");
            emit(keyword::pattern, json_type::string,
                 pattern_of(spelled.view(), at(keyword::pattern)));
        }
        if (has(keyword::format)) {
            const json_node& name = value(keyword::format, json_type::string, "must be a string");
            if (in.asserts_formats && matches_format(name.view(), ""))
                emit(keyword::format, json_type::string,
                     builder_.append(program_.formats, name.view()));
        }
    }

    std::uint32_t pattern_of(std::string_view spelled, schema_place place) {
        const auto [known, is_new] =
            patterns_.try_emplace(spelled, static_cast<std::uint32_t>(program_.patterns.size()));
        if (!is_new) return known->second;
        try {
            program_.patterns.push_back({pattern(spelled), spelled});
        } catch (const error& failed) {
            documents_.refuse(place, std::string("is refused: ") + failed.what());
        }
        return known->second;
    }

    // ---- arrays

    void compile_array(const dialect& in) {
        compile_limit(keyword::min_items, json_type::array);
        compile_limit(keyword::max_items, json_type::array);
        compile_items(in);
        compile_contains();
        if (has(keyword::unique_items) &&
            value(keyword::unique_items, json_type::boolean, "must be true or false").truth)
            emit(keyword::unique_items, json_type::array, 0);
    }

    void compile_items(const dialect& in) {
        item_rules rules;
        keyword prefix = keyword::prefix_items;
        keyword rest = keyword::items;
        if (in.is_draft_7() && has(keyword::items)) {
            if (value(keyword::items).type == json_type::array) {
                prefix = keyword::items;
                rest = keyword::additional_items;
            }
        }
        if (has(prefix)) rules.prefix = append_schemas(prefix, false);
        if (has(rest)) rules.rest = node_of(at(rest));
        if (has(prefix) || has(rest))
            emit(keyword::items, json_type::array, builder_.append(program_.items, rules));
    }

    index_range append_schemas(keyword which, bool in_place) {
        std::vector<std::uint32_t> found;
        each_in_array(which, [&](schema_place each) {
            found.push_back(in_place ? in_place_node_of(each) : node_of(each));
        });
        if (found.empty() && in_place) documents_.refuse(at(which), "must not be empty");
        return builder_.append_all(program_.lists, found);
    }

    void compile_contains() {
        if (has(keyword::min_contains)) limit_at(keyword::min_contains);
        if (has(keyword::max_contains)) limit_at(keyword::max_contains);
        if (!has(keyword::contains)) return;
        contains_rule rule{node_of(at(keyword::contains)), 1, no_index};
        if (has(keyword::min_contains)) rule.least = limit_at(keyword::min_contains);
        if (has(keyword::max_contains)) rule.most = limit_at(keyword::max_contains);
        emit(keyword::contains, json_type::array, builder_.append(program_.contains, rule));
    }

    // ---- objects: all that looks at members becomes one instruction

    void compile_members() {
        compile_limit(keyword::min_properties, json_type::object);
        compile_limit(keyword::max_properties, json_type::object);
        names_.clear();
        number_of_name_.clear();
        member_rules rules;
        bool found = false;
        if (has(keyword::properties)) {
            found = true;
            each_in_object(keyword::properties, [&](std::string_view name, schema_place schema) {
                names_[number_of(name)].schema = node_of(schema);
            });
        }
        if (has(keyword::required)) {
            found = true;
            rules.required = required_names(at(keyword::required));
        }
        if (has(keyword::pattern_properties)) {
            found = true;
            rules.patterns = pattern_rules();
        }
        rules.dependencies = dependency_rules();
        if (has(keyword::additional_properties))
            rules.additional = node_of(at(keyword::additional_properties));
        if (has(keyword::property_names)) rules.names = node_of(at(keyword::property_names));
        if (!found && rules.dependencies.count == 0 && rules.additional == no_index &&
            rules.names == no_index)
            return;
        rules.table = builder_.append_names(names_);
        emit(keyword::properties, json_type::object, builder_.append(program_.members, rules));
    }

    std::uint32_t number_of(std::string_view name) {
        const auto next = static_cast<std::uint32_t>(names_.size());
        const auto [at, is_new] = number_of_name_.try_emplace(name, next);
        if (is_new) names_.push_back({name, hash_of(name, program_.seed), no_index});
        return at->second;
    }

    index_range required_names(schema_place place) {
        if (documents_.node(place).type != json_type::array)
            documents_.refuse(place, "must be an array of names");
        std::vector<std::uint32_t> found;
        each_element(nodes(), place.value, [&](std::uint32_t at) {
            const json_node& name = nodes()[at];
            if (name.type != json_type::string)
                documents_.refuse({place.document, at}, "must be a string");
            found.push_back(number_of(name.view()));
            return true;
        });
        return builder_.append_all(program_.lists, found);
    }

    index_range pattern_rules() {
        std::vector<pattern_rule> rules;
        each_in_object(keyword::pattern_properties,
                       [&](std::string_view spelled, schema_place schema) {
                           rules.push_back({pattern_of(spelled, schema), node_of(schema)});
                       });
        return builder_.append_all(program_.pattern_rules, rules);
    }

    index_range dependency_rules() {
        std::vector<dependency_rule> rules;
        for (const keyword by :
             {keyword::dependent_required, keyword::dependent_schemas, keyword::dependencies}) {
            if (!has(by)) continue;
            each_in_object(by, [&](std::string_view name, schema_place what) {
                dependency_rule rule{number_of(name), {}, no_index, by};
                if (by == keyword::dependent_required ||
                    (by == keyword::dependencies &&
                     documents_.node(what).type == json_type::array)) {
                    rule.required = required_names(what);
                } else {
                    rule.schema = in_place_node_of(what);
                }
                rules.push_back(rule);
            });
        }
        return builder_.append_all(program_.dependencies, rules);
    }

    // ---- other schemas for the same value

    void compile_references() {
        if (has(keyword::reference)) {
            const auto found = resolve(keyword::reference);
            emit(keyword::reference, json_type::any, in_place_node_of(found.place));
        }
        if (has(keyword::dynamic_reference)) {
            const auto found = resolve(keyword::dynamic_reference);
            // where it leads is known only when a value is judged
            const bool looks_on = !found.dynamic_anchor.empty();
            const std::uint32_t fallback =
                looks_on ? node_of(found.place) : in_place_node_of(found.place);
            const std::uint32_t anchor = looks_on ? anchor_number(found.dynamic_anchor) : no_index;
            emit(keyword::dynamic_reference, json_type::any,
                 builder_.append(program_.dynamic_targets, dynamic_target{fallback, anchor}));
        }
    }

    schema_documents::target resolve(keyword which) {
        const json_node& reference = value(which, json_type::string, "must be a string");
        return documents_.resolve(resource_, at(which), reference.view());
    }

    std::uint32_t anchor_number(const std::string& name) {
        const auto next = static_cast<std::uint32_t>(anchor_numbers_.size());
        return anchor_numbers_.try_emplace(name, next).first->second;
    }

    void compile_combinations() {
        for (const keyword each : {keyword::all_of, keyword::any_of, keyword::one_of}) {
            if (has(each))
                emit(each, json_type::any,
                     builder_.append(program_.ranges, append_schemas(each, true)));
        }
        if (has(keyword::negation))
            emit(keyword::negation, json_type::any, in_place_node_of(at(keyword::negation)));
        if (!has(keyword::condition)) return;
        condition_rule rule{in_place_node_of(at(keyword::condition)), no_index, no_index};
        if (has(keyword::then_branch))
            rule.then_branch = in_place_node_of(at(keyword::then_branch));
        if (has(keyword::else_branch))
            rule.else_branch = in_place_node_of(at(keyword::else_branch));
        emit(keyword::condition, json_type::any, builder_.append(program_.conditions, rule));
    }

    void compile_unevaluated() {
        std::uint8_t types = 0;
        if (has(keyword::unevaluated_items)) {
            types |= json_type::array;
            emit(keyword::unevaluated_items, json_type::array,
                 node_of(at(keyword::unevaluated_items)));
        }
        if (has(keyword::unevaluated_properties)) {
            types |= json_type::object;
            emit(keyword::unevaluated_properties, json_type::object,
                 node_of(at(keyword::unevaluated_properties)));
        }
        program_.nodes[current_].unevaluated = types;
    }

    // ---- when all schemas are compiled

    void add_dynamic_anchors() {
        if (anchor_numbers_.empty()) return;
        // those that are compiled for it may bring more documents and anchors with them
        for (std::size_t i = 0; i < documents_.dynamic_anchors().size(); ++i) {
            const auto [name, place] = documents_.dynamic_anchors()[i];
            program_.dynamic_anchors.push_back(
                {anchor_number(name), documents_.resource_of(place), node_of(place)});
            compile_waiting();
        }
        std::sort(program_.dynamic_anchors.begin(), program_.dynamic_anchors.end());
    }

    // Refuses schemas that lead back to themselves without going on to another value.
    void refuse_endless() const {
        enum : std::uint8_t { unseen, open, done };
        std::vector<std::uint8_t> state(in_place_.size(), unseen);
        std::vector<std::pair<std::uint32_t, std::size_t>> path;
        for (std::uint32_t start = 0; start < in_place_.size(); ++start) {
            if (state[start] == unseen) path.emplace_back(start, 0);
            while (!path.empty()) {
                auto& [node, next] = path.back();
                state[node] = open;
                if (next == in_place_[node].size()) {
                    state[node] = done;
                    path.pop_back();
                    continue;
                }
                const std::uint32_t other = in_place_[node][next++];
                if (state[other] == open)
                    documents_.refuse(places_[other], "leads back to itself without end");
                if (state[other] == unseen) path.emplace_back(other, 0);
            }
        }
    }

    schema_program& program_;
    schema_documents documents_;
    schema_program_builder builder_;
    std::vector<schema_place> places_;                  // of the program's nodes
    std::vector<std::vector<std::uint32_t>> in_place_;  // what they lead to for the same value
    std::uint32_t compiled_ = 0;
    std::unordered_map<std::uint64_t, std::uint32_t> index_of_;
    std::unordered_map<std::string, std::uint32_t> anchor_numbers_;
    std::unordered_map<std::string_view, std::uint32_t> patterns_;

    // of the schema that is being compiled
    std::uint32_t current_ = 0;
    schema_place place_{};
    std::uint32_t resource_ = 0;
    std::array<std::uint32_t, keyword_count> values_{};
    std::vector<member_name> names_;
    std::unordered_map<std::string_view, std::uint32_t> number_of_name_;
};

}  // namespace conclave::json::detail
