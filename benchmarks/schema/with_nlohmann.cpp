#include <nlohmann/json.hpp>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

class nlohmann_parser final : public judge {
public:
    bool is_valid(std::string_view text) override {
        return !nlohmann::json::parse(text, nullptr, false).is_discarded();
    }
};

}  // namespace

std::unique_ptr<judge> make_nlohmann_parser() { return std::make_unique<nlohmann_parser>(); }

}  // namespace conclave::benchmarks
