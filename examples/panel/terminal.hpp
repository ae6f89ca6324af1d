#pragma once

#include "view.hpp"

#include <cstddef>
#include <string_view>
#include <system_error>
#include <vector>

namespace panel {

/// Whether standard output is a terminal that can move its cursor.
bool output_is_terminal();

/// Its size, 80 by 24 if it does not say.
screen_size terminal_size();

/// Writes all of it to standard output, at once if the system takes it. Reports what the system
/// does if it does not take it.
std::error_code write_output(std::string_view text);

/// The last lines of a terminal, drawn again and again in place. What was above them scrolls as
/// ever, and the last picture stays. The destructor leaves the cursor as it was found.
class screen {
public:
    screen() = default;
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;
    ~screen() { release(); }

    /// Shows this in place of what is shown, in one write. Does nothing if nothing changed.
    void draw(const lines& picture, screen_size size);

    /// Leaves what is shown where it is; a further `draw` begins below it. `last_words` go under
    /// it.
    void release(std::string_view last_words = {});

private:
    std::size_t rows_shown(std::size_t columns) const;

    lines shown_;
    std::vector<std::size_t> widths_;
    screen_size size_;
    bool active_ = false;
};

}  // namespace panel
