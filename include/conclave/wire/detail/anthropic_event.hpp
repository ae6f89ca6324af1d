#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/anthropic_thinking.hpp>
#include <conclave/wire/detail/anthropic_usage.hpp>
#include <conclave/wire/detail/cost.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads an Anthropic message, whole or by the events of its stream. Sources: the reference of the
// Messages API; @anthropic-ai/sdk 0.137.0 and 1.11.0.
class anthropic_event {
public:
    // What one text said beside its piece. The views are those of the field reader.
    struct content {
        // What an event is, by its JSON or else by its name.
        std::string_view type{};
        // The reason why the model stopped, as spelled; empty while it has not.
        std::string_view stop{};
        // Of a refusal.
        std::string_view category{};
        std::string_view explanation{};
        // It tells of an error.
        bool has_error = false;
        // It has a message, or its beginning.
        bool has_message = false;
        // There are more tool calls than can be taken.
        bool has_too_many_tools = false;
        // There is nothing but the piece.
        bool only_piece = false;
    };

    static constexpr template_rules rules = {
        .noise = {}, .counters = {}, .padded = true, .empty_repeat = true};

    // Reads an event's payload, behind which `field_reader::padding` bytes are readable. Id, model,
    // usage, cost and tool calls go to `to`; of `out` nothing is meant if this reports an error.
    // The piece is empty then, and if the text tells of an error.
    std::error_code read(std::string_view text, std::string_view name, completion& to, delta& piece,
                         content& out) {
        piece = {};
        out = {};
        out.type = name;
        block said;
        const auto failed = fields_.read(
            text, [&](json::key key, json::value & value) __attribute__((always_inline)) {
                if (key == "type") {
                    out.type = string(value);
                } else if (key == "index") {
                    said.index = fields_.integer(value);
                } else if (key == "delta") {
                    read_delta(value, said, out);
                } else {
                    read_rare_member(key, value, said, to, out);
                }
            });
        if (name == "error" || out.type == "error") out.has_error = true;
        if (!failed && !out.has_error) take(said, to, piece, out);
        return failed;
    }

    // The same for those who want the deltas alone. Returns whether there is nothing but the piece.
    bool read(std::string_view text, delta& piece) {
        content said;
        return !read(text, {}, rest_, piece, said) && said.only_piece;
    }

    // Reads a whole message into `to`.
    std::error_code read_whole(std::string_view text, completion& to, content& out) {
        out = {};
        const auto failed = fields_.read(text, [&](json::key key, json::value& value) {
            if (key == "type") {
                out.type = string(value);
            } else if (key == "content") {
                out.has_message = fields_.each_element(
                    value, [&](json::value& each) { take_whole_block(each, to, out); });
            } else if (key == "error") {
                if (fields_.truthy(value)) out.has_error = true;
            } else {
                read_message_member(key, value, to, out);
            }
        });
        if (out.type == "error") out.has_error = true;
        return failed;
    }

private:
    // A block of content, or what a delta adds to one.
    struct block {
        std::optional<std::int64_t> index{};
        std::string_view type{};
        std::string_view text{};
        std::string_view thinking{};
        std::string_view id{};
        std::string_view name{};
        // The arguments of a tool call, or a piece of them.
        std::string_view input{};
        // What proves that thinking is the model's own, or all of it, encrypted.
        std::string_view proof{};
    };

    std::string_view string(json::value& value) {
        return fields_.string(value).value_or(std::string_view{});
    }

    void read_delta(json::value& value, block& said, content& out) {
        fields_.each_member(
            value, [&](json::key key, json::value & member) __attribute__((always_inline)) {
                if (key == "type") {
                    said.type = string(member);
                } else if (key == "text") {
                    said.text = string(member);
                } else if (key == "thinking") {
                    said.thinking = string(member);
                } else if (key == "partial_json") {
                    said.input = string(member);
                } else {
                    read_rest_of_delta(key, member, said, out);
                }
            });
    }

    [[gnu::noinline]] void read_rest_of_delta(json::key key, json::value& value, block& said,
                                              content& out) {
        if (key == "signature") {
            said.proof = string(value);
        } else {
            read_stop(key, value, out);
        }
    }

    [[gnu::noinline]] void read_rare_member(json::key key, json::value& value, block& said,
                                            completion& to, content& out) {
        if (key == "content_block") {
            read_block(value, said);
        } else if (key == "message") {
            out.has_message = fields_.each_member(value, [&](json::key name, json::value& member) {
                read_message_member(name, member, to, out);
            });
        } else if (key == "error") {
            if (fields_.truthy(value)) out.has_error = true;
        } else if (key == "usage") {
            usage_.read(fields_, value, to);
        } else if (key == "cost") {
            if (const auto cost = amount(fields_, value)) to.cost = cost;
        }
    }

    // All of a message but its content, which a stream's first event does not have yet.
    void read_message_member(json::key key, json::value& value, completion& to, content& out) {
        if (key == "id") {
            to.id = string(value);
        } else if (key == "model") {
            to.model = string(value);
        } else if (key == "usage") {
            usage_.read(fields_, value, to);
        } else if (key == "cost") {
            if (const auto cost = amount(fields_, value)) to.cost = cost;
        } else {
            read_stop(key, value, out);
        }
    }

    [[gnu::noinline]] void read_stop(json::key key, json::value& value, content& out) {
        if (key == "stop_reason") {
            out.stop = string(value);
        } else if (key == "stop_details") {
            fields_.each_member(value, [&](json::key name, json::value& member) {
                if (name == "category") out.category = string(member);
                if (name == "explanation") out.explanation = string(member);
            });
        }
    }

    void read_block(json::value& value, block& said) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "type") {
                said.type = string(member);
            } else if (key == "text") {
                said.text = string(member);
            } else if (key == "thinking") {
                said.thinking = string(member);
            } else if (key == "id") {
                said.id = string(member);
            } else if (key == "name") {
                said.name = string(member);
            } else if (key == "input") {
                said.input = fields_.raw(member);
            } else if (key == "signature" || key == "data") {
                said.proof = string(member);
            }
        });
    }

    void take(const block& said, completion& to, delta& piece, content& out) {
        if (out.type == "content_block_delta") {
            if (said.type == "text_delta") {
                piece.text = said.text;
            } else if (said.type == "thinking_delta") {
                piece.reasoning = said.thinking;
            } else if (said.type == "input_json_delta") {
                take_input(said, to, piece);
                return;
            } else if (said.type == "signature_delta") {
                thinking_.sign(said.index, said.proof, to);
                return;
            }
            out.only_piece = !piece.empty();
        } else if (out.type == "content_block_start") {
            take_begin(said, to, piece, out);
        } else {
            out.only_piece = out.type == "ping" || out.type == "content_block_stop";
        }
    }

    // The other blocks, such as those of the tools that the provider calls itself, say nothing.
    [[gnu::noinline]] void take_begin(const block& said, completion& to, delta& piece,
                                      content& out) {
        if (said.type == "text") {
            piece.text = said.text;
            out.only_piece = true;
        } else if (said.type == "thinking") {
            piece.reasoning = said.thinking;
            out.only_piece = true;
        } else if (said.type == "redacted_thinking") {
            anthropic_thinking::add_redacted(said.proof, to);
        } else if (said.type == "tool_use") {
            const bool is_whole = said.input.find('"') != std::string_view::npos;
            add_tool_call(said, is_whole ? said.input : std::string_view{}, to, out);
        }
    }

    [[gnu::noinline]] void take_input(const block& said, completion& to, delta& piece) {
        if (!tools_.knows(said.index)) return;
        tools_.add({said.index, {}, {}, said.input}, to.tool_calls);
        piece.tool_arguments = said.input;
    }

    void add_tool_call(const block& said, std::string_view input, completion& to, content& out) {
        const bool added = tools_.add({said.index, said.id, said.name, input}, to.tool_calls);
        if (!added) out.has_too_many_tools = true;
    }

    void take_whole_block(json::value& value, completion& to, content& out) {
        block said;
        read_block(value, said);
        if (said.type == "text") {
            to.text += said.text;
        } else if (said.type == "thinking") {
            to.reasoning += said.thinking;
            if (!said.proof.empty()) anthropic_thinking::add_signed(said.thinking, said.proof, to);
        } else if (said.type == "redacted_thinking") {
            anthropic_thinking::add_redacted(said.proof, to);
        } else if (said.type == "tool_use") {
            add_tool_call(said, said.input, to, out);
        }
    }

    json::field_reader fields_;
    anthropic_usage usage_;
    anthropic_thinking thinking_;
    tool_call_joiner tools_;
    completion rest_;
};

}  // namespace conclave::wire::detail
