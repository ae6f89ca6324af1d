#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include <conclave/wire/usage.hpp>

namespace conclave {

/// What a model costs, in USD for a million tokens where nothing else is said. What is not set
/// costs as much as what it is a part of; where there is no such thing, nobody knows what it costs.
struct price {
    /// Input of which nothing below is said. Without it, the cost of a call with such input is
    /// unknown.
    std::optional<double> input = {};
    /// Output of which nothing below is said. Without it, the cost of a call with such output is
    /// unknown; what has no output, such as embeddings, needs none.
    std::optional<double> output = {};
    /// Input read from the provider's prompt cache; unless set, as `input`.
    std::optional<double> cache_read = {};
    /// Input written to the prompt cache; unless set, as `input`.
    std::optional<double> cache_creation = {};
    /// Input written to the prompt cache for an hour; unless set, as `cache_creation`.
    std::optional<double> cache_creation_1h = {};
    /// Input that is sound; unless set, as `input`.
    std::optional<double> input_audio = {};
    /// Output spent on reasoning; unless set, as `output`.
    std::optional<double> reasoning = {};
    /// Output that is sound; unless set, as `output`.
    std::optional<double> output_audio = {};
    /// A thousand searches of the web. Without it, the cost of a call with such searches is
    /// unknown.
    std::optional<double> web_search = {};
};

/// Prices by the model's name, as requests have it.
using price_table = std::map<std::string, price, std::less<>>;

namespace detail {

/// An amount in USD to a trillionth, so that sums have no tail of digits which nobody is charged.
inline double rounded_usd(double amount) { return std::round(amount * 1e12) / 1e12; }

/// Adds up what tokens cost, part by part, of a count that the parts cannot exceed.
class token_bill {
public:
    /// A bill for so many tokens, those left over at this price.
    token_bill(std::int64_t all, std::optional<double> rest)
        : left_(std::max<std::int64_t>(all, 0)), rest_(rest) {}

    /// Puts a part on the bill, at its price or else that of the rest. Returns how many there were.
    std::int64_t add(std::optional<std::int64_t> part, std::optional<double> price) {
        const auto count = std::clamp<std::int64_t>(part.value_or(0), 0, left_);
        left_ -= count;
        charge(count, price ? price : rest_);
        return count;
    }

    /// What it comes to, in millionths of a USD; nothing if a price is missing.
    std::optional<double> total() {
        charge(left_, rest_);
        left_ = 0;
        return is_known_ ? std::optional<double>(sum_) : std::nullopt;
    }

private:
    void charge(std::int64_t count, std::optional<double> price) {
        if (count == 0) return;
        is_known_ = is_known_ && price;
        sum_ += static_cast<double>(count) * price.value_or(0);
    }

    std::int64_t left_;
    std::optional<double> rest_;
    double sum_ = 0;
    bool is_known_ = true;
};

}  // namespace detail

/// The cost of `used` at `rate`, in USD; nothing if it used what `rate` has no price for.
///
/// The parts that a provider counts within input and output are taken off in the order of `price`'s
/// members, and no more of them than there is of the whole: what is cached and sound counts as
/// cached. Pages fetched from the web cost what their tokens do.
inline std::optional<double> cost_of(const usage& used, const price& rate) {
    detail::token_bill input(used.input_tokens, rate.input);
    input.add(used.cache_read_tokens, rate.cache_read);
    const auto created = used.cache_creation_tokens.value_or(0);
    const auto for_an_hour = used.cache_creation_1h_tokens.value_or(0);
    const auto creation = rate.cache_creation ? rate.cache_creation : rate.input;
    const auto hourly =
        input.add(for_an_hour, rate.cache_creation_1h ? rate.cache_creation_1h : creation);
    input.add(created - std::min(created, hourly), creation);
    input.add(used.input_audio_tokens, rate.input_audio);

    detail::token_bill output(used.output_tokens, rate.output);
    output.add(used.reasoning_tokens, rate.reasoning);
    output.add(used.output_audio_tokens, rate.output_audio);

    const auto searches = static_cast<double>(used.web_search_requests.value_or(0));
    const auto for_input = input.total();
    const auto for_output = output.total();
    if (!for_input || !for_output || (searches > 0 && !rate.web_search)) return std::nullopt;
    const double for_searches = searches * rate.web_search.value_or(0) * 1000;
    return detail::rounded_usd((*for_input + *for_output + for_searches) / 1e6);
}

}  // namespace conclave
