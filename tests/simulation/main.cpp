// The simulation as a program. Without arguments it is a test program like any other; with
// --seeds it plays as many worlds as it is told to:
//
//   --seeds N [--first S] [--trace]   the worlds of N seeds, from S (1) on
//   --operation N --how HOW [--trace] the canonical world, its operation N interfered with:
//                                     fails, stalls, cancelled or cancelled_late

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "simulation/campaign.hpp"
#include "simulation/interferences.hpp"
#include "simulation/last_words.hpp"
#include "simulation/play.hpp"

namespace {

using namespace conclave::simulation;

struct arguments {
    std::uint64_t seeds = 0;
    std::uint64_t first = 1;
    std::uint64_t operation = 0;
    interference how = interference::none;
    std::string_view how_word = "none";
    bool trace = false;
};

// False when there is something that it does not understand.
bool read(const std::vector<std::string_view>& words, arguments& into) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--trace") {
            into.trace = true;
            continue;
        }
        if (i + 1 == words.size()) return false;
        const std::string_view name = words[i];
        const std::string_view value = words[++i];
        const std::uint64_t number = std::strtoull(std::string(value).c_str(), nullptr, 10);
        if (name == "--seeds") {
            into.seeds = number;
        } else if (name == "--first") {
            into.first = number;
        } else if (name == "--operation") {
            into.operation = number;
        } else if (name == "--how") {
            for (const auto& [how, word] : interferences) {
                if (word != value) continue;
                into.how = how;
                into.how_word = word;
            }
        } else {
            return false;
        }
    }
    return into.seeds > 0 || (into.operation > 0 && into.how != interference::none);
}

int simulate(const arguments& what) {
    campaign all;
    if (what.trace) {
        const outcome result =
            what.operation > 0 ? play_canonical(what.operation, what.how) : play(what.first);
        std::cout << result.trace;
    }
    if (what.operation > 0) {
        all.play_operation(what.operation, what.how, what.how_word);
    } else {
        all.play_seeds(what.first, what.seeds);
    }
    all.print(std::cout);
    return all.broken() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    last_words::listen();
    play(1);  // what is allocated once and kept is there from here on
    testing::InitGoogleTest(&argc, argv);
    if (argc == 1) return RUN_ALL_TESTS();
    arguments what;
    if (read({argv + 1, argv + argc}, what)) return simulate(what);
    std::cerr << "usage: " << argv[0]
              << " [--seeds N [--first S] [--trace] | --operation N --how HOW [--trace]]\n";
    return 2;
}
