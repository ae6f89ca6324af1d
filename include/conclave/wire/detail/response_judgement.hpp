#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/response_object.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire::detail {

// What a response's `error` tells, or nothing: Opper's reference has the object in every response,
// so one without a word in it is none.
inline std::optional<failure> told_failure(const std::string& error) {
    failure told{errc::provider_error, {}, {}, 0};
    json::document parsed;
    if (error.empty() || json::document::parse("{\"error\":" + error + "}", parsed)) {
        return std::nullopt;
    }
    read_error_document(parsed.root(), told);
    const bool is_silent = told.message.empty() && told.provider_code.empty();
    if (is_silent && error.starts_with('{')) return std::nullopt;
    if (told.message.empty()) told.message = "no explanation given";
    return told;
}

inline std::string incomplete_reason(const std::string& details) {
    json::document parsed;
    if (details.empty() || json::document::parse(details, parsed)) return {};
    if (const auto word = json::string_of(parsed.root())) return std::string(*word);
    const auto object = json::object_of(parsed.root());
    return object ? std::string(json::string_at(*object, "reason").value_or("")) : std::string();
}

inline finish_reason judge_incomplete(const response_details& details, completion& answer) {
    const std::string reason = incomplete_reason(details.incomplete_details);
    if (reason == "content_filter") return finish_reason::content_filter;
    if (reason != "max_output_tokens") {
        answer.notes.push_back(
            "the answer is incomplete: " +
            (reason.empty() ? std::string("no reason given") : one_line(reason, longest_excerpt)));
    }
    return finish_reason::length;
}

// What Opper says of single items goes to where all formats have it.
inline void take_item_extras(const response_details& details, completion& answer) {
    constexpr std::size_t most_notes = 16;
    const auto note = [&](const std::string& text) {
        if (answer.notes.size() < most_notes)
            answer.notes.push_back(one_line(text, longest_excerpt));
    };
    std::optional<double> cost;
    std::optional<std::int64_t> read, written;
    const auto add = [](auto& sum, const auto& part) {
        if (part) sum = sum.value_or(0) + *part;
    };
    for (const response_item& each : details.items) {
        add(cost, each.cost_usd);
        add(read, each.cache_read_tokens);
        add(written, each.cache_creation_tokens);
        if (each.flagged == true) {
            note("a guardrail found something: " + each.guard_type +
                 (each.action.empty() ? "" : ", " + each.action));
        }
        for (const std::string& warning : each.model_warnings)
            note(warning);
    }
    if (!answer.cost) answer.cost = cost;
    if (!answer.usage) return;
    if (!answer.usage->cache_read_tokens) answer.usage->cache_read_tokens = read;
    if (!answer.usage->cache_creation_tokens) answer.usage->cache_creation_tokens = written;
}

// Makes an answer of what a response says, or tells why it is none. The response's text, tool calls
// and all else are moved to `out`.
inline std::optional<failure> judge(response_content&& said, completion& out) {
    const std::string& status = said.details.status;
    auto told = told_failure(said.error);
    if (told) return told;
    if (status == "failed" || status == "cancelled") {
        return failure{errc::provider_error, "the provider says that the response is " + status,
                       status, 0};
    }
    if (status == "queued" || status == "in_progress") {
        return failure{errc::malformed_reply,
                       "the response is " + status + ": there is no answer in it yet", status, 0};
    }
    if (said.has_too_many_tools) return too_many_tool_calls();
    // what the reply's header said of it
    said.answer.request_id = std::move(out.request_id);
    said.answer.rate_limits = std::move(out.rate_limits);
    const std::optional<double> cost_in_header = out.cost;
    out = std::move(said.answer);
    if (out.text.empty() && out.refusal.empty()) out.text = std::move(said.output_text);
    if (status == "incomplete") {
        out.finish = judge_incomplete(said.details, out);
    } else if (status.empty() || status == "completed") {
        out.finish = out.tool_calls.empty() ? finish_reason::stop : finish_reason::tool_calls;
    }
    take_item_extras(said.details, out);
    if (!out.cost) out.cost = cost_in_header;
    out.details = std::make_shared<const response_details>(std::move(said.details));
    return std::nullopt;
}

}  // namespace conclave::wire::detail
