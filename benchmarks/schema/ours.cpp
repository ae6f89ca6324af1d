#include <conclave/json/schema.hpp>
#include <conclave/json/schema_validator.hpp>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

class ours final : public judge {
public:
    explicit ours(std::string_view schema) : validator_(json::schema(schema)) {}
    bool is_valid(std::string_view text) override { return validator_.is_valid(text); }

private:
    json::schema_validator validator_;
};

}  // namespace

std::unique_ptr<judge> make_ours(std::string_view schema) { return std::make_unique<ours>(schema); }

}  // namespace conclave::benchmarks
