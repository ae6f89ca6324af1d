#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <conclave/json/detail/grammar.hpp>

namespace conclave::json {

/// A JSON object or array that is still arriving, as what is complete of it so far: every member
/// and element that has ended, and of those that have not, what has ended inside of them. Fed with
/// the pieces of a model's answer as they come:
///
///     partial answer;
///     answer.append(R"(Here it is: {"title": "Go", "tags": ["a", "b)");
///     answer.text();  // {"title": "Go", "tags": ["a"]}
///
/// A string counts when its closing quote has come, a number when something follows it. What stands
/// before the first object or array is passed over, and so is what stands behind it, such as prose
/// and the marks of a code block. What turns out to be no JSON is dropped, and the next object or
/// array looked for. At most 1,024 levels deep. That text is UTF-8 is believed.
///
/// All pieces together take time in proportion to their length; an allocation is made only when the
/// text grows beyond all before. Not thread-safe.
class partial {
public:
    /// The next piece, cut anywhere. Returns whether more is complete than before, or all void.
    bool append(std::string_view piece) {
        bool changed = false;
        while (!piece.empty() && !complete_) {
            if (!begun_) {
                const std::size_t begin = piece.find_first_of("{[");
                if (begin == piece.npos) break;
                piece.remove_prefix(begin);
                begun_ = true;
            }
            changed |= read(piece);
        }
        return changed;
    }

    /// A whole JSON text: what is complete so far, spelled as it came, and closed. Empty as long as
    /// no object or array has begun. Valid until the next call of `append` or `clear`.
    std::string_view text() {
        if (text_.size() == settled_) {
            const std::string& open = reader_.open();
            text_.append(open.rbegin(), open.rend());
        }
        return text_;
    }

    /// Whether the object or array has come to its end.
    bool is_complete() const noexcept { return complete_; }

    /// Forgets everything, as is right when an answer begins anew.
    void clear() noexcept {
        reader_.clear();
        text_.clear();
        pending_.clear();
        settled_ = 0;
        begun_ = complete_ = false;
    }

private:
    using step = detail::grammar::step;

    // Takes from the piece what leads to the next event in it. Returns whether the text changed.
    bool read(std::string_view& piece) {
        const std::size_t plain = reader_.plain(piece);
        pending_.append(piece.substr(0, plain));
        piece.remove_prefix(plain);
        if (piece.empty()) return false;
        const char c = piece.front();
        const step what = reader_.feed(c);
        if (what == step::wrong) {
            const bool had_text = settled_ != 0;
            clear();
            // a byte that the value cannot go on with may begin another
            return had_text;
        }
        piece.remove_prefix(1);
        if (what == step::number) settle();
        pending_ += c;
        if (what == step::inside || what == step::number) return what == step::number;
        settle();
        complete_ = reader_.open().empty();
        return true;
    }

    void settle() {
        text_.resize(settled_);
        text_ += pending_;
        pending_.clear();
        settled_ = text_.size();
    }

    detail::grammar reader_;
    // The settled part, and behind it what closes the levels that are open.
    std::string text_;
    std::size_t settled_ = 0;
    // What has come since.
    std::string pending_;
    bool begun_ = false;
    bool complete_ = false;
};

}  // namespace conclave::json
