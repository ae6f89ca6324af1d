// expect: deleted

#include <conclave/sse/parser.hpp>
#include <span>

int main() {
    conclave::sse::parser parser;
#ifdef SHOULD_FAIL
    const std::span<char> room = conclave::sse::parser().prepare(1);
#else
    const std::span<char> room = parser.prepare(1);
#endif
    return room.empty() ? 1 : 0;
}
