#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include "simulation/play.hpp"
using namespace conclave::simulation;
int main(int argc, char** argv) {
    std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1, n = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100;
    std::size_t panels = 0, failed = 0, seats=0, ok=0; fault_counts f{};
    for (std::uint64_t s = first; s < first + n; ++s) {
        auto r = play(s);
        panels += r.panels; seats += r.seats; ok += r.seats_answered;
        for (std::size_t i = 0; i < f.size(); ++i) f[i] += r.faults[i];
        if (!r.complaints.empty()) { ++failed; if (failed < 12) { std::cout << "seed " << s << ":\n"; for (auto& c : r.complaints) std::cout << "  " << c << "\n"; } }
        if (argc > 3) std::cout << r.trace;
    }
    for (std::size_t i = 0; i < f.size(); ++i) std::cout << fault_names[i] << " " << f[i] << "\n";
    std::cout << panels << " panels " << failed << " failed " << ok << "/" << seats << "\n";
}
