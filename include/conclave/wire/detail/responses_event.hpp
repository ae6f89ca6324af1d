#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/response_object.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads the events of a streamed response; sources: the reference of the Responses API, "Streaming
// events", and the OpenResponses specification.
class responses_event {
public:
    enum class kind {
        // The response's first states.
        begin,
        item_added,
        item_done,
        part_added,
        arguments_delta,
        arguments_done,
        completed,
        incomplete,
        failed,
        error,
        // All that nobody asked for.
        other,
    };

    // What an event that is no piece says.
    struct content {
        kind what = kind::other;
        std::optional<std::int64_t> output_index;
        // These are the field reader's.
        std::string_view item_id, call_id, arguments_delta, arguments, part_type;
        response_item_content item;
        response_content response;
        bool has_error = false;
    };

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

    // Reads all of an event in which there is more than a piece.
    std::error_code read_all(std::string_view data, content& out) {
        response_object object(fields_);
        return fields_.read(data, [&](json::key key, json::value& value) {
            if (key == "type") {
                out.what = kind_of(text(value));
            } else if (key == "response") {
                fields_.each_member(value, [&](json::key name, json::value& member) {
                    object.read_member(name, member, out.response);
                });
            } else if (key == "item") {
                object.read_item(value, out.item);
            } else if (key == "part") {
                fields_.each_member(value, [&](json::key name, json::value& member) {
                    if (name == "type") out.part_type = text(member);
                });
            } else if (key == "output_index") {
                out.output_index = fields_.integer(value);
            } else if (key == "error") {
                out.has_error = fields_.truthy(value);
            } else if (std::string_view content::*field = text_of(key)) {
                out.*field = text(value);
            }
        });
    }

    // Reads a whole reply, which is the response itself.
    std::error_code read_reply(std::string_view data, response_content& out) {
        response_object object(fields_);
        return fields_.read(
            data, [&](json::key key, json::value& value) { object.read_member(key, value, out); });
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

    static kind kind_of(std::string_view type) noexcept {
        static constexpr std::array<std::pair<std::string_view, kind>, 13> kinds = {{
            {"response.created", kind::begin},
            {"response.queued", kind::begin},
            {"response.in_progress", kind::begin},
            {"response.output_item.added", kind::item_added},
            {"response.output_item.done", kind::item_done},
            {"response.content_part.added", kind::part_added},
            {"response.reasoning_summary_part.added", kind::part_added},
            {"response.function_call_arguments.delta", kind::arguments_delta},
            {"response.function_call_arguments.done", kind::arguments_done},
            {"response.completed", kind::completed},
            {"response.incomplete", kind::incomplete},
            {"response.failed", kind::failed},
            {"error", kind::error},
        }};
        for (const auto& [name, what] : kinds) {
            if (type == name) return what;
        }
        return kind::other;
    }

    static std::string_view content::*text_of(json::key key) noexcept {
        if (key == "item_id") return &content::item_id;
        if (key == "call_id") return &content::call_id;
        if (key == "delta") return &content::arguments_delta;
        if (key == "arguments") return &content::arguments;
        return nullptr;
    }

    std::string_view text(json::value& value) {
        return fields_.string(value).value_or(std::string_view{});
    }

    json::field_reader fields_;
};

}  // namespace conclave::wire::detail
