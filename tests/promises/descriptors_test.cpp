// A process that has no descriptors left: every seat is told so, nothing hangs or leaks, and once
// there are some again the same client works.

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "child_provider.hpp"
#include "descriptors.hpp"
#include "net/running.hpp"
#include "net/temporary_file.hpp"
#include "roundtable/panel_world.hpp"

namespace conclave::tests {
namespace {

using running::child_provider;
using running::descriptor_shortage;
using running::open_descriptors;

const std::string cause = "Too many open files";

void answer_slowly(scripted_provider& provider) {
    provider.otherwise(answer("In good time").first_token_after(200ms));
}

client_options options_from(const child_provider& provider,
                            const std::string& origin = "http://127.0.0.1") {
    client_options options;
    options.endpoints.emplace_back(provider.base_url(origin));
    options.tls.ca_pem = provider.certificate_authority();
    return options;
}

roundtable_request seats(std::size_t count) {
    roundtable_request request("Which database?");
    for (std::size_t i = 0; i < count; ++i)
        request.model("m/" + std::to_string(i));
    return request.resolve_by(resolution::fast).max_retries(0).timeout(20s);
}

// A client that has been used once, and the roundtables it makes.
class used_client {
public:
    explicit used_client(const client_options& options) : via(context, options) {}

    roundtable_response ask(std::size_t count) {
        return run_to_end(context, roundtable(via, seats(count)));
    }
    void expect_answers(std::size_t count) {
        const auto response = ask(count);
        for (const auto& result : response.results)
            EXPECT_EQ(result.text(), "In good time") << result.error.value_or("");
        via.close_idle_connections();
    }

    asio::io_context context;
    client via;
};

std::size_t count_answers(const roundtable_response& response) {
    return response.meta.models_used.size();
}

// Every seat without an answer names the cause.
void expect_clear_errors(const roundtable_response& response, errc code) {
    for (const auto& result : response.results) {
        if (result.ok()) continue;
        EXPECT_EQ(result.error_code, code) << *result.error;
        EXPECT_NE(result.error->find(cause), std::string::npos) << *result.error;
        EXPECT_EQ(result.attempts, 1);
    }
}

// Calls fail once before they do so for want of descriptors: the undefined-behaviour sanitizer
// opens a pipe when it first sees an object of a type, and takes it for broken when it cannot.
class DescriptorExhaustion : public ::testing::Test {
protected:
    void SetUp() override {
        for (const std::string& url : {scripted_provider::refusing_url(), unknown_host}) {
            client_options options;
            options.endpoints.emplace_back(url);
            used_client client(options);
            auto request = seats(2);
            request.max_retries(1).timeout(1s);
            const auto response = run_to_end(client.context, roundtable(client.via, request));
            ASSERT_EQ(count_answers(response), 0u);
        }
        client_options options;
        options.endpoints.emplace_back("https://localhost/v1");
        options.tls.ca_file = "/nonexistent";
        asio::io_context context;
        const error failure = running::error_of([&] { const client made(context, options); });
        ASSERT_EQ(failure.code(), errc::tls_failed);
    }

private:
    const std::string unknown_host = "http://host.invalid/v1";
};

TEST_F(DescriptorExhaustion, IsReportedByEverySeatAndPasses) {
    const child_provider provider(answer_slowly);
    used_client client(options_from(provider));
    client.expect_answers(2);
    const std::size_t before = open_descriptors();
    {
        descriptor_shortage shortage(0);
        for (int i = 0; i < 3; ++i) {
            const auto response = client.ask(8);
            EXPECT_EQ(count_answers(response), 0u);
            expect_clear_errors(response, errc::connect_failed);
            EXPECT_LT(response.meta.total_duration, 5s);
        }
        shortage.end();
        client.expect_answers(8);
    }
    client.expect_answers(8);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(DescriptorExhaustion, FailsOnlyTheSeatsForWhichThereAreNone) {
    const child_provider provider(answer_slowly);
    used_client client(options_from(provider));
    client.expect_answers(2);
    const std::size_t before = open_descriptors();
    {
        const descriptor_shortage shortage(3);
        for (int i = 0; i < 3; ++i) {
            const auto response = client.ask(8);
            EXPECT_EQ(count_answers(response), 3u);
            expect_clear_errors(response, errc::connect_failed);
            client.via.close_idle_connections();
        }
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(DescriptorExhaustion, IsTriedAgain) {
    const child_provider provider(answer_slowly);
    used_client client(options_from(provider));
    client.expect_answers(2);
    std::optional<descriptor_shortage> shortage;
    std::string first_error;
    const auto on_event = [&](const roundtable_event& seen) {
        if (seen.type != event_type::model_retry) return;
        if (first_error.empty()) first_error = seen.error;
        if (shortage) shortage->end();
    };
    const auto ask = [&](used_client& by) {
        auto request = seats(4);
        request.max_retries(1);
        return run_to_end(by.context, roundtable(by.via, request, on_event));
    };
    client_options nobody;
    nobody.endpoints.emplace_back(scripted_provider::refusing_url());
    used_client refused(nobody);
    EXPECT_EQ(count_answers(ask(refused)), 0u);
    EXPECT_NE(std::exchange(first_error, {}).find("refused"), std::string::npos);
    shortage.emplace(0);
    const auto response = ask(client);
    EXPECT_EQ(count_answers(response), 4u);
    EXPECT_NE(first_error.find(cause), std::string::npos) << first_error;
    EXPECT_EQ(response.results[0].attempts, 2);
}

TEST_F(DescriptorExhaustion, InANameLookupSaysSo) {
    const child_provider provider(answer_slowly);
    client_options options = options_from(provider, "http://localhost");
    options.resolve.cache_time = 0ms;
    used_client client(options);
    client.expect_answers(2);
    const std::size_t before = open_descriptors();
    {
        const descriptor_shortage shortage(0);
        const auto response = client.ask(4);
        EXPECT_EQ(count_answers(response), 0u);
        expect_clear_errors(response, errc::resolve_failed);
    }
    client.expect_answers(4);
    EXPECT_EQ(open_descriptors(), before);
}

// A variable of the environment, until the object goes.
class environment_variable {
public:
    environment_variable(std::string name, const std::string& value) : name_(std::move(name)) {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ~environment_variable() { ::unsetenv(name_.c_str()); }
    environment_variable(const environment_variable&) = delete;
    environment_variable& operator=(const environment_variable&) = delete;

private:
    std::string name_;
};

// A client that could not read whom to trust would trust nobody for good: it is not made.
TEST_F(DescriptorExhaustion, WhileAuthoritiesAreReadSaysSo) {
    const child_provider provider(answer_slowly, testing::provider_options().tls());
    const running::temporary_file authorities(provider.certificate_authority());
    const environment_variable file("SSL_CERT_FILE", authorities.name());
    const environment_variable folder("SSL_CERT_DIR", "/nonexistent");
    for (const bool by_option : {true, false}) {
        client_options options = options_from(provider, "https://127.0.0.1");
        options.tls.ca_pem.clear();
        if (by_option) options.tls.ca_file = authorities.name();
        const std::size_t before = open_descriptors();
        {
            asio::io_context context;
            const descriptor_shortage shortage(0);
            const error failure = running::error_of([&] { const client made(context, options); });
            EXPECT_EQ(failure.code(), errc::tls_failed);
            EXPECT_NE(std::string(failure.what()).find(cause), std::string::npos) << failure.what();
        }
        EXPECT_EQ(open_descriptors(), before);
        used_client client(options);
        client.expect_answers(4);
    }
}

}  // namespace
}  // namespace conclave::tests
