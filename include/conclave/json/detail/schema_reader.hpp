#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/unescape.hpp>

namespace conclave::json::detail {

// Reads a JSON text into `json_nodes`, all of it and strictly (RFC 8259). simdjson finds where the
// tokens begin and checks the encoding; what stands there is checked here. Numbers of any size are
// kept as they are spelled. Reused, it allocates nothing for texts no larger than those before.
class json_reader {
public:
    // Null, or what is wrong with the text in words that follow "it". The nodes point into `text`
    // and into this reader, until the next call.
    const char* read(std::string_view text, std::size_t max_depth) {
        nodes_.clear();
        open_.clear();
        if (const char* const failed = find_tokens(text)) return failed;
        text_ = text;
        max_depth_ = max_depth;
        unescaped_.clear();
        token_ = stage_->structural_indexes.get();
        tokens_end_ = token_ + stage_->n_structural_indexes;
        nodes_.reserve(stage_->n_structural_indexes);
        return read_all();
    }

    const json_node* nodes() const noexcept { return nodes_.data(); }
    std::size_t size() const noexcept { return nodes_.size(); }

private:
    static constexpr const char* misplaced = "has something where JSON does not allow it";
    static constexpr const char* ended = "ends too early";

    // An object or array that is not closed yet.
    struct container {
        std::uint32_t node;
        std::uint32_t count;
        bool is_object;
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

    // A value, then what may follow it, until the outermost is complete.
    const char* read_all() {
        for (;;) {
            if (token_ == tokens_end_) return ended;
            const char first = text_[*token_];
            if (first == '{' || first == '[') {
                if (open_.size() >= max_depth_) return "is nested too deeply";
                open_.push_back({static_cast<std::uint32_t>(nodes_.size()), 0, first == '{'});
                add(first == '{' ? json_type::object : json_type::array);
                ++token_;
                if (token_ == tokens_end_) return ended;
                if (text_[*token_] != (first == '{' ? '}' : ']')) {
                    if (const char* const failed = begin_entry()) return failed;
                    continue;
                }
            } else if (const char* const failed = read_scalar(first)) {
                return failed;
            }
            const char* failed = nullptr;
            if (!end_value(failed)) return failed;
        }
    }

    // Behind a value: closes what ends with it. False once the outermost value is complete or
    // something failed.
    bool end_value(const char*& failed) {
        while (!open_.empty()) {
            container& in = open_.back();
            if (token_ == tokens_end_) {
                failed = ended;
                return false;
            }
            const char next = text_[*token_++];
            if (next == ',' && in.count > 0) {
                failed = begin_entry();
                return failed == nullptr;
            }
            if (next != (in.is_object ? '}' : ']')) {
                failed = misplaced;
                return false;
            }
            nodes_[in.node].count = in.count;
            nodes_[in.node].next = static_cast<std::uint32_t>(nodes_.size());
            open_.pop_back();
        }
        if (token_ != tokens_end_) failed = "has something behind its end";
        return false;
    }

    // Counts the member or element that follows and reads the name of a member.
    const char* begin_entry() {
        container& in = open_.back();
        ++in.count;
        if (!in.is_object) return nullptr;
        if (token_ == tokens_end_) return ended;
        if (text_[*token_] != '"') return misplaced;
        if (const char* const failed = read_string()) return failed;
        if (token_ == tokens_end_) return ended;
        return text_[*token_++] == ':' ? nullptr : misplaced;
    }

    const char* read_scalar(char first) {
        switch (first) {
            case '"': return read_string();
            case 't': return read_word("true", json_type::boolean, true);
            case 'f': return read_word("false", json_type::boolean, false);
            case 'n': return read_word("null", json_type::null, false);
            default: return read_number();
        }
    }

    json_node& add(std::uint8_t type) {
        json_node& made = nodes_.emplace_back();
        made.type = type;
        made.next = static_cast<std::uint32_t>(nodes_.size());
        return made;
    }

    const char* read_word(std::string_view word, std::uint8_t type, bool truth) {
        const std::size_t at = *token_++;
        if (text_.substr(at, word.size()) != word || !ends_at(at + word.size())) return misplaced;
        add(type).truth = truth;
        return nullptr;
    }

    // Whether a number or word may end before that byte.
    bool ends_at(std::size_t at) const noexcept {
        if (at >= text_.size()) return true;
        switch (text_[at]) {
            case ',':
            case ':':
            case '}':
            case ']':
            case ' ':
            case '\t':
            case '\n':
            case '\r': return true;
            default: return false;
        }
    }

    const char* read_string() {
        const std::size_t begin = *token_++ + std::size_t{1};
        // only space is between the closing quote and the next token
        std::size_t end = token_ == tokens_end_ ? text_.size() : *token_;
        while (text_[end - 1] != '"')
            --end;
        std::string_view inside = text_.substr(begin, end - 1 - begin);
        if (std::memchr(inside.data(), '\\', inside.size()) != nullptr) {
            const char* const failed = undo_escapes(inside);
            if (failed != nullptr) return failed;
        }
        json_node& made = add(json_type::string);
        made.text = inside.data();
        made.size = static_cast<std::uint32_t>(inside.size());
        return nullptr;
    }

    // Through a copy, as the text has nothing behind it that may be read.
    const char* undo_escapes(std::string_view& inside) {
        spelled_.assign(inside.begin(), inside.end());
        spelled_.resize(inside.size() + scan_padding);
        const auto meant =
            unescaped_.check_and_unescape({spelled_.data(), inside.size()}, text_.size());
        if (!meant) return "has an escape that JSON does not have";
        inside = *meant;
        return nullptr;
    }

    const char* read_number() {
        const char* const begin = text_.data() + *token_++;
        const char* const end = text_.data() + text_.size();
        const char* at = begin;
        const bool negative = at != end && *at == '-';
        if (negative) ++at;
        const char* const first = at;
        std::int64_t value = 0;
        for (; at != end && is_digit(*at); ++at) {
            if (at - first < 18) value = value * 10 + (*at - '0');
        }
        const auto digits = at - first;
        if (digits == 0) return misplaced;
        if (digits > 1 && *first == '0') return "has a number with a zero in front";
        const bool is_real = at != end && (*at == '.' || *at == 'e' || *at == 'E');
        if (is_real && !skip_fraction(at, end)) return "has a number without its last digits";
        if (!ends_at(static_cast<std::size_t>(at - text_.data()))) return misplaced;
        const bool is_small = !is_real && digits <= 18;
        json_node& made = add(is_small ? json_type::integer : json_type::real);
        if (is_small) made.integer = negative ? -value : value;
        made.text = begin;
        made.size = static_cast<std::uint32_t>(at - begin);
        return nullptr;
    }

    static bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }

    static bool skip_digits(const char*& at, const char* end) noexcept {
        const char* const begin = at;
        while (at != end && is_digit(*at))
            ++at;
        return at != begin;
    }

    static bool skip_fraction(const char*& at, const char* end) noexcept {
        if (*at == '.' && !skip_digits(++at, end)) return false;
        if (at == end || (*at != 'e' && *at != 'E')) return true;
        ++at;
        if (at != end && (*at == '+' || *at == '-')) ++at;
        return skip_digits(at, end);
    }

    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
    json_nodes nodes_;
    std::vector<container> open_;
    std::vector<char> spelled_;
    unescape_buffer unescaped_;
    std::string_view text_;
    std::size_t max_depth_ = 0;
    const std::uint32_t* token_ = nullptr;
    const std::uint32_t* tokens_end_ = nullptr;
};

}  // namespace conclave::json::detail
