#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/tool.hpp>

namespace conclave::wire::detail {

// What a piece of a stream says of a tool call.
struct tool_call_piece {
    // The provider's number for the call, which says nothing of how many there are.
    std::optional<std::int64_t> index;
    std::string_view id;
    std::string_view name;
    std::string_view arguments;
};

// Joins the pieces of tool calls in the order of their first pieces.
class tool_call_joiner {
public:
    static constexpr std::size_t most_calls = 128;

    // Appends a piece to the call that it belongs to. Returns false if there are too many calls.
    bool add(const tool_call_piece& piece, std::vector<tool_call>& calls) {
        std::size_t at = place_of(piece, calls);
        if (at == calls.size()) {
            if (at == most_calls) return false;
            calls.emplace_back();
            indices_.push_back(piece.index);
        }
        tool_call& to = calls[at];
        if (to.id.empty()) to.id = piece.id;
        if (to.name.empty()) to.name = piece.name;
        to.arguments += piece.arguments;
        return true;
    }

    // Whether a call with this number has begun.
    bool knows(std::optional<std::int64_t> index) const {
        return std::find(indices_.begin(), indices_.end(), index) != indices_.end();
    }

private:
    // Servers that do not count give every call an id of its own, or the number 0.
    std::size_t place_of(const tool_call_piece& piece, const std::vector<tool_call>& calls) const {
        if (!piece.index) {
            const bool goes_on = piece.id.empty() && piece.name.empty() && !calls.empty();
            return goes_on ? calls.size() - 1 : calls.size();
        }
        for (std::size_t at = calls.size(); at-- > 0;) {
            if (indices_[at] != piece.index) continue;
            const bool another =
                !piece.id.empty() && !calls[at].id.empty() && calls[at].id != piece.id;
            return another ? calls.size() : at;
        }
        return calls.size();
    }

    std::vector<std::optional<std::int64_t>> indices_;
};

inline failure too_many_tool_calls() {
    return {
        errc::malformed_reply,
        "the answer has more than " + std::to_string(tool_call_joiner::most_calls) + " tool calls",
        {},
        0};
}

// The arguments of a tool call as a JSON object: what a model left empty is one without members.
inline std::string_view arguments_object(const tool_call& called) {
    return called.arguments.empty() ? std::string_view("{}") : std::string_view(called.arguments);
}

}  // namespace conclave::wire::detail
