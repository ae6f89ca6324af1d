#pragma once

#include <cstdint>
#include <string_view>

#include <conclave/sse/event.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/template_set.hpp>

namespace conclave::wire::detail {

// Reads the deltas of a stream, and nothing else, with one of the small readers beside this header:
// classes with `static constexpr template_rules rules` and `bool read(std::string_view data, delta&
// piece)`, which returns whether there is nothing in an event's payload but the piece.
template <class EventReader>
class delta_reader {
public:
    // Reads the next event of `events`; false if there is none until more bytes come. `piece` is
    // valid until the next call, or `prepare` of the parser.
    bool next(sse::parser& events, delta& piece) {
        const auto how = templates_.next(
            events, piece, [this](const sse::event& event, delta& to) { return read(event, to); });
        return how != found::nothing;
    }

    const template_set& templates() const noexcept { return templates_; }

private:
    // With all it calls put into it, which compilers do not do by themselves and is worth a fifth.
    [[gnu::noinline, gnu::flatten]] bool read(const sse::event& event, delta& piece) {
        return event.kind == sse::event_kind::message && reader_.read(event.data, piece);
    }

    EventReader reader_;
    template_set templates_{EventReader::rules};
};

}  // namespace conclave::wire::detail
