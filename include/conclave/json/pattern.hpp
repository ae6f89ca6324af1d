#pragma once

#include <conclave/error.hpp>
#include <conclave/json/detail/ecma_regex.hpp>
#include <conclave/json/escape.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#if CONCLAVE_WITH_RE2
#include <re2/re2.h>
#endif

namespace conclave::json {

/// A regular expression of ECMA-262 as the keywords `pattern` and `patternProperties` of JSON
/// Schema have it: found anywhere in a text unless it says otherwise, by code points (flag `u`). It
/// runs on RE2, in time linear in the text and in limited memory, so it has no lookahead, no
/// lookbehind and no back-references. Properties are RE2's: general categories and scripts, where
/// `\p{C}` leaves out code points that are not assigned.
///
/// Copies are cheap and share what was compiled; any number of threads may use one.
class pattern {
public:
    /// Compiles a regular expression. Throws `conclave::error` with `errc::invalid_schema`, and
    /// says why, if it is none, if it has what is named above, if it needs more than 16 MiB, or if
    /// the program was built without RE2 (`CONCLAVE_WITH_RE2`).
    explicit pattern(std::string_view text) {
        const detail::translated_regex translated = detail::ecma_regex_translator(text).translate();
        if (!translated.fault.empty()) refuse(text, "is not valid", translated.fault, translated);
        if (!translated.unsupported.empty())
            refuse(text, "is not supported", translated.unsupported, translated);
#if CONCLAVE_WITH_RE2
        RE2::Options options;
        options.set_log_errors(false);
        options.set_never_capture(true);
        options.set_max_mem(16 << 20);
        compiled_ = std::make_shared<const RE2>(translated.re2, options);
        if (!compiled_->ok()) {
            throw error(errc::invalid_schema, "The regular expression " + quoted(text) +
                                                  " is not supported: RE2 says \"" +
                                                  compiled_->error() + "\".");
        }
#else
        throw error(errc::invalid_schema, "The regular expression " + quoted(text) +
                                              " needs a build with RE2 (CONCLAVE_WITH_RE2).");
#endif
    }

    /// Whether some part of `text`, which is UTF-8, matches.
    bool found_in([[maybe_unused]] std::string_view text) const {
#if CONCLAVE_WITH_RE2
        return compiled_->Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
#else
        return false;
#endif
    }

private:
    // As it stands in the schema.
    static std::string quoted(std::string_view text) {
        constexpr std::size_t most = 80;
        std::size_t end = std::min(text.size(), most);
        while (end < text.size() && end > 0 &&
               (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
            --end;
        std::string result = "\"";
        append_escaped(result, text.substr(0, end));
        return result + (end < text.size() ? "…\"" : "\"");
    }

    [[noreturn]] static void refuse(std::string_view text, std::string_view verdict,
                                    std::string_view why,
                                    const detail::translated_regex& translated) {
        std::string what = "The regular expression " + quoted(text) + " ";
        what += verdict;
        what += ": ";
        what += why;
        what += " (at byte " + std::to_string(translated.position) + ").";
        throw error(errc::invalid_schema, what);
    }

#if CONCLAVE_WITH_RE2
    std::shared_ptr<const RE2> compiled_;
#endif
};

}  // namespace conclave::json
