#include "calling.hpp"
#include "net/proxy_programs.hpp"
#include "net/raw_server.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using running::raw_server;
using running::tcp;

TEST(CallByProxy, KeepsItsConnectionForTheNext) {
    const running::tinyproxy http("user tok3n");
    const running::microsocks socks("user", "tok3n");
    for (const std::string& way : {http.url("user:tok3n@"), socks.url("user:tok3n@")}) {
        for (const bool tls : {false, true}) {
            scripted_provider provider(tls ? provider_options().tls() : provider_options());
            provider.otherwise(answer("a b c").write_bytes(60'000));
            client_options options = options_for(provider);
            options.connect.proxy.all = way;
            caller client(options);
            for (int i = 0; i < 3; ++i) {
                const result got = client.ask(question());
                EXPECT_EQ(got.answer.text, "a b c") << got.what();
            }
            EXPECT_EQ(provider.connections(), 1u);
            ASSERT_EQ(provider.requests().size(), 3u);
            EXPECT_FALSE(provider.requests()[0].header.find("proxy-authorization"));
        }
    }
}

// Calls a server that only this proxy leads to.
client_options by(const raw_server& proxy) {
    client_options options = options_for("https://api.test/v1");
    options.connect.proxy.https =
        "http://user:" + canary + "@127.0.0.1:" + std::to_string(proxy.port());
    return options;
}

TEST(CallByProxy, IsNotTriedAgainOverAPassword) {
    const raw_server proxy([](tcp::socket& socket, int) {
        running::read_until(socket, "\r\n\r\n");
        running::write(socket, "HTTP/1.1 407 " + canary + "\r\n\r\n" + canary);
    });
    const result got = caller(by(proxy)).ask(question().max_retries(2));
    EXPECT_EQ(got.code(), errc::proxy_failed) << got.what();
    EXPECT_FALSE(got.says("canary")) << got.what();
    EXPECT_EQ(proxy.connections(), 1);
}

TEST(CallByProxy, IsTriedAgainWhereItMayHelp) {
    const raw_server proxy([](tcp::socket& socket, int) {
        running::read_until(socket, "\r\n\r\n");
        running::write(socket, "HTTP/1.1 503 Busy\r\n\r\n");
    });
    const result got = caller(by(proxy)).ask(question().max_retries(1));
    EXPECT_EQ(got.code(), errc::proxy_failed) << got.what();
    EXPECT_EQ(proxy.connections(), 2);
}

TEST(CallByProxy, SendsNothingOfItsOwnBeforeTheServerIsVerified) {
    std::string heard;
    {
        const raw_server proxy([&](tcp::socket& socket, int) {
            running::read_until(socket, "\r\n\r\n");
            running::write(socket, "HTTP/1.1 200 OK\r\n\r\n");
            std::array<char, 4096> hello;
            heard.assign(hello.data(), socket.read_some(asio::buffer(hello)));
            running::write(socket, "HTTP/1.1 200 OK\r\n\r\n");
            heard += running::read_to_end(socket);
        });
        const result got = caller(by(proxy)).ask(question());
        EXPECT_EQ(got.code(), errc::tls_failed) << got.what();
        EXPECT_EQ(proxy.connections(), 1);
    }
    EXPECT_FALSE(heard.empty());
    EXPECT_EQ(heard.find(canary), std::string::npos);
    EXPECT_EQ(heard.find("POST"), std::string::npos);
}

}  // namespace
