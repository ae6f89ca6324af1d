// expect: or a struct or enum described with CONCLAVE_DESCRIBE or CONCLAVE_DESCRIBE_ENUM
// errors: 1

#include <conclave/json/schema_of.hpp>

#include <optional>

namespace app {

struct inner {
    int x;
};
#ifndef SHOULD_FAIL
CONCLAVE_DESCRIBE(inner, x)
#endif

struct outer {
    std::optional<inner> in;
};
CONCLAVE_DESCRIBE(outer, in)

}  // namespace app

int main() { return conclave::json::schema_of<app::outer>().empty() ? 1 : 0; }
