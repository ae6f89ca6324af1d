#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/cost.hpp>
#include <conclave/wire/detail/token_count.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads a reply or a chunk of a streamed one: both have the same fields, but for `message` and
// `delta`. Sources: OpenAI's reference for Chat Completions; the dialects of DeepSeek, SGLang,
// vLLM, OpenRouter and Opper as they document them.
class chat_chunk {
public:
    // What one text said beside its piece. The views are those of the field reader.
    struct content {
        // The reason why the model stopped, as spelled; empty while it has not.
        std::string_view finish{};
        // Choice 0 was there, with a message or a delta in it or a reason to stop.
        bool has_choice = false;
        // It tells of an error: top-level or choice's `error`, or vLLM's `"object": "error"`.
        bool has_error = false;
        // It reports what was used, which only the last report is to be taken from.
        bool has_usage = false;
        // The text was put together from parts.
        bool joined = false;
        // It has pieces of tool calls, or calls.
        bool has_tools = false;
        // They were more than can be taken.
        bool has_too_many_tools = false;
    };

    // What a template may leave open: none of these is looked at below.
    static constexpr std::array<std::string_view, 1> noise = {"obfuscation"};
    static constexpr template_rules rules = {.noise = noise, .counters = {}, .padded = false};

    // Reads `text`, behind which `field_reader::padding` bytes are readable. Id, model, usage and
    // cost go to `to`; of `out` nothing is meant if this reports an error. The piece is empty
    // then, and if the text tells of an error.
    std::error_code read(std::string_view text, completion& to, delta& piece, content& out) {
        joined_.clear();
        tool_pieces_.clear();
        text_size_ = text.size();
        piece = {};
        out = {};
        const auto failed = fields_.read(text, [&](json::key key, json::value& value) {
            if (key == "choices") {
                fields_.each_element(value,
                                     [&](json::value& each) { read_choice(each, piece, out); });
            } else if (key == "id") {
                if (to.id.empty()) to.id = fields_.string(value).value_or(std::string_view{});
            } else if (key == "model") {
                if (to.model.empty()) to.model = fields_.string(value).value_or(std::string_view{});
            } else if (key == "usage") {
                if (fields_.kind_of(value) == json::kind::null) return;
                out.has_usage = true;
                read_usage(value, to);
            } else if (key == "cost") {
                if (fields_.kind_of(value) == json::kind::null) return;
                out.has_usage = true;
                if (const auto cost = amount(fields_, value)) to.cost = cost;
            } else if (key == "error") {
                if (fields_.truthy(value)) out.has_error = true;
            } else if (key == "object") {
                if (fields_.string(value) == "error") out.has_error = true;
            }
        });
        if (failed || out.has_error) {
            piece = {};
        } else if (out.has_tools) {
            join_tool_calls(to, piece, out);
        }
        return failed;
    }

private:
    // Only choice 0 is taken. That it is another may show at its end, and then it is undone: a copy
    // of what has just been read would wait for that to be written. Few texts have two.
    void read_choice(json::value& value, delta& piece, content& out) {
        const bool is_another = out.has_choice;
        const std::size_t tools_before = tool_pieces_.size();
        if (is_another) [[unlikely]]
            set_aside(piece, out);
        const bool had_error = out.has_error;
        if (is_first_choice(value, piece, out)) return;
        tool_pieces_.resize(tools_before);
        piece = is_another ? piece_aside_ : delta{};
        out = is_another ? content_aside_
                         : content{.has_error = had_error, .has_usage = out.has_usage};
    }
    [[gnu::noinline]] void set_aside(delta& piece, content& out) {
        piece_aside_ = piece;
        content_aside_ = out;
        piece = {};
        out = {.has_error = out.has_error, .has_usage = out.has_usage};
    }

    // Reads a choice; returns whether it is choice 0.
    bool is_first_choice(json::value& value, delta& piece, content& out) {
        bool first = true;
        fields_.each_member(
            value, [&](json::key key, json::value & member) __attribute__((always_inline)) {
                if (key == "delta" || key == "message") {
                    out.has_choice = true;
                    read_message(member, piece, out);
                } else if (key == "finish_reason") {
                    out.finish = fields_.string(member).value_or(std::string_view{});
                    if (!out.finish.empty()) out.has_choice = true;
                } else if (key == "index") {
                    if (fields_.kind_of(member) != json::kind::null) {
                        first = fields_.integer(member) == 0;
                    }
                } else if (key == "error") {
                    if (fields_.truthy(member)) out.has_error = true;
                }
            });
        return first;
    }

    void read_message(json::value& value, delta& piece, content& out) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "content") {
                piece.text = read_content(member, out.joined);
            } else if (key == "refusal") {
                piece.refusal = fields_.string(member).value_or(std::string_view{});
            } else if (key == "reasoning_content" || key == "reasoning") {
                // some servers send both, one of them empty or both the same
                const auto text = fields_.string(member);
                if (text && !text->empty()) piece.reasoning = *text;
            } else if (key == "tool_calls") {
                fields_.each_element(member, [&](json::value& each) { read_tool_call(each, out); });
            }
        });
    }

    [[gnu::noinline]] void read_tool_call(json::value& value, content& out) {
        tool_call_piece piece;
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "index") {
                piece.index = fields_.integer(member);
            } else if (key == "id") {
                piece.id = fields_.string(member).value_or(std::string_view{});
            } else if (key == "function") {
                fields_.each_member(member, [&](json::key name, json::value& part) {
                    const auto text = fields_.string(part);
                    if (name == "name") piece.name = text.value_or(std::string_view{});
                    if (name == "arguments") piece.arguments = text.value_or(std::string_view{});
                });
            }
        });
        out.has_tools = true;
        tool_pieces_.push_back(piece);
    }

    [[gnu::noinline]] void join_tool_calls(completion& to, delta& piece, content& out) {
        for (const tool_call_piece& each : tool_pieces_) {
            if (!tools_.add(each, to.tool_calls)) out.has_too_many_tools = true;
            piece.tool_arguments = each.arguments;
        }
    }

    // A string, or in some dialects the parts of one: [{"type": "text", "text": …}].
    std::string_view read_content(json::value& value, bool& joined) {
        if (const auto text = fields_.string(value)) return *text;
        if (json::field_reader::kind_of(value) != json::kind::array) return {};
        joined = true;
        return join_parts(value);
    }
    [[gnu::noinline]] std::string_view join_parts(json::value& value) {
        if (joined_.capacity() < text_size_) joined_.reserve(text_size_);
        const std::size_t begin = joined_.size();
        fields_.each_element(value, [&](json::value& part) {
            std::string_view type = "text";
            std::string_view text;
            fields_.each_member(part, [&](json::key key, json::value& member) {
                if (key == "type") type = fields_.string(member).value_or(std::string_view{});
                if (key == "text") text = fields_.string(member).value_or(std::string_view{});
            });
            if (type == "text") joined_ += text;
        });
        return std::string_view(joined_).substr(begin);
    }

    [[gnu::noinline]] void read_usage(json::value& value, completion& to) {
        usage read;
        std::optional<std::int64_t> input, output, cache_hits;
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "prompt_tokens") {
                input = token_count(fields_, member);
            } else if (key == "completion_tokens") {
                output = token_count(fields_, member);
            } else if (key == "prompt_cache_hit_tokens") {  // DeepSeek
                cache_hits = token_count(fields_, member);
            } else if (key == "cost") {  // OpenRouter
                if (const auto cost = amount(fields_, member)) to.cost = cost;
            } else if (key == "opper") {
                if (const auto cost = opper_cost(fields_, member)) to.cost = cost;
            } else {
                read_usage_details(key, member, read);
            }
        });
        if (!input && !output) return;  // null, {} or nonsense: as if it were not there
        read.input_tokens = input.value_or(0);
        read.output_tokens = output.value_or(0);
        if (!read.cache_read_tokens) read.cache_read_tokens = cache_hits;
        to.usage = read;
    }

    void read_usage_details(json::key key, json::value& value, usage& to) {
        const bool prompt = key == "prompt_tokens_details";
        const bool tools = key == "server_tool_use";  // Opper
        if (!prompt && !tools && key != "completion_tokens_details") return;
        fields_.each_member(value, [&](json::key name, json::value& member) {
            if (name == "audio_tokens") {
                (prompt ? to.input_audio_tokens : to.output_audio_tokens) =
                    token_count(fields_, member);
            } else if (name == "cached_tokens") {
                to.cache_read_tokens = token_count(fields_, member);
            } else if (name == "cache_write_tokens") {
                to.cache_creation_tokens = token_count(fields_, member);
            } else if (name == "reasoning_tokens") {
                to.reasoning_tokens = token_count(fields_, member);
            } else if (name == "web_search_requests") {
                to.web_search_requests = token_count(fields_, member);
            } else if (name == "web_fetch_requests") {
                to.web_fetch_requests = token_count(fields_, member);
            }
        });
    }

    json::field_reader fields_;
    // What was put together from parts. As long as a whole text from the start, so that views into
    // it stay valid.
    std::string joined_;
    std::size_t text_size_ = 0;
    // Of an earlier choice, while another is read.
    delta piece_aside_;
    std::vector<tool_call_piece> tool_pieces_;
    tool_call_joiner tools_;
    content content_aside_;
};

}  // namespace conclave::wire::detail
