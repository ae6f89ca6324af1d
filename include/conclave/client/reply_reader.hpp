#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include <conclave/http/head.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/completion.hpp>

namespace conclave::detail {

/// The most that is read of a body that matters less than the status before it, in bytes.
inline constexpr std::size_t small_body_size = std::size_t{64} << 10;

/// Who reads the reply that an attempt gets, on the call's strand: one for each attempt.
class reply_reader {
public:
    /// The head of a reply with a status of success, read at `now`; comes before all of its body.
    virtual void read_head(const http::response_head& head,
                           std::chrono::system_clock::time_point now) = 0;
    /// Reads a body that is no stream. Returns why it is no answer, or nothing if it is one.
    virtual std::optional<wire::failure> read_whole(std::string_view body) = 0;
    /// Reads the events of a stream that `events` has. Returns whether there was a piece of the
    /// answer in them.
    virtual bool read_events(sse::parser& events) = 0;
    /// Where the stream stands.
    virtual wire::stream_status state() const = 0;
    /// Says that the stream has ended, with these stray lines in it.
    virtual wire::stream_status finish(std::string_view stray) = 0;
    /// Why the stream failed, once it has.
    virtual const wire::failure& failure() const = 0;
    /// Bytes of text that the stream has brought so far.
    virtual std::size_t size() = 0;

    /// Whether a reply with an error status is an answer all the same.
    virtual bool read_error_body(int /*status*/, std::string_view /*body*/) { return false; }
    /// How much of the body of such a reply is worth reading, in bytes.
    virtual std::size_t error_body_size() const { return small_body_size; }
    /// Whether the limits on the first piece of an answer and on the pauses in it hold.
    virtual bool is_paced() const { return true; }
    /// Whether `ready` would wait; asked after every read.
    virtual bool is_full() const noexcept { return false; }
    /// Completes when there is room for more.
    virtual asio::awaitable<void> ready() { co_return; }

protected:
    ~reply_reader() = default;
};

}  // namespace conclave::detail
