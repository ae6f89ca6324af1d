#pragma once

#include <string>
#include <string_view>

#include <conclave/json/escape.hpp>
#include <conclave/json/fields.hpp>

namespace conclave::wire::detail {

// Appends a value as compact JSON; what is nested deeper than anyone reads is null.
inline void append_json(json::field_reader& fields, json::value& value, std::string& out,
                        int depth = 0) {
    constexpr int deepest = 64;
    const auto list = [&](char open, char close, auto&& read) {
        const std::size_t begin = out.size();
        out += open;
        if (!read()) return out.resize(begin);
        if (out.back() == ',') out.pop_back();
        out += close;
    };
    switch (depth < deepest ? json::field_reader::kind_of(value) : json::kind::null) {
        case json::kind::object:
            return list('{', '}', [&] {
                return fields.each_member(value, [&](json::key key, json::value& member) {
                    out.append("\"").append(key).append("\":");  // a key's escapes are kept
                    append_json(fields, member, out, depth + 1);
                    out += ',';
                });
            });
        case json::kind::array:
            return list('[', ']', [&] {
                return fields.each_element(value, [&](json::value& element) {
                    append_json(fields, element, out, depth + 1);
                    out += ',';
                });
            });
        case json::kind::string:
            out += '"';
            json::append_escaped(out, fields.string(value).value_or(std::string_view{}));
            out += '"';
            return;
        case json::kind::number: out += fields.digits(value); return;
        case json::kind::boolean: out += fields.truthy(value) ? "true" : "false"; return;
        case json::kind::null:
        case json::kind::none: out += "null"; return;
    }
}

// The text of a value; empty for null.
inline std::string json_text(json::field_reader& fields, json::value& value) {
    std::string text;
    if (json::field_reader::kind_of(value) != json::kind::null) append_json(fields, value, text);
    return text;
}

}  // namespace conclave::wire::detail
