#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <conclave/json/document.hpp>
#include <conclave/sse/event.hpp>

namespace conclave::wire::detail {

inline std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

// What the data of an event may be that is not a JSON object.
enum class odd_data : std::uint8_t {
    // OpenAI's last event, `[DONE]`, which gateways send in other formats too.
    done,
    // Nothing, JSON of another kind, or an event that the stream's end has cut: to be ignored.
    ignored,
    nonsense,
};

inline odd_data judge_odd_data(const sse::event& event) {
    const std::string_view text = trimmed(event.data);
    if (text == "[DONE]") return odd_data::done;
    if (text.empty() || event.cut) return odd_data::ignored;
    json::document other;
    if (text.front() != '{' && !json::document::parse(text, other)) return odd_data::ignored;
    return odd_data::nonsense;
}

}  // namespace conclave::wire::detail
