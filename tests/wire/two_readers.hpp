#pragma once

// Reads streams twice: with templates, and event by event without.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/sse/parser.hpp>
#include <conclave/wire/anthropic_messages.hpp>
#include <conclave/wire/chat_completions.hpp>
#include <conclave/wire/detail/google_chunk.hpp>
#include <conclave/wire/detail/responses_event.hpp>
#include <conclave/wire/template_set.hpp>

namespace conclave::testing {

/// All that a reader says of a stream.
struct transcript {
    std::vector<std::string> pieces;
    std::string outcome;
    std::uint64_t by_template = 0;

    bool says_the_same(const transcript& other) const {
        return pieces == other.pieces && outcome == other.outcome;
    }
};

inline std::ostream& operator<<(std::ostream& out, const transcript& said) {
    for (const std::string& piece : said.pieces)
        out << '[' << piece << ']';
    return out << " and then " << said.outcome;
}

inline void note(transcript& said, const delta& piece) {
    if (piece.empty()) return;
    std::string all(piece.text);
    all.append("|").append(piece.reasoning).append("|").append(piece.refusal);
    said.pieces.push_back(std::move(all));
}

/// A format, as the library reads it.
template <class StreamReader>
class answer_reader {
public:
    bool next(sse::parser& events, delta& piece) { return reader_.next(events, piece); }
    void read(const sse::event& event, delta& piece) { reader_.read(event, piece); }
    std::uint64_t hits() const { return reader_.templates().hits(); }

    std::string outcome() {
        using status = wire::stream_status;
        const bool done = reader_.finish() == status::done;
        const completion& result = reader_.result();
        std::string out = done ? "done" : "failed: " + reader_.error().message;
        out += " id " + result.id + " model " + result.model + " finish ";
        out += to_string(result.finish);
        if (result.usage) out += " used " + std::to_string(result.usage->output_tokens);
        if (result.cost) out += " for " + std::to_string(*result.cost);
        return out + ": " + result.text + "|" + result.reasoning + "|" + result.refusal;
    }

private:
    StreamReader reader_;
};

using chat_reader = answer_reader<wire::chat_completions::stream_reader>;
using anthropic_reader = answer_reader<wire::anthropic_messages::stream_reader>;

/// The deltas of another format.
template <class EventReader>
class other_reader {
public:
    bool next(sse::parser& events, delta& piece) {
        return templates_.next(events, piece, reading()) != wire::found::nothing;
    }
    void read(const sse::event& event, delta& piece) { templates_.read(event, piece, reading()); }
    std::uint64_t hits() const { return templates_.hits(); }
    std::string outcome() const { return {}; }

private:
    auto reading() {
        return [this](const sse::event& event, delta& piece) {
            return reader_.read(event.data, piece);
        };
    }

    EventReader reader_;
    wire::template_set templates_{EventReader::rules};
};

/// Reads the stream in parts of `step` bytes, with templates.
template <class Reader>
transcript read_by_templates(std::string_view stream, std::size_t step) {
    transcript said;
    Reader reader;
    sse::parser events;
    delta piece;
    const auto take_all = [&] {
        while (reader.next(events, piece))
            note(said, piece);
    };
    for (std::size_t at = 0; at < stream.size(); at += step) {
        const std::string_view part = stream.substr(at, step);
        const std::span<char> room = events.prepare(part.size());
        std::memcpy(room.data(), part.data(), part.size());
        // what a reader sees behind the received bytes must not matter: here, more of the stream
        const std::string_view behind =
            stream.substr(at + part.size(), std::min<std::size_t>(room.size() - part.size(), 600));
        std::memcpy(room.data() + part.size(), behind.data(), behind.size());
        events.commit(room.first(part.size()));
        take_all();
    }
    events.finish();
    take_all();
    said.outcome = reader.outcome();
    said.by_template = reader.hits();
    return said;
}

/// Reads the stream without templates.
template <class Reader>
transcript read_by_fields(std::string_view stream) {
    transcript said;
    Reader reader;
    sse::parser events;
    const auto on_event = [&](sse::event event) {
        event.raw = {};  // what templates are matched with
        delta piece;
        reader.read(event, piece);
        note(said, piece);
    };
    events.feed(stream, on_event);
    events.finish(on_event);
    said.outcome = reader.outcome();
    said.by_template = reader.hits();
    return said;
}

/// A stream of a format: the events before and behind one that tests change.
struct sample {
    std::string_view name;
    std::string before;
    std::string event;
    std::string behind;
    transcript (*by_templates)(std::string_view stream, std::size_t step);
    transcript (*by_fields)(std::string_view stream);

    std::string whole() const { return before + event + behind; }
};

template <class Reader>
sample make_sample(std::string_view name, std::vector<std::string> before, std::string event,
                   std::vector<std::string> behind) {
    sample made{name, {}, std::move(event), {}, read_by_templates<Reader>, read_by_fields<Reader>};
    for (const std::string& each : before)
        made.before += each;
    for (const std::string& each : behind)
        made.behind += each;
    return made;
}

namespace samples {

inline std::string chat(std::string_view delta, std::string_view noise, std::string_view end = "") {
    std::string event =
        R"(data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1750000000,)"
        R"("model":"gpt-5.5","choices":[{"index":0,"delta":)";
    event.append(delta).append(R"(,"logprobs":null,"finish_reason":null}],"usage":null)");
    if (!noise.empty()) event.append(R"(,"obfuscation":")").append(noise).append("\"");
    return event.append("}").append(end) + "\n\n";
}

inline std::string anthropic(std::string_view text, std::string_view spaces) {
    std::string event =
        "event: content_block_delta\n"
        R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")";
    return event.append(text).append("\"}").append(spaces).append("}\n\n");
}

inline std::string responses(std::string_view number, std::string_view text,
                             std::string_view noise) {
    std::string event =
        "event: response.output_text.delta\r\n"
        R"(data: {"type":"response.output_text.delta","sequence_number":)";
    event.append(number).append(R"(,"item_id":"msg_1","output_index":0,"delta":")").append(text);
    return event.append(R"(","logprobs":[],"obfuscation":")").append(noise).append("\"}\r\n\r\n");
}

inline std::string google(std::string_view text, std::string_view count) {
    std::string event = R"(data: {"candidates": [{"content": {"parts": [{"text": ")";
    event.append(text).append(R"("}],"role": "model"},"index": 0}],"usageMetadata": )");
    event.append(R"({"promptTokenCount": 7,"totalTokenCount": )").append(count);
    return event.append("}}\r\n\r\n");
}

}  // namespace samples

inline std::vector<sample> all_samples() {
    using namespace samples;
    const std::string ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    const std::string stop_block =
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    const std::string done = "data: [DONE]\n\n";
    const std::string stop = R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                             "\n\n";
    return {
        make_sample<chat_reader>(
            "chat", {chat(R"({"content":"one"})", "abc"), chat(R"({"content":" two"})", "")},
            chat(R"({"content":"th\"ree é\u00e9"})", "abcdef"),
            {chat(R"({"content":" four"})", "a"), stop, done}),
        make_sample<chat_reader>(
            "reasoning",
            {chat(R"({"reasoning_content":"hm"})", ""), chat(R"({"content":"A"})", "")},
            chat(R"({"reasoning_content":"so\n"})", ""),
            {chat(R"({"refusal":"no"})", ""), chat(R"({"content":"B"})", ""), stop}),
        make_sample<anthropic_reader>(
            "anthropic", {anthropic("one", ""), ping, anthropic("1", ""), ping, stop_block},
            anthropic(" two", "  "), {anthropic(" three", "     "), stop_block, ping}),
        make_sample<anthropic_reader>("ping", {anthropic("one", ""), ping}, ping,
                                      {anthropic(" two", " "), ping}),
        make_sample<other_reader<wire::detail::responses_event>>(
            "responses", {responses("9", "one", "x")}, responses("10", " two", "yz"),
            {responses("11", " three", "")}),
        make_sample<other_reader<wire::detail::google_chunk>>(
            "google", {google("one", "7")}, google(" two", "19"), {google(" three", "20")}),
    };
}

}  // namespace conclave::testing
