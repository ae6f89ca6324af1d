#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <conclave/client/attempt.hpp>
#include <conclave/client/client.hpp>
#include <conclave/client/completion_reader.hpp>
#include <conclave/client/observer.hpp>
#include <conclave/client/request_loop.hpp>
#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/trace_context.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>

namespace conclave::detail {

/// What became of a call, over all its attempts.
struct call_report : request_report {
    /// The answer; of a failed call, what had come of the last attempt.
    completion answer;
};

/// The field that makes a call part of the trace it was told of, if it was told of one.
template <class Transport>
std::vector<http::field> trace_header(const call& what) {
    std::vector<http::field> header;
    std::string child = http::child_traceparent(what.traceparent(), Transport::random());
    if (!child.empty()) header.push_back({"traceparent", std::move(child)});
    return header;
}

/// A call on its way.
template <class Transport>
class performance final : request_loop<Transport> {
    using base = request_loop<Transport>;

public:
    using time_point = typename base::time_point;

    /// `header` goes with every attempt. `observer` and `what` have to outlive the run.
    /// `panel_deadline` is that of the panel which the call is part of.
    performance(std::shared_ptr<client_state<Transport>> client, const call& what,
                std::vector<http::field> header, call_observer& observer,
                time_point panel_deadline = time_point::max())
        : base(std::move(client), what.model(), what.timeout(), what.max_retries(), panel_deadline),
          what_(what),
          header_(std::move(header)),
          observer_(observer) {}

    /// Runs on the current strand. Throws only when it is cancelled, or when memory is short: a
    /// call that fails says so in its report.
    asio::awaitable<call_report> run() {
        co_await this->run_all();
        co_return std::move(report_);
    }

private:
    void prepare() override {
        const route to = this->find_endpoint();
        const std::string target = std::visit(
            [&](const auto& format) {
                notes_ = format.write_request(what_, to.model, true, this->request_.body);
                return format.target(to.model, true);
            },
            this->place().format);
        this->make_head(target, "text/event-stream, application/json", header_);
    }

    void begin_attempt() override { reader_.emplace(this->place().format, observer_); }

    asio::awaitable<void> run_attempt(attempt<Transport>& current) override {
        co_await current.run(*reader_);
    }

    void settle(bool may_be_billed) override {
        report_.answer = std::move(reader_->answer());
        this->account(report_.answer.usage, report_.answer.cost, may_be_billed);
        auto& notes = report_.answer.notes;
        notes.insert(notes.begin(), notes_.begin(), notes_.end());
    }

    // An answer that the provider withheld is none.
    std::optional<error> judge() override {
        const completion& answer = report_.answer;
        const bool withheld =
            !answer.refusal.empty() ||
            (answer.finish == finish_reason::content_filter && answer.text.empty());
        if (!withheld) return std::nullopt;
        error_details details;
        details.provider_code = std::string(to_string(answer.finish));
        details.provider_message = answer.refusal;
        return error(errc::refused, answer.refusal, std::move(details));
    }

    void on_retry(const error& why) override { observer_.on_retry(why); }

    request_report& report() override { return report_; }

    const call& what_;
    std::vector<http::field> header_;
    call_observer& observer_;
    std::vector<std::string> notes_;
    std::optional<completion_reader> reader_;
    call_report report_;
};

}  // namespace conclave::detail
