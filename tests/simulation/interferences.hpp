#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "simulation/world.hpp"

namespace conclave::simulation {

// All that can be done to one operation, by the words for it.
inline constexpr std::array<std::pair<interference, std::string_view>, 4> interferences = {{
    {interference::fails, "fails"},
    {interference::stalls, "stalls"},
    {interference::cancelled, "cancelled"},
    {interference::cancelled_late, "cancelled_late"},
}};

}  // namespace conclave::simulation
