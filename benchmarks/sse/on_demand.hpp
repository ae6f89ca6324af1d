#pragma once

#include <simdjson.h>

#include <cstddef>
#include <new>
#include <string_view>

#include "../corpora/corpus.hpp"
#include "sink.hpp"

namespace conclave::benchmarks {

/// The shortest way to the text with simdjson On-Demand: fields are looked up in the order they
/// come. That is the best others can do, and more than they do.
template <format Format, bool Ordered = true>
class on_demand_reader {
public:
    /// Has memory for payloads of that size from now on.
    void make_room(std::size_t size) {
        if (parser_.allocate(size)) throw std::bad_alloc();
    }

    /// `capacity - size` bytes behind the data are readable.
    void read(const char* data, std::size_t size, std::size_t capacity, sink& to) {
        if (std::string_view(data, size) == "[DONE]") return;
        simdjson::ondemand::document document;
        if (parser_.iterate(data, size, capacity).get(document)) return;
        if constexpr (Format == format::chat_completions) {
            read_chat(document, to);
        } else if constexpr (Format == format::google) {
            read_google(document, to);
        } else {
            read_typed(document, to);
        }
    }

private:
    template <class Value>
    static auto find(Value&& in, std::string_view key) {
        if constexpr (Ordered) {
            return in.find_field(key);
        } else {
            return in.find_field_unordered(key);
        }
    }

    static void read_chat(simdjson::ondemand::document& document, sink& to) {
        simdjson::ondemand::array choices;
        simdjson::ondemand::value choice;
        std::string_view text;
        if (find(document, "choices").get_array().get(choices)) return;
        if (choices.at(0).get(choice)) return;
        if (find(find(choice, "delta"), "content").get_string().get(text)) return;
        to.delta(text);
    }

    static void read_google(simdjson::ondemand::document& document, sink& to) {
        simdjson::ondemand::array candidates, parts;
        simdjson::ondemand::value first;
        if (find(document, "candidates").get_array().get(candidates)) return;
        if (candidates.at(0).get(first)) return;
        if (find(find(first, "content"), "parts").get_array().get(parts)) return;
        for (auto part : parts) {
            simdjson::ondemand::object members;
            std::string_view text;
            bool thought = false;
            if (part.get_object().get(members)) return;
            if (members.find_field("text").get_string().get(text)) return;
            if (members.find_field("thought").get_bool().get(thought)) thought = false;
            if (!thought) to.delta(text);
        }
    }

    static void read_typed(simdjson::ondemand::document& document, sink& to) {
        std::string_view type, text;
        if (find(document, "type").get_string().get(type)) return;
        if constexpr (Format == format::anthropic_messages) {
            if (type != "content_block_delta") return;
            if (find(find(document, "delta"), "text").get_string().get(text)) return;
        } else {
            if (type != "response.output_text.delta") return;
            if (find(document, "delta").get_string().get(text)) return;
        }
        to.delta(text);
    }

    simdjson::ondemand::parser parser_;
};

/// The `event` line by which a reader can skip events without text; empty if the format has none.
template <format Format>
constexpr std::string_view text_event_type() {
    if constexpr (Format == format::anthropic_messages) return "content_block_delta";
    if constexpr (Format == format::responses) return "response.output_text.delta";
    return {};
}

}  // namespace conclave::benchmarks
