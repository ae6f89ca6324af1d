#pragma once

#include <string_view>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::wire::detail {

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
