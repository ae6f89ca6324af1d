#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <conclave/json/detail/schema_hash.hpp>
#include <conclave/json/detail/schema_pointer.hpp>
#include <conclave/json/detail/schema_value.hpp>

namespace conclave::json::detail {

// Finds members by name and elements by their number in decimal, as a JSON Pointer has them.
// Objects and arrays with many entries are looked through once and for all.
class entry_finder {
public:
    // The value, or nothing. `nodes` are the same for each call with this `document`.
    std::optional<std::uint32_t> find(std::uint32_t document, const json_node* nodes,
                                      std::uint32_t parent, std::string_view step) {
        const json_node& node = nodes[parent];
        const bool is_object = node.type == json_type::object;
        if (!is_object && node.type != json_type::array) return std::nullopt;
        if (node.count > few) return find_in_large(document, nodes, parent, step);
        if (!is_object) return element_at(nodes, parent, step);
        std::optional<std::uint32_t> found;
        each_member(nodes, parent, [&](std::uint32_t name, std::uint32_t value) {
            if (nodes[name].view() == step) found = value;
            return !found;
        });
        return found;
    }

private:
    static constexpr std::uint64_t few = 16;
    using entries = std::unordered_map<std::string, std::uint32_t, seeded_hash>;

    std::optional<std::uint32_t> find_in_large(std::uint32_t document, const json_node* nodes,
                                               std::uint32_t parent, std::string_view step) {
        entries& in = large_[std::uint64_t{document} << 32 | parent];
        if (in.empty()) {
            if (nodes[parent].type == json_type::object) {
                each_member(nodes, parent, [&](std::uint32_t name, std::uint32_t value) {
                    in.emplace(nodes[name].view(), value);
                    return true;
                });
            } else {
                each_element(nodes, parent, [&](std::uint32_t at) {
                    in.emplace(std::to_string(in.size()), at);
                    return true;
                });
            }
        }
        const auto found = in.find(std::string(step));
        if (found == in.end()) return std::nullopt;
        return found->second;
    }

    std::unordered_map<std::uint64_t, entries> large_;
};

}  // namespace conclave::json::detail
