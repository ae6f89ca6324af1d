#pragma once

#include "state.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace panel {

/// What a piece of text means; a terminal shows it by colour.
enum class style { plain, strong, faint, good, bad, warning };

/// Puts colours around text, or leaves it as it is.
class painter {
public:
    explicit painter(bool colours) : colours_(colours) {}

    std::string operator()(style meaning, std::string_view text) const;

private:
    bool colours_;
};

/// A terminal's size in characters.
struct screen_size {
    std::size_t columns = 80;
    std::size_t rows = 24;

    /// How wide a line may be. A terminal's last column is left empty: what follows a character
    /// there may act on it.
    std::size_t line_width() const noexcept { return columns > 1 ? columns - 1 : 1; }

    friend bool operator==(const screen_size&, const screen_size&) = default;
};

/// Wide enough that no line is broken.
inline constexpr std::size_t unbounded = static_cast<std::size_t>(-1) / 2;

using lines = std::vector<std::string>;

/// What stands above it all: who is asked, and what.
lines opening_block(std::string_view notice, std::string_view question, std::size_t width,
                    const painter& paint);

/// A running roundtable, in at most `size.rows - 1` lines, none wider than `size.line_width()`.
lines live_frame(const panel_state& state, screen_size size, const painter& paint,
                 milliseconds now);

/// A seat that has ended: its mark, time, tokens and cost, and at most `most_lines` of its answer.
lines seat_block(const pane& seat, std::size_t width, const painter& paint, std::size_t most_lines);

/// What the panel came to, and the totals. Only when `state.response` is there.
lines outcome_block(const panel_state& state, std::size_t width, const painter& paint);

/// All of it: what stays on the screen.
lines final_picture(const panel_state& state, std::size_t width, const painter& paint);

}  // namespace panel
