#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <conclave/json/fields.hpp>
#include <conclave/wire/detail/token_count.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave::wire::detail {

// How one of Google's APIs spells the parts of a usage.
struct google_usage_names {
    std::string_view input{};
    std::string_view for_tools{};
    std::string_view answer{};
    std::string_view thoughts{};
    std::string_view cached{};
    // The lists of tokens by modality: the word for audio, and the member that is the count.
    std::string_view input_details{};
    std::string_view answer_details{};
    std::string_view audio{};
    std::string_view count{};
};

// Of `[{"modality": "AUDIO", "tokenCount": 12}]`.
inline std::optional<std::int64_t> google_audio_tokens(const google_usage_names& names,
                                                       json::field_reader& fields,
                                                       json::value& value) {
    std::optional<std::int64_t> found;
    fields.each_element(value, [&](json::value& each) {
        bool is_audio = false;
        std::optional<std::int64_t> count;
        fields.each_member(each, [&](json::key key, json::value& member) {
            if (key == "modality") is_audio = fields.string(member) == names.audio;
            if (key == names.count) count = token_count(fields, member);
        });
        if (is_audio) found = count;
    });
    return found;
}

// A usage with Google's own counts, in which neither what tools take nor thoughts are part of the
// others; nothing if it has none of them.
inline std::optional<usage> read_google_usage(const google_usage_names& names,
                                              json::field_reader& fields, json::value& value) {
    usage read;
    std::optional<std::int64_t> input, for_tools, answer, thoughts;
    fields.each_member(value, [&](json::key key, json::value& member) {
        if (key == names.input) {
            input = token_count(fields, member);
        } else if (key == names.answer) {
            answer = token_count(fields, member);
        } else if (key == names.thoughts) {
            thoughts = token_count(fields, member);
        } else if (key == names.for_tools) {
            for_tools = token_count(fields, member);
        } else if (key == names.cached) {
            read.cache_read_tokens = token_count(fields, member);
        } else if (key == names.input_details) {
            read.input_audio_tokens = google_audio_tokens(names, fields, member);
        } else if (key == names.answer_details) {
            read.output_audio_tokens = google_audio_tokens(names, fields, member);
        }
    });
    if (!input && !answer && !thoughts) return std::nullopt;
    read.input_tokens = input.value_or(0) + for_tools.value_or(0);
    read.output_tokens = answer.value_or(0) + thoughts.value_or(0);
    read.reasoning_tokens = thoughts;
    return read;
}

}  // namespace conclave::wire::detail
