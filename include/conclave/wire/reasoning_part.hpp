#pragma once

#include <cstddef>
#include <string>

namespace conclave {

/// A part of a model's reasoning as its provider wants it back when the conversation goes on after
/// a tool's result: with what proves that it is the model's own, or encrypted. What is in it is the
/// provider's affair; `completion::reasoning` is for people.
struct reasoning_part {
    /// Who can read it. Endpoints that speak another format do not get it.
    enum class format { anthropic_messages, responses };

    reasoning_part() = default;

    /// Who can read it.
    format from = format::anthropic_messages;
    /// The text of a JSON object, as the provider had it.
    std::string json;
    /// How many bytes of the answer's text came before it.
    std::size_t text_before = 0;
    /// How many of the answer's tool calls came before it.
    std::size_t calls_before = 0;

    friend bool operator==(const reasoning_part&, const reasoning_part&) = default;
};

}  // namespace conclave
