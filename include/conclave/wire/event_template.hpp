#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <conclave/wire/completion.hpp>

namespace conclave::wire {

/// What may stand between two literals of an `event_template`.
enum class hole : std::uint8_t {
    /// Nothing: the event ends.
    end,
    /// The inside of a JSON string: the piece of the answer, at least one byte.
    target,
    /// The inside of a JSON string that nobody looks at: ASCII without escapes.
    noise,
    /// An integer that nobody looks at, of 1 to 15 digits.
    integer,
    /// Spaces, at most 31.
    spaces,
};

/// The bytes of one event, framing and blank line included, as literals with holes in between.
///
/// What a stream of a language model repeats a thousand times is the envelope; comparing it with
/// the one before is a tenth of the work of parsing it. Every byte of a literal is compared and
/// what is in a hole is validated, so that a match proves the event to be that event with other
/// text in it.
class event_template {
public:
    /// A literal and what follows it. To be compared are all of `whole` blocks, and of the block
    /// behind them the bytes whose bits are set in `rest`: one at least. In halves of blocks that
    /// is all of `whole_halves`, and the bytes of the half behind them but the last `padding`.
    struct segment {
        std::uint64_t rest;
        std::uint32_t begin;  // offset of the literal
        std::uint16_t size;   // in bytes
        std::uint8_t whole;
        std::uint8_t whole_halves;
        std::uint8_t padding;
        hole after;
    };
    /// Literals are compared in blocks of so many bytes, and kept in whole ones.
    static constexpr std::size_t block_size = 64;
    /// The most literals of a template.
    static constexpr std::size_t max_segments = 12;
    /// The most blocks of all its literals together.
    static constexpr std::size_t max_blocks = 40;
    /// The most bytes of all its literals together.
    static constexpr std::size_t max_size = max_blocks * block_size;

    /// Matches nothing: it is longer than any event.
    event_template() noexcept { clear(); }

    /// Whether it matches nothing because nothing was learned.
    bool empty() const noexcept { return segment_count_ == 0; }
    /// Forgets everything.
    void clear() noexcept {
        segment_count_ = block_count_ = end_size_ = 0;
        size_ = nothing;
        field_ = &delta::text;
    }

    /// Appends a literal and the hole after it; the last literal has an LF in it. Returns false if
    /// there is no room, or the literal is empty.
    bool add(std::string_view literal, hole after) noexcept {
        const std::size_t blocks = (literal.size() + block_size - 1) / block_size;
        if (literal.empty() || segment_count_ == max_segments ||
            block_count_ + blocks > max_blocks) {
            return false;
        }
        const std::size_t rest = literal.size() - (blocks - 1) * block_size;
        segments_[segment_count_++] = {~std::uint64_t{0} >> (block_size - rest),
                                       static_cast<std::uint32_t>(block_count_ * block_size),
                                       static_cast<std::uint16_t>(literal.size()),
                                       static_cast<std::uint8_t>(blocks - 1),
                                       static_cast<std::uint8_t>((literal.size() - 1) / 32),
                                       static_cast<std::uint8_t>(31 - (literal.size() - 1) % 32),
                                       after};
        char* const begin = bytes_.data() + block_count_ * block_size;
        std::memcpy(begin, literal.data(), literal.size());
        std::memset(begin + literal.size(), 0, block_size - rest);
        block_count_ += blocks;
        size_ = (size_ == nothing ? 0 : size_) + literal.size();
        if (after == hole::end) end_size_ = literal.size() - literal.find('\n');
        return true;
    }

    /// Says which part of a `delta` the target is.
    void set_field(std::string_view delta::*field) noexcept { field_ = field; }
    /// Which part of a `delta` the target is.
    std::string_view delta::*field() const noexcept { return field_; }

    /// Bytes of all literals: an event cannot be shorter.
    std::size_t size() const noexcept { return size_; }
    /// The literals in order; the last is followed by `hole::end`.
    const segment* segments() const noexcept { return segments_.data(); }
    /// Of these, from the first LF behind the last hole on.
    std::size_t end_size() const noexcept { return end_size_; }
    /// A segment's literal; zeros fill its last block.
    const char* literal(const segment& of) const noexcept { return bytes_.data() + of.begin; }

private:
    // half of all, as it is compared with a sign
    static constexpr std::size_t nothing = ~std::size_t{0} / 2;

    std::size_t segment_count_;
    std::size_t block_count_;
    std::size_t size_;
    std::size_t end_size_;
    std::string_view delta::*field_;
    std::array<segment, max_segments> segments_;
    alignas(block_size) std::array<char, max_size> bytes_;
};

}  // namespace conclave::wire
