// The library: framing alone, the general reader, and the reader with its templates.

#include <conclave/sse/parser.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/anthropic_event.hpp>
#include <conclave/wire/detail/chat_chunk.hpp>
#include <conclave/wire/detail/delta_reader.hpp>
#include <conclave/wire/detail/google_chunk.hpp>
#include <conclave/wire/detail/responses_event.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

sse::parser_options without_limits() {
    sse::parser_options options;
    options.max_line_size = options.max_event_size = std::size_t{1} << 30;
    return options;
}

// Feeds a parser from a source, and calls `take` whenever there may be events.
template <class Take>
void feed(sse::parser& events, source& from, Take&& take) {
    events.reset();
    for (;;) {
        const std::span<char> room = events.prepare(from.largest());
        const std::size_t size = from.read(room.data());
        if (size == 0) return;
        events.commit(room.first(size));
        take();
    }
}

class framing final : public contender {
public:
    CONCLAVE_INLINED void run(source& from, sink& to) override {
        feed(events_, from, [&] {
            while (const sse::event* found = events_.next())
                to.event(found->type, found->data);
        });
    }

private:
    sse::parser events_{without_limits()};
};

// The reader of chat chunks, as those of the other formats are.
class chat_event {
public:
    static constexpr wire::template_rules rules = wire::detail::chat_chunk::rules;

    bool read(std::string_view data, delta& piece) {
        wire::detail::chat_chunk::content content;
        if (chunk_.read(data, rest_, piece, content) || content.has_error) return false;
        return content.finish.empty() && !content.has_usage;
    }

private:
    wire::detail::chat_chunk chunk_;
    completion rest_;
};

template <class EventReader>
class general final : public contender {
public:
    CONCLAVE_INLINED void run(source& from, sink& to) override {
        feed(events_, from, [&] {
            while (const sse::event* found = events_.next()) {
                delta piece;
                reader_.read(found->data, piece);
                to.delta(piece.text);
            }
        });
    }

private:
    sse::parser events_{without_limits()};
    EventReader reader_;
};

template <class EventReader>
class with_templates final : public contender {
public:
    CONCLAVE_INLINED void run(source& from, sink& to) override {
        feed(events_, from, [&] {
            delta piece;
            while (reader_.next(events_, piece))
                to.delta(piece.text);
        });
    }

private:
    sse::parser events_{without_limits()};
    wire::detail::delta_reader<EventReader> reader_;
};

template <template <class> class Contender>
std::unique_ptr<contender> make(const corpus& of) {
    switch (of.wire) {
        case format::chat_completions: return std::make_unique<Contender<chat_event>>();
        case format::anthropic_messages:
            return std::make_unique<Contender<wire::detail::anthropic_event>>();
        case format::responses: return std::make_unique<Contender<wire::detail::responses_event>>();
        case format::google: return std::make_unique<Contender<wire::detail::google_chunk>>();
        case format::none: break;
    }
    return nullptr;
}

}  // namespace

std::unique_ptr<contender> make_framing(const corpus&) { return std::make_unique<framing>(); }
std::unique_ptr<contender> make_general(const corpus& of) { return make<general>(of); }
std::unique_ptr<contender> make_delta(const corpus& of) { return make<with_templates>(of); }

}  // namespace conclave::benchmarks
