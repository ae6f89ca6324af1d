#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/http/fields.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>

namespace conclave::wire {

/// What reads one streamed answer of a format: see `answer_reader`, which says what each
/// function is to do.
template <class T>
concept stream_reader = std::default_initializable<T> &&
    requires(T reader, const T& constant, sse::parser& events, const sse::event& event,
             std::string_view stray, delta& piece) {
    { reader.next(events, piece) } -> std::same_as<bool>;
    { constant.state() } -> std::same_as<stream_status>;
    { reader.read(event, piece) } -> std::same_as<stream_status>;
    { reader.finish(stray) } -> std::same_as<stream_status>;
    { reader.result() } -> std::same_as<completion&>;
    { constant.error() } -> std::same_as<const failure&>;
};

/// What every provider's format offers: writing a request, and reading a whole reply, an error and
/// a stream. Its own members say in what an endpoint differs from the next of the format.
/// `chat_completions` says what each function is to do.
template <class T>
concept format = std::copyable<T> && std::default_initializable<T> &&
    stream_reader<typename T::stream_reader> &&
    requires(const T& self, const call& what, std::string_view text, bool stream, std::string& out,
             completion& answer, int status) {
    { self.target(text, stream) } -> std::same_as<std::string>;
    { self.models_target() } -> std::same_as<std::string>;
    { self.header(text) } -> std::same_as<std::vector<http::field>>;
    { self.write_request(what, text, stream, out) } -> std::same_as<std::vector<std::string>>;
    { self.read_reply(text, answer) } -> std::same_as<std::optional<failure>>;
    { self.read_error(status, text) } -> std::same_as<failure>;
};

}  // namespace conclave::wire
