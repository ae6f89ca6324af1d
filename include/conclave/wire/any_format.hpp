#pragma once

#include <string_view>
#include <type_traits>
#include <variant>

#include <conclave/sse/parser.hpp>
#include <conclave/wire/anthropic_messages.hpp>
#include <conclave/wire/chat_completions.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/format.hpp>
#include <conclave/wire/google_generate_content.hpp>

namespace conclave::wire {

/// One of the formats, with what is particular to an endpoint.
using any_format = std::variant<chat_completions, anthropic_messages, google_generate_content>;

namespace detail {

template <class Formats>
struct readers_of;

template <format... Format>
struct readers_of<std::variant<Format...>> {
    using type = std::variant<typename Format::stream_reader...>;
};

}  // namespace detail

/// Reads one streamed answer of whichever format.
class any_stream_reader {
public:
    /// A reader for an answer of `of`.
    explicit any_stream_reader(const any_format& of) {
        std::visit(
            [&](const auto& format) {
                using reader = typename std::decay_t<decltype(format)>::stream_reader;
                reader_.template emplace<reader>();
            },
            of);
    }

    /// Reads the events that `events` has, and calls `on_piece(const delta&)` for each that has
    /// something to show.
    template <class Handler>
    void read_all(sse::parser& events, Handler&& on_piece) {
        std::visit(
            [&](auto& reader) {
                delta piece;
                while (reader.next(events, piece)) {
                    if (!piece.empty()) on_piece(piece);
                }
            },
            reader_);
    }

    /// Where the answer stands.
    stream_status state() const {
        return std::visit([](const auto& reader) { return reader.state(); }, reader_);
    }
    /// Says that the stream has ended, with these stray lines in it.
    stream_status finish(std::string_view stray) {
        return std::visit([&](auto& reader) { return reader.finish(stray); }, reader_);
    }
    /// The answer so far.
    completion& result() {
        return std::visit([](auto& reader) -> completion& { return reader.result(); }, reader_);
    }
    /// Why the answer failed, once it has.
    const failure& error() const {
        return std::visit([](const auto& reader) -> const failure& { return reader.error(); },
                          reader_);
    }

private:
    typename detail::readers_of<any_format>::type reader_;
};

}  // namespace conclave::wire
