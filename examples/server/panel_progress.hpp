#pragma once

#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/response.hpp>

#include <cstdio>
#include <string>

namespace server {

/// A duration and a cost for people: ` in 1.2 s for $0.0031`.
inline std::string spent(const conclave::model_result& result) {
    char text[64];
    const double seconds = static_cast<double>(result.duration.count()) / 1000;
    std::snprintf(text, sizeof text, " in %.1f s", seconds);
    std::string words = text;
    if (result.cost) {
        std::snprintf(text, sizeof text, " for $%.4f", *result.cost);
        words += text;
    }
    return words;
}

/// What an event of a panel says of its progress, as a line for people; empty if it says nothing
/// that the answer does not.
inline std::string progress_line(const conclave::roundtable_event& seen) {
    using conclave::event_type;
    const std::string model(seen.model);
    switch (seen.type) {
        case event_type::model_start: return model + " is asked.\n";
        case event_type::model_retry:
            return model + " is asked again: " + std::string(seen.error) + "\n";
        case event_type::model_done:
            if (seen.result->schema_valid.value_or(true))
                return model + " answered" + spent(*seen.result) + ".\n";
            return model + " gave no valid answer: " + seen.result->schema_error.value_or("") +
                   "\n";
        case event_type::model_error:
            return model + " failed: " + seen.result->error.value_or("") + "\n";
        case event_type::summary_start: return model + " merges the answers.\n";
        case event_type::summary_retry:
            return "The answers are merged once more: " + std::string(seen.error) + "\n";
        case event_type::done: {
            std::string votes;
            for (const conclave::vote& each : seen.response->meta.votes)
                votes +=
                    (votes.empty() ? "" : ", ") + each.choice + " " + std::to_string(each.count);
            return votes.empty() ? votes : "Votes: " + votes + ".\n";
        }
        default: return {};
    }
}

}  // namespace server
