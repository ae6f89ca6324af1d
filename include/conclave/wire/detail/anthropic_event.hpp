#pragma once

#include <string_view>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads what the deltas of a streamed Anthropic message say; source: the reference of the Messages
// API, "Streaming messages".
class anthropic_event {
public:
    static constexpr template_rules rules = {.noise = {}, .counters = {}, .padded = true};

    // Reads an event's payload, behind which `field_reader::padding` bytes are readable. Returns
    // whether there is nothing in it but the piece.
    bool read(std::string_view data, delta& piece) {
        bool is_delta = false;
        delta said;
        const auto failed = fields_.read(data, [&](json::key key, json::value& value) {
            if (key == "type") {
                is_delta = fields_.string(value) == "content_block_delta";
                if (!is_delta) fields_.stop(value);
            } else if (key == "delta") {
                read_delta(value, said);
            }
        });
        if (failed || !is_delta) return false;
        piece = said;
        return true;
    }

private:
    void read_delta(json::value& value, delta& said) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "text") {
                said.text = fields_.string(member).value_or(std::string_view{});
            } else if (key == "thinking") {
                said.reasoning = fields_.string(member).value_or(std::string_view{});
            }
        });
    }

    json::field_reader fields_;
};

}  // namespace conclave::wire::detail
