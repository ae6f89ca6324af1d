// Names become addresses once for all calls of a client, by a resolver of the user's own too.

#include "calling.hpp"
#include "net/full_backlog.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;
using running::full_backlog;

using addresses = std::vector<asio::ip::address>;

addresses listed(const std::vector<std::string>& texts) {
    addresses made;
    for (const auto& text : texts)
        made.push_back(asio::ip::make_address(text));
    return made;
}

std::string url_at(unsigned short port) {
    return "http://provider.test:" + std::to_string(port) + "/v1";
}

// A client whose names are found by `lookup`, and `provider.test` at the provider's port.
template <class Lookup>
client_options options_with(unsigned short port, Lookup lookup) {
    client_options options = options_for(url_at(port));
    options.resolve.lookup = std::move(lookup);
    return options;
}

TEST(Resolving, AsksTheUsersResolverOnceForAllCallsToAHost) {
    scripted_provider provider;
    provider.on("m", answer("fine").first_token_after(20ms));
    std::atomic<int> lookups = 0;
    const auto lookup = [&](std::string host) -> asio::awaitable<addresses> {
        EXPECT_EQ(host, "provider.test");
        ++lookups;
        co_await running::sleep(20ms);
        co_return listed({"127.0.0.1"});
    };
    running::threads workers(2);
    client via(workers.context, options_with(provider.port(), lookup));
    std::atomic<int> fine = 0;
    for (int i = 0; i < 16; ++i) {
        async_complete(via, question(), [&](std::exception_ptr, completion got) {
            if (got.text == "fine") ++fine;
        });
    }
    workers.join();
    EXPECT_EQ(fine, 16);
    EXPECT_EQ(lookups, 1);
    EXPECT_EQ(provider.requests().at(0).header.find("host"),
              "provider.test:" + std::to_string(provider.port()));
}

TEST(Resolving, IsAskedAgainWhenTheAddressesWereOfNoUse) {
    scripted_provider provider;
    provider.on("m", answer("fine"));
    int lookups = 0;
    // The host has moved meanwhile: at first it is where nobody listens.
    const auto lookup = [&](std::string) -> asio::awaitable<addresses> {
        co_return listed({++lookups == 1 ? "::1" : "127.0.0.1"});
    };
    caller client(options_with(provider.port(), lookup));
    EXPECT_EQ(client.ask(question().max_retries(0)).code(), errc::connect_failed);
    EXPECT_EQ(client.ask(question().max_retries(0)).answer.text, "fine");
    EXPECT_EQ(lookups, 2);
}

TEST(Resolving, TriesTheAddressesSideBySide) {
    scripted_provider provider;
    provider.on("m", answer("fine"));
    const full_backlog hole(asio::ip::make_address("::1"), provider.port());
    const auto lookup = [&](std::string) -> asio::awaitable<addresses> {
        co_return listed({"::1", "127.0.0.1"});
    };
    const result got = caller(options_with(provider.port(), lookup)).ask(question().max_retries(0));
    EXPECT_EQ(got.answer.text, "fine") << got.what();
    EXPECT_GE(got.taken, 250ms);
    EXPECT_LT(got.taken, at_once);
}

TEST(Resolving, ThatNeverEndsRunsIntoItsOwnClock) {
    const auto lookup = [](std::string) -> asio::awaitable<addresses> {
        co_await running::wait_for_cancellation();
        co_return addresses{};
    };
    client_options options = options_with(80, lookup);
    options.connect.resolve_timeout = 60ms;
    const result got = caller(options).ask(question().max_retries(1));
    EXPECT_EQ(got.code(), errc::resolve_timeout) << got.what();
    EXPECT_EQ(got.shown, "|");
    EXPECT_GE(got.taken, 120ms);
    EXPECT_LT(got.taken, at_once + 1s) << "and nothing of it is left to wait for";

    options.connect.resolve_timeout = 0ms;
    EXPECT_EQ(caller(options).ask(question().timeout(60ms)).code(), errc::model_timeout);
    EXPECT_EQ(caller(options).ask(question(), nullptr, 60ms).code(), errc::cancelled);
}

TEST(Resolving, ThatFindsNothingOrThrowsFailsTheCall) {
    const auto nothing = [](std::string) -> asio::awaitable<addresses> { co_return addresses{}; };
    const auto thrower = [](std::string) -> asio::awaitable<addresses> {
        throw std::runtime_error("no such zone");
        co_return addresses{};
    };
    const auto odd = [](std::string) -> asio::awaitable<addresses> {
        throw 7;
        co_return addresses{};
    };
    const std::vector<std::pair<net::lookup_function, std::string>> cases = {
        {nothing, "no address"}, {thrower, "no such zone"}, {odd, "the lookup failed"}};
    for (const auto& [lookup, complaint] : cases) {
        const result got = caller(options_with(80, lookup)).ask(question().max_retries(0));
        EXPECT_EQ(got.code(), errc::resolve_failed);
        EXPECT_TRUE(got.says("provider.test")) << got.what();
        EXPECT_TRUE(got.says(complaint)) << got.what();
    }
}

TEST(Resolving, IsNotAskedForALiteralAddress) {
    scripted_provider provider;
    provider.on("m", answer("fine"));
    int lookups = 0;
    client_options options = options_for(provider);
    options.resolve.lookup = [&](std::string) -> asio::awaitable<addresses> {
        ++lookups;
        co_return addresses{};
    };
    EXPECT_EQ(caller(options).ask(question()).answer.text, "fine");
    EXPECT_EQ(lookups, 0);
}

}  // namespace
