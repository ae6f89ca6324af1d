#include "terminal.hpp"

#include "text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace panel {

namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
// A line measured too short must not break in two, or the cursor would not find back.
constexpr std::string_view cut_long_lines = "\x1b[?7l";
constexpr std::string_view break_long_lines = "\x1b[?7h";
constexpr std::string_view clear_line_end = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";
constexpr std::string_view plain_colours = "\x1b[0m";

// The columns of a line that may have colours in it.
std::size_t painted_columns(std::string_view line) {
    std::size_t used = 0;
    while (!line.empty()) {
        const std::size_t escape = std::min(line.find('\x1b'), line.size());
        used += columns_of(line.substr(0, escape));
        line.remove_prefix(escape);
        line.remove_prefix(line.empty() ? 0 : std::min(line.find('m') + 1, line.size()));
    }
    return used;
}

}  // namespace

bool output_is_terminal() {
    const char* kind = std::getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

screen_size terminal_size() {
    winsize reported{};
    screen_size size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &reported) == 0 && reported.ws_col > 0 &&
        reported.ws_row > 0) {
        size.columns = reported.ws_col;
        size.rows = reported.ws_row;
    }
    return size;
}

std::error_code write_output(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno != EINTR) return {errno, std::generic_category()};
        if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// Terminals break lines anew when they get narrower, so that what was one row is now two.
std::size_t screen::rows_shown(std::size_t columns) const {
    std::size_t rows = 0;
    for (const std::size_t width : widths_)
        rows += std::max<std::size_t>((width + columns - 1) / columns, 1);
    return rows;
}

void screen::draw(const lines& picture, screen_size size) {
    if (active_ && picture == shown_ && size == size_) return;
    std::string out(active_ ? "" : hide_cursor);
    out += cut_long_lines;
    out += '\r';
    if (const std::size_t rows = rows_shown(size.columns); rows > 0) {
        out += "\x1b[" + std::to_string(rows) + 'A';
    }
    widths_.clear();
    for (const std::string& line : picture) {
        out += line;
        out += clear_line_end;
        out += "\r\n";
        widths_.push_back(painted_columns(line));
    }
    out += clear_below;
    out += break_long_lines;
    write_output(out);
    shown_ = picture;
    size_ = size;
    active_ = true;
}

void screen::release(std::string_view last_words) {
    if (!active_) return;
    // Control-C makes the system drop what the terminal has not yet shown, be it the half of a
    // picture: what its end would have undone is undone here.
    std::string out(plain_colours);
    out += break_long_lines;
    if (!last_words.empty()) {
        // Over the ^C that the terminal may have shown.
        out.append("\r").append(last_words).append(clear_line_end).append("\r\n");
    }
    out += show_cursor;
    write_output(out);
    shown_.clear();
    widths_.clear();
    active_ = false;
}

}  // namespace panel
