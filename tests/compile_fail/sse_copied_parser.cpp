// expect: deleted

#include <conclave/sse/parser.hpp>
#include <utility>

int main() {
    conclave::sse::parser parser;
#ifdef SHOULD_FAIL
    conclave::sse::parser other(std::move(parser));
#else
    conclave::sse::parser& other = parser;
#endif
    return other.next() == nullptr ? 0 : 1;
}
