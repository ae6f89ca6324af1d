#include "connecting.hpp"
#include "made_certificates.hpp"
#include "proxy_programs.hpp"
#include "trusting.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace running;

net::connect_options through(const std::string& proxy) {
    net::connect_options options;
    options.proxy.all = proxy;
    return options;
}

void expect_answer(const std::string& proxy) {
    for (const bool tls : {false, true}) {
        scripted_provider provider(tls ? provider_options().tls() : provider_options());
        for (const std::string host : {"127.0.0.1", "localhost"}) {
            const std::string url = std::string(tls ? "https://" : "http://") + host + ":" +
                                    std::to_string(provider.port()) + "/v1";
            const visit result = fetch(url, trusting(provider), through(proxy));
            EXPECT_EQ(result.status, 200) << url << " by " << proxy << result.failure.what();
        }
        EXPECT_EQ(provider.requests().size(), 2u);
    }
}

// The error has these words, and neither user nor password.
void expect_failure(const visit& result, const std::string& words) {
    EXPECT_EQ(result.failure.code(), errc::proxy_failed) << result.failure.what();
    const std::string what = result.failure.what();
    EXPECT_NE(what.find(words), what.npos) << what;
    EXPECT_NE(what.find("127.0.0.1:"), what.npos) << what;
    for (const char* secret : {"canary", "Y2FuYXJ5", "passw0rd", "pass/word", "tok3n"})
        EXPECT_EQ(what.find(secret), what.npos) << what;
    EXPECT_EQ(result.status, 0);
}

TEST(HttpProxy, LeadsToServersWithAndWithoutTls) {
    const tinyproxy proxy;
    expect_answer(proxy.url());
}

TEST(HttpProxy, IsGivenTheUserAndThePassword) {
    const tinyproxy proxy("canary passw0rd");
    expect_answer(proxy.url("canary:passw0rd@"));
    expect_answer(proxy.url("c%61nary:p%61ssw0rd@"));
    scripted_provider provider;
    expect_failure(fetch(provider.base_url(), {}, through(proxy.url())), "asks for a user");
    expect_failure(fetch(provider.base_url(), {}, through(proxy.url("canary:wrong@"))),
                   "does not accept the user and password");
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(HttpProxy, SaysThatItCannotReachTheServer) {
    const tinyproxy proxy;
    const visit result = fetch(scripted_provider::refusing_url(), {}, through(proxy.url()));
    expect_failure(result, "answered 500 to CONNECT");
    EXPECT_EQ(result.failure.details().should_retry, true);
}

TEST(HttpProxy, DoesNotKeepAServerFromBeingVerified) {
    const tinyproxy proxy;
    scripted_provider provider(provider_options().tls(provider_certificate::wrong_host));
    const visit result = fetch(provider.base_url(), trusting(provider), through(proxy.url()));
    EXPECT_EQ(result.failure.code(), errc::tls_failed) << result.failure.what();
    EXPECT_TRUE(provider.requests().empty());
}

TEST(SocksProxy, LeadsToServersWithAndWithoutTls) {
    const microsocks proxy;
    expect_answer(proxy.url());
    expect_answer(proxy.url("canary:passw0rd@"));
}

TEST(SocksProxy, IsGivenTheUserAndThePassword) {
    const microsocks proxy("canary", "passw0rd");
    expect_answer(proxy.url("canary:passw0rd@"));
    scripted_provider provider;
    expect_failure(fetch(provider.base_url(), {}, through(proxy.url())), "asks for a user");
    expect_failure(fetch(provider.base_url(), {}, through(proxy.url("canary:wrong@"))),
                   "does not accept the user and password");
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(SocksProxy, SaysThatItCannotReachTheServer) {
    const microsocks proxy;
    const visit result = fetch(scripted_provider::refusing_url(), {}, through(proxy.url()));
    expect_failure(result, "refused");
    EXPECT_EQ(result.failure.details().should_retry, true);
}

// A proxy that hears a client's first words, and then says something of its own.
class misbehaving {
public:
    using behaviour = std::function<void(tcp::socket&)>;
    explicit misbehaving(behaviour act)
        : server_([this, act = std::move(act)](tcp::socket& socket, int) {
              heard_.add(read_until(socket, "\r\n\r\n"));
              act(socket);
          }) {}

    std::string url() const {
        return "http://canary:pass%2Fword@127.0.0.1:" + std::to_string(server_.port());
    }
    std::string heard() const { return heard_.last(); }

private:
    heard_texts heard_;
    raw_server server_;
};

visit fetch_through(const misbehaving& proxy, const std::string& to = "https://api.test/v1") {
    return fetch(to, {}, through(proxy.url()));
}

TEST(HttpProxy, IsAskedForAConnectionInTheseWords) {
    const misbehaving proxy([](tcp::socket& socket) { write(socket, "HTTP/1.1 403 No\r\n\r\n"); });
    expect_failure(fetch_through(proxy), "answered 403 to CONNECT");
    EXPECT_EQ(proxy.heard(),
              "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n"
              "User-Agent: conclave/" CONCLAVE_VERSION_STRING
              "\r\n"
              "Proxy-Authorization: Basic Y2FuYXJ5OnBhc3Mvd29yZA==\r\n\r\n");
    fetch_through(proxy, "http://[2001:db8::1]:8080/v1");
    EXPECT_EQ(proxy.heard().substr(0, 43), "CONNECT [2001:db8::1]:8080 HTTP/1.1\r\nHost: ");
}

TEST(HttpProxy, ThatMisbehavesIsReported) {
    const std::vector<std::pair<std::string, std::string>> answers = {
        {"HTTP/1.1 407 canary:pass/word\r\nContent-Length: 6\r\nX-Quote: "
         "canary:pass/word\r\n\r\ncanary",
         "does not accept the user and password"},
        {"HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n", "answered 302"},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "answered 502"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "answered 101"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "not well-formed HTTP"},
        {"HTTP/1.1 200 OK\nX: y\n\n", "not well-formed HTTP"},
        {std::string("\x05\x00", 2), "not well-formed HTTP"},
        {"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), "too large"},
        {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "bytes behind its answer"},
        {"", "closed the connection"},
        {"HTTP/1.1 200 O", "closed the connection"},
    };
    for (const auto& [answer, words] : answers) {
        const misbehaving proxy([&](tcp::socket& socket) { write(socket, answer); });
        expect_failure(fetch_through(proxy), words);
    }
    const misbehaving endless([&](tcp::socket& socket) {
        for (int i = 0; i < 20; ++i)
            write(socket, "HTTP/1.1 103 Early Hints\r\n\r\n");
    });
    expect_failure(fetch_through(endless), "too many interim replies");
}

TEST(HttpProxy, MaySendInterimRepliesAndItsAnswerInPieces) {
    const misbehaving proxy([&](tcp::socket& socket) {
        for (const char byte : std::string_view("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                                                "HTTP/1.0 299\r\nContent-Length: 7\r\n\r\n"))
            write(socket, std::string_view(&byte, 1));
        read_request(socket);
        write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const visit result = fetch_through(proxy, "http://api.test/v1");
    EXPECT_EQ(result.body, "ok") << result.failure.what();
}

TEST(HttpProxy, ThatIsSilentIsCancelledAtOnceAndTimesOutWithTheConnection) {
    const misbehaving proxy([](tcp::socket& socket) { read_to_end(socket); });
    visit result;
    EXPECT_LT(
        time_of([&] { result = fetch("https://api.test/v1", {}, through(proxy.url()), 30ms); }),
        at_once);
    EXPECT_TRUE(result.failure.code());
    EXPECT_FALSE(result.expired);
    net::connect_options options = through(proxy.url());
    options.connect_timeout = 30ms;
    EXPECT_LT(time_of([&] { result = fetch("https://api.test/v1", {}, options); }), at_once);
    EXPECT_EQ(result.expired, errc::connect_timeout);
}

TEST(Proxy, ThatIsNotThereIsReported) {
    std::string nowhere = scripted_provider::refusing_url();
    nowhere = nowhere.substr(0, nowhere.find("/v1"));
    visit result = fetch("https://api.test/v1", {}, through(nowhere));
    expect_failure(result, "refused");
    EXPECT_EQ(result.failure.details().should_retry, true);
    result = fetch("https://api.test/v1", {}, through("http://proxy.invalid:3128"));
    EXPECT_EQ(result.failure.code(), errc::proxy_failed);
    EXPECT_NE(std::string(result.failure.what()).find("not resolved: proxy.invalid"),
              std::string::npos)
        << result.failure.what();
}

TEST(Proxy, IsNotAskedForWhatNoProxyNames) {
    const raw_server proxy([](tcp::socket&, int) {});
    scripted_provider provider;
    net::connect_options options = through("http://127.0.0.1:" + std::to_string(proxy.port()));
    options.proxy.no_proxy = "127.0.0.0/8";
    EXPECT_EQ(fetch(provider.base_url(), {}, options).status, 200);
    EXPECT_EQ(proxy.connections(), 0);
    options.proxy.no_proxy = "10.0.0.0/8";
    EXPECT_EQ(fetch(provider.base_url(), {}, options).failure.code(), errc::proxy_failed);
    EXPECT_EQ(proxy.connections(), 1);
}

// A SOCKS5 server that says these bytes, one after the other, each in answer to something.
visit fetch_by_socks(const std::vector<std::string>& says, std::string* heard = nullptr,
                     const std::string& credentials = "canary:tok3n@",
                     const std::string& to = "http://api.test/v1") {
    const raw_server server([&](tcp::socket& socket, int) {
        for (const std::string& each : says) {
            std::array<char, 600> bytes;
            const std::size_t size = socket.read_some(asio::buffer(bytes));
            if (heard != nullptr) heard->append(bytes.data(), size).append("|");
            // In pieces, as a network may cut it.
            for (const char& byte : each)
                write(socket, std::string_view(&byte, 1));
        }
        if (!says.empty() && says.back().starts_with("HTTP")) read_to_end(socket);
    });
    return fetch(to, {},
                 through("socks5://" + credentials + "127.0.0.1:" + std::to_string(server.port())));
}

using namespace std::string_literals;

const std::string granted = "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"s;
const std::string ok_reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(SocksProxy, IsToldNamesAndAddressesAsTheyAre) {
    const std::vector<std::pair<std::string, std::string>> hosts = {
        {"api.test:8080",
         "\x05\x01\x00\x03\x08"
         "api.test\x1f\x90"s},
        {"127.0.0.1:443", "\x05\x01\x00\x01\x7f\x00\x00\x01\x01\xbb"s},
        {"[2001:db8::1]:80",
         "\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50"s}};
    for (const auto& [host, request] : hosts) {
        std::string heard;
        const visit result =
            fetch_by_socks({"\x05\x00"s, granted, ok_reply}, &heard, "", "http://" + host + "/v1");
        EXPECT_EQ(result.body, "ok") << host << result.failure.what();
        EXPECT_EQ(heard.substr(0, 4 + request.size() + 1), "\x05\x01\x00|"s + request + "|")
            << host;
    }
    std::string heard;
    fetch_by_socks({"\x05\x02"s, "\x01\x00"s, granted, ok_reply}, &heard);
    EXPECT_EQ(heard.substr(0, 20),
              "\x05\x02\x00\x02|\x01\x06"
              "canary\x05tok3n|"s);
}

TEST(SocksProxy, MayAnswerWithAnAddressOfAnyType) {
    const std::vector<std::string> answers = {granted, "\x05\x00\x00\x03\x04host\x00\x50"s,
                                              "\x05\x00\x00\x03\x00\x00\x50"s,
                                              "\x05\x00\x00\x04"s + std::string(18, '\0')};
    for (const std::string& answer : answers) {
        const visit result = fetch_by_socks({"\x05\x00"s, answer, ok_reply});
        EXPECT_EQ(result.body, "ok") << result.failure.what();
    }
}

TEST(SocksProxy, ThatMisbehavesIsReported) {
    struct misdeed {
        std::vector<std::string> says;
        std::string words;
    };
    const std::vector<misdeed> misdeeds = {
        {{""}, "closed the connection"},
        {{"\x05"s}, "closed the connection"},
        {{"HTTP/1.1 400 Bad Request\r\n\r\n"}, "not SOCKS5"},
        {{"\x04\x00"s}, "not SOCKS5"},
        {{"\x05\x01"s}, "was not offered"},
        {{"\x05\xff"s}, "no authentication that we know"},
        {{"\x05\x02"s, "\x01\x01"s}, "does not accept the user and password"},
        {{"\x05\x00"s, "\x05\x00\x00"s}, "closed the connection"},
        {{"\x05\x00"s, "\x05\x00\x00\x01\x7f\x00"s}, "closed the connection"},
        {{"\x05\x00"s, "\x04\x00\x00\x01\x7f\x00\x00\x01\x00\x50"s}, "not SOCKS5"},
        {{"\x05\x00"s, "\x05\x00\x00\x02\x7f\x00\x00\x01\x00\x50"s}, "no known type"},
        {{"\x05\x00"s, "\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50"s}, "rules do not allow"},
        {{"\x05\x00"s, "\x05\x63\x00\x01\x7f\x00\x00\x01\x00\x50"s}, "not assigned"},
    };
    for (const misdeed& each : misdeeds)
        expect_failure(fetch_by_socks(each.says), each.words);
    for (char code = 1; code <= 8; ++code) {
        std::string answer = granted;
        answer[1] = code;
        const visit result = fetch_by_socks({"\x05\x00"s, answer});
        expect_failure(result, "");
        const bool may_pass = code == 1 || (code >= 3 && code <= 6);
        EXPECT_EQ(result.failure.details().should_retry, may_pass) << int{code};
    }
}

TEST(SocksProxy, ThatIsSilentIsCancelledAtOnceAndTimesOutWithTheConnection) {
    for (const std::vector<std::string>& says : {std::vector<std::string>{},
                                                 {"\x05\x02"s},
                                                 {"\x05\x02"s, "\x01\x00"s},
                                                 {"\x05\x00"s, "\x05\x00\x00\x01"s}}) {
        const raw_server server([&](tcp::socket& socket, int) {
            for (const std::string& each : says) {
                std::array<char, 600> heard;
                socket.read_some(asio::buffer(heard));
                write(socket, each);
            }
            read_to_end(socket);
        });
        net::connect_options options =
            through("socks5://canary:tok3n@127.0.0.1:" + std::to_string(server.port()));
        visit result;
        EXPECT_LT(time_of([&] { result = fetch("https://api.test/v1", {}, options, 30ms); }),
                  at_once);
        EXPECT_TRUE(result.failure.code());
        EXPECT_FALSE(result.expired);
        options.connect_timeout = 30ms;
        EXPECT_LT(time_of([&] { result = fetch("https://api.test/v1", {}, options); }), at_once);
        EXPECT_EQ(result.expired, errc::connect_timeout);
    }
}

}  // namespace
