#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>

namespace conclave::wire {

/// The settings that a response repeats from the body of its request, with what stands for those
/// not made: members of a JSON object, without its braces. `open` is for OpenResponses. `store`
/// says whether answers are kept where the request does not say.
inline std::string responses_settings(std::string_view request_body, bool open = false,
                                      bool store = true) {
    struct setting {
        std::string_view name, unless_made;
    };
    static constexpr std::array<setting, 22> settings = {{
        {"background", "false"},
        {"instructions", "null"},
        {"max_output_tokens", "null"},
        {"max_tool_calls", "null"},
        {"parallel_tool_calls", "true"},
        {"previous_response_id", "null"},
        {"prompt_cache_key", "null"},
        {"reasoning", R"({"effort":null,"summary":null})"},
        {"safety_identifier", "null"},
        {"service_tier", R"("default")"},
        {"store", "true"},
        {"temperature", "1"},
        {"text", R"({"format":{"type":"text"},"verbosity":"medium"})"},
        {"tool_choice", R"("auto")"},
        {"tools", "[]"},
        {"top_logprobs", "0"},
        {"top_p", "1"},
        {"truncation", R"("disabled")"},
        {"user", "null"},
        {"frequency_penalty", "0"},
        {"presence_penalty", "0"},
        {"metadata", "{}"},
    }};
    json::document parsed;
    std::optional<simdjson::dom::object> body;
    if (!json::document::parse(request_body, parsed)) body = json::object_of(parsed.root());
    std::string members;
    json::writer out(members);
    for (const auto& [name, unless_made] : settings) {
        if (name.ends_with("_penalty") && !open) continue;
        const auto made = body ? json::find(*body, name) : std::nullopt;
        if (name == "store" && !store) {
            out.member(name, false);
        } else {
            out.member_raw(name, made ? simdjson::minify(*made) : std::string(unless_made));
        }
    }
    return members;
}

}  // namespace conclave::wire
