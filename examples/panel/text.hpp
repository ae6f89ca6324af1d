#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace panel {

/// Text that may be sent to a terminal: without control characters but line feeds, without the
/// marks that turn the direction of writing, tabs as spaces, and what is not UTF-8 replaced.
std::string printable(std::string_view text);

/// The same on one line.
std::string one_line(std::string_view text);

/// How many columns of a terminal printable text takes.
std::size_t columns_of(std::string_view text);

/// As much of printable text as fits, with an ellipsis for what does not.
std::string clipped(std::string_view text, std::size_t width);

/// The lines of printable text, broken between words where they are wider than `width`.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace panel
