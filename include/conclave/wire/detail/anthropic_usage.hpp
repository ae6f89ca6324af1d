#pragma once

#include <cstdint>
#include <optional>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/cost.hpp>
#include <conclave/wire/detail/token_count.hpp>

namespace conclave::wire::detail {

// What an Anthropic message used. Each report has totals of the message so far, without those that
// have nothing new to say.
class anthropic_usage {
public:
    // Reads a `usage`, and puts the totals into `to` in our terms: what came from the cache or went
    // into it is not in Anthropic's input, but in ours.
    [[gnu::noinline]] void read(json::field_reader& fields, json::value& value, completion& to) {
        fields.each_member(value, [&](json::key key, json::value& member) {
            if (key == "input_tokens") {
                take(fields, member, input_);
            } else if (key == "output_tokens") {
                take(fields, member, output_);
            } else if (key == "cache_creation_input_tokens") {
                take(fields, member, totals_.cache_creation_tokens);
            } else if (key == "cache_read_input_tokens") {
                take(fields, member, totals_.cache_read_tokens);
            } else if (key == "cost") {
                if (const auto cost = amount(fields, member)) to.cost = cost;
            } else if (key == "opper") {
                if (const auto cost = opper_cost(fields, member)) to.cost = cost;
            } else {
                read_details(fields, key, member);
            }
        });
        if (!input_ && !output_) return;  // null, {} or nonsense: as if it were not there
        totals_.input_tokens = input_.value_or(0) + totals_.cache_creation_tokens.value_or(0) +
                               totals_.cache_read_tokens.value_or(0);
        totals_.output_tokens = output_.value_or(0);
        to.usage = totals_;
    }

private:
    using count = std::optional<std::int64_t>;

    static void take(json::field_reader& fields, json::value& value, count& to) {
        if (const count read = token_count(fields, value)) to = read;
    }

    void read_details(json::field_reader& fields, json::key key, json::value& value) {
        if (key == "cache_creation") {
            fields.each_member(value, [&](json::key name, json::value& member) {
                if (name != "ephemeral_1h_input_tokens") return;
                take(fields, member, totals_.cache_creation_1h_tokens);
            });
        } else if (key == "output_tokens_details") {
            fields.each_member(value, [&](json::key name, json::value& member) {
                if (name == "thinking_tokens") take(fields, member, totals_.reasoning_tokens);
            });
        } else if (key == "server_tool_use") {
            fields.each_member(value, [&](json::key name, json::value& member) {
                if (name == "web_search_requests") {
                    take(fields, member, totals_.web_search_requests);
                } else if (name == "web_fetch_requests") {
                    take(fields, member, totals_.web_fetch_requests);
                }
            });
        }
    }

    count input_;
    count output_;
    usage totals_;
};

}  // namespace conclave::wire::detail
