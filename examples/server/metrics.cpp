#include "metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace server {

namespace {

const prometheus::Histogram::BucketBoundaries first_token_buckets = {
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const prometheus::Histogram::BucketBoundaries total_buckets = {0.05, 0.1, 0.25, 0.5, 1,   2.5, 5,
                                                               10,   20,  40,   80,  160, 320, 640};

}  // namespace

struct metrics::series {
    using counters = prometheus::Family<prometheus::Counter>;
    using histograms = prometheus::Family<prometheus::Histogram>;

    counters& count(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }
    histograms& measure(const char* name, const char* help) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
    }
    prometheus::Gauge& show(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
    }

    prometheus::Registry registry;
    counters& requests = count("conclave_http_requests_total", "Requests answered.");
    counters& malformed =
        count("conclave_http_malformed_total", "Requests refused before they were one.");
    counters& panels = count("conclave_panels_total", "Panels and single calls by their outcome.");
    counters& seats = count("conclave_seats_total", "Seats by their outcome.");
    counters& tokens = count("conclave_tokens_total", "Tokens of all seats.");
    prometheus::Counter& cost =
        count("conclave_cost_usd_total", "Cost in USD, as far as it is known.").Add({});
    prometheus::Histogram& first_token =
        measure("conclave_first_token_seconds", "From the request to the first token.")
            .Add({}, first_token_buckets);
    prometheus::Histogram& total =
        measure("conclave_panel_seconds", "From the request to the end of the panel.")
            .Add({}, total_buckets);
    prometheus::Gauge& connections =
        show("conclave_open_connections", "Connections of clients that are open.");
    prometheus::Gauge& open_requests =
        show("conclave_open_requests", "Requests that are being answered.");
    prometheus::Gauge& streams = show("conclave_open_streams", "Streams that are being sent.");
    prometheus::Gauge& running = show("conclave_running_panels", "Panels that run.");
    prometheus::Gauge& waiting = show("conclave_waiting_panels", "Panels that wait to run.");
    prometheus::Gauge& idle =
        show("conclave_idle_upstream_connections", "Connections to providers kept for reuse.");
};

metrics::metrics() : series_(std::make_unique<series>()) {}
metrics::~metrics() = default;

void metrics::request(std::string_view route, std::string_view method, int status) {
    series_->requests
        .Add({{"route", std::string(route.empty() ? "other" : route)},
              {"method", std::string(method)},
              {"status", std::to_string(status)}})
        .Increment();
}
void metrics::malformed(int status) {
    series_->malformed.Add({{"status", std::to_string(status)}}).Increment();
}
void metrics::panel(std::string_view outcome, double seconds) {
    series_->panels.Add({{"outcome", std::string(outcome)}}).Increment();
    series_->total.Observe(seconds);
}
void metrics::seat(std::string_view outcome) {
    series_->seats.Add({{"outcome", std::string(outcome)}}).Increment();
}
void metrics::first_token(double seconds) { series_->first_token.Observe(seconds); }
void metrics::usage(std::int64_t input_tokens, std::int64_t output_tokens, double cost) {
    series_->tokens.Add({{"direction", "input"}}).Increment(static_cast<double>(input_tokens));
    series_->tokens.Add({{"direction", "output"}}).Increment(static_cast<double>(output_tokens));
    if (cost > 0) series_->cost.Increment(cost);
}

std::string metrics::text(const gauges& now) {
    series_->connections.Set(static_cast<double>(now.open_connections));
    series_->open_requests.Set(static_cast<double>(now.open_requests));
    series_->streams.Set(static_cast<double>(now.open_streams));
    series_->running.Set(static_cast<double>(now.running_panels));
    series_->waiting.Set(static_cast<double>(now.waiting_panels));
    series_->idle.Set(static_cast<double>(now.idle_upstream_connections));
    return prometheus::TextSerializer().Serialize(series_->registry.Collect());
}

}  // namespace server
