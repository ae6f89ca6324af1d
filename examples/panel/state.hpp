#pragma once

#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/response.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace panel {

using std::chrono::milliseconds;

/// How far an answer has come.
enum class progress { waiting, thinking, writing, retrying, ended };

/// One answer in the making: a seat's, or the merged one.
struct pane {
    std::string model;
    panel::progress progress = panel::progress::waiting;
    std::string text;
    /// Why it is being tried again.
    std::string trouble;
    /// Since the roundtable's start.
    milliseconds started{0};
    milliseconds ended{0};
    /// A seat's result, when it has ended.
    std::optional<conclave::model_result> result;
};

/// All that is known of a running roundtable.
struct panel_state {
    panel_state(const std::vector<std::string>& models, conclave::resolution how);

    /// Takes in the next event, seen at `now` since the roundtable's start.
    void apply(const conclave::roundtable_event& seen, milliseconds now);

    conclave::resolution resolution;
    std::vector<pane> seats;
    pane merging;
    std::optional<conclave::roundtable_response> response;
};

}  // namespace panel
