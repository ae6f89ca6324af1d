#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/detail/schema_content.hpp>
#include <conclave/json/detail/schema_decimal.hpp>
#include <conclave/json/detail/schema_hash.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_scratch.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/format.hpp>

namespace conclave::json::detail {

// How many code points a text in UTF-8 has.
inline std::size_t count_code_points(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    std::size_t following = 0;  // bytes that are not the first of theirs
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        following += (word >> 7 & ~word >> 6 & ones) * ones >> 56;
    }
    for (; at < text.size(); ++at)
        following += (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80 ? 1 : 0;
    return text.size() - following;
}

// Whether a value is of one of these types.
inline bool has_type(const json_node& value, std::uint8_t types) noexcept {
    if ((value.type & types) != 0) [[likely]]
        return true;
    return value.type == json_type::real && (types & json_type::integer) != 0 &&
           decimal(value.view()).is_integer();
}

// The keywords that need no other schema to judge a value.
class schema_checks {
public:
    [[gnu::always_inline]] bool holds(const schema_program& program, const instruction& check,
                                      const json_node* nodes, std::uint32_t at,
                                      step_budget& budget) {
        const json_node& value = nodes[at];
        switch (check.what) {
            case keyword::minimum: return order(value, program.bounds[check.operand]) >= 0;
            case keyword::maximum: return order(value, program.bounds[check.operand]) <= 0;
            case keyword::exclusive_minimum: return order(value, program.bounds[check.operand]) > 0;
            case keyword::exclusive_maximum: return order(value, program.bounds[check.operand]) < 0;
            case keyword::multiple_of: return is_multiple(value, program.divisors[check.operand]);
            case keyword::min_length: return is_as_long(value.view(), check.operand, budget);
            case keyword::max_length:
                return value.size <= check.operand ||
                       !is_as_long(value.view(), std::uint64_t{check.operand} + 1, budget);
            case keyword::pattern: return matches(program.patterns[check.operand], value, budget);
            case keyword::format:
                budget.take(value.size / bytes_of_step);
                return matches_format(program.formats[check.operand], value.view());
            case keyword::content_encoding:
            case keyword::content_media_type:
                return has_content(check, value, program.limits.max_depth, budget);
            case keyword::min_items:
            case keyword::min_properties: return value.count >= check.operand;
            case keyword::max_items:
            case keyword::max_properties: return value.count <= check.operand;
            case keyword::unique_items: return has_no_equals(nodes, at, program.seed, budget);
            default: return is_allowed(program, check, nodes, at, budget);
        }
    }

    static bool matches(const pattern_use& used, const json_node& value, step_budget& budget) {
        budget.take(value.size / bytes_of_step);
        return used.expression.found_in(value.view());
    }

private:
    static constexpr std::uint64_t bytes_of_step = 32;
    // Up to so many items are compared one by one.
    static constexpr std::uint64_t few = 6;

    static int order(const json_node& value, const number_bound& bound) noexcept {
        if (value.scale != no_scale && bound.small.scale != no_scale)
            return compare(small_decimal{value.integer, value.scale}, bound.small);
        return exact_order(value, bound);
    }
    [[gnu::noinline]] static int exact_order(const json_node& value,
                                             const number_bound& bound) noexcept {
        return compare(decimal(value.view()), bound.exact);
    }

    [[gnu::noinline]] static bool is_multiple(const json_node& value,
                                              const number_divisor& divisor) noexcept {
        if (divisor.integer != 0 && value.type == json_type::integer && value.scale == 0)
            return value.integer % divisor.integer == 0;
        return divisor.exact.divides(decimal(value.view()));
    }

    // Whether a text has so many code points, each of which is one to four bytes.
    static bool is_as_long(std::string_view text, std::uint64_t length, step_budget& budget) {
        if (text.size() < length) return false;
        if (text.size() / 4 >= length) return true;
        budget.take(text.size() / bytes_of_step);
        return count_code_points(text) >= length;
    }

    [[gnu::noinline]] bool has_content(const instruction& check, const json_node& value,
                                       std::size_t max_depth, step_budget& budget) {
        budget.take(value.size / bytes_of_step);
        if (check.what == keyword::content_encoding) return content_.is_base64(value.view());
        return check.operand == 0 ? content_.is_json(value.view(), max_depth)
                                  : content_.is_json_in_base64(value.view(), max_depth);
    }

    [[gnu::noinline]] bool is_allowed(const schema_program& program, const instruction& check,
                                      const json_node* nodes, std::uint32_t at,
                                      step_budget& budget) {
        const allowed_values& allowed = program.value_sets[check.operand];
        const json_node& value = nodes[at];
        if ((value.type & allowed.types) == 0) return false;
        budget.take(value.next - at);
        const allowed_value* const first = program.values.data() + allowed.values.first;
        const auto equal = [&](const allowed_value& each) {
            const json_node& other = each.nodes[each.value];
            if (value.type == json_type::string)
                return other.type == json_type::string && same_text(value.view(), other.view());
            return equal_(nodes, at, each.nodes, each.value);
        };
        if (allowed.slots.count == 0) {
            budget.take(allowed.values.count);
            return std::any_of(first, first + allowed.values.count, equal);
        }
        const std::uint64_t hash = hash_of(nodes, at, program.seed);
        return find_slot(program.list(allowed.slots), hash, [&](std::uint32_t i) {
                   return first[i].hash == hash && equal(first[i]);
               }) != no_index;
    }

    [[gnu::noinline]] bool has_no_equals(const json_node* nodes, std::uint32_t array,
                                         std::uint64_t seed, step_budget& budget) {
        if (nodes[array].count < 2) return true;
        budget.take(nodes[array].next - array);
        if (nodes[array].count <= few) return has_no_equal_pair(nodes, array);
        hashes_.clear();
        each_element(nodes, array, [&](std::uint32_t at) {
            hashes_.emplace_back(hash_of(nodes, at, seed), at);
            return true;
        });
        std::sort(hashes_.begin(), hashes_.end());
        for (std::size_t first = 0; first < hashes_.size(); ++first) {
            for (std::size_t other = first + 1; is_as_hashed(first, other); ++other) {
                if (equal_(nodes, hashes_[first].second, nodes, hashes_[other].second))
                    return false;
            }
        }
        return true;
    }

    bool has_no_equal_pair(const json_node* nodes, std::uint32_t array) {
        const std::uint32_t end = nodes[array].next;
        for (std::uint32_t one = array + 1; one < end; one = nodes[one].next) {
            for (std::uint32_t other = nodes[one].next; other < end; other = nodes[other].next) {
                if (equal_(nodes, one, nodes, other)) return false;
            }
        }
        return true;
    }

    bool is_as_hashed(std::size_t first, std::size_t other) const noexcept {
        return other < hashes_.size() && hashes_[other].first == hashes_[first].first;
    }

    content_checker content_;
    json_equality equal_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> hashes_;
};

}  // namespace conclave::json::detail
