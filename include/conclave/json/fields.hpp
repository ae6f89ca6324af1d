#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/escape.hpp>

namespace conclave::json {

/// A value on its way past: valid until the visitor that was handed it returns.
using value = simdjson::ondemand::value;

/// What a value is, as told by its first byte.
enum class kind { object, array, string, number, boolean, null, none };

/// Reads a few fields out of a JSON object in one pass, in the order they come, without a copy: the
/// hot path's reader, on simdjson On-Demand.
///
/// What is looked at is validated, and so are the UTF-8, the strings' quoting and the nesting of
/// what is looked at; literals and numbers that are skipped are not. Keys are compared as they are
/// spelled: one that is spelled with escapes is not unescaped.
///
/// One reader reads one text after another and allocates nothing once it has seen the largest. Any
/// one value may be asked for its string once.
class field_reader {
public:
    /// How many readable bytes, of any content, have to follow a text.
    static constexpr std::size_t padding = simdjson::SIMDJSON_PADDING;

    /// Calls `visit(std::string_view key, json::value& value)` for each member of the object that
    /// `text` is. At least `padding` readable bytes have to follow `text`; it is not changed.
    /// Views handed out are valid until the next `read`, and those without escapes are into `text`.
    /// Reports `errc::malformed_json` for what is not one JSON object; members before the fault may
    /// have been visited. Linear in the text.
    template <class Visitor>
    std::error_code read(std::string_view text, Visitor&& visit) {
        text_ = text;
        unescaped_.clear();
        malformed_ = !start();
        if (malformed_) return errc::malformed_json;
        simdjson::ondemand::object object;
        if (document_.get_object().get(object)) return errc::malformed_json;
        visit_members(object, visit);
        // "out of bounds" is how On-Demand says that nothing follows
        if (!malformed_ && document_.current_location().error() != simdjson::OUT_OF_BOUNDS) {
            malformed_ = true;
        }
        if (malformed_) return errc::malformed_json;
        return {};
    }

    /// Calls `visit(key, value)` for each member of `outer`. Returns false without a call if it is
    /// not an object.
    template <class Visitor>
    bool each_member(value& outer, Visitor&& visit) {
        if (kind_of(outer) != kind::object) return false;
        simdjson::ondemand::object object;
        if (outer.get_object().get(object)) {
            malformed_ = true;
            return false;
        }
        visit_members(object, visit);
        return true;
    }

    /// Calls `visit(value)` for each element of `outer`. Returns false without a call if it is not
    /// an array.
    template <class Visitor>
    bool each_element(value& outer, Visitor&& visit) {
        if (kind_of(outer) != kind::array) return false;
        simdjson::ondemand::array array;
        if (outer.get_array().get(array)) {
            malformed_ = true;
            return false;
        }
        for (auto item : array) {
            value element;
            if (std::move(item).get(element)) malformed_ = true;
            if (malformed_) break;
            visit(element);
            if (malformed_) break;
        }
        return true;
    }

    /// What the value is; `kind::none` if it is nothing that JSON has.
    kind kind_of(value& which) noexcept {
        const std::string_view text = token(which);
        if (text.empty()) return kind::none;
        switch (text.front()) {
            case '{': return kind::object;
            case '[': return kind::array;
            case '"': return kind::string;
            case 't':
            case 'f': return kind::boolean;
            case 'n': return kind::null;
            case '-': return kind::number;
            default: return text.front() >= '0' && text.front() <= '9' ? kind::number : kind::none;
        }
    }

    /// The text of a string, in place if it has no escape, else unescaped into the reader's own
    /// buffer, half a surrogate pair as U+FFFD; nothing if the value is not a string.
    std::optional<std::string_view> string(value& which) {
        std::string_view text = token(which);
        if (text.empty() || text.front() != '"') return std::nullopt;
        text.remove_prefix(1);
        while (!text.empty() && text.back() != '"')
            text.remove_suffix(1);  // white space
        if (text.empty()) {
            malformed_ = true;
            return std::nullopt;
        }
        text.remove_suffix(1);
        if (text.find('\\') == std::string_view::npos) return text;
        return unescape(text);
    }

    /// The value of a whole number, `5.0` included; nothing if it is not one or is out of range.
    std::optional<std::int64_t> integer(value& which) {
        if (kind_of(which) != kind::number) return std::nullopt;
        std::int64_t integer = 0;
        if (!which.get_int64().get(integer)) return integer;
        const auto real = number(which);
        return real ? detail::to_integer(*real) : std::nullopt;
    }

    /// The value of a number; nothing if it is not one or no `double` holds it.
    std::optional<double> number(value& which) {
        double real = 0;
        if (kind_of(which) != kind::number || which.get_double().get(real)) return std::nullopt;
        return real;
    }

    /// The value's truth as JavaScript has it: false for null, false, 0 and the empty string.
    bool truthy(value& which) {
        switch (kind_of(which)) {
            case kind::none:
            case kind::null: return false;
            case kind::boolean: return token(which).front() == 't';
            case kind::number: return number(which).value_or(1) != 0;
            case kind::string: return token(which).substr(0, 2) != "\"\"";
            default: return true;
        }
    }

private:
    bool start() {
        if (parser_.capacity() < text_.size() &&
            parser_.allocate(text_.size() + text_.size() / 4 + 1024)) {
            return false;
        }
        const simdjson::padded_string_view padded(text_.data(), text_.size(),
                                                  text_.size() + padding);
        return !parser_.iterate(padded).get(document_);
    }

    template <class Visitor>
    void visit_members(simdjson::ondemand::object& object, Visitor& visit) {
        for (auto item : object) {
            simdjson::ondemand::field field;
            if (std::move(item).get(field)) malformed_ = true;
            if (malformed_) return;
            visit(spelled(field.key().raw()), field.value());
            if (malformed_) return;
        }
    }

    // The key that begins at `start`. Its end is the first quote that no backslash precedes; that
    // there is one, simdjson has made sure.
    std::string_view spelled(const char* start) const noexcept {
        const char* end = start;
        const char* const limit = text_.data() + text_.size();
        while (end < limit && *end != '"')
            end += *end == '\\' ? 2 : 1;
        return {start, static_cast<std::size_t>((end < limit ? end : limit) - start)};
    }

    // The bytes of a value from its first to the next token. Where brackets do not match, simdjson
    // can stand behind the last token; that is why it is held inside the text here.
    std::string_view token(value& which) noexcept {
        std::string_view found;
        if (simdjson::simdjson_result<std::string_view>(which.raw_json_token()).get(found)) {
            return {};
        }
        const char* const limit = text_.data() + text_.size();
        if (found.data() < text_.data() || found.data() >= limit) {
            malformed_ = true;
            return {};
        }
        const auto left = static_cast<std::size_t>(limit - found.data());
        return found.substr(0, left);
    }

    std::string_view unescape(std::string_view raw) {
        // All strings of a text fit, so that views into the buffer stay valid.
        if (unescaped_.capacity() < text_.size()) unescaped_.reserve(text_.size());
        const std::size_t begin = unescaped_.size();
        if (!append_unescaped(unescaped_, raw)) malformed_ = true;
        return std::string_view(unescaped_).substr(begin);
    }

    simdjson::ondemand::parser parser_;
    simdjson::ondemand::document document_;
    std::string_view text_;
    std::string unescaped_;
    bool malformed_ = false;
};

}  // namespace conclave::json
