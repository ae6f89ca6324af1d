#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/client/attempt.hpp>
#include <conclave/client/client.hpp>
#include <conclave/client/reply_reader.hpp>
#include <conclave/client/request_loop.hpp>
#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/trace_context.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/roundtable/hosted_frames.hpp>
#include <conclave/roundtable/identity.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/roundtable/seat.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/completion.hpp>

namespace conclave::detail {

/// Reads the reply of the server of a roundtable.
class hosted_reader final : public reply_reader {
public:
    /// Both have to outlive it. `most` is how large a response may be, in bytes.
    hosted_reader(hosted_frames& frames, event_sink& sink, std::size_t most)
        : frames_(frames), sink_(sink), most_(most) {}

    void read_head(const http::response_head&, std::chrono::system_clock::time_point) override {}
    std::optional<wire::failure> read_whole(std::string_view body) override {
        return frames_.read_whole(body);
    }
    bool read_events(sse::parser& events) override {
        while (frames_.state() == wire::stream_status::more) {
            const sse::event* next = events.next();
            if (next == nullptr) break;
            frames_.read(*next);
        }
        return true;
    }
    wire::stream_status state() const override { return frames_.state(); }
    wire::stream_status finish(std::string_view stray) override { return frames_.finish(stray); }
    const wire::failure& failure() const override { return frames_.failure(); }
    std::size_t size() override { return frames_.size(); }

    bool read_error_body(int, std::string_view body) override {
        return frames_.read_error_body(body);
    }
    // It may have all the results in it.
    std::size_t error_body_size() const override { return most_; }
    // How long its models may be silent is the server's business.
    bool is_paced() const override { return false; }
    bool is_full() const noexcept override { return sink_.is_full(); }
    asio::awaitable<void> ready() override { return sink_.ready(); }

private:
    hosted_frames& frames_;
    event_sink& sink_;
    std::size_t most_;
};

/// A roundtable that a server runs: `POST {base_url}/v3/roundtable`.
template <class Transport>
class hosted_panel final : request_loop<Transport> {
    using base = request_loop<Transport>;
    using time_point = typename base::time_point;

public:
    /// `request`, which has to be valid, and `sink` have to outlive the run.
    hosted_panel(const std::shared_ptr<client_state<Transport>>& client,
                 const roundtable_request& request, event_sink& sink)
        : base(client, {}, allowance(request), request.max_retries(), deadline(request)),
          asked_(request),
          sink_(sink),
          trace_uuid_(trace_uuid(request)),
          frames_(request, *client->options.hosted_roundtable, trace_uuid_, sink),
          reader_(frames_, sink, client->options.limits.body_size),
          started_(base::clock_type::now()) {}

    /// Runs on the current strand. Throws `error` when it is cancelled and when the server fails,
    /// and `net::handler_failed`. When a clock runs out the response has what came before it.
    asio::awaitable<roundtable_response> run() {
        co_await this->run_all();
        if (report_.failure && frames_.state() != wire::stream_status::done) {
            const error why = *report_.failure;
            if (!is_late(why)) {
                frames_.abandon(why);
                throw error(why);
            }
            frames_.end_early(why, std::chrono::duration_cast<std::chrono::milliseconds>(
                                       base::clock_type::now() - started_));
        }
        co_return std::move(frames_.response());
    }

private:
    // The models' time, as much again for the one that merges, and a moment for the way.
    static std::chrono::milliseconds allowance(const roundtable_request& request) {
        const bool merges =
            request.resolution() == resolution::summary && request.models().size() > 1;
        return request.timeout() * (merges ? 2 : 1) + std::chrono::seconds(5);
    }

    static time_point deadline(const roundtable_request& request) {
        if (request.deadline().count() <= 0) return time_point::max();
        return base::clock_type::now() + request.deadline();
    }

    static std::string trace_uuid(const roundtable_request& request) {
        std::string given = trace_uuid_of(request.traceparent());
        if (!given.empty()) return given;
        return make_trace_uuid(Transport::random(), Transport::random());
    }

    std::string trace_header() const {
        std::string child = http::child_traceparent(asked_.traceparent(), Transport::random());
        return child.empty() ? traceparent(trace_uuid_, Transport::random()) : child;
    }

    static bool is_late(const error& why) {
        return why.code() == errc::panel_timeout || why.code() == errc::model_timeout;
    }

    void prepare() override {
        this->request_.endpoint = this->client_->options.endpoints.size();
        roundtable_request sent = asked_;
        // Nobody sees the events: then the whole response, which more is documented of.
        sent.stream(sink_.is_watched());
        this->request_.body = sent.to_json();
        this->make_head("/v3/roundtable", "text/event-stream, application/json",
                        {{"traceparent", trace_header()}});
    }

    void begin_attempt() override {}
    asio::awaitable<void> run_attempt(attempt<Transport>& current) override {
        co_await current.run(reader_);
    }
    void settle(bool) override {}
    // Its server retries each model. All of it again would be paid for twice.
    bool may_pay_again() const override { return false; }
    request_report& report() override { return report_; }

    const roundtable_request& asked_;
    event_sink& sink_;
    std::string trace_uuid_;
    hosted_frames frames_;
    hosted_reader reader_;
    time_point started_;
    request_report report_;
};

}  // namespace conclave::detail
