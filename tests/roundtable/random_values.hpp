#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>

namespace conclave::tests {

using namespace std::string_view_literals;

// Texts that break programs which build or read JSON, event streams or HTTP by hand.
inline constexpr std::array<std::string_view, 30> hostile_texts = {
    ""sv,
    "plain"sv,
    "\""sv,
    "\\"sv,
    "\\\""sv,
    "\\u0000"sv,
    "\0"sv,
    "a\0b"sv,
    "\x01\x1f\x7f"sv,
    "\n"sv,
    "\r\n\r\n"sv,
    "\t\b\f\v"sv,
    "data: [DONE]\n\n"sv,
    "event: complete\ndata: {}\n\n"sv,
    "\",\"models\":[],\"x\":\""sv,
    "{\"choice\":\"A\"}"sv,
    "[[[[[[[["sv,
    "null"sv,
    "NaN"sv,
    "1e400"sv,
    "</script><script>alert(1)</script>"sv,
    "'; DROP TABLE models; --"sv,
    "%s%n%x ${jndi:ldap://x} {{7*7}}"sv,
    "```json\n{}\n```"sv,
    "\u00e9\u4e2d\u6587 \u0627\u0644\u0639"sv,
    "\U0001f600\u200d\U0001f469\ufe0f"sv,
    "\u2028\u2029\u0085"sv,
    "\ufeff\u202e\u200f"sv,
    "\uffff\U0010ffff\ufffd"sv,
    "  spaces  "sv,
};

// Values made from a seed: the same on every machine.
class random_values {
public:
    explicit random_values(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    bool coin() { return below(2) == 0; }

    template <class List>
    auto pick(const List& list) {
        return list[below(list.size())];
    }

    std::string text() {
        std::string made;
        for (auto pieces = below(4); pieces > 0; --pieces)
            made += pick(hostile_texts);
        return made;
    }
    std::string filled_text() { return "x" + text(); }

    std::vector<std::string> texts() {
        std::vector<std::string> made;
        for (auto count = below(4); count > 0; --count)
            made.push_back(text());
        return made;
    }

    std::string name() {
        constexpr std::array<std::string_view, 5> names = {
            "openai/gpt-5.5", "m", "a/b/c", "\u6a21\u578b", "with \"quotes\" and \\"};
        return std::string(pick(names));
    }

    // A finite double of any magnitude.
    double real() {
        constexpr std::array<double, 8> special = {0.0,  0.1,     5e-324,           1.7e308,
                                                   -1.5, 0.00021, 123456789.987654, 1e21};
        if (coin()) return pick(special);
        return std::ldexp(static_cast<double>(engine_() >> 11), -static_cast<int>(below(120)));
    }
    double from_0_to(double limit) {
        return limit * static_cast<double>(below(1'000'001)) / 1'000'000;
    }
    std::int64_t count() {
        constexpr std::array<std::int64_t, 5> special = {0, 1, 4096, 9007199254740993,
                                                         9223372036854775807};
        return pick(special);
    }

    // The text of a JSON object without white space.
    std::string object_text() {
        constexpr std::array<std::string_view, 4> objects = {
            "{}", R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})",
            R"({"k":[1,-2,0.5,true,false,null,"x\"y\\z"],"":{}})",
            R"({"enum":["\n","é",18446744073709551615]})"};
        return std::string(pick(objects));
    }

    conclave::usage usage() {
        conclave::usage made;
        made.input_tokens = count();
        made.output_tokens = count();
        for (auto field : {&usage::reasoning_tokens, &usage::cache_read_tokens,
                           &usage::cache_creation_tokens, &usage::cache_creation_1h_tokens,
                           &usage::input_audio_tokens, &usage::output_audio_tokens,
                           &usage::web_search_requests, &usage::web_fetch_requests}) {
            if (coin()) made.*field = count();
        }
        if (coin()) made.extra = object_text();
        return made;
    }

    panel_model seat() {
        panel_model made(name());
        if (coin()) made.temperature(from_0_to(2));
        if (coin()) made.top_p(from_0_to(1));
        if (coin()) made.max_tokens(1 + count() / 2);
        if (coin()) made.reasoning(static_cast<reasoning_effort>(below(7)));
        return made;
    }

    // One that is fit to be sent.
    roundtable_request request() {
        roundtable_request made(filled_text());
        for (auto seats = 1 + below(4); seats > 0; --seats)
            made.model(seat());
        made.resolve_by(static_cast<resolution>(below(3)));
        made.instructions(text());
        if (made.resolution() == resolution::multiple_choice || coin()) {
            for (auto i = 1 + below(4); i > 0; --i)
                made.choice(std::to_string(i) + text());
        }
        if (made.resolution() != resolution::multiple_choice && coin()) {
            made.output_schema(object_text());
        }
        if (coin()) made.summary_model(name());
        made.stream(coin());
        made.max_retries(static_cast<int>(below(4)));
        made.timeout(std::chrono::milliseconds(1 + below(300'000)));
        return made;
    }

    answer_text answer() { return answer_text(text(), coin()); }

    model_result result(std::size_t index) {
        model_result made;
        made.index = index;
        made.model = name();
        made.data = answer();
        made.duration = std::chrono::milliseconds(count());
        if (coin()) made.cost = real();
        if (coin()) made.error = text();
        if (coin()) made.usage = usage();
        if (coin()) made.schema_valid = coin();
        if (coin()) made.schema_error = text();
        made.attempts = static_cast<int>(below(5));
        made.finish = static_cast<finish_reason>(below(5));
        made.notes = texts();
        return made;
    }

    roundtable_response response() {
        roundtable_response made;
        made.id = text();
        if (coin()) made.data = answer();
        made.meta.resolution = static_cast<resolution>(below(3));
        made.meta.models_used = texts();
        made.meta.total_cost = real();
        made.meta.cost_complete = coin();
        made.meta.total_duration = std::chrono::milliseconds(count());
        if (coin()) made.meta.summary_model = name();
        if (coin()) made.meta.summary_usage = usage();
        if (coin()) made.meta.summary_error = text();
        for (auto choices = below(4); choices > 0; --choices) {
            made.meta.votes.push_back({text(), below(9)});
        }
        made.meta.trace_uuid = text();
        for (std::size_t i = 0, seats = below(4); i < seats; ++i)
            made.results.push_back(result(i));
        return made;
    }

    // One with what its type has.
    stream_event event() {
        stream_event made;
        made.type = static_cast<event_type>(below(11));
        switch (made.type) {
            case event_type::done: made.response = response(); return made;
            case event_type::error: made.error = filled_text(); return made;
            case event_type::model_delta:
            case event_type::summary_delta: made.delta = text(); break;
            case event_type::model_retry:
            case event_type::summary_retry: made.error = text(); break;
            case event_type::summary_done: made.data = text(); break;
            default: break;
        }
        made.model = name();
        if (made.type > event_type::model_error) return made;
        made.model_index = below(16);
        if (made.type == event_type::model_done || made.type == event_type::model_error) {
            made.result = result(made.model_index);
            made.result->model = made.model;
            if (made.type == event_type::model_done) made.result->error.reset();
            if (made.type == event_type::model_error) made.result->error = filled_text();
            made.error = made.result->error.value_or("");
        }
        return made;
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace conclave::tests
