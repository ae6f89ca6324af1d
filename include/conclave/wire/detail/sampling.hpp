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

// Writes `temperature` and `top_p`, by the name that the format has for it, unless the model is
// among those that refuse them, and returns notes of what is dropped.
inline std::vector<std::string> write_sampling(const call& what, std::string_view model,
                                               const std::vector<std::string>& refusing,
                                               json::writer& to,
                                               std::string_view top_p_name = "top_p") {
    std::vector<std::string> notes;
    const bool refused = is_among(model, refusing);
    if (!refused) {
        to.member_if("temperature", what.temperature());
        to.member_if(top_p_name, what.top_p());
        return notes;
    }
    if (what.temperature()) notes.push_back(dropped_note("temperature"));
    if (what.top_p()) notes.push_back(dropped_note("top_p"));
    return notes;
}

}  // namespace conclave::wire::detail
