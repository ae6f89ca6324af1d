#include "calling.hpp"

#include <conclave/client/config.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace conclave;
using namespace conclave::testing;
using namespace calling;

client_options config(const std::string& json) { return client_options::from_json(json); }

error config_error(const std::string& json) {
    return error_of([&] { client_options::from_json(json); });
}

// The JSON block of docs/configuration.md.
std::string documented_example() {
    std::ifstream page(CONCLAVE_DOCS "/configuration.md");
    std::stringstream text;
    text << page.rdbuf();
    const std::string whole = text.str();
    const std::string fence = "```json\n";
    const std::size_t begin = whole.find(fence);
    if (begin == whole.npos) return "";
    const std::size_t end = whole.find("```", begin + fence.size());
    return whole.substr(begin + fence.size(), end - begin - fence.size());
}

TEST(Config, OfTheDocumentationIsRead) {
    ::setenv("OPENAI_API_KEY", canary.c_str(), 1);
    const client_options options = config(documented_example());
    ::unsetenv("OPENAI_API_KEY");
    ASSERT_EQ(options.endpoints.size(), 4u);

    const endpoint& openai = options.endpoints[0];
    EXPECT_EQ(openai.base_url, "https://api.openai.com/v1");
    EXPECT_EQ(openai.api_key, canary);
    EXPECT_EQ(openai.prefix, "openai/");
    const auto& speaks = std::get<wire::chat_completions>(openai.format);
    EXPECT_TRUE(speaks.max_completion_tokens);
    EXPECT_TRUE(speaks.include_usage);
    EXPECT_EQ(speaks.without_sampling, (std::vector<std::string>{"gpt-5", "o3"}));
    ASSERT_EQ(openai.header.size(), 1u);
    EXPECT_EQ(openai.header[0].name, "OpenAI-Organization");
    EXPECT_EQ(openai.header[0].value, "org-example");

    EXPECT_EQ(options.endpoints[1].api_key, "an-example-and-no-key");
    EXPECT_TRUE(std::holds_alternative<wire::anthropic_messages>(options.endpoints[1].format));
    EXPECT_EQ(options.endpoints[2].models.at("local/coder"), "qwen2.5-coder-7b");
    EXPECT_EQ(options.endpoints[2].api_key, "");
    EXPECT_EQ(options.endpoints[3].api_key, "another-example");
    EXPECT_EQ(options.endpoints[3].prefix, "");

    const price& rate = options.prices.at("openai/gpt-5.5");
    EXPECT_EQ(rate.input, 1.25);
    EXPECT_EQ(rate.cache_read, 0.125);
    EXPECT_EQ(rate.output, 10.0);
    EXPECT_EQ(rate.reasoning, std::nullopt);

    EXPECT_EQ(options.connect.connect_timeout, 5s);
    EXPECT_EQ(options.timeouts.first_token_timeout, 60s);
    EXPECT_EQ(options.timeouts.idle_timeout, 30s);
    EXPECT_EQ(options.connect.tls_timeout, client_options().connect.tls_timeout);
    EXPECT_EQ(options.limits.body_size, 16'777'216u);
    EXPECT_EQ(options.pool.max_connections_per_origin, 16u);
    EXPECT_EQ(options.connect.proxy.https, "http://proxy.example:3128");
    EXPECT_EQ(options.connect.proxy.no_proxy, "localhost");
    EXPECT_EQ(options.tls.minimum_version, net::tls_version::tls_1_3);
    EXPECT_EQ(options.max_redirects, 0u);

    asio::io_context context;
    const client via(context, options);
    EXPECT_EQ(via.options().endpoints.size(), 4u);
}

TEST(Config, OfNothingIsTheDefault) {
    const client_options options = config("{}");
    EXPECT_TRUE(options.endpoints.empty());
    EXPECT_TRUE(options.prices.empty());
    EXPECT_EQ(options.limits.event_size, client_options().limits.event_size);
    EXPECT_EQ(options.timeouts.idle_timeout, client_options().timeouts.idle_timeout);
}

TEST(Config, HasEverySettingThatIsDocumented) {
    const client_options options = config(R"({
        "endpoints": [{"format_options": {"json_schema": false, "strict_schema": false,
                       "include_usage": false},
                       "base_url": "http://h/v1", "models": ["a", "b/c"]}],
        "prices": {"m": {"input": 1, "output": 2, "cache_read": 3, "cache_creation": 4,
                         "cache_creation_1h": 5, "input_audio": 6, "reasoning": 7,
                         "output_audio": 8, "web_search": 9}},
        "timeouts": {"resolve_ms": 1, "connect_ms": 2, "tls_ms": 3, "first_token_ms": 4,
                     "idle_ms": 0, "attempt_ms": 6},
        "limits": {"body_size": 7, "event_size": 8},
        "pool": {"max_connections_per_origin": 9, "max_idle_per_origin": 10,
                 "idle_timeout_ms": 11, "resend_on_dead_connection": false},
        "resolve": {"cache_time_ms": 12},
        "proxy": {"https": "a", "http": "b", "all": "c", "no_proxy": "d"},
        "tls": {"ca_file": "a", "ca_directory": "b", "crl_file": "c", "pinned_public_keys": ["d"],
                "certificate_file": "e", "private_key_file": "f", "minimum_version": "1.2"},
        "max_redirects": 13})");
    const auto& speaks = std::get<wire::chat_completions>(options.endpoints.at(0).format);
    EXPECT_FALSE(speaks.json_schema);
    EXPECT_FALSE(speaks.strict_schema);
    EXPECT_FALSE(speaks.include_usage);
    EXPECT_EQ(options.endpoints[0].models.count("b/c"), 1u);
    const price& rate = options.prices.at("m");
    const std::array<std::optional<double>, 9> prices = {rate.input,
                                                         rate.output,
                                                         rate.cache_read,
                                                         rate.cache_creation,
                                                         rate.cache_creation_1h,
                                                         rate.input_audio,
                                                         rate.reasoning,
                                                         rate.output_audio,
                                                         rate.web_search};
    for (std::size_t i = 0; i < prices.size(); ++i)
        EXPECT_EQ(prices[i], static_cast<double>(i + 1));
    EXPECT_EQ(options.connect.resolve_timeout, 1ms);
    EXPECT_EQ(options.connect.connect_timeout, 2ms);
    EXPECT_EQ(options.connect.tls_timeout, 3ms);
    EXPECT_EQ(options.timeouts.first_token_timeout, 4ms);
    EXPECT_EQ(options.timeouts.idle_timeout, 0ms);
    EXPECT_EQ(options.timeouts.attempt_timeout, 6ms);
    EXPECT_EQ(options.limits.body_size, 7u);
    EXPECT_EQ(options.limits.event_size, 8u);
    EXPECT_EQ(options.pool.max_connections_per_origin, 9u);
    EXPECT_EQ(options.pool.max_idle_per_origin, 10u);
    EXPECT_EQ(options.pool.idle_timeout, 11ms);
    EXPECT_FALSE(options.pool.resend_on_dead_connection);
    EXPECT_EQ(options.resolve.cache_time, 12ms);
    const http::proxy_settings& proxy = options.connect.proxy;
    EXPECT_EQ(proxy.https + proxy.http + proxy.all + proxy.no_proxy, "abcd");
    const net::tls_options& tls = options.tls;
    EXPECT_EQ(tls.ca_file + tls.ca_directory + tls.crl_file + tls.pinned_public_keys.at(0) +
                  tls.certificate_file + tls.private_key_file,
              "abcdef");
    EXPECT_EQ(tls.minimum_version, net::tls_version::tls_1_2);
    EXPECT_EQ(options.max_redirects, 13u);
}

TEST(Config, HasEveryFormatWithItsOptions) {
    const client_options options = config(R"({"endpoints": [
        {"base_url": "http://a", "format": "anthropic_messages", "format_options": {
            "version": "2026-10-21", "bearer": true, "max_tokens": 1000, "json_schema": false,
            "without_sampling": ["x"]}},
        {"base_url": "http://g", "format_options": {
            "api_version": "v1", "bearer": true, "json_schema": false, "schema_or_tools": ["a"],
            "without_thinking": [], "thinking_budget": ["b", "c"], "without_sampling": ["d"]},
         "format": "google_generate_content"}]})");
    const auto& claude = std::get<wire::anthropic_messages>(options.endpoints.at(0).format);
    EXPECT_EQ(claude.version, wire::anthropic_version::v2026_10_21);
    EXPECT_TRUE(claude.bearer);
    EXPECT_EQ(claude.max_tokens, 1000);
    EXPECT_FALSE(claude.json_schema);
    EXPECT_EQ(claude.without_sampling, std::vector<std::string>{"x"});
    const auto& gemini = std::get<wire::google_generate_content>(options.endpoints.at(1).format);
    EXPECT_EQ(gemini.api_version, "v1");
    EXPECT_TRUE(gemini.bearer);
    EXPECT_FALSE(gemini.json_schema);
    EXPECT_EQ(gemini.schema_or_tools, std::vector<std::string>{"a"});
    EXPECT_TRUE(gemini.without_thinking.empty());
    EXPECT_EQ(gemini.thinking_budget, (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(gemini.without_sampling, std::vector<std::string>{"d"});

    const error version = config_error(R"({"endpoints": [{"base_url": "http://a",
        "format": "anthropic_messages", "format_options": {"version": "2027"}}]})");
    EXPECT_EQ(version.field(), "endpoints[0].format_options.version");
    const error option = config_error(R"({"endpoints": [{"base_url": "http://a",
        "format": "anthropic_messages", "format_options": {"include_usage": true}}]})");
    EXPECT_EQ(option.field(), "endpoints[0].format_options.include_usage");
    const error format = config_error(R"({"endpoints": [{"base_url": "h", "format": "chat"}]})");
    for (const char* word : {"chat_completions", "anthropic_messages", "google_generate_content"})
        EXPECT_NE(std::string(format.what()).find(word), std::string::npos) << format.what();
}

TEST(Config, HasEveryOptionOfResponses) {
    const client_options options = config(R"({"endpoints": [
        {"base_url": "http://r", "format": "responses", "format_options": {
            "dialect": "open_responses", "store": true, "strict": true, "summary": "auto",
            "verbosity": "high", "truncation": "disabled", "parallel_tool_calls": false,
            "max_tool_calls": 3, "frequency_penalty": -1.5, "presence_penalty": 2,
            "service_tier": "flex", "user": "u", "include": ["reasoning.encrypted_content"],
            "metadata": {"team": "a", "b": ""}}}]})");
    const auto& format = std::get<wire::responses>(options.endpoints.at(0).format);
    EXPECT_EQ(format.speaks, wire::responses::dialect::open_responses);
    const wire::responses_options& told = format.options;
    EXPECT_TRUE(told.store && told.strict);
    EXPECT_EQ(told.summary, wire::reasoning_summary::automatic);
    EXPECT_EQ(told.verbosity, wire::text_verbosity::high);
    EXPECT_EQ(told.truncation, wire::input_truncation::disabled);
    EXPECT_EQ(told.parallel_tool_calls, false);
    EXPECT_EQ(told.max_tool_calls, 3);
    EXPECT_EQ(told.frequency_penalty, -1.5);
    EXPECT_EQ(told.presence_penalty, 2);
    EXPECT_EQ(told.service_tier + told.user, "flexu");
    EXPECT_EQ(told.include, std::vector<std::string>{"reasoning.encrypted_content"});
    EXPECT_EQ(told.metadata, (std::map<std::string, std::string>{{"team", "a"}, {"b", ""}}));

    const auto field = [](const std::string& option) {
        return config_error(R"({"endpoints": [{"base_url": "http://r", "format": "responses",)"
                            R"("format_options": {)" +
                            option + "}}]}")
            .field();
    };
    for (const std::string option :
         {R"("summary": "long")", R"("truncation": "low")", R"("presence_penalty": 2.5)",
          R"("frequency_penalty": "1")", R"("metadata": {"a": 1})", R"("max_tool_calls": -1)",
          R"("previous_response_id": "resp_1")"}) {
        const std::string name = option.substr(1, option.find('"', 1) - 1);
        EXPECT_EQ(field(option).find("endpoints[0].format_options." + name), 0u) << field(option);
    }
}

TEST(Config, HasTheHeaderFieldsOfOppersGateway) {
    for (const std::string word : {"chat_completions", "responses"}) {
        const std::string begin = R"({"endpoints": [{"base_url": "http://o", "format": ")" + word +
                                  R"(", "format_options": {"opper": )";
        const client_options options =
            config(begin + R"({"name": "n", "guard_input": ["pii", "secrets"],
                               "guard_output": ["toxicity"], "guard_action": "redact"}}}]})");
        std::vector<http::field> sent;
        std::visit([&](const auto& format) { sent = format.header(""); },
                   options.endpoints.at(0).format);
        std::map<std::string, std::string> fields;
        for (const http::field& each : sent)
            fields[each.name] = each.value;
        EXPECT_EQ(fields,
                  (std::map<std::string, std::string>{{"X-Opper-Name", "n"},
                                                      {"X-Opper-Guard-Input", "pii,secrets"},
                                                      {"X-Opper-Guard-Output", "toxicity"},
                                                      {"X-Opper-Guard-Action", "redact"}}));
        const std::string at = "endpoints[0].format_options.opper";
        EXPECT_EQ(config_error(begin + R"({"guard_action": "stop"}}}]})").field(),
                  at + ".guard_action");
        EXPECT_EQ(config_error(begin + R"({"guard": []}}}]})").field(), at + ".guard");
    }
}

TEST(Config, NamesAServerThatRunsTheRoundtables) {
    const client_options options = config(R"({"hosted_roundtable": {"base_url": "http://h",
        "key": "k", "format": "anthropic_messages", "headers": {"X-Team": "a"}}})");
    ASSERT_TRUE(options.hosted_roundtable);
    EXPECT_EQ(options.hosted_roundtable->base_url, "http://h");
    EXPECT_EQ(options.hosted_roundtable->api_key, "k");
    EXPECT_EQ(options.hosted_roundtable->header.at(0).name, "X-Team");
    EXPECT_TRUE(options.endpoints.empty());
    EXPECT_FALSE(config("{}").hosted_roundtable);
    const auto field = [](const std::string& of) {
        return config_error(R"({"hosted_roundtable": )" + of + "}").field();
    };
    EXPECT_EQ(field("\"http://h\""), "hosted_roundtable");
    EXPECT_EQ(field("{}"), "hosted_roundtable.base_url");
    EXPECT_EQ(field(R"({"base_url": "http://h", "prefix": "a/"})"), "hosted_roundtable.prefix");
    EXPECT_EQ(field(R"({"base_url": "http://h", "models": ["a"]})"), "hosted_roundtable.models");
}

TEST(Config, RefusesWhatItDoesNotKnowNamingIt) {
    const auto field = [](const std::string& json) {
        const error refused = config_error(json);
        EXPECT_EQ(refused.code(), errc::invalid_request) << json;
        EXPECT_NE(std::string(refused.what()).find(refused.field()), std::string::npos);
        return refused.field();
    };
    const auto endpoint_field = [&](const std::string& member) {
        return field(R"({"endpoints": [{"base_url": "http://h", )" + member + "}]}");
    };
    EXPECT_EQ(field(R"({"endpoint": []})"), "endpoint");
    EXPECT_EQ(endpoint_field(R"("prefiks": "a/")"), "endpoints[0].prefiks");
    EXPECT_EQ(endpoint_field(R"("format_options": {"json_shema": true})"),
              "endpoints[0].format_options.json_shema");
    EXPECT_EQ(field(R"({"prices": {"m": {"imput": 1}}})"), "prices[\"m\"].imput");
    for (const std::string section : {"timeouts", "limits", "pool", "resolve", "proxy", "tls"}) {
        EXPECT_EQ(field("{\"" + section + "\": {\"x\": 1}}"), section + ".x");
        EXPECT_EQ(field("{\"" + section + "\": 1}"), section);
    }
    EXPECT_EQ(field(R"({"tls": {"dangerously_skip_all_verification": true}})"),
              "tls.dangerously_skip_all_verification");
    EXPECT_LT(config_error("{\"" + std::string(100'000, 'x') + "\": 1}").field().size(), 200u);
}

TEST(Config, RefusesWhatIsGivenTwice) {
    const error outer = config_error(R"({"max_redirects": 1, "prices": {}, "max_redirects": 2})");
    EXPECT_EQ(outer.code(), errc::invalid_request);
    EXPECT_NE(std::string(outer.what()).find("\"max_redirects\" twice"), std::string::npos);
    EXPECT_EQ(config_error(R"({"prices": {"m": {}, "m": {}}})").field(), "prices");
    EXPECT_EQ(config_error(R"({"limits": {"body_size": 1, "body_size": 1}})").field(), "limits");
    EXPECT_EQ(
        config_error(R"({"endpoints": [{"base_url": "http://h", "models": ["a", "a"]}]})").field(),
        "endpoints[0].models[1]");
}

TEST(Config, RefusesValuesThatASettingCannotHave) {
    const auto field = [](const std::string& json) {
        const error refused = config_error(json);
        EXPECT_EQ(refused.code(), errc::invalid_request) << json;
        return refused.field();
    };
    for (const std::string value : {"-1", "1.5", "86400001", "\"1\"", "null", "true", "1e300"}) {
        EXPECT_EQ(field(R"({"timeouts": {"idle_ms": )" + value + "}}"), "timeouts.idle_ms");
    }
    for (const std::string value : {"-1", "0.5", "1e18", "[]"})
        EXPECT_EQ(field(R"({"limits": {"body_size": )" + value + "}}"), "limits.body_size");
    for (const std::string value : {"-0.1", "\"1\"", "null", "{}"})
        EXPECT_EQ(field(R"({"prices": {"m": {"input": )" + value + "}}}"), "prices[\"m\"].input");
    for (const std::string value : {"1", "null", "[]"})
        EXPECT_EQ(field(R"({"proxy": {"all": )" + value + "}}"), "proxy.all");
    for (const std::string value : {"1", "\"yes\"", "null"}) {
        EXPECT_EQ(field(R"({"pool": {"resend_on_dead_connection": )" + value + "}}"),
                  "pool.resend_on_dead_connection");
    }
    EXPECT_EQ(field(R"({"tls": {"minimum_version": "1.1"}})"), "tls.minimum_version");
    EXPECT_EQ(field(R"({"endpoints": {}})"), "endpoints");
    EXPECT_EQ(field(R"({"endpoints": [1]})"), "endpoints[0]");
    EXPECT_EQ(field(R"({"endpoints": [{}]})"), "endpoints[0].base_url");
    EXPECT_EQ(field(R"({"endpoints": [{"base_url": ""}]})"), "endpoints[0].base_url");
    const auto endpoint_field = [&](const std::string& member) {
        return field(R"({"endpoints": [{"base_url": "http://h", )" + member + "}]}");
    };
    EXPECT_EQ(endpoint_field(R"("format": "chat")"), "endpoints[0].format");
    EXPECT_EQ(endpoint_field(R"("models": "a")"), "endpoints[0].models");
    EXPECT_EQ(endpoint_field(R"("models": [""])"), "endpoints[0].models[0]");
    EXPECT_EQ(endpoint_field(R"("models": {"a": ""})"), "endpoints[0].models[\"a\"]");
    EXPECT_EQ(endpoint_field(R"("headers": {"X Y": "a"})"), "endpoints[0].headers[\"X Y\"]");
    EXPECT_EQ(endpoint_field(R"("key": "")"), "endpoints[0].key");
    EXPECT_EQ(endpoint_field(R"("key_env": "CONCLAVE_TEST_NOT_SET")"), "endpoints[0].key_env");
    EXPECT_EQ(endpoint_field(R"("key": "a", "key_env": "PATH")"), "endpoints[0].key_env");
}

TEST(Config, RefusesWhatIsNoObject) {
    for (const char* text : {"", "[]", "{", "{} {}", "null", "\"a\"", "{\"a\": 1e999}", "\xFF"})
        EXPECT_EQ(config_error(text).code(), errc::malformed_json) << text;
}

TEST(Config, QuotesNoKeyWhateverIsWrongWithIt) {
    const std::string key = "\"" + canary + "\"";
    const std::string begin = R"({"endpoints": [{"base_url": "http://h", )";
    for (const std::string& json :
         {begin + "\"key\": [" + key + "]}]}", begin + "\"key_env\": " + key + "}]}",
          begin + "\"format\": " + key + "}]}", begin + "\"kee\": " + key + "}]}",
          begin + "\"headers\": {\"Authorization\": [" + key + "]}}]}",
          begin + "\"headers\": {\"Authorization\": \"" + canary + "\\r\\n\"}}]}",
          begin + "\"models\": " + key + "}]}", begin + "\"key\": " + key,
          std::string(R"({"proxy": {"all": [)") + key + "]}}",
          std::string(R"({"tls": {"minimum_version": )") + key + "}}"}) {
        const error refused = config_error(json);
        EXPECT_EQ(std::string(refused.what()).find("canary"), std::string::npos) << refused.what();
    }
}

TEST(Config, IsReadFromAFile) {
    const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                       ("conclave-config-" + std::to_string(::getpid()) + ".json");
    const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
    write(R"({"endpoints": [{"base_url": "http://h/v1"}]})");
    EXPECT_EQ(client_options::from_file(path.string()).endpoints.at(0).base_url, "http://h/v1");
    write("{}" + std::string(1 << 20, ' '));
    EXPECT_EQ(error_of([&] { client_options::from_file(path.string()); }).code(),
              errc::invalid_request);
    std::filesystem::remove(path);
    const error missing = error_of([&] { client_options::from_file(path.string()); });
    EXPECT_EQ(missing.code(), errc::invalid_request);
    EXPECT_EQ(missing.field(), "path");
    EXPECT_EQ(missing.details().cause, std::errc::no_such_file_or_directory);
    const error folder = error_of([&] { client_options::from_file("/"); });
    EXPECT_EQ(folder.code(), errc::invalid_request);
    EXPECT_EQ(folder.details().cause, std::errc::is_a_directory);
}

TEST(Config, MakesAClientThatIsAnswered) {
    scripted_provider provider(provider_options().require_key(canary));
    provider.on("llama", answer("yes").usage(1'000'000, 500'000));
    const client_options options = config(
        R"({"endpoints": [{"base_url": ")" + provider.base_url() + R"(", "key": ")" + canary +
        R"(", "models": {"fast": "llama"}}], "prices": {"fast": {"input": 2, "output": 4}}})");
    const result got = caller(options).ask(question("fast"));
    EXPECT_EQ(got.answer.text, "yes") << got.what();
    EXPECT_EQ(got.answer.cost, 4.0);
}

}  // namespace
