#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <conclave/json/detail/schema_decimal.hpp>
#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_value.hpp>

namespace conclave::json::detail {

// The keywords of one schema and their values, which are refused where they are not as they should
// be.
class schema_keyword_values {
public:
    // Takes those of the object there, which is written in `in`.
    schema_keyword_values(const schema_documents& documents, schema_place place, const dialect& in)
        : documents_(documents), place_(place), written_in_(in) {
        values_.fill(no_index);
        each_member(nodes(), place.value, [&](std::uint32_t name, std::uint32_t value) {
            if (const auto found = find_keyword(in, nodes()[name].view()))
                values_[static_cast<std::size_t>(*found)] = value;
            return true;
        });
        // what stands beside `$ref` counts for nothing there
        if (in.is_draft_7() && has(keyword::reference)) keep_only(keyword::reference);
    }

    const dialect& written_in() const noexcept { return written_in_; }
    schema_place place() const noexcept { return place_; }
    const json_node* nodes() const { return documents_.nodes(place_); }

    bool has(keyword which) const { return values_[static_cast<std::size_t>(which)] != no_index; }

    schema_place at(keyword which) const {
        return {place_.document, values_[static_cast<std::size_t>(which)]};
    }

    const json_node& value(keyword which) const { return documents_.node(at(which)); }

    // The value, which has to be of one of these types.
    const json_node& value(keyword which, std::uint8_t types, const char* complaint) const {
        if ((value(which).type & types) == 0) refuse(which, complaint);
        return value(which);
    }

    std::string_view text(keyword which) const {
        return value(which, json_type::string, "must be a string").view();
    }

    // The limit of a length or a number of entries; nothing is as large as the largest.
    std::uint32_t limit(keyword which) const {
        constexpr const char* wanted = "must be a whole number that is not negative";
        const json_node& found = value(which, json_type::number, wanted);
        const decimal exact(found.view());
        if (!exact.is_integer() || exact.is_negative()) refuse(which, wanted);
        if (exact.highest() > 9) return no_index;
        std::uint64_t value = 0;
        exact.each_digit([&](unsigned digit) { value = value * 10 + digit; });
        for (std::int64_t i = 0; i < exact.lowest(); ++i)
            value *= 10;
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, no_index));
    }

    template <class Visit>
    void each_in_array(keyword which, Visit&& visit) const {
        value(which, json_type::array, "must be an array");
        each_element(nodes(), at(which).value, [&](std::uint32_t element) {
            visit(schema_place{place_.document, element});
            return true;
        });
    }

    template <class Visit>
    void each_in_object(keyword which, Visit&& visit) const {
        value(which, json_type::object, "must be an object");
        each_member(nodes(), at(which).value, [&](std::uint32_t name, std::uint32_t member) {
            visit(nodes()[name].view(), schema_place{place_.document, member});
            return true;
        });
    }

    [[noreturn]] void refuse(keyword which, const std::string& complaint) const {
        documents_.refuse(at(which), complaint);
    }

private:
    void keep_only(keyword which) {
        const std::uint32_t kept = values_[static_cast<std::size_t>(which)];
        values_.fill(no_index);
        values_[static_cast<std::size_t>(which)] = kept;
    }

    const schema_documents& documents_;
    schema_place place_;
    dialect written_in_;
    std::array<std::uint32_t, keyword_count> values_{};
};

}  // namespace conclave::json::detail
