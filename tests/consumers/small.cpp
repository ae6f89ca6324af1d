// The program of the ways that do not compile the README's: it includes little, and still finds and
// links every library that ours stands on. What of it does not work stands in its status.

#include <conclave/json/decode.hpp>
#include <conclave/json/format.hpp>
#include <conclave/json/pattern.hpp>
#include <conclave/net/tls.hpp>
#include <conclave/version.hpp>

#include <iostream>
#include <string>

struct question {
    std::string input;
    int seats;
};
CONCLAVE_DESCRIBE(question, input, seats)

namespace json = conclave::json;

bool reads_json() {
    const auto asked = json::decode<question>(R"({"input": "Tabs or spaces?", "seats": 3})");
    return asked.input == "Tabs or spaces?" && asked.seats == 3;
}

bool makes_tls_contexts() {
    const auto context = conclave::net::make_tls_context(conclave::net::tls_options());
    return SSL_CTX_get_min_proto_version(context->native_handle()) == TLS1_2_VERSION;
}

bool judges_text() {
    bool right = json::matches_format(json::format::ipv6, "::1");
#if CONCLAVE_WITH_RE2
    const json::pattern pattern(R"(^\w+ or \w+\?$)");
    right = right && pattern.found_in("Tabs or spaces?") && !pattern.found_in("Spaces.");
#endif
#if CONCLAVE_WITH_IDN2
    right = right && json::matches_format(json::format::idn_hostname, "b\u00fccher.example");
#endif
    return right;
}

int main() {
    const int failed =
        (reads_json() ? 0 : 1) + (makes_tls_contexts() ? 0 : 2) + (judges_text() ? 0 : 4);
    std::cout << CONCLAVE_VERSION_STRING << ": " << failed << '\n';
    return failed;
}
