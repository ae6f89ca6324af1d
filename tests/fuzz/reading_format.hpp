// A format, from any bytes: as a whole reply, as an error's body and as a stream. A stream says the
// same however it is cut, and the pieces handed out are the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <conclave/json/document.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/format.hpp>

namespace fuzzing {

namespace wire = conclave::wire;
namespace sse = conclave::sse;
using conclave::completion;
using conclave::delta;

inline void require(bool condition) {
    if (!condition) std::abort();
}

inline void check_line(const std::string& text) {
    require(simdjson::validate_utf8(text));
    require(text.size() < 1100);
    for (const char c : text)
        require(static_cast<unsigned char>(c) >= 0x20);
}

inline void check(const wire::failure& failure) {
    require(!failure.message.empty());
    check_line(failure.message);
    check_line(failure.provider_code);
    check_line(failure.request_id);
}

inline void check(const completion& answer) {
    for (const std::string& text : {answer.text, answer.reasoning, answer.refusal, answer.model}) {
        require(simdjson::validate_utf8(text));
    }
    for (const std::string& note : answer.notes)
        check_line(note);
    if (answer.usage) {
        require(answer.usage->input_tokens >= 0 && answer.usage->output_tokens >= 0);
    }
    if (answer.cost) require(*answer.cost >= 0);
    require(answer.tool_calls.size() <= 128);
    require(answer.reasoning_parts.size() <= 512);
    for (const conclave::reasoning_part& part : answer.reasoning_parts)
        require(conclave::json::is_object_text(part.json));
}

struct reading {
    bool done = false;
    completion answer;
    wire::failure error;
};

template <wire::stream_reader Reader>
reading read_stream(std::string_view stream, std::size_t step) {
    Reader answer;
    sse::parser events;
    std::string pieces;
    const auto on_event = [&](const sse::event& event) {
        delta piece;
        answer.read(event, piece);
        pieces.append(piece.text).append(piece.reasoning).append(piece.refusal);
    };
    for (std::size_t at = 0; at < stream.size(); at += step) {
        events.feed(stream.substr(at, step), on_event);
    }
    events.finish(on_event);
    const bool done = answer.finish(events.stray_lines()) == wire::stream_status::done;
    if (!done) check(answer.error());
    const completion& result = answer.result();
    check(result);
    require(pieces.size() == result.text.size() + result.reasoning.size() + result.refusal.size());
    return {done, result, answer.error()};
}

template <wire::format Format>
int check_format(const std::uint8_t* bytes, std::size_t size) {
    using reader = typename Format::stream_reader;
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);

    completion whole;
    if (const auto failed = Format::read_reply(input, whole)) {
        check(*failed);
    } else {
        check(whole);
    }
    check(Format::read_error(500, input));

    const reading at_once = read_stream<reader>(input, size + 1);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
        const reading cut = read_stream<reader>(input, step);
        require(cut.done == at_once.done);
        require(cut.answer.text == at_once.answer.text);
        require(cut.answer.reasoning == at_once.answer.reasoning);
        require(cut.answer.refusal == at_once.answer.refusal);
        require(cut.answer.usage == at_once.answer.usage);
        require(cut.answer.tool_calls == at_once.answer.tool_calls);
        require(cut.answer.reasoning_parts == at_once.answer.reasoning_parts);
        require(cut.answer.finish == at_once.answer.finish);
        require(cut.answer.notes == at_once.answer.notes);
        require(cut.answer.cost == at_once.answer.cost);
        require(cut.error.message == at_once.error.message);
    }
    return 0;
}

}  // namespace fuzzing
