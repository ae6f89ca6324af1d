#include "connecting.hpp"
#include "raw_server.hpp"
#include "trusting.hpp"

#include <conclave/net/tls_sessions.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace running;

net::tls_sessions::session_pointer session_of(int version) {
    net::tls_sessions::session_pointer made(SSL_SESSION_new());
    EXPECT_EQ(SSL_SESSION_set_protocol_version(made.get(), version), 1);
    return made;
}

TEST(TlsSessions, OfTls13AreUsedOnceTheNewestFirst) {
    const auto sessions = std::make_shared<net::tls_sessions>();
    auto first = session_of(TLS1_3_VERSION);
    auto second = session_of(TLS1_3_VERSION);
    const SSL_SESSION* const one = first.get();
    const SSL_SESSION* const two = second.get();
    sessions->put("https://a:443", std::move(first));
    sessions->put("https://a:443", std::move(second));
    EXPECT_EQ(sessions->take("https://b:443"), nullptr);
    EXPECT_EQ(sessions->take("https://a:444"), nullptr);
    EXPECT_EQ(sessions->take("https://a:443").get(), two);
    EXPECT_EQ(sessions->take("https://a:443").get(), one);
    EXPECT_EQ(sessions->take("https://a:443"), nullptr);
}

TEST(TlsSessions, OfTls12AreUsedUntilTheyAreForgotten) {
    const auto sessions = std::make_shared<net::tls_sessions>();
    sessions->put("https://a:443", session_of(TLS1_2_VERSION));
    EXPECT_NE(sessions->take("https://a:443"), nullptr);
    EXPECT_NE(sessions->take("https://a:443"), nullptr);
    sessions->forget("https://a:443");
    EXPECT_EQ(sessions->take("https://a:443"), nullptr);
}

TEST(TlsSessions, AreBounded) {
    const auto sessions = std::make_shared<net::tls_sessions>();
    for (int i = 0; i < 20; ++i)
        sessions->put("https://a:443", session_of(TLS1_3_VERSION));
    std::size_t kept = 0;
    while (sessions->take("https://a:443"))
        ++kept;
    EXPECT_EQ(kept, net::tls_sessions::max_sessions);
    kept = 0;
    for (int i = 0; i < 100; ++i)
        sessions->put("https://h" + std::to_string(i), session_of(TLS1_3_VERSION));
    for (int i = 0; i < 100; ++i)
        kept += sessions->take("https://h" + std::to_string(i)) ? 1 : 0;
    EXPECT_EQ(kept, net::tls_sessions::max_origins);
}

// Each visit makes a connection of its own over the same transport.
void expect_visits(net::socket_transport& transport, asio::io_context& context,
                   const std::string& url, int count) {
    http::url to;
    ASSERT_FALSE(http::url::parse(url, to));
    for (int i = 0; i < count; ++i) {
        visit result;
        run(context, [&] { return fetch_with(transport, to, {}, result); });
        EXPECT_EQ(result.status, 200) << result.failure.what();
    }
}

TEST(TlsSessions, AreResumedByTheNextConnectionToTheSameOrigin) {
    scripted_provider provider(provider_options().tls());
    asio::io_context context;
    net::socket_transport transport(context.get_executor(), trusting(provider), {});
    expect_visits(transport, context, provider.base_url(), 5);
    EXPECT_EQ(provider.connections(), 5u);
    EXPECT_EQ(provider.resumed_handshakes(), 4u);
    // Another name for the same place is another origin.
    const std::string other = "https://127.0.0.1:" + std::to_string(provider.port()) + "/v1";
    expect_visits(transport, context, other, 1);
    EXPECT_EQ(provider.resumed_handshakes(), 4u);
    expect_visits(transport, context, other, 1);
    EXPECT_EQ(provider.resumed_handshakes(), 5u);
}

TEST(TlsSessions, AreNotSharedByTransports) {
    scripted_provider provider(provider_options().tls());
    asio::io_context context;
    for (int i = 0; i < 2; ++i) {
        net::socket_transport transport(context.get_executor(), trusting(provider), {});
        expect_visits(transport, context, provider.base_url(), 1);
    }
    EXPECT_EQ(provider.resumed_handshakes(), 0u);
}

TEST(TlsSessions, OfTls12AreResumedToo) {
    test_authority authority;
    const issued_certificate shown = authority.issue("IP:127.0.0.1");
    asio::ssl::context server_side(asio::ssl::context::tlsv12_server);
    server_side.use_certificate(asio::buffer(shown.certificate), asio::ssl::context::pem);
    server_side.use_private_key(asio::buffer(shown.private_key), asio::ssl::context::pem);
    std::atomic<int> resumed = 0;
    const raw_server server([&](tcp::socket& socket, int) {
        asio::ssl::stream<tcp::socket&> tls(socket, server_side);
        tls.handshake(asio::ssl::stream_base::server);
        if (SSL_session_reused(tls.native_handle()) == 1) ++resumed;
        read_request(tls);
        write(tls, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        read_to_end(tls);
    });
    net::tls_options options;
    options.ca_pem = authority.pem();
    asio::io_context context;
    net::socket_transport transport(context.get_executor(), options, {});
    expect_visits(transport, context, server.url("https"), 4);
    EXPECT_EQ(resumed, 3);
}

}  // namespace
