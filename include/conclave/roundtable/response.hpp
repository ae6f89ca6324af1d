#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/roundtable/answer_text.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave {

/// What became of one seat.
struct model_result {
    /// The seat, counted from 0 in the order of the request.
    std::size_t index = 0;
    /// The model's name, as the request had it.
    std::string model;
    /// Its answer; in `multiple_choice` the choice it picked, as the request spells it; under an
    /// output schema the valid JSON in it, or if there is none, all that it wrote. When it failed,
    /// what had arrived by then: it may have been paid for.
    answer_text data;
    /// Why it failed, for people; absent when it answered.
    std::optional<std::string> error;
    /// Why it failed, for programs. Not part of the JSON form.
    std::optional<errc> error_code;
    /// Wall-clock time from its start to its end, retries included.
    std::chrono::milliseconds duration{0};
    /// In USD, all attempts together; absent when any of it is unknown.
    std::optional<double> cost;
    /// All attempts together; absent when the provider reported none.
    std::optional<conclave::usage> usage;
    /// Whether the answer is valid by the output schema, or one of the choices; absent when neither
    /// was asked for. One that is not takes no part in the one answer.
    std::optional<bool> schema_valid;
    /// Why it is not: where, what was expected there and what was found.
    std::optional<std::string> schema_error;
    /// How many requests were sent for it, the one included that an answer is asked for once more
    /// with. Additive to the documented JSON.
    int attempts = 0;
    /// Why the model stopped. Additive to the documented JSON.
    finish_reason finish = finish_reason::unknown;
    /// Overrides that its endpoint does not take, dropped instead of sent. Additive.
    std::vector<std::string> notes;

    /// Whether it answered.
    bool ok() const noexcept { return !error; }
    /// The text of its answer.
    const std::string& text() const noexcept { return data.text(); }

    friend bool operator==(const model_result&, const model_result&) = default;
};

/// How many seats picked a choice.
struct vote {
    /// As the request spells it.
    std::string choice;
    /// Valid picks alone.
    std::size_t count = 0;

    friend bool operator==(const vote&, const vote&) = default;
};

/// Totals of a roundtable.
struct roundtable_meta {
    /// How the answers became one.
    conclave::resolution resolution = conclave::resolution::summary;
    /// The models that answered, in seat order.
    std::vector<std::string> models_used;
    /// In USD, the sum of what is known, consolidation included.
    double total_cost = 0;
    /// Whether the cost of every part is known. Additive to the documented JSON.
    bool cost_complete = true;
    /// Wall-clock time of the whole.
    std::chrono::milliseconds total_duration{0};
    /// The model that merged the answers; absent when none was asked to.
    std::optional<std::string> summary_model;
    /// What merging used, all attempts together; absent when the provider reported none.
    std::optional<conclave::usage> summary_usage;
    /// Why there is no merged answer although models answered. Additive.
    std::optional<std::string> summary_error;
    /// In `multiple_choice`: the count of each choice, in the order of the request. Additive.
    std::vector<vote> votes;
    /// A random UUID, sent upstream as the trace id of W3C `traceparent`.
    std::string trace_uuid;

    friend bool operator==(const roundtable_meta&, const roundtable_meta&) = default;
};

/// The panel's answer.
struct roundtable_response {
    /// `rt_` and 26 characters that sort by time.
    std::string id;
    /// The one answer; absent in `fast`, and where the others came to none.
    std::optional<answer_text> data;
    /// Totals, and how the answer came about.
    roundtable_meta meta;
    /// One for each seat, in the order of the request.
    std::vector<model_result> results;

    /// Reads the answer to `POST /v3/roundtable`, ours or another server's: what is missing or of
    /// another type is left at its default. Answers that came as a JSON value instead of a string
    /// are kept as its compact text. Throws `error` with `errc::malformed_json`, or with
    /// `errc::malformed_reply` when it is JSON of something else.
    static roundtable_response from_json(std::string_view text);
    /// The answer to `POST /v3/roundtable`, on one line. Reads back as an equal response but for
    /// `model_result::error_code`, which has no JSON form, and for text that is not UTF-8.
    std::string to_json() const;

    /// The text of the one answer, empty when there is none.
    const std::string& text() const noexcept {
        static const std::string none;
        return data ? data->text() : none;
    }

    friend bool operator==(const roundtable_response&, const roundtable_response&) = default;
};

}  // namespace conclave

#include <conclave/roundtable/response_json.hpp>
