#pragma once

#include <conclave/client/prices.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/schema_instance.hpp>
#include <conclave/testing/scripted_provider.hpp>
#include <conclave/testing/scripted_reply.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::testing {

namespace detail {

/// A model of the demo: what it says to anything, how fast, and at what price.
struct demo_persona {
    std::string_view model;
    std::string_view opening;
    std::string_view view;
    std::chrono::milliseconds first_token;
    std::chrono::milliseconds pace;
    /// USD for a million tokens.
    double input_price;
    double output_price;
};

/// The last sentence of each view is its gist: what the merged answer is made of.
inline constexpr std::array<demo_persona, 3> demo_personas = {{
    {"openai/gpt-5.5", "This answer is scripted: no model has read your question. ",
     "In its place, a view that fits most questions. Take the plainest option that meets the needs "
     "you can name today, and write down what would make you change it. Early commitments to needs "
     "that never come are what people regret. Begin simple, measure, and keep the way back open.",
     std::chrono::milliseconds(400), std::chrono::milliseconds(20), 2.5, 15.0},
    {"anthropic/claude-sonnet-4-6",
     "To be plain about it, I am a script and cannot weigh your question. ",
     "What I can offer is a habit of mind. Ask first which mistake would be the costly one, and "
     "for whom; the options often rank themselves once that is said aloud. Then look for the "
     "evidence that would prove your favourite wrong. Decide by the cost of being wrong, not by "
     "the charm of being right.",
     std::chrono::milliseconds(600), std::chrono::milliseconds(27), 3.0, 15.0},
    {"gemini/gemini-2.5-pro", "A scripted seat of the demo answers here. ",
     "Three steps serve well:\n1. List the constraints, and strike out those nobody can explain.\n"
     "2. Compare two candidates side by side on the constraints that are left.\n3. Try the better "
     "one on a small part of the real thing.\nA small trial in real conditions settles more than "
     "a long comparison on paper.",
     std::chrono::milliseconds(300), std::chrono::milliseconds(16), 1.25, 10.0},
}};

/// At most a line of text, cut between words.
inline std::string shortened(std::string_view text) {
    constexpr std::size_t longest = 160;
    text = text.substr(0, text.find_first_of("\r\n"));
    if (text.size() <= longest) return std::string(text);
    return std::string(text.substr(0, text.rfind(' ', longest))) + " …";
}

/// What stands between the next two lines of backticks, or nothing if there are none. `text` is
/// left with what follows.
inline std::string_view take_fenced(std::string_view& text) {
    const std::size_t fence = text.find("```");
    if (fence == text.npos) return {};
    const std::string_view marks = text.substr(fence, text.find_first_not_of('`', fence) - fence);
    text.remove_prefix(fence + marks.size());
    const std::size_t end = text.find("\n" + std::string(marks) + "\n");
    if (end == text.npos) return {};
    const std::string_view inside = text.substr(0, end);
    text.remove_prefix(end + marks.size() + 2);
    return inside.substr(std::min(inside.size(), std::size_t{1}));
}

inline std::string_view last_sentence(std::string_view text) {
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    if (end == text.npos) return {};
    text = text.substr(0, end + 1);
    const std::size_t stop = text.substr(0, text.size() - 1).find_last_of(".!?\n");
    if (stop == text.npos) return text;
    text.remove_prefix(stop + 1);
    return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// The merged answer: the gist of each answer in the prompt.
inline std::string demo_merge(std::string_view prompt) {
    const std::string question = shortened(take_fenced(prompt));
    std::vector<std::string_view> gists;
    while (prompt.find("```") != prompt.npos) {
        const std::string_view gist = last_sentence(take_fenced(prompt));
        if (!gist.empty()) gists.push_back(gist);
    }
    std::string text = "Scripted too, and put together from the " + std::to_string(gists.size()) +
                       " answers to “" + question + "”:\n";
    for (const std::string_view gist : gists)
        text.append("- ").append(gist).append("\n");
    text += "A real model, given a key, would weigh them against each other here.";
    return text;
}

/// The same in every run and on every machine.
inline std::size_t demo_hash(std::string_view text) {
    std::uint32_t hash = 2166136261u;
    for (const char byte : text)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
    return hash;
}

/// The choices that a system prompt lists, a JSON string in each line, if it lists any.
inline std::vector<std::string> listed_choices(std::string_view instructions) {
    std::vector<std::string> choices;
    for (std::size_t line = instructions.find("- \""); line != instructions.npos;
         line = instructions.find("- \"", line + 1)) {
        const std::size_t end = instructions.find('\n', line);
        json::document parsed;
        if (json::document::parse(instructions.substr(line + 2, end - line - 2), parsed)) continue;
        if (const auto text = json::string_of(parsed.root())) choices.emplace_back(*text);
    }
    return choices;
}

/// The JSON Schema that a request asks for: in the field of its format, or in the system prompt.
inline std::string asked_schema(const recorded_request& request) {
    if (!request.output_schema.empty()) return request.output_schema;
    constexpr std::string_view words = "JSON Schema:\n";
    const std::size_t at = request.instructions.find(words);
    if (at == std::string::npos) return {};
    std::string schema = request.instructions.substr(at + words.size());
    return json::is_object_text(schema) ? schema : std::string();
}

/// A JSON answer, with the manners of models: one wraps it in a code block, and one has to be told
/// that there is a schema.
inline std::string demo_json(const recorded_request& request, std::string_view schema,
                             std::size_t seat, std::size_t pick) {
    if (schema.find("\"choice\"") != schema.npos) return schema_instance(schema, pick);
    const bool is_told = request.prompt.find("is not valid") != std::string::npos;
    if (seat == 2 && !is_told) return R"({"answer": "It depends.", "scripted": true})";
    std::string text = schema_instance(schema, pick);
    return seat == 1 ? "Here it is:\n```json\n" + text + "\n```" : text;
}

inline std::string demo_answer(const recorded_request& request, std::size_t seat) {
    // Two seats of three agree on which choice it is to be.
    const std::size_t pick = demo_hash(request.prompt) % 1000 + (seat == 2 ? 1 : 0);
    if (const std::string schema = asked_schema(request); !schema.empty())
        return demo_json(request, schema, seat, pick);
    if (const auto choices = listed_choices(request.instructions); !choices.empty()) {
        return choices[pick % choices.size()];
    }
    if (request.prompt.starts_with("Question:") &&
        request.prompt.find("Answer 1") != std::string::npos) {
        return demo_merge(request.prompt);
    }
    const demo_persona& persona = demo_personas[seat];
    return std::string(persona.opening).append(persona.view);
}

}  // namespace detail

/// What the models of the demo cost, for clients that ask them in a format which tells no cost.
inline price_table demo_prices() {
    price_table prices;
    for (const detail::demo_persona& persona : detail::demo_personas) {
        price& each = prices[std::string(persona.model)];
        each.input = persona.input_price;
        each.output = persona.output_price;
    }
    return prices;
}

/// Makes the provider answer as the three models of the demo, `openai/gpt-5.5`,
/// `anthropic/claude-sonnet-4-6` and `gemini/gemini-2.5-pro`, each at its own pace and price; any
/// other model answers as one of them. They answer any question with a view that says it is
/// scripted, pick among choices, fill in a JSON Schema, and merge the answers of a panel. Under a
/// schema the second puts its answer into a code block, and the third is wrong until it is asked
/// once more. At a `speed` of 1 a panel with its summary takes about four seconds; 2 is twice as
/// fast.
inline void install_demo_panel(scripted_provider& provider, double speed = 1) {
    const auto scaled = [speed](std::chrono::milliseconds time) {
        return std::chrono::milliseconds(
            static_cast<std::int64_t>(static_cast<double>(time.count()) / speed));
    };
    const auto reply = [&](std::size_t seat) {
        const detail::demo_persona& persona = detail::demo_personas[seat];
        const auto pace = scaled(persona.pace);
        return answer_with([seat](const recorded_request& request) {
                   return detail::demo_answer(request, seat);
               })
            .first_token_after(scaled(persona.first_token))
            .token_every(pace, pace / 2)
            .priced(persona.input_price, persona.output_price);
    };
    for (std::size_t seat = 0; seat < detail::demo_personas.size(); ++seat)
        provider.on(std::string(detail::demo_personas[seat].model), reply(seat));
    provider.otherwise(reply(1));
}

}  // namespace conclave::testing
