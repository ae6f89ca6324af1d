#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <conclave/http/characters.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/rate_limit.hpp>
#include <conclave/wire/detail/wait_text.hpp>

namespace conclave::wire {

namespace detail {

// A count of requests or tokens. More than what a double holds exactly is no count; of a list, such
// as the older drafts had (`100, 100;w=60`), the first.
inline std::optional<std::int64_t> read_quota(std::string_view text) {
    text = http::trim(text.substr(0, text.find_first_of(",;")));
    std::int64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool is_whole = failure == std::errc() && end == text.data() + text.size();
    if (!is_whole || count < 0 || count > (std::int64_t{1} << 53)) return std::nullopt;
    return count;
}

// The limits of one reply, each under its name, and no more of them than anybody has.
class rate_limit_list {
public:
    using time_point = std::chrono::system_clock::time_point;

    explicit rate_limit_list(time_point now) : now_(now) {}

    // What a field says of the limit `name`. `what` is `limit`, `remaining` or `reset`.
    void add(std::string_view name, std::string_view what, std::string_view value) {
        std::optional<std::int64_t> count;
        std::optional<std::chrono::milliseconds> wait;
        if (what == "reset") {
            wait = read_wait(value, now_);
        } else {
            count = read_quota(value);
        }
        if (!count && !wait) return;
        rate_limit* const to = find(name);
        if (to == nullptr) return;
        if (what == "limit" && !to->limit) to->limit = count;
        if (what == "remaining" && !to->remaining) to->remaining = count;
        if (what == "reset" && !to->reset) to->reset = wait;
    }

    std::vector<rate_limit> release() { return std::move(list_); }

private:
    static constexpr std::size_t most = 16;
    static constexpr std::size_t longest_name = 64;

    rate_limit* find(std::string_view name) {
        for (rate_limit& each : list_) {
            if (http::equals_ignoring_case(each.name, name)) return &each;
        }
        const auto is_plain = [](char byte) { return byte > ' ' && byte < 0x7F; };
        const bool is_name =
            name.size() <= longest_name && std::all_of(name.begin(), name.end(), is_plain);
        if (list_.size() == most || !is_name) return nullptr;
        list_.push_back({std::string(name), {}, {}, {}});
        for (char& byte : list_.back().name)
            byte = http::to_lower(byte);
        return &list_.back();
    }

    time_point now_;
    std::vector<rate_limit> list_;
};

// The part of `text` before `mark`, which is taken off with it; all of it if there is no mark.
// Marks within quotes are none.
inline std::string_view take_until(std::string_view& text, char mark) {
    bool quoted = false;
    std::size_t end = 0;
    while (end < text.size() && (quoted || text[end] != mark)) {
        if (text[end] == '"') quoted = !quoted;
        ++end;
    }
    const std::string_view part = http::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

inline std::string_view without_quotes(std::string_view text) {
    const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return is_quoted ? text.substr(1, text.size() - 2) : text;
}

// The drafts of the IETF's working group for a `RateLimit` field: the newer ones name each limit,
// `"default";r=50;t=30`, with `q` in `RateLimit-Policy`; the seventh has one, without a name,
// `limit=100, remaining=50, reset=30`.
inline void read_draft(std::string_view value, rate_limit_list& to) {
    while (!value.empty()) {
        std::string_view item = take_until(value, ',');
        const std::string_view head = take_until(item, ';');
        const std::size_t equals = head.find('=');
        if (equals != head.npos) {
            const std::string_view what = http::trim(head.substr(0, equals));
            for (const std::string_view known : {"limit", "remaining", "reset"}) {
                if (what == known) to.add({}, known, http::trim(head.substr(equals + 1)));
            }
            continue;
        }
        while (!item.empty()) {
            const std::string_view parameter = take_until(item, ';');
            if (parameter.size() < 3 || parameter[1] != '=') continue;
            const std::string_view text = parameter.substr(2);
            if (parameter[0] == 'q') to.add(without_quotes(head), "limit", text);
            if (parameter[0] == 'r') to.add(without_quotes(head), "remaining", text);
            if (parameter[0] == 't') to.add(without_quotes(head), "reset", text);
        }
    }
}

inline bool starts_ignoring_case(std::string_view text, std::string_view beginning) {
    return http::equals_ignoring_case(text.substr(0, beginning.size()), beginning);
}

inline bool ends_ignoring_case(std::string_view text, std::string_view ending) {
    return text.size() >= ending.size() &&
           http::equals_ignoring_case(text.substr(text.size() - ending.size()), ending);
}

inline void read_rate_limit_field(const http::field& from, rate_limit_list& to) {
    std::string_view rest = from.name;
    if (http::equals_ignoring_case(rest, "ratelimit") ||
        http::equals_ignoring_case(rest, "ratelimit-policy")) {
        return read_draft(from.value, to);
    }
    const auto take = [&](std::string_view beginning) {
        if (!starts_ignoring_case(rest, beginning)) return false;
        rest.remove_prefix(beginning.size());
        return true;
    };
    const bool names_first = take("anthropic-ratelimit-");
    if (!names_first && !take("x-ratelimit-") && !take("ratelimit-")) return;
    for (const std::string_view what : {"limit", "remaining", "reset"}) {
        if (http::equals_ignoring_case(rest, what)) return to.add({}, what, from.value);
        if (names_first) {
            const std::string ending = "-" + std::string(what);
            if (!ends_ignoring_case(rest, ending)) continue;
            rest.remove_suffix(ending.size());
            return to.add(rest, what, from.value);
        }
        if (!take(std::string(what) + "-")) continue;
        return to.add(rest, what, from.value);
    }
}

}  // namespace detail

/// What a reply's header says of rate limits, in the order of its fields: OpenAI's fields and those
/// of its many imitators (`x-ratelimit-remaining-tokens`), Anthropic's
/// (`anthropic-ratelimit-tokens-remaining`), and the drafts of the IETF (`RateLimit-Remaining`,
/// `RateLimit`). `now` is when the reply came, by the wall clock.
///
/// What makes no sense is left out; there are 16 limits at most, with names of 64 bytes of visible
/// ASCII at most, in lower case.
inline std::vector<rate_limit> read_rate_limits(const http::fields& header,
                                                std::chrono::system_clock::time_point now) {
    detail::rate_limit_list found(now);
    for (const http::field& each : header)
        detail::read_rate_limit_field(each, found);
    return found.release();
}

}  // namespace conclave::wire
