#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/writer.hpp>
#include <conclave/wire/chat_answer.hpp>
#include <conclave/wire/responses_settings.hpp>
#include <conclave/wire/tool.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave::wire {

/// Writes one answer as a server of OpenAI's Responses does, or one of OpenResponses: the other
/// side of `responses`. Takes the pieces of an answer in their order, and tells the events of its
/// stream as they come; at the end it has the whole response.
///
/// The call order: `begin`, then pieces, then `finish` or `fail`.
class responses_answer_writer {
public:
    /// What takes an event: its type, and its JSON on one line.
    using event_handler = std::function<void(std::string_view type, std::string data)>;

    /// `settings` are those of `responses_settings`. Without a handler nothing is told, and only
    /// the whole response counts. `open` is for OpenResponses.
    responses_answer_writer(answer_identity identity, std::string settings,
                            event_handler on_event = nullptr, bool open = false)
        : identity_(std::move(identity)),
          settings_(std::move(settings)),
          on_event_(std::move(on_event)),
          open_(open) {}

    /// The response is begun.
    void begin() {
        tell_response("response.created");
        tell_response("response.in_progress");
    }

    /// A piece of the answer's text.
    void text(std::string_view piece) { add(kind::message, "output_text", piece); }
    /// A piece of a refusal.
    void refusal(std::string_view piece) { add(kind::message, "refusal", piece); }
    /// A piece of the reasoning: of a summary of it, but in OpenResponses.
    void reasoning(std::string_view piece) {
        add(kind::reasoning, open_ ? "reasoning_text" : "summary_text", piece);
    }

    /// The next item of reasoning has this as its content for the provider's eyes only.
    void encrypt_reasoning(std::string_view content) { encrypted_content_ = content; }

    /// A call of a tool, its arguments in these pieces.
    void tool(const tool_call& called, std::span<const std::string_view> pieces) {
        close_item();
        start_item(kind::function_call);
        call_ = called;
        call_.arguments.clear();
        tell_item("response.output_item.added", false);
        for (const std::string_view piece : pieces) {
            call_.arguments += piece;
            tell("response.function_call_arguments.delta", [&](json::writer& out) {
                write_place(out, {});
                out.member("delta", piece);
            });
        }
        tell("response.function_call_arguments.done", [&](json::writer& out) {
            write_place(out, {});
            out.member("arguments", call_.arguments);
        });
        close_item();
    }

    /// An item of another kind, as it is when it is added and as it is when it is done: the texts
    /// of JSON objects.
    void other_item(std::string_view added, std::string done) {
        close_item();
        const auto write = [&](std::string_view item) {
            return [this, item](json::writer& out) {
                out.member("output_index", items_.size());
                out.member_raw("item", item);
            };
        };
        tell("response.output_item.added", write(added));
        tell("response.output_item.done", write(done));
        items_.push_back(std::move(done));
    }

    /// The end. `incomplete` says why the answer is not whole (`max_output_tokens`), empty if it
    /// is. `now` is in seconds since 1970.
    void finish(std::string_view incomplete, std::optional<conclave::usage> used,
                std::optional<double> cost, std::int64_t now) {
        incomplete_ = incomplete;
        if (!has_output_) text("");
        close_item();
        status_ = incomplete.empty() ? "completed" : "incomplete";
        if (incomplete.empty()) completed_at_ = now;
        usage_ = std::move(used);
        cost_ = cost;
        tell_response(incomplete.empty() ? "response.completed" : "response.incomplete");
    }

    /// The end of an answer that failed: the events that say so.
    void fail(std::string_view code, std::string_view message) {
        tell("error", [&](json::writer& out) {
            out.member("code", code);
            out.member("message", message);
            out.member_raw("param", "null");
        });
        error_.clear();
        json::writer out(error_);
        out.begin_object();
        out.member("code", code);
        out.member("message", message);
        out.end_object();
        status_ = "failed";
        tell_response("response.failed");
    }

    /// Appends the JSON of the response as it stands.
    void write_response(std::string& to) const {
        json::writer out(to);
        write_response(out);
    }

private:
    enum class kind { none, reasoning, message, function_call };

    struct part {
        std::string type;
        std::string text;
    };

    template <class Write>
    void tell(std::string_view type, Write&& write) {
        if (!on_event_) return;
        std::string data;
        json::writer out(data);
        out.begin_object();
        out.member("type", type);
        out.member("sequence_number", sequence_++);
        write(out);
        out.end_object();
        on_event_(type, std::move(data));
    }

    void tell_response(std::string_view type) {
        tell(type, [&](json::writer& out) {
            out.key("response");
            write_response(out);
        });
    }

    void tell_item(std::string_view type, bool whole) {
        tell(type, [&](json::writer& out) {
            out.member("output_index", items_.size());
            out.key("item");
            write_item(out, whole);
        });
    }

    // `index` is the name of the part's number, empty where there are no parts.
    void write_place(json::writer& out, std::string_view index) const {
        out.member("item_id", id_);
        out.member("output_index", items_.size());
        if (!index.empty()) out.member(index, parts_.size() - 1);
    }

    std::string_view index_name() const {
        return current_ == kind::reasoning && !open_ ? "summary_index" : "content_index";
    }
    std::string part_event() const {
        return current_ == kind::reasoning && !open_ ? "response.reasoning_summary_part"
                                                     : "response.content_part";
    }
    std::string text_event() const {
        if (current_ == kind::message) return "response." + parts_.back().type;
        return open_ ? "response.reasoning" : "response.reasoning_summary_text";
    }

    void add(kind what, std::string_view part_type, std::string_view piece) {
        if (current_ != what) {
            close_item();
            start_item(what);
            tell_item("response.output_item.added", false);
        }
        if (parts_.empty() || parts_.back().type != part_type) {
            close_part();
            parts_.push_back({std::string(part_type), {}});
            tell_part(".added");
        }
        if (piece.empty()) return;
        parts_.back().text += piece;
        tell(text_event() + ".delta", [&](json::writer& out) {
            write_place(out, index_name());
            out.member("delta", piece);
            if (part_type == "output_text") out.member_raw("logprobs", "[]");
        });
    }

    void start_item(kind what) {
        current_ = what;
        const std::string_view prefix = what == kind::reasoning ? "rs_"
                                        : what == kind::message ? "msg_"
                                                                : "fc_";
        const std::string_view number =
            std::string_view(identity_.id).substr(identity_.id.find('_') + 1);
        id_.assign(prefix).append(number);
        if (!items_.empty()) id_.append("_").append(std::to_string(items_.size()));
        has_output_ = has_output_ || what != kind::reasoning;
    }

    void close_part() {
        if (parts_.empty()) return;
        tell(text_event() + ".done", [&](json::writer& out) {
            write_place(out, index_name());
            out.member(parts_.back().type == "refusal" ? "refusal" : "text", parts_.back().text);
            if (parts_.back().type == "output_text") out.member_raw("logprobs", "[]");
        });
        tell_part(".done");
    }

    void tell_part(std::string_view suffix) {
        tell(part_event().append(suffix), [&](json::writer& out) {
            write_place(out, index_name());
            out.key("part");
            write_part(out, parts_.back());
        });
    }

    void close_item() {
        if (current_ == kind::none) return;
        close_part();
        tell_item("response.output_item.done", true);
        std::string whole;
        json::writer out(whole);
        write_item(out, true);
        items_.push_back(std::move(whole));
        current_ = kind::none;
        parts_.clear();
    }

    static void write_part(json::writer& out, const part& what) {
        out.begin_object();
        out.member("type", what.type);
        out.member(what.type == "refusal" ? "refusal" : "text", what.text);
        if (what.type == "output_text") {
            out.member_raw("annotations", "[]");
            out.member_raw("logprobs", "[]");
        }
        out.end_object();
    }

    void write_parts(json::writer& out, std::string_view name, bool filled) const {
        out.key(name);
        out.begin_array();
        if (filled) {
            for (const part& each : parts_)
                write_part(out, each);
        }
        out.end_array();
    }

    void write_item(json::writer& out, bool whole) const {
        out.begin_object();
        out.member("id", id_);
        if (current_ == kind::reasoning) {
            out.member("type", "reasoning");
            // OpenResponses shows the reasoning itself, OpenAI a summary.
            write_parts(out, "summary", whole && !open_);
            if (open_) write_parts(out, "content", whole);
            if (whole && !encrypted_content_.empty())
                out.member("encrypted_content", encrypted_content_);
            return out.end_object();
        }
        const bool is_call = current_ == kind::function_call;
        const bool is_cut = !is_call && !incomplete_.empty();
        out.member("type", is_call ? "function_call" : "message");
        out.member("status", !whole ? "in_progress" : is_cut ? "incomplete" : "completed");
        if (is_call) {
            out.member("call_id", call_.id);
            out.member("name", call_.name);
            out.member("arguments", whole ? std::string_view(call_.arguments) : "");
            write_signature(out, call_);
        } else {
            out.member("role", "assistant");
            write_parts(out, "content", whole);
        }
        out.end_object();
    }

    void write_response(json::writer& out) const {
        const bool whole = status_ != "in_progress";
        out.begin_object();
        out.member("id", identity_.id);
        out.member("object", "response");
        out.member("created_at", identity_.created);
        out.member("status", status_);
        write_or_null(out, "completed_at", completed_at_);
        out.member_raw("error", error_);
        if (incomplete_.empty()) {
            out.member_raw("incomplete_details", "null");
        } else {
            out.key("incomplete_details");
            out.begin_object();
            out.member("reason", incomplete_);
            out.end_object();
        }
        out.member("model", identity_.model);
        out.key("output");
        out.begin_array();
        if (whole) {
            for (const std::string& item : items_)
                out.raw(item);
        }
        out.end_array();
        if (!settings_.empty()) out.raw(settings_);
        if (!open_) out.member_raw("access_programs", "null");
        write_usage(out);
        if (!open_) out.member_if("cost", cost_);
        out.end_object();
    }

    static void write_or_null(json::writer& out, std::string_view name,
                              const std::optional<std::int64_t>& value) {
        if (value) {
            out.member(name, *value);
        } else {
            out.member_raw(name, "null");
        }
    }

    void write_usage(json::writer& out) const {
        if (!usage_) return out.member_raw("usage", "null");
        out.key("usage");
        out.begin_object();
        out.member("input_tokens", usage_->input_tokens);
        out.key("input_tokens_details");
        out.begin_object();
        out.member("cached_tokens", usage_->cache_read_tokens.value_or(0));
        out.member("cache_write_tokens", usage_->cache_creation_tokens.value_or(0));
        out.end_object();
        out.member("output_tokens", usage_->output_tokens);
        out.key("output_tokens_details");
        out.begin_object();
        out.member("reasoning_tokens", usage_->reasoning_tokens.value_or(0));
        out.end_object();
        out.member("total_tokens", usage_->input_tokens + usage_->output_tokens);
        out.end_object();
    }

    answer_identity identity_;
    std::string settings_;
    event_handler on_event_;
    bool open_;

    std::size_t sequence_ = 0;
    std::vector<std::string> items_;
    bool has_output_ = false;  // more than reasoning

    // The item that is being written.
    kind current_ = kind::none;
    std::string id_;
    std::vector<part> parts_;
    tool_call call_;
    std::string encrypted_content_;

    std::string status_ = "in_progress";
    std::string incomplete_;
    std::string error_ = "null";
    std::optional<std::int64_t> completed_at_;
    std::optional<conclave::usage> usage_;
    std::optional<double> cost_;
};

}  // namespace conclave::wire
