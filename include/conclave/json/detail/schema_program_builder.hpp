#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/detail/schema_program.hpp>

namespace conclave::json::detail {

// Puts the parts of a program into its arrays.
class schema_program_builder {
public:
    explicit schema_program_builder(schema_program& program) : program_(program) {}

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
            values.push_back({hash_of(nodes, at, program_.seed), document, at});
        }
        const index_range range = append_all(program_.values, values);
        const auto hash = [&](std::size_t i) { return values[i].hash; };
        return append(program_.value_sets,
                      allowed_values{range, append_slots(values.size(), hash), types});
    }

private:
    // Up to so many entries are compared one by one.
    static constexpr std::size_t few = 8;

    schema_program& program_;
};

}  // namespace conclave::json::detail
