#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include <simdjson.h>

#include <conclave/error.hpp>

namespace conclave::json {

/// A whole JSON text, validated to its end (RFC 8259; at most 1,024 levels deep). For texts that
/// are read once; the hot path has `field_reader`.
///
/// What `root` and the readers below return are views into the document: they end with it, and
/// when it is moved or parsed into again.
class document {
public:
    /// Reads `text`, which is copied and needs no padding. Reports `errc::malformed_json`, also for
    /// numbers that no 64-bit type holds; `out` is then unspecified.
    static std::error_code parse(std::string_view text, document& out) {
        simdjson::dom::parser parser;
        const auto failed =
            parser.parse_into_document(out.document_, text.data(), text.size()).error();
        if (failed) return errc::malformed_json;
        return {};
    }

    /// The outermost value. Only after a successful `parse`.
    simdjson::dom::element root() const noexcept { return document_.root(); }

private:
    simdjson::dom::document document_;
};

/// The member of that name, null included, or nothing if there is none. The first, if repeated.
inline std::optional<simdjson::dom::element> find(const simdjson::dom::object& object,
                                                  std::string_view key) noexcept {
    simdjson::dom::element found;
    if (object.at_key(key).get(found)) return std::nullopt;
    return found;
}

/// The text of a string; nothing if it is not a string.
inline std::optional<std::string_view> string_of(const simdjson::dom::element& value) noexcept {
    std::string_view text;
    if (value.get_string().get(text)) return std::nullopt;
    return text;
}

/// The value of a number; nothing if it is not a number.
inline std::optional<double> number_of(const simdjson::dom::element& value) noexcept {
    double number = 0;
    if (value.get_double().get(number)) return std::nullopt;
    return number;
}

namespace detail {

// A whole number spelled as a real one, `5.0`; nothing if it has a fraction or is out of range.
inline std::optional<std::int64_t> to_integer(double number) noexcept {
    constexpr double limit = 9223372036854775808.0;  // 2^63
    if (!(number >= -limit && number < limit) || std::trunc(number) != number) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

}  // namespace detail

/// The value of a whole number, `5.0` and `5e0` included; nothing if it is not one or is out of
/// range.
inline std::optional<std::int64_t> integer_of(const simdjson::dom::element& value) noexcept {
    std::int64_t integer = 0;
    if (!value.get_int64().get(integer)) return integer;
    if (!value.is_double()) return std::nullopt;
    return detail::to_integer(value.get_double().value_unsafe());
}

/// The value of a boolean; nothing if it is not one.
inline std::optional<bool> boolean_of(const simdjson::dom::element& value) noexcept {
    bool truth = false;
    if (value.get_bool().get(truth)) return std::nullopt;
    return truth;
}

/// The object; nothing if it is not one.
inline std::optional<simdjson::dom::object> object_of(
    const simdjson::dom::element& value) noexcept {
    simdjson::dom::object object;
    if (value.get_object().get(object)) return std::nullopt;
    return object;
}

/// The array; nothing if it is not one.
inline std::optional<simdjson::dom::array> array_of(const simdjson::dom::element& value) noexcept {
    simdjson::dom::array array;
    if (value.get_array().get(array)) return std::nullopt;
    return array;
}

/// The member's text; nothing if it is absent or not a string. Tell these apart with `find`.
inline std::optional<std::string_view> string_at(const simdjson::dom::object& object,
                                                 std::string_view key) noexcept {
    const auto found = find(object, key);
    return found ? string_of(*found) : std::nullopt;
}

/// The member's number; nothing if it is absent or not a number.
inline std::optional<double> number_at(const simdjson::dom::object& object,
                                       std::string_view key) noexcept {
    const auto found = find(object, key);
    return found ? number_of(*found) : std::nullopt;
}

/// The member's whole number, as `integer_of` reads it; nothing if it is absent or not one.
inline std::optional<std::int64_t> integer_at(const simdjson::dom::object& object,
                                              std::string_view key) noexcept {
    const auto found = find(object, key);
    return found ? integer_of(*found) : std::nullopt;
}

/// The member's boolean; nothing if it is absent or not a boolean.
inline std::optional<bool> boolean_at(const simdjson::dom::object& object,
                                      std::string_view key) noexcept {
    const auto found = find(object, key);
    return found ? boolean_of(*found) : std::nullopt;
}

/// The member's object; nothing if it is absent or not an object.
inline std::optional<simdjson::dom::object> object_at(const simdjson::dom::object& object,
                                                      std::string_view key) noexcept {
    const auto found = find(object, key);
    return found ? object_of(*found) : std::nullopt;
}

/// The member's array; nothing if it is absent or not an array.
inline std::optional<simdjson::dom::array> array_at(const simdjson::dom::object& object,
                                                    std::string_view key) noexcept {
    const auto found = find(object, key);
    return found ? array_of(*found) : std::nullopt;
}

/// Whether `text` is the JSON text of an object.
inline bool is_object_text(std::string_view text) {
    document parsed;
    return !document::parse(text, parsed) && parsed.root().is_object();
}

}  // namespace conclave::json
