#pragma once

#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include "simulation/last_words.hpp"
#include "simulation/play.hpp"

namespace conclave::simulation {

// Many worlds, one after the other, and what came of all of them. Those in which a promise was
// broken are told at once, with the command that plays them again.
class campaign {
public:
    // Plays the worlds of seeds from `first` on until there have been that many roundtables.
    void play_panels(std::uint64_t first, std::size_t count) {
        const std::size_t target = total_.panels + count;
        for (std::uint64_t seed = first; total_.panels < target && goes_on(); ++seed)
            play_seed(seed);
    }

    void play_seeds(std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count && goes_on(); ++i)
            play_seed(first + i);
    }

    // Both roundtables of the canonical world, with its operation `number` interfered with. False
    // when it has not so many.
    bool play_operation(std::uint64_t number, interference how, std::string_view word) {
        last_words::set(word, number);
        const outcome result = play_canonical(number, how);
        add(result, "operation " + std::to_string(number) + " " + std::string(word),
            "--operation " + std::to_string(number) + " --how " + std::string(word));
        return result.operations >= number;
    }

    const outcome& total() const noexcept { return total_; }
    std::size_t worlds() const noexcept { return worlds_; }
    std::size_t broken() const noexcept { return broken_; }

    std::size_t count(fault which) const { return total_.faults[static_cast<std::size_t>(which)]; }

    void print(std::ostream& out) const {
        out << total_.panels << " panels in " << worlds_ << " worlds: " << total_.seats
            << " seats, of which the callers saw " << total_.seats_answered << " answered; "
            << total_.requests << " requests; " << total_.operations << " operations\n";
        out << "faults injected:\n";
        for (std::size_t i = 0; i < fault_names.size(); ++i) {
            if (total_.faults[i] == 0) continue;
            out << "  " << std::left << std::setw(26) << fault_names[i] << std::right
                << std::setw(9) << total_.faults[i] << '\n';
        }
        out << (broken_ == 0 ? "every promise held\n"
                             : std::to_string(broken_) + " worlds broke a promise\n");
    }

private:
    // So many tell enough.
    bool goes_on() const noexcept { return broken_ < 10; }

    void play_seed(std::uint64_t seed) {
        last_words::set("seed", seed);
        add(play(seed), "seed " + std::to_string(seed),
            "--seeds 1 --first " + std::to_string(seed));
    }

    void add(const outcome& result, const std::string& name, const std::string& arguments) {
        ++worlds_;
        total_.panels += result.panels;
        total_.requests += result.requests;
        total_.seats += result.seats;
        total_.seats_answered += result.seats_answered;
        total_.operations += result.operations;
        for (std::size_t i = 0; i < result.faults.size(); ++i)
            total_.faults[i] += result.faults[i];
        if (result.complaints.empty()) return;
        ++broken_;
        std::cerr << name << ":\n";
        for (const std::string& each : result.complaints)
            std::cerr << "  " << each << '\n';
        std::cerr << "  again, with all that happens: scripts/simulate.sh " << arguments
                  << " --trace\n";
    }

    outcome total_;
    std::size_t worlds_ = 0;
    std::size_t broken_ = 0;
};

}  // namespace conclave::simulation
