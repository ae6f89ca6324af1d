#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <conclave/json/describe.hpp>
#include <conclave/json/detail/shape.hpp>
#include <conclave/json/writer.hpp>

namespace conclave::json {

namespace detail {

// Its address stands for a type.
template <class T>
inline constexpr char type_mark = 0;

// The schema of one type, and of the described structs in it, each written once.
class schema_writer {
public:
    template <class T>
    std::string write() {
        std::string text;
        writer out(text);
        out.begin_object();
        if constexpr (shape_of<T> == shape::structure) {
            definitions_.push_back({&type_mark<T>, "#", {}});
            write_structure<T>(out);
        } else {
            write_keywords<T>(out);
        }
        write_definitions(out);
        out.end_object();
        return text;
    }

private:
    struct definition {
        const void* type;
        std::string reference;
        std::string text;
    };

    void write_definitions(writer& out) const {
        const auto is_root = [](const definition& each) { return each.reference == "#"; };
        if (std::all_of(definitions_.begin(), definitions_.end(), is_root)) return;
        out.key("$defs");
        out.begin_object();
        for (const definition& each : definitions_) {
            if (is_root(each)) continue;
            out.member_raw(std::string_view(each.reference).substr(prefix.size()), each.text);
        }
        out.end_object();
    }

    template <class T>
    void write_schema(writer& out, std::string_view description = {}) {
        out.begin_object();
        write_keywords<T>(out);
        if (!description.empty()) out.member("description", description);
        out.end_object();
    }

    template <class T>
    void write_keywords(writer& out) {
        constexpr shape kind = shape_of<T>;
        if constexpr (kind == shape::boolean) {
            out.member("type", "boolean");
        } else if constexpr (kind == shape::integer) {
            out.member("type", "integer");
            out.member("minimum", std::numeric_limits<T>::min());
            out.member("maximum", std::numeric_limits<T>::max());
        } else if constexpr (kind == shape::real) {
            out.member("type", "number");
        } else if constexpr (kind == shape::string) {
            out.member("type", "string");
        } else if constexpr (kind == shape::enumeration) {
            write_enumeration<T>(out);
        } else if constexpr (kind == shape::structure) {
            out.member("$ref", reference_to<T>());
        } else if constexpr (kind == shape::list) {
            out.member("type", "array");
            write_part<typename T::value_type>(out, "items");
        } else if constexpr (kind == shape::array) {
            out.member("type", "array");
            write_part<typename T::value_type>(out, "items");
            out.member("minItems", std::tuple_size_v<T>);
            out.member("maxItems", std::tuple_size_v<T>);
        } else if constexpr (kind == shape::map) {
            out.member("type", "object");
            write_part<typename T::mapped_type>(out, "additionalProperties");
        } else if constexpr (kind == shape::nullable) {
            out.key("anyOf");
            out.begin_array();
            write_schema<nullable_value<T>>(out);
            out.raw(R"({"type":"null"})");
            out.end_array();
        } else if constexpr (kind == shape::alternatives) {
            write_alternatives(out, static_cast<const T*>(nullptr));
        } else {
            (void)unsupported_type<T>();
        }
    }

    template <class T>
    void write_part(writer& out, std::string_view key) {
        out.key(key);
        write_schema<T>(out);
    }

    template <class T>
    void write_enumeration(writer& out) {
        out.member("type", "string");
        out.key("enum");
        out.begin_array();
        for (const auto& each : description_of<T>.enumerators)
            out.string(each.name);
        out.end_array();
    }

    template <class... Alternatives>
    void write_alternatives(writer& out, const std::variant<Alternatives...>*) {
        out.key("anyOf");
        out.begin_array();
        (write_schema<Alternatives>(out), ...);
        out.end_array();
    }

    template <class T>
    void write_structure(writer& out) {
        write_members(out, description_of<T>);
    }

    template <class T, auto... Pointers>
    void write_members(writer& out, const described_struct<T, Pointers...>& described) {
        out.member("type", "object");
        out.key("properties");
        out.begin_object();
        [[maybe_unused]] auto each = described.members.begin();
        (write_member<member_type<T, Pointers>>(out, *each++), ...);
        out.end_object();

        out.key("required");
        out.begin_array();
        constexpr std::array<bool, sizeof...(Pointers)> optional = {
            may_be_absent<member_type<T, Pointers>>...};
        for (std::size_t i = 0; i < optional.size(); ++i) {
            if (!optional[i]) out.string(described.members[i].name);
        }
        out.end_array();
        out.member("additionalProperties", false);
    }

    template <class T>
    void write_member(writer& out, const described_member& member) {
        out.key(member.name);
        write_schema<T>(out, member.description);
    }

    // Writes the definition where it is not yet written or under way.
    template <class T>
    std::string reference_to() {
        for (const definition& each : definitions_) {
            if (each.type == &type_mark<T>) return each.reference;
        }
        const std::size_t index = definitions_.size();
        definitions_.push_back({&type_mark<T>, new_reference(description_of<T>.name), {}});
        std::string reference = definitions_.back().reference;
        std::string text;
        writer out(text);
        out.begin_object();
        write_structure<T>(out);
        out.end_object();
        definitions_[index].text = std::move(text);
        return reference;
    }

    // Named like the struct, with a number where another has that name too.
    std::string new_reference(std::string_view name) const {
        std::string plain(prefix);
        for (const char c : last_name(name)) {
            const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                  (c >= 'a' && c <= 'z') || c == '_';
            plain += is_plain ? c : '_';
        }
        std::string reference = plain;
        const auto has_it = [&](const definition& each) { return each.reference == reference; };
        for (std::size_t i = 2; std::any_of(definitions_.begin(), definitions_.end(), has_it); ++i)
            reference = plain + '_' + std::to_string(i);
        return reference;
    }

    static constexpr std::string_view prefix = "#/$defs/";
    std::vector<definition> definitions_;
};

}  // namespace detail

/// The JSON Schema (draft 2020-12, compact, without `$schema`) of the JSON that `decode<T>` reads.
/// The same text in every run.
///
/// - A struct described with `CONCLAVE_DESCRIBE` is an object with these members and no others, all
///   of them required but `std::optional` and `std::unique_ptr`. Structs inside of it are in
///   `$defs`, once each, and may contain themselves by way of a container or pointer. What a member
///   was said to mean is its `description`.
/// - `std::optional` and `std::unique_ptr` may be null, `std::vector` is an array, `std::array` one
///   of that length, `std::map` and `std::unordered_map` with `std::string` keys an object of any
///   members, `std::variant` is `anyOf`, a described enum one of its names.
/// - Integers have the range of their type. Numbers have none: what a `float` cannot hold is for
///   `decode` to refuse.
///
/// Another type, also inside of T, is a compile error that names these.
template <class T>
std::string schema_of() {
    return detail::schema_writer().write<T>();
}

}  // namespace conclave::json
