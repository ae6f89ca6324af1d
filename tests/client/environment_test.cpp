#include <conclave/client/client.hpp>
#include <conclave/client/options.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <variant>

namespace {

using namespace conclave;

constexpr std::array<const char*, 22> variables = {"CONCLAVE_BASE_URL",
                                                   "CONCLAVE_API_KEY",
                                                   "OPENAI_API_KEY",
                                                   "OPENAI_BASE_URL",
                                                   "ANTHROPIC_API_KEY",
                                                   "ANTHROPIC_BASE_URL",
                                                   "GEMINI_API_KEY",
                                                   "GOOGLE_API_KEY",
                                                   "OPPER_API_KEY",
                                                   "OPENROUTER_API_KEY",
                                                   "GROQ_API_KEY",
                                                   "MISTRAL_API_KEY",
                                                   "DEEPSEEK_API_KEY",
                                                   "XAI_API_KEY",
                                                   "OLLAMA_HOST",
                                                   "https_proxy",
                                                   "NO_PROXY",
                                                   "ALL_PROXY",
                                                   "http_proxy",
                                                   "no_proxy",
                                                   "CONCLAVE_HOSTED_ROUNDTABLE",
                                                   "CONCLAVE_HOSTED_ROUNDTABLE_KEY"};

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

TEST(Environment, NamesAServerThatRunsTheRoundtables) {
    const auto options = from({{"CONCLAVE_HOSTED_ROUNDTABLE", "https://panels.example"},
                               {"CONCLAVE_HOSTED_ROUNDTABLE_KEY", "own"},
                               {"OPPER_API_KEY", "opper"}});
    ASSERT_TRUE(options.hosted_roundtable);
    EXPECT_EQ(options.hosted_roundtable->base_url, "https://panels.example");
    EXPECT_EQ(options.hosted_roundtable->api_key, "own");
    EXPECT_EQ(options.endpoints.size(), 1u);  // for single calls

    const auto without_key =
        from({{"CONCLAVE_HOSTED_ROUNDTABLE", "http://localhost:8080"}, {"OPPER_API_KEY", "opper"}});
    EXPECT_EQ(without_key.hosted_roundtable->api_key, "");  // no one else's is sent
    EXPECT_FALSE(
        from({{"CONCLAVE_HOSTED_ROUNDTABLE", ""}, {"CONCLAVE_HOSTED_ROUNDTABLE_KEY", "own"}})
            .hosted_roundtable);
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

// "base URL, key, model there" of the endpoint that a model goes to.
std::string served(const client_options& options, const std::string& model) {
    const auto found = conclave::detail::find_route(options.endpoints, model);
    if (!found) return "";
    const endpoint& to = options.endpoints[found->endpoint];
    return to.base_url + ", " + to.api_key + ", " + found->model;
}

wire::chat_completions chat_of(const client_options& options, const std::string& model) {
    const auto found = conclave::detail::find_route(options.endpoints, model);
    return std::get<wire::chat_completions>(options.endpoints.at(found->endpoint).format);
}

TEST(Environment, HasEachProviderForItsPrefix) {
    const auto options = from({{"GROQ_API_KEY", "g"},
                               {"MISTRAL_API_KEY", "m"},
                               {"DEEPSEEK_API_KEY", "d"},
                               {"XAI_API_KEY", "x"},
                               {"OPENAI_API_KEY", "o"},
                               {"OLLAMA_HOST", "127.0.0.1"}});
    EXPECT_EQ(served(options, "groq/openai/gpt-oss-120b"),
              "https://api.groq.com/openai/v1, g, openai/gpt-oss-120b");
    EXPECT_EQ(served(options, "mistral/m"), "https://api.mistral.ai/v1, m, m");
    EXPECT_EQ(served(options, "deepseek/c"), "https://api.deepseek.com/v1, d, c");
    EXPECT_EQ(served(options, "xai/grok"), "https://api.x.ai/v1, x, grok");
    EXPECT_EQ(served(options, "openai/gpt"), "https://api.openai.com/v1, o, gpt");
    EXPECT_EQ(served(options, "ollama/llama3.2:3b"), "http://127.0.0.1:11434/v1, , llama3.2:3b");
    EXPECT_EQ(served(options, "cohere/c"), "");
    EXPECT_EQ(served(options, "gpt"), "");
}

TEST(Environment, HasAnthropicAndGoogleInTheirOwnFormats) {
    const auto options = from({{"ANTHROPIC_API_KEY", "a"}, {"GEMINI_API_KEY", "g"}});
    EXPECT_EQ(served(options, "anthropic/claude-sonnet-4-6"),
              "https://api.anthropic.com, a, claude-sonnet-4-6");
    const std::string google = "https://generativelanguage.googleapis.com, g, gemini-2.5-pro";
    EXPECT_EQ(served(options, "gemini/gemini-2.5-pro"), google);
    EXPECT_EQ(served(options, "google/gemini-2.5-pro"), google);
    const auto speaks = [&](const std::string& model) {
        const auto found = conclave::detail::find_route(options.endpoints, model);
        return options.endpoints.at(found->endpoint).format.index();
    };
    EXPECT_EQ(speaks("anthropic/m"), wire::any_format(wire::anthropic_messages()).index());
    EXPECT_EQ(speaks("google/m"), wire::any_format(wire::google_generate_content()).index());

    const auto both = from({{"GEMINI_API_KEY", "x"}, {"GOOGLE_API_KEY", "g"}});
    EXPECT_EQ(served(both, "gemini/gemini-2.5-pro"), google);
    EXPECT_EQ(served(both, "gemini-2.5-pro"), google);  // there is no other place
    const auto elsewhere =
        from({{"ANTHROPIC_API_KEY", "a"}, {"ANTHROPIC_BASE_URL", "http://proxy"}});
    EXPECT_EQ(served(elsewhere, "anthropic/m"), "http://proxy, a, m");
    const auto gateway = from({{"ANTHROPIC_API_KEY", "a"}, {"OPPER_API_KEY", "p"}});
    EXPECT_EQ(served(gateway, "anthropic/m"), "https://api.anthropic.com, a, m");
    EXPECT_EQ(served(gateway, "gemini/m"), "https://api.opper.ai/v3/compat, p, gemini/m");
}

TEST(Environment, KnowsWhatAProviderDoesNotTake) {
    const auto options =
        from({{"GROQ_API_KEY", "g"}, {"MISTRAL_API_KEY", "m"}, {"DEEPSEEK_API_KEY", "d"}});
    EXPECT_FALSE(chat_of(options, "groq/m").json_schema);
    EXPECT_FALSE(chat_of(options, "deepseek/m").json_schema);
    EXPECT_FALSE(chat_of(options, "mistral/m").include_usage);
    EXPECT_TRUE(chat_of(options, "mistral/m").json_schema);
}

TEST(Environment, HasGatewaysForWhatNobodyElseServes) {
    const std::string openrouter = "https://openrouter.ai/api/v1, r, ";
    const auto alone = from({{"OPENROUTER_API_KEY", "r"}});
    EXPECT_EQ(served(alone, "anthropic/claude"), openrouter + "anthropic/claude");
    EXPECT_EQ(served(alone, "openrouter/anthropic/claude"), openrouter + "anthropic/claude");
    EXPECT_EQ(served(alone, "openrouter/auto"), openrouter + "openrouter/auto");

    const auto all =
        from({{"OPENROUTER_API_KEY", "r"}, {"OPPER_API_KEY", "p"}, {"GROQ_API_KEY", "g"}});
    EXPECT_EQ(served(all, "anthropic/claude"),
              "https://api.opper.ai/v3/compat, p, anthropic/claude");
    EXPECT_EQ(served(all, "openrouter/anthropic/claude"), openrouter + "anthropic/claude");
    EXPECT_EQ(served(all, "groq/llama"), "https://api.groq.com/openai/v1, g, llama");
}

TEST(Environment, ReadsOllamasHostAsOllamaDoes) {
    const auto base = [](const std::string& host) {
        return from({{"OLLAMA_HOST", host}}).endpoints.at(0).base_url;
    };
    EXPECT_EQ(base("127.0.0.1:11434"), "http://127.0.0.1:11434/v1");
    EXPECT_EQ(base("box"), "http://box:11434/v1");
    EXPECT_EQ(base(" box:8080/ "), "http://box:8080/v1");
    EXPECT_EQ(base(":8080"), "http://127.0.0.1:8080/v1");
    EXPECT_EQ(base("0.0.0.0"), "http://127.0.0.1:11434/v1");
    EXPECT_EQ(base("0.0.0.0:8080"), "http://127.0.0.1:8080/v1");
    EXPECT_EQ(base("http://box"), "http://box:80/v1");
    EXPECT_EQ(base("https://box/ollama/"), "https://box:443/ollama/v1");
    EXPECT_EQ(base("https://box:11434"), "https://box:11434/v1");
    EXPECT_EQ(base("[::1]:8080"), "http://[::1]:8080/v1");
    EXPECT_EQ(base("[::1]"), "http://[::1]:11434/v1");
    EXPECT_EQ(base("::1"), "http://[::1]:11434/v1");
    EXPECT_EQ(base("[::]"), "http://127.0.0.1:11434/v1");
    EXPECT_EQ(served(from({{"OLLAMA_HOST", "box"}}), "llama3.2"),
              "http://box:11434/v1, , llama3.2");
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

}  // namespace
