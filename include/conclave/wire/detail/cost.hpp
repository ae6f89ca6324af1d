#pragma once

#include <cmath>
#include <optional>

#include <conclave/json/fields.hpp>

namespace conclave::wire::detail {

// An amount of money.
inline std::optional<double> amount(json::field_reader& fields, json::value& value) {
    const auto dollars = fields.number(value);
    if (!dollars || !std::isfinite(*dollars) || *dollars < 0) return std::nullopt;
    return dollars;
}

// What Opper adds to a usage: {"cost": {"total": 0.01, …}}, or the number alone.
inline std::optional<double> opper_cost(json::field_reader& fields, json::value& value) {
    std::optional<double> total;
    fields.each_member(value, [&](json::key key, json::value& cost) {
        if (key != "cost") return;
        if (const auto alone = amount(fields, cost)) total = alone;
        fields.each_member(cost, [&](json::key name, json::value& member) {
            if (name == "total") total = amount(fields, member);
        });
    });
    return total;
}

}  // namespace conclave::wire::detail
