#pragma once

#include <string_view>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/odd_data.hpp>
#include <conclave/wire/detail/stream_end.hpp>
#include <conclave/wire/template_set.hpp>

namespace conclave::wire {

/// What the stream readers of all formats have in common. Each reads one streamed answer, event by
/// event, most of them by a template; after an event or two it allocates for nothing but the
/// growing `result`.
///
/// `Derived` is the reader of one format. It has `bool read_by_fields(const sse::event&, delta&)`,
/// which reads an event and returns whether there is nothing in it but the piece, and may have
/// `void end(std::string_view stray)`, which judges an answer that goes on at the stream's end.
/// `EventReader` reads the format's events, and has the `rules` of their templates.
template <class Derived, class EventReader>
class answer_reader {
public:
    /// Takes the next event from `events` and reads it. What is new in the answer is appended to
    /// `result`, and shown in `piece`: views that are valid until the next read or until the
    /// parser's buffer moves. Returns false, with `piece` empty, if there is no event until more
    /// bytes come, or none is wanted, as `state` tells.
    bool next(sse::parser& events, delta& piece) {
        piece = {};
        if (status_ != stream_status::more) return false;
        const auto how = templates_.next(
            events, piece, [this](const sse::event& event, delta& to) { return take(event, to); });
        if (how == found::nothing) return false;
        keep(piece);
        return true;
    }

    /// Reads one event, behind whose data `json::field_reader::padding` bytes are readable, as
    /// `next` does: for those who take the events from a parser themselves.
    stream_status read(const sse::event& event, delta& piece) {
        piece = {};
        if (status_ != stream_status::more || event.kind != sse::event_kind::message)
            return status_;
        templates_.read(event, piece,
                        [this](const sse::event& each, delta& to) { return take(each, to); });
        keep(piece);
        return status_;
    }

    /// Where the answer stands.
    stream_status state() const noexcept { return status_; }

    /// Says that the stream has ended. An answer that was not complete then, as its format has it,
    /// is `errc::truncated_stream`, or what `stray`, the parser's stray lines, tells of an error.
    stream_status finish(std::string_view stray = {}) {
        if (status_ == stream_status::more) self().end(stray);
        return status_;
    }

    /// The answer so far.
    completion& result() noexcept { return result_; }

    /// Why the answer failed; means something once `stream_status::failed` was returned.
    const failure& error() const noexcept { return error_; }

    /// How many events were read by a template, and how many were not.
    const template_set& templates() const noexcept { return templates_; }

protected:
    void complete() noexcept { status_ = stream_status::done; }

    void fail(failure why) {
        error_ = std::move(why);
        status_ = stream_status::failed;
    }

    // The stream has ended too early.
    void end(std::string_view stray) {
        fail(detail::early_end(stray, "the stream ended before the answer was complete"));
    }

    // Says what the data of an event is that is not a JSON object. Nonsense is a failure; the rest
    // is for the format to judge, or for `finish`.
    detail::odd_data read_odd_data(const sse::event& event) {
        const detail::odd_data what = detail::judge_odd_data(event);
        if (what == detail::odd_data::nonsense)
            fail(detail::not_json("an event of the stream is not JSON: ", event.data));
        return what;
    }

    EventReader event_;
    completion result_;

private:
    friend Derived;
    answer_reader() = default;

    Derived& self() noexcept { return static_cast<Derived&>(*this); }

    bool take(const sse::event& event, delta& piece) {
        return event.kind == sse::event_kind::message && self().read_by_fields(event, piece);
    }

    void keep(const delta& piece) {
        result_.text += piece.text;
        result_.reasoning += piece.reasoning;
        result_.refusal += piece.refusal;
    }

    template_set templates_{EventReader::rules};
    failure error_;
    stream_status status_ = stream_status::more;
};

}  // namespace conclave::wire
