// Every format that the library speaks, for tests that hold all of them to the same.
#pragma once

#include <conclave/wire/any_format.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace conclave::testing {

/// A format under a name that a test can bear.
struct named_format {
    std::string name;
    wire::any_format format;

    friend std::ostream& operator<<(std::ostream& out, const named_format& shown) {
        return out << shown.name;
    }
};

inline std::string name_of(const wire::chat_completions&) { return "ChatCompletions"; }
inline std::string name_of(const wire::anthropic_messages&) { return "AnthropicMessages"; }
inline std::string name_of(const wire::responses&) { return "Responses"; }
inline std::string name_of(const wire::google_generate_content&) { return "GoogleGenerateContent"; }
inline std::string name_of(const wire::google_interactions&) { return "GoogleInteractions"; }

/// All alternatives of `wire::any_format`, as they are without settings.
inline std::vector<named_format> every_format() {
    std::vector<named_format> all;
    const auto add = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        const auto one = [&](auto format) { all.push_back({name_of(format), format}); };
        (one(std::variant_alternative_t<Index, wire::any_format>()), ...);
    };
    add(std::make_index_sequence<std::variant_size_v<wire::any_format>>());
    return all;
}

}  // namespace conclave::testing
