#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/client/observer.hpp>
#include <conclave/client/perform.hpp>
#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/roundtable/detail/answer_judge.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/roundtable/voting.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/message.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave::detail {

/// Whoever is told of a panel's events, on the panel's strand.
class event_sink {
public:
    virtual void emit(const roundtable_event& seen) = 0;
    /// Whether `ready` would wait.
    virtual bool is_full() const noexcept { return false; }
    /// Whether anybody looks at the events.
    virtual bool is_watched() const noexcept { return true; }
    /// Completes when there is room for more events.
    virtual asio::awaitable<void> ready() { co_return; }

protected:
    ~event_sink() = default;
};

/// Turns what a call tells into the events of a seat, or of the consolidation.
class event_reporter final : public call_observer {
public:
    event_reporter(event_sink& sink, std::size_t index, std::string_view model,
                   event_type delta_type, event_type retry_type)
        : sink_(sink),
          index_(index),
          model_(model),
          delta_type_(delta_type),
          retry_type_(retry_type) {}

    void on_delta(const delta& piece) override {
        if (piece.text.empty()) return;
        roundtable_event seen = about(delta_type_);
        seen.delta = piece.text;
        sink_.emit(seen);
    }
    void on_retry(const error& why) override {
        const std::string text = why.what();
        roundtable_event seen = about(retry_type_);
        seen.error = text;
        sink_.emit(seen);
    }
    bool is_full() const noexcept override { return sink_.is_full(); }
    asio::awaitable<void> ready() override { return sink_.ready(); }

    /// An event of this seat.
    roundtable_event about(event_type type) const {
        roundtable_event seen;
        seen.type = type;
        seen.model_index = index_;
        seen.model = model_;
        return seen;
    }

private:
    event_sink& sink_;
    std::size_t index_;
    std::string_view model_;
    event_type delta_type_;
    event_type retry_type_;
};

/// The call that a seat makes.
inline call seat_call(const roundtable_request& request, const panel_model& seat) {
    call what(seat.name(), request.input());
    if (request.resolution() == resolution::multiple_choice) {
        what.instructions(choice_prompt(request.instructions(), request.choices()));
        what.output_schema(choice_schema(request.choices()));
    } else {
        what.instructions(request.instructions());
        what.output_schema(request.output_schema());
    }
    what.max_retries(request.max_retries()).timeout(request.timeout());
    if (seat.temperature()) what.temperature(*seat.temperature());
    if (seat.top_p()) what.top_p(*seat.top_p());
    if (seat.max_tokens()) what.max_tokens(*seat.max_tokens());
    if (seat.reasoning()) what.reasoning(*seat.reasoning());
    return what;
}

/// Judges an answer by the choice it picks.
inline void judge_pick(const roundtable_request& request, model_result& result) {
    const auto pick = match_choice(result.text(), request.choices());
    result.schema_valid = pick.has_value();
    if (pick) {
        result.data = answer_text(request.choices()[*pick]);
    } else {
        result.schema_error = "the answer is not one of the choices";
    }
}

/// What became of a call, and of its answer under the output schema if there is one: of both calls
/// where the model was asked once more.
struct judged_report : call_report {
    /// The answer as it counts.
    answer_text data;
    /// Whether it is valid; absent where nothing was to be judged.
    std::optional<bool> schema_valid;
    /// Why it is not.
    std::optional<std::string> complaint;

    /// Judges the answer there is, if it has to fit a schema.
    void judge(answer_judge* by) {
        data = answer_text(answer.text);
        if (by == nullptr || failure || answer.text.empty()) return;
        judged_answer judged = by->judge(answer.text, answer.finish);
        data = std::move(judged.data);
        complaint = std::move(judged.complaint);
        schema_valid = !complaint;
    }

    /// Takes in what came of asking once more: its answer if there is one, in any case its bill.
    void add(judged_report again) {
        attempts += again.attempts;
        if (again.usage) {
            if (!usage) usage.emplace();
            accumulate(*usage, *again.usage);
        }
        if (cost && again.cost) {
            cost = rounded_usd(*cost + *again.cost);
        } else {
            cost.reset();
        }
        std::vector<std::string> notes = std::move(answer.notes);
        for (std::string& note : again.answer.notes) {
            if (std::find(notes.begin(), notes.end(), note) == notes.end())
                notes.push_back(std::move(note));
        }
        const bool is_cancelled = again.failure && again.failure->code() == errc::cancelled;
        if (is_cancelled) failure = again.failure;
        if (again.schema_valid) {
            answer = std::move(again.answer);
            data = std::move(again.data);
            schema_valid = again.schema_valid;
            complaint = std::move(again.complaint);
        } else {
            notes.push_back(
                "asked once more, as the answer did not fit the schema, the model gave "
                "none: " +
                std::string(again.failure ? again.failure->what() : "it is empty"));
        }
        answer.notes = std::move(notes);
    }
};

/// The call that asks once more, its answer quoted and what is wrong with it said. Retries that the
/// first call has left over are its own.
inline call second_call(call what, const judged_report& first) {
    what.max_retries(std::max(what.max_retries() - (first.attempts - 1), 0));
    what.add(message(message_role::assistant, first.answer.text));
    what.add(message(complaint_prompt(*first.complaint)));
    return what;
}

/// The result that a call's report comes to.
inline model_result seat_result(const roundtable_request& request, std::size_t index,
                                judged_report report, std::chrono::milliseconds duration) {
    model_result result;
    result.index = index;
    result.model = request.models()[index].name();
    result.data = std::move(report.data);
    result.duration = duration;
    result.cost = report.cost;
    result.usage = std::move(report.usage);
    result.attempts = report.attempts;
    result.notes = std::move(report.answer.notes);
    result.finish = report.answer.finish;
    if (report.failure) {
        result.error = report.failure->what();
        result.error_code = static_cast<errc>(report.failure->code().value());
    } else if (result.text().empty()) {
        result.error = "the answer is empty";
        result.error_code = errc::malformed_reply;
    } else if (request.resolution() == resolution::multiple_choice) {
        judge_pick(request, result);
    } else {
        result.schema_valid = report.schema_valid;
        result.schema_error = std::move(report.complaint);
    }
    return result;
}

/// Whether a result may take part in the consolidation, or be the answer.
inline bool is_usable(const model_result& result) {
    return result.ok() && result.schema_valid.value_or(true);
}

/// The vote that the results come to.
inline vote_result count_votes(const roundtable_request& request,
                               const std::vector<model_result>& results) {
    std::vector<std::optional<std::size_t>> picks;
    picks.reserve(results.size());
    for (const model_result& result : results)
        picks.push_back(is_usable(result) ? match_exactly(result.text(), request.choices())
                                          : std::nullopt);
    return tally(picks, request.choices());
}

}  // namespace conclave::detail
