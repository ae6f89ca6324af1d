#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpus.hpp"

namespace conclave::benchmarks {

/// Numbers that are the same everywhere, as those of the standard distributions are not
/// (splitmix64).
class random_source {
public:
    explicit random_source(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next();
    /// From `first` up to, not including, `last`.
    std::size_t between(std::size_t first, std::size_t last) {
        return first + static_cast<std::size_t>(next() % (last - first));
    }
    bool one_in(std::size_t n) { return between(0, n) == 0; }
    /// `size` letters and digits.
    std::string letters(std::size_t size);
    std::string lower_letters(std::size_t size);
    template <class List>
    const auto& pick(const List& list) {
        return list[between(0, list.size())];
    }

private:
    std::uint64_t state_;
};

/// How a JSON string spells what is not ASCII.
enum class spelling { utf8, ascii };

/// `text` as a JSON string with its quotes.
std::string quoted(std::string_view text, spelling how = spelling::utf8);

/// Tokens as a model sends them: words with the space before, punctuation, parts of long words.
class prose {
public:
    explicit prose(random_source& random) : random_(random) {}
    std::string token();

private:
    random_source& random_;
    std::string rest_;
};

/// Words of prose, from the first: the text of long fields.
std::string words(std::size_t first, std::size_t count);

/// A token with quotes, newlines, escapes, or letters beyond ASCII.
std::string difficult_token(random_source& random);

/// Appends events to a corpus.
class builder {
public:
    builder(std::string_view name, format wire, std::size_t size) : size_(size) {
        made_.name = name;
        made_.wire = wire;
        made_.bytes.reserve(size + (std::size_t{2} << 20));
    }

    bool full() const { return made_.bytes.size() >= size_; }
    /// One whole event, its blank line included.
    void event(std::string_view bytes) {
        made_.bytes += bytes;
        made_.event_ends.push_back(made_.bytes.size());
    }
    void data(std::string_view json) { event("data: " + std::string(json) + "\n\n"); }
    void data(std::string_view type, std::string_view json) {
        event("event: " + std::string(type) + "\ndata: " + std::string(json) + "\n\n");
    }
    /// What a reader is to find in the event that comes next or has just been appended.
    void delta(std::string_view text) {
        if (text.empty()) return;
        made_.deltas.append(text).push_back(corpus::delta_end);
        ++made_.delta_count;
    }
    void not_plain() { made_.plain = made_.ordered = false; }
    void not_ordered() { made_.ordered = false; }
    corpus take() { return std::move(made_); }

private:
    corpus made_;
    std::size_t size_;
};

corpus make_openai_chat(std::size_t size);
corpus make_vllm_chat(std::size_t size);
corpus make_difficult_chat(std::size_t size);
corpus make_large_chat(std::size_t size);
corpus make_shapeless_chat(std::size_t size);
corpus make_late_misses_chat(std::size_t size);
corpus make_near_misses_chat(std::size_t size);
corpus make_anthropic(std::size_t size);
corpus make_responses(std::size_t size);
corpus make_google(std::size_t size);
corpus make_tiny(std::size_t size);

}  // namespace conclave::benchmarks
