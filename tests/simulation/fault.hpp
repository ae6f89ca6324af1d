#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace conclave::simulation {

// What can go wrong in a simulated world, and what its callers do to make it hard.
enum class fault {
    slow_name,
    unknown_name,
    silent_name_server,
    refused_connection,
    silent_connection,
    failed_handshake,
    closed_handshake,
    silent_handshake,
    stalled_request,
    reset_request,
    stalled_reply,
    reset_reply,
    ended_reply,
    small_pieces,
    small_window,
    closed_while_idle,
    unasked_reply,
    error_status,
    retry_after,
    error_in_stream,
    early_end,
    cut_in_event,
    cut_at_byte,
    malformed_reply,
    endless_reply,
    silent_provider,
    withheld_answer,
    slow_answer,
    odd_framing,
    late_completion,
    cancelled,
    cancelled_at_operation,
    cancelled_after_operation,
    abandoned_stream,
    slow_reader,
    throwing_handler,
    destroyed_client,
    injected_failure,
    injected_stall,
};

inline constexpr auto fault_names = std::to_array<std::string_view>({
    "slow_name",
    "unknown_name",
    "silent_name_server",
    "refused_connection",
    "silent_connection",
    "failed_handshake",
    "closed_handshake",
    "silent_handshake",
    "stalled_request",
    "reset_request",
    "stalled_reply",
    "reset_reply",
    "ended_reply",
    "small_pieces",
    "small_window",
    "closed_while_idle",
    "unasked_reply",
    "error_status",
    "retry_after",
    "error_in_stream",
    "early_end",
    "cut_in_event",
    "cut_at_byte",
    "malformed_reply",
    "endless_reply",
    "silent_provider",
    "withheld_answer",
    "slow_answer",
    "odd_framing",
    "late_completion",
    "cancelled",
    "cancelled_at_operation",
    "cancelled_after_operation",
    "abandoned_stream",
    "slow_reader",
    "throwing_handler",
    "destroyed_client",
    "injected_failure",
    "injected_stall",
});

static_assert(fault_names.size() == static_cast<std::size_t>(fault::injected_stall) + 1);

using fault_counts = std::array<std::size_t, fault_names.size()>;

}  // namespace conclave::simulation
