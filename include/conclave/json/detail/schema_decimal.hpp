#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace conclave::json::detail {

// The exact value of a JSON number, kept as its text and never written out: 1e1000000 is as short
// as it is spelled. Valid as long as the text.
class decimal {
public:
    decimal() = default;

    // `text` is a number by JSON's grammar.
    explicit decimal(std::string_view text) noexcept {
        negative_ = text.starts_with('-');
        if (negative_) text.remove_prefix(1);
        const std::size_t mark = text.find_first_of("eE");
        const std::int64_t power =
            mark == std::string_view::npos ? 0 : exponent_of(text.substr(mark + 1));
        digits_ = text.substr(0, mark);
        const std::size_t point = std::min(digits_.find('.'), digits_.size());
        const std::size_t first = digits_.find_first_not_of("0.");
        if (first == std::string_view::npos) {
            digits_ = {};
            negative_ = false;
            return;
        }
        const std::size_t last = digits_.find_last_not_of("0.");
        highest_ = power + place_of(first, point);
        lowest_ = power + place_of(last, point);
        digits_ = digits_.substr(first, last - first + 1);
    }

    bool is_zero() const noexcept { return digits_.empty(); }
    bool is_negative() const noexcept { return negative_; }
    bool is_integer() const noexcept { return lowest_ >= 0; }
    // The power of ten of the first and of the last digit that is not zero.
    std::int64_t highest() const noexcept { return highest_; }
    std::int64_t lowest() const noexcept { return lowest_; }

    // Calls `visit` with each digit from the first to the last that is not zero.
    template <class Visit>
    void each_digit(Visit&& visit) const {
        for (const char each : digits_) {
            if (each != '.') visit(static_cast<unsigned>(each - '0'));
        }
    }

    // Less than, equal to or greater than zero as `left` is to `right`.
    friend int compare(const decimal& left, const decimal& right) noexcept {
        const int left_sign = left.sign();
        const int right_sign = right.sign();
        if (left_sign != right_sign) return left_sign < right_sign ? -1 : 1;
        return left_sign * compare_sizes(left, right);
    }

private:
    // Exponents beyond this are taken for this: the texts that differ in no more are not for use.
    static constexpr std::int64_t largest_exponent = 1'000'000'000'000'000;

    static std::int64_t exponent_of(std::string_view text) noexcept {
        const bool negative = text.starts_with('-');
        if (negative || text.starts_with('+')) text.remove_prefix(1);
        std::int64_t value = 0;
        for (const char digit : text)
            value = std::min(value * 10 + (digit - '0'), largest_exponent);
        return negative ? -value : value;
    }

    static std::int64_t place_of(std::size_t digit, std::size_t point) noexcept {
        const auto distance = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(digit);
        return distance > 0 ? distance - 1 : distance;
    }

    int sign() const noexcept {
        if (is_zero()) return 0;
        return negative_ ? -1 : 1;
    }

    static int compare_sizes(const decimal& left, const decimal& right) noexcept {
        if (left.is_zero()) return 0;  // and so is `right`
        if (left.highest_ != right.highest_) return left.highest_ < right.highest_ ? -1 : 1;
        std::string_view a = left.digits_;
        std::string_view b = right.digits_;
        while (!a.empty() && !b.empty()) {
            if (a.front() == '.') {
                a.remove_prefix(1);
            } else if (b.front() == '.') {
                b.remove_prefix(1);
            } else if (a.front() != b.front()) {
                return a.front() < b.front() ? -1 : 1;
            } else {
                a.remove_prefix(1);
                b.remove_prefix(1);
            }
        }
        // the longer one goes on with a digit that is not zero
        return a.empty() ? (b.empty() ? 0 : -1) : 1;
    }

    std::string_view digits_;  // from the first to the last that is not zero, a point between them
    std::int64_t highest_ = 0;
    std::int64_t lowest_ = 0;
    bool negative_ = false;
};

// A number of at most 18 digits, of which `scale` are behind the point.
struct small_decimal {
    std::int64_t digits;
    std::uint8_t scale;

    friend int compare(const small_decimal& left, const small_decimal& right) noexcept {
        if (left.scale == right.scale)
            return left.digits < right.digits ? -1 : left.digits > right.digits ? 1 : 0;
        __extension__ using wide = __int128;
        // below 10^36, which fits
        const wide a = static_cast<wide>(left.digits) * power_of_ten(right.scale);
        const wide b = static_cast<wide>(right.digits) * power_of_ten(left.scale);
        return a < b ? -1 : a > b ? 1 : 0;
    }

private:
    static std::int64_t power_of_ten(std::uint8_t exponent) noexcept {
        static constexpr auto powers = [] {
            std::array<std::int64_t, 19> all{1};
            for (std::size_t i = 1; i < all.size(); ++i)
                all[i] = all[i - 1] * 10;
            return all;
        }();
        return powers[exponent];
    }
};

// What numbers are divided by, exactly: a whole number times a power of ten.
class divisor {
public:
    // Whether `value` fits: it is positive and has at most 19 digits, zeros at its ends aside.
    static bool takes(const decimal& value) noexcept {
        return !value.is_zero() && !value.is_negative() &&
               value.highest() - value.lowest() < largest_digits;
    }

    // `value` is one that `takes` takes.
    explicit divisor(const decimal& value) noexcept : lowest_(value.lowest()) {
        value.each_digit([&](unsigned digit) { factor_ = factor_ * 10 + digit; });
    }

    // Whether `value` is a whole number of times this one.
    bool divides(const decimal& value) const noexcept {
        if (value.is_zero()) return true;
        // the last digit of `value` is not zero, so that no power of ten divides it
        if (value.lowest() < lowest_) return false;
        std::uint64_t rest = 0;
        value.each_digit([&](unsigned digit) { rest = (times(rest, 10) + digit) % factor_; });
        const std::uint64_t power = power_of_ten(value.lowest() - lowest_);
        return times(rest, power) == 0;
    }

private:
    static constexpr std::int64_t largest_digits = 19;
    __extension__ using wide = unsigned __int128;

    std::uint64_t times(std::uint64_t a, std::uint64_t b) const noexcept {
        return static_cast<std::uint64_t>(static_cast<wide>(a) * b % factor_);
    }

    std::uint64_t power_of_ten(std::int64_t exponent) const noexcept {
        std::uint64_t result = 1 % factor_;
        std::uint64_t square = 10 % factor_;
        for (; exponent > 0; exponent >>= 1) {
            if (exponent & 1) result = times(result, square);
            square = times(square, square);
        }
        return result;
    }

    std::uint64_t factor_ = 0;
    std::int64_t lowest_;
};

}  // namespace conclave::json::detail
