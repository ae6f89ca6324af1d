#pragma once

#include <array>
#include <string_view>

#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire::detail {

// Reads what the chunks of Google's `streamGenerateContent` say; source: the reference of the
// Gemini API, `GenerateContentResponse`.
class google_chunk {
public:
    static constexpr std::array<std::string_view, 5> counters = {
        "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount",
        "tokenCount"};
    static constexpr template_rules rules = {.noise = {}, .counters = counters, .padded = false};

    // Reads an event's payload, behind which `field_reader::padding` bytes are readable. Returns
    // whether there is nothing in it but the piece.
    bool read(std::string_view data, delta& piece) {
        bool finished = false;
        bool several = false;
        delta said;
        const auto failed = fields_.read(data, [&](json::key key, json::value& value) {
            if (key != "candidates") return;
            bool first = true;
            fields_.each_element(value, [&](json::value& candidate) {
                if (first) read_candidate(candidate, said, finished, several);
                first = false;
            });
        });
        if (failed) return false;
        piece = said;
        return !finished && !several;
    }

private:
    void read_candidate(json::value& candidate, delta& said, bool& finished, bool& several) {
        fields_.each_member(candidate, [&](json::key key, json::value& value) {
            if (key == "finishReason") finished = true;
            if (key != "content") return;
            fields_.each_member(value, [&](json::key name, json::value& parts) {
                if (name != "parts") return;
                bool first = true;
                fields_.each_element(parts, [&](json::value& part) {
                    if (first) {
                        read_part(part, said);
                    } else {
                        several = true;
                    }
                    first = false;
                });
            });
        });
    }

    void read_part(json::value& part, delta& said) {
        bool thought = false;
        std::string_view text;
        fields_.each_member(part, [&](json::key key, json::value& value) {
            if (key == "text") text = fields_.string(value).value_or(std::string_view{});
            if (key == "thought") thought = fields_.truthy(value);
        });
        (thought ? said.reasoning : said.text) = text;
    }

    json::field_reader fields_;
};

}  // namespace conclave::wire::detail
