// The URL cases of web-platform-tests. Our URLs are a strict subset of those: nothing that must
// fail is accepted, and what is accepted has the same host and port.

#include <conclave/http/url.hpp>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "conformance/vectors.hpp"

namespace {

namespace dom = simdjson::dom;
using conclave::http::url;
using conclave::testing::text_of;

/// Host and port as the vectors spell them: IPv6 in brackets, no default port.
std::string hostname_of(const url& parsed) {
    const bool is_ipv6 = parsed.host().find(':') != std::string::npos;
    return is_ipv6 ? "[" + parsed.host() + "]" : parsed.host();
}

std::string port_of(const url& parsed) {
    const bool is_default = parsed.port() == (parsed.is_tls() ? 443 : 80);
    return is_default ? "" : std::to_string(parsed.port());
}

TEST(WebPlatformUrl, WhatIsAcceptedMustNotFailAndHasTheSameHostAndPort) {
    dom::parser parser;
    std::set<std::string> accepted;
    std::size_t cases = 0;
    for (const dom::element entry :
         parser.load(CONCLAVE_SUITES "/wpt-url/urltestdata.json").get_array()) {
        if (!entry.is_object()) continue;
        ++cases;
        const std::string input = text_of(entry, "input");
        url parsed;
        if (url::parse(input, parsed)) continue;
        accepted.insert(input);
        ASSERT_NE(entry["failure"].error(), simdjson::SUCCESS) << input << " must fail";
        EXPECT_EQ(std::string(parsed.scheme()) + ":", text_of(entry, "protocol")) << input;
        EXPECT_EQ(hostname_of(parsed), text_of(entry, "hostname")) << input;
        EXPECT_EQ(port_of(parsed), text_of(entry, "port")) << input;
        EXPECT_EQ(parsed.authority(), text_of(entry, "host")) << input;
    }
    EXPECT_EQ(cases, 891u);
    // A subset, but not an empty one.
    for (const char* plain :
         {"http://foo/abcd?efgh?ijkl", "http://[2001::1]:80", "http://ExAmPlE.CoM",
          "http://[::127.0.0.1]", "http://1.2.3.4/", "https://localhost:3000/jqueryui@1.2.3",
          "http://a.b.c.XN--pokxncvks", "http://example.com/foo%41%7a",
          "http://www.google.com/foo?bar=baz#"}) {
        EXPECT_TRUE(accepted.contains(plain)) << plain;
    }
}

TEST(WebPlatformUrl, AsciiHostsAreReadAlike) {
    dom::parser parser;
    std::size_t accepted = 0;
    for (const dom::element entry :
         parser.load(CONCLAVE_SUITES "/wpt-url/toascii.json").get_array()) {
        if (!entry.is_object()) continue;
        const std::string input = text_of(entry, "input");
        url parsed;
        if (url::parse("https://" + input + "/x", parsed)) continue;
        ++accepted;
        std::string_view output;
        ASSERT_EQ(entry["output"].get(output), simdjson::SUCCESS) << input << " must fail";
        EXPECT_EQ(parsed.host(), output);
    }
    EXPECT_GT(accepted, 5u);
}

}  // namespace
