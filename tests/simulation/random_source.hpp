#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace conclave::simulation {

// Chance from a seed, the same on every machine: splitmix64 (Steele, Lea and Flood, 2014).
class random_source {
public:
    explicit random_source(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15u;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
        return mixed ^ (mixed >> 31);
    }

    // Both ends included.
    std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + next() % (most - least + 1);
    }

    // Of any order of magnitude alike.
    std::uint64_t about(std::uint64_t least, std::uint64_t most) {
        std::uint64_t doublings = 0;
        while ((least << (doublings + 1)) <= most)
            ++doublings;
        const std::uint64_t floor = least << between(0, doublings);
        const std::uint64_t value = between(floor, 2 * floor);
        return value < most ? value : most;
    }

    bool one_in(std::uint64_t count) { return next() % count == 0; }

    template <class T, std::size_t Size>
    const T& pick(const std::array<T, Size>& from) {
        return from[next() % Size];
    }

private:
    std::uint64_t state_;
};

}  // namespace conclave::simulation
