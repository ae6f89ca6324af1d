#include "calling.hpp"

#include <conclave/client/options.hpp>

#include <gtest/gtest.h>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

TEST(Client, RefusesAProxyThatIsNoneWithoutQuotingIt) {
    asio::io_context context;
    for (const std::string scheme : {"http", "https"}) {
        client_options options = options_for(scheme + "://api.test/v1");
        options.connect.proxy.all = "http://user:" + canary + "@h:port";
        const error refused = error_of([&] { client via(context, options); });
        EXPECT_EQ(refused.code(), errc::invalid_url) << refused.what();
        const std::string what = refused.what();
        EXPECT_NE(what.find("the proxy for " + scheme + " "), what.npos) << what;
        EXPECT_EQ(what.find("canary"), what.npos) << what;
    }
}

TEST(Client, RefusesBaseUrlsThatAreNone) {
    asio::io_context context;
    for (const std::string url :
         {"", "localhost:8080", "ftp://h/v1", "http://", "http://user:secret@h/v1", "http://h:0/",
          "http://h:65536/", "http://h /v1", "http://h\r\nX: y/v1", "https://h\\v1",
          "http:/h/v1"}) {
        client_options options;
        options.endpoints.emplace_back("http://good/v1");
        options.endpoints.emplace_back(url);
        const error refused = error_of([&] { client via(context, options); });
        EXPECT_EQ(refused.code(), errc::invalid_url) << url;
        EXPECT_NE(std::string(refused.what()).find("endpoints[1].base_url"), std::string::npos)
            << refused.what();
    }
}

TEST(Client, RefusesAuthoritiesThatCannotBeRead) {
    asio::io_context context;
    client_options options = options_for("https://localhost/v1");
    options.tls.ca_file = "/nonexistent";
    EXPECT_EQ(error_of([&] { client via(context, options); }).code(), errc::tls_failed);
}

TEST(Client, RefusesAKeyThatNoHeaderFieldMayHaveWithoutQuotingIt) {
    scripted_provider provider;
    provider.on("m", answer("yes"));
    for (const std::string& ending : {std::string("\n"), std::string("\r\nX-Evil: 1"),
                                      std::string("\0", 1), std::string("\x7f")}) {
        client_options options = options_for(provider);
        options.endpoints[0].api_key += ending;
        caller client(options);
        const result got = client.ask(question());
        EXPECT_EQ(got.code(), errc::invalid_header) << got.what();
        EXPECT_FALSE(got.says("canary")) << got.what();
        EXPECT_TRUE(got.says("Authorization")) << got.what();
    }
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(Client, RefusesAHeaderFieldOfAnEndpointThatIsNone) {
    scripted_provider provider;
    for (const http::field& bad : {http::field{"X-Team", "a\r\nX-Evil: 1"},
                                   http::field{"X Team", "a"}, http::field{"", "a"}}) {
        client_options options = options_for(provider);
        options.endpoints[0].header.push_back(bad);
        EXPECT_EQ(caller(options).ask(question()).code(), errc::invalid_header) << bad.name;
    }
    EXPECT_EQ(provider.connections(), 0u);
}

}  // namespace
