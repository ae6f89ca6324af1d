#pragma once

// What the two paths that speak OpenAI's formats do: ask a model, or a panel as if it were one.

#include "answer_output.hpp"
#include "api_error.hpp"
#include "compat_request.hpp"
#include "event_response.hpp"
#include "http.hpp"
#include "panel_models.hpp"
#include "panel_progress.hpp"
#include "work.hpp"

#include <conclave/client/complete_stream.hpp>
#include <conclave/conclave.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace server {

/// How one of the formats reads requests and writes answers.
struct compat_format {
    /// For the log.
    const char* name;
    compat_request (*read)(std::string_view body);
    std::unique_ptr<answer_output> (*output)(const compat_request& asked, std::string_view body,
                                             const std::string& number);
};

/// A model that is asked in one of OpenAI's formats.
class compat_exchange {
public:
    compat_exchange(application& app, const panel_map& panels, const http_request& request,
                    responder& to, const compat_format& format)
        : work_(app, request), panels_(panels), to_(to), format_(format) {}

    asio::awaitable<void> run() {
        read();
        if (!work_.failure) co_await enter();
        if (!work_.failure) {
            const bool streamed = asked_.stream;
            if (streamed) {
                co_await stream();
            } else {
                co_await answer_whole();
            }
        }
        if (work_.was_cancelled) throw conclave::error(conclave::errc::cancelled);
        if (work_.failure && !to_.has_begun()) co_await send_failure();
    }

private:
    void read() {
        try {
            asked_ = format_.read(work_.request.body);
            asked_.what.traceparent(work_.request.traceparent);
            const auto panel = find_panel(panels_, asked_.what.model());
            if (panel) panel_ = panel_request(*panel, asked_.what);
            output_ = format_.output(asked_, work_.request.body, make_number());
        } catch (const conclave::error& failure) {
            work_.fail(to_api_error(failure));
        }
    }

    // A refusal is told as other errors are in this format.
    asio::awaitable<void> enter() {
        try {
            const std::size_t seats = panel_ ? panel_->models().size() : 1;
            co_await work_.enter(seats, format_.name, asked_.stream);
        } catch (const refusal& refused) {
            api_error why;
            why.status = refused.status();
            why.code = refused.code();
            why.message = refused.what();
            refusal_header_ = refused.extra();
            work_.fail(std::move(why));
        }
        if (!work_.failure) work_.record->question(panel_question(asked_.what));
    }

    static std::string make_number() {
        using transport = conclave::net::socket_transport;
        return conclave::make_roundtable_id(std::chrono::system_clock::now(),
                                            static_cast<std::uint16_t>(transport::random()),
                                            transport::random())
            .substr(3);
    }

    asio::awaitable<void> answer_whole() {
        co_await ask(nullptr);
        if (work_.failure || work_.was_cancelled) co_return;
        co_await to_.send(200, "application/json", output_->whole(answer_));
    }

    asio::awaitable<void> stream() {
        std::string last_words;
        // Of its own, since the events of the real one are numbered.
        format_.output(asked_, work_.request.body, make_number())
            ->fail(shutting_down(), last_words);
        event_response out(to_, co_await asio::this_coro::executor, std::move(last_words));
        const auto pump = [&] { return ask(&out); };
        co_await out.run(pump);
        if (work_.was_cancelled || (work_.failure && !out.has_begun())) co_return;
        begin();
        if (work_.failure) {
            output_->fail(*work_.failure, pending_);
        } else {
            output_->finish(answer_, pending_);
        }
        out.write(pending_);
        co_await out.finish();
    }

    // Asks, and writes to `out` as the answer comes, if it is to be streamed. Throws nothing.
    asio::awaitable<void> ask(event_response* out) {
        try {
            if (panel_) {
                co_await ask_panel(out);
            } else {
                co_await ask_model(out);
            }
        } catch (const conclave::error& failure) {
            if (!work_.note_cancelled(failure)) work_.fail(to_api_error(failure));
            if (failure.code() == conclave::errc::no_endpoint && !panel_) name_panels();
        } catch (const std::exception&) {
            work_.was_cancelled = true;  // the client is gone
        }
        if (!work_.was_cancelled) record_end();
    }

    // The library knows what models there are, and nothing of panels.
    void name_panels() {
        if (panels_.empty()) return;
        std::string& message = work_.failure->message;
        message += "; panels are";
        for (const auto& [name, panel] : panels_)
            message += " \"" + name + '"';
    }

    void record_end() {
        panel_record& record = *work_.record;
        record.answer(answer_.text);
        if (work_.failure && panel_answer_) {
            record.fail(work_.failure->code, *panel_answer_);
        } else if (work_.failure) {
            record.fail(work_.failure->code);
        } else if (panel_answer_) {
            record.succeed(*panel_answer_);
        } else {
            record.succeed();
        }
    }

    asio::awaitable<void> ask_model(event_response* out) {
        auto pieces = conclave::complete_stream(work_.app.client, asked_.what);
        const auto began = std::chrono::steady_clock::now();
        std::optional<conclave::error> failure;
        try {
            for (;;) {
                const auto waiting = co_await pieces.next_all();
                if (waiting.empty()) break;
                for (const conclave::stream_delta& piece : waiting) {
                    show(piece);
                    if (work_.failure) co_return;
                }
                if (out != nullptr && !out->write(pending_)) co_await out->drained();
                pending_.clear();
            }
        } catch (const conclave::error& thrown) {
            failure = thrown;
        }
        answer_ = pieces.result();
        record_call(failure, std::chrono::steady_clock::now() - began);
        if (!failure) co_return;
        // To these formats an answer that the provider withheld is one.
        if (failure->code() != conclave::errc::refused) throw *failure;
        if (!has_refused_) show_refusal(answer_.refusal);
    }

    void record_call(const std::optional<conclave::error>& failure,
                     std::chrono::steady_clock::duration took) {
        const std::string word = failure ? failure->code().message() : std::string();
        work_.record->see_seat(asked_.what.model(), word, 1,
                               std::chrono::duration_cast<std::chrono::milliseconds>(took));
        if (answer_.usage) work_.record->spend(*answer_.usage, answer_.cost);
    }

    void show(const conclave::stream_delta& piece) {
        if (piece.restart) return begin_anew("the model's answer was cut off");
        show_reasoning(piece.reasoning);
        show_text(piece.text);
        show_refusal(piece.refusal);
    }

    void show_reasoning(std::string_view piece) {
        if (piece.empty() || !asked_.stream) return;
        begin();
        output_->reasoning(piece, pending_);
    }
    void show_text(std::string_view piece) {
        if (piece.empty()) return;
        has_text_ = true;
        if (!panel_) work_.record->see_token();
        if (!asked_.stream) return;
        begin();
        output_->text(piece, pending_);
    }
    void show_refusal(std::string_view piece) {
        if (piece.empty() || !asked_.stream) return;
        has_refused_ = true;
        begin();
        output_->refusal(piece, pending_);
    }

    // These formats cannot take back what they have told.
    void begin_anew(const std::string& complaint) {
        if (!asked_.stream || !(has_text_ || has_refused_)) return;
        api_error why;
        why.status = 502;
        why.code = "stream_interrupted";
        why.message = complaint;
        work_.fail(std::move(why));
    }

    asio::awaitable<void> ask_panel(event_response* out) {
        auto events = conclave::roundtable_stream(work_.app.client, *panel_);
        for (;;) {
            const auto waiting = co_await events.next_all();
            if (waiting.empty()) break;
            for (const conclave::stream_event& seen : waiting) {
                work_.record->see(seen.view());
                show(seen.view());
                if (work_.failure && !panel_answer_) co_return;
            }
            if (out != nullptr && !out->write(pending_)) co_await out->drained();
            pending_.clear();
        }
    }

    void show(const conclave::roundtable_event& seen) {
        using conclave::event_type;
        const std::string progress = progress_line(seen);
        show_reasoning(progress);
        answer_.reasoning += progress;
        if (seen.type == event_type::summary_delta) show_text(seen.delta);
        if (seen.type == event_type::summary_retry) begin_anew("merging the answers failed");
        if (seen.type == event_type::done) take(*seen.response);
    }

    // The panel's answer as a model's.
    void take(const conclave::roundtable_response& response) {
        panel_answer_ = response;
        answer_.text = response.text();
        answer_.finish = conclave::finish_reason::stop;
        answer_.cost = response.meta.total_cost;
        answer_.usage.emplace();
        for (const conclave::model_result& each : response.results) {
            if (each.usage) conclave::accumulate(*answer_.usage, *each.usage);
        }
        if (response.meta.summary_usage)
            conclave::accumulate(*answer_.usage, *response.meta.summary_usage);
        if (!response.data) {
            work_.fail(why_without_answer(response));
        } else if (!has_text_) {
            show_text(answer_.text);
        }
    }

    static api_error why_without_answer(const conclave::roundtable_response& response) {
        api_error why;
        why.status = 502;
        std::string reasons;
        for (const conclave::model_result& each : response.results) {
            if (each.error) reasons += "; " + each.model + ": " + *each.error;
        }
        if (response.meta.summary_error) {
            why.code = "consolidation_failed";
            why.message = "merging the answers failed: " + *response.meta.summary_error;
        } else if (response.meta.models_used.empty()) {
            why.code = "all_models_failed";
            why.message = "no model of the panel answered" + reasons;
        } else {
            why.code = "no_valid_answer";
            why.message = "no model of the panel gave a valid answer" + reasons;
        }
        return why;
    }

    // The events at the beginning of the stream, once.
    void begin() {
        if (!has_begun_) output_->begin(pending_);
        has_begun_ = true;
    }

    asio::awaitable<void> send_failure() {
        header_list extra = work_.failure_header();
        extra.insert(extra.end(), refusal_header_.begin(), refusal_header_.end());
        co_await to_.send(work_.failure->status, "application/json",
                          openai_error_body(*work_.failure), std::move(extra));
    }

    work work_;
    const panel_map& panels_;
    responder& to_;
    const compat_format& format_;
    compat_request asked_;
    std::optional<conclave::roundtable_request> panel_;
    std::unique_ptr<answer_output> output_;
    header_list refusal_header_;

    std::string pending_;  // events that are to be sent
    bool has_begun_ = false;
    bool has_text_ = false;
    bool has_refused_ = false;
    conclave::completion answer_;
    std::optional<conclave::roundtable_response> panel_answer_;
};

}  // namespace server
