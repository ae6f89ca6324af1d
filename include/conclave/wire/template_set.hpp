#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include <conclave/json/detail/unescape.hpp>
#include <conclave/sse/event.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/template_matcher.hpp>
#include <conclave/wire/event_template.hpp>
#include <conclave/wire/template_learner.hpp>

namespace conclave::wire {

/// How `template_set::next` came by an event.
enum class found : std::uint8_t {
    /// There is none: more bytes are needed, or the stream is over or failed.
    nothing,
    /// A template matched: all there is to know of the event is in the delta.
    by_template,
    /// The format's reader read it.
    by_reader,
};

/// The templates of one stream: events that look like one before are read by comparing, all others
/// by the format's own reader, from which this learns. To the outside that makes no difference but
/// of speed.
///
/// A format's reader is a function `bool read(const sse::event&, delta&)` that returns whether the
/// event holds nothing but the delta, which is the text of one of its strings or empty: if so,
/// another that differs only in that text and in what the rules name must mean the same.
class template_set {
public:
    /// `rules` must outlive the set.
    explicit template_set(const template_rules& rules) : learner_(rules) {}

    /// Takes the next event from `events` and reads it into `piece`, by a template or with `read`.
    /// The views in `piece` are valid until the next call, or `prepare` of the parser.
    template <class Reader>
    found next(sse::parser& events, delta& piece, Reader&& read) {
        clear(piece);
        const std::string_view bytes = events.unframed();
        if (const std::size_t size = match(0, bytes, piece)) [[likely]] {
            events.skip(size);
            return found::by_template;
        }
        return next_after_first(events, bytes, piece, read);
    }

    /// Reads an event that was taken from a parser.
    template <class Reader>
    found read(const sse::event& event, delta& piece, Reader&& read) {
        clear(piece);
        if (match_whole(event.raw, piece)) return found::by_template;
        read_and_learn(event, piece, read);
        return found::by_reader;
    }

    /// Events that were read by a template.
    std::uint64_t hits() const noexcept {
        return std::accumulate(hits_.begin(), hits_.end(), earlier_hits_);
    }
    /// Events that the format's reader read.
    std::uint64_t misses() const noexcept { return misses_; }

private:
    // Enough for the kinds of events that one stream has by turns: text, reasoning, tool arguments,
    // pings, begins and ends of blocks.
    static constexpr std::size_t max_templates = 6;
    // A template has paid off when it has been used so often.
    static constexpr std::uint64_t worth_while = 4;
    static constexpr std::uint32_t longest_pause = 128;

    static void clear(delta& piece) noexcept {
        piece.text = {};
        piece.reasoning = {};
        piece.refusal = {};
        piece.restart = false;
    }

    // Kept out of `next`, which is short without it.
    template <class Reader>
    [[gnu::noinline]] found next_after_first(sse::parser& events, std::string_view bytes,
                                             delta& piece, Reader& read) {
        if (!bytes.empty()) {
            // Of an event that ended in CRLF the LF is left, if the parser has framed it.
            const bool after_cr = bytes.front() == '\n';
            if (after_cr) {
                events.skip(1);
                bytes = events.unframed();
            }
            std::size_t size = after_cr ? match(0, bytes, piece) : 0;
            if (size == 0) size = match_others(bytes, piece);
            if (size != 0) {
                events.skip(size);
                return found::by_template;
            }
        }
        const sse::event* const event = events.next();
        if (event == nullptr) return found::nothing;
        // unless that has just been tried
        if (event->raw.data() != bytes.data() && match_whole(event->raw, piece)) {
            return found::by_template;
        }
        read_and_learn(*event, piece, read);
        return found::by_reader;
    }

    // The size of the event that `bytes` begins with, 0 if the template of that rank does not
    // match.
    std::size_t match(std::size_t rank, std::string_view bytes, delta& piece) {
        const event_template& expected = templates_[order_[rank]];
        std::string_view& target = piece.*expected.field();
        bool escaped = false;
        const std::size_t size = matcher_(expected, bytes, target, escaped);
        if (size == 0) [[unlikely]] {
            target = {};
            return 0;
        }
        ++hits_[order_[rank]];
        if (escaped) {
            unescaped_.clear();
            target = unescaped_.unescape(target, target.size());
        }
        return size;
    }

    std::size_t match_others(std::string_view bytes, delta& piece) {
        for (std::size_t rank = 1; rank < templates_.size(); ++rank) {
            if (bytes.size() < templates_[order_[rank]].size()) continue;
            if (const std::size_t size = match(rank, bytes, piece)) {
                use(rank);
                return size;
            }
        }
        return 0;
    }

    // A template ends with the blank line of an event, so it matches all of one or none.
    bool match_whole(std::string_view raw, delta& piece) {
        return match(0, raw, piece) != 0 || match_others(raw, piece) != 0;
    }

    template <class Reader>
    void read_and_learn(const sse::event& event, delta& piece, Reader& read) {
        ++misses_;
        if (read(event, piece)) learn(event, piece);
    }

    [[gnu::noinline]] void learn(const sse::event& event, const delta& piece) {
        if (pause_ != 0) {
            --pause_;
            if (pause_ % 16 == 0 && hits_[newest_] == 0) templates_[newest_].clear();
            return;
        }
        if (event.raw.empty() || event.raw.size() > event_template::max_size) return;
        std::string_view delta::*field = nullptr;
        for (const auto each : {&delta::text, &delta::reasoning, &delta::refusal}) {
            if ((piece.*each).empty()) continue;
            if (field != nullptr) return;
            field = each;
        }
        if (field == nullptr) {
            if (!learner_.learns_empty()) return;
            field = &delta::text;
        }
        take_stock();
        event_template& out = templates_[newest_];
        if (learner_.learn(event.raw, event.data, piece.*field, out)) {
            out.set_field(field);
            use(templates_.size() - 1);
        } else {
            out.clear();
        }
    }

    // Where events do not repeat, as in a stream whose every event has its own id, learning from
    // each would be a waste, and so would be trying the templates made of them: when several have
    // not paid off, the pauses between two attempts grow, and what was of no use is forgotten.
    void take_stock() {
        fruitless_ = hits_[newest_] < worth_while ? fruitless_ + 1 : 0;
        const bool in_vain = fruitless_ > max_templates;
        if (in_vain) pause_ = std::min(2U << (fruitless_ - max_templates), longest_pause);
        for (std::size_t i = 0; i < templates_.size(); ++i) {
            if (in_vain && hits_[i] == 0) templates_[i].clear();
            earlier_hits_ += hits_[i];
            hits_[i] = 0;
        }
        fruitless_ = std::min<std::uint32_t>(fruitless_, 16);
        newest_ = order_[place_for_one_more()];
    }

    // The rank of a template that may be overwritten: one that matches nothing, else a new one
    // while there is room, else the one that was not used for the longest time. They are large, and
    // few streams have more than two.
    std::size_t place_for_one_more() {
        const std::size_t last = templates_.size() - 1;
        if (templates_[order_[last]].empty() || templates_.size() == max_templates) return last;
        templates_.reserve(templates_.size() + 1);
        templates_.emplace_back();
        return last + 1;
    }

    // Moves the template of that rank to the front.
    void use(std::size_t rank) noexcept {
        const std::uint8_t used = order_[rank];
        for (; rank > 0; --rank)
            order_[rank] = order_[rank - 1];
        order_[0] = used;
    }

    detail::template_matcher matcher_ = detail::best_template_matcher();
    std::vector<event_template> templates_ = std::vector<event_template>(1);
    std::array<std::uint8_t, max_templates> order_{0, 1, 2, 3, 4, 5};  // a permutation
    template_learner learner_;
    json::detail::unescape_buffer unescaped_;
    std::array<std::uint64_t, max_templates> hits_{};  // of each template, since one was learned
    std::uint64_t earlier_hits_ = 0;
    std::uint64_t misses_ = 0;
    std::uint8_t newest_ = 0;      // the template learned last
    std::uint32_t fruitless_ = 0;  // how many learned one after another did not pay off
    std::uint32_t pause_ = 0;      // from so many events nothing is learned
};

}  // namespace conclave::wire
