// valijson on nlohmann/json: what C++ programs on Debian mostly use. Schema and validator are made
// once; each text is parsed and then judged, without collecting errors.

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

class with_valijson final : public judge {
public:
    explicit with_valijson(std::string_view schema) {
        const nlohmann::json parsed = nlohmann::json::parse(schema);
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(parsed), schema_);
    }
    bool is_valid(std::string_view text) override {
        const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
        if (parsed.is_discarded()) return false;
        return validator_.validate(schema_, valijson::adapters::NlohmannJsonAdapter(parsed),
                                   nullptr);
    }

private:
    valijson::Schema schema_;
    valijson::Validator validator_;
};

}  // namespace

std::unique_ptr<judge> make_valijson(std::string_view schema) {
    return std::make_unique<with_valijson>(schema);
}

}  // namespace conclave::benchmarks
