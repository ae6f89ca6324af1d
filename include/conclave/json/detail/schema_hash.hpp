#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>
#include <vector>

#include <conclave/json/detail/schema_decimal.hpp>
#include <conclave/json/detail/schema_value.hpp>

namespace conclave::json::detail {

// A number that nobody outside this process knows, so that no text can be made whose hashes are
// all alike.
inline std::uint64_t hash_seed() {
    static const std::uint64_t seed = [] {
        std::random_device device;
        return (std::uint64_t{device()} << 32 | device()) | 1;
    }();
    return seed;
}

// All bits of both in all bits of the result.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
    const auto word = [](const char* from, std::size_t size) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, from, size);
        return bytes;
    };
    std::uint64_t state = seed ^ text.size();
    while (text.size() > 8) {
        state = mix(state ^ word(text.data(), 8), odd ^ seed);
        text.remove_prefix(8);
    }
    state ^= text.empty() ? 0 : word(text.data(), text.size());
    return mix(mix(state, odd ^ seed), odd);
}

inline std::uint64_t hash_of(std::int64_t number, std::uint64_t seed) noexcept {
    return mix(mix(static_cast<std::uint64_t>(number) ^ seed, 0xA0761D6478BD642F), seed | 1);
}

// For maps whose keys come from texts of others.
struct seeded_hash {
    std::size_t operator()(std::string_view text) const { return hash_of(text, hash_seed()); }
};

// The hash of a number's value, however it is spelled: of whole numbers of at most 18 digits that
// of the number, of others that of their digits.
inline std::uint64_t hash_of(const decimal& number, std::uint64_t seed) noexcept {
    constexpr std::uint64_t odd = 0xD1B54A32D192ED03;
    constexpr std::int64_t most = 17;
    if (number.is_integer() && number.highest() <= most) {
        std::int64_t value = 0;
        number.each_digit([&](unsigned digit) { value = value * 10 + digit; });
        for (std::int64_t i = 0; i < number.lowest(); ++i)
            value *= 10;
        return hash_of(number.is_negative() ? -value : value, seed);
    }
    const auto power = static_cast<std::uint64_t>(number.highest());
    std::uint64_t state = mix(seed ^ (power * 2 + (number.is_negative() ? 1 : 0)), odd);
    number.each_digit([&](unsigned digit) { state = mix(state ^ digit, odd ^ seed); });
    return state;
}

// The hash of a value: that of equal values is the same. Linear in the size of the text.
inline std::uint64_t hash_of(const json_node* nodes, std::uint32_t at, std::uint64_t seed) {
    const json_node& node = nodes[at];
    switch (node.type) {
        case json_type::null: return mix(seed, 3);
        case json_type::boolean: return mix(seed, node.truth ? 5 : 7);
        case json_type::string: return hash_of(node.view(), seed);
        case json_type::integer:
        case json_type::real:
            return node.scale == 0 ? hash_of(node.integer, seed)
                                   : hash_of(decimal(node.view()), seed);
        case json_type::array: {
            std::uint64_t state = seed + 11;
            each_element(nodes, at, [&](std::uint32_t element) {
                state = mix(state ^ hash_of(nodes, element, seed), seed) + 1;
                return true;
            });
            return state;
        }
        default: {
            std::uint64_t sum = seed + 13;  // the order of members does not count
            each_member(nodes, at, [&](std::uint32_t name, std::uint32_t value) {
                const std::uint64_t named = hash_of(nodes[name].view(), seed);
                sum += mix(named ^ seed, hash_of(nodes, value, seed) | 1);
                return true;
            });
            return sum;
        }
    }
}

// Whether two values are the same as JSON Schema has it: numbers by value, members in any order.
class json_equality {
public:
    bool operator()(const json_node* left, std::uint32_t a, const json_node* right,
                    std::uint32_t b) {
        const json_node& one = left[a];
        const json_node& other = right[b];
        if ((one.type & json_type::number) != 0) return equal_numbers(one, other);
        if (one.type != other.type) return false;
        switch (one.type) {
            case json_type::null: return true;
            case json_type::boolean: return one.truth == other.truth;
            case json_type::string: return same_text(one.view(), other.view());
            case json_type::array: return equal_arrays(left, a, right, b);
            default: return equal_objects(left, a, right, b);
        }
    }

private:
    static bool equal_numbers(const json_node& one, const json_node& other) {
        if ((other.type & json_type::number) == 0) return false;
        if (one.scale == 0 && other.scale == 0) return one.integer == other.integer;
        return compare(decimal(one.view()), decimal(other.view())) == 0;
    }

    bool equal_arrays(const json_node* left, std::uint32_t a, const json_node* right,
                      std::uint32_t b) {
        if (left[a].count != right[b].count) return false;
        std::uint32_t other = b + 1;
        return each_element(left, a, [&](std::uint32_t element) {
            if (!(*this)(left, element, right, other)) return false;
            other = right[other].next;
            return true;
        });
    }

    // By the names in order, for which they are put behind what is in `names_` already.
    bool equal_objects(const json_node* left, std::uint32_t a, const json_node* right,
                       std::uint32_t b) {
        if (left[a].count != right[b].count) return false;
        const std::size_t first = add_sorted_names(left, a);
        const std::size_t second = add_sorted_names(right, b);
        bool same = true;
        for (std::size_t i = 0; same && i < second - first; ++i) {
            const std::uint32_t one = names_[first + i];
            const std::uint32_t other = names_[second + i];
            same =
                left[one].view() == right[other].view() && (*this)(left, one + 1, right, other + 1);
        }
        names_.resize(first);
        return same;
    }

    std::size_t add_sorted_names(const json_node* nodes, std::uint32_t object) {
        const std::size_t first = names_.size();
        each_member(nodes, object, [&](std::uint32_t name, std::uint32_t) {
            names_.push_back(name);
            return true;
        });
        const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
        // in their order where they are the same
        std::sort(begin, names_.end(), [&](std::uint32_t x, std::uint32_t y) {
            const int order = nodes[x].view().compare(nodes[y].view());
            return order != 0 ? order < 0 : x < y;
        });
        return first;
    }

    std::vector<std::uint32_t> names_;
};

}  // namespace conclave::json::detail
