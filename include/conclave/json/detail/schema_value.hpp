#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace conclave::json::detail {

// Whether two short texts are the same, without a call.
[[gnu::always_inline]] inline bool same_text(std::string_view one,
                                             std::string_view other) noexcept {
    const std::size_t size = one.size();
    if (size != other.size()) return false;
    const char* const a = one.data();
    const char* const b = other.data();
    const auto differ = [&]<class Word>(Word, std::size_t at) {
        Word left = 0;
        Word right = 0;
        std::memcpy(&left, a + at, sizeof(Word));
        std::memcpy(&right, b + at, sizeof(Word));
        return left != right;
    };
    if (size >= 8) {
        for (std::size_t at = 0; at + 8 < size; at += 8) {
            if (differ(std::uint64_t{}, at)) return false;
        }
        return !differ(std::uint64_t{}, size - 8);
    }
    if (size >= 4) return !differ(std::uint32_t{}, 0) && !differ(std::uint32_t{}, size - 4);
    for (std::size_t at = 0; at < size; ++at) {
        if (a[at] != b[at]) return false;
    }
    return true;
}

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

inline constexpr std::uint8_t no_scale = 255;

// One value of a JSON text. Its members or elements follow it, each with all that is below it: the
// name of a member is a string before the member's value. Without initializers, so that room for
// many costs nothing until they are read.
struct json_node {
    // A string's meaning, or a number's spelling. Of an object or array null.
    const char* text;
    union {
        // Of a number in plain digits that has at most 18 of them: those digits.
        std::int64_t integer;
        // How many members or elements.
        std::uint64_t count;
        bool truth;
    };
    std::uint32_t size;
    // The node behind this value and all that is below it.
    std::uint32_t next;
    // One of `json_type`; `real` also for numbers that `integer` does not hold.
    std::uint8_t type;
    // Of a number how many of the digits in `integer` are behind the point; `no_scale` if there are
    // more than 18 digits or an exponent.
    std::uint8_t scale;

    std::string_view view() const noexcept { return {text, size}; }
};

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
