#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <conclave/client/detail/setting.hpp>
#include <conclave/error.hpp>
#include <conclave/wire/any_format.hpp>

namespace conclave::detail {

// For each format two functions: what it is called in a configuration, and one that takes one
// member of `format_options`, or says that there is none of that name.

inline std::string_view format_word(const wire::chat_completions&) { return "chat_completions"; }

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::chat_completions& to) {
    if (name == "max_completion_tokens") return from.read(to.max_completion_tokens);
    if (name == "include_usage") return from.read(to.include_usage);
    if (name == "json_schema") return from.read(to.json_schema);
    if (name == "without_sampling") return from.read(to.without_sampling);
    return false;
}

inline std::string_view format_word(const wire::anthropic_messages&) {
    return "anthropic_messages";
}

inline bool read_anthropic_version(const setting& from, wire::anthropic_messages& to) {
    using version = wire::anthropic_version;
    const std::string word = from.text();
    for (const version each : {version::v2023_06_01, version::v2026_10_21}) {
        if (word != to_string(each)) continue;
        to.version = each;
        return true;
    }
    throw invalid_field(from.path(), "must be \"2023-06-01\" or \"2026-10-21\"");
}

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::anthropic_messages& to) {
    if (name == "version") return read_anthropic_version(from, to);
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

/// The format that a configuration names.
template <std::size_t Index = 0>
wire::any_format read_format(const setting& from, std::string known = {}) {
    if constexpr (Index == std::variant_size_v<wire::any_format>) {
        throw invalid_field(from.path(), "must be one of" + known);
    } else {
        const std::variant_alternative_t<Index, wire::any_format> candidate;
        const std::string_view word = format_word(candidate);
        if (from.text() == word) return candidate;
        known.append(Index == 0 ? " " : ", ").append(word);
        return read_format<Index + 1>(from, std::move(known));
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
