#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include <conclave/json/detail/unescape.hpp>
#include <conclave/json/fields.hpp>
#include <conclave/wire/event_template.hpp>

namespace conclave::wire {

/// What may differ between the events of a format without a difference for what is read from them:
/// the format's reader must never look at these members, wherever in an event they are.
struct template_rules {
    /// Members that are strings, such as `obfuscation`.
    std::span<const std::string_view> noise;
    /// Members that are integers, such as `sequence_number`.
    std::span<const std::string_view> counters;
    /// The server puts spaces before an event's last brace.
    bool padded = false;
    /// Events in which the format's reader finds an empty delta and nothing else repeat, as pings
    /// do.
    bool empty_repeat = false;
};

/// Makes templates of events.
class template_learner {
public:
    /// `rules` must outlive the learner.
    explicit template_learner(const template_rules& rules) noexcept : rules_(&rules) {}

    /// Whether there is something to learn from events with an empty delta.
    bool learns_empty() const noexcept { return rules_->empty_repeat; }

    /// Makes `out` the template of an event in which a format's reader found nothing but `target`,
    /// the text of one of its strings, or nothing at all. `raw` are the event's bytes as
    /// `sse::event::raw` gives them, and `data` is the part of it that is its payload, with
    /// `json::field_reader::padding` readable bytes behind it. Returns false if it is no event to
    /// learn from; `out` is of no use then.
    bool learn(std::string_view raw, std::string_view data, std::string_view target,
               event_template& out) {
        // an event that ends in CR may be followed by an LF that is still part of it
        if (!raw.ends_with('\n')) return false;
        out.clear();
        out_ = &out;
        literal_ = raw.data();
        target_ = target;
        targets_ = 0;
        fits_ = true;
        if (fields_.read(data, visitor{*this, 0})) return false;
        if (rules_->padded) add_spaces(data);
        return fits_ && targets_ == (target.empty() ? 0 : 1) &&
               add({raw.data() + raw.size(), 0}, hole::end);
    }

private:
    static constexpr int max_depth = 32;

    struct visitor {
        template_learner& learner;
        int depth;
        void operator()(std::string_view key, json::value& value) const {
            learner.visit(key, value, depth);
        }
        void operator()(json::value& value) const { learner.visit({}, value, depth); }
    };

    void visit(std::string_view key, json::value& value, int depth) {
        switch (json::field_reader::kind_of(value)) {
            case json::kind::string: visit_string(key, value); break;
            case json::kind::number:
                if (is_in(rules_->counters, key)) {
                    const std::string_view digits = fields_.digits(value);
                    const bool whole = digits.find_first_not_of("0123456789") == digits.npos;
                    if (whole && !digits.empty()) add(digits, hole::integer);
                }
                break;
            case json::kind::object:
            case json::kind::array:
                if (depth == max_depth) {
                    fits_ = false;
                } else if (!fields_.each_member(value, visitor{*this, depth + 1})) {
                    fields_.each_element(value, visitor{*this, depth + 1});
                }
                break;
            default: break;
        }
    }

    // Which string the target is, its text tells; if two have it, there is no telling.
    void visit_string(std::string_view key, json::value& value) {
        const auto text = fields_.spelling(value);
        if (!text) return;
        if (is_target(*text)) {
            ++targets_;
            add(text->inside, hole::target);
        } else if (is_in(rules_->noise, key)) {
            add(text->inside, hole::noise);
        }
    }

    bool is_target(const json::spelled_string& text) {
        if (target_.empty()) return false;
        if (!text.escaped) return text.inside == target_;
        if (text.inside.size() < target_.size()) return false;
        unescaped_.clear();
        return unescaped_.unescape(text.inside, text.inside.size()) == target_;
    }

    static bool is_in(std::span<const std::string_view> keys, std::string_view key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    }

    // Ends the literal where `what` begins, which is in the hole.
    bool add(std::string_view what, hole kind) {
        const std::string_view literal(literal_, static_cast<std::size_t>(what.data() - literal_));
        literal_ = what.data() + what.size();
        fits_ = fits_ && out_->add(literal, kind);
        return fits_;
    }

    void add_spaces(std::string_view data) {
        const std::size_t brace = data.rfind('}');
        const std::size_t spaces = data.find_last_not_of(' ', brace - 1) + 1;
        add(data.substr(spaces, brace - spaces), hole::spaces);
    }

    const template_rules* rules_;
    json::field_reader fields_;
    event_template* out_ = nullptr;
    const char* literal_ = nullptr;  // where the literal begins that is not added yet
    std::string_view target_;
    int targets_ = 0;  // strings that can be it
    bool fits_ = true;
    json::detail::unescape_buffer unescaped_;
};

}  // namespace conclave::wire
