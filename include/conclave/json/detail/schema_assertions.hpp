#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <conclave/json/detail/schema_decimal.hpp>
#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_keyword_values.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_program_builder.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/format.hpp>

namespace conclave::json::detail {

// Compiles the keywords of a schema that need no other schema to judge a value.
class assertion_compiler {
public:
    assertion_compiler(schema_program& program, const schema_documents& documents,
                       schema_program_builder& builder, const schema_keyword_values& keywords)
        : program_(program), documents_(documents), builder_(builder), keywords_(keywords) {}

    // Returns the types that are allowed.
    std::uint8_t compile() {
        compile_values();
        compile_numbers();
        compile_strings();
        compile_limit(keyword::min_items, json_type::array);
        compile_limit(keyword::max_items, json_type::array);
        if (is_true(keyword::unique_items))
            builder_.emit(keyword::unique_items, json_type::array, 0);
        compile_limit(keyword::min_properties, json_type::object);
        compile_limit(keyword::max_properties, json_type::object);
        return keywords_.has(keyword::type) ? types_of(keywords_.at(keyword::type))
                                            : json_type::any;
    }

private:
    bool is_true(keyword which) const {
        return keywords_.has(which) &&
               keywords_.value(which, json_type::boolean, "must be true or false").truth;
    }

    void compile_values() {
        if (keywords_.has(keyword::constant))
            emit_values(keyword::constant, {keywords_.at(keyword::constant).value});
        if (keywords_.has(keyword::enumeration)) {
            std::vector<std::uint32_t> places;
            keywords_.each_in_array(keyword::enumeration,
                                    [&](schema_place each) { places.push_back(each.value); });
            emit_values(keyword::enumeration, places);
        }
    }

    void compile_numbers() {
        for (const keyword each : {keyword::minimum, keyword::maximum, keyword::exclusive_minimum,
                                   keyword::exclusive_maximum}) {
            if (keywords_.has(each)) compile_bound(each);
        }
        if (keywords_.has(keyword::multiple_of)) compile_divisor();
    }

    void emit_values(keyword which, const std::vector<std::uint32_t>& places) {
        builder_.emit(which, json_type::any,
                      builder_.append_values(keywords_.place().document, places));
    }

    std::uint8_t types_of(schema_place place) {
        if (documents_.node(place).type == json_type::string) return type_named(place);
        if (documents_.node(place).type != json_type::array || documents_.node(place).count == 0)
            documents_.refuse(place, "must be the name of a type or an array of such names");
        std::uint8_t types = 0;
        keywords_.each_in_array(keyword::type, [&](schema_place each) {
            const std::uint8_t type = type_named(each);
            // "number" has "integer" in it, and either may come first
            types = static_cast<std::uint8_t>(types | type);
        });
        return types;
    }

    std::uint8_t type_named(schema_place place) {
        struct named_type {
            std::string_view name;
            std::uint8_t types;
        };
        static constexpr std::array<named_type, 7> named{{{"null", json_type::null},
                                                          {"boolean", json_type::boolean},
                                                          {"object", json_type::object},
                                                          {"array", json_type::array},
                                                          {"string", json_type::string},
                                                          {"integer", json_type::integer},
                                                          {"number", json_type::number}}};
        const json_node& found = documents_.node(place);
        if (found.type == json_type::string) {
            for (const named_type& each : named) {
                if (each.name == found.view()) return each.types;
            }
        }
        documents_.refuse(place, "must be one of the seven names of types");
    }

    void compile_bound(keyword which) {
        const json_node& limit = keywords_.value(which, json_type::number, "must be a number");
        builder_.emit(
            which, json_type::number,
            builder_.append(program_.bounds,
                            number_bound{decimal(limit.view()),
                                         small_decimal{limit.integer, limit.scale}, limit.view()}));
    }

    void compile_divisor() {
        const keyword which = keyword::multiple_of;
        const json_node& found = keywords_.value(which, json_type::number, "must be a number");
        const decimal exact(found.view());
        if (exact.is_zero() || exact.is_negative())
            keywords_.refuse(which, "must be greater than 0");
        if (!divisor::takes(exact)) keywords_.refuse(which, "has more than 19 digits");
        const std::int64_t integer = found.scale == 0 ? found.integer : 0;
        builder_.emit(which, json_type::number,
                      builder_.append(program_.divisors,
                                      number_divisor{divisor(exact), integer, found.view()}));
    }

    void compile_limit(keyword which, std::uint8_t type) {
        if (keywords_.has(which)) builder_.emit(which, type, keywords_.limit(which));
    }

    void compile_strings() {
        compile_limit(keyword::min_length, json_type::string);
        compile_limit(keyword::max_length, json_type::string);
        if (keywords_.has(keyword::pattern)) {
            builder_.emit(keyword::pattern, json_type::string,
                          pattern_of(keywords_.text(keyword::pattern)));
        }
        if (keywords_.has(keyword::format)) compile_format();
        if (keywords_.written_in().asserts_content) compile_content();
    }

    void compile_format() {
        const auto which = format_named(keywords_.text(keyword::format));
        if (!keywords_.written_in().asserts_formats || !which) return;
        if (!can_check(*which))
            keywords_.refuse(keyword::format, "cannot be checked by this build");
        builder_.emit(keyword::format, json_type::string,
                      builder_.append(program_.formats, *which));
    }

    // Of draft 7 only; an encoding or a media type that is not known says nothing.
    void compile_content() {
        const auto is = [&](keyword which, std::string_view what) {
            return keywords_.has(which) && keywords_.text(which) == what;
        };
        const bool is_base64 = is(keyword::content_encoding, "base64");
        if (is_base64) builder_.emit(keyword::content_encoding, json_type::string, 0);
        if (keywords_.has(keyword::content_encoding) && !is_base64) return;
        if (is(keyword::content_media_type, "application/json"))
            builder_.emit(keyword::content_media_type, json_type::string, is_base64 ? 1 : 0);
    }

    std::uint32_t pattern_of(std::string_view spelled) {
        return builder_.append_pattern(documents_, spelled, keywords_.at(keyword::pattern));
    }

    schema_program& program_;
    const schema_documents& documents_;
    schema_program_builder& builder_;
    const schema_keyword_values& keywords_;
};

}  // namespace conclave::json::detail
