#include "reads.hpp"

#include <algorithm>

#include "../corpora/builder.hpp"

namespace conclave::benchmarks {

std::string_view to_string(split how) {
    switch (how) {
        case split::read_16k: return "16KiB";
        case split::read_1400: return "1400B";
        case split::read_64: return "64B";
        case split::random: return "random";
        case split::one_byte: return "1B";
        case split::event: return "event";
    }
    return {};
}

reads::reads(const corpus& of, split how) : of_(of) {
    switch (how) {
        case split::read_16k: size_ = std::size_t{16} << 10; break;
        case split::read_1400: size_ = 1400; break;
        case split::read_64: size_ = 64; break;
        case split::one_byte: size_ = 1; break;
        case split::event: ends_ = of.event_ends; break;
        case split::random: {
            random_source random(11);
            for (std::size_t end = 0; end != of.bytes.size();) {
                end = std::min(end + random.between(1, 2801), of.bytes.size());
                ends_.push_back(end);
            }
        }
    }
}

}  // namespace conclave::benchmarks
