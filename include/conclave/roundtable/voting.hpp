#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/roundtable/response.hpp>

namespace conclave {

namespace detail {

inline constexpr std::string_view white_space = " \t\r\n\f\v";

inline std::string_view trim_space(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(white_space);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(white_space) - begin + 1);
}

// What stands inside a Markdown code fence if the text is one fence as a whole, else the text.
inline std::string_view unfence(std::string_view text) {
    constexpr std::string_view fence = "```";
    const std::size_t line_end = text.find('\n');
    if (!text.starts_with(fence) || !text.ends_with(fence) || line_end == std::string_view::npos ||
        text.size() - line_end <= fence.size()) {
        return text;
    }
    text.remove_suffix(fence.size());
    return trim_space(text.substr(line_end));
}

// Takes white space and quotation marks off both ends; false if there were none.
inline bool trim_once(std::string_view& text) {
    constexpr std::array<std::string_view, 7> quotes = {"\"",     "'",      "`",     "\u201c",
                                                        "\u201d", "\u2018", "\u2019"};
    const std::size_t before = text.size();
    text = trim_space(text);
    for (const std::string_view quote : quotes) {
        if (text.starts_with(quote)) text.remove_prefix(quote.size());
        if (text.ends_with(quote)) text.remove_suffix(quote.size());
    }
    return text.size() != before;
}

// The text without what a model may add around a choice: quotation marks, white space, one final
// full stop, letter case.
inline std::string bare_choice(std::string_view text) {
    const auto trim = [](std::string_view& rest) {
        while (trim_once(rest)) {
        }
    };
    trim(text);
    if (text.ends_with('.')) {
        text.remove_suffix(1);
        trim(text);
    }
    std::string bare(text);
    for (char& c : bare) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return bare;
}

inline std::optional<std::size_t> match_exactly(std::string_view answer,
                                                const std::vector<std::string>& choices) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (choices[i] == answer) return i;
    }
    return std::nullopt;
}

}  // namespace detail

/// Which of the choices a model's answer names, or nothing if it names none or more than one.
///
/// The answer may be the bare choice or the JSON that `choice_schema` describes, either of them in
/// a Markdown code fence. It matches a choice exactly, else after both have lost the white space
/// and quotation marks around them, one final full stop and the case of ASCII letters, if they are
/// then equal for one choice only. Words around the choice are not searched. Linear in the length
/// of the texts.
inline std::optional<std::size_t> match_choice(std::string_view answer,
                                               const std::vector<std::string>& choices) {
    if (const auto exact = detail::match_exactly(answer, choices)) return exact;
    answer = detail::unfence(detail::trim_space(answer));

    json::document parsed;  // keeps what `answer` may come to point to
    if (answer.starts_with('{') && !json::document::parse(answer, parsed)) {
        const auto object = json::object_of(parsed.root());
        const auto named = object ? json::string_at(*object, "choice") : std::nullopt;
        if (!named) return std::nullopt;
        answer = *named;
    }
    if (const auto exact = detail::match_exactly(answer, choices)) return exact;

    const std::string bare = detail::bare_choice(answer);
    if (bare.empty()) return std::nullopt;
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (detail::bare_choice(choices[i]) != bare) continue;
        if (found) return std::nullopt;
        found = i;
    }
    return found;
}

/// What a vote came to.
struct vote_result {
    /// The count of each choice, in the order of the request.
    std::vector<vote> votes;
    /// The index of the choice that won; absent when nobody picked one.
    std::optional<std::size_t> winner;
};

/// Counts the picks of a panel, one for each seat in seat order; nothing stands for a seat that
/// failed or picked no choice. The choice with most picks wins; of several with as many, the one
/// that the earliest seat picked. Linear in seats and choices.
///
/// \param picks indexes into `choices`; one outside counts for nothing
inline vote_result tally(const std::vector<std::optional<std::size_t>>& picks,
                         const std::vector<std::string>& choices) {
    vote_result result;
    for (const std::string& choice : choices)
        result.votes.push_back({choice, 0});
    for (const auto& pick : picks) {
        if (pick && *pick < choices.size()) ++result.votes[*pick].count;
    }
    for (const auto& pick : picks) {
        if (!pick || *pick >= choices.size()) continue;
        if (!result.winner || result.votes[*pick].count > result.votes[*result.winner].count) {
            result.winner = pick;
        }
    }
    return result;
}

/// The JSON Schema that holds a model to the choices: an object whose one member `choice` is one of
/// them.
inline std::string choice_schema(const std::vector<std::string>& choices) {
    std::string text;
    json::writer out(text);
    out.begin_object();
    out.member("type", "object");
    out.key("properties");
    out.begin_object();
    out.key("choice");
    out.begin_object();
    out.member("type", "string");
    out.key("enum");
    out.begin_array();
    for (const std::string& choice : choices)
        out.string(choice);
    out.end_array();
    out.end_object();
    out.end_object();
    out.key("required");
    out.begin_array();
    out.string("choice");
    out.end_array();
    out.member("additionalProperties", false);
    out.end_object();
    return text;
}

/// The system prompt for a seat in `multiple_choice`: `instructions`, if any, and after them that
/// the answer has to be one of the choices, as the JSON that `choice_schema` describes. The choices
/// stand there as JSON strings, one a line, so that none can pose as another or as part of the
/// prompt.
inline std::string choice_prompt(std::string_view instructions,
                                 const std::vector<std::string>& choices) {
    std::string text(instructions);
    if (!text.empty()) text += "\n\n";
    text += "Answer by picking exactly one of these choices:\n";
    for (const std::string& choice : choices) {
        text += "- ";
        json::writer(text).string(choice);
        text += '\n';
    }
    text +=
        "Reply with nothing but a JSON object of the form {\"choice\": \"...\"}, the choice copied "
        "exactly as it is written above.";
    return text;
}

}  // namespace conclave
