// expect: deleted

#include <conclave/sse/parser.hpp>

int main() {
    conclave::sse::parser parser;
#ifdef SHOULD_FAIL
    return conclave::sse::parser().next() == nullptr ? 0 : 1;
#else
    return parser.next() == nullptr ? 0 : 1;
#endif
}
