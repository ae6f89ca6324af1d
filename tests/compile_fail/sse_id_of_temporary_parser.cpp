// expect: deleted

#include <conclave/sse/parser.hpp>
#include <string_view>

int main() {
    const conclave::sse::parser parser;
#ifdef SHOULD_FAIL
    const std::string_view id = conclave::sse::parser().last_event_id();
#else
    const std::string_view id = parser.last_event_id();
#endif
    return id.empty() ? 0 : 1;
}
