#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <conclave/json/detail/schema_program.hpp>

namespace conclave::json::detail {

// Thrown inside a validation that takes more work than its options allow.
struct work_exhausted {
    const char* complaint;
};

// What is left of the work that a value may be.
class step_budget {
public:
    void reset(std::uint64_t steps) noexcept { left_ = steps; }

    void take(std::uint64_t steps) {
        if (steps > left_)
            throw work_exhausted{"takes more steps to judge by this schema than allowed"};
        left_ -= steps;
    }

private:
    std::uint64_t left_ = 0;
};

// Sets of small numbers, of which the one opened last is closed first. They are named by where they
// begin, `no_index` for none.
class bit_stack {
public:
    void clear() noexcept { words_.clear(); }

    std::uint32_t open(std::uint64_t count) {
        const auto at = static_cast<std::uint32_t>(words_.size());
        words_.resize(words_.size() + (count + 63) / 64);
        return at;
    }
    void close(std::uint32_t set) { words_.resize(set); }

    void add(std::uint32_t set, std::uint64_t number) noexcept {
        if (set != no_index) words_[set + number / 64] |= std::uint64_t{1} << number % 64;
    }
    bool has(std::uint32_t set, std::uint64_t number) const noexcept {
        return (words_[set + number / 64] >> number % 64 & 1) != 0;
    }
    // Adds the first `count` numbers to a set.
    void add_first(std::uint32_t set, std::uint64_t count) noexcept {
        if (set == no_index) return;
        std::uint64_t number = 0;
        for (; number + 64 <= count; number += 64)
            words_[set + number / 64] = ~std::uint64_t{0};
        for (; number < count; ++number)
            add(set, number);
    }
    // Adds all of a set for `count` numbers to another.
    void add_all(std::uint32_t to, std::uint32_t from, std::uint64_t count) noexcept {
        if (to == no_index) return;
        for (std::uint64_t i = 0; i < (count + 63) / 64; ++i)
            words_[to + i] |= words_[from + i];
    }

private:
    std::vector<std::uint64_t> words_;
};

}  // namespace conclave::json::detail
