#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/json/decode.hpp>
#include <conclave/json/describe.hpp>
#include <conclave/json/detail/shape.hpp>
#include <conclave/json/schema_of.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>

namespace conclave {

namespace detail {

/// The object that models are asked for where T is none: many take schemas of objects only.
template <class T>
struct wrapped_value {
    T value;
};

template <class T>
constexpr auto conclave_describe(const wrapped_value<T>*) noexcept {
    return json::described_struct<wrapped_value<T>, &wrapped_value<T>::value>{
        "answer", {json::described_member{"value", {}}}};
}

template <class T>
inline constexpr bool is_asked_for_as_it_is =
    json::detail::shape_of<T> == json::detail::shape::structure ||
    json::detail::shape_of<T> == json::detail::shape::map;

/// The schema that a T is asked for by.
template <class T>
std::string answer_schema() {
    if constexpr (is_asked_for_as_it_is<T>) {
        return json::schema_of<T>();
    } else {
        return json::schema_of<wrapped_value<T>>();
    }
}

/// A value, or why there is none.
template <class T>
class decoded_answer {
public:
    decoded_answer() = default;
    explicit decoded_answer(error why) : failure_(std::move(why)) {}

    /// Reads an answer, which in `multiple_choice` is an enumerator's name.
    static decoded_answer read(json::decoder& decoder, std::string_view text,
                               resolution resolved_by) {
        decoded_answer result;
        if constexpr (json::enum_with_description<T>) {
            if (resolved_by == resolution::multiple_choice) {
                result.value_ = json::enumerator_named<T>(text);
                if (!result.value_)
                    result.failure_.emplace(errc::schema_mismatch, "no such choice");
                return result;
            }
        }
        std::optional<json::decode_error> failed;
        if constexpr (is_asked_for_as_it_is<T>) {
            failed = decoder.try_decode(text, result.value_.emplace());
        } else {
            wrapped_value<T> wrapped{};
            failed = decoder.try_decode(text, wrapped);
            if (!failed) result.value_.emplace(std::move(wrapped.value));
        }
        if (failed) {
            result.value_.reset();
            result.failure_.emplace(failed->code, failed->text());
        }
        return result;
    }

    bool has_value() const noexcept { return value_.has_value(); }
    const T& value() const {
        if (!value_) throw failure_ ? *failure_ : error(errc::no_answer);
        return *value_;
    }
    T take() {
        (void)value();
        return std::move(*value_);
    }

private:
    std::optional<T> value_;
    std::optional<error> failure_;
};

}  // namespace detail

/// What became of one seat, and its answer as a T. Move-only where T is.
template <class T>
class typed_result : public model_result {
public:
    typed_result() = default;
    /// Decodes the answer, if it is one that counts.
    typed_result(model_result plain, json::decoder& decoder, resolution resolved_by)
        : model_result(std::move(plain)), answer_(read(*this, decoder, resolved_by)) {}

    /// Whether there is an answer of the asked-for shape.
    bool has_value() const noexcept { return answer_.has_value(); }
    /// The answer. Where there is none, throws why as an `error`: with the seat's own code when the
    /// model failed, else with `errc::schema_mismatch` or `errc::malformed_json`.
    const T& value() const& { return answer_.value(); }
    /// The same, moved out.
    T value() && { return answer_.take(); }

private:
    static detail::decoded_answer<T> read(const model_result& seat, json::decoder& decoder,
                                          resolution resolved_by) {
        using none = detail::decoded_answer<T>;
        if (!seat.ok()) {
            const errc code = seat.error_code.value_or(errc::provider_error);
            return none(conclave::error(code, *seat.error));
        }
        if (!seat.schema_valid.value_or(true)) {
            return none(
                conclave::error(errc::schema_mismatch, seat.schema_error.value_or(std::string())));
        }
        return none::read(decoder, seat.text(), resolved_by);
    }

    detail::decoded_answer<T> answer_;
};

/// A panel's answer as a T, and all else that a `roundtable_response` has. Move-only where T is.
template <class T>
class typed_response {
public:
    /// `rt_` and 26 characters that sort by time.
    std::string id;
    /// The one answer as text; absent in `fast`, and where the others came to none.
    std::optional<answer_text> data;
    /// Totals, and how the answer came about.
    roundtable_meta meta;
    /// One for each seat, in the order of the request.
    std::vector<typed_result<T>> results;

    typed_response() = default;
    /// Decodes the answers of a roundtable whose request came from `typed_request<T>`.
    explicit typed_response(roundtable_response plain)
        : id(std::move(plain.id)), data(std::move(plain.data)), meta(std::move(plain.meta)) {
        json::decoder decoder;
        results.reserve(plain.results.size());
        for (model_result& result : plain.results)
            results.emplace_back(std::move(result), decoder, meta.resolution);
        answer_ = data ? detail::decoded_answer<T>::read(decoder, data->text(), meta.resolution)
                       : detail::decoded_answer<T>(error(errc::no_answer, why_none()));
    }

    /// Whether there is one answer, of the asked-for shape.
    bool has_value() const noexcept { return answer_.has_value(); }
    /// The one answer. Where there is none, as always in `fast`, throws `error` with
    /// `errc::no_answer`, whose text says why; where it has another shape, with
    /// `errc::schema_mismatch` or `errc::malformed_json`.
    const T& value() const& { return answer_.value(); }
    /// The same, moved out.
    T value() && { return answer_.take(); }
    /// The text of the one answer, empty when there is none.
    const std::string& text() const noexcept {
        static const std::string none;
        return data ? data->text() : none;
    }

    /// The response without its types, a copy.
    roundtable_response untyped() const {
        roundtable_response plain;
        plain.id = id;
        plain.data = data;
        plain.meta = meta;
        plain.results.assign(results.begin(), results.end());
        return plain;
    }
    /// The answer to `POST /v3/roundtable`, on one line.
    std::string to_json() const { return untyped().to_json(); }

private:
    std::string why_none() const {
        if (meta.resolution == resolution::fast) {
            return "there is no one answer: in fast each result has its own";
        }
        if (meta.summary_error) return "the answers were not merged: " + *meta.summary_error;
        for (const auto& result : results) {
            const auto& why = result.error ? result.error : result.schema_error;
            if (why) return "no model gave an answer that counts; " + result.model + ": " + *why;
        }
        return {};
    }

    detail::decoded_answer<T> answer_;
};

/// The request whose answers are values of T: with the schema of T as its `output_schema` or, in
/// `multiple_choice`, with the names of the enumerators of T as its choices. A T that is neither a
/// struct nor a map is asked for as the member `value` of an object.
///
/// Throws `error` with `errc::invalid_request`, which names the field, when the request has an
/// output schema or choices of its own, or asks for `multiple_choice` and T is no described enum.
template <class T>
roundtable_request typed_request(roundtable_request request) {
    if (request.resolution() != resolution::multiple_choice) {
        if (!request.output_schema().empty()) {
            throw invalid_field("output_schema", "must not be set: it is that of the type");
        }
        request.output_schema(detail::answer_schema<T>());
        return request;
    }
    if constexpr (json::enum_with_description<T>) {
        if (!request.choices().empty()) {
            throw invalid_field("choices", "must not be set: they are those of the enum");
        }
        for (const auto& each : json::detail::description_of<T>.enumerators)
            request.choice(std::string(each.name));
        return request;
    } else {
        throw invalid_field("resolution", "must not be multiple_choice unless the type is an enum");
    }
}

}  // namespace conclave
