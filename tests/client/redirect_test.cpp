#include "calling.hpp"
#include "net/made_certificates.hpp"
#include "net/raw_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cctype>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using running::raw_server;
using running::tcp;

std::string redirect(const std::string& location, int status = 307) {
    return "HTTP/1.1 " + std::to_string(status) + " Elsewhere\r\nLocation: " + location +
           "\r\nX-Request-Id: r1\r\nContent-Length: 4\r\n\r\nthis";
}

const std::string yes =
    "{\"choices\":[{\"message\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}";
const std::string answered =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Content-Length: " +
    std::to_string(yes.size()) + "\r\n\r\n" + yes;

/// Answers the requests of each connection in turn with what `answer` makes of them.
class asked_server {
public:
    using answering = std::function<std::string(int request)>;

    explicit asked_server(answering answer)
        : server_([this, answer = std::move(answer)](tcp::socket& socket, int) {
              while (true) {
                  const int number = heard_.add(running::read_request(socket));
                  running::write(socket, answer(number));
              }
          }) {}

    std::string url() const { return server_.url(); }
    std::string origin() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
    int connections() const { return server_.connections(); }
    std::vector<std::string> heard() const { return heard_.all(); }

private:
    running::heard_texts heard_;
    raw_server server_;
};

client_options following(std::string url, std::size_t most = 5) {
    client_options options = options_for(std::move(url));
    options.endpoints[0].header.push_back({"X-Team", "canary-team"});
    options.max_redirects = most;
    return options;
}

TEST(Redirect, IsNotFollowedUnlessToldSo) {
    for (const int status : {301, 302, 303, 307, 308}) {
        const asked_server server([&](int) { return redirect("/other", status); });
        const result got = caller(following(server.url(), 0)).ask(question());
        EXPECT_EQ(got.code(), errc::http_status) << got.what();
        EXPECT_EQ(got.failure.http_status(), status);
        EXPECT_EQ(server.heard().size(), 1u);
    }
}

TEST(Redirect, WithinTheOriginTakesTheWholeRequestAlong) {
    for (const int status : {307, 308}) {
        std::string location = "/other/path?x=%20y#there";
        for (const bool absolute : {false, true}) {
            std::unique_ptr<asked_server> server;
            server = std::make_unique<asked_server>([&](int request) {
                const std::string to = absolute ? server->origin() + location : location;
                return request == 1 ? redirect(to, status) : answered;
            });
            const result got = caller(following(server->url())).ask(question());
            EXPECT_EQ(got.answer.text, "yes") << got.what();
            ASSERT_EQ(server->heard().size(), 2u);
            EXPECT_EQ(server->connections(), 1);
            std::string expected = server->heard()[0];
            expected.replace(0, expected.find(" HTTP/1.1"), "POST /other/path?x=%20y");
            EXPECT_EQ(server->heard()[1], expected);
            EXPECT_NE(expected.find(canary), expected.npos);
        }
    }
}

TEST(Redirect, ThatWouldMakeAGetOfAPostIsNotFollowed) {
    for (const int status : {301, 302, 303}) {
        const asked_server server([&](int) { return redirect("/other", status); });
        const result got = caller(following(server.url())).ask(question());
        EXPECT_EQ(got.code(), errc::http_status) << got.what();
        EXPECT_TRUE(got.says("redirect not followed")) << got.what();
        EXPECT_EQ(got.failure.request_id(), "r1");
        EXPECT_EQ(server.heard().size(), 1u);
    }
}

TEST(Redirect, IsFollowedSoManyTimesAndNoMore) {
    const asked_server endless([](int request) { return redirect("/" + std::to_string(request)); });
    const result stopped = caller(following(endless.url(), 3)).ask(question());
    EXPECT_EQ(stopped.code(), errc::http_status);
    EXPECT_TRUE(stopped.says("there were 3 before it")) << stopped.what();
    EXPECT_EQ(endless.heard().size(), 4u);
    const asked_server long_way(
        [](int request) { return request <= 3 ? redirect("/") : answered; });
    EXPECT_EQ(caller(following(long_way.url(), 3)).ask(question()).answer.text, "yes");
}

TEST(Redirect, ToAnotherOriginWithoutTlsIsNotFollowed) {
    const asked_server other([](int) { return answered; });
    const asked_server server([&](int) { return redirect(other.origin() + "/v1?key=canary"); });
    const result got = caller(following(server.url())).ask(question());
    EXPECT_EQ(got.code(), errc::http_status) << got.what();
    EXPECT_TRUE(got.says("another origin without TLS")) << got.what();
    EXPECT_FALSE(got.says("canary")) << got.what();
    EXPECT_EQ(other.heard().size(), 0u);
}

TEST(Redirect, WhoseLocationIsNoneIsNotFollowed) {
    for (const std::string location :
         {"", "other", "?x", "http://", "ftp://h/", "http://user:pw@h/", "//", "https://h:0/",
          "http://h\\@evil/", "/a b", "javascript:alert(1)", "/x\r\nLocation: /y"}) {
        const asked_server server([&](int) { return redirect(location); });
        const result got = caller(following(server.url())).ask(question());
        EXPECT_EQ(got.code(), errc::http_status) << location << got.what();
        EXPECT_TRUE(got.says("Location is not understood")) << location << got.what();
        EXPECT_EQ(server.heard().size(), 1u);
    }
    const asked_server without([](int) { return "HTTP/1.1 307 No\r\nContent-Length: 0\r\n\r\n"; });
    EXPECT_TRUE(caller(following(without.url())).ask(question()).says("Location"));
}

TEST(Redirect, OfOtherStatusesIsNone) {
    for (const int status : {300, 304, 305, 306, 399}) {
        const asked_server server([&](int) {
            return "HTTP/1.1 " + std::to_string(status) +
                   " Odd\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
        });
        EXPECT_EQ(caller(following(server.url())).ask(question()).failure.http_status(), status);
        EXPECT_EQ(server.heard().size(), 1u);
    }
}

/// The same with TLS.
class secure_server {
public:
    secure_server(const running::made_certificate& authority, asked_server::answering answer)
        : context_(asio::ssl::context::tls_server),
          server_([this, answer = std::move(answer)](tcp::socket& socket, int) {
              asio::ssl::stream<tcp::socket&> secure(socket, context_);
              secure.handshake(asio::ssl::stream_base::server);
              while (true) {
                  const int number = heard_.add(running::read_request(secure));
                  running::write(secure, answer(number));
              }
          }) {
        const auto shown =
            running::make_certificate(running::server_plan("DNS:localhost"), &authority);
        const std::string certificate = shown.pem();
        const std::string key = shown.key_pem();
        context_.use_certificate(asio::buffer(certificate), asio::ssl::context::pem);
        context_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
    }

    std::string origin() const { return "https://localhost:" + std::to_string(server_.port()); }
    std::vector<std::string> heard() const { return heard_.all(); }

private:
    running::heard_texts heard_;
    asio::ssl::context context_;
    raw_server server_;
};

struct RedirectWithTls : ::testing::Test {
    running::made_certificate authority =
        running::make_certificate(running::authority_plan("an authority"));

    result ask(const std::string& url) {
        client_options options = following(url);
        options.tls.ca_pem = authority.pem();
        return caller(options).ask(question());
    }
};

TEST_F(RedirectWithTls, ToAnotherOriginLeavesAllCredentialsBehind) {
    const secure_server other(authority, [](int) { return answered; });
    const secure_server server(authority,
                               [&](int) { return redirect(other.origin() + "/v2/ask"); });
    const result got = ask(server.origin() + "/v1");
    EXPECT_EQ(got.answer.text, "yes") << got.what();
    ASSERT_EQ(other.heard().size(), 1u);
    const std::string heard = other.heard()[0];
    EXPECT_EQ(heard.substr(0, 23), "POST /v2/ask HTTP/1.1\r\n");
    EXPECT_NE(heard.find("\r\nHost: " + other.origin().substr(8) + "\r\n"), heard.npos) << heard;
    EXPECT_NE(heard.find("\r\nContent-Type: application/json\r\n"), heard.npos) << heard;
    EXPECT_NE(heard.find("Why so?"), heard.npos);
    for (const char* dropped : {"canary", "Authorization", "X-Team", "Idempotency-Key"})
        EXPECT_EQ(heard.find(dropped), heard.npos) << heard;
}

TEST_F(RedirectWithTls, ThatLeadsBackBringsNoCredentialsBack) {
    std::unique_ptr<secure_server> other;
    const secure_server server(authority, [&](int request) {
        return request == 1 ? redirect(other->origin() + "/v2") : answered;
    });
    other = std::make_unique<secure_server>(authority,
                                            [&](int) { return redirect(server.origin() + "/v3"); });
    const result got = ask(server.origin() + "/v1");
    EXPECT_EQ(got.answer.text, "yes") << got.what();
    ASSERT_EQ(server.heard().size(), 2u);
    EXPECT_NE(server.heard()[0].find(canary), std::string::npos);
    EXPECT_EQ(server.heard()[1].find("canary"), std::string::npos);
    EXPECT_EQ(server.heard()[1].substr(0, 18), "POST /v3 HTTP/1.1\r");
}

TEST_F(RedirectWithTls, FromTlsToNoneIsNotFollowed) {
    const asked_server plain([](int) { return answered; });
    const secure_server server(authority, [&](int) { return redirect(plain.origin() + "/v1"); });
    const result got = ask(server.origin() + "/v1");
    EXPECT_EQ(got.code(), errc::http_status) << got.what();
    EXPECT_TRUE(got.says("without TLS")) << got.what();
    EXPECT_EQ(plain.heard().size(), 0u);
}

}  // namespace
