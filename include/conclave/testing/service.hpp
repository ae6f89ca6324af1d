#pragma once

#include <conclave/testing/recorded_request.hpp>
#include <conclave/wire/tool.hpp>
#include <conclave/wire/usage.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::testing::detail {

/// Answers are dated to this second, so that they are the same in every run.
inline constexpr std::int64_t creation_time = 1'700'000'000;

/// What a request for a roundtable has in the place of a model's name.
inline constexpr const char* panel_name = "roundtable";

struct planned_panel;

/// An answer in terms of no format.
struct planned_answer {
    std::string id;
    std::string model;
    std::vector<std::string> reasoning;
    std::vector<std::string> tokens;
    std::string refusal;
    std::vector<tool_call> tool_calls;
    /// One of the words that `to_string(conclave::finish_reason)` gives, or another as it is.
    std::string finish_reason;
    std::int64_t input_tokens = 0;
    std::int64_t output_tokens = 0;
    std::optional<double> cost;
    bool with_usage = true;
    bool with_done = true;
    /// What its models say, in the answer to a request for a roundtable.
    std::shared_ptr<const planned_panel> panel;
};

/// What one event of a stream carries, since each kind has its own pace.
enum class event_kind { opening, token, closing };

struct planned_event {
    event_kind kind = event_kind::opening;
    std::string data;
    /// The event's name; empty where the format gives its events none.
    std::string type = {};
    /// The pause before it, where it is not that of its kind.
    std::optional<std::chrono::milliseconds> after = {};
};

inline std::string join(const std::vector<std::string>& pieces) {
    std::string text;
    for (const std::string& piece : pieces)
        text += piece;
    return text;
}

/// What the answer is to report as its usage: a token of reasoning for each piece of it.
inline usage usage_of(const planned_answer& answer) {
    usage used;
    used.input_tokens = answer.input_tokens;
    used.output_tokens = answer.output_tokens;
    if (!answer.reasoning.empty())
        used.reasoning_tokens = static_cast<std::int64_t>(answer.reasoning.size());
    return used;
}

/// The text in pieces of a few bytes, as models write the arguments of a tool call.
inline std::vector<std::string> pieces_of(std::string_view text) {
    constexpr std::size_t size = 8;
    std::vector<std::string> pieces;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
        pieces.emplace_back(text.substr(0, size));
    return pieces;
}

/// All that the scripted provider knows of one format: how a request is read, and how an answer and
/// an error are written. Without state, so that one serves all connections.
class service {
public:
    /// Whether a request with this method and path (without its query) is of this format.
    virtual bool takes(std::string_view method, std::string_view path) const = 0;

    /// Reads the request's body, and what its target says, into its other fields. Returns what is
    /// wrong with it, or nothing.
    virtual std::string read_request(recorded_request& request) const = 0;

    /// The body of an error reply.
    virtual std::string error_body(int status, std::string_view message) const = 0;

    /// The answer to a request that asked for no stream.
    virtual std::string whole_answer(const planned_answer& answer,
                                     const recorded_request& request) const = 0;

    /// The answer as the events of a stream, in the order in which the real provider sends them.
    virtual std::vector<planned_event> stream_events(const planned_answer& answer,
                                                     const recorded_request& request) const = 0;

    /// The name of an event of this JSON that breaks a stream off; empty where the format gives its
    /// events none.
    virtual std::string error_event_type(std::string_view) const { return {}; }

    /// The field of a reply's header that has the id of the request.
    virtual std::string_view request_id_field() const { return "x-request-id"; }

protected:
    ~service() = default;
};

}  // namespace conclave::testing::detail
