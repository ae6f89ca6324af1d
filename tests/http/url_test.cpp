#include <conclave/error.hpp>
#include <conclave/http/url.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using conclave::errc;
using conclave::http::url;
using namespace std::string_view_literals;

url parsed(std::string_view text) {
    url result;
    EXPECT_FALSE(url::parse(text, result)) << text;
    return result;
}

bool accepted(std::string_view text) {
    url result = parsed("http://untouched:7/p");
    const std::error_code refused = url::parse(text, result);
    if (!refused) return true;
    EXPECT_EQ(refused, errc::invalid_url) << text;
    EXPECT_EQ(result.origin() + result.path(), "http://untouched:7/p") << text;
    return false;
}

TEST(Url, IsTakenApart) {
    const url result = parsed("https://API.example.org:8443/v1/chat?a=b&c=%2F#part");
    EXPECT_EQ(result.scheme(), "https");
    EXPECT_TRUE(result.is_tls());
    EXPECT_EQ(result.host(), "api.example.org");
    EXPECT_EQ(result.port(), 8443);
    EXPECT_EQ(result.path(), "/v1/chat?a=b&c=%2F");
    EXPECT_EQ(result.authority(), "api.example.org:8443");
    EXPECT_EQ(result.origin(), "https://api.example.org:8443");
}

TEST(Url, PortAndPathHaveDefaults) {
    const url plain = parsed("HTTP://h");
    EXPECT_FALSE(plain.is_tls());
    EXPECT_EQ(plain.port(), 80);
    EXPECT_EQ(plain.path(), "/");
    EXPECT_EQ(plain.authority(), "h");
    EXPECT_EQ(plain.origin(), "http://h:80");
    EXPECT_EQ(parsed("https://h").port(), 443);
    EXPECT_EQ(parsed("http://h?q").path(), "/?q");
    EXPECT_EQ(parsed("http://h#f").path(), "/");
    EXPECT_EQ(parsed("http://h/#f?q").path(), "/");
}

TEST(Url, TheHostFieldLeavesOutTheDefaultPortOnly) {
    EXPECT_EQ(parsed("http://h:80/").authority(), "h");
    EXPECT_EQ(parsed("https://h:443/").authority(), "h");
    EXPECT_EQ(parsed("https://h:80/").authority(), "h:80");
    EXPECT_EQ(parsed("http://h:443/").authority(), "h:443");
    EXPECT_EQ(parsed("http://[::1]:80/").authority(), "[::1]");
    EXPECT_EQ(parsed("http://[::1]:81/").authority(), "[::1]:81");
}

TEST(Url, EqualOriginsAreSpeltAlike) {
    EXPECT_EQ(parsed("https://EXAMPLE.org/a").origin(), parsed("https://example.org:443").origin());
    EXPECT_NE(parsed("http://example.org").origin(), parsed("https://example.org").origin());
    EXPECT_EQ(parsed("http://[0:0::1]").origin(), parsed("http://[::0.0.0.1]:80/").origin());
}

TEST(Url, OtherSchemesAndRelativeTextsAreRefused) {
    for (const std::string_view text : {"",           "http",
                                        "http:",      "http:/",
                                        "http://",    "http:h",
                                        "http:/h",    "http:///h",
                                        "https//h",   "://h",
                                        "//h/p",      "/p",
                                        "h",          "h:80",
                                        "ftp://h",    "httpss://h",
                                        "ws://h",     "file:///etc/passwd",
                                        "http://?",   "http://#",
                                        "http://:80", "javascript:alert(1)",
                                        " http://h",  "http ://h",
                                        "http://h "}) {
        EXPECT_FALSE(accepted(text)) << text;
    }
}

TEST(Url, UserInformationIsRefused) {
    for (const std::string_view text :
         {"http://u@h", "http://u:p@h", "http://@h", "http://:@h", "http://h@", "http://a@b@h",
          "http://h%40i", "http://[::1]@h", "http://u@[::1]"}) {
        EXPECT_FALSE(accepted(text)) << text;
    }
    EXPECT_EQ(parsed("http://h/u:p@x").host(), "h");
    EXPECT_EQ(parsed("http://h?u@x").host(), "h");
}

TEST(Url, PortsAreOneTo65535) {
    EXPECT_EQ(parsed("http://h:1").port(), 1);
    EXPECT_EQ(parsed("http://h:65535").port(), 65535);
    for (const std::string_view port :
         {"", "0", "00", "080", "65536", "99999", "100000", "4294967376", "18446744073709551696",
          "-1", "+80", "8a", "0x50", " 80", "80 ", "80:80", "8.0"}) {
        EXPECT_FALSE(accepted("http://h:" + std::string(port))) << port;
        EXPECT_FALSE(accepted("http://h:" + std::string(port) + "/p")) << port;
        EXPECT_FALSE(accepted("http://[::1]:" + std::string(port) + "/p")) << port;
    }
}

TEST(Url, HostNamesHaveLettersDigitsHyphensAndUnderscores) {
    for (int code = 0; code < 256; ++code) {
        const char byte = static_cast<char>(code);
        const bool good = (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
                          (code >= 'A' && code <= 'Z') || byte == '-' || byte == '_' || byte == '.';
        // What ends the host early is not part of it.
        if (std::string_view("/?#:").find(byte) != std::string_view::npos) continue;
        EXPECT_EQ(accepted("http://a" + std::string(1, byte) + "b/"), good) << code;
    }
    EXPECT_EQ(parsed("http://a_b-c.x1").host(), "a_b-c.x1");
    EXPECT_EQ(parsed("http://XN--mnchen-3ya.de").host(), "xn--mnchen-3ya.de");
}

TEST(Url, LabelsAreOneTo63BytesAndHostsAtMost253) {
    const std::string label(63, 'a');
    EXPECT_TRUE(accepted("http://" + label));
    EXPECT_FALSE(accepted("http://" + label + "a"));
    const std::string three = label + "." + label + "." + label + ".";
    EXPECT_TRUE(accepted("http://" + three + std::string(61, 'b')));
    EXPECT_FALSE(accepted("http://" + three + std::string(62, 'b')));
    for (const std::string_view host : {".", "..", "a.", ".a", "a..b", "1.2.3.4."}) {
        EXPECT_FALSE(accepted("http://" + std::string(host))) << host;
    }
}

TEST(Url, IPv4IsFourPlainDecimalNumbers) {
    EXPECT_EQ(parsed("http://127.0.0.1").host(), "127.0.0.1");
    EXPECT_EQ(parsed("http://255.255.255.255").host(), "255.255.255.255");
    EXPECT_EQ(parsed("http://1.2.3.4.com").host(), "1.2.3.4.com");
    for (const std::string_view host :
         {"2130706433", "127.1",      "127.0.1",    "0177.0.0.1",  "127.0.0.01", "00.0.0.0",
          "0x7f.0.0.1", "0x7f000001", "0X7F000001", "127.0.0.0x1", "0x",         "127.0.0.0x",
          "256.0.0.1",  "1.2.3.256",  "1.2.3.4.5",  "1.2.3",       "a.1",        "a.b.c.255",
          "foo.0x4",    "1.2.3.1000", "09.1.1.1"}) {
        EXPECT_FALSE(accepted("http://" + std::string(host))) << host;
    }
}

TEST(Url, IPv6IsWrittenInItsCanonicalForm) {
    const struct {
        const char* given;
        const char* canonical;
    } cases[] = {
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::00a", "2001:db8::a"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:0:0:4:0:0:0:8", "1:0:0:4::8"},
        {"1:0:0:4:5:0:0:8", "1::4:5:0:0:8"},
        {"0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"::ffff:1.2.3.4", "::ffff:102:304"},
        {"1:2:3:4:5:6:255.0.0.255", "1:2:3:4:5:6:ff00:ff"},
        {"::1:2:3:4:5:1.2.3.4", "0:1:2:3:4:5:102:304"},
    };
    for (const auto& [given, canonical] : cases) {
        const url result = parsed("http://[" + std::string(given) + "]:90/x");
        EXPECT_EQ(result.host(), canonical) << given;
        EXPECT_EQ(result.port(), 90);
        EXPECT_EQ(result.origin(), "http://[" + std::string(canonical) + "]:90");
    }
}

TEST(Url, MalformedIPv6IsRefused) {
    for (const std::string_view host : {"[]",
                                        "[:]",
                                        "[:::]",
                                        "[1]",
                                        "[1:2:3:4:5:6:7]",
                                        "[1:2:3:4:5:6:7:8:9]",
                                        "[::1:2:3:4:5:6:7:8]",
                                        "[1::2::3]",
                                        "[12345::]",
                                        "[g::]",
                                        "[1:]",
                                        "[:1]",
                                        "[1::2:]",
                                        "[::1",
                                        "::1]",
                                        "::1",
                                        "[::1]x",
                                        "[::1]]",
                                        "[[::1]]",
                                        "[fe80::1%25eth0]",
                                        "[fe80::1%eth0]",
                                        "[::1.2.3]",
                                        "[::1.2.3.4.5]",
                                        "[::1.2.3.256]",
                                        "[::01.2.3.4]",
                                        "[1.2.3.4]",
                                        "[1.2.3.4::]",
                                        "[1:2:3:4:5:6:7:1.2.3.4]",
                                        "[::1:2:3:4:5:6:1.2.3.4]",
                                        "[v1.x]",
                                        "[ ::1]",
                                        "[h]"}) {
        EXPECT_FALSE(accepted("http://" + std::string(host))) << host;
        EXPECT_FALSE(accepted("http://" + std::string(host) + "/")) << host;
    }
}

TEST(Url, NothingThatReadersTreatDifferentlyGetsIntoThePath) {
    for (int code = 0; code < 256; ++code) {
        const char byte = static_cast<char>(code);
        const bool visible = code > 32 && code < 127;
        const bool good =
            visible && std::string_view("\"<>\\^`{|}%").find(byte) == std::string_view::npos;
        EXPECT_EQ(accepted("http://h/a" + std::string(1, byte) + "b"), good) << code;
        EXPECT_EQ(accepted("http://h/?a" + std::string(1, byte) + "b"), good) << code;
        // A fragment goes nowhere, but what is in it may be meant to mislead.
        EXPECT_EQ(accepted("http://h/#" + std::string(1, byte)), visible) << code;
    }
    EXPECT_TRUE(accepted("http://h/%0a%7F"));
    for (const std::string_view bad : {"%", "%1", "%1g", "%%20", "%zz"}) {
        EXPECT_FALSE(accepted("http://h/" + std::string(bad))) << bad;
        EXPECT_FALSE(accepted("http://h/?" + std::string(bad))) << bad;
        EXPECT_FALSE(accepted("http://h/" + std::string(bad) + "#20")) << bad;
    }
    EXPECT_FALSE(accepted("http://h/\0"sv));
}

TEST(Url, ASuffixIsJoinedToThePathOfTheBase) {
    const struct {
        const char* base;
        const char* suffix;
        const char* target;
    } cases[] = {
        {"https://h/v1", "/chat/completions", "/v1/chat/completions"},
        {"https://h/v1/", "/chat/completions", "/v1/chat/completions"},
        {"https://h/v1//", "/chat", "/v1/chat"},
        {"https://h/v1", "chat", "/v1/chat"},
        {"https://h", "/models", "/models"},
        {"https://h/", "/models", "/models"},
        {"https://h//", "/models", "/models"},
        {"https://h/a?api-version=1", "/chat", "/a/chat?api-version=1"},
        {"https://h/a/?v=1&w=2", "/chat", "/a/chat?v=1&w=2"},
        {"https://h/a?v=1", "/chat?alt=sse", "/a/chat?alt=sse&v=1"},
        {"https://h/a", "/chat?alt=sse", "/a/chat?alt=sse"},
        {"https://h?v=1", "/chat", "/chat?v=1"},
        {"https://h/a?", "/chat", "/a/chat"},
        {"https://h/a", "https://evil/x", "/a/https://evil/x"},
        {"https://h", "//evil/x", "//evil/x"},
    };
    for (const auto& [base, suffix, target] : cases) {
        EXPECT_EQ(parsed(base).target_for(suffix), target) << base << ' ' << suffix;
    }
}

}  // namespace
