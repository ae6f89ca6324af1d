#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire::detail {

// Whether `text` is an object with an error in it, or an array of such: Google has both.
inline bool tells_of_error(std::string_view text) {
    json::document parsed;
    if (text.empty() || json::document::parse(text, parsed)) return false;
    simdjson::dom::element root = parsed.root();
    if (const auto list = json::array_of(root); list && list->size() > 0) {
        root = list->at(0).value_unsafe();
    }
    const auto object = json::object_of(root);
    const auto told = object ? json::find(*object, "error") : std::nullopt;
    return told && is_truthy(*told);
}

// Why a stream that ended too early has failed: `stray` is what came between its events and was
// none. Google sends an error so, as bare JSON, and proxies send pages.
inline failure early_end(std::string_view stray, std::string_view what_is_missing) {
    json::document parsed;
    if (!stray.empty() && !json::document::parse(stray, parsed)) {
        return read_provider_error(0, stray);
    }
    failure cut{errc::truncated_stream, std::string(what_is_missing), {}, 0};
    if (!stray.empty()) cut.message += "; it had this between its events: " + excerpt(stray);
    return cut;
}

}  // namespace conclave::wire::detail
