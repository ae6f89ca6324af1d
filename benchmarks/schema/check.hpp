#pragma once

namespace conclave::benchmarks {

/// Has all who judge schemas judge every text of every case, twice, and compares. Says on standard
/// error what differs; returns whether nothing does.
bool verdicts_agree();

}  // namespace conclave::benchmarks
