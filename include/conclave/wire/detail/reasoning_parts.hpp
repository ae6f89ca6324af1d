#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/wire/completion.hpp>
#include <conclave/wire/message.hpp>
#include <conclave/wire/reasoning_part.hpp>

namespace conclave::wire::detail {

// More than any model makes of one answer; what comes behind is left out.
inline constexpr std::size_t most_reasoning_parts = 512;

// Puts a part behind what there is of the answer.
inline void add_reasoning_part(reasoning_part::format from, std::string json, completion& to) {
    if (to.reasoning_parts.size() == most_reasoning_parts) return;
    reasoning_part& added = to.reasoning_parts.emplace_back();
    added.from = from;
    added.json = std::move(json);
    added.text_before = to.text.size();
    added.calls_before = to.tool_calls.size();
}

inline bool has_reasoning_parts(const message& what, reasoning_part::format from) {
    return std::ranges::any_of(what.reasoning_parts(),
                               [&](const reasoning_part& each) { return each.from == from; });
}

// Writes what the assistant said in its order: the parts of its reasoning that are for this format,
// and between them the text and the calls that came before each.
template <class WritePart, class WriteText, class WriteCall>
void write_in_order(const message& what, reasoning_part::format from, WritePart&& write_part,
                    WriteText&& write_text, WriteCall&& write_call) {
    std::string_view text = what.text();
    std::size_t text_written = 0;
    std::size_t calls_written = 0;
    const auto write_up_to = [&](std::size_t text_end, std::size_t calls_end) {
        const std::string_view said =
            text.substr(text_written, std::max(text_end, text_written) - text_written);
        text_written += said.size();
        if (!said.empty()) write_text(said);
        for (; calls_written < std::min(calls_end, what.tool_calls().size()); ++calls_written)
            write_call(what.tool_calls()[calls_written]);
    };
    for (const reasoning_part& each : what.reasoning_parts()) {
        if (each.from != from) continue;
        write_up_to(each.text_before, each.calls_before);
        write_part(each.json);
    }
    write_up_to(std::string_view::npos, what.tool_calls().size());
}

}  // namespace conclave::wire::detail
