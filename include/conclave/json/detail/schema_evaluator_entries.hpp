#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <conclave/json/detail/schema_evaluator.hpp>
#include <conclave/json/detail/schema_words.hpp>

namespace conclave::json::detail {

// How `schema_evaluator` judges the members of objects and the elements of arrays.

inline bool schema_evaluator::are_members_valid(const member_rules& rules, std::uint32_t at) {
    const member_name* const known = program_.names.data() + rules.table.names.first;
    const std::uint32_t end = nodes_[at].next;
    budget_.take(nodes_[at].count);
    std::uint32_t guess = 0;
    std::uint64_t seen = 0;
    for (std::uint32_t name = at + 1; name < end; name = nodes_[name + 1].next) {
        const std::uint32_t found = program_.find_name(rules.table, nodes_[name].view(), guess);
        std::uint32_t schema = rules.additional;
        if (found != no_index) {
            guess = found + 1;
            seen |= std::uint64_t{1} << found;
            if (known[found].schema != no_index) schema = known[found].schema;
        }
        if (schema != no_index && !is_part_valid(schema, name + 1)) return false;
    }
    return (rules.required_few & ~seen) == 0;
}

template <bool Explain>
bool schema_evaluator::members(const member_rules& rules, std::uint32_t at, std::uint32_t track,
                               const frame& here) {
    constexpr std::uint32_t few = 64;
    const std::uint32_t names = rules.table.names.count;
    if constexpr (!Explain) {
        const bool by_name = rules.patterns.count + rules.dependencies.count == 0 &&
                             rules.names == no_index && names <= few;
        if (by_name && track == no_index) return are_members_valid(rules, at);
    }
    budget_.take(nodes_[at].count + names / few);
    seen_names seen;
    const bool asks = rules.required.count + rules.dependencies.count > 0;
    const bool needs_set = asks && names > few;
    if (needs_set) seen.many = bits_.open(names);
    std::uint32_t guess = 0;
    std::uint64_t number = 0;
    bool holds = true;
    each_member(nodes_, at, [&](std::uint32_t name, std::uint32_t value) {
        if (member<Explain>(rules, name, value, guess, seen, here, holds)) bits_.add(track, number);
        ++number;
        return holds || !stops<Explain>();
    });
    if (asks && (holds || !stops<Explain>())) {
        const bool has_all = !needs_set && (rules.required_few & ~seen.few) == 0;
        if (!has_all && !has_required<Explain>(rules, at, seen, here)) holds = false;
        if ((holds || !stops<Explain>()) && !dependencies<Explain>(rules, at, track, seen, here))
            holds = false;
    }
    if (needs_set) bits_.close(seen.many);
    return holds;
}

template <bool Explain>
bool schema_evaluator::member(const member_rules& rules, std::uint32_t name, std::uint32_t value,
                              std::uint32_t& guess, seen_names& seen, const frame& here,
                              bool& holds) {
    const auto judge = [&](std::uint32_t schema, std::uint32_t what) {
        if (holds || !stops<Explain>())
            holds &= apply<Explain>(schema, what, no_index, &here, keyword::properties);
    };
    bool is_known = false;
    const std::uint32_t found = program_.find_name(rules.table, nodes_[name].view(), guess);
    if (found != no_index) {
        guess = found + 1;
        note(seen, found);
        const std::uint32_t schema = program_.names[rules.table.names.first + found].schema;
        if (schema != no_index) {
            is_known = true;
            judge(schema, value);
        }
    }
    if (rules.patterns.count > 0) {
        for (const pattern_rule& each : program_.rules_of(rules.patterns)) {
            budget_.take(1);
            if (!schema_checks::matches(program_.patterns[each.pattern], nodes_[name], budget_))
                continue;
            is_known = true;
            judge(each.schema, value);
        }
    }
    if (!is_known && rules.additional != no_index) {
        is_known = true;
        judge(rules.additional, value);
    }
    if (rules.names != no_index) judge(rules.names, name);
    return is_known;
}

template <bool Explain>
bool schema_evaluator::has_required(const member_rules& rules, std::uint32_t at,
                                    const seen_names& seen, const frame& here) {
    bool holds = true;
    for (const std::uint32_t each : program_.list(rules.required)) {
        if (has(seen, each)) continue;
        holds = false;
        if constexpr (Explain)
            report(here, keyword::required, at, "must have " + in_quotes(name_at(rules, each)));
        if (stops<Explain>()) break;
    }
    return holds;
}

template <bool Explain>
bool schema_evaluator::dependencies(const member_rules& rules, std::uint32_t at,
                                    std::uint32_t track, const seen_names& seen,
                                    const frame& here) {
    bool holds = true;
    for (std::uint32_t i = 0; i < rules.dependencies.count; ++i) {
        const dependency_rule& rule = program_.dependencies[rules.dependencies.first + i];
        if (!has(seen, rule.trigger)) continue;
        if (rule.schema != no_index)
            holds &= apply<Explain>(rule.schema, at, track, &here, rule.by);
        for (const std::uint32_t each : program_.list(rule.required)) {
            if (has(seen, each)) continue;
            holds = false;
            if constexpr (Explain)
                report(here, rule.by, at,
                       "must have " + in_quotes(name_at(rules, each)) + " as it has " +
                           in_quotes(name_at(rules, rule.trigger)));
            if (stops<Explain>()) break;
        }
        if (!holds && stops<Explain>()) break;
    }
    return holds;
}

inline std::string_view schema_evaluator::name_at(const member_rules& rules,
                                                  std::uint32_t number) const {
    return program_.names[rules.table.names.first + number].name;
}

template <bool Explain>
bool schema_evaluator::items(const item_rules& rules, std::uint32_t at, std::uint32_t track,
                             const frame& here) {
    if constexpr (!Explain) {
        if (rules.prefix.count == 0 && rules.rest != no_index && track == no_index) {
            return each_element(nodes_, at, [&](std::uint32_t element) {
                return is_part_valid(rules.rest, element);
            });
        }
    }
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
bool schema_evaluator::contains(const contains_rule& rule, std::uint32_t at, std::uint32_t track,
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
        report(here, which, at,
               std::string(too_few ? "must have at least " : "must have at most ") +
                   counted(too_few ? rule.least : rule.most, "item", "items") +
                   " of the kind that \"contains\" asks for, but has " + std::to_string(found));
    }
    return false;
}

template <bool Explain>
bool schema_evaluator::unevaluated(const instruction& what, std::uint32_t at, std::uint32_t track,
                                   const frame& here) {
    budget_.take(nodes_[at].count);
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
        each_member(nodes_, at, [&](std::uint32_t, std::uint32_t value) { return judge(value); });
    }
    bits_.add_first(track, nodes_[at].count);
    return holds;
}

}  // namespace conclave::json::detail
