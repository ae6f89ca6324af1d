#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/provider_record.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/response_plan.hpp>
#include <conclave/testing/scripted_reply.hpp>
#include <conclave/testing/service.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// What a request for a roundtable says besides its models, its question and its schema.
struct roundtable_body {
    std::string resolution = "summary";
    std::vector<std::string> choices;
    std::string summary_model;
    std::size_t max_retries = 1;
    std::chrono::milliseconds timeout{120'000};
};

inline std::vector<std::string> strings_of(const simdjson::dom::object& object,
                                           std::string_view key) {
    std::vector<std::string> texts;
    const auto list = json::array_at(object, key);
    if (!list) return texts;
    for (const simdjson::dom::element each : *list) {
        if (const auto text = json::string_of(each)) texts.emplace_back(*text);
    }
    return texts;
}

/// Reads a body that was found to be JSON.
inline roundtable_body read_roundtable_body(const std::string& text) {
    roundtable_body body;
    json::document parsed;
    if (json::document::parse(text, parsed)) return body;
    const auto object = json::object_of(parsed.root());
    if (!object) return body;
    body.resolution = json::string_at(*object, "resolution").value_or("summary");
    body.choices = strings_of(*object, "choices");
    body.summary_model = json::string_at(*object, "summary_model").value_or("");
    const auto retries = json::integer_at(*object, "max_retries").value_or(1);
    body.max_retries = static_cast<std::size_t>(std::clamp<std::int64_t>(retries, 0, 3));
    const auto timeout = json::integer_at(*object, "timeout_ms").value_or(120'000);
    body.timeout = std::chrono::milliseconds(std::clamp<std::int64_t>(timeout, 1, 300'000));
    return body;
}

/// One attempt of a model of a panel: what it said, and why it failed if it did.
struct panel_attempt {
    planned_answer answer;
    std::string error;
    bool transient = false;
    std::chrono::milliseconds first_token_after{0};
    std::chrono::milliseconds token_every{0};
    /// From the last token to the failure.
    std::chrono::milliseconds fails_after{0};
};

/// A model of a panel, and all its attempts.
struct panel_seat {
    std::string model;
    std::vector<panel_attempt> attempts;

    const panel_attempt& last() const { return attempts.back(); }
    bool answered() const { return last().error.empty(); }
    std::string text() const { return join(last().answer.tokens); }
    std::chrono::milliseconds duration() const {
        std::chrono::milliseconds all{0};
        for (const panel_attempt& attempt : attempts) {
            all += attempt.first_token_after + attempt.fails_after +
                   attempt.token_every * static_cast<int>(attempt.answer.tokens.size());
        }
        return all;
    }
};

/// All that happens in a roundtable, in terms of no frames.
struct planned_panel {
    roundtable_body asked;
    std::vector<panel_seat> seats;
    /// The model that merges, if one does.
    std::optional<panel_seat> merger;

    bool answered() const {
        return std::any_of(seats.begin(), seats.end(),
                           [](const panel_seat& seat) { return seat.answered(); });
    }
    std::chrono::milliseconds duration() const {
        std::chrono::milliseconds longest{0};
        for (const panel_seat& seat : seats)
            longest = std::max(longest, seat.duration());
        return merger ? longest + merger->duration() : longest;
    }
};

/// Plays the models of a roundtable by the provider's script: each as it would answer a request of
/// its own, its retries included.
class panel_planner {
public:
    panel_planner(provider_record& record, const recorded_request& request, std::uint64_t ordinal)
        : record_(record), request_(request), ordinal_(ordinal) {}

    planned_panel make() {
        planned_panel panel;
        panel.asked = asked_ = read_roundtable_body(request_.body);
        std::string instructions = request_.instructions;
        if (asked_.resolution == "multiple_choice") {
            for (const std::string& choice : asked_.choices) {
                instructions += "\n- ";
                json::writer(instructions).string(choice);
            }
            instructions += '\n';
        }
        for (const std::string& model : request_.models)
            panel.seats.push_back(ask(model, request_.prompt, instructions));
        merge(panel);
        return panel;
    }

private:
    panel_seat ask(const std::string& model, const std::string& prompt,
                   const std::string& instructions) {
        recorded_request own = request_;
        own.model = model;
        own.models.clear();
        own.prompt = prompt;
        own.instructions = instructions;
        panel_seat seat;
        seat.model = model;
        do {
            seat.attempts.push_back(attempt(own));
        } while (seat.last().transient && seat.attempts.size() <= asked_.max_retries);
        return seat;
    }

    panel_attempt attempt(const recorded_request& request) {
        panel_attempt made;
        const auto reply = record_.take_reply(request.model);
        if (!reply) {
            made.error = "HTTP 404: no such model";
            return made;
        }
        const reply_script& script = reply->script();
        made.first_token_after = script.first_token_after;
        made.token_every = script.token_every;
        if (script.what == reply_script::kind::status) {
            made.error = "HTTP " + std::to_string(script.status) + ": scripted failure";
            made.transient = script.status == 429 || script.status >= 500;
        } else if (script.what != reply_script::kind::answer) {
            made.error = "timed out";
            made.fails_after = asked_.timeout;
        } else {
            made.answer = plan_answer(script, request, ordinal_);
            break_off(script, made);
        }
        return made;
    }

    // A fault of the model's connection, as the server of the roundtable meets it.
    void break_off(const reply_script& script, panel_attempt& made) const {
        if (script.fault == reply_fault::none || !script.fault_counts_events) return;
        auto& tokens = made.answer.tokens;
        tokens.resize(std::min(tokens.size(), script.fault_after));
        const bool stalls = script.fault == reply_fault::stall;
        made.error = stalls ? "timed out" : "connection lost";
        made.transient = !stalls;
        if (stalls) made.fails_after = asked_.timeout;
    }

    // Several answers are merged, by the model named or by the first that answered.
    void merge(planned_panel& panel) {
        if (asked_.resolution != "summary") return;
        std::string prompt = "Question:\n" + fenced(request_.prompt);
        std::string first;
        std::size_t count = 0;
        for (const panel_seat& seat : panel.seats) {
            if (!seat.answered()) continue;
            if (++count == 1) first = seat.model;
            prompt += "\nAnswer " + std::to_string(count) + " (from " + seat.model + "):\n" +
                      fenced(seat.text());
        }
        if (count < 2) return;
        panel.merger = ask(asked_.summary_model.empty() ? first : asked_.summary_model, prompt,
                           request_.instructions);
    }

    static std::string fenced(const std::string& text) { return "```\n" + text + "\n```\n"; }

    provider_record& record_;
    const recorded_request& request_;
    std::uint64_t ordinal_;
    roundtable_body asked_;
};

/// The reply to a request for a roundtable, with what its models say.
inline scripted_reply panel_reply(provider_record& record, const recorded_request& request,
                                  std::uint64_t ordinal) {
    reply_script script;
    if (record.has_replies(request.model)) script = record.take_reply(request.model)->script();
    if (script.what == reply_script::kind::answer) {
        auto panel =
            std::make_shared<planned_panel>(panel_planner(record, request, ordinal).make());
        if (!request.stream || script.always_whole) {
            script.head_after += panel->duration();
            if (!panel->answered()) script.status = 502;
        }
        script.panel = std::move(panel);
    }
    return scripted_reply(std::move(script));
}

}  // namespace conclave::testing::detail
