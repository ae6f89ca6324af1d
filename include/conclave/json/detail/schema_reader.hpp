#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/unescape.hpp>

namespace conclave::json::detail {

// The bytes that a number or word may end before.
inline constexpr auto ends_scalar = [] {
    std::array<bool, 256> table{};
    for (const char each : std::string_view(",:}] \t\n\r"))
        table[static_cast<unsigned char>(each)] = true;
    return table;
}();

// Reads a JSON text into an array of `json_node`, all of it and strictly (RFC 8259). simdjson finds
// where the tokens begin and checks the encoding; what stands there is checked here. Numbers of any
// size are kept as they are spelled. Reused, it allocates nothing for texts no larger than those
// before.
class json_reader {
public:
    // Null, or what is wrong with the text in words that follow "it". The nodes point into `text`
    // and into this reader, until the next call.
    const char* read(std::string_view text, std::size_t max_depth) {
        open_.clear();
        unescaped_.clear();
        size_ = 0;
        failed_at_.reset();
        if (const char* const failed = find_tokens(text)) return failed;
        // no token is more than one node
        if (room_ < stage_->n_structural_indexes) {
            room_ = stage_->n_structural_indexes + stage_->n_structural_indexes / 8;
            nodes_ = std::make_unique_for_overwrite<json_node[]>(room_);
        }
        walk at{text, stage_->structural_indexes.get(), nodes_.get()};
        at.end = at.token + stage_->n_structural_indexes;
        at.escape = find_escape_from(text, text.data());
        const char* const failed = read_all(at, max_depth);
        if (failed != nullptr) failed_at_ = at.token < at.end ? *at.token : text.size();
        size_ = static_cast<std::size_t>(at.node - nodes_.get());
        return failed;
    }

    // Gives back what only reading needs.
    void release_scratch() noexcept {
        stage_.reset();
        open_ = {};
        spelled_ = {};
    }

    // Behind a failure: at or near which byte, if that is known.
    std::optional<std::size_t> failed_at() const noexcept { return failed_at_; }

    const json_node* nodes() const noexcept { return nodes_.get(); }
    std::size_t size() const noexcept { return size_; }

private:
    static constexpr const char* misplaced = "has something where JSON does not allow it";
    static constexpr const char* ended = "ends too early";

    // An object or array that is not closed yet.
    struct container {
        std::uint32_t node;
        std::uint32_t count;
        bool is_object;
    };

    // How far reading is. Not members of the reader, so that they can stay in registers.
    struct walk {
        std::string_view text;
        const std::uint32_t* token;
        json_node* node;
        const std::uint32_t* end = nullptr;
        const char* escape = nullptr;  // the next backslash, or the end of the text

        char byte() const noexcept { return text[*token]; }
        bool at_end() const noexcept { return token == end; }
    };

    const char* find_tokens(std::string_view text) {
        if (text.size() > 0xFFFFFF00) return "is too long";
        if (!stage_ || stage_->capacity() < text.size()) {
            const std::size_t room = text.size() + text.size() / 2 + 1024;
            if (simdjson::get_active_implementation()->create_dom_parser_implementation(room, 1,
                                                                                        stage_))
                return "is too long";
        }
        const auto failed = stage_->stage1(reinterpret_cast<const std::uint8_t*>(text.data()),
                                           text.size(), simdjson::stage1_mode::regular);
        switch (failed) {
            case simdjson::SUCCESS: return nullptr;
            case simdjson::EMPTY: return "is empty";
            case simdjson::UTF8_ERROR: return "is not UTF-8";
            case simdjson::UNCLOSED_STRING: return "has a string without an end";
            case simdjson::UNESCAPED_CHARS: return "has a control character in a string";
            default: return misplaced;
        }
    }

    static const char* find_escape_from(std::string_view text, const char* from) noexcept {
        const char* const end = text.data() + text.size();
        const void* const found = std::memchr(from, '\\', static_cast<std::size_t>(end - from));
        return found == nullptr ? end : static_cast<const char*>(found);
    }

    // A value, then what may follow it, until the outermost is complete.
    const char* read_all(walk& at, std::size_t max_depth) {
        for (;;) {
            if (at.at_end()) return ended;
            const char first = at.byte();
            if (first == '{' || first == '[') {
                if (open_.size() >= max_depth) return "is nested too deeply";
                open(at, first == '{');
                if (at.at_end()) return ended;
                if (at.byte() != (first == '{' ? '}' : ']')) {
                    if (const char* const failed = begin_entry(at)) return failed;
                    continue;
                }
            } else if (const char* const failed = read_scalar(at, first)) {
                return failed;
            }
            const char* failed = nullptr;
            if (!end_value(at, failed)) return failed;
        }
    }

    void open(walk& at, bool is_object) {
        open_.push_back({static_cast<std::uint32_t>(at.node - nodes_.get()), 0, is_object});
        at.node->text = nullptr;
        at.node->type = is_object ? json_type::object : json_type::array;
        ++at.node;
        ++at.token;
    }

    // Behind a value: closes what ends with it. False once the outermost value is complete or
    // something failed.
    bool end_value(walk& at, const char*& failed) {
        while (!open_.empty()) {
            container& in = open_.back();
            if (at.at_end()) {
                failed = ended;
                return false;
            }
            const char next = at.byte();
            if (next == ',' && in.count > 0) {
                ++at.token;
                failed = begin_entry(at);
                return failed == nullptr;
            }
            if (next != (in.is_object ? '}' : ']')) {
                failed = misplaced;
                return false;
            }
            ++at.token;
            json_node& closed = nodes_[in.node];
            closed.count = in.count;
            closed.next = static_cast<std::uint32_t>(at.node - nodes_.get());
            open_.pop_back();
        }
        if (!at.at_end()) failed = "has something behind its end";
        return false;
    }

    // Counts the member or element that follows and reads the name of a member.
    [[gnu::always_inline]] const char* begin_entry(walk& at) {
        container& in = open_.back();
        ++in.count;
        if (!in.is_object) return nullptr;
        if (at.at_end()) return ended;
        if (at.byte() != '"') return misplaced;
        if (const char* const failed = read_string(at)) return failed;
        if (at.at_end()) return ended;
        if (at.byte() != ':') return misplaced;
        ++at.token;
        return nullptr;
    }

    [[gnu::always_inline]] const char* read_scalar(walk& at, char first) {
        switch (first) {
            case '"': return read_string(at);
            case 't': return read_word(at, "true", json_type::boolean, true);
            case 'f': return read_word(at, "false", json_type::boolean, false);
            case 'n': return read_word(at, "null", json_type::null, false);
            default: return read_number(at);
        }
    }

    void add(walk& at, std::uint8_t type, const char* text, std::size_t size) noexcept {
        at.node->text = text;
        at.node->size = static_cast<std::uint32_t>(size);
        at.node->type = type;
        at.node->next = static_cast<std::uint32_t>(at.node - nodes_.get() + 1);
        ++at.node;
        ++at.token;
    }

    const char* read_word(walk& at, std::string_view word, std::uint8_t type, bool truth) {
        const std::size_t begin = *at.token;
        if (at.text.substr(begin, word.size()) != word || !ends_at(at, begin + word.size()))
            return misplaced;
        at.node->truth = truth;
        add(at, type, nullptr, 0);
        return nullptr;
    }

    static bool ends_at(const walk& at, std::size_t byte) noexcept {
        return byte >= at.text.size() || ends_scalar[static_cast<unsigned char>(at.text[byte])];
    }

    [[gnu::always_inline]] const char* read_string(walk& at) {
        const char* const begin = at.text.data() + *at.token + 1;
        // only space is between the closing quote and the next token
        const std::size_t next = at.token + 1 == at.end ? at.text.size() : at.token[1];
        const char* end = at.text.data() + next;
        while (*--end != '"') {
        }
        if (at.escape >= end) [[likely]] {
            add(at, json_type::string, begin, static_cast<std::size_t>(end - begin));
            return nullptr;
        }
        return read_escaped(at, begin, end);
    }

    // A string that has a backslash in it, or behind the one that was found last. Through a copy,
    // as the text has nothing behind it that may be read.
    [[gnu::noinline]] const char* read_escaped(walk& at, const char* begin, const char* end) {
        if (at.escape < begin) at.escape = find_escape_from(at.text, begin);
        std::string_view inside(begin, static_cast<std::size_t>(end - begin));
        if (at.escape < end) {
            spelled_.assign(begin, end);
            spelled_.resize(inside.size() + scan_padding);
            const auto meant =
                unescaped_.check_and_unescape({spelled_.data(), inside.size()}, at.text.size());
            if (!meant) return "has an escape that JSON does not have";
            inside = *meant;
            at.escape = find_escape_from(at.text, end);
        }
        add(at, json_type::string, inside.data(), inside.size());
        return nullptr;
    }

    const char* read_number(walk& at) {
        const char* const begin = at.text.data() + *at.token;
        const char* const end = at.text.data() + at.text.size();
        const char* last = begin;
        const bool negative = *last == '-';
        if (negative) ++last;
        const char* const first = last;
        std::int64_t value = 0;
        last = take_digits(last, end, 18, value);
        const char* const whole = last;
        if (whole == first) return misplaced;
        if (whole - first > 1 && *first == '0') return "has a number with a zero in front";
        std::uint8_t scale = 0;
        bool is_real = false;
        if (last != end && !ends_scalar[static_cast<unsigned char>(*last)]) {
            is_real = true;
            if (*last == '.') {
                last = take_digits(last + 1, end, 18 - (whole - first), value);
                scale = static_cast<std::uint8_t>(last - whole - 1);
            }
            if (scale == 0 || (last != end && !ends_scalar[static_cast<unsigned char>(*last)])) {
                scale = no_scale;
                last = whole;
                if (!skip_number(last, end)) return "has an unfinished number";
            }
        }
        at.node->integer = negative ? -value : value;
        at.node->scale = scale;
        add(at, is_real ? json_type::real : json_type::integer, begin,
            static_cast<std::size_t>(last - begin));
        return nullptr;
    }

    // Adds up to `most` digits to a value; returns behind them.
    static const char* take_digits(const char* at, const char* end, std::ptrdiff_t most,
                                   std::int64_t& value) noexcept {
        const char* const limit = end - at < most ? end : at + most;
        for (; at != limit && is_digit(*at); ++at)
            value = value * 10 + (*at - '0');
        return at;
    }

    // Goes on behind the first digits of a number, to its end. False if it has none.
    static bool skip_number(const char*& at, const char* end) noexcept {
        skip_digits(at, end);
        if (at != end && *at == '.') {
            ++at;
            if (!skip_digits(at, end)) return false;
        }
        if (at != end && (*at == 'e' || *at == 'E')) {
            ++at;
            if (at != end && (*at == '+' || *at == '-')) ++at;
            if (!skip_digits(at, end)) return false;
        }
        return at == end || ends_scalar[static_cast<unsigned char>(*at)];
    }

    static bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }

    static bool skip_digits(const char*& at, const char* end) noexcept {
        const char* const begin = at;
        while (at != end && is_digit(*at))
            ++at;
        return at != begin;
    }

    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
    std::unique_ptr<json_node[]> nodes_;
    std::size_t room_ = 0;
    std::size_t size_ = 0;
    std::optional<std::size_t> failed_at_;
    std::vector<container> open_;
    std::vector<char> spelled_;
    unescape_buffer unescaped_;
};

}  // namespace conclave::json::detail
