#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace conclave::json::detail {

// What a value is, a bit for each so that several can be allowed. A whole number may be spelled as
// a real one, which `type_of` finds out.
namespace json_type {
inline constexpr std::uint8_t null = 1;
inline constexpr std::uint8_t boolean = 2;
inline constexpr std::uint8_t object = 4;
inline constexpr std::uint8_t array = 8;
inline constexpr std::uint8_t string = 16;
inline constexpr std::uint8_t integer = 32;
inline constexpr std::uint8_t real = 64;
inline constexpr std::uint8_t number = integer | real;
inline constexpr std::uint8_t any = 127;
}  // namespace json_type

// One value of a JSON text. Its members or elements follow it, each with all that is below it: the
// name of a member is a string before the member's value.
struct json_node {
    // A string's meaning, or a number's spelling. Of an object or array null.
    const char* text = nullptr;
    union {
        // Of a number in plain digits that has at most 18 of them.
        std::int64_t integer = 0;
        // How many members or elements.
        std::uint64_t count;
        bool truth;
    };
    std::uint32_t size = 0;
    // The node behind this value and all that is below it.
    std::uint32_t next = 0;
    // One of `json_type`; `real` also for numbers that `integer` does not hold.
    std::uint8_t type = 0;

    std::string_view view() const noexcept { return {text, size}; }
};

// The values of a text, the outermost at 0.
using json_nodes = std::vector<json_node>;

// Calls `visit` with the name's and the value's index of each member, until it returns false.
template <class Visit>
bool each_member(const json_node* nodes, std::uint32_t object, Visit&& visit) {
    const std::uint32_t end = nodes[object].next;
    for (std::uint32_t at = object + 1; at < end; at = nodes[at + 1].next) {
        if (!visit(at, at + 1)) return false;
    }
    return true;
}

// Calls `visit` with the index of each element, until it returns false.
template <class Visit>
bool each_element(const json_node* nodes, std::uint32_t array, Visit&& visit) {
    const std::uint32_t end = nodes[array].next;
    for (std::uint32_t at = array + 1; at < end; at = nodes[at].next) {
        if (!visit(at)) return false;
    }
    return true;
}

}  // namespace conclave::json::detail
