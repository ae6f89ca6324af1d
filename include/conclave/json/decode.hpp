#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/decode_error.hpp>
#include <conclave/json/describe.hpp>
#include <conclave/json/detail/decoding.hpp>
#include <conclave/json/fields.hpp>
#include <conclave/json/value.hpp>

namespace conclave::json {

namespace detail {

// Whether a text is JSON. Where simdjson goes no further, as with numbers that it does not hold,
// our own reader decides, which reads objects.
inline bool is_json(std::string_view text) {
    simdjson::dom::parser parser;
    switch (parser.parse(text.data(), text.size()).error()) {
        case simdjson::SUCCESS: return true;
        case simdjson::CAPACITY:
        case simdjson::MEMALLOC:
        case simdjson::DEPTH_ERROR:
        case simdjson::NUMBER_ERROR: break;
        default: return false;
    }
    std::string object = "{\"\":";
    object.append(text).append("}");
    const std::size_t size = object.size();
    object.append(field_reader::padding, ' ');
    std::size_t members = 0;
    const auto count = [&members](key, value&) { ++members; };
    field_reader reader;
    return !reader.read(std::string_view(object).substr(0, size), count) && members == 1;
}

// What a failure was, now that the whole text is looked at: On-Demand sees no more than it needs.
inline decode_error finish_failure(decoding& failed, std::string_view text) {
    if (!failed.is_broken() && is_json(text)) return std::move(failed.failure());
    return {errc::malformed_json, {}, "the text is not JSON"};
}

}  // namespace detail

/// Decodes JSON texts into values, with memory that is kept from one text to the next: once that is
/// large enough, nothing is allocated but what the values themselves need.
///
/// Thread-safety: one thread at a time.
class decoder {
public:
    /// Reads the text, which is copied and needs no padding, into `out`; see `decode`. Returns what
    /// failed, and leaves `out` as it was, or nothing if all went well.
    template <class T>
    std::optional<decode_error> try_decode(std::string_view text, T& out) {
        buffer_ = '[';
        buffer_ += text;
        buffer_ += ']';
        buffer_.append(simdjson::SIMDJSON_PADDING, ' ');
        detail::decoding run(parser_, text.size());
        T fresh{};
        if (!run.read_whole(buffer_, fresh)) return detail::finish_failure(run, text);
        out = std::move(fresh);
        return std::nullopt;
    }

    /// The value that the text has; see `decode`.
    template <class T>
    T decode(std::string_view text) {
        T value{};
        const std::optional<decode_error> failed = try_decode(text, value);
        if (failed) throw error(failed->code, failed->text());
        return value;
    }

private:
    simdjson::ondemand::parser parser_;
    std::string buffer_;
};

/// The value of a described type, or of another that `schema_of` takes, from its JSON text.
///
/// It takes what fits `schema_of<T>()` and nothing else: members in any order, none missing but the
/// optional, none unknown. Whole numbers may be spelled `5.0` or `5e2`. Stricter than the schema,
/// it also refuses a member that is there twice, numbers that the type does not hold, half a
/// surrogate pair, and nesting deeper than 256 levels. An optional member that is left out keeps
/// what it has in a `T{}`.
///
/// Of the alternatives of a `std::variant` the first that fits is taken. Trying is bounded by the
/// length of the text, so that no text of alternatives in alternatives takes long.
///
/// Throws `error` with `errc::malformed_json` when the text is not JSON, else with
/// `errc::schema_mismatch`; its text says where, by JSON Pointer, what was expected and what was
/// found. Linear in the length of the text.
template <class T>
T decode(std::string_view text) {
    return decoder().decode<T>(text);
}

/// The same without an exception: what failed, with `out` left as it was, or nothing.
template <class T>
std::optional<decode_error> try_decode(std::string_view text, T& out) {
    return decoder().try_decode(text, out);
}

}  // namespace conclave::json
