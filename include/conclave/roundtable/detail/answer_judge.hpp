#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/detail/grammar.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/embedded.hpp>
#include <conclave/json/schema_validator.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/roundtable/answer_text.hpp>
#include <conclave/roundtable/detail/output_schema.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/added_nulls.hpp>
#include <conclave/wire/detail/claude_schema.hpp>
#include <conclave/wire/detail/google_schema.hpp>
#include <conclave/wire/detail/strict_schema.hpp>

namespace conclave::detail {

/// Writes a value so that equal ones are spelled alike: without white space, members by name.
inline void write_canonical(const simdjson::dom::element& value, json::writer& to) {
    if (const auto object = json::object_of(value)) {
        std::vector<std::pair<std::string_view, simdjson::dom::element>> members;
        for (const auto& each : *object)
            members.emplace_back(each.key, each.value);
        std::sort(members.begin(), members.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        to.begin_object();
        for (const auto& [name, member] : members) {
            to.key(name);
            write_canonical(member, to);
        }
        to.end_object();
    } else if (const auto list = json::array_of(value)) {
        to.begin_array();
        for (const simdjson::dom::element each : *list)
            write_canonical(each, to);
        to.end_array();
    } else {
        to.raw(std::string(simdjson::minify(value)));
    }
}

/// What became of an answer under a schema.
struct judged_answer {
    /// The JSON in it if it is valid, else the answer as the model wrote it.
    answer_text data;
    /// Why it is not valid, in words for people and for the model; absent if it is.
    std::optional<std::string> complaint;
};

/// Judges the answers to a request by its output schema, whatever schema the models were sent.
class answer_judge {
public:
    /// Throws as `compiled_output_schema` does.
    explicit answer_judge(std::string_view schema)
        : text_(schema), validator_(compiled_output_schema(schema)) {}

    /// The first JSON value in the answer that is valid; see `json::embedded` for where it may
    /// stand. Nulls that strict mode wanted are taken out, and the schema itself is no answer. Of
    /// many values the first 100 are looked at.
    judged_answer judge(std::string_view answer, finish_reason finish) {
        std::string nearest;
        std::size_t largest = 0;
        bool is_echo = false;
        json::embedded values(answer);
        for (int looked = 0; looked < most_values; ++looked) {
            const auto value = values.next();
            if (!value) break;
            if (is_schema(*value)) {
                is_echo = true;
                continue;
            }
            if (validator_.is_valid(*value)) return valid(std::string(*value));
            auto shorter = without_added_nulls(*value);
            if (shorter && validator_.is_valid(*shorter)) return valid(*std::move(shorter));
            if (value->size() <= largest) continue;
            largest = value->size();
            nearest = shorter ? *std::move(shorter) : std::string(*value);
        }
        const bool is_json = json::detail::is_value_text(json::detail::trim_space(answer));
        return {answer_text(std::string(answer), is_json), complaint(nearest, is_echo, finish)};
    }

private:
    static constexpr int most_values = 100;

    static judged_answer valid(std::string text) {
        return {answer_text(std::move(text), true), std::nullopt};
    }

    // Of the largest value that is not valid, its nulls taken out.
    std::string complaint(const std::string& nearest, bool is_echo, finish_reason finish) {
        std::string text;
        if (!nearest.empty()) {
            for (const json::schema_error& each : validator_.errors(nearest))
                text.append(text.empty() ? "" : "; ").append(each.message);
        } else if (is_echo) {
            text = "the answer is the schema itself, and not a value that fits it";
        } else if (finish == finish_reason::length) {
            text = "the answer has no whole JSON in it: it was cut off at its limit of tokens";
        } else {
            text = "the answer is not JSON";
        }
        return text;
    }

    std::optional<std::string> without_added_nulls(std::string_view value) {
        read_schema();
        if (!schema_) return std::nullopt;
        return wire::detail::without_added_nulls(value, *schema_);
    }

    // Whether a value is the schema, as it was given or in the words that some model was sent.
    bool is_schema(std::string_view value) {
        const bool is_larger = value.size() > 16 * text_.size() + 4096;
        if (!value.starts_with('{') || is_larger) return false;
        read_schema();
        const auto text = canonical(value);
        return text && std::find(schemas_.begin(), schemas_.end(), *text) != schemas_.end();
    }

    void read_schema() {
        if (std::exchange(is_read_, true)) return;
        if (!json::document::parse(text_, parsed_)) schema_ = json::object_of(parsed_.root());
        for (const auto& words :
             {std::optional<std::string>(text_), wire::detail::to_strict_schema(text_),
              wire::detail::to_claude_schema(text_), wire::detail::to_google_schema(text_)}) {
            auto text = words ? canonical(*words) : std::nullopt;
            // to a schema that says nothing, its own text may well be the answer
            if (text && *text != "{}") schemas_.push_back(*std::move(text));
        }
    }

    static std::optional<std::string> canonical(std::string_view text) {
        json::document parsed;
        if (json::document::parse(text, parsed)) return std::nullopt;
        std::string spelled;
        json::writer to(spelled);
        write_canonical(parsed.root(), to);
        return spelled;
    }

    std::string text_;
    json::schema_validator validator_;
    json::document parsed_;
    std::optional<simdjson::dom::object> schema_;
    std::vector<std::string> schemas_;
    bool is_read_ = false;
};

/// What a model is told whose answer was not valid.
inline std::string complaint_prompt(std::string_view complaint) {
    return "This answer is not valid against the JSON Schema that it has to fit: " +
           std::string(complaint) +
           ".\nAnswer once more, in full and with nothing but JSON that is valid.";
}

}  // namespace conclave::detail
