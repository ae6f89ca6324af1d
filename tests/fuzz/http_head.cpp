// Heads of responses and requests, and URLs: whatever the bytes, a cut in two changes nothing,
// limits hold, and what was read can be written and read again.

#include <conclave/http/head.hpp>
#include <conclave/http/head_parser.hpp>
#include <conclave/http/url.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

namespace http = conclave::http;

constexpr http::head_limits limits{.bytes = 512, .fields = 8};

void require(bool condition) {
    if (!condition) std::abort();
}

bool same_fields(const http::fields& left, const http::fields& right) {
    if (left.size() != right.size()) return false;
    for (auto l = left.begin(), r = right.begin(); l != left.end(); ++l, ++r) {
        if (l->name != r->name || l->value != r->value) return false;
    }
    return true;
}

bool same(const http::response_head& left, const http::response_head& right) {
    return left.status == right.status && left.reason == right.reason &&
           left.minor_version == right.minor_version && same_fields(left.header, right.header);
}

bool same(const http::request_head& left, const http::request_head& right) {
    return left.method == right.method && left.target == right.target &&
           left.minor_version == right.minor_version && same_fields(left.header, right.header);
}

template <class Parser>
void try_heads(std::string_view text, std::size_t cut) {
    Parser whole(limits);
    const std::size_t consumed = whole.feed(text);
    require(consumed <= limits.bytes);
    require(whole.head().header.size() <= limits.fields);
    require(consumed == text.size() || whole.done() || whole.error());

    Parser split(limits);
    std::size_t split_consumed = split.feed(text.substr(0, cut));
    if (split_consumed == cut) split_consumed += split.feed(text.substr(cut));
    require(split_consumed == consumed);
    require(split.done() == whole.done());
    require(split.error() == whole.error());
    require(same(split.head(), whole.head()));

    if (!whole.done()) return;
    std::string written;
    require(!write_head(whole.head(), written));
    Parser again;
    require(again.feed(written) == written.size());
    require(again.done() && same(again.head(), whole.head()));
}

void try_url(std::string_view text) {
    http::url first;
    if (http::url::parse(text, first)) return;
    http::url second;
    require(!http::url::parse(first.origin() + first.path(), second));
    require(first.origin() == second.origin() && first.path() == second.path());

    http::request_head request;
    request.method = "GET";
    request.target = first.target_for("/x");
    require(!request.header.add("Host", first.authority()));
    std::string out;
    require(!write_head(request, out));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t cut = data[0] % size;
    try_heads<http::response_parser>(text, cut);
    try_heads<http::request_parser>(text, cut);
    try_url(text);
    return 0;
}
