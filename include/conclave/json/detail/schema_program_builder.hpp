#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/pattern.hpp>

namespace conclave::json::detail {

// Puts the parts of a program into its arrays.
class schema_program_builder {
public:
    schema_program_builder(schema_program& program, std::size_t max_patterns)
        : program_(program), max_patterns_(max_patterns) {}

    // Appends a part to one of the program's arrays; returns its index.
    template <class Part>
    static std::uint32_t append(std::vector<Part>& parts, Part part) {
        parts.push_back(std::move(part));
        return static_cast<std::uint32_t>(parts.size() - 1);
    }

    // Appends parts to one of the program's arrays.
    template <class Part>
    static index_range append_all(std::vector<Part>& to, const std::vector<Part>& parts) {
        const index_range range{static_cast<std::uint32_t>(to.size()),
                                static_cast<std::uint32_t>(parts.size())};
        to.insert(to.end(), parts.begin(), parts.end());
        return range;
    }

    // Appends a table of `count` entries by their hashes; empty if there are few.
    template <class HashOf>
    index_range append_slots(std::size_t count, HashOf&& hash) {
        if (count <= few) return {};
        std::vector<std::uint32_t> slots(std::bit_ceil(count * 2), no_index);
        const std::size_t mask = slots.size() - 1;
        for (std::uint32_t i = 0; i < count; ++i) {
            std::size_t at = hash(i) & mask;
            while (slots[at] != no_index)
                at = (at + 1) & mask;
            slots[at] = i;
        }
        return append_all(program_.lists, slots);
    }

    name_table append_names(const std::vector<member_name>& names) {
        const index_range range = append_all(program_.names, names);
        return {range, append_slots(names.size(), [&](std::size_t i) { return names[i].hash; })};
    }

    // Takes the values at these places of a document as those that are allowed.
    std::uint32_t append_values(std::uint32_t document, const std::vector<std::uint32_t>& places) {
        const json_node* const nodes = program_.documents[document]->reader.nodes();
        std::vector<allowed_value> values;
        std::uint8_t types = 0;
        for (const std::uint32_t at : places) {
            const std::uint8_t type = nodes[at].type;
            types |= (type & json_type::number) != 0 ? json_type::number : type;
            values.push_back({hash_of(nodes, at, program_.seed), nodes, at});
        }
        const index_range range = append_all(program_.values, values);
        const auto hash = [&](std::size_t i) { return values[i].hash; };
        return append(program_.value_sets,
                      allowed_values{range, append_slots(values.size(), hash), types});
    }

    // A regular expression that stands there; each is compiled once.
    std::uint32_t append_pattern(const schema_documents& documents, std::string_view spelled,
                                 schema_place place) {
        const auto next = static_cast<std::uint32_t>(program_.patterns.size());
        const auto [known, is_new] = patterns_.try_emplace(spelled, next);
        if (!is_new) return known->second;
        if (next == max_patterns_) documents.refuse(place, "is one regular expression too many");
        try {
            program_.patterns.push_back({pattern(spelled), spelled});
        } catch (const error& failed) {
            documents.refuse(place, std::string("is refused: ") + failed.what());
        }
        return next;
    }

    void emit(keyword what, std::uint8_t applies_to, std::uint32_t operand) {
        program_.code.push_back({what, applies_to, operand});
    }

private:
    // Up to so many entries are compared one by one.
    static constexpr std::size_t few = 8;

    schema_program& program_;
    std::size_t max_patterns_;
    std::unordered_map<std::string_view, std::uint32_t, seeded_hash> patterns_;
};

}  // namespace conclave::json::detail
