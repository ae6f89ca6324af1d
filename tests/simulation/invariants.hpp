#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/roundtable/event.hpp>

#include "simulation/panel_record.hpp"
#include "simulation/provider.hpp"

namespace conclave::simulation {

// What must hold for every roundtable, whatever happened to it. Each thing that does not is said in
// a sentence.
class panel_check {
public:
    panel_check(const panel_record& panel, const std::vector<taken_request>& taken)
        : panel_(panel), seats_(panel.request.models().size()) {
        for (const taken_request& each : taken) {
            if (each.question == panel.number) taken_.push_back(&each);
        }
    }

    std::vector<std::string> run() {
        check_end();
        check_events();
        if (panel_.asked == way::plain && panel_.response) believe_response();
        check_results();
        check_response();
        check_requests();
        return std::move(wrong_);
    }

private:
    static constexpr world::duration tick{1};

    struct seat_state {
        bool started = false;
        bool ended = false;
        std::size_t retries = 0;
        std::string text;
        const model_result* result = nullptr;
    };

    void expect(bool holds, const std::string& otherwise) {
        if (!holds) {
            wrong_.push_back("panel " + std::to_string(panel_.number) + ": " + otherwise);
        }
    }

    // ---- every return in time

    void check_end() {
        expect(panel_.started && panel_.ended, "never returned");
        if (!panel_.started || !panel_.ended) return;
        const auto took = *panel_.ended - *panel_.started;
        const int shares = panel_.request.resolution() == resolution::summary ? 2 : 1;
        world::duration limit = shares * panel_.request.timeout();
        const auto deadline = panel_.request.deadline();
        if (deadline.count() > 0) limit = std::min<world::duration>(limit, deadline);
        limit += panel_.paused + tick;
        expect(took <= limit, "took " + text(took) + " of " + text(limit));
        if (panel_.cancelled) {
            const auto later = *panel_.ended - *panel_.cancelled;
            expect(later <= tick, "returned " + text(later) + " after it was cancelled");
        }
        expect(!panel_.threw_other, "threw something else than an error");
        expect(
            !panel_.handler_threw || (!panel_.response && panel_.events.size() == panel_.throws_at),
            "went on after its handler had thrown");
        const bool cancelled = panel_.failure && panel_.failure->code() == errc::cancelled;
        expect(!panel_.failure || cancelled, "threw: " + failure_text());
        expect(!cancelled || panel_.cancelled, "is cancelled, and nobody did that");
    }

    std::string failure_text() const { return panel_.failure ? panel_.failure->what() : ""; }

    // ---- each seat reported once and in order

    void check_events() {
        std::size_t next_start = 0;
        for (const stream_event& seen : panel_.events) {
            const std::string word(to_string(seen.type));
            expect(!done_, word + " after the end");
            if (seen.type > event_type::model_error) {
                check_merging(seen);
                continue;
            }
            if (seen.model_index >= seats_.size()) {
                expect(false, word + " of a seat that does not exist");
                continue;
            }
            seat_state& seat = seats_[seen.model_index];
            const std::string what = word + " of seat " + std::to_string(seen.model_index);
            expect(!seat.ended, what + " after its end");
            expect(seat.started == (seen.type != event_type::model_start), what + " out of order");
            expect(!merging_, what + " after the seats' end");
            switch (seen.type) {
                case event_type::model_start:
                    expect(seen.model_index == next_start++, what + " out of turn");
                    seat.started = true;
                    break;
                case event_type::model_delta:
                    expect(!seen.delta.empty(), what + " is empty");
                    seat.text += seen.delta;
                    break;
                case event_type::model_retry:
                    ++seat.retries;
                    seat.text.clear();
                    break;
                default:
                    seat.ended = true;
                    expect(seen.result.has_value(), what + " has no result");
                    if (!seen.result) break;
                    seat.result = &*seen.result;
                    expect(seat.result->index == seen.model_index, what + " has another's result");
                    expect(seat.result->ok() == (seen.type == event_type::model_done),
                           what + " has a result that says otherwise");
            }
        }
        if (!sees_all()) return;
        for (std::size_t i = 0; i < seats_.size(); ++i) {
            const bool reported = seats_[i].started == seats_[i].ended;
            expect(reported, "seat " + std::to_string(i) + " has started and never ended");
            expect(seats_[i].ended || panel_.failure,
                   "seat " + std::to_string(i) + " is never reported");
        }
        expect(done_ == panel_.response.has_value(), done_ ? "is done, and threw" : "is not done");
    }

    // Whether the caller was shown every event.
    bool sees_all() const {
        if (!panel_.ended || panel_.handler_threw || panel_.abandoned) return false;
        if (panel_.asked == way::plain) return false;
        return panel_.asked == way::watching || !panel_.failure;
    }

    void check_merging(const stream_event& seen) {
        const std::string word(to_string(seen.type));
        for (const seat_state& seat : seats_)
            expect(seat.ended, word + " before all seats ended");
        switch (seen.type) {
            case event_type::summary_start:
                expect(!merging_ || merge_failed_, word + " twice");
                merging_ = true;
                merge_failed_ = false;
                merged_text_.clear();
                break;
            case event_type::summary_delta: merged_text_ += seen.delta; break;
            case event_type::summary_retry:
                merge_failed_ = true;
                merged_text_.clear();
                break;
            case event_type::summary_done:
                expect(!merged_, word + " twice");
                expect(seen.data == merged_text_, word + " has another text than was shown");
                merged_ = true;
                break;
            case event_type::done: done_ = true; break;
            default: expect(false, word + " is not for a panel to say");
        }
        const bool needs_start = seen.type == event_type::summary_delta ||
                                 seen.type == event_type::summary_retry ||
                                 seen.type == event_type::summary_done;
        expect(!needs_start || merging_, word + " before summary_start");
    }

    // ---- what the results say

    // Who sees no events has the results alone.
    void believe_response() {
        for (std::size_t i = 0; i < std::min(seats_.size(), panel_.response->results.size()); ++i) {
            const model_result& result = panel_.response->results[i];
            seats_[i].result = &result;
            seats_[i].retries = static_cast<std::size_t>(result.attempts - 1);
            seats_[i].text = result.text();
        }
    }

    void check_results() {
        for (std::size_t i = 0; i < seats_.size(); ++i) {
            const seat_state& seat = seats_[i];
            if (seat.result == nullptr) continue;
            const model_result& result = *seat.result;
            const std::string which = "seat " + std::to_string(i);
            const bool cancelled = result.error_code == errc::cancelled;
            expect(result.model == panel_.request.models()[i].name(), which + " has another model");
            // under a schema, an answer is asked for once more
            const int most =
                1 + panel_.request.max_retries() + (panel_.request.output_schema().empty() ? 0 : 1);
            expect(result.attempts >= 1 && result.attempts <= most,
                   which + " has " + std::to_string(result.attempts) + " attempts");
            const auto announced = static_cast<int>(seat.retries) + 1;
            expect(result.attempts == announced || (cancelled && result.attempts + 1 == announced),
                   which + " has announced " + std::to_string(announced) + " attempts and made " +
                       std::to_string(result.attempts));
            expect(result.duration <= panel_.request.timeout(),
                   which + " took " + text(result.duration));
            expect(result.error_code != errc::model_timeout ||
                       result.duration >= panel_.request.timeout(),
                   which + " timed out after " + text(result.duration));
            const bool has_reason = panel_.cancelled || panel_.abandoned || panel_.handler_threw ||
                                    panel_.a_timer_failed;
            expect(!cancelled || has_reason, which + " is cancelled, and nobody did that");
            if (result.ok()) check_answer(which, seat);
        }
    }

    // A whole answer, and one that was given to this question by this model.
    void check_answer(const std::string& which, const seat_state& seat) {
        const std::string& answer = seat.result->text();
        // An answer that did not fit is kept where asking once more came to none.
        const bool is_judged = seat.result->schema_valid.has_value();
        if (!is_judged || (panel_.request.choices().empty() && *seat.result->schema_valid)) {
            expect(answer == seat.text, which + " has another text than was shown");
        }
        const bool picked = std::count(panel_.request.choices().begin(),
                                       panel_.request.choices().end(), answer) > 0;
        const bool given = std::any_of(taken_.begin(), taken_.end(), [&](const auto* each) {
            return each->model == bare(seat.result->model) && each->chosen.text == answer;
        });
        expect(given || picked, which + " has an answer that nobody gave: " + answer);
    }

    void check_response() {
        if (!panel_.response) return;
        const roundtable_response& response = *panel_.response;
        expect(response.results.size() == seats_.size(), "has too few results");
        for (std::size_t i = 0; i < response.results.size() && i < seats_.size(); ++i) {
            expect(response.results[i].index == i, "has results out of order");
            const model_result* const reported = seats_[i].result;
            expect(reported == nullptr || *reported == response.results[i],
                   "has another result for seat " + std::to_string(i) + " than was reported");
        }
        const bool shown = merged_ && response.data;
        expect(!merged_ || shown, "has merged, and has no answer");
        expect(!shown || response.data->text() == merged_text_,
               "has another answer than was shown");
        std::vector<std::string> answered;
        for (const model_result& result : response.results) {
            if (result.ok()) answered.push_back(result.model);
        }
        expect(response.meta.models_used == answered, "used other models than those that answered");
        if (response.meta.cost_complete) check_total(response.meta.total_cost);
    }

    // What all providers charged for all of it, the merging included.
    void check_total(double reported) {
        double charged = 0;
        for (const taken_request* each : taken_) {
            if (swallowed(*each)) return;
            expect(each->chosen.cost.has_value(), "the total is said to be complete, and is not");
            charged += each->chosen.cost.value_or(0);
        }
        expect(std::abs(charged - reported) < 1e-9,
               "cost " + std::to_string(charged) + " and says " + std::to_string(reported));
    }

    // ---- nothing is asked for, or paid for, that is not reported

    void check_requests() {
        std::map<std::string, std::size_t> by_model;
        std::map<std::string, std::vector<const taken_request*>> by_call;
        std::map<std::string, std::size_t> excused;
        std::size_t merges = 0;
        for (const taken_request* each : taken_) {
            by_call[each->key].push_back(each);
            if (!each->merges) ++by_model[each->model];
            merges += each->merges ? 1 : 0;
            if (swallowed(*each)) ++excused[each->key];
        }
        for (const auto& [key, requests] : by_call)
            check_call(requests, excused[key]);
        expect(merges == 0 || panel_.request.resolution() == resolution::summary,
               "merges without being asked to");
        if (!all_reported()) return;
        for (const auto& [model, count] : by_model)
            check_bill(model, count);
    }

    bool all_reported() const {
        return std::all_of(seats_.begin(), seats_.end(),
                           [](const seat_state& seat) { return seat.result != nullptr; });
    }

    // The attempts of one call.
    void check_call(const std::vector<const taken_request*>& requests, std::size_t excused) {
        const auto most = static_cast<std::size_t>(1 + panel_.request.max_retries()) + excused;
        expect(requests.size() <= most,
               "sent " + std::to_string(requests.size()) + " requests for one call");
        for (std::size_t i = 0; i + 1 < requests.size(); ++i) {
            const taken_request& before = *requests[i];
            const auto asked = before.chosen.retry_after;
            // Who has read the head knows the wish not to be asked again too soon.
            if (!asked || before.heard() < before.head_size) continue;
            const auto waited = requests[i + 1]->at - before.at;
            expect(waited >= *asked, "came back after " + text(waited) + " instead of " +
                                         text(std::chrono::milliseconds(*asked)));
        }
    }

    // Whether a pooled connection died before a byte of reply: the request is sent once more.
    static bool swallowed(const taken_request& taken) { return taken.reused && taken.heard() == 0; }

    // The model's name as its provider knows it.
    static std::string bare(const std::string& name) { return name.substr(name.find('/') + 1); }

    // What a model's seats report together, against what its provider has taken.
    void check_bill(const std::string& model, std::size_t count) {
        std::size_t attempts = 0;
        double reported = 0;
        bool known = true;
        for (const seat_state& seat : seats_) {
            if (bare(seat.result->model) != model) continue;
            attempts += static_cast<std::size_t>(seat.result->attempts);
            known = known && seat.result->cost;
            reported += seat.result->cost.value_or(0);
        }
        std::size_t excused = 0;
        double charged = 0;
        bool told = true;
        for (const taken_request* each : taken_) {
            if (each->model != model || each->merges) continue;
            excused += swallowed(*each) ? 1 : 0;
            told = told && each->chosen.cost;
            charged += each->chosen.cost.value_or(0);
        }
        expect(count <= attempts + excused, model + " took " + std::to_string(count) +
                                                " requests, and " + std::to_string(attempts) +
                                                " are reported");
        if (!known || excused > 0) return;
        expect(told, "the cost of " + model + " is said to be known, and it is not");
        expect(!told || std::abs(charged - reported) < 1e-9,
               model + " charged " + std::to_string(charged) + ", and " + std::to_string(reported) +
                   " is reported");
    }

    static std::string text(std::chrono::microseconds time) {
        return std::to_string(time.count()) + " us";
    }

    const panel_record& panel_;
    std::vector<seat_state> seats_;
    std::vector<const taken_request*> taken_;
    std::vector<std::string> wrong_;
    bool merging_ = false;
    bool merge_failed_ = false;
    bool merged_ = false;
    bool done_ = false;
    std::string merged_text_;
};

}  // namespace conclave::simulation
