#include "state.hpp"

namespace panel {

namespace {

void begin(pane& shown, milliseconds now) {
    shown.progress = progress::thinking;
    shown.started = now;
    shown.text.clear();
}

void add(pane& shown, std::string_view delta) {
    shown.progress = progress::writing;
    shown.text += delta;
}

// What was shown is void.
void try_again(pane& shown, std::string_view why) {
    shown.progress = progress::retrying;
    shown.trouble = why;
    shown.text.clear();
}

void end(pane& shown, milliseconds now) {
    shown.progress = progress::ended;
    shown.ended = now;
}

}  // namespace

panel_state::panel_state(const std::vector<std::string>& models, conclave::resolution how)
    : resolution(how), seats(models.size()) {
    for (std::size_t i = 0; i < models.size(); ++i)
        seats[i].model = models[i];
}

void panel_state::apply(const conclave::roundtable_event& seen, milliseconds now) {
    using conclave::event_type;
    switch (seen.type) {
        case event_type::model_start: begin(seats.at(seen.model_index), now); break;
        case event_type::model_delta: add(seats.at(seen.model_index), seen.delta); break;
        case event_type::model_retry: try_again(seats.at(seen.model_index), seen.error); break;
        case event_type::model_done:
        case event_type::model_error: {
            pane& seat = seats.at(seen.model_index);
            end(seat, now);
            seat.result = *seen.result;
            seat.text = seen.result->text();
            break;
        }
        case event_type::summary_start:
            begin(merging, now);
            merging.model = seen.model;
            break;
        case event_type::summary_delta: add(merging, seen.delta); break;
        case event_type::summary_retry: try_again(merging, seen.error); break;
        case event_type::summary_done:
            end(merging, now);
            merging.text = seen.data;
            break;
        case event_type::done: response = *seen.response; break;
        case event_type::error: break;
    }
}

}  // namespace panel
