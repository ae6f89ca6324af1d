#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/writer.hpp>
#include <conclave/wire/call.hpp>

namespace conclave::wire::detail {

// Whether a model's name begins like one of these.
inline bool is_among(std::string_view model, const std::vector<std::string>& beginnings) {
    return std::ranges::any_of(beginnings,
                               [&](const std::string& each) { return model.starts_with(each); });
}

inline std::string dropped_note(std::string_view setting) {
    return std::string(setting) + " was dropped: this model does not take it";
}

// Writes `temperature` and `top_p` unless the model is among those that refuse them, and returns
// notes of what is dropped.
inline std::vector<std::string> write_sampling(const call& what, std::string_view model,
                                               const std::vector<std::string>& refusing,
                                               json::writer& to) {
    std::vector<std::string> notes;
    const bool refused = is_among(model, refusing);
    const auto write = [&](std::string_view name, std::optional<double> value) {
        if (value && refused) {
            notes.push_back(dropped_note(name));
        } else {
            to.member_if(name, value);
        }
    };
    write("temperature", what.temperature());
    write("top_p", what.top_p());
    return notes;
}

}  // namespace conclave::wire::detail
