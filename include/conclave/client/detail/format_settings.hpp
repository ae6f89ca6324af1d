#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include <conclave/client/detail/setting.hpp>
#include <conclave/error.hpp>
#include <conclave/wire/any_format.hpp>
#include <conclave/wire/opper_headers.hpp>
#include <conclave/wire/responses_options.hpp>

namespace conclave::detail {

/// A value and the word for it.
template <class Value>
struct word_for {
    std::string_view word;
    Value value;
};

/// A setting that is one of a few words.
template <class Value>
Value read_word(const setting& from, std::initializer_list<word_for<Value>> words) {
    const std::string given = from.text();
    std::string known;
    for (const auto& each : words) {
        if (given == each.word) return each.value;
        known.append(known.empty() ? "\"" : ", \"").append(each.word).append("\"");
    }
    throw invalid_field(from.path(), "must be one of " + known);
}

/// The header fields of Opper's gateway but for the span, which is of one call.
inline bool read_opper_header(std::string_view name, const setting& from, wire::opper_headers& to) {
    using wire::guard_action;
    if (name == "name") return from.read(to.name);
    if (name == "guard_input") return from.read(to.guard_input);
    if (name == "guard_output") return from.read(to.guard_output);
    if (name != "guard_action") return false;
    to.action = read_word<guard_action>(from, {{"flag", guard_action::flag},
                                               {"block", guard_action::block},
                                               {"redact", guard_action::redact}});
    return true;
}

inline bool read_opper_headers(const setting& from, wire::opper_headers& to) {
    from.each_member([&](std::string_view name, const setting& each) {
        return read_opper_header(name, each, to);
    });
    return true;
}

/// What the Responses formats alone can say, but for the answer that is followed, which is of one
/// call.
inline bool read_response_option(std::string_view name, const setting& from,
                                 wire::responses_options& to) {
    using wire::to_string;
    if (name == "store") return from.read(to.store);
    if (name == "strict") return from.read(to.strict);
    if (name == "summary") {
        using how = wire::reasoning_summary;
        to.summary = read_word<how>(from, {{to_string(how::automatic), how::automatic},
                                           {to_string(how::concise), how::concise},
                                           {to_string(how::detailed), how::detailed}});
    } else if (name == "verbosity") {
        using how = wire::text_verbosity;
        to.verbosity = read_word<how>(from, {{to_string(how::low), how::low},
                                             {to_string(how::medium), how::medium},
                                             {to_string(how::high), how::high}});
    } else if (name == "truncation") {
        using how = wire::input_truncation;
        to.truncation = read_word<how>(from, {{to_string(how::disabled), how::disabled},
                                              {to_string(how::automatic), how::automatic}});
    } else if (name == "frequency_penalty") {
        to.frequency_penalty = from.number(-2, 2);
    } else if (name == "presence_penalty") {
        to.presence_penalty = from.number(-2, 2);
    } else if (name == "metadata") {
        to.metadata.clear();
        from.each_entry([&](std::string_view key, const setting& each) {
            to.metadata.emplace(key, each.text());
        });
    } else {
        if (name == "parallel_tool_calls") return from.read(to.parallel_tool_calls);
        if (name == "max_tool_calls") return from.read(to.max_tool_calls);
        if (name == "service_tier") return from.read(to.service_tier);
        if (name == "user") return from.read(to.user);
        if (name == "include") return from.read(to.include);
        return false;
    }
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
    if (name == "opper") return read_opper_headers(from, to.opper);
    return false;
}

inline std::string_view format_word(const wire::anthropic_messages&) {
    return "anthropic_messages";
}

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::anthropic_messages& to) {
    using version = wire::anthropic_version;
    if (name == "version") {
        to.version =
            read_word<version>(from, {{to_string(version::v2023_06_01), version::v2023_06_01},
                                      {to_string(version::v2026_10_21), version::v2026_10_21}});
        return true;
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
        to.speaks = read_word<dialect>(
            from, {{"openai", dialect::openai}, {"open_responses", dialect::open_responses}});
        return true;
    }
    if (name == "path") return from.read(to.path);
    if (name == "without_obfuscation") return from.read(to.without_obfuscation);
    if (name == "json_schema") return from.read(to.json_schema);
    if (name == "strict_schema") return from.read(to.strict_schema);
    if (name == "without_sampling") return from.read(to.without_sampling);
    if (name == "opper") return read_opper_headers(from, to.opper);
    return read_response_option(name, from, to.options);
}

inline std::string_view format_word(const wire::google_interactions&) {
    return "google_interactions";
}

inline bool read_format_option(std::string_view name, const setting& from,
                               wire::google_interactions& to) {
    using shape = wire::google_interactions::shape;
    if (name == "shape") {
        to.writes = read_word<shape>(from, {{"steps", shape::steps}, {"outputs", shape::outputs}});
        return true;
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
