#include "calling.hpp"

#include <conclave/client/routing.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

using prefixes = std::vector<std::string>;

std::vector<endpoint> with_prefixes(const prefixes& all) {
    std::vector<endpoint> endpoints;
    for (const auto& prefix : all)
        endpoints.emplace_back("http://127.0.0.1/v1").prefix = prefix;
    return endpoints;
}

// "endpoint:model", or nothing.
std::string route(const std::vector<endpoint>& endpoints, const std::string& model) {
    const auto found = conclave::detail::find_route(endpoints, model);
    return found ? std::to_string(found->endpoint) + ":" + found->model : "";
}

std::string route(const prefixes& all, const std::string& model) {
    return route(with_prefixes(all), model);
}

TEST(Route, GoesToTheLongestPrefixAndAmongEqualsToTheFirst) {
    EXPECT_EQ(route(prefixes{"", "a/", "a/b/"}, "a/b/c"), "2:c");
    EXPECT_EQ(route(prefixes{"a/b/", "a/", ""}, "a/c"), "1:c");
    EXPECT_EQ(route(prefixes{"a/b/", "a/", ""}, "x/c"), "2:x/c");
    EXPECT_EQ(route(prefixes{"a/", "a/"}, "a/c"), "0:c");
    EXPECT_EQ(route(prefixes{"", ""}, "a/c"), "0:a/c");
}

TEST(Route, OfABareNameIsTheOnlyPlaceThereIsUnlessAPrefixTakesIt) {
    EXPECT_EQ(route(prefixes{"a/"}, "gpt"), "0:gpt");
    EXPECT_EQ(route(prefixes{"a/", "b/"}, "gpt"), "0:gpt");  // two prefixes of one place
    EXPECT_EQ(route(prefixes{"a/", ""}, "gpt"), "1:gpt");
    EXPECT_EQ(route(prefixes{"a/", "g"}, "gpt"), "1:pt");

    auto two_places = with_prefixes({"a/", "b/"});
    two_places[1].base_url = "http://127.0.0.2/v1";
    EXPECT_EQ(route(two_places, "gpt"), "");
    auto listing = with_prefixes({"a/"});
    listing[0].models["b"] = "";
    EXPECT_EQ(route(listing, "gpt"), "");
}

TEST(Route, OfAListedNameGoesToTheFirstThatListsIt) {
    auto endpoints = with_prefixes({"", "a/", "", ""});
    endpoints[2].models = {{"a/fast", "llama-70b"}, {"plain", ""}};
    endpoints[3].models = {{"plain", "other"}, {"slow", "x/y"}};
    EXPECT_EQ(route(endpoints, "a/fast"), "2:llama-70b");
    EXPECT_EQ(route(endpoints, "plain"), "2:plain");
    EXPECT_EQ(route(endpoints, "slow"), "3:x/y");
    EXPECT_EQ(route(endpoints, "a/fast2"), "1:fast2");
    EXPECT_EQ(route(endpoints, "plain2"), "0:plain2");
}

TEST(Route, OfOtherNamesDoesNotLeadToAnEndpointThatListsItsOwn) {
    auto endpoints = with_prefixes({"", "b/"});
    endpoints[0].models["a"] = "";
    endpoints[1].models["c"] = "there";
    EXPECT_EQ(route(endpoints, "x"), "");
    EXPECT_EQ(route(endpoints, "x/y"), "");
    EXPECT_EQ(route(endpoints, "b/y"), "1:y");  // it has a prefix too
    EXPECT_EQ(route(endpoints, "c"), "1:there");
}

TEST(Route, IsNoneForOtherNames) {
    EXPECT_EQ(route(prefixes{"a/", "b/"}, "c/gpt"), "");
    EXPECT_EQ(route(prefixes{"a/"}, "a/"), "");
    EXPECT_EQ(route(prefixes{"a/"}, ""), "");
    EXPECT_EQ(route(std::vector<endpoint>(), "gpt"), "");
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

TEST(Route, ThatIsNoneIsRefusedWithTheNamesThatAreListed) {
    client_options options;
    options.endpoints = with_prefixes({"", "local/"});
    options.endpoints[0].models = {{"fast", "x"}, {"slow", ""}};
    caller client(options);
    const result got = client.ask(question("fsat"));
    EXPECT_EQ(got.what(),
              "model \"fsat\": served are names that begin with \"local/\", and \"fast\" \"slow\"");
    options.endpoints.pop_back();
    const result listed = caller(options).ask(question("fsat"));
    EXPECT_EQ(listed.what(), "model \"fsat\": served are \"fast\" \"slow\"");
}

TEST(Route, ThatIsNoneIsRefusedInFewWords) {
    client_options options;
    options.endpoints = with_prefixes({"local/"});
    for (int i = 0; i < 1000; ++i)
        options.endpoints[0].models[std::to_string(i) + std::string(1000, 'x')] = "";
    const result got = caller(options).ask(question(std::string(100'000, 'y') + "/z"));
    EXPECT_EQ(got.code(), errc::no_endpoint);
    EXPECT_TRUE(got.says("and 980 more")) << got.what();
    EXPECT_LT(got.what().size(), 3000u);
}

TEST(Route, ByAliasAsksForTheNameThere) {
    scripted_provider provider;
    provider.on("llama-70b", answer("yes"));
    client_options options = options_for(provider);
    options.endpoints[0].models["fast"] = "llama-70b";
    options.prices["fast"] = {1'000'000, 0};
    const result got = caller(options).ask(question("fast"));
    EXPECT_EQ(got.answer.text, "yes") << got.what();
    EXPECT_EQ(got.answer.cost, 2.0);  // the prompt's two words: prices go by the name asked for
    EXPECT_EQ(provider.requests().at(0).model, "llama-70b");
}

}  // namespace
