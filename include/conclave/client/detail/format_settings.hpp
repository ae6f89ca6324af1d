#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include <conclave/client/detail/setting.hpp>
#include <conclave/error.hpp>
#include <conclave/wire/any_format.hpp>

namespace conclave::detail {

/// The value of a setting that is one of two words.
template <class Value>
bool read_word(const setting& from, std::string_view first, Value if_first, std::string_view second,
               Value if_second, Value& to) {
    const std::string word = from.text();
    if (word != first && word != second) {
        throw invalid_field(from.path(), "must be \"" + std::string(first) + "\" or \"" +
                                             std::string(second) + "\"");
    }
    to = word == first ? if_first : if_second;
    return true;
}

// For each format two functions: what it is called in a configuration, and one that takes one
// member of `format_options`, or says that there is none of that name.

inline std::string_view format_word(const wire::chat_completions&) { return "chat_completions"; }

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::chat_completions& to) {
    if (name == "max_completion_tokens") return from.read(to.max_completion_tokens);
    if (name == "include_usage") return from.read(to.include_usage);
    if (name == "json_schema") return from.read(to.json_schema);
    if (name == "strict_schema") return from.read(to.strict_schema);
    if (name == "without_sampling") return from.read(to.without_sampling);
    return false;
}

inline std::string_view format_word(const wire::anthropic_messages&) {
    return "anthropic_messages";
}

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::anthropic_messages& to) {
    using version = wire::anthropic_version;
    if (name == "version") {
        return read_word(from, to_string(version::v2023_06_01), version::v2023_06_01,
                         to_string(version::v2026_10_21), version::v2026_10_21, to.version);
    }
    if (name == "bearer") return from.read(to.bearer);
    if (name == "max_tokens") return from.read(to.max_tokens);
    if (name == "json_schema") return from.read(to.json_schema);
    if (name == "without_sampling") return from.read(to.without_sampling);
    return false;
}

inline std::string_view format_word(const wire::google_generate_content&) {
    return "google_generate_content";
}

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::google_generate_content& to) {
    if (name == "api_version") return from.read(to.api_version);
    if (name == "bearer") return from.read(to.bearer);
    if (name == "json_schema") return from.read(to.json_schema);
    if (name == "schema_or_tools") return from.read(to.schema_or_tools);
    if (name == "without_thinking") return from.read(to.without_thinking);
    if (name == "thinking_budget") return from.read(to.thinking_budget);
    if (name == "without_sampling") return from.read(to.without_sampling);
    return false;
}

inline std::string_view format_word(const wire::responses&) { return "responses"; }

inline bool read_format_option(std::string_view name, const setting& from, wire::responses& to) {
    using dialect = wire::responses::dialect;
    if (name == "dialect") {
        return read_word(from, "openai", dialect::openai, "open_responses", dialect::open_responses,
                         to.speaks);
    }
    if (name == "path") return from.read(to.path);
    if (name == "without_obfuscation") return from.read(to.without_obfuscation);
    if (name == "json_schema") return from.read(to.json_schema);
    if (name == "strict_schema") return from.read(to.strict_schema);
    if (name == "without_sampling") return from.read(to.without_sampling);
    if (name == "store") return from.read(to.options.store);
    if (name == "strict") return from.read(to.options.strict);
    if (name == "service_tier") return from.read(to.options.service_tier);
    return false;
}

inline std::string_view format_word(const wire::google_interactions&) {
    return "google_interactions";
}

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::google_interactions& to) {
    using shape = wire::google_interactions::shape;
    if (name == "shape") {
        return read_word(from, "steps", shape::steps, "outputs", shape::outputs, to.writes);
    }
    if (name == "api_version") return from.read(to.api_version);
    if (name == "bearer") return from.read(to.bearer);
    if (name == "json_schema") return from.read(to.json_schema);
    if (name == "without_thinking") return from.read(to.without_thinking);
    if (name == "without_sampling") return from.read(to.without_sampling);
    return false;
}

/// The format that a configuration names.
template <std::size_t Index = 0>
wire::any_format read_format(const setting& from, const std::string& known = {}) {
    if constexpr (Index == std::variant_size_v<wire::any_format>) {
        throw invalid_field(from.path(), "must be one of" + known);
    } else {
        std::variant_alternative_t<Index, wire::any_format> candidate;
        const std::string_view word = format_word(candidate);
        if (from.text() == word) return candidate;
        return read_format<Index + 1>(from, known + (Index == 0 ? " " : ", ") + std::string(word));
    }
}

/// Reads `format_options` into the format that they are of.
inline void read_format_options(const setting& from, wire::any_format& to) {
    std::visit(
        [&](auto& format) {
            from.each_member([&](std::string_view name, const setting& each) {
                return read_format_option(name, each, format);
            });
        },
        to);
}

}  // namespace conclave::detail
