#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace conclave::wire {

/// One item of a response's output. The texts of messages, refusals and reasoning and the calls of
/// tools are in the `completion`, and not here once more.
struct response_item {
    /// What it is: `message`, `reasoning`, `function_call`, the call of a provider's own tool, or
    /// an extension such as Opper's, with a colon in it.
    std::string type;
    /// Its id.
    std::string id;
    /// How it ended: `completed`, `incomplete`.
    std::string status;
    /// Who said a message.
    std::string role;
    /// Whether a message is `commentary` or the `final_answer`; most providers do not say.
    std::string phase;
    /// Of a call: the id that its result is to name.
    std::string call_id;
    /// Of a call: the tool.
    std::string name;
    /// Reasoning for the provider's eyes only.
    std::string encrypted_content;
    /// The sources that a message's text cites, and where: the texts of JSON objects.
    std::vector<std::string> annotations;

    /// Opper: which guardrail looked at the text.
    std::string guard_type;
    /// Opper: what the guardrail did about it.
    std::string action;
    /// Opper: whether the guardrail found something.
    std::optional<bool> flagged;
    /// Opper: what it found, as JSON texts.
    std::vector<std::string> findings;
    /// Opper: what this item cost, in USD.
    std::optional<double> cost_usd;
    /// Opper: how long it took, in milliseconds.
    std::optional<std::int64_t> execution_ms;
    /// Opper: tokens read from the prompt cache.
    std::optional<std::int64_t> cache_read_tokens;
    /// Opper: tokens written to the prompt cache.
    std::optional<std::int64_t> cache_creation_tokens;
    /// Opper: the models that worked at it.
    std::vector<std::string> models_used;
    /// Opper: what they were warned of.
    std::vector<std::string> model_warnings;

    friend bool operator==(const response_item&, const response_item&) = default;
};

/// A tool as a response repeats it from its request.
struct response_tool {
    /// `function`, or one of the provider's own.
    std::string type;
    /// How the model calls it.
    std::string name;
    /// When it is to call it.
    std::string description;
    /// The schema of its arguments, as JSON text.
    std::string parameters;
    /// Whether the model was held to that schema exactly.
    std::optional<bool> strict;

    friend bool operator==(const response_tool&, const response_tool&) = default;
};

/// What a response says beyond the answer itself: with which settings it was made, and its items.
/// What the provider left out, or sent as null, is empty.
struct response_details {
    /// When it was begun, in seconds since 1970.
    std::optional<std::int64_t> created_at;
    /// When it was complete, in seconds since 1970.
    std::optional<std::int64_t> completed_at;
    /// `completed`, `incomplete` or another word of the provider's.
    std::string status;
    /// Why it is not complete, as JSON text.
    std::string incomplete_details;
    /// The output in its order.
    std::vector<response_item> items;

    /// The system prompt that it was made with.
    std::string instructions;
    /// The limit on its tokens.
    std::optional<std::int64_t> max_output_tokens;
    /// The sampling temperature.
    std::optional<double> temperature;
    /// Nucleus sampling.
    std::optional<double> top_p;
    /// Less or more of what was said already.
    std::optional<double> frequency_penalty;
    /// Less or more of what was spoken of already.
    std::optional<double> presence_penalty;
    /// How hard the model was to think.
    std::string reasoning_effort;
    /// How much of that it was to summarise.
    std::string reasoning_summary;
    /// The class of service that the request had.
    std::string service_tier;
    /// `text`, `json_object` or `json_schema`.
    std::string text_format;
    /// The schema's name.
    std::string text_schema_name;
    /// The schema, as JSON text.
    std::string text_schema;
    /// Whether a tool had to be called, as JSON text.
    std::string tool_choice;
    /// The tools that could be.
    std::vector<response_tool> tools;
    /// What was to be done with too long a conversation.
    std::string truncation;
    /// The notes that came with the request; values that are not text are JSON.
    std::map<std::string, std::string> metadata;

    friend bool operator==(const response_details&, const response_details&) = default;
};

}  // namespace conclave::wire
