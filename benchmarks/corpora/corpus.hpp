#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::benchmarks {

/// The provider whose events a corpus is made of.
enum class format { none, chat_completions, anthropic_messages, responses, google };

/// Event streams as a server sends them, and what is in them. Made by a program, from fixed seeds:
/// the same bytes on every machine.
struct corpus {
    std::string name;
    format wire = format::none;
    /// Plain framing and meaning: lines end in LF or CRLF, every event has one `data: ` line, and
    /// there is only one choice. What is not plain only complete readers read right.
    bool plain = true;
    /// The fields come in the provider's usual order.
    bool ordered = true;
    std::string bytes;
    /// Offsets behind the blank line of each event.
    std::vector<std::size_t> event_ends;
    /// The text deltas that are not empty, each followed by `delta_end`.
    std::string deltas;
    std::size_t delta_count = 0;

    /// A byte that UTF-8 never has.
    static constexpr char delta_end = '\xFF';
};

/// The names that `make_corpus` knows, in the order of the report:
///
/// - a: OpenAI chat completions, with `obfuscation` · a2: the same from vLLM or llama.cpp
/// - b: Anthropic messages, with pings and padding · c: OpenAI responses, with the closing event
/// - g: Google's streamGenerateContent, CRLF · d: tiny events · e: events of 1 MiB
/// - f: as a, heavy in escapes and Unicode · s: as a, every event shaped differently
/// - t: as a, each event differs from all others behind its text
/// - x: as a2, with near misses and every quirk of framing
std::vector<std::string_view> corpus_names();

/// Makes whole responses until at least `size` bytes are there. Throws `std::invalid_argument` for
/// an unknown name.
corpus make_corpus(std::string_view name, std::size_t size);

}  // namespace conclave::benchmarks
