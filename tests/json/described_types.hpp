#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <conclave/json/describe.hpp>

// Types of every kind that can be read from JSON, for the tests and the fuzz target.

namespace described {

enum class colour { red, green, blue };
CONCLAVE_DESCRIBE_ENUM(colour, red, green, blue)

struct evidence {
    std::string source;
    std::optional<std::int8_t> weight;

    friend bool operator==(const evidence&, const evidence&) = default;
};
CONCLAVE_DESCRIBE(evidence, (source, "Where it can be read, \"in print\""), weight)

struct verdict {
    std::string label;
    double confidence = 0;
    std::vector<std::string> reasons;
    std::optional<std::string> caveat;

    friend bool operator==(const verdict&, const verdict&) = default;
};
CONCLAVE_DESCRIBE(verdict, label, (confidence, "How sure, from 0 to 1"), reasons, caveat)

struct circle {
    double radius = 0;

    friend bool operator==(const circle&, const circle&) = default;
};
CONCLAVE_DESCRIBE(circle, radius)

struct square {
    double side = 0;
    colour fill = colour::red;

    friend bool operator==(const square&, const square&) = default;
};
CONCLAVE_DESCRIBE(square, side, fill)

struct everything {
    bool flag = false;
    std::int64_t whole = 0;
    std::uint8_t small = 0;
    float real = 0;
    std::string text;
    colour choice = colour::red;
    evidence inner;
    std::vector<evidence> list;
    std::vector<bool> flags;
    std::array<int, 2> pair{};
    std::map<std::string, double> sorted;
    std::unordered_map<std::string, evidence> hashed;
    std::optional<evidence> maybe;
    std::unique_ptr<std::string> pointed;
    std::variant<bool, circle, square> shape;
};
CONCLAVE_DESCRIBE(everything, flag, whole, small, real, text, choice, inner, list, flags, pair,
                  sorted, hashed, maybe, pointed, shape)

// Contains itself in every way there is.
struct node {
    int value = 0;
    std::vector<node> children;
    std::map<std::string, node> named;
    std::unique_ptr<node> next;
};
CONCLAVE_DESCRIBE(node, value, children, named, next)

// Of which each text that is wrong at its bottom has alternatives without end.
struct left;
struct right;
struct fork {
    std::vector<std::variant<left, right>> either;
};
struct left {
    fork below;
    std::string end;
};
struct right {
    fork below;
    bool end = false;
};
CONCLAVE_DESCRIBE(left, below, end)
CONCLAVE_DESCRIBE(right, below, end)
CONCLAVE_DESCRIBE(fork, either)

}  // namespace described
