// A regular expression, a line feed, a text: any of both. Every format judges both, and formats
// that include each other agree; what compiles is a regular expression, and is found alike however
// it is wrapped.

#include <conclave/json/format.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/json/escape.hpp>
#include <conclave/json/pattern.hpp>

namespace {

namespace json = conclave::json;
using json::format;

void require(bool condition) {
    if (!condition) std::abort();
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const json::utf8_step step = json::next_utf8(text);
        if (!step.valid) return false;
        text.remove_prefix(step.size);
    }
    return true;
}

void check_formats(const std::string& text) {
    const auto is = [&](format which) { return json::matches_format(which, text); };
    const auto implies = [](bool one, bool other) { require(!one || other); };
    for (int value = 0; value <= static_cast<int>(format::regex); ++value) {
        const auto which = static_cast<format>(value);
        // any bytes are a token of a pointer
        const bool is_pointer =
            which == format::json_pointer || which == format::relative_json_pointer;
        if (json::can_check(which)) implies(is(which), is_pointer || is_utf8(text));
    }
    implies(is(format::uri), is(format::uri_reference) && is(format::iri));
    implies(is(format::iri), is(format::iri_reference));
    implies(is(format::uri_reference), is(format::iri_reference));
    implies(is(format::email), is(format::idn_email));
    implies(is(format::ipv4), is(format::hostname));
    implies(is(format::uuid), is(format::hostname));
    if (text.find("--") == text.npos && json::can_check(format::idn_hostname))
        implies(is(format::hostname), is(format::idn_hostname));
    if (is_utf8(text)) {
        require(is(format::json_pointer) ==
                    json::matches_format(format::relative_json_pointer, "7" + text) ||
                text.find_first_of("#+-0123456789") == 0);
    }
    if (text.size() > 11) {
        const bool parts = json::matches_format(format::date, text.substr(0, 10)) &&
                           (text[10] | 0x20) == 't' &&
                           json::matches_format(format::time, text.substr(11));
        require(is(format::date_time) == parts);
    }
}

std::optional<json::pattern> compile(const std::string& text) {
    try {
        return json::pattern(text);
    } catch (const conclave::error& refused) {
        const std::string_view what = refused.what();
        require(is_utf8(what) || !is_utf8(text));
        const bool is_regex = json::matches_format(format::regex, text);
        if (text.find("is not") == text.npos)
            require(is_regex == (what.find("is not supported") != what.npos));
        return std::nullopt;
    }
}

void check_pattern(const std::string& text, const std::string& where) {
    const auto compiled = compile(text);
    if (!compiled) return;
    require(json::matches_format(format::regex, text));
    if (!is_utf8(where)) return;
    const bool found = compiled->found_in(where);
    for (const auto& [before, behind] :
         {std::pair{"(?:", ")"}, {"(?<n>", "|[])"}, {"[^]*(", ")[^]*"}}) {
        if (text.find("(?<n>") != text.npos) continue;
        if (const auto wrapped = compile(before + text + behind))
            require(wrapped->found_in(where) == found);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size > 2000) return 0;
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t line = input.find('\n');
    const std::string first(input.substr(0, line));
    const std::string second(line == input.npos ? "" : input.substr(line + 1));
    check_formats(first);
    check_formats(second);
    check_pattern(first, second);
    return 0;
}
