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
    static constexpr template_rules rules = {
        .noise = {}, .counters = {}, .padded = true, .empty_repeat = true};

    // Reads an event's payload, behind which `field_reader::padding` bytes are readable. Returns
    // whether there is nothing in it but the piece.
    bool read(std::string_view data, delta& piece) {
        bool is_delta = false;
        bool is_mark = false;
        delta said;
        const auto failed = fields_.read(data, [&](json::key key, json::value& value) {
            if (key == "type") {
                const std::string_view type = fields_.string(value).value_or(std::string_view{});
                is_delta = type == "content_block_delta";
                is_mark = says_nothing(type);
                if (!is_delta) fields_.stop(value);
            } else if (key == "delta") {
                read_delta(value, said);
            }
        });
        if (failed || !is_delta) return !failed && is_mark;
        piece = said;
        return !said.empty();
    }

private:
    // Events that are the same in every message.
    static bool says_nothing(std::string_view type) noexcept {
        for (const std::string_view name :
             {"ping", "content_block_start", "content_block_stop", "message_stop"}) {
            if (type == name) return true;
        }
        return false;
    }

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
