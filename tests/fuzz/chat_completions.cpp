// Chat Completions: see reading_format.hpp.

#include <conclave/wire/chat_completions.hpp>

#include <cstddef>
#include <cstdint>

#include "reading_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    return fuzzing::check_format<conclave::wire::chat_completions>(bytes, size);
}
