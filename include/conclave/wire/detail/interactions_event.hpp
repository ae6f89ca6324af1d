#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/google_usage.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads the events of Google's Interactions API, and its whole reply, which is the object that some
// of the events have in them. Source: the reference of the API, and @google/genai 3.1.0 (steps) and
// 1.40.0 (outputs).
class interactions_event {
public:
    // A step, an item of `content` or `outputs`, or a delta of one: all have the same members.
    struct item {
        std::string_view type{};
        std::string_view text{};  // its own, or that of what is in it
        std::string_view id{};
        std::string_view name{};
        std::string_view arguments{};
        std::string_view signature{};
        bool has_object = false;  // the arguments came as an object and not as its text
    };

    // What one text said. The views are those of the field reader, or into its joined texts.
    struct content {
        std::string_view type{};  // of the event; empty in a whole reply
        std::string_view status{};
        std::string_view id{};
        std::string_view model{};
        // What went wrong, inside an interaction that has failed.
        std::string_view error_code{};
        std::string_view error_message{};
        // The text tells of nothing but an error.
        bool has_error = false;
        // It is one item, in an event.
        bool has_item = false;
        // A text was put together from parts.
        bool joined = false;
        std::optional<std::int64_t> index{};
        std::optional<conclave::usage> usage{};
    };

    static constexpr std::array<std::string_view, 1> noise = {"event_id"};
    static constexpr std::array<std::string_view, 7> counters = {"total_input_tokens",
                                                                 "total_output_tokens",
                                                                 "total_thought_tokens",
                                                                 "total_cached_tokens",
                                                                 "total_tokens",
                                                                 "total_tool_use_tokens",
                                                                 "tokens"};
    static constexpr template_rules rules = {.noise = noise, .counters = counters, .padded = false};

    // Reads `text`, behind which `field_reader::padding` bytes are readable.
    std::error_code read(std::string_view text, content& out) {
        out = {};
        items_.clear();
        joined_.clear();
        text_size_ = text.size();
        return fields_.read(text, [&](json::key key, json::value& value) {
            if (key == "delta" || key == "step" || key == "content") {
                out.has_item = true;
                read_item(value, out);
            } else if (key == "event_type") {
                out.type = string(value);
            } else if (key == "index") {
                out.index = fields_.integer(value);
            } else if (key == "interaction") {
                fields_.each_member(value, [&](json::key name, json::value& member) {
                    if (name == "error") {
                        read_failure(member, out);
                    } else {
                        read_interaction(name, member, out);
                    }
                });
            } else {
                read_interaction(key, value, out);
            }
        });
    }

    // What was read last: an event's one item, or a reply's.
    const std::vector<item>& items() const noexcept { return items_; }

    // The text of an item, as the answer shows it; what is neither text nor thought has none.
    static std::string_view delta::*target_of(std::string_view type) noexcept {
        if (type == "text" || type == "model_output" || type.empty()) return &delta::text;
        if (type == "thought" || type == "thought_summary") return &delta::reasoning;
        return nullptr;
    }

    // Whether an event's type says that it has an item.
    static bool has_new_text(std::string_view type) noexcept {
        return type == "step.delta" || type == "content.delta" || type == "step.start" ||
               type == "content.start";
    }

private:
    static constexpr google_usage_names usage_names = {
        .input = "total_input_tokens",
        .for_tools = "total_tool_use_tokens",
        .answer = "total_output_tokens",
        .thoughts = "total_thought_tokens",
        .cached = "total_cached_tokens",
        .input_details = "input_tokens_by_modality",
        .answer_details = "output_tokens_by_modality",
        .audio = "audio",
        .count = "tokens"};

    std::string_view string(json::value& value) {
        return fields_.string(value).value_or(std::string_view{});
    }

    void read_interaction(json::key key, json::value& value, content& out) {
        if (key == "status") {
            out.status = string(value);
        } else if (key == "id" || key == "interaction_id") {
            out.id = string(value);
        } else if (key == "model") {
            out.model = string(value);
        } else if (key == "usage") {
            if (const auto told = read_google_usage(usage_names, fields_, value)) out.usage = told;
        } else if (key == "steps" || key == "outputs") {
            fields_.each_element(value, [&](json::value& each) { read_item(each, out); });
        } else if (key == "errors") {
            fields_.each_element(value, [&](json::value& each) { read_failure(each, out); });
        } else if (key == "error") {
            if (fields_.truthy(value)) out.has_error = true;
        }
    }

    void read_failure(json::value& value, content& out) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "message" && out.error_message.empty()) out.error_message = string(member);
            if (key == "code" && out.error_code.empty()) out.error_code = string(member);
        });
    }

    void read_item(json::value& value, content& out) {
        item read;
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "text") {
                add(read.text, string(member), out);
            } else if (key == "type") {
                read.type = string(member);
            } else {
                read_rest(key, member, read, out);
            }
        });
        items_.push_back(read);
    }

    void read_rest(json::key key, json::value& value, item& read, content& out) {
        if (key == "content" || key == "summary") {
            read_parts(value, read, out);
        } else if (key == "arguments" || key == "args") {
            if (const auto text = fields_.string(value)) {
                read.arguments = *text;
            } else if (json::field_reader::kind_of(value) == json::kind::object) {
                read.arguments = fields_.raw(value);
                read.has_object = true;
            }
        } else if (key == "signature") {
            read.signature = string(value);
        } else if (key == "id") {
            read.id = string(value);
        } else if (key == "name") {
            read.name = string(value);
        } else if (key == "error") {
            read_failure(value, out);
        }
    }

    // One `{"type": "text", "text": …}`, or several, or the text alone.
    void read_parts(json::value& value, item& read, content& out) {
        const auto read_part = [&](json::value& part) {
            std::string_view type = "text";
            std::string_view text;
            fields_.each_member(part, [&](json::key key, json::value& member) {
                if (key == "type") type = string(member);
                if (key == "text") text = string(member);
            });
            if (type == "text") add(read.text, text, out);
        };
        switch (json::field_reader::kind_of(value)) {
            case json::kind::string: add(read.text, string(value), out); break;
            case json::kind::object: read_part(value); break;
            case json::kind::array: fields_.each_element(value, read_part); break;
            default: break;
        }
    }

    void add(std::string_view& target, std::string_view more, content& out) {
        if (target.empty()) {
            target = more;
        } else if (!more.empty()) {
            out.joined = true;
            join(target, more);
        }
    }
    // Each part is copied once, so that all that is joined is no longer than the text, and views
    // into it stay valid.
    [[gnu::noinline]] void join(std::string_view& target, std::string_view more) {
        if (joined_.capacity() < text_size_) joined_.reserve(text_size_);
        const bool is_last =
            !joined_.empty() && target.data() + target.size() == joined_.data() + joined_.size();
        const std::size_t begin = is_last ? joined_.size() - target.size() : joined_.size();
        if (!is_last) joined_ += target;
        joined_ += more;
        target = std::string_view(joined_).substr(begin);
    }

    json::field_reader fields_;
    std::vector<item> items_;
    std::string joined_;
    std::size_t text_size_ = 0;
};

}  // namespace conclave::wire::detail
