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
    static constexpr frame nowhere{nullptr, 0, keyword::count};

    void begin(const json_node* nodes, std::size_t count) {
        constexpr std::uint64_t at_least = 1'000'000;
        nodes_ = nodes;
        node_count_ = count;
        bits_.clear();
        scope_.clear();
        depth_ = 0;
        budget_.reset(at_least + count * program_.limits.max_steps_per_value);
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
        if constexpr (Explain) {
            return apply_at<Explain>(node, at, track, frame{outer, schema, by});
        } else {
            static constexpr frame none{nullptr, 0, keyword::count};
            return apply_at<Explain>(node, at, track, none);
        }
    }

    template <bool Explain>
    bool apply_at(const schema_node& node, std::uint32_t at, std::uint32_t track,
                  const frame& here) {
        if (node.first == node.last) return fits_type<Explain>(node, at, here);
        if (node.is_leaf) return run_checks<Explain>(node, at, here);
        return enter<Explain>(node, at, track, here);
    }

    template <bool Explain>
    [[gnu::noinline]] bool enter(const schema_node& node, std::uint32_t at, std::uint32_t track,
                                 const frame& here) {
        if (++depth_ > program_.limits.max_evaluation_depth) refuse_depth();
        const bool enters =
            !program_.dynamic_anchors.empty() && (scope_.empty() || scope_.back() != node.resource);
        if (enters) scope_.push_back(node.resource);
        const bool holds = run<Explain>(node, at, track, here);
        if (enters) scope_.pop_back();
        --depth_;
        return holds;
    }

    // Judges by a schema that leads to no other.
    template <bool Explain>
    bool run_checks(const schema_node& node, std::uint32_t at, const frame& here) {
        bool holds = fits_type<Explain>(node, at, here);
        if (!holds && stops<Explain>()) return false;
        const std::uint8_t type = nodes_[at].type;
        for (std::uint32_t i = node.first; i < node.last; ++i) {
            const instruction& each = program_.code[i];
            if ((each.applies_to & type) == 0 || check<Explain>(each, at, here)) continue;
            holds = false;
            if (stops<Explain>()) break;
        }
        return holds;
    }

    // Judges a part of a value where only the verdict counts: `apply` without what that needs for
    // its reports.
    bool is_part_valid(std::uint32_t schema, std::uint32_t at) {
        budget_.take(1);
        const schema_node& node = program_.nodes[schema];
        const json_node& value = nodes_[at];
        if (!has_type(value, node.types)) return false;
        if (!node.is_leaf) return enter_part(node, at);
        const std::uint8_t type = value.type;
        const instruction* const last = program_.code.data() + node.last;
        for (const instruction* each = program_.code.data() + node.first; each != last; ++each) {
            if ((each->applies_to & type) != 0 &&
                !checks_.holds(program_, *each, nodes_, at, budget_))
                return false;
        }
        return true;
    }

    // `enter` for such a part, whose type fits.
    [[gnu::noinline]] bool enter_part(const schema_node& node, std::uint32_t at) {
        const std::uint8_t type = nodes_[at].type;
        if (!program_.dynamic_anchors.empty() || (node.unevaluated & type) != 0)
            return enter<false>(node, at, no_index, nowhere);
        if (++depth_ > program_.limits.max_evaluation_depth) refuse_depth();
        bool holds = true;
        for (std::uint32_t i = node.first; holds && i < node.last; ++i) {
            const instruction& each = program_.code[i];
            if ((each.applies_to & type) == 0) continue;
            holds = each.what == keyword::reference ? is_part_valid(each.operand, at)
                                                    : step<false>(each, at, no_index, nowhere);
        }
        --depth_;
        return holds;
    }

    [[noreturn]] static void refuse_depth() {
        throw work_exhausted{"takes more schemas inside each other to judge than allowed"};
    }

    template <bool Explain>
    bool fits_type(const schema_node& node, std::uint32_t at, const frame& here) {
        if (has_type(nodes_[at], node.types)) [[likely]]
            return true;
        if constexpr (Explain) {
            if (node.types == 0) {
                report(here, keyword::count, at, "is not allowed");
            } else {
                report(here, keyword::type, at,
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
            report(here, what.what, at, complaint_of(program_, what, nodes_, at));
        return false;
    }

    void report(const frame& here, keyword which, std::uint32_t at, const std::string& complaint) {
        // where it is, is found by going there from the outermost value and schema
        budget_.take(node_count_ / 8 + depth_ * (1 + program_.nodes.size() / 64));
        report_.add(here, which, nodes_, at, complaint);
    }

    // Which names of a table an object has: bits in `few` up to 64 names, else a set.
    struct seen_names {
        std::uint64_t few = 0;
        std::uint32_t many = no_index;
    };
    void note(seen_names& seen, std::uint32_t name) noexcept {
        if (seen.many != no_index) return bits_.add(seen.many, name);
        seen.few |= std::uint64_t{1} << (name & 63);
    }
    bool has(const seen_names& seen, std::uint32_t name) const noexcept {
        return seen.many != no_index ? bits_.has(seen.many, name) : (seen.few >> name & 1) != 0;
    }

    // For objects. The first where only the verdict counts, and only names decide which schema is
    // for which member.
    bool are_members_valid(const member_rules& rules, std::uint32_t at);
    template <bool Explain>
    bool members(const member_rules& rules, std::uint32_t at, std::uint32_t track,
                 const frame& here);
    // Judges a member. Returns whether some schema was for it.
    template <bool Explain>
    bool member(const member_rules& rules, std::uint32_t name, std::uint32_t value,
                std::uint32_t& guess, seen_names& seen, const frame& here, bool& holds);
    template <bool Explain>
    bool has_required(const member_rules& rules, std::uint32_t at, const seen_names& seen,
                      const frame& here);
    template <bool Explain>
    bool dependencies(const member_rules& rules, std::uint32_t at, std::uint32_t track,
                      const seen_names& seen, const frame& here);
    std::string_view name_at(const member_rules& rules, std::uint32_t number) const;

    // For arrays.
    template <bool Explain>
    bool items(const item_rules& rules, std::uint32_t at, std::uint32_t track, const frame& here);
    template <bool Explain>
    bool contains(const contains_rule& rule, std::uint32_t at, std::uint32_t track,
                  const frame& here);

    // Other schemas for the same value.
    // The schema of the outermost resource on the way here that has the anchor.
    std::uint32_t dynamic_target_of(const instruction& what);
    std::span<const std::uint32_t> branches(const instruction& what) const;
    // Judges by a schema that may fail without harm: notes what it has looked at if it does not.
    bool tries(std::uint32_t schema, std::uint32_t at, std::uint32_t track);
    template <bool Explain>
    bool all_of(const instruction& what, std::uint32_t at, std::uint32_t track, const frame& here);
    template <bool Explain>
    bool any_of(const instruction& what, std::uint32_t at, std::uint32_t track, const frame& here);
    template <bool Explain>
    bool one_of(const instruction& what, std::uint32_t at, std::uint32_t track, const frame& here);
    // None of several alternatives: with the errors of all, or the sentence of the nearest.
    void report_none(const instruction& what, std::uint32_t at, const frame& here);
    template <bool Explain>
    bool negation(const instruction& what, std::uint32_t at, const frame& here);
    template <bool Explain>
    bool condition(const instruction& what, std::uint32_t at, std::uint32_t track,
                   const frame& here);

    // What no other keyword has looked at.
    template <bool Explain>
    bool unevaluated(const instruction& what, std::uint32_t at, std::uint32_t track,
                     const frame& here);

    const schema_program& program_;
    const json_node* nodes_ = nullptr;
    std::size_t node_count_ = 0;
    schema_checks checks_;
    schema_report report_;
    bit_stack bits_;
    std::vector<std::uint32_t> scope_;  // the resources on the way to the schema at work
    std::size_t depth_ = 0;
    step_budget budget_;
};

}  // namespace conclave::json::detail

#include <conclave/json/detail/schema_evaluator_entries.hpp>
#include <conclave/json/detail/schema_evaluator_in_place.hpp>
