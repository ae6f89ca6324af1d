#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "../corpora/corpus.hpp"
#include "source.hpp"

namespace conclave::benchmarks {

/// Where reads end: after so many bytes, after 1 to 2,800 bytes, or after each event.
enum class split { read_16k, read_1400, read_64, random, one_byte, event };

constexpr auto all_splits = std::to_array<split>({split::read_16k, split::read_1400, split::read_64,
                                                  split::random, split::one_byte, split::event});

std::string_view to_string(split how);

/// The reads of a corpus, which has to outlive it.
class reads {
public:
    reads(const corpus& of, split how);

    source start() const {
        return size_ != 0 ? source(of_.bytes, size_) : source(of_.bytes, ends_);
    }

private:
    const corpus& of_;
    std::size_t size_ = 0;
    std::vector<std::size_t> ends_;
};

}  // namespace conclave::benchmarks
