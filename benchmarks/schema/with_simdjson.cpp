#include <simdjson.h>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

// Copies the text, as it must where there is no padding behind it.
class simdjson_parser final : public judge {
public:
    bool is_valid(std::string_view text) override {
        return parser_.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
    }

private:
    simdjson::dom::parser parser_;
};

}  // namespace

std::unique_ptr<judge> make_simdjson_parser() { return std::make_unique<simdjson_parser>(); }

}  // namespace conclave::benchmarks
