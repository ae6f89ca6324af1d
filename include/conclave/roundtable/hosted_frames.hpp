#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/client/options.hpp>
#include <conclave/client/secrets.hpp>
#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/hosted_reply.hpp>
#include <conclave/roundtable/hosted_seat.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/roundtable/seat.hpp>
#include <conclave/roundtable/voting.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/stream_end.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::detail {

/// Reads what a server says of a roundtable that it runs, liberally, and makes of it the events and
/// the response that a panel run here has: each seat begins once and reports once, whatever the
/// frames say, and a seat's text is shown before its result. No I/O.
class hosted_frames {
public:
    /// All have to outlive it. `from` is the server, whose keys are kept out of every text.
    /// `trace_uuid` was sent to it.
    hosted_frames(const roundtable_request& request, const endpoint& from,
                  const std::string& trace_uuid, event_sink& sink)
        : request_(request), from_(from), trace_uuid_(trace_uuid), sink_(sink) {
        response_.results.resize(request.models().size());
        for (std::size_t i = 0; i < request.models().size(); ++i)
            seats_.emplace_back(i, request.models()[i].name());
    }

    /// Reads one frame of a stream.
    void read(const sse::event& frame) {
        if (state_ != wire::stream_status::more || frame.kind != sse::event_kind::message) return;
        const std::string_view text = trim_space(frame.data);
        if (text == "[DONE]") return end("the stream ended without the roundtable's result", {});
        if (text.empty()) return;
        std::optional<stream_event> seen;
        try {
            seen = stream_event::from_json(text, frame.type);
        } catch (const conclave::error&) {
            return fail(unreadable_frame(frame));
        }
        if (!seen) return;
        if (seen->type == event_type::error) return fail(wire::read_provider_error(0, text));
        size_ += seen->delta.size() + seen->data.size();
        if (seen->result) size_ += seen->result->text().size();
        if (of_seat(seen->type)) return read_seat(*seen);
        if (seen->type != event_type::done) return read_summary(*seen);
        const roundtable_response& result = *seen->response;
        const bool is_whole = result.meta != roundtable_meta() || !result.results.empty();
        last_ = std::move(*seen->response);
        // A bare one may be followed by one that says more.
        if (is_whole || frame.type == "complete") conclude();
    }

    /// Reads the body of a reply that is no stream.
    std::optional<wire::failure> read_whole(std::string_view body) {
        if (auto failed = read_hosted_body(body, last_.emplace())) return failed;
        conclude();
        return std::nullopt;
    }

    /// Reads the body of a reply with an error status. True if it has the panel's results: that all
    /// models failed is an outcome and no failure of the server's.
    bool read_error_body(std::string_view body) {
        last_ = read_failed_panel(body);
        if (!last_) return false;
        conclude();
        return true;
    }

    /// Says that the stream has ended, with these stray lines in it.
    wire::stream_status finish(std::string_view stray) {
        if (state_ == wire::stream_status::more) {
            end("the stream ended before the roundtable was complete", stray);
        }
        return state_;
    }

    /// Where the roundtable stands.
    wire::stream_status state() const noexcept { return state_; }
    /// Why it failed, once it has.
    const wire::failure& failure() const noexcept { return failure_; }
    /// Bytes of text so far.
    std::size_t size() const noexcept { return size_; }

    /// Says that the roundtable ends here, by a clock and after so long: what has come is the
    /// response, and who has not answered failed for this reason.
    void end_early(const conclave::error& why, std::chrono::milliseconds duration) {
        state_ = wire::stream_status::done;
        for (hosted_seat& each : seats_)
            report(each, each.failed(why));
        fill_meta();
        response_.meta.total_duration = duration;
        settle_answer(why);
        announce_end();
    }

    /// Says that the call fails, for this reason: every seat that had begun reports that.
    void abandon(const conclave::error& why) {
        for (hosted_seat& each : seats_) {
            if (each.has_begun()) report(each, each.failed(why));
        }
    }

    /// The response, once there is one.
    roundtable_response& response() noexcept { return response_; }

private:
    // ---- seats

    void read_seat(stream_event& seen) {
        if (seen.model_index >= seats_.size()) return;
        hosted_seat& seat = seats_[seen.model_index];
        if (seat.has_reported()) return;
        if (seen.result) return report(seat, std::move(*seen.result));
        begin(seat);
        if (seen.type == event_type::model_delta) {
            show(seat, seen.delta);
        } else if (seen.type == event_type::model_retry) {
            seat.restart();
            const std::string why = without_secrets(seen.error, from_);
            roundtable_event again = seat.about(event_type::model_retry);
            again.error = why;
            sink_.emit(again);
        }
    }

    void begin(hosted_seat& seat) {
        if (seat.begin()) sink_.emit(seat.about(event_type::model_start));
    }

    void show(hosted_seat& seat, std::string_view piece) {
        if (piece.empty()) return;
        seat.add(piece);
        roundtable_event shown = seat.about(event_type::model_delta);
        shown.delta = piece;
        sink_.emit(shown);
    }

    // A seat reports once.
    void report(hosted_seat& seat, model_result result) {
        if (seat.has_reported()) return;
        begin(seat);
        complete(seat, result);
        if (seat.text().empty()) show(seat, result.text());
        seat.report();
        model_result& kept = response_.results[seat.index()];
        kept = std::move(result);
        roundtable_event seen = seat.about(event_type::model_done);
        if (!kept.ok()) {
            seen.type = event_type::model_error;
            seen.error = *kept.error;
        }
        seen.result = &kept;
        sink_.emit(seen);
    }

    // What the server leaves out of a result and we know.
    void complete(const hosted_seat& seat, model_result& result) const {
        result.index = seat.index();
        result.model = seat.model();
        if (result.error) result.error = without_secrets(*result.error, from_);
        if (result.text().empty()) result.data = answer_text(seat.text());
        result.data = judged(std::move(result.data));
    }

    // An answer to a request for JSON knows whether it is that.
    answer_text judged(answer_text data) const {
        if (request_.output_schema().empty() || data.is_json()) return data;
        json::document parsed;
        const bool is_json = !json::document::parse(data.text(), parsed);
        return answer_text(data.text(), is_json);
    }

    // ---- the merged answer

    void read_summary(const stream_event& seen) {
        if (summary_.is_done) return;
        if (seen.type == event_type::summary_start) return begin_summary(seen.model);
        if (!summary_.has_begun) begin_summary(seen.model);
        if (seen.type == event_type::summary_delta) return show_summary(seen.delta);
        if (seen.type == event_type::summary_done) return finish_summary(seen.data);
        summary_.text.clear();
        const std::string why = without_secrets(seen.error, from_);
        roundtable_event again = about_summary(event_type::summary_retry);
        again.error = why;
        sink_.emit(again);
    }

    void begin_summary(std::string_view model) {
        summary_.has_begun = true;
        summary_.text.clear();
        summary_.model = model.empty() ? request_.summary_model() : std::string(model);
        sink_.emit(about_summary(event_type::summary_start));
    }

    void show_summary(std::string_view piece) {
        if (piece.empty()) return;
        summary_.text += piece;
        roundtable_event shown = about_summary(event_type::summary_delta);
        shown.delta = piece;
        sink_.emit(shown);
    }

    void finish_summary(std::string_view whole) {
        if (summary_.text.empty()) show_summary(whole);
        if (!whole.empty()) summary_.text = whole;
        summary_.is_done = true;
        roundtable_event seen = about_summary(event_type::summary_done);
        seen.data = summary_.text;
        sink_.emit(seen);
    }

    roundtable_event about_summary(event_type type) const {
        roundtable_event seen;
        seen.type = type;
        seen.model = summary_.model;
        return seen;
    }

    // ---- the end

    void end(std::string_view what_is_missing, std::string_view stray) {
        if (last_) return conclude();
        fail(wire::detail::early_end(stray, what_is_missing));
    }

    void fail(wire::failure why) {
        failure_ = std::move(why);
        state_ = wire::stream_status::failed;
    }

    // Makes the response of the server's last word and of what was said before.
    void conclude() {
        state_ = wire::stream_status::done;
        std::vector<bool> listed(seats_.size());
        for (model_result& result : last_->results) {
            if (result.index >= seats_.size() || listed[result.index]) continue;
            hosted_seat& seat = seats_[result.index];
            listed[result.index] = true;
            if (seat.has_reported()) {
                complete(seat, result);
                response_.results[seat.index()] = std::move(result);
            } else {
                report(seat, std::move(result));
            }
        }
        for (hosted_seat& seat : seats_) {
            if (!seat.has_reported()) report(seat, seat.unlisted());
        }
        response_.id = std::move(last_->id);
        const bool has_meta = last_->meta != roundtable_meta();
        response_.meta = std::move(last_->meta);
        if (!has_meta) fill_meta();
        if (response_.meta.summary_error) {
            response_.meta.summary_error = without_secrets(*response_.meta.summary_error, from_);
        }
        conclude_summary();
        announce_end();
    }

    void conclude_summary() {
        auto& data = response_.data;
        data = std::move(last_->data);
        if (!data && !response_.meta.summary_error && !summary_.text.empty()) {
            data.emplace(summary_.text);
        }
        if (!data) return;
        data = judged(std::move(*data));
        const auto& merger = response_.meta.summary_model;
        if (!summary_.has_begun && merger) begin_summary(*merger);
        if (summary_.has_begun && !summary_.is_done) finish_summary(data->text());
    }

    // The totals where the server gives none.
    void fill_meta() {
        roundtable_meta& meta = response_.meta;
        meta.resolution = request_.resolution();
        meta.cost_complete = !summary_.has_begun;
        for (const model_result& result : response_.results) {
            if (result.ok()) meta.models_used.push_back(result.model);
            meta.total_cost = rounded_usd(meta.total_cost + result.cost.value_or(0));
            if (!result.cost) meta.cost_complete = false;
        }
        if (summary_.has_begun && !summary_.model.empty()) meta.summary_model = summary_.model;
    }

    // The one answer of a roundtable that a clock ended.
    void settle_answer(const conclave::error& why) {
        auto& data = response_.data;
        if (request_.resolution() == resolution::multiple_choice) {
            vote_result counted = count_votes(request_, response_.results);
            response_.meta.votes = std::move(counted.votes);
            if (counted.winner) data.emplace(request_.choices()[*counted.winner]);
        } else if (request_.resolution() == resolution::summary) {
            const model_result* only = nullptr;
            std::size_t usable = 0;
            for (const model_result& result : response_.results) {
                if (is_usable(result) && usable++ == 0) only = &result;
            }
            if (summary_.is_done) {
                data = judged(answer_text(summary_.text));
            } else if (usable == 1) {
                data = only->data;
            } else if (usable > 1) {
                response_.meta.summary_error = why.what();
            }
        }
    }

    void announce_end() {
        std::string& trace = response_.meta.trace_uuid;
        if (trace.empty()) trace = trace_uuid_;
        roundtable_event seen;
        seen.type = event_type::done;
        seen.response = &response_;
        sink_.emit(seen);
    }

    struct summary {
        std::string model;
        std::string text;
        bool has_begun = false;
        bool is_done = false;
    };

    const roundtable_request& request_;
    const endpoint& from_;
    const std::string& trace_uuid_;
    event_sink& sink_;
    std::vector<hosted_seat> seats_;
    summary summary_;
    // The last frame, or the whole reply.
    std::optional<roundtable_response> last_;
    roundtable_response response_;
    wire::stream_status state_ = wire::stream_status::more;
    wire::failure failure_;
    std::size_t size_ = 0;
};

}  // namespace conclave::detail
