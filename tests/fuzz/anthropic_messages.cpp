// Anthropic Messages: see reading_format.hpp. The bytes are the schema of an answer, too.

#include <conclave/wire/anthropic_messages.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <conclave/json/document.hpp>

#include "reading_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    if (const auto schema = conclave::wire::detail::to_claude_schema(input)) {
        conclave::json::document parsed;
        fuzzing::require(!conclave::json::document::parse(*schema, parsed));
    }
    conclave::completion whole;
    if (!conclave::wire::anthropic_messages::read_reply(input, whole) && whole.usage) {
        // what came from the cache is part of it
        fuzzing::require(whole.usage->input_tokens >= whole.usage->cache_read_tokens.value_or(0));
    }
    return fuzzing::check_format<conclave::wire::anthropic_messages>(bytes, size);
}
