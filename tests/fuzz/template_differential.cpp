// Two readers of one stream, one with templates and one without: they say the same, whatever the
// stream and however it is cut. The input comes between events from which templates are learned.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../wire/two_readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const std::vector<conclave::testing::sample> samples = conclave::testing::all_samples();
    if (size < 2) return 0;
    const conclave::testing::sample& of = samples[bytes[0] % samples.size()];
    const std::size_t step = bytes[1] < 128 ? 1U + bytes[1] : 100'000U;
    const std::string_view input(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    const std::string stream = of.before + std::string(input) + of.behind;
    if (!of.by_templates(stream, step).says_the_same(of.by_fields(stream))) std::abort();
    return 0;
}
