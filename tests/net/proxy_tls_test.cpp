// Proxies that TLS is spoken with, and servers behind them with TLS of their own inside that.

#include "connecting.hpp"
#include "made_certificates.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

namespace {

using namespace conclave;
using namespace running;

/// A proxy with TLS which is, behind its answer, the server too: `api.test`, with TLS inside the
/// TLS where the client was told `https`.
class secure_proxy {
public:
    explicit secure_proxy(bool nested, const std::string& names = "DNS:localhost")
        : proxy_certificate(make_certificate(server_plan(names), &authority)),
          outer_(asio::ssl::context::tls_server),
          inner_(asio::ssl::context::tls_server),
          server_([this, nested](tcp::socket& socket, int) {
              asio::ssl::stream<tcp::socket&> around(socket, outer_);
              around.handshake(asio::ssl::stream_base::server);
              proxy_heard.add(read_until(around, "\r\n\r\n"));
              has_certificate = SSL_get0_peer_certificate(around.native_handle()) != nullptr;
              write(around, "HTTP/1.1 200 OK\r\n\r\n");
              if (!nested) return serve(around);
              asio::ssl::stream<asio::ssl::stream<tcp::socket&>&> within(around, inner_);
              within.handshake(asio::ssl::stream_base::server);
              has_certificate_within = SSL_get0_peer_certificate(within.native_handle()) != nullptr;
              serve(within);
          }) {
        use(outer_, proxy_certificate);
        use(inner_, server_certificate);
    }

    /// Trusts both.
    net::tls_options trust() const {
        net::tls_options options;
        options.ca_pem = authority.pem();
        return options;
    }
    net::connect_options way() const {
        net::connect_options options;
        options.proxy.all = "https://canary:tok3n@localhost:" + std::to_string(server_.port());
        return options;
    }

    const made_certificate authority = make_certificate(authority_plan("the only authority"));
    const made_certificate proxy_certificate;
    const made_certificate server_certificate =
        make_certificate(server_plan("DNS:api.test"), &authority);
    heard_texts proxy_heard;
    heard_texts server_heard;
    std::atomic<bool> has_certificate = false;
    std::atomic<bool> has_certificate_within = false;

private:
    static int accept_any(int, X509_STORE_CTX*) { return 1; }

    static void use(asio::ssl::context& context, const made_certificate& shown) {
        const std::string certificate = shown.pem();
        const std::string key = shown.key_pem();
        context.use_certificate(asio::buffer(certificate), asio::ssl::context::pem);
        context.use_private_key(asio::buffer(key), asio::ssl::context::pem);
        SSL_CTX_set_verify(context.native_handle(), SSL_VERIFY_PEER, accept_any);
    }

    template <class Stream>
    void serve(Stream& stream) {
        server_heard.add(read_until(stream, "the body"));
        write(stream,
              "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + std::string(40'000, 'x'));
        read_to_end(stream);
    }

    asio::ssl::context outer_;
    asio::ssl::context inner_;
    raw_server server_;
};

TEST(SecureProxy, LeadsToAServerWithoutTls) {
    const secure_proxy proxy(false);
    const visit result = fetch("http://api.test/v1", proxy.trust(), proxy.way());
    EXPECT_EQ(result.body.size(), 40'000u) << result.failure.what();
    EXPECT_NE(proxy.proxy_heard.last().find("CONNECT api.test:80 "), std::string::npos);
    EXPECT_NE(proxy.proxy_heard.last().find("Proxy-Authorization: Basic "), std::string::npos);
    EXPECT_EQ(proxy.server_heard.last().find("Proxy-Authorization"), std::string::npos);
}

TEST(SecureProxy, LeadsToAServerWithTlsInsideItsOwn) {
    const secure_proxy proxy(true);
    const visit result = fetch("https://api.test/v1", proxy.trust(), proxy.way());
    EXPECT_EQ(result.body.size(), 40'000u) << result.failure.what();
    EXPECT_NE(proxy.proxy_heard.last().find("CONNECT api.test:443 "), std::string::npos);
    EXPECT_EQ(proxy.server_heard.last().substr(0, 16), "GET /v1/models H");
}

TEST(SecureProxy, IsVerified) {
    const secure_proxy stranger(true);
    const visit untrusted = fetch("https://api.test/v1", {}, stranger.way());
    EXPECT_EQ(untrusted.failure.code(), errc::proxy_failed) << untrusted.failure.what();
    EXPECT_EQ(untrusted.failure.details().should_retry, false);
    const secure_proxy impostor(true, "DNS:other.test");
    const visit wrong_name = fetch("https://api.test/v1", impostor.trust(), impostor.way());
    EXPECT_EQ(wrong_name.failure.code(), errc::proxy_failed) << wrong_name.failure.what();
    EXPECT_NE(std::string(wrong_name.failure.what()).find("hostname mismatch"), std::string::npos);
    EXPECT_EQ(stranger.proxy_heard.last() + impostor.proxy_heard.last(), "");
}

TEST(SecureProxy, IsNotVerifiedWhereNothingIs) {
    const secure_proxy proxy(true, "DNS:other.test");
    net::tls_options options;
    options.dangerously_skip_all_verification = true;
    EXPECT_EQ(fetch("https://api.test/v1", options, proxy.way()).status, 200);
}

TEST(SecureProxy, NeedsNoPinAndGetsNoCertificateOfOurs) {
    const secure_proxy proxy(true);
    net::tls_options options = proxy.trust();
    options.pinned_public_keys = {net::detail::pin_of(proxy.server_certificate.get())};
    options.certificate_pem = proxy.server_certificate.pem() + proxy.server_certificate.key_pem();
    const visit result = fetch("https://api.test/v1", options, proxy.way());
    EXPECT_EQ(result.status, 200) << result.failure.what();
    EXPECT_FALSE(proxy.has_certificate);
    EXPECT_TRUE(proxy.has_certificate_within);
    options.pinned_public_keys = {net::detail::pin_of(proxy.proxy_certificate.get())};
    const visit refused = fetch("https://api.test/v1", options, proxy.way());
    EXPECT_EQ(refused.failure.code(), errc::tls_failed) << refused.failure.what();
}

}  // namespace
