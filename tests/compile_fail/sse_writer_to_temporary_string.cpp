// expect: deleted

#include <conclave/sse/writer.hpp>
#include <string>

int main() {
    std::string output;
#ifdef SHOULD_FAIL
    conclave::sse::writer writer(std::string{});
#else
    conclave::sse::writer writer(output);
#endif
    writer.done();
    return output.empty() ? 1 : 0;
}
