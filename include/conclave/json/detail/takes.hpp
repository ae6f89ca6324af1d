#pragma once

#include <variant>

#include <simdjson.h>

#include <conclave/json/detail/shape.hpp>

namespace conclave::json::detail {

namespace ondemand = simdjson::ondemand;

template <class T>
constexpr bool takes(ondemand::json_type type);

template <class... Alternatives>
constexpr bool takes_any(ondemand::json_type type, const std::variant<Alternatives...>*) {
    return (takes<Alternatives>(type) || ...);
}

// Whether a value of this type can be of that JSON type.
template <class T>
constexpr bool takes(ondemand::json_type type) {
    using ondemand::json_type;
    constexpr shape kind = shape_of<T>;
    if constexpr (kind == shape::boolean) {
        return type == json_type::boolean;
    } else if constexpr (kind == shape::integer || kind == shape::real) {
        return type == json_type::number;
    } else if constexpr (kind == shape::string || kind == shape::enumeration) {
        return type == json_type::string;
    } else if constexpr (kind == shape::structure || kind == shape::map) {
        return type == json_type::object;
    } else if constexpr (kind == shape::list || kind == shape::array) {
        return type == json_type::array;
    } else if constexpr (kind == shape::nullable) {
        return type == json_type::null || takes<nullable_value<T>>(type);
    } else if constexpr (kind == shape::alternatives) {
        return takes_any(type, static_cast<const T*>(nullptr));
    } else {
        return false;
    }
}

}  // namespace conclave::json::detail
