#include "check.hpp"

#include <cstdio>
#include <memory>
#include <string>

#include "cases.hpp"
#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

bool judges_right(judge& one, std::string_view who, const schema_case& of) {
    bool agrees = true;
    const auto compare = [&](const std::string& text, bool expected, std::size_t number) {
        if (one.is_valid(text) == expected) return;
        agrees = false;
        std::fprintf(stderr, "%s: %.*s takes text %zu for %s\n", of.name.c_str(),
                     static_cast<int>(who.size()), who.data(), number,
                     expected ? "invalid" : "valid");
    };
    for (int round = 0; round < 2; ++round) {
        compare(of.valid, true, 0);
        for (std::size_t i = 0; i < of.invalid.size(); ++i)
            compare(of.invalid[i], false, i + 1);
    }
    return agrees;
}

}  // namespace

bool verdicts_agree() {
    bool agree = true;
    for (const schema_case& of : make_schema_cases()) {
        for (const judge_candidate& who : judges()) {
            if (!who.validates) continue;
            const std::unique_ptr<judge> one = who.make(of.schema);
            agree = judges_right(*one, who.name, of) && agree;
        }
    }
    return agree;
}

}  // namespace conclave::benchmarks
