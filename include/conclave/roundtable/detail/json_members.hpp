#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <conclave/json/document.hpp>

// What the JSON forms of request, response and events share.

namespace conclave::detail {

/// The value as JSON text without white space.
inline std::string compact_json(const simdjson::dom::element& value) {
    return simdjson::minify(value);
}

/// The text of an object without white space; empty when `text` is not the text of an object.
inline std::string compact_object(std::string_view text) {
    if (text.empty()) return {};
    json::document parsed;
    if (json::document::parse(text, parsed) || !parsed.root().is_object()) return {};
    return compact_json(parsed.root());
}

/// The member of that name; nothing if it is absent or null.
inline std::optional<simdjson::dom::element> given(const simdjson::dom::object& object,
                                                   std::string_view key) {
    const auto found = json::find(object, key);
    return found && !found->is_null() ? found : std::nullopt;
}

/// The member's number without its fraction; nothing if it is absent, not a number or out of range.
inline std::optional<std::int64_t> whole_at(const simdjson::dom::object& object,
                                            std::string_view key) {
    if (const auto integer = json::integer_at(object, key)) return integer;
    const auto real = json::number_at(object, key);
    if (!real || !(std::abs(*real) < 9.2e18)) return std::nullopt;
    return static_cast<std::int64_t>(*real);
}

/// The member's number as milliseconds, 0 if it has none.
inline std::chrono::milliseconds milliseconds_at(const simdjson::dom::object& object,
                                                 std::string_view key) {
    return std::chrono::milliseconds(whole_at(object, key).value_or(0));
}

/// The member's text, empty if it has none.
inline std::string text_at(const simdjson::dom::object& object, std::string_view key) {
    return std::string(json::string_at(object, key).value_or(std::string_view()));
}

/// The member's text; nothing if it is absent or not a string.
inline std::optional<std::string> optional_text_at(const simdjson::dom::object& object,
                                                   std::string_view key) {
    const auto text = json::string_at(object, key);
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

/// The member `error`: a string, or the message of an object, or the JSON of anything else; nothing
/// if it is absent or null.
inline std::optional<std::string> error_text(const simdjson::dom::object& object) {
    const auto found = given(object, "error");
    if (!found) return std::nullopt;
    if (const auto text = json::string_of(*found)) return std::string(*text);
    if (const auto inner = json::object_of(*found)) {
        if (const auto message = json::string_at(*inner, "message")) return std::string(*message);
    }
    return compact_json(*found);
}

}  // namespace conclave::detail
