#include "connecting.hpp"
#include "temporary_file.hpp"
#include "trusting.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace running;

std::string url_of(const scripted_provider& provider, const std::string& host) {
    return "https://" + host + ":" + std::to_string(provider.port()) + "/v1";
}

TEST(Tls, IsSpokenWithAServerThatIsVerified) {
    scripted_provider provider(provider_options().tls());
    for (const std::string host : {"localhost", "127.0.0.1"}) {
        const visit result = fetch(url_of(provider, host), trusting(provider));
        EXPECT_EQ(result.failure.code().value(), 0) << host << ": " << result.failure.what();
        EXPECT_EQ(result.status, 200);
    }
    ASSERT_EQ(provider.requests().size(), 2u);
    EXPECT_TRUE(provider.requests()[0].tls);
}

TEST(Tls, TrustsAFileOfAuthorities) {
    scripted_provider provider(provider_options().tls());
    const temporary_file file(provider.certificate_authority());
    net::tls_options options;
    options.ca_file = file.name();
    EXPECT_EQ(fetch(provider.base_url(), options).status, 200);
}

TEST(Tls, TrustsWhatSslCertFileNames) {
    scripted_provider provider(provider_options().tls());
    const temporary_file file(provider.certificate_authority());
    ::setenv("SSL_CERT_FILE", file.name().c_str(), 1);
    const visit with = fetch(provider.base_url(), {});
    ::unsetenv("SSL_CERT_FILE");
    const visit without = fetch(provider.base_url(), {});
    EXPECT_EQ(with.status, 200) << with.failure.what();
    EXPECT_EQ(without.failure.code(), errc::tls_failed);
}

TEST(Tls, ReadsTheSystemsAuthoritiesOnceAndNotBeforeTheyAreNeeded) {
    scripted_provider provider(provider_options().tls());
    const temporary_file file(provider.certificate_authority());
    asio::io_context context;
    net::socket_transport transport(context.get_executor(), {}, {});
    ::setenv("SSL_CERT_FILE", file.name().c_str(), 1);
    for (int i = 0; i < 2; ++i) {
        visit result;
        http::url to;
        ASSERT_FALSE(http::url::parse(provider.base_url(), to));
        run(context, [&] { return fetch_with(transport, to, {}, result); });
        EXPECT_EQ(result.status, 200) << result.failure.what();
        ::unsetenv("SSL_CERT_FILE");
    }
}

void expect_refusal(const scripted_provider& provider, const visit& result,
                    const std::string& reason) {
    EXPECT_EQ(result.failure.code(), errc::tls_failed) << result.failure.what();
    EXPECT_NE(std::string(result.failure.what()).find(reason), std::string::npos)
        << result.failure.what();
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(provider.requests().empty());
}

TEST(Tls, RefusesAServerOfAnotherName) {
    scripted_provider provider(provider_options().tls(provider_certificate::wrong_host));
    expect_refusal(provider, fetch(url_of(provider, "localhost"), trusting(provider)),
                   "localhost: hostname mismatch");
    expect_refusal(provider, fetch(url_of(provider, "127.0.0.1"), trusting(provider)),
                   "127.0.0.1: IP address mismatch");
}

TEST(Tls, RefusesAnExpiredCertificate) {
    scripted_provider provider(provider_options().tls(provider_certificate::expired));
    expect_refusal(provider, fetch(provider.base_url(), trusting(provider)), "expired");
}

TEST(Tls, RefusesAnUnknownAuthority) {
    scripted_provider provider(provider_options().tls());
    const scripted_provider other(provider_options().tls());
    expect_refusal(provider, fetch(provider.base_url(), {}), "certificate");
    expect_refusal(provider, fetch(provider.base_url(), trusting(other)), "certificate");
}

TEST(Tls, RefusesAPeerThatSpeaksPlainHttp) {
    scripted_provider provider(provider_options().tls());
    provider.on_connect(connection_fault::plaintext_on_tls);
    expect_refusal(provider, fetch(provider.base_url(), trusting(provider)), "handshake failed");
}

TEST(Tls, AcceptsAnythingOnlyWhenToldSo) {
    net::tls_options options;
    options.dangerously_skip_all_verification = true;
    for (const auto shown : {provider_certificate::valid, provider_certificate::wrong_host,
                             provider_certificate::expired}) {
        scripted_provider provider(provider_options().tls(shown));
        EXPECT_EQ(fetch(provider.base_url(), options).status, 200);
    }
}

TEST(Tls, RefusesAuthoritiesThatCannotBeRead) {
    net::tls_options missing;
    missing.ca_file = "/nonexistent/authorities.pem";
    net::tls_options garbage;
    garbage.ca_pem = "not a certificate";
    net::tls_options cut;
    cut.ca_pem = test_authority().pem().substr(0, 200);
    for (const auto& options : {missing, garbage, cut}) {
        const error refused = error_of([&] { net::make_tls_context(options); });
        EXPECT_EQ(refused.code(), errc::tls_failed) << refused.what();
        EXPECT_NE(std::string(refused.what()).find("tls.ca_"), std::string::npos);
    }
}

TEST(Tls, APeerThatClosesInTheHandshakeIsAConnectionLost) {
    for (const bool hears_the_hello : {false, true}) {
        for (const bool resets : {false, true}) {
            const raw_server server([&](tcp::socket& socket, int) {
                char byte = 0;
                if (hears_the_hello) asio::read(socket, asio::buffer(&byte, 1));
                if (!resets) return;
                socket.set_option(asio::socket_base::linger(true, 0));
            });
            const visit result = fetch(server.url("https"), {});
            EXPECT_EQ(result.failure.code(), errc::connection_lost)
                << hears_the_hello << resets << result.failure.what();
        }
    }
}

TEST(Tls, APeerThatClosesAfterHalfOfItsPartIsAConnectionLost) {
    // The first bytes of a server's hello: a record that is announced and does not come.
    const raw_server server([&](tcp::socket& socket, int) {
        std::array<char, 16 * 1024> bytes;
        socket.read_some(asio::buffer(bytes));
        write(socket, std::string_view("\x16\x03\x03\x00\x7a\x02\x00", 7));
    });
    const visit result = fetch(server.url("https"), {});
    EXPECT_EQ(result.failure.code(), errc::connection_lost) << result.failure.what();
}

// What a client says first: its hello, from which nothing else follows without an answer.
std::string first_words(const std::string& host) {
    std::string hello;
    {
        const raw_server server([&](tcp::socket& socket, int) {
            std::array<char, 16 * 1024> bytes;
            hello.assign(bytes.data(), socket.read_some(asio::buffer(bytes)));
            socket.shutdown(tcp::socket::shutdown_send);
            hello += read_to_end(socket);
        });
        fetch("https://" + host + ":" + std::to_string(server.port()) + "/v1", {});
    }
    return hello;
}

TEST(Tls, TellsTheServerANameButNoAddress) {
    const std::string to_name = first_words("localhost");
    EXPECT_EQ(to_name.substr(0, 1), "\x16");
    EXPECT_NE(to_name.find("localhost"), std::string::npos);
    EXPECT_EQ(to_name.find("POST"), std::string::npos);
    const std::string to_address = first_words("127.0.0.1");
    EXPECT_EQ(to_address.substr(0, 1), "\x16");
    EXPECT_EQ(to_address.find("127.0.0.1"), std::string::npos);
}

/// A TLS server of these settings, which answers one request with these bytes.
class tls_server {
public:
    using ending = std::function<void(asio::ssl::stream<tcp::socket&>&)>;

    tls_server(std::function<void(SSL_CTX*)> set_up, std::string reply, ending end)
        : context_(asio::ssl::context::tls_server), server_([=, this](tcp::socket& socket, int) {
              asio::ssl::stream<tcp::socket&> secure(socket, context_);
              net::error_code failure;
              secure.handshake(asio::ssl::stream_base::server, failure);
              if (failure) return;
              heard_ = read_until(secure, "the body");
              write(secure, reply);
              end(secure);
          }) {
        const issued_certificate shown = authority_.issue("DNS:localhost");
        context_.use_certificate(asio::buffer(shown.certificate), asio::ssl::context::pem);
        context_.use_private_key(asio::buffer(shown.private_key), asio::ssl::context::pem);
        set_up(context_.native_handle());
    }

    std::string url() const {
        return "https://localhost:" + std::to_string(server_.port()) + "/v1";
    }
    net::tls_options trust() const {
        net::tls_options options;
        options.ca_pem = authority_.pem();
        return options;
    }
    const std::string& heard() const { return heard_; }

private:
    test_authority authority_;
    asio::ssl::context context_;
    std::string heard_;
    raw_server server_;
};

void leave(asio::ssl::stream<tcp::socket&>&) {}

void say_farewell(asio::ssl::stream<tcp::socket&>& secure) {
    net::error_code ignored;
    secure.shutdown(ignored);
}

const std::string short_reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(Tls, RefusesVersionsBefore12) {
    const auto old = [](SSL_CTX* context) {
        // The system may forbid these versions altogether; the server is to be able to.
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    };
    const tls_server server(old, short_reply, leave);
    const visit result = fetch(server.url(), server.trust());
    EXPECT_EQ(result.failure.code(), errc::tls_failed) << result.failure.what();
    EXPECT_EQ(server.heard(), "");
}

TEST(Tls, SpeaksVersions12And13) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto only = [version](SSL_CTX* context) {
            SSL_CTX_set_min_proto_version(context, version);
            SSL_CTX_set_max_proto_version(context, version);
        };
        const tls_server server(only, short_reply, say_farewell);
        const visit result = fetch(server.url(), server.trust());
        EXPECT_EQ(result.body, "ok") << result.failure.what();
    }
}

TEST(Tls, TellsTheEndOfABodyFromACut) {
    const auto any = [](SSL_CTX*) {};
    const std::string reply = "HTTP/1.1 200 OK\r\n\r\nall there is";
    {
        const tls_server server(any, reply, say_farewell);
        const visit ended = fetch(server.url(), server.trust());
        EXPECT_EQ(ended.failure.code().value(), 0) << ended.failure.what();
        EXPECT_EQ(ended.body, "all there is");
    }
    const tls_server server(any, reply, leave);
    const visit cut = fetch(server.url(), server.trust());
    EXPECT_EQ(cut.failure.code(), errc::connection_lost) << cut.failure.what();
}

TEST(Tls, AHandshakeThatStallsTimesOut) {
    for (const auto fault : {connection_fault::half_tls_handshake, connection_fault::silent}) {
        scripted_provider provider(provider_options().tls());
        provider.on_connect(fault);
        net::connect_options options;
        options.tls_timeout = 30ms;
        visit result;
        const auto taken =
            time_of([&] { result = fetch(provider.base_url(), trusting(provider), options); });
        EXPECT_EQ(result.expired, errc::tls_timeout);
        EXPECT_LT(taken, at_once);
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    }
}

TEST(Tls, AHandshakeThatStallsIsCancelledAtOnce) {
    for (const auto fault : {connection_fault::half_tls_handshake, connection_fault::silent}) {
        scripted_provider provider(provider_options().tls());
        provider.on_connect(fault);
        visit result;
        const auto taken =
            time_of([&] { result = fetch(provider.base_url(), trusting(provider), {}, 30ms); });
        EXPECT_TRUE(result.failure.code());
        EXPECT_FALSE(result.expired);
        EXPECT_LT(taken, at_once);
        EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
    }
}

TEST(Connect, ReportsAPortAtWhichNobodyListens) {
    const visit result = fetch(scripted_provider::refusing_url(), {});
    EXPECT_EQ(result.failure.code(), errc::connect_failed);
    EXPECT_NE(std::string(result.failure.what()).find("refused"), std::string::npos)
        << result.failure.what();
    const std::string origin = http_origin(scripted_provider::refusing_url());
    EXPECT_NE(std::string(result.failure.what()).find(origin), std::string::npos);
}

TEST(Connect, TimesOutAtAHostThatDoesNotAnswer) {
    // A listening socket whose queue is full takes no further connection, and says nothing.
    asio::io_context context;
    tcp::acceptor full(context, tcp::v4());
    full.bind({asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    std::deque<tcp::socket> queue;
    for (int i = 0; i < 4; ++i) {
        tcp::socket& each = queue.emplace_back(context);
        each.open(tcp::v4());
        each.native_non_blocking(true);
        const auto to = full.local_endpoint();
        ::connect(each.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
    }
    net::connect_options options;
    options.connect_timeout = 30ms;
    const std::string url =
        "http://127.0.0.1:" + std::to_string(full.local_endpoint().port()) + "/v1";
    visit result;
    EXPECT_LT(time_of([&] { result = fetch(url, {}, options); }), at_once);
    EXPECT_EQ(result.expired, errc::connect_timeout);
    EXPECT_LT(time_of([&] { result = fetch(url, {}, {}, 30ms); }), at_once);
    EXPECT_TRUE(result.failure.code());
    EXPECT_FALSE(result.expired);
}

}  // namespace
