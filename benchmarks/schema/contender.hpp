#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace conclave::benchmarks {

/// Judges texts by one schema, warm: with what it keeps from one text to the next.
class judge {
public:
    virtual ~judge() = default;
    /// Whether the text is valid JSON and fulfils the schema; for those that only parse, whether it
    /// is JSON.
    virtual bool is_valid(std::string_view text) = 0;
};

std::unique_ptr<judge> make_ours(std::string_view schema);
std::unique_ptr<judge> make_valijson(std::string_view schema);
std::unique_ptr<judge> make_nlohmann_parser();
std::unique_ptr<judge> make_simdjson_parser();

struct judge_candidate {
    std::string_view name;
    std::function<std::unique_ptr<judge>(std::string_view schema)> make;
    /// Whether it judges, or only parses.
    bool validates;
};

inline const std::vector<judge_candidate>& judges() {
    static const std::vector<judge_candidate> all = {
        {"conclave", make_ours, true},
        {"valijson", make_valijson, true},
        {"nlohmann", [](std::string_view) { return make_nlohmann_parser(); }, false},
        {"simdjson", [](std::string_view) { return make_simdjson_parser(); }, false},
    };
    return all;
}

}  // namespace conclave::benchmarks
