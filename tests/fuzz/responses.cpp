// Responses and OpenResponses: see reading_format.hpp.

#include <conclave/wire/responses.hpp>

#include <cstddef>
#include <cstdint>

#include "reading_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    return fuzzing::check_format<conclave::wire::responses>(bytes, size);
}
