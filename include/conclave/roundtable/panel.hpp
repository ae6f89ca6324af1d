#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/client/client.hpp>
#include <conclave/client/perform.hpp>
#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/trace_context.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/task_group.hpp>
#include <conclave/roundtable/consolidation.hpp>
#include <conclave/roundtable/detail/answer_judge.hpp>
#include <conclave/roundtable/identity.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/roundtable/seat.hpp>
#include <conclave/roundtable/validate.hpp>
#include <conclave/roundtable/voting.hpp>

namespace conclave::detail {

/// A roundtable under way: the seats side by side, then their answers made one.
template <class Transport>
class panel {
public:
    using clock_type = typename Transport::clock_type;
    using time_point = typename clock_type::time_point;

    panel(std::shared_ptr<client_state<Transport>> client, const roundtable_request& request,
          event_sink& sink)
        : client_(std::move(client)), request_(request), sink_(sink) {}

    /// Runs on the current strand. Throws `error` for a request that is refused and when it is
    /// cancelled, and `net::handler_failed`; a model that fails throws nothing.
    asio::awaitable<roundtable_response> run() {
        check();
        begin();
        co_await ask_all();
        switch (request_.resolution()) {
            case resolution::summary: co_await summarize(); break;
            case resolution::multiple_choice: vote(); break;
            case resolution::fast: break;
        }
        finish();
        co_return std::move(response_);
    }

private:
    void check() {
        check_request(request_);
        if (!request_.output_schema().empty()) judge_.emplace(request_.output_schema());
        const auto& endpoints = client_->options.endpoints;
        for (std::size_t i = 0; i < request_.models().size(); ++i) {
            const std::string& name = request_.models()[i].name();
            if (!find_route(endpoints, name)) {
                throw no_endpoint(endpoints, "models[" + std::to_string(i) + "].name", name);
            }
        }
        const std::string& merger = request_.summary_model();
        const bool merging = request_.resolution() == resolution::summary;
        if (merging && !merger.empty() && !find_route(endpoints, merger)) {
            throw no_endpoint(endpoints, "summary_model", merger);
        }
    }

    void begin() {
        started_ = clock_type::now();
        if (request_.deadline().count() > 0) deadline_ = started_ + request_.deadline();
        const std::uint64_t high = Transport::random();
        const std::uint64_t low = Transport::random();
        response_.id = make_roundtable_id(Transport::wall_clock_type::now(),
                                          static_cast<std::uint16_t>(high), low);
        response_.meta.trace_uuid = trace_uuid_of(request_.traceparent());
        if (response_.meta.trace_uuid.empty()) {
            response_.meta.trace_uuid = make_trace_uuid(Transport::random(), Transport::random());
        }
        response_.meta.resolution = request_.resolution();
        response_.results.resize(request_.models().size());
    }

    asio::awaitable<void> ask_all() {
        const auto strand = co_await asio::this_coro::executor;
        net::task_group seats(strand);
        for (std::size_t i = 0; i < response_.results.size(); ++i) {
            const auto ask = [this, i] { return ask_one(i); };
            seats.spawn(ask);
        }
        co_await seats.join();
        const auto mine = co_await asio::this_coro::cancellation_state;
        if (mine.cancelled() != asio::cancellation_type::none) throw error(errc::cancelled);
    }

    asio::awaitable<void> ask_one(std::size_t index) {
        const panel_model& seat = request_.models()[index];
        event_reporter reporter(sink_, index, seat.name(), event_type::model_delta,
                                event_type::model_retry);
        sink_.emit(reporter.about(event_type::model_start));

        const auto started = clock_type::now();
        const call what = seat_call(request_, seat);
        judged_report report = co_await perform(what, reporter);
        model_result& result = response_.results[index];
        result = seat_result(request_, index, std::move(report), since(started));

        roundtable_event seen = reporter.about(event_type::model_done);
        if (!result.ok()) {
            seen.type = event_type::model_error;
            seen.error = *result.error;
        }
        seen.result = &result;
        sink_.emit(seen);
    }

    // A call, and a second one if its answer does not fit the schema and there is time for it.
    asio::awaitable<judged_report> perform(const call& what, event_reporter& reporter) {
        const auto end = std::min(clock_type::now() + what.timeout(), deadline_);
        judged_report report = co_await perform_once(what, reporter);
        const auto mine = co_await asio::this_coro::cancellation_state;
        const bool is_over = mine.cancelled() != asio::cancellation_type::none;
        if (!report.complaint || is_over) co_return report;
        const auto left = std::chrono::floor<std::chrono::milliseconds>(end - clock_type::now());
        if (left.count() < 1) co_return report;
        call more = second_call(what, report);
        more.timeout(left);
        const error why(errc::schema_mismatch, *report.complaint);
        reporter.on_retry(why);
        judged_report again = co_await perform_once(more, reporter);
        report.add(std::move(again));
        co_return report;
    }

    asio::awaitable<judged_report> perform_once(const call& what, event_reporter& reporter) {
        performance<Transport> running(client_, what, trace_header(), reporter, deadline_);
        call_report done = co_await running.run();
        judged_report report;
        static_cast<call_report&>(report) = std::move(done);
        report.judge(judge_ ? &*judge_ : nullptr);
        co_return report;
    }

    // One usable answer is the answer; several are merged by the model named, else by the first
    // that answered, and if that fails by the next.
    asio::awaitable<void> summarize() {
        std::vector<model_result> usable;
        for (const auto& result : response_.results) {
            if (is_usable(result)) usable.push_back(result);
        }
        if (usable.empty()) co_return;
        if (usable.size() == 1) {
            response_.data = usable.front().data;
            co_return;
        }
        std::vector<std::string> candidates = {request_.summary_model()};
        if (request_.summary_model().empty()) {
            candidates.clear();
            for (const auto& result : usable) {
                const auto known = std::find(candidates.begin(), candidates.end(), result.model);
                if (known == candidates.end()) candidates.push_back(result.model);
            }
        }
        const auto end = clock_type::now() + request_.timeout();
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            if (clock_type::now() >= deadline_) {
                response_.meta.summary_error = error(errc::panel_timeout).what();
                break;
            }
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(end - clock_type::now());
            if (left.count() < 1) break;
            call what = consolidation_call(request_, usable, candidates[i]);
            what.timeout(left);
            const bool is_last = i + 1 == candidates.size();
            const bool merged = co_await merge(what, is_last ? started_ : std::min(end, deadline_));
            if (merged) break;
        }
    }

    // Has one model merge the answers. False when it failed, and until `next_until` another is to
    // try.
    asio::awaitable<bool> merge(const call& what, time_point next_until) {
        event_reporter reporter(sink_, 0, what.model(), event_type::summary_delta,
                                event_type::summary_retry);
        sink_.emit(reporter.about(event_type::summary_start));
        judged_report report = co_await perform(what, reporter);
        const auto mine = co_await asio::this_coro::cancellation_state;
        if (mine.cancelled() != asio::cancellation_type::none) throw error(errc::cancelled);

        roundtable_meta& meta = response_.meta;
        meta.summary_model = what.model();
        add_cost(report.cost);
        if (report.usage) {
            if (!meta.summary_usage) meta.summary_usage.emplace();
            accumulate(*meta.summary_usage, *report.usage);
        }
        meta.summary_error = merge_complaint(report);
        if (meta.summary_error) {
            if (clock_type::now() < next_until) {
                roundtable_event failed = reporter.about(event_type::summary_retry);
                failed.error = *meta.summary_error;
                sink_.emit(failed);
            }
            co_return false;
        }
        response_.data = std::move(report.data);
        roundtable_event seen = reporter.about(event_type::summary_done);
        seen.data = response_.data->text();
        sink_.emit(seen);
        co_return true;
    }

    static std::optional<std::string> merge_complaint(const judged_report& report) {
        if (report.failure) return report.failure->what();
        if (report.answer.text.empty()) return "the answer is empty";
        return report.complaint;
    }

    void vote() {
        vote_result counted = count_votes(request_, response_.results);
        response_.meta.votes = std::move(counted.votes);
        if (counted.winner) response_.data.emplace(request_.choices()[*counted.winner]);
    }

    void finish() {
        roundtable_meta& meta = response_.meta;
        for (const auto& result : response_.results) {
            if (result.ok()) meta.models_used.push_back(result.model);
            add_cost(result.cost);
        }
        meta.total_duration = since(started_);
        roundtable_event seen;
        seen.type = event_type::done;
        seen.response = &response_;
        sink_.emit(seen);
    }

    void add_cost(std::optional<double> cost) {
        if (cost) {
            response_.meta.total_cost = detail::rounded_usd(response_.meta.total_cost + *cost);
        } else {
            response_.meta.cost_complete = false;
        }
    }

    std::vector<http::field> trace_header() const {
        std::string child = http::child_traceparent(request_.traceparent(), Transport::random());
        if (child.empty()) child = traceparent(response_.meta.trace_uuid, Transport::random());
        return {{"traceparent", std::move(child)}};
    }

    static std::chrono::milliseconds since(time_point start) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - start);
    }

    std::shared_ptr<client_state<Transport>> client_;
    const roundtable_request& request_;
    event_sink& sink_;
    std::optional<answer_judge> judge_;
    time_point started_;
    time_point deadline_ = time_point::max();
    roundtable_response response_;
};

}  // namespace conclave::detail
