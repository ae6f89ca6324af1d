#pragma once

#include "../../examples/panel/state.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

/// Puts a panel's state where a roundtable's events would.
class panel_run {
public:
    explicit panel_run(std::vector<std::string> models,
                       conclave::resolution how = conclave::resolution::summary)
        : state(models, how) {
        answer_.meta.resolution = how;
        answer_.results.resize(models.size());
    }

    panel_run& at(int milliseconds) {
        now_ = std::chrono::milliseconds(milliseconds);
        return *this;
    }
    panel_run& seat(conclave::event_type type, std::size_t index, std::string_view delta = {},
                    std::string_view error = {}) {
        conclave::roundtable_event seen;
        seen.type = type;
        seen.model_index = index;
        seen.model = state.seats.at(index).model;
        seen.delta = delta;
        seen.error = error;
        state.apply(seen, now_);
        return *this;
    }
    /// The seat ends with this text, or with this error.
    panel_run& ends(std::size_t index, std::string text, std::string error = {},
                    bool is_json = false) {
        conclave::model_result& result = answer_.results.at(index);
        result.index = index;
        result.model = state.seats.at(index).model;
        result.data = conclave::answer_text(std::move(text), is_json);
        result.duration = now_;
        result.attempts = 1;
        if (error.empty()) {
            result.cost = 0.25;
            result.usage = conclave::usage{};
            result.usage->input_tokens = 10;
            result.usage->output_tokens = 20;
            answer_.meta.models_used.push_back(result.model);
        } else {
            result.error = std::move(error);
        }
        conclave::roundtable_event seen;
        seen.type =
            result.ok() ? conclave::event_type::model_done : conclave::event_type::model_error;
        seen.model_index = index;
        seen.result = &result;
        state.apply(seen, now_);
        return *this;
    }
    panel_run& merging(conclave::event_type type, std::string_view text = {}) {
        conclave::roundtable_event seen;
        seen.type = type;
        seen.model = "merger";
        (type == conclave::event_type::summary_delta ? seen.delta : seen.data) = text;
        state.apply(seen, now_);
        return *this;
    }
    /// The roundtable ends with what `answer` has.
    panel_run& done() {
        answer_.meta.total_duration = now_;
        conclave::roundtable_event seen;
        seen.response = &answer_;
        state.apply(seen, now_);
        return *this;
    }
    conclave::roundtable_response& answer() { return answer_; }
    conclave::model_result& result(std::size_t index) { return answer_.results.at(index); }

    panel::panel_state state;

private:
    conclave::roundtable_response answer_;
    std::chrono::milliseconds now_{0};
};
