#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "simulation/fault.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

// What came of a simulated world.
struct outcome {
    std::vector<std::string> complaints;
    std::string trace;
    fault_counts faults{};
    std::size_t panels = 0;
    std::size_t requests = 0;
    std::size_t seats = 0;
    std::size_t seats_answered = 0;
    std::uint64_t operations = 0;
    // Blocks of memory that are still allocated.
    std::size_t blocks_left = 0;
};

// Plays the world of a seed: some roundtables with one client, and everything that can go wrong.
outcome play(std::uint64_t seed);

// Plays two roundtables of three seats, the same in every respect but for the operation of that
// number, which is interfered with. Nothing is, if there are not so many operations.
outcome play_canonical(std::uint64_t number, interference how);

}  // namespace conclave::simulation
