#pragma once

#include "application.hpp"
#include "http.hpp"

#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/wire/completion.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// What is kept of one panel, or of one call that passes through: when it goes, its line is in the
/// log, and it is counted in the metrics and against its caller's day.
///
///     place leave = co_await app.gate.enter(request, seats);
///     panel_record record(app, request, std::move(leave), "roundtable");
///     … for each event: record.see(event) …
///     record.succeed(response);            // or record.fail("all_models_failed")
///
/// One that neither succeeds nor fails was cancelled.
class panel_record {
public:
    /// `kind` says what ran: `roundtable`, `chat`, `responses`. `request` has to outlive it.
    panel_record(application& app, const http_request& request, place leave, std::string kind);
    ~panel_record();
    panel_record(const panel_record&) = delete;
    panel_record& operator=(const panel_record&) = delete;

    /// A roundtable's event: the first token, and what became of the seats.
    void see(const conclave::roundtable_event& seen);
    /// The first token of a single call; later ones do not matter.
    void see_token();
    /// A seat has ended; `failure` is empty for one that answered. `see` calls it.
    void see_seat(std::string_view model, std::string_view failure, int attempts,
                  std::chrono::milliseconds duration);
    /// Tokens and cost, in USD, that were used.
    void spend(const conclave::usage& used, std::optional<double> cost);

    /// The question, written to the log if that was asked for.
    void question(std::string_view text);
    /// The answer, likewise.
    void answer(std::string_view text);

    /// It is complete: with what its answer says of usage and cost.
    void succeed(const conclave::roundtable_response& response);
    /// The same of a single call, after `spend`.
    void succeed();
    /// It has failed as a whole; `code` is the one that the caller is told.
    void fail(std::string_view code);
    /// The same, after a roundtable all of whose seats may have cost something.
    void fail(std::string_view code, const conclave::roundtable_response& response);

private:
    struct seat {
        std::string model;
        std::string failure;
        int attempts = 0;
        std::chrono::milliseconds duration{0};
    };

    void take(const conclave::roundtable_response& response);
    void write_line(double seconds) const;

    application& app_;
    const http_request& request_;
    place leave_;
    std::string kind_;
    std::string outcome_ = "cancelled";
    std::string id_;
    std::string question_;
    std::string answer_;
    std::vector<seat> seats_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::optional<double> first_token_;
    std::int64_t input_tokens_ = 0;
    std::int64_t output_tokens_ = 0;
    double cost_ = 0;
    // A panel that is cancelled has used what its finished seats have.
    bool counted_ = false;
    std::int64_t seen_input_ = 0;
    std::int64_t seen_output_ = 0;
    double seen_cost_ = 0;
};

}  // namespace server
