#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace conclave::json::detail {

namespace ondemand = simdjson::ondemand;

/// A value of an On-Demand document that can be read several times, as alternatives are tried:
/// scalars can as they are, containers are rewound. Only until a later value has been read.
class decode_source {
public:
    /// `failed` afterwards says whether there is no value.
    explicit decode_source(ondemand::value value) : value_(value) {
        failed_ = value_.type().get(type_) != simdjson::SUCCESS;
    }

    bool failed() const noexcept { return failed_; }
    ondemand::json_type type() const noexcept { return type_; }
    ondemand::value& value() noexcept { return value_; }

    /// A scalar as it is spelled; of a container the bracket that opens it.
    std::string_view token() {
        std::string_view text = value_.raw_json_token();
        while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' ||
                                 text.back() == '\t'))
            text.remove_suffix(1);
        return text;
    }

    /// The members from the first on; null where it cannot be opened.
    ondemand::object* object() {
        const bool failed =
            opened_ ? object_.reset().error() != 0 : value_.get_object().get(object_) != 0;
        opened_ = true;
        return failed ? nullptr : &object_;
    }

    /// The elements from the first on; null where it cannot be opened.
    ondemand::array* array() {
        const bool failed =
            opened_ ? array_.reset().error() != 0 : value_.get_array().get(array_) != 0;
        opened_ = true;
        return failed ? nullptr : &array_;
    }

private:
    ondemand::value value_;
    ondemand::json_type type_{};
    ondemand::object object_;
    ondemand::array array_;
    bool opened_ = false;
    bool failed_ = false;
};

/// Writes what a string means whose inside, of `size` bytes, begins at `begin`; false if it has an
/// escape that is none.
inline bool unescape_string(const ondemand::parser& parser, const char* begin, std::size_t size,
                            std::string& out) {
    out.resize(size + simdjson::SIMDJSON_PADDING);
    auto* to = reinterpret_cast<std::uint8_t*>(out.data());
    const ondemand::raw_json_string raw(reinterpret_cast<const std::uint8_t*>(begin));
    std::string_view meant;
    if (parser.unescape(raw, to).get(meant)) return false;
    out.resize(meant.size());
    return true;
}

/// The text of a string whose token this is, in `scratch` where it has escapes; false if it is no
/// string.
inline bool read_string_token(const ondemand::parser& parser, std::string_view token,
                              std::string& scratch, std::string_view& text) {
    if (token.size() < 2 || token.front() != '"' || token.back() != '"') return false;
    text = token.substr(1, token.size() - 2);
    if (text.find('\\') == text.npos) return true;
    if (!unescape_string(parser, text.data(), text.size(), scratch)) return false;
    text = scratch;
    return true;
}

/// The same of a member's name. The first stage has seen to it that the string ends.
inline bool read_key(const ondemand::parser& parser, ondemand::raw_json_string key,
                     std::string& scratch, std::string_view& text) {
    const char* const begin = key.raw();
    const char* end = begin;
    bool escaped = false;
    while (*end != '"') {
        escaped |= *end == '\\';
        end += *end == '\\' ? 2 : 1;
    }
    text = {begin, static_cast<std::size_t>(end - begin)};
    if (!escaped) return true;
    if (!unescape_string(parser, begin, text.size(), scratch)) return false;
    text = scratch;
    return true;
}

}  // namespace conclave::json::detail
