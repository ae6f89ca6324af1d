#pragma once

// `POST /v3/roundtable`: the library's request, response and events over HTTP.

#include "api_error.hpp"
#include "event_response.hpp"
#include "http.hpp"
#include "work.hpp"

#include <conclave/conclave.hpp>
#include <conclave/sse/writer.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// Whether no seat has an answer that counts.
inline bool all_failed(const conclave::roundtable_response& response) {
    const bool merged = response.meta.resolution == conclave::resolution::summary;
    return std::none_of(response.results.begin(), response.results.end(), [&](const auto& each) {
        return each.ok() && (!merged || each.schema_valid.value_or(true));
    });
}

/// A roundtable that is asked over HTTP.
class roundtable_exchange {
public:
    roundtable_exchange(application& app, const http_request& request, responder& to)
        : work_(app, request), to_(to) {}

    asio::awaitable<void> run() {
        read();
        if (!work_.failure) {
            const bool streamed = asked_->stream();
            co_await work_.enter(asked_->models().size(), "roundtable", streamed);
            work_.record->question(asked_->input());
            if (streamed) {
                co_await stream();
            } else {
                co_await answer_whole();
            }
        }
        if (work_.failure && !to_.has_begun()) co_await send_failure();
    }

private:
    void read() {
        try {
            asked_ = conclave::roundtable_request::from_json(work_.request.body);
            asked_->traceparent(work_.request.traceparent);
        } catch (const conclave::error& failure) {
            fail(failure);
        }
    }

    // The reference has no status for a model that is unknown but the one of bad requests.
    void fail(const conclave::error& failure) {
        work_.fail(to_api_error(failure));
        if (work_.failure->status == 404) work_.failure->status = 400;
        if (work_.record) work_.record->fail(work_.failure->code);
    }

    asio::awaitable<void> answer_whole() {
        const auto on_event = [this](const conclave::roundtable_event& seen) {
            work_.record->see(seen);
        };
        try {
            response_ = co_await conclave::roundtable(work_.app.client, *asked_, on_event);
        } catch (const conclave::error& failure) {
            if (failure.code() == conclave::errc::cancelled) throw;
            fail(failure);
        }
        if (work_.failure) co_return;
        judge();
        if (!work_.failure) co_await to_.send(200, "application/json", response_->to_json());
    }

    // A panel without any answer is a failure of the whole, with the reasons in the details.
    void judge() {
        work_.record->answer(response_->text());
        if (!all_failed(*response_)) return work_.record->succeed(*response_);
        api_error none;
        none.status = 502;
        none.code = "all_models_failed";
        none.message = "no model of the panel gave a usable answer";
        work_.record->fail(none.code, *response_);
        work_.fail(std::move(none));
        details_ = response_->to_json();
    }

    asio::awaitable<void> stream() {
        event_response out(to_, co_await asio::this_coro::executor, error_frame(shutting_down()));
        const auto pump = [&] { return pump_events(out); };
        co_await out.run(pump);
        if (work_.was_cancelled) throw conclave::error(conclave::errc::cancelled);
        if (work_.failure && !out.has_begun()) co_return;
        std::string rest;
        if (work_.failure && !response_) {
            rest = error_frame(*work_.failure);
        } else {
            conclave::sse::writer(rest).done();
        }
        out.write(rest);
        co_await out.finish();
    }

    // Throws nothing.
    asio::awaitable<void> pump_events(event_response& out) {
        try {
            auto events = conclave::roundtable_stream(work_.app.client, *asked_);
            std::string frames;
            for (;;) {
                const auto waiting = co_await events.next_all();
                if (waiting.empty()) break;
                for (const conclave::stream_event& seen : waiting)
                    add_frame(seen, frames);
                if (!out.write(frames)) co_await out.drained();
            }
            judge();
        } catch (const conclave::error& failure) {
            if (!work_.note_cancelled(failure)) fail(failure);
        } catch (const std::exception&) {
            work_.was_cancelled = true;  // the client is gone
        }
    }

    void add_frame(const conclave::stream_event& seen, std::string& frames) {
        const conclave::roundtable_event shown = seen.view();
        work_.record->see(shown);
        frames += std::string_view("data: ");  // the frame is one line
        write_frame(shown, frames);
        frames += std::string_view("\n\n");
        if (seen.response) response_ = *seen.response;
    }

    static std::string error_frame(const api_error& why) {
        conclave::roundtable_event seen;
        seen.type = conclave::event_type::error;
        seen.error = why.message;
        std::string frame = "data: ";
        write_frame(seen, frame);
        frame += "\n\n";
        conclave::sse::writer(frame).done();
        return frame;
    }

    asio::awaitable<void> send_failure() {
        co_await to_.send(work_.failure->status, "application/json",
                          roundtable_error_body(*work_.failure, details_), work_.failure_header());
    }

    work work_;
    responder& to_;
    std::optional<conclave::roundtable_request> asked_;
    std::optional<conclave::roundtable_response> response_;
    std::string details_;
};

}  // namespace server
