// The certificate chains of the suite `tls-certs`: each is made here, shown by a server on the
// loopback interface, and judged by a client that trusts the test's own root.

#include "conformance/vectors.hpp"
#include "net/made_certificates.hpp"
#include "net/raw_server.hpp"
#include "net/running.hpp"

#include <conclave/net/stream.hpp>
#include <conclave/net/tls.hpp>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <atomic>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace conclave;
using namespace running;
using conclave::testing::text_of;

/// What a server shows, its own certificate first.
using chain = std::vector<made_certificate>;

class chain_maker {
public:
    chain make(const std::string& name) const {
        const auto found = special_.find(name);
        if (found != special_.end()) return found->second();
        return {leaf(server_plan(names_of(name))), intermediate_};
    }
    std::string trusted() const { return root_.pem(); }

private:
    static std::string names_of(const std::string& name) {
        static const std::map<std::string, std::string> names = {
            {"good", "DNS:api.test"},
            {"good-wildcard", "DNS:*.api.test"},
            {"good-ip", "IP:127.0.0.1"},
            {"good-upper-case", "DNS:api.test"},
            {"good-trailing-dot", "DNS:api.test"},
            {"wrong-host", "DNS:api.test"},
            {"suffix-host", "DNS:api.test"},
            {"sub-host", "DNS:api.test"},
            {"wildcard-deep", "DNS:*.api.test"},
            {"wildcard-apex", "DNS:*.api.test"},
            {"wildcard-tld", "DNS:*.test"},
            {"wildcard-partial", "DNS:a*i.test"},
            {"wildcard-ip", "DNS:*.0.0.1"},
            {"ip-as-dns", "DNS:127.0.0.1"},
        };
        const auto found = names.find(name);
        if (found == names.end()) throw std::runtime_error("a chain nobody knows: " + name);
        return found->second;
    }

    made_certificate leaf(const certificate_plan& plan) const {
        return make_certificate(plan, &intermediate_);
    }
    chain under(const certificate_plan& authority) const {
        const made_certificate issuer = make_certificate(authority, &root_);
        return {make_certificate(good_, &issuer), issuer};
    }
    chain lasting(const std::string& from, const std::string& to) const {
        certificate_plan plan = good_;
        plan.not_before = from;
        plan.not_after = to;
        return {leaf(plan), intermediate_};
    }
    chain named(const std::string& common_name, certificate_plan plan) const {
        plan.common_name = common_name;
        return {leaf(plan), intermediate_};
    }
    chain of_many_names() const {
        std::string names;
        for (int i = 1; i < 1000; ++i)
            names += "DNS:host-" + std::to_string(i) + ".test,";
        return {leaf(server_plan(names + "DNS:api.test")), intermediate_};
    }
    chain of_a_stranger() const {
        const made_certificate stranger = make_certificate(authority_plan("a stranger"));
        return {make_certificate(good_, &stranger), stranger};
    }
    chain signed_with_sha1() const {
        certificate_plan plan = good_;
        plan.digest = EVP_sha1();
        return {leaf(plan), intermediate_};
    }
    chain of_a_short_key() const {
        certificate_plan plan = good_;
        plan.rsa_bits = 1024;
        return {leaf(plan), intermediate_};
    }
    chain under_an_expired_authority() const {
        certificate_plan plan = authority_plan("an expired intermediate");
        plan.not_after = "20210101000000Z";
        return under(plan);
    }

    certificate_plan good_ = server_plan("DNS:api.test");
    made_certificate root_ = make_certificate(authority_plan("the root"));
    made_certificate intermediate_ = make_certificate(authority_plan("the intermediate"), &root_);
    std::map<std::string, std::function<chain()>> special_ = {
        {"good-no-subject",
         [this] { return named("", with(good_, "subjectAltName", "critical,DNS:api.test")); }},
        {"good-many-sans", [this] { return of_many_names(); }},
        {"expired", [this] { return lasting("20200101000000Z", "20210101000000Z"); }},
        {"not-yet-valid", [this] { return lasting("20590101000000Z", "20600101000000Z"); }},
        {"cn-only", [this] { return named("api.test", server_plan("")); }},
        {"cn-matches-san-does-not",
         [this] { return named("api.test", server_plan("DNS:other.test")); }},
        {"incomplete-chain", [this] { return chain{leaf(good_)}; }},
        {"untrusted-root", [this] { return of_a_stranger(); }},
        {"self-signed", [this] { return chain{make_certificate(good_)}; }},
        {"client-eku",
         [this] { return named("eku", with(good_, "extendedKeyUsage", "clientAuth")); }},
        {"sha1-leaf", [this] { return signed_with_sha1(); }},
        {"rsa1024", [this] { return of_a_short_key(); }},
        {"issuer-not-ca",
         [this] {
             return under(
                 with(authority_plan("no authority"), "basicConstraints", "critical,CA:FALSE"));
         }},
        {"name-constraint",
         [this] {
             return under(with(authority_plan("constrained"), "nameConstraints",
                               "critical,permitted;DNS:allowed.test"));
         }},
        {"expired-intermediate", [this] { return under_an_expired_authority(); }},
        {"extra-unrelated",
         [this] {
             return chain{leaf(good_), intermediate_,
                          make_certificate(authority_plan("unrelated"))};
         }},
        {"unknown-critical-ext",
         [this] { return named("odd", with(good_, "1.2.3.4.5", "critical,DER:0500")); }},
    };
};

/// Shows a chain to whoever comes, and counts those whom it satisfied.
class showing_server {
public:
    explicit showing_server(const chain& shown)
        : context_(asio::ssl::context::tls_server), server_([this](tcp::socket& socket, int) {
              asio::ssl::stream<tcp::socket&> secure(socket, context_);
              secure.handshake(asio::ssl::stream_base::server);
              ++satisfied;
              read_to_end(secure);
          }) {
        // A server may be as careless as it likes.
        SSL_CTX_set_security_level(context_.native_handle(), 0);
        std::string bundle;
        for (const made_certificate& each : shown)
            bundle += each.pem();
        context_.use_certificate_chain(asio::buffer(bundle));
        const std::string key = shown.front().key_pem();
        context_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
    }

    unsigned short port() const { return server_.port(); }

    std::atomic<int> satisfied = 0;

private:
    asio::ssl::context context_;
    raw_server server_;
};

asio::awaitable<void> knock(unsigned short port, asio::ssl::context& context, std::string host) {
    tcp::socket socket(co_await asio::this_coro::executor);
    const tcp::endpoint there(asio::ip::address_v4::loopback(), port);
    co_await socket.async_connect(there, asio::use_awaitable);
    net::stream stream(std::move(socket));
    co_await stream.start_tls(context, std::move(host));
}

/// What the client says of the server: nothing, or why it refuses it.
std::string verdict_on(const showing_server& server, const std::string& trusted,
                       const std::string& host) {
    net::tls_options options;
    options.ca_pem = trusted;
    const auto context = net::make_tls_context(options);
    const error refused =
        error_of([&] { run([&] { return knock(server.port(), *context, host); }); });
    if (!refused.code()) return "";
    EXPECT_EQ(refused.code(), errc::tls_failed) << refused.what();
    return refused.what();
}

TEST(TlsCertificates, GetTheListedAnswer) {
    namespace dom = simdjson::dom;
    const chain_maker maker;
    dom::parser parser;
    std::map<std::string, int> counts;
    const dom::element manifest = parser.load(CONCLAVE_SUITES "/tls-certs/manifest.json");
    for (const dom::element entry : manifest["cases"].get_array()) {
        const std::string name = text_of(entry, "name");
        const std::string host = text_of(entry, "connect_as");
        const std::string expected = text_of(entry, "expect");
        ++counts[expected];
        const showing_server server(maker.make(name));
        const std::string refusal = verdict_on(server, maker.trusted(), host);
        // What the suite leaves open, such as a name in the common name alone, we refuse.
        const bool accepts = expected == "ok";
        EXPECT_EQ(refusal.empty(), accepts) << name << ": " << refusal;
        const bool names_the_host = refusal.find(host + ": ") != refusal.npos;
        EXPECT_EQ(names_the_host, !accepts) << name << ": " << refusal;
    }
    const std::map<std::string, int> all = {{"ok", 7}, {"fail", 19}, {"either", 5}};
    EXPECT_EQ(counts, all);
}

}  // namespace
