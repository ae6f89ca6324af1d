#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/detail/schema_checks.hpp>
#include <conclave/json/detail/schema_messages.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_report.hpp>
#include <conclave/json/detail/schema_scratch.hpp>
#include <conclave/json/detail/schema_value.hpp>

namespace conclave::json::detail {

// Runs a program on a value. With `Explain` it collects errors, else it stops at the first and
// allocates nothing once it has seen values as large.
//
// `track` is where the members or elements that a schema has looked at are noted, for the
// `unevaluated…` keywords of the schemas around it; `no_index` where none is interested.
class schema_evaluator {
public:
    explicit schema_evaluator(const schema_program& program) : program_(program) {}

    bool is_valid(const json_node* nodes, std::size_t count) {
        begin(nodes, count);
        try {
            return apply<false>(0, 0, no_index, nullptr, keyword::count);
        } catch (const work_exhausted&) {
            return false;
        }
    }

    // The errors are valid until the next call.
    std::vector<schema_error>& explain(const json_node* nodes, std::size_t count, bool first_only) {
        begin(nodes, count);
        report_.begin(program_, first_only);
        try {
            apply<true>(0, 0, no_index, nullptr, keyword::count);
        } catch (const work_exhausted& exhausted) {
            report_.errors().clear();
            report_.add_whole(exhausted.complaint);
        }
        return report_.errors();
    }

    // The error of a text that cannot be judged.
    std::vector<schema_error>& explain_text(const std::string& complaint) {
        report_.begin(program_, true);
        report_.add_whole(complaint);
        return report_.errors();
    }

private:
    using frame = schema_frame;

    void begin(const json_node* nodes, std::size_t count) {
        constexpr std::uint64_t at_least = 1'000'000;
        nodes_ = nodes;
        bits_.clear();
        scope_.clear();
        depth_ = 0;
        budget_.reset(at_least + count * program_.options.max_steps_per_value);
    }

    template <bool Explain>
    bool stops() const noexcept {
        if constexpr (Explain) return report_.is_full();
        return true;
    }

    // Judges a value by a schema that `outer` led to.
    template <bool Explain>
    bool apply(std::uint32_t schema, std::uint32_t at, std::uint32_t track, const frame* outer,
               keyword by) {
        budget_.take(1);
        const schema_node& node = program_.nodes[schema];
        const frame inner{outer, schema, by};
        if (node.first == node.last) return fits_type<Explain>(node, at, inner);
        if (++depth_ > program_.options.max_evaluation_depth)
            throw work_exhausted{"takes more schemas inside each other to judge than allowed"};
        const bool enters =
            !program_.dynamic_anchors.empty() && (scope_.empty() || scope_.back() != node.resource);
        if (enters) scope_.push_back(node.resource);
        const bool holds = run<Explain>(node, at, track, inner);
        if (enters) scope_.pop_back();
        --depth_;
        return holds;
    }

    template <bool Explain>
    bool fits_type(const schema_node& node, std::uint32_t at, const frame& here) {
        if (has_type(nodes_[at], node.types)) [[likely]]
            return true;
        if constexpr (Explain) {
            if (node.is_false) {
                report_.add(here, keyword::count, nodes_, at, "is not allowed");
            } else {
                report_.add(
                    here, keyword::type, nodes_, at,
                    "must be " + named_types(node.types) + ", but is " + described(nodes_[at]));
            }
        }
        return false;
    }

    template <bool Explain>
    bool run(const schema_node& node, std::uint32_t at, std::uint32_t track, const frame& here) {
        const json_node& value = nodes_[at];
        bool holds = fits_type<Explain>(node, at, here);
        if (!holds && stops<Explain>()) return false;
        const bool accounts = (node.unevaluated & value.type) != 0;
        const std::uint32_t own = accounts ? open_set(at) : track;
        for (std::uint32_t i = node.first; i < node.last; ++i) {
            const instruction& each = program_.code[i];
            if ((each.applies_to & value.type) == 0) continue;
            if (step<Explain>(each, at, own, here)) continue;
            holds = false;
            if (stops<Explain>()) break;
        }
        if (accounts) {
            if (holds) bits_.add_all(track, own, value.count);
            bits_.close(own);
        }
        return holds;
    }

    // A new set for the members or elements of a value.
    std::uint32_t open_set(std::uint32_t at) {
        const json_node& value = nodes_[at];
        const bool has_any = (value.type & (json_type::object | json_type::array)) != 0;
        const std::uint64_t count = has_any ? value.count : 0;
        budget_.take(count / 64);
        return bits_.open(count);
    }

    template <bool Explain>
    bool step(const instruction& what, std::uint32_t at, std::uint32_t track, const frame& here) {
        switch (what.what) {
            case keyword::properties:
                return members<Explain>(program_.members[what.operand], at, track, here);
            case keyword::items:
                return items<Explain>(program_.items[what.operand], at, track, here);
            case keyword::contains:
                return contains<Explain>(program_.contains[what.operand], at, track, here);
            case keyword::reference:
                return apply<Explain>(what.operand, at, track, &here, keyword::reference);
            case keyword::dynamic_reference:
                return apply<Explain>(dynamic_target_of(what), at, track, &here,
                                      keyword::dynamic_reference);
            case keyword::all_of: return all_of<Explain>(what, at, track, here);
            case keyword::any_of: return any_of<Explain>(what, at, track, here);
            case keyword::one_of: return one_of<Explain>(what, at, track, here);
            case keyword::negation: return negation<Explain>(what, at, here);
            case keyword::condition: return condition<Explain>(what, at, track, here);
            case keyword::unevaluated_items:
            case keyword::unevaluated_properties:
                return unevaluated<Explain>(what, at, track, here);
            default: return check<Explain>(what, at, here);
        }
    }

    template <bool Explain>
    bool check(const instruction& what, std::uint32_t at, const frame& here) {
        if (checks_.holds(program_, what, nodes_, at, budget_)) [[likely]]
            return true;
        if constexpr (Explain)
            report_.add(here, what.what, nodes_, at, complaint_of(program_, what, nodes_[at]));
        return false;
    }

    // ---- objects

    template <bool Explain>
    bool members(const member_rules& rules, std::uint32_t at, std::uint32_t track,
                 const frame& here) {
        const bool asks = rules.required.count + rules.dependencies.count > 0;
        const std::uint32_t seen = asks ? bits_.open(rules.table.names.count) : no_index;
        std::uint32_t guess = 0;
        std::uint64_t number = 0;
        bool holds = true;
        each_member(nodes_, at, [&](std::uint32_t name, std::uint32_t value) {
            if (member<Explain>(rules, name, value, guess, seen, here, holds))
                bits_.add(track, number);
            ++number;
            return holds || !stops<Explain>();
        });
        if (asks && (holds || !stops<Explain>())) {
            if (!has_required<Explain>(rules, at, seen, here)) holds = false;
            if ((holds || !stops<Explain>()) &&
                !dependencies<Explain>(rules, at, track, seen, here))
                holds = false;
        }
        if (asks) bits_.close(seen);
        return holds;
    }

    // Judges a member. Returns whether some schema was for it.
    template <bool Explain>
    bool member(const member_rules& rules, std::uint32_t name, std::uint32_t value,
                std::uint32_t& guess, std::uint32_t seen, const frame& here, bool& holds) {
        const auto judge = [&](std::uint32_t schema, std::uint32_t what) {
            if (holds || !stops<Explain>())
                holds &= apply<Explain>(schema, what, no_index, &here, keyword::properties);
        };
        bool is_known = false;
        const std::uint32_t found = program_.find_name(rules.table, nodes_[name].view(), guess);
        if (found != no_index) {
            guess = found + 1;
            bits_.add(seen, found);
            const std::uint32_t schema = program_.names[rules.table.names.first + found].schema;
            if (schema != no_index) {
                is_known = true;
                judge(schema, value);
            }
        }
        for (std::uint32_t i = 0; i < rules.patterns.count; ++i) {
            const pattern_rule& each = program_.pattern_rules[rules.patterns.first + i];
            budget_.take(1);
            if (!schema_checks::matches(program_.patterns[each.pattern], nodes_[name], budget_))
                continue;
            is_known = true;
            judge(each.schema, value);
        }
        if (!is_known && rules.additional != no_index) {
            is_known = true;
            judge(rules.additional, value);
        }
        if (rules.names != no_index) judge(rules.names, name);
        return is_known;
    }

    template <bool Explain>
    bool has_required(const member_rules& rules, std::uint32_t at, std::uint32_t seen,
                      const frame& here) {
        bool holds = true;
        for (const std::uint32_t each : program_.list(rules.required)) {
            if (bits_.has(seen, each)) continue;
            holds = false;
            if constexpr (Explain)
                report_.add(here, keyword::required, nodes_, at,
                            "must have " + quoted(name_at(rules, each)));
            if (stops<Explain>()) break;
        }
        return holds;
    }

    template <bool Explain>
    bool dependencies(const member_rules& rules, std::uint32_t at, std::uint32_t track,
                      std::uint32_t seen, const frame& here) {
        bool holds = true;
        for (std::uint32_t i = 0; i < rules.dependencies.count; ++i) {
            const dependency_rule& rule = program_.dependencies[rules.dependencies.first + i];
            if (!bits_.has(seen, rule.trigger)) continue;
            if (rule.schema != no_index)
                holds &= apply<Explain>(rule.schema, at, track, &here, rule.by);
            for (const std::uint32_t each : program_.list(rule.required)) {
                if (bits_.has(seen, each)) continue;
                holds = false;
                if constexpr (Explain)
                    report_.add(here, rule.by, nodes_, at,
                                "must have " + quoted(name_at(rules, each)) + " as it has " +
                                    quoted(name_at(rules, rule.trigger)));
                if (stops<Explain>()) break;
            }
            if (!holds && stops<Explain>()) break;
        }
        return holds;
    }

    std::string_view name_at(const member_rules& rules, std::uint32_t number) const {
        return program_.names[rules.table.names.first + number].name;
    }

    // ---- arrays

    template <bool Explain>
    bool items(const item_rules& rules, std::uint32_t at, std::uint32_t track, const frame& here) {
        const std::uint32_t* const prefix = program_.lists.data() + rules.prefix.first;
        std::uint32_t number = 0;
        bool holds = true;
        each_element(nodes_, at, [&](std::uint32_t element) {
            const bool is_first = number < rules.prefix.count;
            if (!is_first && rules.rest == no_index) return false;
            const std::uint32_t schema = is_first ? prefix[number] : rules.rest;
            ++number;
            holds &= apply<Explain>(schema, element, no_index, &here, keyword::items);
            return holds || !stops<Explain>();
        });
        bits_.add_first(track, number);
        return holds;
    }

    template <bool Explain>
    bool contains(const contains_rule& rule, std::uint32_t at, std::uint32_t track,
                  const frame& here) {
        const bool stops_early = rule.most == no_index && track == no_index;
        std::uint64_t number = 0;
        std::uint64_t found = 0;
        each_element(nodes_, at, [&](std::uint32_t element) {
            if (stops_early && found >= rule.least) return false;
            if (apply<false>(rule.schema, element, no_index, nullptr, keyword::contains)) {
                ++found;
                bits_.add(track, number);
            }
            ++number;
            return true;
        });
        if (found >= rule.least && found <= rule.most) return true;
        if constexpr (Explain) {
            const bool too_few = found < rule.least;
            const keyword which = !too_few          ? keyword::max_contains
                                  : rule.least == 1 ? keyword::contains
                                                    : keyword::min_contains;
            report_.add(here, which, nodes_, at,
                        std::string(too_few ? "must have at least " : "must have at most ") +
                            counted(too_few ? rule.least : rule.most, "item", "items") +
                            " of the kind that \"contains\" asks for, but has " +
                            std::to_string(found));
        }
        return false;
    }

    // ---- other schemas for the same value

    // The schema of the outermost resource on the way here that has the anchor.
    std::uint32_t dynamic_target_of(const instruction& what) {
        const dynamic_target& target = program_.dynamic_targets[what.operand];
        if (target.anchor == no_index) return target.fallback;
        const auto& anchors = program_.dynamic_anchors;
        for (const std::uint32_t resource : scope_) {
            budget_.take(1);
            const auto found = std::lower_bound(anchors.begin(), anchors.end(),
                                                dynamic_anchor{target.anchor, resource, 0});
            if (found != anchors.end() && found->anchor == target.anchor &&
                found->resource == resource)
                return found->schema;
        }
        return target.fallback;
    }

    std::span<const std::uint32_t> branches(const instruction& what) const {
        return program_.list(program_.ranges[what.operand]);
    }

    // Judges by a schema that may fail without harm: notes what it has looked at if it does not.
    bool tries(std::uint32_t schema, std::uint32_t at, std::uint32_t track) {
        if (track == no_index) return apply<false>(schema, at, no_index, nullptr, keyword::count);
        const std::uint32_t own = open_set(at);
        const bool holds = apply<false>(schema, at, own, nullptr, keyword::count);
        if (holds) bits_.add_all(track, own, nodes_[at].count);
        bits_.close(own);
        return holds;
    }

    template <bool Explain>
    bool all_of(const instruction& what, std::uint32_t at, std::uint32_t track, const frame& here) {
        bool holds = true;
        for (const std::uint32_t each : branches(what)) {
            holds &= apply<Explain>(each, at, track, &here, keyword::all_of);
            if (!holds && stops<Explain>()) break;
        }
        return holds;
    }

    template <bool Explain>
    bool any_of(const instruction& what, std::uint32_t at, std::uint32_t track, const frame& here) {
        bool holds = false;
        for (const std::uint32_t each : branches(what)) {
            holds |= tries(each, at, track);
            if (holds && track == no_index) break;
        }
        if constexpr (Explain) {
            if (!holds) report_none(what, at, here);
        }
        return holds;
    }

    template <bool Explain>
    bool one_of(const instruction& what, std::uint32_t at, std::uint32_t track, const frame& here) {
        std::size_t first = 0;
        std::size_t second = 0;
        std::size_t number = 0;
        for (const std::uint32_t each : branches(what)) {
            ++number;
            if (!tries(each, at, track)) continue;
            (first == 0 ? first : second) = number;
            if (second != 0) break;
        }
        if (first != 0 && second == 0) return true;
        if constexpr (Explain) {
            if (first == 0) {
                report_none(what, at, here);
            } else {
                report_.add(here, what.what, nodes_, at,
                            "must match exactly one of " + std::to_string(branches(what).size()) +
                                " alternatives, but matches number " + std::to_string(first) +
                                " and number " + std::to_string(second));
            }
        }
        return false;
    }

    // None of several alternatives: with the errors of all, or the sentence of the nearest.
    void report_none(const instruction& what, std::uint32_t at, const frame& here) {
        std::vector<schema_error>& errors = report_.errors();
        const std::size_t own = errors.size();
        const std::string complaint =
            "matches none of " + counted(branches(what).size(), "alternative", "alternatives");
        report_.add(here, what.what, nodes_, at, complaint);
        if (!report_.first_only()) {
            for (const std::uint32_t each : branches(what)) {
                if (report_.is_full()) break;
                apply<true>(each, at, no_index, &here, what.what);
            }
            return;
        }
        std::vector<schema_error> kept;
        kept.swap(errors);
        std::vector<schema_error> nearest;
        for (const std::uint32_t each : branches(what)) {
            errors.clear();
            apply<true>(each, at, no_index, &here, what.what);
            for (schema_error& one : errors)
                nearest.push_back(std::move(one));
        }
        errors = std::move(nearest);
        const std::string sentence = report_.take_nearest(0);
        errors = std::move(kept);
        if (!sentence.empty()) errors[own].message += "; of the nearest, " + sentence;
    }

    template <bool Explain>
    bool negation(const instruction& what, std::uint32_t at, const frame& here) {
        if (!apply<false>(what.operand, at, no_index, nullptr, keyword::negation)) return true;
        if constexpr (Explain)
            report_.add(
                here, what.what, nodes_, at,
                "must not be of the kind that \"not\" describes, but is " + described(nodes_[at]));
        return false;
    }

    template <bool Explain>
    bool condition(const instruction& what, std::uint32_t at, std::uint32_t track,
                   const frame& here) {
        const condition_rule& rule = program_.conditions[what.operand];
        const std::uint32_t next =
            tries(rule.condition, at, track) ? rule.then_branch : rule.else_branch;
        return next == no_index || apply<Explain>(next, at, track, &here, keyword::condition);
    }

    // ---- what no other keyword has looked at

    template <bool Explain>
    bool unevaluated(const instruction& what, std::uint32_t at, std::uint32_t track,
                     const frame& here) {
        std::uint64_t number = 0;
        bool holds = true;
        const auto judge = [&](std::uint32_t value) {
            if (!bits_.has(track, number++))
                holds &= apply<Explain>(what.operand, value, no_index, &here, what.what);
            return holds || !stops<Explain>();
        };
        if (what.what == keyword::unevaluated_items) {
            each_element(nodes_, at, judge);
        } else {
            each_member(nodes_, at,
                        [&](std::uint32_t, std::uint32_t value) { return judge(value); });
        }
        bits_.add_first(track, nodes_[at].count);
        return holds;
    }

    const schema_program& program_;
    const json_node* nodes_ = nullptr;
    schema_checks checks_;
    schema_report report_;
    bit_stack bits_;
    std::vector<std::uint32_t> scope_;  // the resources on the way to the schema at work
    std::size_t depth_ = 0;
    step_budget budget_;
};

}  // namespace conclave::json::detail
