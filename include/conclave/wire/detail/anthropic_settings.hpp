#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/writer.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/detail/claude_model.hpp>
#include <conclave/wire/detail/claude_schema.hpp>
#include <conclave/wire/detail/sampling.hpp>
#include <conclave/wire/message.hpp>
#include <conclave/wire/reasoning_part.hpp>

namespace conclave::wire::detail {

// How a call's settings are said to a model, which takes less than there is to say: what it would
// refuse is left out, with a note.
struct anthropic_settings {
    std::int64_t max_tokens = 0;
    std::optional<double> temperature;
    std::optional<double> top_p;
    // `adaptive`, `enabled`, `disabled` or `between_tools`; empty to leave that to the model.
    std::string_view thinking;
    // How many tokens of thinking, where thinking is `enabled`.
    std::int64_t thinking_tokens = 0;
    bool shows_thinking = false;
    std::string_view effort;
    std::optional<conclave::tool_choice> tool_choice;
    // The schema of the answer, for the field that there is for it; empty to have none.
    std::string schema;
    std::vector<std::string> notes;
};

class anthropic_chooser {
public:
    anthropic_chooser(const call& what, std::string_view model) : what_(what), model_(model) {}

    // `refuses_sampling` tells of the version of the API, or of what is known of the endpoint.
    anthropic_settings choose(std::int64_t max_tokens, bool refuses_sampling, bool takes_schema) {
        chosen_.max_tokens = what_.max_tokens().value_or(max_tokens);
        if (!what_.tools().empty()) choose_tool();
        if (what_.reasoning()) choose_thinking(*what_.reasoning());
        choose_sampling(refuses_sampling || model_.refuses_sampling());
        if (takes_schema && model_.takes_schema() && !what_.output_schema().empty()) {
            chosen_.schema = to_claude_schema(what_.output_schema()).value_or(std::string());
        }
        return std::move(chosen_);
    }

private:
    void note(std::string text) { chosen_.notes.push_back(std::move(text)); }

    bool forces_tool() const {
        if (!chosen_.tool_choice) return false;
        const auto how = chosen_.tool_choice->how();
        return how == tool_choice::mode::required || how == tool_choice::mode::named;
    }

    void choose_tool() {
        chosen_.tool_choice = what_.tool_choice();
        if (!forces_tool() || !model_.refuses_forced_tools()) return;
        chosen_.tool_choice.reset();
        note("tool_choice was dropped: this model calls tools as it sees fit");
    }

    void choose_thinking(reasoning_effort effort) {
        if (effort == reasoning_effort::none) return switch_thinking_off();
        if (!model_.can_think()) return note(dropped_note("reasoning"));
        if (!model_.is_adaptive()) return choose_thinking_tokens(effort);
        chosen_.thinking = "adaptive";
        chosen_.shows_thinking = model_.hides_thinking();
        chosen_.effort = effort_word(effort);
    }

    void switch_thinking_off() {
        if (model_.always_thinks()) {
            chosen_.effort = "low";
            note("reasoning became low: this model always thinks");
        } else if (model_.thinks_between_tools()) {
            chosen_.thinking = "between_tools";
        } else if (model_.can_think()) {
            chosen_.thinking = "disabled";
        }
    }

    std::string_view effort_word(reasoning_effort effort) const {
        if (effort == reasoning_effort::minimal) return "low";
        if (effort == reasoning_effort::xhigh && !model_.knows_xhigh_effort()) return "high";
        return to_string(effort);
    }

    // A share of all tokens, since those of the answer come out of the same.
    void choose_thinking_tokens(reasoning_effort effort) {
        constexpr std::int64_t least = 1024;
        const std::int64_t share = std::max(least, share_of(effort, chosen_.max_tokens));
        if (share >= chosen_.max_tokens) {
            note("reasoning was dropped: it takes a max_tokens of more than 1024");
        } else if (forces_tool()) {
            note("reasoning was dropped: this model does not think when a tool is forced upon it");
        } else if (lacks_earlier_thinking()) {
            note(
                "reasoning was dropped: this model does not think over a tool's result without the"
                " thinking that led to the call");
        } else {
            chosen_.thinking = "enabled";
            chosen_.thinking_tokens = share;
        }
    }

    // Whether the conversation goes on after a tool's result, and the turn of the call does not
    // begin with thinking.
    bool lacks_earlier_thinking() const {
        const auto& messages = what_.messages();
        if (messages.empty() || messages.back().role() != message_role::tool) return false;
        auto said = messages.rbegin();
        while (said != messages.rend() && said->role() == message_role::tool)
            ++said;
        while (said != messages.rend() && said->role() == message_role::assistant) {
            const auto next = std::next(said);
            const bool is_first =
                next == messages.rend() || next->role() != message_role::assistant;
            if (is_first) return !begins_with_thinking(*said);
            said = next;
        }
        return true;
    }

    static bool begins_with_thinking(const message& what) {
        for (const reasoning_part& each : what.reasoning_parts()) {
            if (each.from != reasoning_part::format::anthropic_messages) continue;
            return each.text_before == 0 && each.calls_before == 0;
        }
        return false;
    }

    static std::int64_t share_of(reasoning_effort effort, std::int64_t tokens) {
        // in parts, as there may be as many as an integer holds
        const auto percent = [&](std::int64_t of) {
            return tokens / 100 * of + tokens % 100 * of / 100;
        };
        switch (effort) {
            case reasoning_effort::none: return 0;
            case reasoning_effort::minimal: return percent(10);
            case reasoning_effort::low: return percent(20);
            case reasoning_effort::medium: return percent(50);
            case reasoning_effort::high: return percent(80);
            case reasoning_effort::xhigh:
            case reasoning_effort::max: return percent(95);
        }
        return 0;
    }

    void choose_sampling(bool is_refused) {
        const bool thinks = chosen_.thinking == "enabled" || chosen_.thinking == "adaptive";
        const auto drops = [&](std::string_view name, bool is_set) {
            if (!is_set || !(is_refused || thinks)) return false;
            note(is_refused ? dropped_note(name)
                            : std::string(name) + " was dropped: not while the model thinks");
            return true;
        };
        if (!drops("temperature", what_.temperature().has_value())) {
            chosen_.temperature = what_.temperature();
        }
        if (!drops("top_p", what_.top_p().has_value())) chosen_.top_p = what_.top_p();
        if (chosen_.temperature && *chosen_.temperature > 1) {
            chosen_.temperature = 1;
            note("temperature became 1, the highest that there is");
        }
        if (chosen_.temperature && chosen_.top_p && model_.takes_one_sampling_parameter()) {
            chosen_.top_p.reset();
            note("top_p was dropped: this model does not take it beside a temperature");
        }
    }

    const call& what_;
    claude_model model_;
    anthropic_settings chosen_;
};

inline void write_anthropic_thinking(const anthropic_settings& chosen, json::writer& to) {
    if (chosen.thinking.empty()) return;
    to.key("thinking");
    to.begin_object();
    to.member("type", chosen.thinking);
    if (chosen.thinking_tokens != 0) to.member("budget_tokens", chosen.thinking_tokens);
    if (chosen.shows_thinking) to.member("display", "summarized");
    to.end_object();
}

inline void write_anthropic_output_config(const anthropic_settings& chosen, json::writer& to) {
    if (chosen.effort.empty() && chosen.schema.empty()) return;
    to.key("output_config");
    to.begin_object();
    if (!chosen.effort.empty()) to.member("effort", chosen.effort);
    if (!chosen.schema.empty()) {
        to.key("format");
        to.begin_object();
        to.member("type", "json_schema");
        to.member_raw("schema", chosen.schema);
        to.end_object();
    }
    to.end_object();
}

}  // namespace conclave::wire::detail
