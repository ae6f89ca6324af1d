#include "loopback_client.hpp"

#include <conclave/net/asio.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

namespace {

using namespace conclave::testing;
using namespace loopback;
using namespace std::chrono_literals;

namespace asio = conclave::asio;

// What curl's exit status says of the certificate.
constexpr int accepted = 0;
constexpr int not_verified = 60;

curl_result models_of(const scripted_provider& provider, const std::string& authority,
                      const std::string& options = "") {
    const temporary_file file(authority);
    return curl("--max-time 10 --cacert " + file.name() + " " + options + " " +
                provider.base_url() + "/models");
}

TEST(TestCertificate, IsVerifiedByItsAuthorityAndByNoOther) {
    const scripted_provider provider(provider_options().tls());
    const scripted_provider other(provider_options().tls());
    const curl_result result = models_of(provider, provider.certificate_authority());
    EXPECT_EQ(result.status, accepted) << result.output;
    EXPECT_EQ(models_of(provider, other.certificate_authority()).status, not_verified);
}

TEST(TestCertificate, IsGoodForTheNamesOfThisMachine) {
    const scripted_provider provider(provider_options().tls());
    const temporary_file authority(provider.certificate_authority());
    const std::string port = std::to_string(provider.port());
    for (const std::string host : {"localhost", "127.0.0.1"}) {
        const curl_result result =
            curl("--cacert " + authority.name() + " https://" + host + ":" + port + "/v1/models");
        EXPECT_EQ(result.status, accepted) << host << result.output;
    }
    const curl_result result =
        curl("--cacert " + authority.name() + " --connect-to '[::1]:" + port +
             ":127.0.0.1:" + port + "' 'https://[::1]:" + port + "/v1/models'");
    EXPECT_EQ(result.status, accepted) << result.output;
}

TEST(TestCertificate, CanBeForAnotherHostOrExpired) {
    const scripted_provider elsewhere(provider_options().tls(provider_certificate::wrong_host));
    EXPECT_EQ(models_of(elsewhere, elsewhere.certificate_authority()).status, not_verified);
    const scripted_provider old(provider_options().tls(provider_certificate::expired));
    const curl_result expired = models_of(old, old.certificate_authority());
    EXPECT_EQ(expired.status, not_verified);
    EXPECT_NE(expired.output.find("expired"), std::string::npos) << expired.output;
}

TEST(ScriptedTls, StreamsAndKeepsConnectionsAndSaysSo) {
    scripted_provider provider(provider_options().tls());
    provider.on("m", answer("a b c"));
    const temporary_file authority(provider.certificate_authority());
    const temporary_file body(question("m", true));
    const std::string url = provider.base_url() + "/chat/completions";
    const curl_result result = curl("--no-buffer --cacert " + authority.name() +
                                    " --data-binary @" + body.name() + " " + url + " " + url);
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(text_of(events_of(result.output), "content"), "a b ca b c");
    EXPECT_EQ(provider.connections(), 1u);
    ASSERT_EQ(provider.requests().size(), 2u);
    EXPECT_TRUE(provider.requests().front().tls);
}

/// A TLS connection that has asked for a stream of `m`.
class tls_client {
public:
    explicit tls_client(const scripted_provider& provider) {
        stream_.lowest_layer().connect({asio::ip::address_v4::loopback(), provider.port()});
        stream_.handshake(asio::ssl::stream_base::client);
        const std::string request = post(question("m", true));
        asio::write(stream_, asio::buffer(request));
    }

    /// How it ends: in order, or cut short.
    conclave::net::error_code ending() {
        std::string bytes;
        conclave::net::error_code error;
        asio::read(stream_, asio::dynamic_buffer(bytes), error);
        return error;
    }

private:
    asio::io_context context_;
    asio::ssl::context trust_{asio::ssl::context::tls_client};
    asio::ssl::stream<asio::ip::tcp::socket> stream_{context_, trust_};
};

TEST(ScriptedTls, EndsABodyThatIsDelimitedByCloseInOrderAndAFaultWithout) {
    scripted_provider provider(provider_options().tls());
    provider.on("m", answer("a b c").framing(body_framing::close_delimited));
    provider.on("m", answer("a b c").framing(body_framing::close_delimited).close_in_event(2));
    EXPECT_EQ(tls_client(provider).ending(), asio::error::eof);
    EXPECT_EQ(tls_client(provider).ending(), asio::ssl::error::stream_truncated);
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(ScriptedTls, NoticesAtOnceThatAClientLeft) {
    scripted_provider provider(provider_options().tls());
    provider.on("m", answer("a b").stall_in_event(2)).on("m", answer("a").endless_body());
    for (std::size_t i = 1; i <= 2; ++i) {
        auto leaving = std::make_unique<tls_client>(provider);
        ASSERT_TRUE(provider.wait_until([&] { return provider.requests().size() == i; }));
        EXPECT_EQ(provider.aborted().size(), i - 1);
        leaving.reset();
        EXPECT_TRUE(provider.wait_until([&] { return provider.aborted().size() == i; }));
    }
}

TEST(ScriptedTls, EndsAtOnceWhateverHangs) {
    auto provider = std::make_unique<scripted_provider>(provider_options().tls());
    provider->on("m", silent()).on("m", answer("a").endless_body());
    tls_client waiting(*provider);
    tls_client reading(*provider);
    ASSERT_TRUE(provider->wait_until([&] { return provider->requests().size() == 2; }));
    const plain_client no_handshake(provider->port());
    provider->on_connect(connection_fault::half_tls_handshake);
    const plain_client no_hello(provider->port());
    ASSERT_TRUE(provider->wait_until([&] { return provider->open_connections() == 4; }));
    const auto start = std::chrono::steady_clock::now();
    provider.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 500ms);
    EXPECT_TRUE(waiting.ending());
    EXPECT_TRUE(reading.ending());
}

TEST(ScriptedTls, GivesHalfOfItsPartOfTheHandshake) {
    scripted_provider provider(provider_options().tls());
    provider.on_connect(connection_fault::half_tls_handshake);
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> engine(SSL_new(context.get()), &SSL_free);
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(engine.get(), in, out);
    SSL_connect(engine.get());
    std::array<char, 4096> hello;
    const int length = BIO_read(out, hello.data(), static_cast<int>(hello.size()));
    ASSERT_GT(length, 0);

    plain_client client(provider.port(), 200ms);
    client.send(std::string_view(hello.data(), static_cast<std::size_t>(length)));
    const std::string flight = client.receive_all();
    EXPECT_EQ(client.ended, ending::quiet);
    ASSERT_GT(flight.size(), 100u);
    EXPECT_EQ(flight[0], 22);  // a handshake record
    BIO_write(in, flight.data(), static_cast<int>(flight.size()));
    EXPECT_EQ(SSL_get_error(engine.get(), SSL_connect(engine.get())), SSL_ERROR_WANT_READ);
    client.close();
    EXPECT_TRUE(provider.wait_until([&] { return provider.open_connections() == 0; }));
}

TEST(ScriptedTls, AnswersInPlainText) {
    scripted_provider provider(provider_options().tls());
    provider.on_connect(connection_fault::plaintext_on_tls);
    EXPECT_EQ(models_of(provider, provider.certificate_authority()).status, 35);
    EXPECT_EQ(models_of(provider, provider.certificate_authority()).status, accepted);
}

TEST(ScriptedTls, RefusesVersionsThatAreTooOld) {
    const scripted_provider provider(provider_options().tls());
    const std::string& authority = provider.certificate_authority();
    EXPECT_EQ(models_of(provider, authority, "--tls-max 1.2").status, accepted);
    EXPECT_EQ(models_of(provider, authority, "--tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0")
                  .status,
              35);
}

}  // namespace
