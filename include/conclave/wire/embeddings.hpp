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
#include <conclave/json/writer.hpp>
#include <conclave/rate_limit.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/embedding_reply.hpp>
#include <conclave/wire/provider_error.hpp>
#include <conclave/wire/usage.hpp>
#include <conclave/wire/validate_call.hpp>

namespace conclave {

/// Texts to be turned into vectors by one model. A class with constructors, so that a temporary of
/// it is safe in an expression with `co_await` on every compiler.
class embedding_request {
public:
    /// A request without texts yet: add some with `add`.
    explicit embedding_request(std::string model) : model_(std::move(model)) {}
    /// A request for one text.
    embedding_request(std::string model, std::string input) : model_(std::move(model)) {
        inputs_.push_back(std::move(input));
    }

    /// The next text; 2048 at most.
    embedding_request& add(std::string input) {
        inputs_.push_back(std::move(input));
        return *this;
    }
    /// How many numbers a vector is to have, at least 1; the model decides unless set, and not
    /// every one lets itself be told.
    embedding_request& dimensions(std::int64_t count) {
        dimensions_ = count;
        return *this;
    }
    /// How often a transient failure is tried again, 0 to 3; 1 unless set.
    embedding_request& max_retries(int count) {
        max_retries_ = count;
        return *this;
    }
    /// The time for everything, retries included: 1 ms to 300 s; 120 s unless set.
    embedding_request& timeout(std::chrono::milliseconds value) {
        timeout_ = value;
        return *this;
    }

    /// As the client's endpoints know it.
    const std::string& model() const noexcept { return model_; }
    /// The texts, in order.
    const std::vector<std::string>& inputs() const noexcept { return inputs_; }
    /// Absent when the model decides.
    std::optional<std::int64_t> dimensions() const noexcept { return dimensions_; }
    /// How often a transient failure is tried again.
    int max_retries() const noexcept { return max_retries_; }
    /// The time for everything, retries included.
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }

private:
    std::string model_;
    std::vector<std::string> inputs_;
    std::optional<std::int64_t> dimensions_;
    int max_retries_ = 1;
    std::chrono::milliseconds timeout_{120'000};
};

/// The vectors of some texts, as their provider reported them.
struct embedding_result {
    /// One for each text, in the order of the texts, all of one length.
    std::vector<std::vector<float>> vectors;
    /// Absent when the provider reported none. There is no output in it.
    std::optional<conclave::usage> usage;
    /// In USD: the provider's own figure, else from the client's price table, else absent.
    std::optional<double> cost;
    /// The model that made them, as the provider names it.
    std::string model;
    /// The provider's id of the request, by which its support finds it; from the reply's header.
    std::string request_id;
    /// The provider's rate limits, as the reply's header had them; empty if it had none.
    std::vector<rate_limit> rate_limits;
};

/// Throws an `error` with `errc::invalid_request`, which names the field, when a request is not fit
/// to be sent: no model or one with control characters, no text, an empty one or more than 2048,
/// `dimensions` under 1, `max_retries` outside 0 to 3, `timeout_ms` outside 1 to 300000, or text
/// that is not UTF-8. The client calls it before anything is sent.
inline void validate(const embedding_request& request) {
    detail::check_model_name("model", request.model());
    if (request.inputs().empty()) throw invalid_field("input", "must not be empty");
    if (request.inputs().size() > 2048) throw invalid_field("input", "must not be of over 2048");
    for (std::size_t i = 0; i < request.inputs().size(); ++i)
        detail::check_filled_text(detail::element_path("input", i), request.inputs()[i]);
    if (request.dimensions() && *request.dimensions() < 1) {
        throw invalid_field("dimensions", "must be at least 1");
    }
    detail::check_patience(request.max_retries(), request.timeout());
}

namespace wire {

/// Appends the JSON body of a request for embeddings, in OpenAI's format, to `out`. `model` is the
/// name as the endpoint knows it. Numbers are asked for, since not every server can base64.
inline void write_embedding_request(const embedding_request& request, std::string_view model,
                                    std::string& out) {
    json::writer to(out);
    to.begin_object();
    to.member("model", model);
    to.key("input");
    to.begin_array();
    for (const std::string& text : request.inputs())
        to.string(text);
    to.end_array();
    to.member_if("dimensions", request.dimensions());
    to.member("encoding_format", "float");
    to.end_object();
}

/// Reads the whole body of a reply of status 200 to a request for `count` vectors, in numbers or in
/// base64, and in any order. Returns why it is no answer, or nothing if it is one: every vector is
/// there once, they are of one length, and all their numbers are finite. `out` is to be fresh; of
/// it nothing is meant after a failure, but the model, usage and cost.
///
/// Takes memory by the size of `body` and by `count`, whatever the reply says.
inline std::optional<failure> read_embedding_reply(std::string_view body, std::size_t count,
                                                   embedding_result& out) {
    detail::embedding_reply reply(count);
    if (reply.read(body)) {
        return detail::reply_not_json(body);
    }
    out.model = std::move(reply.model);
    out.usage = std::move(reply.usage);
    if (reply.cost) out.cost = reply.cost;
    if (reply.has_error) return read_provider_error(0, body);
    if (auto complaint = reply.complaint(); !complaint.empty()) {
        return failure{errc::malformed_reply, std::move(complaint), {}, 0};
    }
    out.vectors = std::move(reply.vectors);
    return std::nullopt;
}

}  // namespace wire
}  // namespace conclave
