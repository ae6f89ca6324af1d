#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <conclave/json/detail/shape.hpp>
#include <conclave/json/escape.hpp>
#include <conclave/json/writer.hpp>

// What is said of JSON that does not fit a type.

namespace conclave::json::detail {

/// A value's place in a text: those around it are linked, so that a place costs nothing until it
/// has to be told.
struct place {
    const place* around = nullptr;
    /// The member's name; where there is none, the element's index counts.
    std::string_view name = {};
    std::size_t index = 0;
    bool is_element = false;
};

inline void append_pointer(std::string& out, const place& at) {
    if (at.around == nullptr) return;
    append_pointer(out, *at.around);
    out += '/';
    if (at.is_element) {
        out += std::to_string(at.index);
        return;
    }
    for (const char c : at.name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
}

/// The text, or as much of its begin as fits into a sentence.
inline std::string shortened(std::string_view text) {
    constexpr std::size_t most = 48;
    if (text.size() <= most) return std::string(text);
    std::size_t end = 0;
    while (end + next_utf8(text.substr(end)).size <= most)
        end += next_utf8(text.substr(end)).size;
    return std::string(text.substr(0, end)) + "…";
}

/// The text as a JSON string, shortened.
inline std::string quoted(std::string_view text) {
    std::string out;
    writer(out).string(shortened(text));
    return out;
}

template <class T>
std::string expectation();

template <class... Alternatives>
std::string expectation_of_any(const std::variant<Alternatives...>*) {
    std::string text;
    ((text += text.empty() ? "" : " or ", text += expectation<Alternatives>()), ...);
    return text;
}

template <class T>
std::string expectation_of_enumeration() {
    std::string text;
    for (const auto& each : description_of<T>.enumerators) {
        constexpr std::size_t most = 300;
        text += text.empty() ? "one of " : ", ";
        if (text.size() > most) return text + "…";
        text += quoted(each.name);
    }
    return text;
}

/// What a type wants, as it follows the word "expected".
template <class T>
std::string expectation() {
    constexpr shape kind = shape_of<T>;
    if constexpr (kind == shape::boolean) {
        return "true or false";
    } else if constexpr (kind == shape::integer) {
        return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
               std::to_string(std::numeric_limits<T>::max());
    } else if constexpr (kind == shape::real) {
        return "a number";
    } else if constexpr (kind == shape::string) {
        return "a string";
    } else if constexpr (kind == shape::enumeration) {
        return expectation_of_enumeration<T>();
    } else if constexpr (kind == shape::structure) {
        return "an object (" + std::string(last_name(description_of<T>.name)) + ")";
    } else if constexpr (kind == shape::list) {
        return "an array";
    } else if constexpr (kind == shape::array) {
        return "an array of length " + std::to_string(std::tuple_size_v<T>);
    } else if constexpr (kind == shape::map) {
        return "an object";
    } else if constexpr (kind == shape::nullable) {
        return expectation<nullable_value<T>>() + " or null";
    } else if constexpr (kind == shape::alternatives) {
        return expectation_of_any(static_cast<const T*>(nullptr));
    } else {
        return {};
    }
}

/// What was found: a scalar as it is spelled, shortened.
inline std::string finding(std::string_view token) {
    if (token.starts_with('{')) return "an object";
    if (token.starts_with('[')) return "an array";
    return shortened(token);
}

}  // namespace conclave::json::detail
