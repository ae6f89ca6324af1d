#include "panel_record.hpp"

#include <conclave/error.hpp>
#include <conclave/json/writer.hpp>

#include <utility>

namespace server {

namespace {

std::string failure_of(const conclave::model_result& result) {
    if (result.ok()) return {};
    const conclave::errc code = result.error_code.value_or(conclave::errc::provider_error);
    return make_error_code(code).message();
}

}  // namespace

panel_record::panel_record(application& app, const http_request& request, place leave,
                           std::string kind)
    : app_(app), request_(request), leave_(std::move(leave)), kind_(std::move(kind)) {}

panel_record::~panel_record() {
    if (!counted_) {
        input_tokens_ += seen_input_;
        output_tokens_ += seen_output_;
        cost_ += seen_cost_;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
    leave_.spend(input_tokens_ + output_tokens_, cost_);
    app_.counters.usage(input_tokens_, output_tokens_, cost_);
    app_.counters.panel(outcome_.starts_with("failed") ? "failed" : outcome_, took.count());
    write_line(took.count());
}

void panel_record::see_token() {
    if (first_token_) return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
    first_token_ = took.count();
    app_.counters.first_token(took.count());
}

void panel_record::see_seat(std::string_view model, std::string_view failure, int attempts,
                            std::chrono::milliseconds duration) {
    app_.counters.seat(failure.empty() ? "ok" : failure);
    seats_.push_back({std::string(model), std::string(failure), attempts, duration});
}

void panel_record::see(const conclave::roundtable_event& seen) {
    if (seen.type == conclave::event_type::model_delta) see_token();
    if (seen.result == nullptr) return;
    const conclave::model_result& result = *seen.result;
    see_seat(result.model, failure_of(result), result.attempts, result.duration);
    if (result.usage) {
        seen_input_ += result.usage->input_tokens;
        seen_output_ += result.usage->output_tokens;
    }
    seen_cost_ += result.cost.value_or(0);
}

void panel_record::spend(const conclave::usage& used, std::optional<double> cost) {
    input_tokens_ += used.input_tokens;
    output_tokens_ += used.output_tokens;
    cost_ += cost.value_or(0);
}

void panel_record::question(std::string_view text) {
    if (app_.log.with_prompts()) question_ = text;
}
void panel_record::answer(std::string_view text) {
    if (app_.log.with_prompts()) answer_ = text;
}

void panel_record::take(const conclave::roundtable_response& response) {
    counted_ = true;
    id_ = response.id;
    for (const conclave::model_result& result : response.results) {
        if (result.usage) spend(*result.usage, std::nullopt);
    }
    if (response.meta.summary_usage) spend(*response.meta.summary_usage, std::nullopt);
    cost_ += response.meta.total_cost;
    // Nobody has shown the events to `see`.
    if (!seats_.empty()) return;
    for (const conclave::model_result& result : response.results)
        see_seat(result.model, failure_of(result), result.attempts, result.duration);
}

void panel_record::succeed(const conclave::roundtable_response& response) {
    take(response);
    if (response.data) answer(response.data->text());
    outcome_ = "ok";
}
void panel_record::succeed() { outcome_ = "ok"; }
void panel_record::fail(std::string_view code) { outcome_ = "failed: " + std::string(code); }
void panel_record::fail(std::string_view code, const conclave::roundtable_response& response) {
    take(response);
    fail(code);
}

void panel_record::write_line(double seconds) const {
    std::string object;
    conclave::json::writer out(object);
    out.begin_object();
    out.member("msg", "panel");
    out.member("request_id", request_.id);
    if (!request_.caller.empty()) out.member("caller", request_.caller);
    if (!request_.traceparent.empty()) out.member("trace_id", request_.traceparent.substr(3, 32));
    if (!id_.empty()) out.member("id", id_);
    out.member("kind", kind_);
    out.member("outcome", outcome_);
    out.member("ms", static_cast<std::int64_t>(seconds * 1000));
    if (first_token_) {
        out.member("first_token_ms", static_cast<std::int64_t>(*first_token_ * 1000));
    }
    out.member("input_tokens", input_tokens_);
    out.member("output_tokens", output_tokens_);
    out.member("cost", cost_);
    out.key("seats");
    out.begin_array();
    for (const seat& each : seats_) {
        out.begin_object();
        out.member("model", each.model);
        if (!each.failure.empty()) out.member("failure", each.failure);
        out.member("attempts", each.attempts);
        out.member("ms", each.duration.count());
        out.end_object();
    }
    out.end_array();
    if (!question_.empty()) out.member("question", question_);
    if (!answer_.empty()) out.member("answer", answer_);
    out.end_object();
    app_.log.line(std::string_view(object).substr(1, object.size() - 2));
}

}  // namespace server
