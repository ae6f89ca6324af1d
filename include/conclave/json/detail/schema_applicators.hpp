#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_hash.hpp>
#include <conclave/json/detail/schema_keyword_values.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_program_builder.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/schema_worklist.hpp>

namespace conclave::json::detail {

// Compiles the keywords of a schema that lead to other schemas, and `required` with them: all that
// looks at members becomes one instruction.
class applicator_compiler {
public:
    applicator_compiler(schema_program& program, schema_documents& documents,
                        schema_program_builder& builder, schema_worklist& worklist,
                        std::uint32_t resource, const schema_keyword_values& keywords)
        : program_(program),
          documents_(documents),
          builder_(builder),
          worklist_(worklist),
          resource_(resource),
          keywords_(keywords) {}

    // Returns the types whose members or elements have to be kept account of.
    std::uint8_t compile() {
        compile_items();
        compile_contains();
        compile_members();
        compile_references();
        compile_combinations();
        return compile_unevaluated();
    }

private:
    void compile_items() {
        item_rules rules;
        keyword prefix = keyword::prefix_items;
        keyword rest = keyword::items;
        if (keywords_.written_in().is_draft_7() && keywords_.has(keyword::items)) {
            if (keywords_.value(keyword::items).type == json_type::array) {
                prefix = keyword::items;
                rest = keyword::additional_items;
            }
        }
        if (keywords_.has(prefix)) rules.prefix = append_schemas(prefix, false);
        if (keywords_.has(rest)) rules.rest = worklist_.node_of(keywords_.at(rest));
        if (keywords_.has(prefix) || keywords_.has(rest))
            builder_.emit(keyword::items, json_type::array, builder_.append(program_.items, rules));
    }

    index_range append_schemas(keyword which, bool in_place) {
        std::vector<std::uint32_t> found;
        keywords_.each_in_array(which, [&](schema_place each) {
            found.push_back(in_place ? worklist_.in_place_node_of(each) : worklist_.node_of(each));
        });
        if (found.empty() && in_place) keywords_.refuse(which, "must not be empty");
        return builder_.append_all(program_.lists, found);
    }

    void compile_contains() {
        if (keywords_.has(keyword::min_contains)) keywords_.limit(keyword::min_contains);
        if (keywords_.has(keyword::max_contains)) keywords_.limit(keyword::max_contains);
        if (!keywords_.has(keyword::contains)) return;
        contains_rule rule{worklist_.node_of(keywords_.at(keyword::contains)), 1, no_index};
        if (keywords_.has(keyword::min_contains))
            rule.least = keywords_.limit(keyword::min_contains);
        if (keywords_.has(keyword::max_contains))
            rule.most = keywords_.limit(keyword::max_contains);
        builder_.emit(keyword::contains, json_type::array,
                      builder_.append(program_.contains, rule));
    }

    void compile_members() {
        member_rules rules;
        bool found = false;
        if (keywords_.has(keyword::properties)) {
            found = true;
            keywords_.each_in_object(keyword::properties,
                                     [&](std::string_view name, schema_place schema) {
                                         names_[number_of(name)].schema = worklist_.node_of(schema);
                                     });
        }
        if (keywords_.has(keyword::required)) {
            found = true;
            rules.required = required_names(keywords_.at(keyword::required));
            for (const std::uint32_t each : program_.list(rules.required))
                if (each < 64) rules.required_few |= std::uint64_t{1} << each;
        }
        if (keywords_.has(keyword::pattern_properties)) {
            found = true;
            rules.patterns = pattern_rules();
        }
        rules.dependencies = dependency_rules();
        if (keywords_.has(keyword::additional_properties))
            rules.additional = worklist_.node_of(keywords_.at(keyword::additional_properties));
        if (keywords_.has(keyword::property_names))
            rules.names = worklist_.node_of(keywords_.at(keyword::property_names));
        if (!found && rules.dependencies.count == 0 && rules.additional == no_index &&
            rules.names == no_index)
            return;
        rules.table = builder_.append_names(names_);
        builder_.emit(keyword::properties, json_type::object,
                      builder_.append(program_.members, rules));
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
        each_element(keywords_.nodes(), place.value, [&](std::uint32_t at) {
            const json_node& name = keywords_.nodes()[at];
            if (name.type != json_type::string)
                documents_.refuse({place.document, at}, "must be a string");
            found.push_back(number_of(name.view()));
            return true;
        });
        return builder_.append_all(program_.lists, found);
    }

    index_range pattern_rules() {
        std::vector<pattern_rule> rules;
        keywords_.each_in_object(
            keyword::pattern_properties, [&](std::string_view spelled, schema_place schema) {
                rules.push_back({builder_.append_pattern(documents_, spelled, schema),
                                 worklist_.node_of(schema)});
            });
        return builder_.append_all(program_.pattern_rules, rules);
    }

    index_range dependency_rules() {
        std::vector<dependency_rule> rules;
        for (const keyword by :
             {keyword::dependent_required, keyword::dependent_schemas, keyword::dependencies}) {
            if (!keywords_.has(by)) continue;
            keywords_.each_in_object(by, [&](std::string_view name, schema_place what) {
                dependency_rule rule{number_of(name), {}, no_index, by};
                if (by == keyword::dependent_required ||
                    (by == keyword::dependencies &&
                     documents_.node(what).type == json_type::array)) {
                    rule.required = required_names(what);
                } else {
                    rule.schema = worklist_.in_place_node_of(what);
                }
                rules.push_back(rule);
            });
        }
        return builder_.append_all(program_.dependencies, rules);
    }

    void compile_references() {
        if (keywords_.has(keyword::reference)) {
            const auto found = resolve(keyword::reference);
            builder_.emit(keyword::reference, json_type::any,
                          worklist_.in_place_node_of(found.place));
        }
        if (keywords_.has(keyword::dynamic_reference)) {
            const auto found = resolve(keyword::dynamic_reference);
            // where it leads is known only when a value is judged
            const bool looks_on = !found.dynamic_anchor.empty();
            const std::uint32_t fallback =
                looks_on ? worklist_.node_of(found.place) : worklist_.in_place_node_of(found.place);
            const std::uint32_t anchor =
                looks_on ? worklist_.anchor_number(found.dynamic_anchor) : no_index;
            builder_.emit(
                keyword::dynamic_reference, json_type::any,
                builder_.append(program_.dynamic_targets, dynamic_target{fallback, anchor}));
        }
    }

    schema_documents::target resolve(keyword which) {
        return documents_.resolve(resource_, keywords_.at(which), keywords_.text(which));
    }

    void compile_combinations() {
        for (const keyword each : {keyword::all_of, keyword::any_of, keyword::one_of}) {
            if (keywords_.has(each))
                builder_.emit(each, json_type::any,
                              builder_.append(program_.ranges, append_schemas(each, true)));
        }
        if (keywords_.has(keyword::negation))
            builder_.emit(keyword::negation, json_type::any,
                          worklist_.in_place_node_of(keywords_.at(keyword::negation)));
        if (!keywords_.has(keyword::condition)) return;
        condition_rule rule{worklist_.in_place_node_of(keywords_.at(keyword::condition)), no_index,
                            no_index};
        if (keywords_.has(keyword::then_branch))
            rule.then_branch = worklist_.in_place_node_of(keywords_.at(keyword::then_branch));
        if (keywords_.has(keyword::else_branch))
            rule.else_branch = worklist_.in_place_node_of(keywords_.at(keyword::else_branch));
        builder_.emit(keyword::condition, json_type::any,
                      builder_.append(program_.conditions, rule));
    }

    std::uint8_t compile_unevaluated() {
        std::uint8_t types = 0;
        if (keywords_.has(keyword::unevaluated_items)) {
            types |= json_type::array;
            builder_.emit(keyword::unevaluated_items, json_type::array,
                          worklist_.node_of(keywords_.at(keyword::unevaluated_items)));
        }
        if (keywords_.has(keyword::unevaluated_properties)) {
            types |= json_type::object;
            builder_.emit(keyword::unevaluated_properties, json_type::object,
                          worklist_.node_of(keywords_.at(keyword::unevaluated_properties)));
        }
        return types;
    }

    schema_program& program_;
    schema_documents& documents_;
    schema_program_builder& builder_;
    schema_worklist& worklist_;
    std::uint32_t resource_;
    const schema_keyword_values& keywords_;
    std::vector<member_name> names_;
    std::unordered_map<std::string_view, std::uint32_t, seeded_hash> number_of_name_;
};

}  // namespace conclave::json::detail
