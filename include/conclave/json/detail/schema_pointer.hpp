#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/json/detail/schema_value.hpp>

namespace conclave::json::detail {

// Appends a step of a JSON Pointer (RFC 6901).
inline void append_step(std::string& pointer, std::string_view name) {
    pointer += '/';
    for (const char each : name) {
        if (each == '~') {
            pointer += "~0";
        } else if (each == '/') {
            pointer += "~1";
        } else {
            pointer += each;
        }
    }
}

// Appends the steps that lead from the value `from` to the value `to`, which is it or below it. The
// name of a member is where its value is.
inline void append_path(std::string& pointer, const json_node* nodes, std::uint32_t from,
                        std::uint32_t to) {
    while (from != to) {
        std::uint32_t below = to;
        if (nodes[from].type == json_type::object) {
            each_member(nodes, from, [&](std::uint32_t name, std::uint32_t value) {
                if (to >= nodes[value].next) return true;
                append_step(pointer, nodes[name].view());
                below = to == name ? to : value;
                return false;
            });
        } else {
            std::size_t index = 0;
            each_element(nodes, from, [&](std::uint32_t element) {
                if (to < nodes[element].next) {
                    below = element;
                    return false;
                }
                ++index;
                return true;
            });
            append_step(pointer, std::to_string(index));
        }
        from = below;
    }
}

// Takes the first step off a pointer that has one, and undoes its escapes; nothing if they are
// wrong.
inline std::optional<std::string> take_step(std::string_view& pointer) {
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    std::string name;
    for (std::size_t i = 0; i < step.size(); ++i) {
        if (step[i] != '~') {
            name += step[i];
            continue;
        }
        const char which = ++i < step.size() ? step[i] : '?';
        if (which != '0' && which != '1') return std::nullopt;
        name += which == '0' ? '~' : '/';
    }
    return name;
}

// The element that a step of a pointer names; nothing if there is none.
inline std::optional<std::uint32_t> element_at(const json_node* nodes, std::uint32_t array,
                                               std::string_view step) {
    std::uint64_t index = 0;
    const auto [end, failed] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (failed != std::errc{} || end != step.data() + step.size()) return std::nullopt;
    if (step.size() > 1 && step.front() == '0') return std::nullopt;
    if (index >= nodes[array].count) return std::nullopt;
    std::uint32_t at = array + 1;
    for (; index > 0; --index)
        at = nodes[at].next;
    return at;
}

}  // namespace conclave::json::detail
