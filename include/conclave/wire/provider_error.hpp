#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/escape.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/wait_text.hpp>

namespace conclave::wire {

/// `text` fit for one line of a log or a terminal: valid UTF-8 without control characters, runs of
/// white space as one space, at most about `limit` bytes, `…` where it was cut. Looks at no more
/// of `text` than it has to.
inline std::string one_line(std::string_view text, std::size_t limit) {
    std::string out;
    bool space = false;
    while (!text.empty()) {
        const json::utf8_step step = json::next_utf8(text);
        const std::string_view character = text.substr(0, step.size);
        text.remove_prefix(step.size);
        const auto first = static_cast<unsigned char>(character.front());
        // C0, DEL, and C1, which is U+0080 to U+009F
        const bool control =
            first < 0x20 || first == 0x7F ||
            (step.valid && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
        if (control || first == ' ') {
            space = !out.empty();
            continue;
        }
        if (out.size() + (space ? 1 : 0) + character.size() > limit) return out += "…";
        if (space) out += ' ';
        space = false;
        out += step.valid ? character : json::replacement_character;
    }
    return out;
}

namespace detail {

inline constexpr std::size_t longest_message = 1000;
inline constexpr std::size_t longest_excerpt = 200;

// A body that is no JSON: the title of a page, else its beginning.
inline std::string excerpt(std::string_view body) {
    const std::string_view head = body.substr(0, 4096);
    for (const std::string_view open : {"<title>", "<TITLE>"}) {
        const std::size_t begin = head.find(open);
        if (begin == std::string_view::npos) continue;
        const std::string_view rest = head.substr(begin + open.size());
        return one_line(rest.substr(0, rest.find('<')), longest_excerpt);
    }
    return one_line(body, longest_excerpt);
}

// Text that should have been JSON. `what` says which, up to where the text's beginning is put.
inline failure not_json(std::string_view what, std::string_view text) {
    return {errc::malformed_json, std::string(what) + excerpt(text), {}, 0};
}

inline failure reply_not_json(std::string_view body) {
    return not_json("the reply is not a JSON object: ", body);
}

inline bool is_truthy(const simdjson::dom::element& value) {
    if (value.is_null()) return false;
    if (const auto text = json::string_of(value)) return !text->empty();
    if (const auto truth = json::boolean_of(value)) return *truth;
    if (const auto number = json::number_of(value)) return *number != 0;
    return true;
}

// The first of the members that holds a text that is not empty.
template <std::size_t Count>
std::optional<std::string_view> first_text(const simdjson::dom::object& object,
                                           const std::array<std::string_view, Count>& keys) {
    for (const std::string_view key : keys) {
        const auto text = json::string_at(object, key);
        if (text && !text->empty()) return text;
    }
    return std::nullopt;
}

// The status that a code stands for, or 0: 429 and "429" do.
inline int status_of(const simdjson::dom::element& code) {
    std::int64_t status = json::integer_of(code).value_or(0);
    if (const auto text = json::string_of(code); text && text->size() == 3) {
        std::from_chars(text->data(), text->data() + text->size(), status);
    }
    return status >= 400 && status < 600 ? static_cast<int>(status) : 0;
}

inline void read_error_code(const simdjson::dom::object& object, failure& out) {
    for (const std::string_view key : {"code", "status", "status_code"}) {
        const auto code = json::find(object, key);
        if (!code) continue;
        if (out.status == 0) out.status = status_of(*code);
        const auto text = json::string_of(*code);
        if (text && !text->empty() && out.provider_code.empty()) {
            out.provider_code = one_line(*text, longest_excerpt);
        }
    }
    if (!out.provider_code.empty()) return;
    if (const auto type = first_text<1>(object, {"type"})) {
        out.provider_code = one_line(*type, longest_excerpt);
    } else if (const auto number = json::integer_at(object, "code")) {
        out.provider_code = std::to_string(*number);
    }
}

// Whether one of Google's `google.rpc.QuotaFailure` is of a day's quota, such as
// `GenerateRequestsPerDayPerProjectPerModel`: the wait beside it is that for a minute's then.
inline bool is_quota_of_day(const simdjson::dom::object& detail) {
    const auto violations = json::array_at(detail, "violations");
    if (!violations) return false;
    for (const simdjson::dom::element each : *violations) {
        const auto violation = json::object_of(each);
        const auto quota = violation ? json::string_at(*violation, "quotaId") : std::nullopt;
        if (quota && quota->find("PerDay") != quota->npos) return true;
    }
    return false;
}

// The details of Google's errors that say whether and when to try again: `google.rpc.RetryInfo` and
// `google.rpc.QuotaFailure`.
inline void read_retry_advice(const simdjson::dom::object& object, failure& out) {
    const auto details = json::array_at(object, "details");
    if (!details) return;
    for (const simdjson::dom::element each : *details) {
        const auto detail = json::object_of(each);
        if (!detail) continue;
        if (is_quota_of_day(*detail)) out.should_retry = false;
        const auto delay = json::string_at(*detail, "retryDelay");
        const auto wait = delay ? read_go_duration(*delay) : std::nullopt;
        if (wait) out.retry_after = bounded_wait(*wait);
    }
}

// The innermost object that tells of an error, in the words it has.
inline void read_error_object(const simdjson::dom::object& object, failure& out) {
    read_error_code(object, out);
    read_retry_advice(object, out);
    const auto message = first_text<3>(object, {"message", "msg", "error_description"});
    auto detail = first_text<1>(object, {"detail"});
    if (const auto list = json::array_at(object, "detail"); list && list->size() > 0) {
        // FastAPI's list of what is wrong with the request
        if (const auto first = json::object_of(list->at(0).value_unsafe())) {
            detail = first_text<1>(*first, {"msg"});
        }
    }
    std::string words(message.value_or(std::string_view{}));
    if (detail && detail != message) words.append(words.empty() ? "" : ": ").append(*detail);
    out.message = one_line(words, longest_message);
}

inline void read_error_document(simdjson::dom::element root, failure& out) {
    if (const auto list = json::array_of(root); list && list->size() > 0) {
        root = list->at(0).value_unsafe();  // Google wraps its errors in an array at times
    }
    if (const auto text = json::string_of(root)) out.message = one_line(*text, longest_message);
    const auto object = json::object_of(root);
    if (!object) return;
    auto told = json::find(*object, "error");
    if (!told || !is_truthy(*told)) {
        simdjson::dom::element in_choice;  // OpenRouter
        told.reset();
        if (!root.at_pointer("/choices/0/error").get(in_choice)) told = in_choice;
    }
    if (!told) return read_error_object(*object, out);
    if (const auto inner = json::object_of(*told)) return read_error_object(*inner, out);
    // {"error": "Too Many Requests", "message": …}: the message says more
    read_error_object(*object, out);
    const auto text = json::string_of(*told);
    if (!text || text->empty()) return;
    if (out.message.empty()) {
        out.message = one_line(*text, longest_message);
    } else if (out.provider_code.empty()) {
        out.provider_code = one_line(*text, longest_excerpt);
    }
}

}  // namespace detail

/// Reads what a provider says of a failure, in whatever shape: `{"error": {…}}`,
/// `{"error": "text"}`, `{"message"}`, `{"detail"}`, one of these in an array, HTML or plain text.
///
/// `status` is that of the reply, 0 for an error inside a reply of status 200: then the status that
/// the error's code stands for is taken, if it does for one. All texts in the result pass through
/// `one_line`, and there is always a message.
inline failure read_provider_error(int status, std::string_view body) {
    failure out;
    out.code = status != 0 ? errc::http_status : errc::provider_error;
    out.status = status;
    json::document document;
    if (!json::document::parse(body, document)) {
        detail::read_error_document(document.root(), out);
    }
    if (out.message.empty()) out.message = detail::excerpt(body);
    if (out.message.empty()) out.message = "no explanation given";
    return out;
}

}  // namespace conclave::wire
