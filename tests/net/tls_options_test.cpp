#include "connecting.hpp"
#include "made_certificates.hpp"
#include "temporary_file.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <openssl/x509.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace running;

/// A server that shows a chain, and takes requests over TLS; it counts those it heard anything of.
class chain_server {
public:
    chain_server(const made_certificate& shown, const std::string& above)
        : context_(asio::ssl::context::tls_server), server_([this](tcp::socket& socket, int) {
              asio::ssl::stream<tcp::socket&> secure(socket, context_);
              secure.handshake(asio::ssl::stream_base::server);
              heard_.add(read_until(secure, "the body"));
              write(secure, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
          }) {
        context_.use_certificate_chain(asio::buffer(shown.pem() + above));
        context_.use_private_key(asio::buffer(shown.key_pem()), asio::ssl::context::pem);
    }
    std::string url() const {
        return "https://localhost:" + std::to_string(server_.port()) + "/v1";
    }
    std::string heard() const { return heard_.last(); }

private:
    asio::ssl::context context_;
    heard_texts heard_;
    raw_server server_;
};

struct pinning : ::testing::Test {
    made_certificate root = make_certificate(authority_plan("a root"));
    made_certificate between = make_certificate(authority_plan("between"), &root);
    made_certificate leaf = make_certificate(server_plan("DNS:localhost"), &between);
    made_certificate stranger = make_certificate(authority_plan("a stranger"));

    visit try_pins(const std::vector<std::string>& pins, const std::string& above) {
        const chain_server server(leaf, above);
        net::tls_options options;
        options.ca_pem = root.pem();
        options.pinned_public_keys = pins;
        const visit result = fetch(server.url(), options);
        EXPECT_EQ(server.heard().empty(), result.status == 0);
        return result;
    }
};

using Pins = pinning;

TEST_F(Pins, AreThoseThatTheOpensslCommandComputes) {
    const temporary_file file(leaf.pem());
    const temporary_file out("");
    const std::string command = "openssl x509 -in " + file.name() +
                                " -pubkey -noout | openssl pkey -pubin -outform der | "
                                "openssl dgst -sha256 -binary | openssl base64 > " +
                                out.name();
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::string base64;
    std::ifstream(out.name()) >> base64;
    EXPECT_EQ(net::detail::pin_of(leaf.get()), "sha256//" + base64);
}

TEST_F(Pins, MatchAnyCertificateOfTheVerifiedChain) {
    for (const made_certificate& pinned : {leaf, between, root}) {
        const visit result = try_pins({net::detail::pin_of(pinned.get())}, between.pem());
        EXPECT_EQ(result.status, 200) << result.failure.what();
    }
    const visit one_of_two = try_pins(
        {net::detail::pin_of(stranger.get()), net::detail::pin_of(leaf.get())}, between.pem());
    EXPECT_EQ(one_of_two.status, 200) << one_of_two.failure.what();
}

TEST_F(Pins, RefuseAChainWithoutThem) {
    // A certificate that is only sent along is not part of what was verified.
    for (const std::string& above : {between.pem(), between.pem() + stranger.pem()}) {
        const visit result = try_pins({net::detail::pin_of(stranger.get())}, above);
        EXPECT_EQ(result.failure.code(), errc::tls_failed);
        EXPECT_NE(std::string(result.failure.what()).find("no public key of its chain is pinned"),
                  std::string::npos)
            << result.failure.what();
    }
}

TEST_F(Pins, DoNotReplaceTheRestOfTheVerification) {
    const chain_server server(leaf, between.pem());
    net::tls_options options;
    options.pinned_public_keys = {net::detail::pin_of(leaf.get())};
    const visit untrusted = fetch(server.url(), options);
    EXPECT_EQ(untrusted.failure.code(), errc::tls_failed) << untrusted.failure.what();
    options.ca_pem = root.pem();
    std::string url = server.url();
    url.replace(url.find("localhost"), 9, "127.0.0.1");
    const visit wrong_name = fetch(url, options);
    EXPECT_EQ(wrong_name.failure.code(), errc::tls_failed) << wrong_name.failure.what();
    EXPECT_EQ(server.heard(), "");
}

TEST_F(Pins, AreSkippedWithAllTheRest) {
    const chain_server server(leaf, between.pem());
    net::tls_options options;
    options.pinned_public_keys = {net::detail::pin_of(stranger.get())};
    options.dangerously_skip_all_verification = true;
    EXPECT_EQ(fetch(server.url(), options).status, 200);
}

TEST_F(Pins, WithASlipInThemAreRefused) {
    const std::string good = net::detail::pin_of(leaf.get());
    std::string loose_end = good;
    loose_end[loose_end.size() - 2] = static_cast<char>(loose_end[loose_end.size() - 2] + 1);
    const std::vector<std::string> bad = {"",
                                          good.substr(8),
                                          good.substr(0, good.size() - 1),
                                          good + "=",
                                          "sha1//" + good.substr(8),
                                          "sha256//" + std::string(44, '='),
                                          "sha256//" + std::string(43, '!') + "=",
                                          loose_end};
    for (const std::string& pin : bad) {
        net::tls_options options;
        options.pinned_public_keys = {pin};
        const error refused = error_of([&] { net::make_tls_context(options); });
        EXPECT_EQ(refused.code(), errc::tls_failed) << pin;
        EXPECT_NE(std::string(refused.what()).find("pinned_public_keys"), std::string::npos);
    }
}

TEST(TlsOptions, TrustADirectoryOfAuthorities) {
    scripted_provider provider(provider_options().tls());
    const temporary_file name("");
    const std::filesystem::path directory = name.name() + ".d";
    std::filesystem::create_directory(directory);
    std::ofstream(directory / "authority.pem") << provider.certificate_authority();
    ASSERT_EQ(std::system(("openssl rehash " + directory.string()).c_str()), 0);
    net::tls_options options;
    options.ca_directory = directory.string();
    const visit result = fetch(provider.base_url(), options);
    EXPECT_EQ(result.status, 200) << result.failure.what();
    std::filesystem::remove_all(directory);
}

TEST(TlsOptions, TrustAllTheAuthoritiesThatAreGiven) {
    scripted_provider one(provider_options().tls());
    scripted_provider other(provider_options().tls());
    const temporary_file file(one.certificate_authority());
    net::tls_options options;
    options.ca_file = file.name();
    options.ca_pem = other.certificate_authority();
    EXPECT_EQ(fetch(one.base_url(), options).status, 200);
    EXPECT_EQ(fetch(other.base_url(), options).status, 200);
}

TEST(TlsOptions, ThatCannotBeReadAreRefusedByName) {
    const made_certificate ours = make_certificate(server_plan("DNS:localhost"));
    const made_certificate other = make_certificate(server_plan("DNS:localhost"));
    using change = std::pair<std::string, std::function<void(net::tls_options&)>>;
    const std::vector<change> changes = {
        {"tls.ca_directory", [](auto& with) { with.ca_directory = "/nonexistent/authorities"; }},
        {"tls.crl_file", [](auto& with) { with.crl_file = "/nonexistent/lists.pem"; }},
        {"tls.certificate_file", [](auto& with) { with.certificate_file = "/nonexistent/c.pem"; }},
        {"tls.certificate_pem", [](auto& with) { with.certificate_pem = "no certificate"; }},
        {"private key", [&](auto& with) { with.certificate_pem = ours.pem(); }},
        {"private key",
         [&](auto& with) {
             with.certificate_pem = ours.pem();
             with.private_key_pem = other.key_pem();
         }},
        {"private key",
         [&](auto& with) {
             with.certificate_pem = ours.pem();
             with.private_key_pem = ours.key_pem("open sesame");
         }},
        {"private key", [&](auto& with) {
             with.certificate_pem = ours.pem();
             with.private_key_pem = ours.key_pem("open sesame");
             with.private_key_password = "a wrong one";
         }}};
    for (const auto& [name, apply] : changes) {
        net::tls_options options;
        options.ca_pem = ours.pem();
        apply(options);
        const error refused = error_of([&] { net::make_tls_context(options); });
        EXPECT_EQ(refused.code(), errc::tls_failed) << name;
        const std::string what = refused.what();
        EXPECT_NE(what.find(name), what.npos) << what;
        EXPECT_EQ(what.find("a wrong one"), what.npos) << what;
    }
}

}  // namespace
