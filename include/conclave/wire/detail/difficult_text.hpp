#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <conclave/json/detail/string_scan.hpp>

namespace conclave::wire::detail {

// Whether the 64 bytes from `at` on are UTF-8 as far as `inside` says, which is followed by one
// byte of ASCII. `less` and `equal` give a bit for each byte that is so, as signed numbers. No
// branches, for which letters come is hard to foretell.
template <class Words>
[[gnu::always_inline]] inline bool is_utf8(const char* at, std::uint64_t inside) noexcept {
    const auto below = [&](int first) { return Words::less(at, static_cast<char>(first)); };
    const auto is = [&](int byte) { return Words::equal(at, static_cast<char>(byte)); };
    const std::uint64_t high = below(0);
    const std::uint64_t continuing = below(0xC0);
    const std::uint64_t two = high & ~below(0xC2);  // begin letters of that many bytes, or more
    const std::uint64_t three = high & ~below(0xE0);
    const std::uint64_t four = high & ~below(0xF0);
    const std::uint64_t expected = two << 1 | three << 2 | four << 3;
    // C0 and C1 begin nothing, and F5 and above
    std::uint64_t wrong = (high ^ continuing ^ two) | (high & ~below(0xF5));
    // what would do with fewer bytes, surrogates, and what is beyond U+10FFFF
    const std::uint64_t early = below(0xA0), first = below(0x90);
    wrong |= (is(0xE0) << 1 & early) | (is(0xED) << 1 & ~early) | (is(0xF0) << 1 & first) |
             (is(0xF4) << 1 & ~first);
    const std::uint64_t and_end = inside << 1 | 1;
    return ((wrong & inside) | ((expected ^ continuing) & and_end)) == 0;
}

// Whether the escapes are such as JSON has. `letters` are what is behind their backslashes; all
// masks are of what is inside the string.
template <class Words>
[[gnu::always_inline]] inline bool are_escapes(const char* at, std::uint64_t letters,
                                               std::uint64_t inside) noexcept {
    const std::uint64_t units = Words::equal(at, 'u') & letters;
    const std::uint64_t wrong = letters & ~Words::escapable(at);
    if (units == 0) return wrong == 0;
    const std::uint64_t digits = (Words::less(at, '9' + 1) & ~Words::less(at, '0')) |
                                 (Words::less(at, 'F' + 1) & ~Words::less(at, 'A')) |
                                 (Words::less(at, 'f' + 1) & ~Words::less(at, 'a'));
    const std::uint64_t needed = units << 1 | units << 2 | units << 3 | units << 4;
    return (wrong | units >> 60 | (needed & ~(digits & inside))) == 0;
}

// The size of the text in a JSON string that may have escapes or letters beyond ASCII; 64 if it is
// not shorter than that, or not valid.
template <class Words>
[[gnu::always_inline]] inline std::size_t measure_difficult_text(const char* at,
                                                                 bool& escaped) noexcept {
    const std::uint64_t backslashes = Words::equal(at, '\\');
    // Every second backslash of a row escapes what is behind it; a row begins at an even or an odd
    // place, and the carry of a subtraction runs along it.
    constexpr std::uint64_t odd_places = 0xAAAAAAAAAAAAAAAA;
    const std::uint64_t codes = ((backslashes << 1 | odd_places) - backslashes) ^ odd_places;
    const std::uint64_t behind = codes ^ backslashes;  // what is escaped
    const std::uint64_t ends = Words::equal(at, '"') & ~behind;
    if (ends == 0) return 64;
    const std::uint64_t inside = (ends & (0 - ends)) - 1;
    const std::uint64_t controls = Words::less(at, ' ') & ~Words::less(at, 0);
    escaped = (backslashes & inside) != 0;
    const bool valid = (controls & inside) == 0 &&
                       (!escaped || are_escapes<Words>(at, behind & inside, inside)) &&
                       ((Words::less(at, 0) & inside) == 0 || is_utf8<Words>(at, inside));
    return valid ? static_cast<std::size_t>(std::countr_zero(ends)) : 64;
}

// The same of any size; 0 if it does not end at or before `limit`.
template <class Words>
[[gnu::always_inline]] inline std::size_t measure_difficult_text(const char* at, const char* limit,
                                                                 bool& escaped) noexcept {
    const std::size_t size = measure_difficult_text<Words>(at, escaped);
    if (size != 64) return size;
    const json::detail::scanned_string text = json::detail::scan_string(at, limit + 1);
    escaped = text.escaped;
    return text.end == nullptr ? 0 : static_cast<std::size_t>(text.end - at);
}

}  // namespace conclave::wire::detail
