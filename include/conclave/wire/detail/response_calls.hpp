#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/tool.hpp>

namespace conclave::wire::detail {

// Which item of a stream an event is about, by whichever of these the server names.
struct response_place {
    std::optional<std::int64_t> output_index;
    std::string_view item_id;
    std::string_view call_id;
};

// The function calls of a streamed response in the order in which they began.
class response_calls {
public:
    // The call that an event is about, which is a new one if none is known there. Null if there
    // are too many. Valid until the next call.
    tool_call* at(const response_place& place, std::vector<tool_call>& calls) {
        for (std::size_t i = calls.size(); i-- > 0;) {
            if (is(place, known_[i], calls[i])) return &calls[i];
        }
        if (calls.size() == tool_call_joiner::most_calls) return nullptr;
        known_.push_back({place.output_index, std::string(place.item_id)});
        calls.emplace_back().id = place.call_id;
        return &calls.back();
    }

private:
    struct known_place {
        std::optional<std::int64_t> output_index;
        std::string item_id;
    };

    static bool is(const response_place& place, const known_place& known, const tool_call& called) {
        if (place.output_index && known.output_index) {
            return *place.output_index == *known.output_index;
        }
        if (!place.item_id.empty() && !known.item_id.empty()) {
            return place.item_id == known.item_id;
        }
        if (!place.call_id.empty() && !called.id.empty()) return place.call_id == called.id;
        // an event that names nothing goes on with the call before
        return !place.output_index && place.item_id.empty() && place.call_id.empty();
    }

    std::vector<known_place> known_;
};

}  // namespace conclave::wire::detail
