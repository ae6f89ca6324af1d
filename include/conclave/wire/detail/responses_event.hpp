#pragma once

#include <array>
#include <string_view>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads what the deltas of a streamed OpenAI response say; source: the reference of the Responses
// API, "Streaming events", and the OpenResponses specification.
class responses_event {
public:
    static constexpr std::array<std::string_view, 1> noise = {"obfuscation"};
    static constexpr std::array<std::string_view, 1> counters = {"sequence_number"};
    static constexpr template_rules rules = {.noise = noise, .counters = counters, .padded = false};

    // Reads an event's payload, behind which `field_reader::padding` bytes are readable. Returns
    // whether there is nothing in it but the piece.
    bool read(std::string_view data, delta& piece) {
        std::string_view delta::*field = nullptr;
        std::string_view said;
        const auto failed = fields_.read(data, [&](json::key key, json::value& value) {
            if (key == "delta") {
                said = fields_.string(value).value_or(std::string_view{});
            } else if (key == "type") {
                field = field_of(fields_.string(value).value_or(std::string_view{}));
                if (field == nullptr) fields_.stop(value);
            }
        });
        if (failed || field == nullptr) return false;
        piece.*field = said;
        return true;
    }

private:
    static std::string_view delta::*field_of(std::string_view type) noexcept {
        if (type == "response.output_text.delta") return &delta::text;
        if (type == "response.refusal.delta") return &delta::refusal;
        for (const std::string_view name :
             {"response.reasoning_summary_text.delta", "response.reasoning_text.delta",
              "response.reasoning.delta"}) {
            if (type == name) return &delta::reasoning;
        }
        return nullptr;
    }

    json::field_reader fields_;
};

}  // namespace conclave::wire::detail
