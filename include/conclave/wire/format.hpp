#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/sse/event.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/call.hpp>
#include <conclave/wire/completion.hpp>

namespace conclave::wire {

/// What reads one streamed answer of a format: see `chat_completions::stream_reader`, which says
/// what each function is to do.
template <class T>
concept stream_reader = std::default_initializable<T> &&
    requires(T reader, const T& constant, sse::parser& events, const sse::event& event,
             delta& piece) {
    { reader.next(events, piece) } -> std::same_as<bool>;
    { constant.state() } -> std::same_as<typename T::status>;
    { reader.read(event, piece) } -> std::same_as<typename T::status>;
    { reader.finish() } -> std::same_as<typename T::status>;
    { reader.result() } -> std::same_as<completion&>;
    { constant.error() } -> std::same_as<const failure&>;
    T::status::more;
    T::status::done;
    T::status::failed;
};

/// What every provider's format offers: writing a request, and reading a whole reply, an error and
/// a stream. `chat_completions` says what each function is to do.
template <class T>
concept format = std::default_initializable<typename T::options> &&
    stream_reader<typename T::stream_reader> &&
    requires(const call& what, std::string_view text, bool stream,
             const typename T::options& options, std::string& out, completion& answer, int status) {
    { T::path } -> std::convertible_to<std::string_view>;
    {
        T::write_request(what, text, stream, options, out)
        } -> std::same_as<std::vector<std::string>>;
    { T::read_reply(text, answer) } -> std::same_as<std::optional<failure>>;
    { T::read_error(status, text) } -> std::same_as<failure>;
};

}  // namespace conclave::wire
