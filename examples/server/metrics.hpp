#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace server {

/// What is true at the moment in which the metrics are read.
struct gauges {
    std::size_t open_connections = 0;
    std::size_t open_requests = 0;
    std::size_t open_streams = 0;
    std::size_t running_panels = 0;
    std::size_t waiting_panels = 0;
    std::size_t idle_upstream_connections = 0;
};

/// Counts what Prometheus asks for. Thread-safe. No key, caller or text of a request gets into it.
class metrics {
public:
    metrics();
    ~metrics();
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;

    /// A request to a route of the table, empty for any other, has been answered.
    void request(std::string_view route, std::string_view method, int status);
    /// What was sent was no request, and was refused.
    void malformed(int status);
    /// A panel, or a single call, has ended so: `ok`, `failed`, `cancelled`.
    void panel(std::string_view outcome, double seconds);
    /// A seat has ended so: `ok`, or the word for the error.
    void seat(std::string_view outcome);
    /// The first token of a panel came after so long.
    void first_token(double seconds);
    /// What a panel used.
    void usage(std::int64_t input_tokens, std::int64_t output_tokens, double cost);

    /// All of it in Prometheus' text format.
    std::string text(const gauges& now);

private:
    struct series;
    std::unique_ptr<series> series_;
};

}  // namespace server
