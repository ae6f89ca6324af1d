#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <conclave/json/describe.hpp>

namespace conclave::json::detail {

// What the values of a C++ type are in JSON.
enum class shape {
    boolean,
    integer,
    real,
    string,
    enumeration,
    structure,
    list,
    array,
    map,
    nullable,
    alternatives,
    unsupported,
};

template <class T>
inline constexpr bool is_character =
    std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;

template <class T>
inline constexpr shape shape_of_template = shape::unsupported;
template <class T, class Allocator>
inline constexpr shape shape_of_template<std::vector<T, Allocator>> = shape::list;
template <class T, std::size_t Size>
inline constexpr shape shape_of_template<std::array<T, Size>> = shape::array;
template <class T, class Compare, class Allocator>
inline constexpr shape shape_of_template<std::map<std::string, T, Compare, Allocator>> = shape::map;
template <class T, class Hash, class Equal, class Allocator>
inline constexpr shape
    shape_of_template<std::unordered_map<std::string, T, Hash, Equal, Allocator>> = shape::map;
template <class T>
inline constexpr shape shape_of_template<std::optional<T>> = shape::nullable;
template <class T>
inline constexpr shape shape_of_template<std::unique_ptr<T>> = shape::nullable;
template <class... Alternatives>
inline constexpr shape shape_of_template<std::variant<Alternatives...>> = shape::alternatives;

template <class T>
consteval shape find_shape() {
    if constexpr (std::same_as<T, bool>) {
        return shape::boolean;
    } else if constexpr (std::integral<T> && !is_character<T> && sizeof(T) <= 8) {
        return shape::integer;
    } else if constexpr (std::same_as<T, double> || std::same_as<T, float>) {
        return shape::real;
    } else if constexpr (std::same_as<T, std::string>) {
        return shape::string;
    } else if constexpr (enum_with_description<T>) {
        return shape::enumeration;
    } else if constexpr (struct_with_description<T>) {
        return shape::structure;
    } else {
        return shape_of_template<T>;
    }
}

template <class T>
inline constexpr shape shape_of = find_shape<T>();

// What every reader and writer makes of a type that it cannot read or write. Instantiated once for
// each type, so that there is one message of each.
template <class T>
struct unsupported_type {
    static_assert(
        shape_of<T> != shape::unsupported,
        "conclave cannot read this type from JSON: use bool, an integer, float, double, "
        "std::string, std::vector, std::array, std::optional, std::unique_ptr, std::variant, "
        "std::map or std::unordered_map with std::string keys, or a struct or enum described with "
        "CONCLAVE_DESCRIBE or CONCLAVE_DESCRIBE_ENUM in its own namespace");
};

// Whether a JSON object may leave out a member of this type.
template <class T>
inline constexpr bool may_be_absent = shape_of<T> == shape::nullable;

// The type of a described struct's member.
template <class T, auto Pointer>
using member_type = std::remove_cvref_t<decltype(std::declval<T&>().*Pointer)>;

// The type of what an optional or a pointer may hold.
template <class T>
using nullable_value = std::remove_cvref_t<decltype(*std::declval<T&>())>;

// A name without its namespaces.
constexpr std::string_view last_name(std::string_view name) noexcept {
    const std::size_t colon = name.substr(0, name.find('<')).rfind(':');
    return colon == name.npos ? name : name.substr(colon + 1);
}

}  // namespace conclave::json::detail
