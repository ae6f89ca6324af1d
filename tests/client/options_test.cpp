#include "calling.hpp"

#include <conclave/client/options.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <map>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

constexpr std::array<const char*, 8> variables = {
    "CONCLAVE_BASE_URL", "CONCLAVE_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL",
    "OPPER_API_KEY",     "https_proxy",      "NO_PROXY",       "ALL_PROXY"};

client_options from(const std::map<std::string, std::string>& environment) {
    for (const char* name : variables)
        ::unsetenv(name);
    for (const auto& [name, value] : environment)
        ::setenv(name.c_str(), value.c_str(), 1);
    const client_options options = client_options::from_environment();
    for (const char* name : variables)
        ::unsetenv(name);
    return options;
}

TEST(Environment, OfNothingHasNoEndpoints) {
    EXPECT_TRUE(from({}).endpoints.empty());
    EXPECT_TRUE(from({{"OPENAI_API_KEY", ""}, {"CONCLAVE_BASE_URL", ""}}).endpoints.empty());
    EXPECT_TRUE(
        from({{"CONCLAVE_API_KEY", "k"}, {"OPENAI_BASE_URL", "http://h"}}).endpoints.empty());
}

TEST(Environment, WithABaseUrlHasThatAlone) {
    const auto options = from({{"CONCLAVE_BASE_URL", "http://localhost:8080/v1"},
                               {"CONCLAVE_API_KEY", "own"},
                               {"OPENAI_API_KEY", "openai"},
                               {"OPPER_API_KEY", "opper"}});
    ASSERT_EQ(options.endpoints.size(), 1u);
    EXPECT_EQ(options.endpoints[0].base_url, "http://localhost:8080/v1");
    EXPECT_EQ(options.endpoints[0].api_key, "own");
    EXPECT_EQ(options.endpoints[0].prefix, "");
    EXPECT_EQ(from({{"CONCLAVE_BASE_URL", "http://h/v1"}}).endpoints.at(0).api_key, "");
}

TEST(Environment, WithOpenAiServesItsNames) {
    const auto options = from({{"OPENAI_API_KEY", "openai"}});
    ASSERT_EQ(options.endpoints.size(), 1u);
    EXPECT_EQ(options.endpoints[0].base_url, "https://api.openai.com/v1");
    EXPECT_EQ(options.endpoints[0].prefix, "openai/");
    const auto* const speaks = std::get_if<wire::chat_completions>(&options.endpoints[0].format);
    ASSERT_NE(speaks, nullptr);
    EXPECT_TRUE(speaks->max_completion_tokens);
    EXPECT_FALSE(speaks->without_sampling.empty());
    const auto elsewhere = from({{"OPENAI_API_KEY", "k"}, {"OPENAI_BASE_URL", "http://proxy/v1"}});
    EXPECT_EQ(elsewhere.endpoints.at(0).base_url, "http://proxy/v1");
}

TEST(Environment, WithBothSendsOnlyOpenAisNamesThere) {
    const auto options = from({{"OPENAI_API_KEY", "openai"}, {"OPPER_API_KEY", "opper"}});
    ASSERT_EQ(options.endpoints.size(), 2u);
    const auto to_openai = conclave::detail::find_route(options.endpoints, "openai/gpt-5.5");
    const auto to_opper =
        conclave::detail::find_route(options.endpoints, "anthropic/claude-sonnet-4-6");
    ASSERT_TRUE(to_openai && to_opper);
    EXPECT_EQ(options.endpoints[to_openai->endpoint].api_key, "openai");
    EXPECT_EQ(to_openai->model, "gpt-5.5");
    EXPECT_EQ(options.endpoints[to_opper->endpoint].api_key, "opper");
    EXPECT_EQ(to_opper->model, "anthropic/claude-sonnet-4-6");
}

TEST(Environment, HasProxies) {
    const auto options = from({{"CONCLAVE_BASE_URL", "http://localhost:8080/v1"},
                               {"https_proxy", "http://proxy.test:3128"},
                               {"ALL_PROXY", "socks5h://socks.test"},
                               {"NO_PROXY", "localhost"}});
    EXPECT_EQ(options.connect.proxy.https, "http://proxy.test:3128");
    EXPECT_EQ(options.connect.proxy.all, "socks5h://socks.test");
    EXPECT_EQ(options.connect.proxy.no_proxy, "localhost");
    EXPECT_EQ(client_options().connect.proxy.https, "");
}

TEST(Client, RefusesAProxyThatIsNoneWithoutQuotingIt) {
    asio::io_context context;
    for (const std::string scheme : {"http", "https"}) {
        client_options options = options_for(scheme + "://api.test/v1");
        options.connect.proxy.all = "http://user:" + canary + "@h:port";
        const error refused = error_of([&] { client via(context, options); });
        EXPECT_EQ(refused.code(), errc::invalid_url) << refused.what();
        const std::string what = refused.what();
        EXPECT_NE(what.find("the proxy for " + scheme + " "), what.npos) << what;
        EXPECT_EQ(what.find("canary"), what.npos) << what;
    }
}

std::vector<endpoint> with_prefixes(const std::vector<std::string>& prefixes) {
    std::vector<endpoint> endpoints;
    for (const auto& prefix : prefixes)
        endpoints.emplace_back("http://127.0.0.1/v1").prefix = prefix;
    return endpoints;
}

// "endpoint:model", or nothing.
std::string route(const std::vector<std::string>& prefixes, const std::string& model) {
    const auto found = conclave::detail::find_route(with_prefixes(prefixes), model);
    return found ? std::to_string(found->endpoint) + ":" + found->model : "";
}

TEST(Route, GoesToTheLongestPrefixAndAmongEqualsToTheFirst) {
    EXPECT_EQ(route({"", "a/", "a/b/"}, "a/b/c"), "2:c");
    EXPECT_EQ(route({"a/b/", "a/", ""}, "a/c"), "1:c");
    EXPECT_EQ(route({"a/b/", "a/", ""}, "x/c"), "2:x/c");
    EXPECT_EQ(route({"a/", "a/"}, "a/c"), "0:c");
    EXPECT_EQ(route({"", ""}, "a/c"), "0:a/c");
}

TEST(Route, OfABareNameIsTheFirstEndpointUnlessAnotherTakesIt) {
    EXPECT_EQ(route({"a/", "b/"}, "gpt"), "0:gpt");
    EXPECT_EQ(route({"a/", ""}, "gpt"), "1:gpt");
    EXPECT_EQ(route({"a/", "g"}, "gpt"), "1:pt");
}

TEST(Route, IsNoneForOtherNames) {
    EXPECT_EQ(route({"a/", "b/"}, "c/gpt"), "");
    EXPECT_EQ(route({"a/"}, "a/"), "");
    EXPECT_EQ(route({"a/"}, ""), "");
    EXPECT_EQ(route({}, "gpt"), "");
}

TEST(Route, ThatIsNoneIsRefusedWithAdvice) {
    caller none{client_options()};
    const result unset = none.ask(question("gpt"));
    EXPECT_EQ(unset.code(), errc::no_endpoint);
    EXPECT_EQ(unset.failure.field(), "model");
    for (const char* words : {"gpt", "CONCLAVE_BASE_URL", "OPPER_API_KEY", "OPENAI_API_KEY"})
        EXPECT_TRUE(unset.says(words)) << unset.what();

    client_options options;
    options.endpoints = with_prefixes({"openai/", "local/"});
    caller some(options);
    const result unknown = some.ask(question("other/gpt"));
    EXPECT_EQ(unknown.code(), errc::no_endpoint);
    for (const char* words : {"other/gpt", "openai/", "local/"})
        EXPECT_TRUE(unknown.says(words)) << unknown.what();
}

TEST(Client, RefusesBaseUrlsThatAreNone) {
    asio::io_context context;
    for (const std::string url :
         {"", "localhost:8080", "ftp://h/v1", "http://", "http://user:secret@h/v1", "http://h:0/",
          "http://h:65536/", "http://h /v1", "http://h\r\nX: y/v1", "https://h\\v1",
          "http:/h/v1"}) {
        client_options options;
        options.endpoints.emplace_back("http://good/v1");
        options.endpoints.emplace_back(url);
        const error refused = error_of([&] { client via(context, options); });
        EXPECT_EQ(refused.code(), errc::invalid_url) << url;
        EXPECT_NE(std::string(refused.what()).find("endpoints[1].base_url"), std::string::npos)
            << refused.what();
    }
}

TEST(Client, RefusesAuthoritiesThatCannotBeRead) {
    asio::io_context context;
    client_options options = options_for("https://localhost/v1");
    options.tls.ca_file = "/nonexistent";
    EXPECT_EQ(error_of([&] { client via(context, options); }).code(), errc::tls_failed);
}

TEST(Client, RefusesAKeyThatNoHeaderFieldMayHaveWithoutQuotingIt) {
    scripted_provider provider;
    provider.on("m", answer("yes"));
    for (const std::string& ending : {std::string("\n"), std::string("\r\nX-Evil: 1"),
                                      std::string("\0", 1), std::string("\x7f")}) {
        client_options options = options_for(provider);
        options.endpoints[0].api_key += ending;
        caller client(options);
        const result got = client.ask(question());
        EXPECT_EQ(got.code(), errc::invalid_header) << got.what();
        EXPECT_FALSE(got.says("canary")) << got.what();
        EXPECT_TRUE(got.says("Authorization")) << got.what();
    }
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(Client, RefusesAHeaderFieldOfAnEndpointThatIsNone) {
    scripted_provider provider;
    for (const http::field& bad : {http::field{"X-Team", "a\r\nX-Evil: 1"},
                                   http::field{"X Team", "a"}, http::field{"", "a"}}) {
        client_options options = options_for(provider);
        options.endpoints[0].header.push_back(bad);
        EXPECT_EQ(caller(options).ask(question()).code(), errc::invalid_header) << bad.name;
    }
    EXPECT_EQ(provider.connections(), 0u);
}

TEST(Price, CountsCachedInputAtItsOwnRate) {
    usage used;
    used.input_tokens = 1000;
    used.output_tokens = 200;
    EXPECT_DOUBLE_EQ(cost_of(used, {3, 15, std::nullopt}), 0.006);
    used.cache_read_tokens = 400;
    EXPECT_DOUBLE_EQ(cost_of(used, {3, 15, std::nullopt}), 0.006);
    EXPECT_DOUBLE_EQ(cost_of(used, {3, 15, 0.3}), (600 * 3 + 400 * 0.3 + 200 * 15) / 1e6);
    EXPECT_EQ(cost_of(usage(), {3, 15, 0.3}), 0);
}

TEST(Price, IsNeverNegativeWhateverAProviderCounts) {
    usage used;
    used.input_tokens = 10;
    used.cache_read_tokens = std::int64_t{1} << 53;
    EXPECT_DOUBLE_EQ(cost_of(used, {3, 15, 0.3}), 10 * 0.3 / 1e6);
}

}  // namespace
