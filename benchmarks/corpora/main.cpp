// Writes corpora and what readers are to find in them:
//
//   write_corpora <folder> <MiB> [<name>...]
//
// makes <name>.sse, the stream, and <name>.text, each delta followed by a byte FF.

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "corpus.hpp"

namespace {

void write(const std::filesystem::path& file, std::string_view bytes) {
    std::ofstream to(file, std::ios::binary);
    to.exceptions(std::ios::badbit | std::ios::failbit);
    to.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 3) {
        std::cerr << "usage: write_corpora <folder> <MiB> [<name>...]\n";
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const double mib = std::strtod(argv[2], nullptr);
    std::vector<std::string_view> names(argv + 3, argv + argc);
    if (names.empty()) names = conclave::benchmarks::corpus_names();
    std::filesystem::create_directories(folder);
    for (const std::string_view name : names) {
        const auto made =
            conclave::benchmarks::make_corpus(name, static_cast<std::size_t>(mib * 1048576));
        write(folder / (made.name + ".sse"), made.bytes);
        write(folder / (made.name + ".text"), made.deltas);
        std::cout << made.name << ' ' << made.bytes.size() << " bytes, " << made.event_ends.size()
                  << " events, " << made.delta_count << " deltas\n";
    }
} catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
