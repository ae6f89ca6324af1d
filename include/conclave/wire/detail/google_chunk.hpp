#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/google_usage.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads what Google's `generateContent` answers, or a chunk of `streamGenerateContent`: both are
// the same object. Source: the reference of the Gemini API, `GenerateContentResponse`, and
// @google/genai 3.1.0.
class google_chunk {
public:
    // What one text said beside its piece. The views are those of the field reader.
    struct content {
        // The reason why the model stopped, as spelled, and what is said about it.
        std::string_view finish{};
        std::string_view finish_message{};
        // The reason why the prompt was not answered at all.
        std::string_view block{};
        std::string_view block_message{};
        // It has a candidate, which may say nothing.
        bool has_candidate = false;
        // It tells of an error.
        bool has_error = false;
        // It has tool calls, or more than can be taken.
        bool has_tools = false;
        bool has_too_many_tools = false;
        // A text was put together from parts.
        bool joined = false;
        // There is something in it beside the piece.
        bool says_more() const noexcept {
            return !finish.empty() || !block.empty() || has_error || has_tools || joined;
        }
    };

    static constexpr std::array<std::string_view, 5> counters = {
        "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount",
        "tokenCount"};
    static constexpr template_rules rules = {.noise = {}, .counters = counters, .padded = false};

    // Reads `text`, behind which `field_reader::padding` bytes are readable. Id, model, usage and
    // tool calls go to `to`; of `out` nothing is meant if this reports an error. The piece is empty
    // then, and if the text tells of an error.
    std::error_code read(std::string_view text, completion& to, delta& piece, content& out) {
        piece = {};
        out = {};
        calls_.clear();
        usage_.reset();
        const auto failed = fields_.read(text, [&](json::key key, json::value& value) {
            if (key == "candidates") {
                bool first = true;
                fields_.each_element(value, [&](json::value& candidate) {
                    if (first) read_candidate(candidate, piece, out);
                    first = false;
                });
            } else if (key == "usageMetadata") {
                if (piece.empty() || out.says_more()) {
                    if (const auto told = read_google_usage(usage_names, fields_, value))
                        usage_ = told;
                }
            } else if (key == "responseId") {
                if (to.id.empty()) to.id = string(value);
            } else if (key == "modelVersion") {
                if (to.model.empty()) to.model = string(value);
            } else if (key == "promptFeedback") {
                read_feedback(value, out);
            } else if (key == "error") {
                if (fields_.truthy(value)) out.has_error = true;
            }
        });
        if (failed || out.has_error) {
            piece = {};
            return failed;
        }
        if (out.has_tools) [[unlikely]]
            take_tool_calls(to, piece, out);
        // Usage is a running total. That of a chunk in the midst is left out, and not even read if
        // it comes behind the text, since a template does not read it: of a stream that is cut, the
        // usage is unknown.
        if (usage_ && (out.says_more() || piece.empty())) to.usage = usage_;
        return {};
    }

    // The same for those who want the deltas alone. Returns whether there is nothing but the piece.
    bool read(std::string_view text, delta& piece) {
        content said;
        return !read(text, rest_, piece, said) && !said.says_more();
    }

private:
    static constexpr google_usage_names usage_names = {.input = "promptTokenCount",
                                                       .for_tools = "toolUsePromptTokenCount",
                                                       .answer = "candidatesTokenCount",
                                                       .thoughts = "thoughtsTokenCount",
                                                       .cached = "cachedContentTokenCount",
                                                       .input_details = "promptTokensDetails",
                                                       .answer_details = "candidatesTokensDetails",
                                                       .audio = "AUDIO",
                                                       .count = "tokenCount"};

    std::string_view string(json::value& value) {
        return fields_.string(value).value_or(std::string_view{});
    }

    void read_candidate(json::value& candidate, delta& piece, content& out) {
        out.has_candidate = true;
        fields_.each_member(
            candidate, [&](json::key key, json::value & value) __attribute__((always_inline)) {
                if (key == "content") {
                    fields_.each_member(value, [&](json::key name, json::value& parts) {
                        if (name != "parts") return;
                        fields_.each_element(
                            parts, [&](json::value& part) { read_part(part, piece, out); });
                    });
                } else if (key == "finishReason") {
                    out.finish = string(value);
                    if (out.finish == "FINISH_REASON_UNSPECIFIED") out.finish = {};
                } else if (key == "finishMessage") {
                    out.finish_message = string(value);
                }
            });
    }

    void read_part(json::value& part, delta& piece, content& out) {
        bool thought = false;
        std::string_view text;
        std::string_view signature;
        const std::size_t calls_before = calls_.size();
        fields_.each_member(part, [&](json::key key, json::value& value) {
            if (key == "text") {
                text = string(value);
            } else if (key == "thought") {
                thought = fields_.truthy(value);
            } else if (key == "functionCall") {
                read_function_call(value, out);
            } else if (key == "thoughtSignature") {
                signature = string(value);
            }
        });
        if (calls_.size() != calls_before) calls_.back().signature = signature;
        std::string_view& target = thought ? piece.reasoning : piece.text;
        if (target.empty()) [[likely]] {
            target = text;
        } else {
            join(target, thought ? joined_reasoning_ : joined_text_, text);
            out.joined = true;
        }
    }

    [[gnu::noinline]] static void join(std::string_view& target, std::string& joined,
                                       std::string_view more) {
        if (target.data() != joined.data()) joined = target;
        joined += more;
        target = joined;
    }

    [[gnu::noinline]] void read_function_call(json::value& value, content& out) {
        called one;
        const bool is_object = fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "name") {
                one.name = string(member);
            } else if (key == "id") {
                one.id = string(member);
            } else if (key == "args") {
                if (json::field_reader::kind_of(member) == json::kind::object) {
                    one.arguments = fields_.raw(member);
                }
            }
        });
        if (!is_object) return;
        out.has_tools = true;
        calls_.push_back(one);
    }

    [[gnu::noinline]] void take_tool_calls(completion& to, delta& piece, content& out) {
        for (const called& each : calls_) {
            if (to.tool_calls.size() == tool_call_joiner::most_calls) {
                out.has_too_many_tools = true;
                return;
            }
            to.tool_calls.push_back({std::string(each.id), std::string(each.name),
                                     std::string(each.arguments), std::string(each.signature)});
            piece.tool_arguments = each.arguments;
        }
    }

    void read_feedback(json::value& value, content& out) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "blockReason") out.block = string(member);
            if (key == "blockReasonMessage") out.block_message = string(member);
        });
    }

    struct called {
        std::string_view id{};
        std::string_view name{};
        std::string_view arguments = "{}";  // what a call without arguments means
        std::string_view signature{};
    };

    json::field_reader fields_;
    std::vector<called> calls_;
    std::optional<usage> usage_;
    std::string joined_text_;
    std::string joined_reasoning_;
    completion rest_;  // what the reader of deltas alone has no use for
};

}  // namespace conclave::wire::detail
