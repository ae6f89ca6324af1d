#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <conclave/json/partial.hpp>
#include <conclave/roundtable/event.hpp>

namespace conclave {

/// The JSON answers of a roundtable with an output schema while they grow: of each seat's, and of
/// the merged one, the JSON text of what is complete so far, as `json::partial` has it. Fed with
/// every event of the roundtable:
///
///     growing_answers growing;
///     const auto on_event = [&](const roundtable_event& seen) {
///         if (growing.add(seen)) draw(seen.model_index, growing.seat(seen.model_index));
///     };
///
/// When a seat has answered, its text is that of its result. Costs what `json::partial` costs, and
/// nothing to those who do not use it. Not thread-safe.
class growing_answers {
public:
    /// Takes an event in. Returns whether more of the answer that it is about is complete than
    /// before, or all of it void.
    bool add(const roundtable_event& seen) {
        switch (seen.type) {
            case event_type::model_delta: return of(seen.model_index).append(seen.delta);
            case event_type::model_start:
            case event_type::model_retry: return restart(of(seen.model_index));
            case event_type::model_done:
                if (seen.result == nullptr || !seen.result->data.is_json()) return false;
                return replace(of(seen.model_index), seen.result->text());
            case event_type::summary_delta: return merged_.append(seen.delta);
            case event_type::summary_start:
            case event_type::summary_retry: return restart(merged_);
            case event_type::summary_done: return replace(merged_, seen.data);
            default: return false;
        }
    }

    /// What is complete of this seat's answer: JSON text, or nothing as long as no object or array
    /// has begun. Valid until the next call of `add`.
    std::string_view seat(std::size_t index) {
        return index < seats_.size() ? seats_[index].text() : std::string_view();
    }
    /// The same of the merged answer.
    std::string_view merged() { return merged_.text(); }

private:
    json::partial& of(std::size_t index) {
        if (index >= seats_.size()) seats_.resize(index + 1);
        return seats_[index];
    }

    static bool restart(json::partial& answer) {
        const bool had_text = !answer.text().empty();
        answer.clear();
        return had_text;
    }
    static bool replace(json::partial& answer, std::string_view whole) {
        if (answer.text() == whole) return false;
        answer.clear();
        return answer.append(whole);
    }

    std::vector<json::partial> seats_;
    json::partial merged_;
};

}  // namespace conclave
