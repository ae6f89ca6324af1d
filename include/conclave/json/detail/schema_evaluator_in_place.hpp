#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <conclave/json/detail/schema_evaluator.hpp>
#include <conclave/json/detail/schema_words.hpp>

namespace conclave::json::detail {

// How `schema_evaluator` judges a value by other schemas.

inline std::uint32_t schema_evaluator::dynamic_target_of(const instruction& what) {
    const dynamic_target& target = program_.dynamic_targets[what.operand];
    if (target.anchor == no_index) return target.fallback;
    const auto& anchors = program_.dynamic_anchors;
    for (const std::uint32_t resource : scope_) {
        budget_.take(1);
        const auto found = std::lower_bound(anchors.begin(), anchors.end(),
                                            dynamic_anchor{target.anchor, resource, 0});
        if (found != anchors.end() && found->anchor == target.anchor && found->resource == resource)
            return found->schema;
    }
    return target.fallback;
}

inline std::span<const std::uint32_t> schema_evaluator::branches(const instruction& what) const {
    return program_.list(program_.ranges[what.operand]);
}

inline bool schema_evaluator::tries(std::uint32_t schema, std::uint32_t at, std::uint32_t track) {
    if (track == no_index) return is_part_valid(schema, at);
    const std::uint32_t own = open_set(at);
    const bool holds = apply<false>(schema, at, own, nullptr, keyword::count);
    if (holds) bits_.add_all(track, own, nodes_[at].count);
    bits_.close(own);
    return holds;
}

template <bool Explain>
bool schema_evaluator::all_of(const instruction& what, std::uint32_t at, std::uint32_t track,
                              const frame& here) {
    bool holds = true;
    for (const std::uint32_t each : branches(what)) {
        holds &= apply<Explain>(each, at, track, &here, keyword::all_of);
        if (!holds && stops<Explain>()) break;
    }
    return holds;
}

template <bool Explain>
bool schema_evaluator::any_of(const instruction& what, std::uint32_t at, std::uint32_t track,
                              const frame& here) {
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
bool schema_evaluator::one_of(const instruction& what, std::uint32_t at, std::uint32_t track,
                              const frame& here) {
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
            report(here, what.what, at,
                   "must match exactly one of " + std::to_string(branches(what).size()) +
                       " alternatives, but matches number " + std::to_string(first) +
                       " and number " + std::to_string(second));
        }
    }
    return false;
}

inline void schema_evaluator::report_none(const instruction& what, std::uint32_t at,
                                          const frame& here) {
    std::vector<schema_error>& errors = report_.errors();
    const std::size_t own = errors.size();
    const std::string complaint =
        "matches none of " + counted(branches(what).size(), "alternative", "alternatives");
    report(here, what.what, at, complaint);
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
bool schema_evaluator::negation(const instruction& what, std::uint32_t at, const frame& here) {
    if (!apply<false>(what.operand, at, no_index, nullptr, keyword::negation)) return true;
    if constexpr (Explain)
        report(here, what.what, at,
               "must not be of the kind that \"not\" describes, but is " + described(nodes_[at]));
    return false;
}

template <bool Explain>
bool schema_evaluator::condition(const instruction& what, std::uint32_t at, std::uint32_t track,
                                 const frame& here) {
    const condition_rule& rule = program_.conditions[what.operand];
    const std::uint32_t next =
        tries(rule.condition, at, track) ? rule.then_branch : rule.else_branch;
    return next == no_index || apply<Explain>(next, at, track, &here, keyword::condition);
}

}  // namespace conclave::json::detail
