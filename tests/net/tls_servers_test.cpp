// A server that is not ours, `openssl s_server`, with certificates of every bad kind.

#include "child_process.hpp"
#include "connecting.hpp"
#include "made_certificates.hpp"
#include "temporary_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace running;

const made_certificate& authority() {
    static const made_certificate made = make_certificate(authority_plan("the test's authority"));
    return made;
}

net::tls_options trusting_authority() {
    net::tls_options options;
    options.ca_pem = authority().pem();
    return options;
}

/// `openssl s_server`, which answers every request with a page about the connection.
class openssl_server {
public:
    explicit openssl_server(const made_certificate& shown, std::vector<std::string> more = {})
        : file_(shown.pem() + shown.key_pem()), program_([&](const std::string& port) {
              std::vector<std::string> command = {
                  "openssl", "s_server",   "-accept", "127.0.0.1:" + port,
                  "-cert",   file_.name(), "-cipher", "DEFAULT@SECLEVEL=0",
                  "-www",    "-quiet"};
              command.insert(command.end(), more.begin(), more.end());
              return command;
          }) {}

    std::string url(const std::string& host = "localhost") const {
        return "https://" + host + ":" + std::to_string(program_.port()) + "/v1";
    }

private:
    temporary_file file_;
    server_program program_;
};

made_certificate for_localhost() {
    return make_certificate(server_plan("DNS:localhost"), &authority());
}

void expect_refusal(const made_certificate& shown, const std::string& reason) {
    const openssl_server server(shown);
    const visit refused = fetch(server.url(), trusting_authority());
    EXPECT_EQ(refused.failure.code(), errc::tls_failed) << refused.failure.what();
    const std::string what = refused.failure.what();
    EXPECT_NE(what.find("localhost: "), what.npos) << what;
    EXPECT_NE(what.find(reason), what.npos) << what;
    EXPECT_EQ(refused.status, 0);

    net::tls_options careless;
    careless.dangerously_skip_all_verification = true;
    const visit accepted = fetch(server.url(), careless);
    EXPECT_EQ(accepted.status, 200) << reason << ": " << accepted.failure.what();
}

TEST(TlsServer, OfGoodStandingIsSpokenTo) {
    const openssl_server server(for_localhost());
    const visit result = fetch(server.url(), trusting_authority());
    EXPECT_EQ(result.status, 200) << result.failure.what();
}

TEST(TlsServer, WithAnExpiredCertificateIsRefused) {
    certificate_plan plan = server_plan("DNS:localhost");
    plan.not_after = "20210101000000Z";
    expect_refusal(make_certificate(plan, &authority()), "certificate has expired");
}

TEST(TlsServer, OfAnotherNameIsRefused) {
    expect_refusal(make_certificate(server_plan("DNS:api.test"), &authority()),
                   "hostname mismatch");
}

TEST(TlsServer, WithACertificateOfItsOwnMakingIsRefused) {
    expect_refusal(make_certificate(server_plan("DNS:localhost")), "self-signed certificate");
}

TEST(TlsServer, WithACertificateForAnotherPurposeIsRefused) {
    certificate_plan plan = server_plan("DNS:localhost");
    plan = with(std::move(plan), "extendedKeyUsage", "clientAuth");
    expect_refusal(make_certificate(plan, &authority()), "purpose");
}

TEST(TlsServer, WithAShortKeyIsRefused) {
    certificate_plan plan = server_plan("DNS:localhost");
    plan = with(std::move(plan), "keyUsage", "critical,digitalSignature,keyEncipherment");
    plan.rsa_bits = 1024;
    expect_refusal(make_certificate(plan, &authority()), "key too weak");
}

TEST(TlsServer, WithAWeakSignatureIsRefused) {
    certificate_plan plan = server_plan("DNS:localhost");
    plan.digest = EVP_sha1();
    expect_refusal(make_certificate(plan, &authority()), "digest algorithm too weak");
}

TEST(TlsServer, WithARevokedCertificateIsRefused) {
    const made_certificate shown = for_localhost();
    const openssl_server server(shown);
    const temporary_file nobody(authority().crl_pem(nullptr));
    const temporary_file this_one(authority().crl_pem(&shown));
    net::tls_options options = trusting_authority();
    options.crl_file = nobody.name();
    const visit accepted = fetch(server.url(), options);
    EXPECT_EQ(accepted.status, 200) << accepted.failure.what();
    options.crl_file = this_one.name();
    const visit refused = fetch(server.url(), options);
    EXPECT_EQ(refused.failure.code(), errc::tls_failed);
    EXPECT_NE(std::string(refused.failure.what()).find("certificate revoked"), std::string::npos)
        << refused.failure.what();
}

TEST(TlsServer, UnderARevokedAuthorityIsRefused) {
    const made_certificate between =
        make_certificate(authority_plan("an intermediate"), &authority());
    const made_certificate shown = make_certificate(server_plan("DNS:localhost"), &between);
    const temporary_file chain(between.pem());
    const openssl_server server(shown, {"-cert_chain", chain.name()});
    for (const bool revoked : {false, true}) {
        const temporary_file lists(between.crl_pem(nullptr) +
                                   authority().crl_pem(revoked ? &between : nullptr));
        net::tls_options options = trusting_authority();
        options.crl_file = lists.name();
        const visit result = fetch(server.url(), options);
        EXPECT_EQ(result.failure.code() == errc::tls_failed, revoked) << result.failure.what();
        EXPECT_EQ(result.status, revoked ? 0 : 200);
    }
}

TEST(TlsServer, ThatNoListCoversIsRefused) {
    const made_certificate stranger = make_certificate(authority_plan("a stranger"));
    const openssl_server server(for_localhost());
    const temporary_file of_another(stranger.crl_pem(nullptr));
    net::tls_options options = trusting_authority();
    options.crl_file = of_another.name();
    const visit refused = fetch(server.url(), options);
    EXPECT_EQ(refused.failure.code(), errc::tls_failed) << refused.failure.what();
}

TEST(TlsServer, IsAskedForHttp11) {
    // It refuses whoever offers protocols, and not this one.
    const openssl_server server(for_localhost(), {"-alpn", "http/1.1"});
    const visit result = fetch(server.url(), trusting_authority());
    EXPECT_EQ(result.status, 200) << result.failure.what();
}

TEST(TlsServer, ThatSpeaksOnlyHttp2IsRefused) {
    const openssl_server server(for_localhost(), {"-alpn", "h2"});
    const visit result = fetch(server.url(), trusting_authority());
    EXPECT_EQ(result.failure.code(), errc::tls_failed) << result.failure.what();
    EXPECT_NE(std::string(result.failure.what()).find("protocol"), std::string::npos)
        << result.failure.what();
}

TEST(TlsServer, OfVersion12IsRefusedWhere13IsAskedFor) {
    const openssl_server server(for_localhost(), {"-tls1_2"});
    net::tls_options options = trusting_authority();
    EXPECT_EQ(fetch(server.url(), options).status, 200);
    options.minimum_version = net::tls_version::tls_1_3;
    const visit result = fetch(server.url(), options);
    EXPECT_EQ(result.failure.code(), errc::tls_failed) << result.failure.what();
    EXPECT_NE(std::string(result.failure.what()).find("version"), std::string::npos)
        << result.failure.what();
}

/// Asks its clients for a certificate.
class asking_server {
public:
    explicit asking_server(const char* version)
        : trust_(authority().pem()),
          server_(for_localhost(),
                  {"-Verify", "3", "-verify_return_error", "-CAfile", trust_.name(), version}) {}
    std::string url() const { return server_.url(); }

private:
    temporary_file trust_;
    openssl_server server_;
};

made_certificate for_us() {
    certificate_plan plan = with(server_plan(""), "extendedKeyUsage", "clientAuth");
    plan.common_name = "us";
    return make_certificate(plan, &authority());
}

TEST(TlsServer, ThatAsksForACertificateGetsIt) {
    const made_certificate ours = for_us();
    const temporary_file certificate(ours.pem());
    const temporary_file key(ours.key_pem());
    const temporary_file both(ours.key_pem() + ours.pem());
    const temporary_file locked(ours.key_pem("open sesame"));
    std::vector<net::tls_options> ways(5, trusting_authority());
    ways[0].certificate_file = certificate.name();
    ways[0].private_key_file = key.name();
    ways[1].certificate_file = both.name();
    ways[2].certificate_pem = ours.pem();
    ways[2].private_key_pem = ours.key_pem();
    ways[3].certificate_pem = ours.pem() + ours.key_pem();
    ways[4].certificate_file = certificate.name();
    ways[4].private_key_file = locked.name();
    ways[4].private_key_password = "open sesame";
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
        const asking_server server(version);
        for (std::size_t i = 0; i < ways.size(); ++i) {
            const visit result = fetch(server.url(), ways[i]);
            EXPECT_EQ(result.status, 200) << version << i << result.failure.what();
        }
    }
}

TEST(TlsServer, ThatAsksForACertificateRefusesUsWithoutOne) {
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
        const asking_server server(version);
        const visit result = fetch(server.url(), trusting_authority());
        // In TLS 1.3 the server's closing may overtake its alert.
        EXPECT_TRUE(result.failure.code() == errc::tls_failed ||
                    result.failure.code() == errc::connection_lost)
            << version << result.failure.what();
        EXPECT_EQ(result.status, 0);
    }
}

}  // namespace
