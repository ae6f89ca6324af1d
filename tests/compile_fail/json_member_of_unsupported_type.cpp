// expect: conclave cannot read this type from JSON: use bool, an integer, float
// errors: 1

#include <conclave/json/decode.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace app {

struct verdict {
    std::string label;
#ifdef SHOULD_FAIL
    std::vector<std::string_view> reasons;
#else
    std::vector<std::string> reasons;
#endif
};
CONCLAVE_DESCRIBE(verdict, label, reasons)

}  // namespace app

int main() { return conclave::json::decode<app::verdict>("{}").reasons.empty() ? 0 : 1; }
