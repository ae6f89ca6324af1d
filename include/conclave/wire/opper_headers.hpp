#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/http/fields.hpp>

namespace conclave::wire {

/// What Opper does when one of its guardrails finds something.
enum class guard_action {
    /// It says so, and changes nothing.
    flag,
    /// It withholds the text.
    block,
    /// It blots out what it found.
    redact,
};

/// The header fields that Opper's gateway takes with a request in any format. The client refuses
/// values that no header field may have when a call is made, with `errc::invalid_header`.
struct opper_headers {
    opper_headers() = default;

    /// The name under which the request is traced and routed; empty: none.
    std::string name;
    /// The span of a trace, a UUID, that the request becomes a child of; empty: none.
    std::string parent_span_id;
    /// The checks on what is sent, such as `pii` and `secrets`; without commas.
    std::vector<std::string> guard_input;
    /// The checks on the answer, such as `toxicity`; without commas.
    std::vector<std::string> guard_output;
    /// What is done about a violation; unless set, Opper flags it.
    std::optional<guard_action> action;

    /// Appends the fields that are set to `header`.
    void append_to(std::vector<http::field>& header) const {
        const auto add = [&](std::string_view field, std::string value) {
            if (!value.empty()) header.push_back({std::string(field), std::move(value)});
        };
        add("X-Opper-Name", name);
        add("X-Opper-Parent-Span-Id", parent_span_id);
        add("X-Opper-Guard-Input", joined(guard_input));
        add("X-Opper-Guard-Output", joined(guard_output));
        if (!action) return;
        switch (*action) {
            case guard_action::flag: return add("X-Opper-Guard-Action", "flag");
            case guard_action::block: return add("X-Opper-Guard-Action", "block");
            case guard_action::redact: return add("X-Opper-Guard-Action", "redact");
        }
    }

private:
    static std::string joined(const std::vector<std::string>& checks) {
        std::string all;
        for (const std::string& each : checks)
            all.append(all.empty() ? "" : ",").append(each);
        return all;
    }
};

}  // namespace conclave::wire
