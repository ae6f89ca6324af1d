#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/interactions_event.hpp>
#include <conclave/wire/detail/tool_calls.hpp>

namespace conclave::wire::detail {

// Puts the tool calls of an interaction together: a step begins a call, and its arguments come with
// it as an object, or behind it in pieces. The signature of the thought before a call goes with it.
class interactions_calls {
public:
    using item = interactions_event::item;

    // Takes what an item has for a call. Returns false if there are too many calls.
    bool add(const item& what, std::optional<std::int64_t> index, std::vector<tool_call>& to) {
        if (what.type == "thought" || what.type == "thought_signature") {
            if (!what.signature.empty()) signature_ = what.signature;
        } else if (what.type == "function_call") {
            return begin_or_replace(what, index, to);
        } else if (what.type == "arguments_delta") {
            if (const std::size_t at = place_of(index); at != begun_.size()) {
                // what came first as an object was only a beginning
                if (std::exchange(begun_[at].has_object, false)) to[at].arguments.clear();
                to[at].arguments += what.arguments;
            }
        }
        return true;
    }

    // What a call without arguments means.
    static void complete(std::vector<tool_call>& calls) {
        for (tool_call& each : calls) {
            if (each.arguments.empty()) each.arguments = "{}";
        }
    }

private:
    struct begun {
        std::optional<std::int64_t> index;
        bool has_object;
    };

    bool begin_or_replace(const item& what, std::optional<std::int64_t> index,
                          std::vector<tool_call>& to) {
        std::size_t at = index ? place_of(index) : begun_.size();
        const bool another =
            at != begun_.size() && !what.id.empty() && !to[at].id.empty() && to[at].id != what.id;
        if (another) at = begun_.size();
        if (at == begun_.size()) {
            if (at == tool_call_joiner::most_calls) return false;
            begun_.push_back({index, false});
            to.emplace_back();
            to.back().signature = std::exchange(signature_, {});
        }
        if (to[at].id.empty()) to[at].id = what.id;
        if (to[at].name.empty()) to[at].name = what.name;
        if (!what.arguments.empty()) {
            to[at].arguments = what.arguments;
            begun_[at].has_object = what.has_object;
        }
        return true;
    }

    // The last with this index, or behind all.
    std::size_t place_of(std::optional<std::int64_t> index) const {
        for (std::size_t at = begun_.size(); at-- > 0;) {
            if (begun_[at].index == index) return at;
        }
        return begun_.size();
    }

    std::vector<begun> begun_;
    std::string signature_;
};

}  // namespace conclave::wire::detail
