#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/chat_completions_service.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/service.hpp>
#include <conclave/wire/detail/base64.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::testing {

/// The vector that a `scripted_provider` gives a text: of length one, as OpenAI's are, and the same
/// in every run. Other texts have others.
inline std::vector<float> scripted_embedding(std::string_view text, std::size_t dimensions) {
    std::uint64_t state = 0xCBF29CE484222325;  // FNV-1a
    for (const char byte : text)
        state = (state ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
    std::vector<double> numbers;
    double square = 0;
    for (std::size_t i = 0; i < dimensions; ++i) {
        state = state * 6364136223846793005 + 1442695040888963407;
        numbers.push_back(static_cast<double>(state >> 40) / (1 << 24) - 0.5);
        square += numbers.back() * numbers.back();
    }
    std::vector<float> vector;
    vector.reserve(numbers.size());
    for (const double number : numbers)
        vector.push_back(static_cast<float>(square > 0 ? number / std::sqrt(square) : 0));
    return vector;
}

namespace detail {

/// OpenAI's embeddings, for the scripted provider: in numbers or, where asked for, base64.
class embeddings_service final : public service {
public:
    bool takes(std::string_view method, std::string_view path) const override {
        return method == "POST" && path.ends_with("/embeddings");
    }

    std::string read_request(recorded_request& request) const override {
        json::document parsed;
        if (json::document::parse(request.body, parsed)) return "the body is not JSON";
        const auto body = json::object_of(parsed.root());
        if (!body) return "the body is not a JSON object";
        request.model = std::string(json::string_at(*body, "model").value_or(""));
        if (request.model.empty()) return "you must provide a model parameter";
        const auto texts = inputs(*body);
        if (texts.empty() || texts.size() > 2048) return "'$.input' is invalid";
        for (const std::string& text : texts) {
            if (text.empty()) return "'$.input' is invalid";
            request.prompt += (request.prompt.empty() ? "" : " ") + text;
        }
        const auto encoding = json::string_at(*body, "encoding_format").value_or("float");
        if (encoding != "float" && encoding != "base64") return "'$.encoding_format' is invalid";
        if (json::find(*body, "dimensions") && !dimensions(*body)) {
            return "'$.dimensions' is invalid";
        }
        return {};
    }

    std::string error_body(int status, std::string_view message) const override {
        return chat_completions::error_body(status, message);
    }

    std::string whole_answer(const planned_answer& answer,
                             const recorded_request& request) const override {
        json::document parsed;
        if (json::document::parse(request.body, parsed)) return {};
        const auto body = json::object_of(parsed.root());
        const bool as_text = json::string_at(*body, "encoding_format") == "base64";
        const std::size_t length = dimensions(*body).value_or(8);
        std::string text;
        json::writer out(text);
        out.begin_object();
        out.member("object", "list");
        out.key("data");
        out.begin_array();
        std::size_t index = 0;
        for (const std::string& each : inputs(*body)) {
            out.begin_object();
            out.member("object", "embedding");
            out.member("index", index++);
            out.key("embedding");
            write_vector(out, scripted_embedding(each, length), as_text);
            out.end_object();
        }
        out.end_array();
        out.member("model", answer.model);
        if (answer.with_usage) write_usage(out, answer);
        out.end_object();
        return text;
    }

    std::vector<planned_event> stream_events(const planned_answer&,
                                             const recorded_request&) const override {
        return {};  // nobody can ask for it
    }

private:
    static std::vector<std::string> inputs(const simdjson::dom::object& body) {
        std::vector<std::string> texts;
        if (const auto one = json::string_at(body, "input")) texts.emplace_back(*one);
        if (const auto list = json::array_at(body, "input")) {
            for (const simdjson::dom::element each : *list)
                texts.emplace_back(json::string_of(each).value_or(""));
        }
        return texts;
    }

    static std::optional<std::size_t> dimensions(const simdjson::dom::object& body) {
        const auto given = json::integer_at(body, "dimensions");
        if (!given || *given < 1 || *given > 4096) return std::nullopt;
        return static_cast<std::size_t>(*given);
    }

    static void write_vector(json::writer& out, const std::vector<float>& vector, bool as_text) {
        if (as_text) {
            std::string bytes;
            for (const float number : vector) {
                const auto bits = std::bit_cast<std::uint32_t>(number);
                for (int shift = 0; shift < 32; shift += 8)
                    bytes += static_cast<char>(bits >> shift & 0xFF);
            }
            return out.string(wire::detail::to_base64(bytes));
        }
        out.begin_array();
        for (const float number : vector)
            out.number(static_cast<double>(number));
        out.end_array();
    }

    static void write_usage(json::writer& out, const planned_answer& answer) {
        out.key("usage");
        out.begin_object();
        out.member("prompt_tokens", answer.input_tokens);
        out.member("total_tokens", answer.input_tokens);
        if (answer.cost) {
            out.key("opper");
            out.begin_object();
            out.key("cost");
            out.begin_object();
            out.member("total", *answer.cost);
            out.end_object();
            out.end_object();
        }
        out.end_object();
    }
};

}  // namespace detail
}  // namespace conclave::testing
