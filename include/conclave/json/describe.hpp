#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>

#include <conclave/json/detail/for_each_argument.hpp>

namespace conclave::json {

/// What is known of a member of a described struct, besides its type.
struct described_member {
    /// Its name, in C++ and in JSON.
    std::string_view name;
    /// What it means, for whoever fills it in; empty when nothing was said.
    std::string_view description = {};
};

/// A struct as `CONCLAVE_DESCRIBE` describes it: its members in order.
template <class T, auto... Pointers>
struct described_struct {
    /// Which struct it is.
    using type = T;

    /// Its name, as it was given.
    std::string_view name;
    /// One for each member, in the order given.
    std::array<described_member, sizeof...(Pointers)> members;
};

/// An enumerator and its name.
template <class T>
struct described_enumerator {
    /// Its name, in C++ and in JSON.
    std::string_view name;
    /// The enumerator.
    T value;
};

/// An enum as `CONCLAVE_DESCRIBE_ENUM` describes it: its enumerators in order.
template <class T, std::size_t Count>
struct described_enum {
    /// Which enum it is.
    using type = T;

    /// Its name, as it was given.
    std::string_view name;
    /// One for each enumerator, in the order given.
    std::array<described_enumerator<T>, Count> enumerators;
};

namespace detail {

// A described struct is found through a pointer, which also converts to one to a base.
template <class T>
concept is_described = requires {
    requires std::same_as<
        typename decltype(conclave_describe(static_cast<const T*>(nullptr)))::type, T>;
};

template <class T>
inline constexpr auto description_of = conclave_describe(static_cast<const T*>(nullptr));

}  // namespace detail

/// Whether `CONCLAVE_DESCRIBE` was used for this struct.
template <class T>
concept struct_with_description = std::is_class_v<T> && detail::is_described<T>;

/// Whether `CONCLAVE_DESCRIBE_ENUM` was used for this enum.
template <class T>
concept enum_with_description = std::is_enum_v<T> && detail::is_described<T>;

/// The name of an enumerator, empty if it was not described. Linear in the number of enumerators.
template <enum_with_description T>
constexpr std::string_view name_of(T value) noexcept {
    for (const auto& each : detail::description_of<T>.enumerators) {
        if (each.value == value) return each.name;
    }
    return {};
}

/// The enumerator of that name, or nothing. Linear in the number of enumerators.
template <enum_with_description T>
constexpr std::optional<T> enumerator_named(std::string_view name) noexcept {
    for (const auto& each : detail::description_of<T>.enumerators) {
        if (each.name == name) return each.value;
    }
    return std::nullopt;
}

}  // namespace conclave::json

/// Describes a struct, so that `json::schema_of`, `json::decode` and `roundtable<T>` know it:
///
///     struct verdict { std::string label; double confidence; };
///     CONCLAVE_DESCRIBE(verdict, label, (confidence, "How sure, from 0 to 1"))
///
/// Each member is its name or, in parentheses, its name and a string literal that says what it
/// means: the `description` in the schema. At most 256 members, also those of a base; a member that
/// is not named is not read. Stands in the struct's own namespace, behind the struct.
#define CONCLAVE_DESCRIBE(struct_, ...)                                                 \
    [[maybe_unused]] constexpr auto conclave_describe(const struct_*) noexcept {        \
        using conclave_described = struct_;                                             \
        return ::conclave::json::described_struct<conclave_described __VA_OPT__(        \
            , ) CONCLAVE_DETAIL_FOR_EACH(CONCLAVE_DETAIL_POINTER, __VA_ARGS__)>{        \
            #struct_, {CONCLAVE_DETAIL_FOR_EACH(CONCLAVE_DETAIL_MEMBER, __VA_ARGS__)}}; \
    }

/// Describes an enum by the names of its enumerators, of which JSON has one as a string:
///
///     enum class colour { red, green, blue };
///     CONCLAVE_DESCRIBE_ENUM(colour, red, green, blue)
///
/// At least one and at most 256. Stands in the enum's own namespace, behind the enum.
#define CONCLAVE_DESCRIBE_ENUM(enum_, ...)                                                     \
    [[maybe_unused]] constexpr auto conclave_describe(const enum_*) noexcept {                 \
        using conclave_described = enum_;                                                      \
        constexpr ::conclave::json::described_enumerator<conclave_described> enumerators[] = { \
            CONCLAVE_DETAIL_FOR_EACH(CONCLAVE_DETAIL_ENUMERATOR, __VA_ARGS__)};                \
        return ::conclave::json::described_enum<conclave_described, ::std::size(enumerators)>{ \
            #enum_, ::std::to_array(enumerators)};                                             \
    }

#define CONCLAVE_DETAIL_POINTER(member) \
    CONCLAVE_DETAIL_BY_PARENTHESES(CONCLAVE_DETAIL_POINTER_, member)(member)
#define CONCLAVE_DETAIL_POINTER_0(member) &conclave_described::member
#define CONCLAVE_DETAIL_POINTER_1(member) CONCLAVE_DETAIL_POINTER_OF member
#define CONCLAVE_DETAIL_POINTER_OF(member, description) &conclave_described::member

#define CONCLAVE_DETAIL_MEMBER(member) \
    CONCLAVE_DETAIL_BY_PARENTHESES(CONCLAVE_DETAIL_MEMBER_, member)(member)
#define CONCLAVE_DETAIL_MEMBER_0(member) ::conclave::json::described_member(#member)
#define CONCLAVE_DETAIL_MEMBER_1(member) CONCLAVE_DETAIL_MEMBER_OF member
#define CONCLAVE_DETAIL_MEMBER_OF(member, description) \
    ::conclave::json::described_member(#member, description)

#define CONCLAVE_DETAIL_ENUMERATOR(enumerator)                              \
    ::conclave::json::described_enumerator<conclave_described>(#enumerator, \
                                                               conclave_described::enumerator)
