#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>

#include "simulation/world.hpp"

namespace conclave::simulation {

// How a caller asks.
enum class way { plain, watching, pulling };

// What a handler of ours throws.
struct handler_exception {};

// One roundtable from its start to its end, as its caller saw it.
struct panel_record {
    panel_record(std::size_t its_number, roundtable_request its_request)
        : number(its_number), request(std::move(its_request)) {}

    std::size_t number;
    roundtable_request request;
    way asked = way::watching;

    // What the caller does to it.
    std::optional<std::size_t> throws_at;    // the event at which its handler throws
    std::optional<std::size_t> abandons_at;  // the event after which it pulls no more
    world::duration pause{0};                // between two pulls

    // What has happened.
    std::vector<stream_event> events;
    std::optional<roundtable_response> response;
    std::optional<error> failure;
    bool threw_other = false;
    bool handler_threw = false;
    bool a_timer_failed = false;
    bool abandoned = false;
    std::optional<world::time_point> started;
    std::optional<world::time_point> cancelled;
    std::optional<world::time_point> ended;
    world::duration paused{0};
    asio::cancellation_signal stop;
};

}  // namespace conclave::simulation
