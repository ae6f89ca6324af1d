#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include <conclave/json/detail/grammar.hpp>

namespace conclave::json {

/// Finds the JSON in a model's answer. If the whole text is a JSON value, that is all there is.
/// Else the code blocks come first, those between lines of backticks or tildes that are a JSON
/// value as a whole; then every object and array in the text that is not inside another, those in
/// the code blocks again.
///
/// Bounded by the text: all of it together takes time in proportion to the text's length. Values
/// are at most 1,024 levels deep. Only the grammar is looked at: not UTF-8, and not how large a
/// number is.
///
/// The text has to outlive it, and what it returns.
class embedded {
public:
    /// Looks at nothing yet.
    explicit embedded(std::string_view text) : text_(text), rest_(text) {}

    /// The next value, without white space around it, or nothing if there is no other.
    std::optional<std::string_view> next() {
        if (stage_ == stage::whole) {
            const std::string_view all = detail::trim_space(text_);
            const bool is_value = detail::is_value_text(all);
            stage_ = is_value ? stage::end : stage::fences;
            if (is_value) return all;
        }
        while (stage_ == stage::fences) {
            const auto block = next_block();
            if (block && detail::is_value_text(*block)) return block;
            if (block) continue;
            stage_ = stage::brackets;
            rest_ = text_;
        }
        while (stage_ == stage::brackets) {
            const std::size_t begin = rest_.find_first_of("{[");
            rest_.remove_prefix(std::min(begin, rest_.size()));
            if (rest_.empty()) stage_ = stage::end;
            if (const auto value = take_value()) return value;
        }
        return std::nullopt;
    }

private:
    enum class stage { whole, fences, brackets, end };

    struct fence {
        char mark = 0;
        std::size_t size = 0;
        // Whether nothing else is in the line.
        bool is_bare = false;
    };

    static fence fence_of(std::string_view line) noexcept {
        fence found;
        line = detail::trim_space(line);
        if (line.empty() || (line.front() != '`' && line.front() != '~')) return found;
        found.size = std::min(line.find_first_not_of(line.front()), line.size());
        found.is_bare = found.size == line.size();
        if (found.size >= 3) found.mark = line.front();
        return found;
    }

    std::string_view take_line() noexcept {
        const std::size_t end = rest_.find('\n');
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
        return line;
    }

    // What is in the next code block, which may have lost its end.
    std::optional<std::string_view> next_block() noexcept {
        fence opening;
        while (opening.mark == 0) {
            if (rest_.empty()) return std::nullopt;
            opening = fence_of(take_line());
        }
        const std::string_view inside = rest_;
        while (!rest_.empty()) {
            const std::size_t size = inside.size() - rest_.size();
            const fence closing = fence_of(take_line());
            if (closing.mark == opening.mark && closing.is_bare && closing.size >= opening.size) {
                return detail::trim_space(inside.substr(0, size));
            }
        }
        return detail::trim_space(inside);
    }

    // The object or array that the rest begins with. Takes what is no JSON off the rest up to where
    // it shows, so that no byte is looked at for long.
    std::optional<std::string_view> take_value() {
        detail::grammar reader;
        for (std::size_t i = 0; i < rest_.size(); ++i) {
            i += reader.plain(rest_.substr(i));
            if (i == rest_.size()) break;
            const auto what = reader.feed(rest_[i]);
            if (what == detail::grammar::step::wrong) {
                rest_.remove_prefix(i);
                return std::nullopt;
            }
            if (what == detail::grammar::step::closed && reader.open().empty()) {
                const std::string_view value = rest_.substr(0, i + 1);
                rest_.remove_prefix(i + 1);
                return value;
            }
        }
        rest_ = {};
        return std::nullopt;
    }

    std::string_view text_;
    std::string_view rest_;
    stage stage_ = stage::whole;
};

}  // namespace conclave::json
