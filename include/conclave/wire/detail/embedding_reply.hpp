#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <conclave/json/fields.hpp>
#include <conclave/json/padded_text.hpp>
#include <conclave/wire/detail/base64.hpp>
#include <conclave/wire/detail/cost.hpp>
#include <conclave/wire/detail/token_count.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave::wire::detail {

// Base64 of 32-bit numbers, the low byte first. False for what is none, or not of whole ones.
inline bool read_base64_floats(std::string_view text, std::vector<float>& out) {
    while (text.ends_with('='))
        text.remove_suffix(1);
    const std::size_t bytes = text.size() * 3 / 4;
    if (text.size() % 4 == 1 || bytes % 4 != 0) return false;
    out.reserve(bytes / 4);
    std::uint32_t digits = 0;
    int digit_bits = 0;
    std::uint32_t number = 0;
    int number_bits = 0;
    for (const char each : text) {
        const std::uint32_t digit = base64_value(each);
        if (digit == no_base64_digit) return false;
        digits = (digits << 6 | digit) & 0xFFFF;
        digit_bits += 6;
        if (digit_bits < 8) continue;
        digit_bits -= 8;
        number |= (digits >> digit_bits & 0xFF) << number_bits;
        number_bits += 8;
        if (number_bits < 32) continue;
        out.push_back(std::bit_cast<float>(number));
        number = 0;
        number_bits = 0;
    }
    return true;
}

// Reads the reply to a request for so many embeddings. Sources: the openai package for npm, 7.55.0,
// src/resources/embeddings.ts; Opper's cost as in a chat.
class embedding_reply {
public:
    explicit embedding_reply(std::size_t count) : vectors(count), count_(count) {}

    std::error_code read(std::string_view body) {
        const json::padded_text padded(body);
        return fields_.read(padded.view(), [&](json::key key, json::value& value) {
            if (key == "data") {
                has_data_ =
                    fields_.each_element(value, [&](json::value& each) { read_entry(each); });
            } else if (key == "model") {
                model = fields_.string(value).value_or(std::string_view{});
            } else if (key == "usage") {
                read_usage(value);
            } else if (key == "cost") {
                if (const auto told = amount(fields_, value)) cost = told;
            } else if (key == "error") {
                has_error = fields_.truthy(value);
            }
        });
    }

    // What is wrong with the vectors; empty if nothing is.
    std::string complaint() const {
        if (!has_data_) return "the reply has no list of embeddings in it";
        if (!complaint_.empty()) return complaint_;
        if (given_ != count_) {
            return "the reply has " + std::to_string(given_) + " embeddings for " +
                   std::to_string(count_) + " texts";
        }
        for (const auto& each : vectors) {
            if (each.size() != vectors.front().size()) {
                return "the reply has embeddings of different lengths";
            }
        }
        return {};
    }

    std::vector<std::vector<float>> vectors;
    std::string model;
    std::optional<conclave::usage> usage;
    std::optional<double> cost;
    bool has_error = false;

private:
    void complain(const char* what) {
        if (complaint_.empty()) complaint_ = what;
    }

    void read_entry(json::value& value) {
        std::optional<std::int64_t> index;
        bool has_index = false;
        std::vector<float> numbers;
        bool is_vector = false;
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "index") {
                has_index = true;
                index = fields_.integer(member);
            } else if (key == "embedding" && numbers.empty()) {
                is_vector = read_numbers(member, numbers) && !numbers.empty();
            }
        });
        const std::int64_t at = has_index ? index.value_or(-1) : static_cast<std::int64_t>(given_);
        if (!is_vector) return complain("the reply has an embedding that is not of numbers");
        if (at < 0 || at >= static_cast<std::int64_t>(count_)) {
            return complain("the reply has an embedding of a text that was not sent");
        }
        std::vector<float>& to = vectors[static_cast<std::size_t>(at)];
        if (!to.empty()) return complain("the reply has two embeddings of one text");
        to = std::move(numbers);
        ++given_;
    }

    bool read_numbers(json::value& value, std::vector<float>& to) {
        constexpr double largest = std::numeric_limits<float>::max();
        bool is_finite = true;
        const auto add = [&](std::optional<double> number) {
            is_finite = is_finite && number && std::abs(*number) <= largest;
            if (is_finite) to.push_back(static_cast<float>(*number));
        };
        if (const auto text = fields_.string(value)) {
            if (!read_base64_floats(*text, to)) return false;
            for (const float each : to)
                is_finite = is_finite && std::isfinite(each);
            return is_finite;
        }
        const bool is_list =
            fields_.each_element(value, [&](json::value& each) { add(fields_.number(each)); });
        return is_list && is_finite;
    }

    void read_usage(json::value& value) {
        std::optional<std::int64_t> input;
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "prompt_tokens") {
                input = token_count(fields_, member);
            } else if (key == "cost") {
                if (const auto told = amount(fields_, member)) cost = told;
            } else if (key == "opper") {
                if (const auto told = opper_cost(fields_, member)) cost = told;
            }
        });
        if (input) usage.emplace().input_tokens = *input;
    }

    json::field_reader fields_;
    std::size_t count_;
    std::size_t given_ = 0;
    bool has_data_ = false;
    std::string complaint_;
};

}  // namespace conclave::wire::detail
