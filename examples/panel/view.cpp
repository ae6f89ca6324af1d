#include "view.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

namespace panel {

namespace {

constexpr std::size_t indentation = 2;
/// Answers longer than this are shortened in the final picture where a merged one follows.
constexpr std::size_t most_answer_lines = 12;
/// As much of an answer as may be on a screen.
constexpr std::size_t most_tail_bytes = 8192;

std::string seconds(milliseconds time) {
    std::array<char, 32> text{};
    const double value = static_cast<double>(time.count()) / 1000;
    std::snprintf(text.data(), text.size(), "%.1f s", value);
    return text.data();
}

std::string dollars(double cost) {
    if (cost == 0) return "$0";
    if (cost > 0 && cost < 0.00001) return "under $0.00001";
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "$%.*f", cost < 0.1 ? 5 : 2, cost);
    return text.data();
}

std::string tokens(const conclave::usage& used) {
    return std::to_string(used.input_tokens) + " tokens in, " + std::to_string(used.output_tokens) +
           " out";
}

// The room for indented text, which is never none.
std::size_t inner(std::size_t width) { return width > indentation ? width - indentation : 1; }

std::string joined(const std::vector<std::string>& facts) {
    std::string text;
    for (const std::string& fact : facts)
        text += (text.empty() ? "" : " · ") + fact;
    return text;
}

std::string_view spinner(milliseconds now) {
    constexpr std::array<std::string_view, 10> frames = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                                         "⠴", "⠦", "⠧", "⠇", "⠏"};
    return frames[static_cast<std::size_t>(now.count() / 100) % frames.size()];
}

// A mark, a name and facts, on one line if they fit, else with the facts below.
lines heading(std::string mark, std::string_view name, std::string_view facts, std::size_t width,
              const painter& paint) {
    const std::string shown = clipped(one_line(name), inner(width));
    lines block = {std::move(mark) + ' ' + paint(style::strong, shown)};
    if (facts.empty()) return block;
    if (indentation + columns_of(shown) + 2 + columns_of(facts) <= width) {
        block.back() += "  " + paint(style::faint, facts);
        return block;
    }
    for (const std::string& part : wrapped(facts, inner(width)))
        block.push_back(std::string(indentation, ' ') + paint(style::faint, part));
    return block;
}

void append(lines& block, lines more) {
    std::move(more.begin(), more.end(), std::back_inserter(block));
}

void append_text(lines& block, const lines& text, style meaning, const painter& paint) {
    for (const std::string& line : text)
        block.push_back(line.empty() ? line : std::string(indentation, ' ') + paint(meaning, line));
}

lines indented_lines(std::string_view text, std::size_t width) {
    return wrapped(printable(text), inner(width));
}

// The end of a growing text, bounded, so that a frame costs the same however long the text is.
lines tail_lines(std::string_view text, std::size_t width, std::size_t count) {
    if (text.size() > most_tail_bytes) {
        text.remove_prefix(text.size() - most_tail_bytes);
        text.remove_prefix(std::min(text.find_first_of(" \n"), text.size()));
    }
    lines all = indented_lines(text, width);
    if (all.size() > count) {
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(count));
    }
    return all;
}

lines head_lines(std::string_view text, std::size_t width, std::size_t count) {
    const bool cut = text.size() > most_tail_bytes;
    lines all = indented_lines(text.substr(0, most_tail_bytes), width);
    if (!cut && all.size() <= count) return all;
    all.resize(std::min(all.size(), count));
    if (all.empty()) return all;
    const std::size_t room = width > indentation + 2 ? width - indentation - 2 : 1;
    all.back() = clipped(all.back(), room);
    if (!all.back().ends_with("…")) all.back() += " …";
    return all;
}

bool has_pick(const conclave::model_result& result) { return result.schema_valid.value_or(true); }

std::string seat_mark(const conclave::model_result& result, const painter& paint) {
    if (!result.ok()) return paint(style::bad, "✗");
    return has_pick(result) ? paint(style::good, "✓") : paint(style::warning, "!");
}

std::string seat_facts(const conclave::model_result& result) {
    std::vector<std::string> facts = {seconds(result.duration)};
    if (result.usage) facts.push_back(tokens(*result.usage));
    if (!result.cost) {
        facts.emplace_back("cost unknown");
    } else if (result.ok() || *result.cost > 0) {
        facts.push_back(dollars(*result.cost));
    }
    // A pick among choices shows itself what it is; only JSON is said to be valid or not.
    const bool is_pick = result.schema_valid == true && !result.data.is_json();
    if (result.schema_valid && !is_pick) {
        facts.emplace_back(*result.schema_valid ? "valid" : "not valid");
    }
    if (result.attempts > 1) facts.push_back(std::to_string(result.attempts) + " attempts");
    if (result.finish == conclave::finish_reason::length) facts.push_back("cut off at its limit");
    return joined(facts);
}

// The mark, the facts and, where there is one, the complaint.
lines seat_heading(const conclave::model_result& result, std::size_t width, const painter& paint) {
    lines block = heading(seat_mark(result, paint), result.model, seat_facts(result), width, paint);
    if (!result.ok()) {
        append_text(block, indented_lines(one_line(*result.error), width), style::bad, paint);
    } else if (result.schema_error) {
        append_text(block, indented_lines(one_line(*result.schema_error), width), style::warning,
                    paint);
    }
    for (const std::string& note : result.notes)
        append_text(block, indented_lines(one_line(note), width), style::faint, paint);
    return block;
}

std::string activity(const pane& shown, milliseconds now) {
    const std::string time = seconds(now - shown.started);
    switch (shown.progress) {
        case progress::waiting: return "waiting";
        case progress::thinking: return "thinking " + time;
        case progress::writing: return "writing " + time;
        case progress::retrying: return "trying again " + time;
        case progress::ended: break;
    }
    return seconds(shown.ended - shown.started);
}

lines running_pane(const pane& shown, std::string_view name, std::size_t width, std::size_t tail,
                   const painter& paint, milliseconds now) {
    const bool ended = shown.progress == progress::ended;
    const bool again = shown.progress == progress::retrying;
    const std::string mark = ended ? paint(style::good, "✓")
                                   : paint(again ? style::warning : style::strong, spinner(now));
    lines block = heading(mark, name, activity(shown, now), width, paint);
    if (again && tail > 0) {
        append_text(block, head_lines(one_line(shown.trouble), width, tail), style::warning, paint);
    } else {
        append_text(block, tail_lines(shown.text, width, tail), style::plain, paint);
    }
    return block;
}

lines live_seat(const pane& seat, std::size_t width, std::size_t tail, const painter& paint,
                milliseconds now) {
    if (!seat.result) return running_pane(seat, seat.model, width, tail, paint, now);
    lines block = seat_heading(*seat.result, width, paint);
    if (seat.result->ok()) {
        append_text(block, head_lines(seat.text, width, tail), style::plain, paint);
    }
    return block;
}

lines live_seats(const panel_state& state, std::size_t width, std::size_t tail,
                 const painter& paint, milliseconds now) {
    lines frame;
    for (const pane& seat : state.seats) {
        append(frame, live_seat(seat, width, tail, paint, now));
        if (tail > 0) frame.emplace_back();
    }
    return frame;
}

// Before the vote is counted, and where nothing is left to merge, there is nothing to show.
bool is_merging(const panel_state& state) { return state.merging.progress != progress::waiting; }

lines vote_block(const conclave::roundtable_response& response, std::size_t width,
                 const painter& paint) {
    std::size_t widest = 0;
    std::size_t most = 1;
    for (const auto& [choice, count] : response.meta.votes) {
        widest = std::max(widest, columns_of(one_line(choice)));
        most = std::max(most, count);
    }
    constexpr std::size_t around = indentation + 12;
    widest = std::min(widest, width > 2 * around ? (width - around) / 2 : 8);
    const std::size_t room = std::min<std::size_t>(width - std::min(width, widest + around), 30);

    lines block;
    for (const auto& [choice, count] : response.meta.votes) {
        const bool won = response.data && response.data->text() == choice;
        const std::string name = clipped(one_line(choice), widest);
        std::string bar;
        for (std::size_t i = 0; i < count * room / most; ++i)
            bar += "█";
        std::string line =
            std::string(indentation, ' ') + paint(won ? style::strong : style::plain, name);
        line += std::string(widest - columns_of(name) + 2, ' ');
        line += paint(won ? style::good : style::faint, bar);
        line += (bar.empty() ? "" : " ") + std::to_string(count);
        if (won) line += paint(style::good, " ✓");
        block.push_back(std::move(line));
    }
    return block;
}

lines paragraph(std::string_view text, style meaning, std::size_t width, const painter& paint) {
    lines block;
    for (const std::string& line : wrapped(printable(text), width))
        block.push_back(line.empty() ? line : paint(meaning, line));
    return block;
}

lines complaint(std::string_view text, std::size_t width, const painter& paint) {
    return paragraph("✗ " + one_line(text), style::bad, width, paint);
}

std::string merging_facts(const panel_state& state) {
    const auto& meta = state.response->meta;
    std::vector<std::string> facts = {seconds(state.merging.ended - state.merging.started)};
    if (meta.summary_usage) facts.push_back(tokens(*meta.summary_usage));
    return joined(facts);
}

lines merged_block(const panel_state& state, std::size_t width, const painter& paint) {
    const auto& response = *state.response;
    lines block;
    if (response.data) {
        const std::string name = response.meta.summary_model
                                     ? "Merged by " + *response.meta.summary_model
                                     : "The one usable answer, left as it is";
        const std::string facts = response.meta.summary_model ? merging_facts(state) : "";
        append(block, heading(paint(style::good, "✓"), name, facts, width, paint));
        block.emplace_back();
        append(block, paragraph(response.text(), style::plain, width, paint));
    } else if (response.meta.summary_error) {
        block = complaint("The answers could not be merged: " + *response.meta.summary_error, width,
                          paint);
    } else {
        block = complaint("No model gave a usable answer.", width, paint);
    }
    return block;
}

lines voted_block(const panel_state& state, std::size_t width, const painter& paint) {
    const auto& response = *state.response;
    if (!response.data) return complaint("No model picked one of the choices.", width, paint);
    lines block =
        heading(paint(style::good, "✓"), "The vote: " + response.text(), "", width, paint);
    append(block, vote_block(response, width, paint));
    return block;
}

std::optional<conclave::usage> used_in_all(const conclave::roundtable_response& response) {
    std::optional<conclave::usage> sum = response.meta.summary_usage;
    for (const auto& result : response.results) {
        if (!result.usage) continue;
        if (!sum) sum.emplace();
        accumulate(*sum, *result.usage);
    }
    return sum;
}

std::string closing_line(const conclave::roundtable_response& response) {
    const auto slowest =
        std::max_element(response.results.begin(), response.results.end(),
                         [](const auto& a, const auto& b) { return a.duration < b.duration; });
    const auto& meta = response.meta;
    std::vector<std::string> facts = {std::to_string(meta.models_used.size()) + " of " +
                                      std::to_string(response.results.size()) +
                                      " models answered in " + seconds(meta.total_duration)};
    if (slowest != response.results.end()) {
        facts.back() += " (slowest model " + seconds(slowest->duration) + ")";
    }
    const auto used = used_in_all(response);
    facts.push_back(used ? tokens(*used) : "tokens unknown");
    if (meta.cost_complete) {
        facts.push_back(dollars(meta.total_cost));
    } else if (meta.total_cost > 0) {
        facts.push_back("at least " + dollars(meta.total_cost));
    } else {
        facts.emplace_back("cost unknown");
    }
    return joined(facts);
}

}  // namespace

std::string painter::operator()(style meaning, std::string_view text) const {
    constexpr std::array<std::string_view, 6> codes = {"", "1", "2", "32", "31", "33"};
    const std::string_view code = codes[static_cast<std::size_t>(meaning)];
    if (!colours_ || code.empty() || text.empty()) return std::string(text);
    return "\x1b[" + std::string(code) + 'm' + std::string(text) + "\x1b[0m";
}

lines live_frame(const panel_state& state, screen_size size, const painter& paint,
                 milliseconds now) {
    const std::size_t width = size.line_width();
    const std::size_t height = std::max<std::size_t>(size.rows, 2) - 1;
    constexpr std::size_t least_merged = 4;
    const std::size_t reserved = is_merging(state) ? least_merged : 0;

    lines frame;
    for (std::size_t tail = 5; tail-- > 0;) {
        frame = live_seats(state, width, tail, paint, now);
        if (frame.size() + reserved <= height) break;
    }
    if (is_merging(state)) {
        const std::size_t taken = std::min(frame.size(), height - std::min(height, reserved));
        frame.resize(taken);
        const std::size_t room = height > taken + 2 ? height - taken - 2 : 0;
        append(frame, running_pane(state.merging, "Merging, by " + state.merging.model, width, room,
                                   paint, now));
    }
    if (frame.size() > height) {
        frame.resize(height);
        frame.back() = paint(style::faint, "…");
    }
    return frame;
}

lines seat_block(const pane& seat, std::size_t width, const painter& paint,
                 std::size_t most_lines) {
    lines block = seat_heading(*seat.result, width, paint);
    if (!seat.result->ok()) return block;
    lines text = indented_lines(seat.text, width);
    const std::size_t all = text.size();
    // One line more is not worth a line that says so.
    const bool shorten = all > most_lines + 1;
    if (shorten) text.resize(most_lines);
    append_text(block, text, style::plain, paint);
    if (shorten) {
        const std::string note = "… " + std::to_string(all - most_lines) +
                                 " more lines (output to a pipe or a file has them all)";
        append_text(block, indented_lines(note, width), style::faint, paint);
    }
    return block;
}

lines outcome_block(const panel_state& state, std::size_t width, const painter& paint) {
    lines block;
    const bool any = !state.response->meta.models_used.empty();
    if (!any) {
        block = complaint("All models failed.", width, paint);
    } else if (state.resolution == conclave::resolution::summary) {
        block = merged_block(state, width, paint);
    } else if (state.resolution == conclave::resolution::multiple_choice) {
        block = voted_block(state, width, paint);
    }
    if (!block.empty()) block.emplace_back();
    append(block, paragraph(closing_line(*state.response), style::plain, width, paint));
    return block;
}

lines opening_block(std::string_view notice, std::string_view question, std::size_t width,
                    const painter& paint) {
    lines block = paragraph(notice, style::faint, width, paint);
    block.emplace_back();
    append(block, paragraph(question, style::strong, width, paint));
    block.emplace_back();
    return block;
}

lines final_picture(const panel_state& state, std::size_t width, const painter& paint) {
    // Where no other answer follows, the models' own are what was asked for.
    const bool has_other = state.response->data && state.response->meta.summary_model;
    lines picture;
    for (const pane& seat : state.seats) {
        append(picture, seat_block(seat, width, paint, has_other ? most_answer_lines : unbounded));
        picture.emplace_back();
    }
    append(picture, outcome_block(state, width, paint));
    return picture;
}

}  // namespace panel
