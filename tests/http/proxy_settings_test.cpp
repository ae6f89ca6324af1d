#include <conclave/http/proxy_settings.hpp>

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

namespace {

using namespace conclave;

http::url url_of(const std::string& text) {
    http::url parsed;
    EXPECT_FALSE(http::url::parse(text, parsed)) << text;
    return parsed;
}

bool excludes(const std::string& list, const std::string& host) {
    return http::excludes_proxy(list, url_of("https://" + host));
}

TEST(NoProxy, OfNothingExcludesNothing) {
    for (const std::string host : {"localhost", "127.0.0.1", "[::1]", "api.example"}) {
        EXPECT_FALSE(excludes("", host));
        EXPECT_FALSE(excludes(" , ,, ", host));
        EXPECT_TRUE(excludes("*", host));
        EXPECT_TRUE(excludes("other.example, *", host));
    }
}

TEST(NoProxy, ExcludesANameAndAllBelowIt) {
    for (const std::string entry :
         {"example.org", ".example.org", "*.example.org", "EXAMPLE.org.", "example.org:443",
          "a.test,example.org", "a.test example.org"}) {
        EXPECT_TRUE(excludes(entry, "example.org")) << entry;
        EXPECT_TRUE(excludes(entry, "api.example.org")) << entry;
        EXPECT_TRUE(excludes(entry, "a.b.EXAMPLE.ORG")) << entry;
        EXPECT_FALSE(excludes(entry, "notexample.org")) << entry;
        EXPECT_FALSE(excludes(entry, "example.org.evil")) << entry;
        EXPECT_FALSE(excludes(entry, "org")) << entry;
    }
}

TEST(NoProxy, MayBeForOnePortAlone) {
    EXPECT_TRUE(excludes("example.org:8443", "example.org:8443"));
    EXPECT_FALSE(excludes("example.org:8443", "example.org"));
    EXPECT_TRUE(excludes("127.0.0.1:443", "127.0.0.1"));
    EXPECT_FALSE(excludes("127.0.0.1:80", "127.0.0.1"));
    EXPECT_TRUE(excludes("[::1]:8443", "[::1]:8443"));
    EXPECT_FALSE(excludes("[::1]:8443", "[::1]"));
    EXPECT_TRUE(excludes("10.0.0.0/8:8443", "10.1.2.3:8443"));
    EXPECT_FALSE(excludes("10.0.0.0/8:8443", "10.1.2.3"));
}

TEST(NoProxy, ExcludesAddressesAndNetworks) {
    EXPECT_TRUE(excludes("192.0.2.1", "192.0.2.1"));
    EXPECT_FALSE(excludes("192.0.2.1", "192.0.2.2"));
    EXPECT_TRUE(excludes("10.0.0.0/8", "10.255.0.1"));
    EXPECT_TRUE(excludes("10.9.9.9/8", "10.255.0.1"));
    EXPECT_FALSE(excludes("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(excludes("10.128.0.0/9", "10.129.0.1"));
    EXPECT_FALSE(excludes("10.128.0.0/9", "10.127.0.1"));
    EXPECT_TRUE(excludes("192.0.2.1/32", "192.0.2.1"));
    EXPECT_FALSE(excludes("192.0.2.1/32", "192.0.2.0"));
    EXPECT_TRUE(excludes("0.0.0.0/0", "203.0.113.7"));
    EXPECT_TRUE(excludes("::1", "[::1]"));
    EXPECT_TRUE(excludes("[::1]", "[::1]"));
    EXPECT_TRUE(excludes("2001:DB8:0::1", "[2001:db8::1]"));
    EXPECT_TRUE(excludes("fd00::/8", "[fdab::1]"));
    EXPECT_FALSE(excludes("fd00::/8", "[fe00::1]"));
    EXPECT_TRUE(excludes("2001:db8::/33", "[2001:db8:7fff::1]"));
    EXPECT_FALSE(excludes("2001:db8::/33", "[2001:db8:8000::1]"));
    EXPECT_TRUE(excludes("::/0", "[2001:db8::1]"));
}

TEST(NoProxy, KeepsTheFamiliesApartButForMappedAddresses) {
    EXPECT_FALSE(excludes("0.0.0.0/0", "[2001:db8::1]"));
    EXPECT_FALSE(excludes("::/0", "10.0.0.1"));
    EXPECT_TRUE(excludes("10.0.0.0/8", "[::ffff:10.0.0.1]"));
    EXPECT_TRUE(excludes("::ffff:10.0.0.1", "10.0.0.1"));
    EXPECT_TRUE(excludes("::ffff:10.0.0.0/104", "10.1.1.1"));
}

TEST(NoProxy, TakesNoNameForPartOfAnAddress) {
    EXPECT_FALSE(excludes("0.0.1", "127.0.0.1"));
    EXPECT_FALSE(excludes(".1", "127.0.0.1"));
    EXPECT_FALSE(excludes("127.0.0.1", "127.0.0.1.example"));
}

TEST(NoProxy, PassesOverWhatItDoesNotKnow) {
    for (const std::string entry : {"10.0.0.0/33",
                                    "10.0.0.0/",
                                    "10.0.0.0/a",
                                    "10.0.0.0/8/8",
                                    "fd00::/129",
                                    "10.0.0/8",
                                    "127.0.0.*",
                                    "<local>",
                                    "[::1",
                                    "[::1]x",
                                    "::1:99999:",
                                    "example.org:",
                                    "example.org:x",
                                    ":443",
                                    "/8",
                                    ".",
                                    "*.",
                                    "**",
                                    "https://example.org",
                                    "[]",
                                    "[]:443"}) {
        EXPECT_FALSE(excludes(entry, "10.0.0.1")) << entry;
        EXPECT_FALSE(excludes(entry, "[::1]")) << entry;
        EXPECT_FALSE(excludes(entry, "example.org")) << entry;
        EXPECT_TRUE(excludes(entry + std::string(",example.org"), "example.org")) << entry;
    }
}

// The proxy that leads there, or nothing.
std::string way(const http::proxy_settings& settings, const std::string& to) {
    std::optional<http::proxy> via;
    if (settings.find(url_of(to), via)) return "refused";
    return via ? via->origin() : "";
}

TEST(ProxySettings, LeadNowhereAsTheyStand) {
    EXPECT_EQ(way({}, "https://api.example"), "");
    EXPECT_EQ(way({}, "http://api.example"), "");
}

TEST(ProxySettings, ChooseByScheme) {
    http::proxy_settings settings;
    settings.https = "http://secure:1";
    settings.http = "http://plain:2";
    EXPECT_EQ(way(settings, "https://api.example"), "http://secure:1");
    EXPECT_EQ(way(settings, "http://api.example"), "http://plain:2");
    settings.http.clear();
    EXPECT_EQ(way(settings, "http://api.example"), "");
    settings.all = "socks5://any:3";
    EXPECT_EQ(way(settings, "http://api.example"), "socks5://any:3");
    EXPECT_EQ(way(settings, "https://api.example"), "http://secure:1");
    settings.no_proxy = "api.example:443";
    EXPECT_EQ(way(settings, "https://api.example"), "");
    EXPECT_EQ(way(settings, "http://api.example"), "socks5://any:3");
}

TEST(ProxySettings, RefuseWhatIsNoProxyOnlyWhereItIsNeeded) {
    http::proxy_settings settings;
    settings.https = "ftp://u:secret@proxy";
    settings.no_proxy = "inside.example";
    EXPECT_EQ(way(settings, "https://api.example"), "refused");
    EXPECT_EQ(way(settings, "https://inside.example"), "");
    EXPECT_EQ(way(settings, "http://api.example"), "");
}

http::proxy_settings from(const std::map<std::string, std::string>& variables) {
    return http::proxy_settings::from_variables([&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

TEST(ProxySettings, AreReadFromTheEnvironmentTheSmallNamesFirst) {
    const auto capitals =
        from({{"HTTPS_PROXY", "a"}, {"HTTP_PROXY", "b"}, {"ALL_PROXY", "c"}, {"NO_PROXY", "d"}});
    EXPECT_EQ(capitals.https, "a");
    EXPECT_EQ(capitals.http, "b");
    EXPECT_EQ(capitals.all, "c");
    EXPECT_EQ(capitals.no_proxy, "d");
    const auto both = from({{"HTTPS_PROXY", "A"},
                            {"https_proxy", "a"},
                            {"HTTP_PROXY", "B"},
                            {"http_proxy", "b"},
                            {"ALL_PROXY", "C"},
                            {"all_proxy", "c"},
                            {"NO_PROXY", "D"},
                            {"no_proxy", "d"}});
    EXPECT_EQ(both.https + both.http + both.all + both.no_proxy, "abcd");
    const auto none = from({});
    EXPECT_EQ(none.https + none.http + none.all + none.no_proxy, "");
}

TEST(ProxySettings, LeaveHttpProxyInCapitalsToTheCallersOfCgiPrograms) {
    EXPECT_EQ(from({{"REQUEST_METHOD", "GET"}, {"HTTP_PROXY", "evil"}}).http, "");
    EXPECT_EQ(from({{"REQUEST_METHOD", "GET"}, {"http_proxy", "own"}}).http, "own");
}

}  // namespace
