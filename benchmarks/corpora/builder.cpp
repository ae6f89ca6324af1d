#include "builder.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <utility>

namespace conclave::benchmarks {
namespace {

constexpr auto vocabulary = std::to_array<std::string_view>({
    "A",         "stream",   "of",          "events",      "carries",   "one",        "token",
    "at",        "a",        "time",        ",",           "and",       "each",       "arrives",
    "wrapped",   "in",       "the",         "same",        "envelope",  ".",          "Reading",
    "it",        "well",     "means",       "to",          "notice",    "what",       "has",
    "changed",   ";",        "everything",  "else",        "was",       "checked",    "before",
    "Databases", "with",     "row",         "level",       "security",  "isolate",    "tenants",
    "while",     "separate", "schemas",     "make",        "migration", "and",        "backup",
    "simpler",   ":",        "choose",      "by",          "how",       "much",       "isolation",
    "customers", "require",  "1",           "2",           "3",         "PostgreSQL", "index",
    "partition", "latency",  "throughput",  "consistency", "replica",   "connection", "pooling",
    "for",       "example",  "return",      "const",       "auto",      "template",   "constexpr",
    "std",       "vector",   "string_view", "function",    "namespace", "measure",    "nothing",
});

constexpr auto difficult = std::to_array<std::string_view>({
    "\n",
    "\n\n",
    "\"",
    " \"",
    "\\",
    "\\n",
    "\t",
    "  ",
    "{\"",
    "\":",
    "},\n",
    "é",
    "世界",
    "こんにちは",
    "😀",
    "🚀 🔥",
    "std::puts(\"%d\\n\");\n",
    "\"name\": \"value\",\n\t",
    "D:\\data\\logs\\",
    "—",
    "“so”",
    "한국어",
    "```json\n{\n  \"k\": [1, 2]\n}\n```\n",
});

constexpr std::string_view alphabet =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// The code point that begins at `at`, which moves behind it. The text is valid UTF-8.
std::uint32_t decode(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(at++);
    if (first < 0x80) return first;
    const int more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    std::uint32_t point = first & (0x3Fu >> more);
    for (int i = 0; i < more; ++i)
        point = point << 6 | (byte(at++) & 0x3Fu);
    return point;
}

void append_unit(std::string& out, std::uint32_t unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += digits[unit >> shift & 0xF];
}

}  // namespace

std::uint64_t random_source::next() {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
    return mixed ^ mixed >> 31;
}

std::string random_source::letters(std::size_t size) {
    std::string made;
    made.reserve(size);
    while (made.size() < size)
        made += pick(alphabet);
    return made;
}

std::string random_source::lower_letters(std::size_t size) {
    std::string made;
    made.reserve(size);
    while (made.size() < size)
        made += "0123456789abcdef"[between(0, 16)];
    return made;
}

std::string quoted(std::string_view text, spelling how) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        const std::uint32_t point = decode(text, at);
        if (point == '"' || point == '\\') {
            out += '\\';
            out += static_cast<char>(point);
        } else if (point == '\n') {
            out += "\\n";
        } else if (point == '\t') {
            out += "\\t";
        } else if (point < 0x20) {
            append_unit(out, point);
        } else if (point < 0x80 || how == spelling::utf8) {
            out += text.substr(begin, at - begin);
        } else if (point < 0x10000) {
            append_unit(out, point);
        } else {
            append_unit(out, 0xD800 + ((point - 0x10000) >> 10));
            append_unit(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
        }
    }
    return out + '"';
}

std::string prose::token() {
    if (!rest_.empty()) return std::exchange(rest_, {});
    const std::string word(random_.pick(vocabulary));
    if (word.size() == 1 && std::string_view(".,;:").find(word) != std::string_view::npos) {
        return word;
    }
    if (word.size() > 7 && random_.one_in(2)) {
        const std::size_t cut = random_.between(3, word.size() - 2);
        rest_ = word.substr(cut);
        return std::string(" ").append(word, 0, cut);
    }
    return std::string(" ").append(word);
}

std::string words(std::size_t first, std::size_t count) {
    std::string text;
    for (std::size_t i = first; i < first + count; ++i) {
        if (!text.empty()) text += ' ';
        text += vocabulary[i % vocabulary.size()];
    }
    return text;
}

std::string difficult_token(random_source& random) { return std::string(random.pick(difficult)); }

namespace {

struct entry {
    std::string_view name;
    corpus (*make)(std::size_t size);
};

constexpr auto entries = std::to_array<entry>({
    {"a", make_openai_chat},
    {"a2", make_vllm_chat},
    {"b", make_anthropic},
    {"c", make_responses},
    {"g", make_google},
    {"d", make_tiny},
    {"e", make_large_chat},
    {"f", make_difficult_chat},
    {"s", make_shapeless_chat},
    {"t", make_late_misses_chat},
    {"x", make_near_misses_chat},
});

}  // namespace

std::vector<std::string_view> corpus_names() {
    std::vector<std::string_view> names;
    for (const entry& each : entries)
        names.push_back(each.name);
    return names;
}

corpus make_corpus(std::string_view name, std::size_t size) {
    const auto found = std::ranges::find(entries, name, &entry::name);
    if (found == entries.end()) throw std::invalid_argument("no corpus " + std::string(name));
    return found->make(size);
}

}  // namespace conclave::benchmarks
