#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace panel {

namespace {

struct code_point_range {
    char32_t first;
    char32_t last;
};

// Marks that stand over the character before them.
constexpr std::array<code_point_range, 9> zero_width = {{{0x300, 0x36f},
                                                         {0x483, 0x489},
                                                         {0x591, 0x5bd},
                                                         {0x64b, 0x65f},
                                                         {0x200b, 0x200f},
                                                         {0x20d0, 0x20ff},
                                                         {0xfe00, 0xfe0f},
                                                         {0xfe20, 0xfe2f},
                                                         {0xe0100, 0xe01ef}}};

// Roughly those that terminals draw over two columns. One too many only shortens a line.
constexpr std::array<code_point_range, 16> double_width = {{{0x1100, 0x115f},
                                                            {0x231a, 0x231b},
                                                            {0x23e9, 0x23f3},
                                                            {0x2614, 0x2615},
                                                            {0x2705, 0x2705},
                                                            {0x274c, 0x274e},
                                                            {0x2753, 0x2757},
                                                            {0x2b50, 0x2b55},
                                                            {0x2e80, 0xa4cf},
                                                            {0xa960, 0xa97f},
                                                            {0xac00, 0xd7a3},
                                                            {0xf900, 0xfaff},
                                                            {0xfe30, 0xfe6f},
                                                            {0xff00, 0xff60},
                                                            {0xffe0, 0xffe6},
                                                            {0x1f000, 0x3fffd}}};

template <std::size_t Count>
bool is_in(const std::array<code_point_range, Count>& ranges, char32_t code_point) {
    return std::any_of(ranges.begin(), ranges.end(), [code_point](const code_point_range& range) {
        return range.first <= code_point && code_point <= range.last;
    });
}

struct decoded {
    char32_t code_point;
    std::size_t length;
};

constexpr char32_t not_utf8 = 0xfffd;

// The first character of text that is not empty; a byte that begins none is one by itself.
decoded first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {not_utf8, 1};
    char32_t value = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0U) != 0x80) return {not_utf8, 1};
        value = (value << 6U) | (byte & 0x3fU);
    }
    constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < smallest[length] || value > 0x10ffff || surrogate) return {not_utf8, 1};
    return {value, length};
}

bool drives_terminal(char32_t code_point) {
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) ||
           (code_point >= 0x202a && code_point <= 0x202e) ||
           (code_point >= 0x2066 && code_point <= 0x2069);
}

std::size_t width_of(char32_t code_point) {
    if (is_in(zero_width, code_point)) return 0;
    return is_in(double_width, code_point) ? 2 : 1;
}

// How many bytes of the text fit, in whole characters; at least one of them.
std::size_t bytes_that_fit(std::string_view text, std::size_t width) {
    std::size_t used = 0;
    std::size_t end = 0;
    while (end < text.size()) {
        const decoded next = first_character(text.substr(end));
        used += width_of(next.code_point);
        if (used > width && end != 0) break;
        end += next.length;
    }
    return end;
}

void wrap_line(std::string_view line, std::size_t width, std::vector<std::string>& out) {
    while (true) {
        const std::size_t fits = bytes_that_fit(line, width);
        if (fits == line.size()) break;
        std::size_t cut = line.rfind(' ', fits);
        const bool only_indentation = cut != line.npos && line.find_first_not_of(' ') > cut;
        if (cut == line.npos || only_indentation) cut = fits;
        const std::string_view head = line.substr(0, cut);
        out.emplace_back(head.substr(0, head.find_last_not_of(' ') + 1));
        line.remove_prefix(std::min(line.find_first_not_of(' ', cut), line.size()));
        if (line.empty()) return;
    }
    out.emplace_back(line);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const decoded next = first_character(text);
        if (next.code_point == '\t') {
            clean += "    ";
        } else if (next.code_point == not_utf8) {
            clean += "\uFFFD";
        } else if (next.code_point == '\n' || !drives_terminal(next.code_point)) {
            clean += text.substr(0, next.length);
        }
        text.remove_prefix(next.length);
    }
    return clean;
}

std::string one_line(std::string_view text) {
    std::string clean = printable(text);
    std::replace(clean.begin(), clean.end(), '\n', ' ');
    return clean;
}

std::size_t columns_of(std::string_view text) {
    std::size_t used = 0;
    while (!text.empty()) {
        const decoded next = first_character(text);
        used += width_of(next.code_point);
        text.remove_prefix(next.length);
    }
    return used;
}

std::string clipped(std::string_view text, std::size_t width) {
    if (width == 0) return {};
    if (columns_of(text) <= width) return std::string(text);
    if (width == 1) return "…";
    return std::string(text.substr(0, bytes_that_fit(text, width - 1))) + "…";
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> broken;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        wrap_line(text.substr(0, end), std::max<std::size_t>(width, 1), broken);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return broken;
}

}  // namespace panel
