#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/conclave.hpp>

namespace conclave::tests {

// A roundtable of three seats, one of which is at a faulty place, and what came of it.
struct seated_call {
    std::size_t faulty_seat = 0;
    bool has_spoken = false;
    std::vector<stream_event> events;
    roundtable_response response;
    std::exception_ptr thrown;
    std::chrono::steady_clock::duration took{};
};

// Each seat starts once and ends once, and nothing comes after its end.
inline void expect_one_report_a_seat(const seated_call& call) {
    std::vector<int> starts(3), ends(3);
    for (const auto& seen : call.events) {
        if (seen.type > event_type::model_error) continue;
        ASSERT_LT(seen.model_index, 3u);
        EXPECT_EQ(ends[seen.model_index], 0) << "nothing comes after a seat's last report";
        const bool is_start = seen.type == event_type::model_start;
        EXPECT_EQ(starts[seen.model_index], is_start ? 0 : 1) << to_string(seen.type);
        if (is_start) ++starts[seen.model_index];
        if (seen.type != event_type::model_done && seen.type != event_type::model_error) continue;
        ++ends[seen.model_index];
        ASSERT_TRUE(seen.result.has_value());
        EXPECT_EQ(seen.result->index, seen.model_index);
        EXPECT_EQ(seen.type == event_type::model_error, !seen.result->ok());
        EXPECT_EQ(seen.result, call.response.results.at(seen.model_index));
    }
    EXPECT_EQ(starts, std::vector<int>(3, 1));
    EXPECT_EQ(ends, std::vector<int>(3, 1));
    ASSERT_FALSE(call.events.empty());
    EXPECT_EQ(call.events.back().type, event_type::done);
}

}  // namespace conclave::tests
