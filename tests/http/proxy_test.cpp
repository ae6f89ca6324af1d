#include <conclave/http/proxy.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace conclave;
using http::proxy;

proxy parsed_proxy(const std::string& text) {
    proxy result;
    EXPECT_FALSE(proxy::parse(text, result)) << text;
    return result;
}

TEST(Proxy, IsKnownByItsSchemeAndPort) {
    EXPECT_EQ(parsed_proxy("http://proxy.example:3128").origin(), "http://proxy.example:3128");
    EXPECT_EQ(parsed_proxy("HTTP://Proxy.Example/").origin(), "http://proxy.example:80");
    EXPECT_EQ(parsed_proxy("https://proxy.example").origin(), "https://proxy.example:443");
    EXPECT_EQ(parsed_proxy("socks5://proxy.example").origin(), "socks5://proxy.example:1080");
    EXPECT_EQ(parsed_proxy("socks5h://proxy.example:80").origin(), "socks5://proxy.example:80");
    EXPECT_EQ(parsed_proxy("socks5://[2001:db8::1]").origin(), "socks5://[2001:db8::1]:1080");
    EXPECT_EQ(parsed_proxy("http://[::1]:8080").origin(), "http://[::1]:8080");
    EXPECT_EQ(parsed_proxy("proxy.example:3128").origin(), "http://proxy.example:3128");
    EXPECT_EQ(parsed_proxy("10.0.0.1").origin(), "http://10.0.0.1:80");
    EXPECT_FALSE(parsed_proxy("http://h").is_tls());
    EXPECT_TRUE(parsed_proxy("https://h").is_tls());
    EXPECT_FALSE(parsed_proxy("socks5://h").is_tls());
    EXPECT_EQ(parsed_proxy("http://h").kind(), proxy::protocol::http);
    EXPECT_EQ(parsed_proxy("socks5h://h").kind(), proxy::protocol::socks5);
}

TEST(Proxy, HasAUserAndAPasswordDecoded) {
    const proxy both = parsed_proxy("http://us%40er:p%3Aa%2Fs%25s:@proxy.example:3128");
    EXPECT_TRUE(both.has_credentials());
    EXPECT_EQ(both.user(), "us@er");
    EXPECT_EQ(both.password(), "p:a/s%s:");
    EXPECT_EQ(both.origin(), "http://proxy.example:3128");
    const proxy user_alone = parsed_proxy("socks5://me@proxy.example");
    EXPECT_EQ(user_alone.user(), "me");
    EXPECT_EQ(user_alone.password(), "");
    EXPECT_FALSE(parsed_proxy("http://proxy.example").has_credentials());
    EXPECT_EQ(parsed_proxy("me:secret@proxy.example").password(), "secret");
    EXPECT_EQ(parsed_proxy("http://caf%C3%A9:x@h").user(), "caf\xC3\xA9");
}

TEST(Proxy, IsRefusedWhenItsUrlIsNone) {
    const std::string long_name(256, 'a');
    for (const std::string& text : {std::string(),
                                    std::string("http://"),
                                    std::string("ftp://h"),
                                    std::string("socks4://h"),
                                    std::string("socks5:/h"),
                                    std::string("http://h:0"),
                                    std::string("http://h:65536"),
                                    std::string("http://h:"),
                                    std::string("http://h/path"),
                                    std::string("http://h?q"),
                                    std::string("http://h#f"),
                                    std::string("http://h//"),
                                    std::string("http://@h"),
                                    std::string("http://:pw@h"),
                                    std::string("http://u:p@w@h"),
                                    std::string("http://u:p/w@h:1"),
                                    std::string("http://u:1/w@h"),
                                    std::string("http://u%0d%0aX:p@h"),
                                    std::string("http://u:p%00@h"),
                                    std::string("http://u:p%7f@h"),
                                    std::string("http://u:p%4@h"),
                                    std::string("http://u:p%zz@h"),
                                    std::string("http://u%3Av:p@h"),
                                    std::string("http://u:p\r\nX: y@h"),
                                    std::string("http://h o"),
                                    std::string("http://h\\x"),
                                    std::string("http://u:p\xC3\xA9@h"),
                                    "socks5://" + long_name + ":p@h",
                                    "socks5://u:" + long_name + "@h",
                                    "http://u:" + std::string(4100, 'a') + "@h"}) {
        proxy untouched = parsed_proxy("http://before:8080");
        EXPECT_EQ(proxy::parse(text, untouched), errc::invalid_url) << text;
        EXPECT_EQ(untouched.origin(), "http://before:8080");
    }
    EXPECT_EQ(parsed_proxy("http://u:" + long_name + "@h").password(), long_name);
}

}  // namespace
