#pragma once

#include "../corpora/corpus.hpp"
#include "reads.hpp"

namespace conclave::benchmarks {

/// Has every candidate read the corpus, twice as they are used warm, and compares each byte of what
/// it brings with what the corpus was made of. Says on standard error what differs; returns whether
/// nothing does.
bool outputs_agree(const corpus& of, split how);

}  // namespace conclave::benchmarks
