#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/wire/call.hpp>

namespace conclave {

/// How the panel's answers become one.
enum class resolution {
    /// A model merges them.
    summary,
    /// They are left as they are.
    fast,
    /// Each is a pick among the choices; the choice picked most often wins.
    multiple_choice,
};

/// The word for a resolution, as in JSON: `"multiple_choice"`.
constexpr std::string_view to_string(resolution value) noexcept {
    constexpr std::array<std::string_view, 3> words = {"summary", "fast", "multiple_choice"};
    return words[static_cast<std::size_t>(value)];
}

/// The resolution that a word means, or nothing if it means none.
constexpr std::optional<resolution> to_resolution(std::string_view word) noexcept {
    for (const auto value : {resolution::summary, resolution::fast, resolution::multiple_choice}) {
        if (to_string(value) == word) return value;
    }
    return std::nullopt;
}

/// One seat of a panel: a model, and what is different for it alone. Converts from its name.
class panel_model {
public:
    /// A seat for this model: `provider/model`, or whatever name the client's endpoints take.
    panel_model(std::string name) : name_(std::move(name)) {}
    panel_model(const char* name) : name_(name) {}

    /// Sampling temperature, 0 to 2.
    panel_model& temperature(double value) {
        temperature_ = value;
        return *this;
    }
    /// Nucleus sampling, 0 to 1.
    panel_model& top_p(double value) {
        top_p_ = value;
        return *this;
    }
    /// The most tokens its answer may have, at least 1.
    panel_model& max_tokens(std::int64_t value) {
        max_tokens_ = value;
        return *this;
    }
    /// How hard it should think.
    panel_model& reasoning(reasoning_effort effort) {
        reasoning_ = effort;
        return *this;
    }

    /// The model's name, as the client's endpoints know it.
    const std::string& name() const noexcept { return name_; }
    /// Absent when the provider decides; so with the next three.
    std::optional<double> temperature() const noexcept { return temperature_; }
    /// Nucleus sampling.
    std::optional<double> top_p() const noexcept { return top_p_; }
    /// The most tokens of its answer.
    std::optional<std::int64_t> max_tokens() const noexcept { return max_tokens_; }
    /// How hard it should think.
    std::optional<reasoning_effort> reasoning() const noexcept { return reasoning_; }

    friend bool operator==(const panel_model&, const panel_model&) = default;

private:
    std::string name_;
    std::optional<double> temperature_;
    std::optional<double> top_p_;
    std::optional<std::int64_t> max_tokens_;
    std::optional<reasoning_effort> reasoning_;
};

/// One question to a panel of models. A class with constructors, so that a temporary of it is safe
/// in an expression with `co_await` on every compiler.
class roundtable_request {
public:
    /// A request with this question, the same for every model. Add seats by `model`.
    explicit roundtable_request(std::string input) : input_(std::move(input)) {}

    /// Reads the body of `POST /v3/roundtable`. Members it does not know are ignored, and null
    /// stands for an optional member that is not set. The schema is kept without white space.
    ///
    /// Throws `error` with `errc::invalid_request` when a member has the wrong type, is missing or
    /// is refused by `validate`; `field()` names it as a path (`models[1].temperature`), or is
    /// `body` when the text is not a JSON object.
    static roundtable_request from_json(std::string_view text);
    /// The body of `POST /v3/roundtable`, which `from_json` reads back as an equal request, but for
    /// the `deadline`. Throws as `validate` does when the request is not fit to be sent.
    std::string to_json() const;

    /// One more seat; the same model may sit twice. Results come in the order of these calls.
    roundtable_request& model(panel_model seat) {
        models_.push_back(std::move(seat));
        return *this;
    }
    /// A system prompt for every model.
    roundtable_request& instructions(std::string text) {
        instructions_ = std::move(text);
        return *this;
    }
    /// How the answers become one; `summary` unless set.
    roundtable_request& resolve_by(conclave::resolution value) {
        resolution_ = value;
        return *this;
    }
    /// One more of the options that `multiple_choice` picks from.
    roundtable_request& choice(std::string option) {
        choices_.push_back(std::move(option));
        return *this;
    }
    /// All options at once.
    roundtable_request& choices(std::vector<std::string> options) {
        choices_ = std::move(options);
        return *this;
    }
    /// Every answer, the consolidated one too, is to be JSON that is valid by this JSON Schema (the
    /// text of a JSON object; drafts 2020-12 and 7, see `json::schema`). Each model is sent it in
    /// the words that its format takes; what it answers is judged by the schema as it is here, once
    /// code blocks and prose around the JSON are taken off. A model whose answer is not valid is
    /// asked once more, with what is wrong quoted, within its `timeout`: one request beyond
    /// `max_retries`. What is still not valid is reported as that, and left out of the merging.
    roundtable_request& output_schema(std::string schema) {
        output_schema_ = std::move(schema);
        return *this;
    }
    /// The model that merges the answers in `summary`. Unless set: the first seat that answered.
    roundtable_request& summary_model(std::string name) {
        summary_model_ = std::move(name);
        return *this;
    }
    /// Whether a server is to answer with a stream. The calls of this library do not look at it.
    roundtable_request& stream(bool value) {
        stream_ = value;
        return *this;
    }
    /// How often a transient failure of a model is tried again at most, 0 to 3; 1 unless set; with
    /// an output schema, the times of asking once more included. All calls of a client share its
    /// `retry_budget` besides.
    roundtable_request& max_retries(int count) {
        max_retries_ = count;
        return *this;
    }
    /// The time of each model, over all its retries: 1 ms to 300 s; 120 s unless set. The
    /// consolidation has as much again.
    roundtable_request& timeout(std::chrono::milliseconds value) {
        timeout_ = value;
        return *this;
    }

    /// The time of the whole panel, the consolidation included; none unless set. What it ends is
    /// reported as `errc::panel_timeout`, and the answers that came before it are kept. Give
    /// `timeout` less, so that a late seat leaves time to merge the others. Not part of the JSON.
    roundtable_request& deadline(std::chrono::milliseconds value) {
        deadline_ = value;
        return *this;
    }
    /// The W3C `traceparent` of what the roundtable is part of: its trace is that one, upstream and
    /// in `trace_uuid`, instead of a new one. One that is not well-formed counts as not set. Not
    /// part of the JSON.
    roundtable_request& traceparent(std::string parent) {
        traceparent_ = std::move(parent);
        return *this;
    }

    /// The question. This and what follows: what was set, or the default of what was not.
    const std::string& input() const noexcept { return input_; }
    /// The seats, in order.
    const std::vector<panel_model>& models() const noexcept { return models_; }
    /// Empty when there is no system prompt.
    const std::string& instructions() const noexcept { return instructions_; }
    /// How the answers become one.
    conclave::resolution resolution() const noexcept { return resolution_; }
    /// What can be voted for.
    const std::vector<std::string>& choices() const noexcept { return choices_; }
    /// Empty when the answers are plain text.
    const std::string& output_schema() const noexcept { return output_schema_; }
    /// Empty when not set.
    const std::string& summary_model() const noexcept { return summary_model_; }
    /// Whether a server is to answer with a stream.
    bool stream() const noexcept { return stream_; }
    /// How often a transient failure of a model is tried again.
    int max_retries() const noexcept { return max_retries_; }
    /// The time of each model, over all its retries.
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }
    /// The time of the whole panel; zero when there is no limit.
    std::chrono::milliseconds deadline() const noexcept { return deadline_; }
    /// Empty when the roundtable begins a trace of its own.
    const std::string& traceparent() const noexcept { return traceparent_; }

    friend bool operator==(const roundtable_request&, const roundtable_request&) = default;

private:
    std::string input_;
    std::vector<panel_model> models_;
    std::string instructions_;
    conclave::resolution resolution_ = conclave::resolution::summary;
    std::vector<std::string> choices_;
    std::string output_schema_;
    std::string summary_model_;
    bool stream_ = false;
    int max_retries_ = 1;
    std::chrono::milliseconds timeout_{120'000};
    std::chrono::milliseconds deadline_{0};
    std::string traceparent_;
};

}  // namespace conclave

#include <conclave/roundtable/request_json.hpp>
