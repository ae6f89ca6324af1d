// Google's generateContent: see reading_format.hpp.

#include <conclave/wire/google_generate_content.hpp>

#include <cstddef>
#include <cstdint>

#include "reading_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    return fuzzing::check_format<conclave::wire::google_generate_content>(bytes, size);
}
