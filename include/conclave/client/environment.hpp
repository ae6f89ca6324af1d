#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/client/endpoint.hpp>
#include <conclave/http/characters.hpp>
#include <conclave/wire/any_format.hpp>

namespace conclave::detail {

/// The value of an environment variable; empty if it is not set.
inline std::string environment_variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// A provider that the environment may name.
struct known_provider {
    /// The variables that its key may be in; the first that is set counts.
    std::array<const char*, 2> key_variables;
    /// The variable that may name another place; null if there is none.
    const char* base_variable;
    const char* base_url;
    /// How names of its models begin; a null one is none, and an empty one takes every name.
    std::array<const char*, 2> prefixes;
    wire::any_format (*format)();
    /// A model whose name there begins with the prefix too; null if there is none.
    const char* whole_name = nullptr;
};

/// Chat Completions as most servers speak it.
inline wire::any_format plain_chat() { return wire::chat_completions(); }

/// OpenAI's reasoning models take `max_completion_tokens` alone, and no sampling.
inline wire::any_format openai_chat() {
    wire::chat_completions format;
    format.max_completion_tokens = true;
    format.without_sampling = {"gpt-5", "o1", "o3", "o4"};
    return format;
}

/// DeepSeek refuses schemas, and so do most models at Groq.
inline wire::any_format chat_without_schema() {
    wire::chat_completions format;
    format.json_schema = false;
    return format;
}

/// Mistral refuses `stream_options`, and reports the usage of every stream.
inline wire::any_format mistral_chat() {
    wire::chat_completions format;
    format.include_usage = false;
    return format;
}

inline wire::any_format anthropic() { return wire::anthropic_messages(); }

inline wire::any_format google() { return wire::google_generate_content(); }

/// Everyone's own endpoints first, then the gateways, which get what is left: a key of one's own
/// for a provider is there to be used.
inline constexpr std::array known_providers = {
    known_provider{{"OPENAI_API_KEY", nullptr},
                   "OPENAI_BASE_URL",
                   "https://api.openai.com/v1",
                   {"openai/", nullptr},
                   &openai_chat},
    known_provider{{"ANTHROPIC_API_KEY", nullptr},
                   "ANTHROPIC_BASE_URL",
                   "https://api.anthropic.com",
                   {"anthropic/", nullptr},
                   &anthropic},
    // Google's own packages prefer the first.
    known_provider{{"GOOGLE_API_KEY", "GEMINI_API_KEY"},
                   nullptr,
                   "https://generativelanguage.googleapis.com",
                   {"gemini/", "google/"},
                   &google},
    known_provider{{"GROQ_API_KEY", nullptr},
                   nullptr,
                   "https://api.groq.com/openai/v1",
                   {"groq/", nullptr},
                   &chat_without_schema},
    known_provider{{"MISTRAL_API_KEY", nullptr},
                   nullptr,
                   "https://api.mistral.ai/v1",
                   {"mistral/", nullptr},
                   &mistral_chat},
    known_provider{{"DEEPSEEK_API_KEY", nullptr},
                   nullptr,
                   "https://api.deepseek.com/v1",
                   {"deepseek/", nullptr},
                   &chat_without_schema},
    known_provider{
        {"XAI_API_KEY", nullptr}, nullptr, "https://api.x.ai/v1", {"xai/", nullptr}, &plain_chat},
    known_provider{{"OPPER_API_KEY", nullptr},
                   nullptr,
                   "https://api.opper.ai/v3/compat",
                   {"", nullptr},
                   &plain_chat},
    known_provider{{"OPENROUTER_API_KEY", nullptr},
                   nullptr,
                   "https://openrouter.ai/api/v1",
                   {"openrouter/", ""},
                   &plain_chat,
                   "openrouter/auto"},
};

/// For people who have set none of them: the variables that hold keys, and those that need none.
inline std::string key_variables() {
    std::string text = "CONCLAVE_BASE_URL, OLLAMA_HOST";
    for (const known_provider& provider : known_providers) {
        const bool is_last = &provider == &known_providers.back();
        text.append(is_last ? " or " : ", ").append(provider.key_variables[0]);
    }
    return text;
}

/// The base URL that `OLLAMA_HOST` means, which Ollama itself reads as `[scheme://]host[:port]`
/// with any part left out. A server told to listen everywhere is asked on this machine.
inline std::string ollama_base_url(std::string_view host) {
    host = http::trim(host);
    std::string scheme = "http";
    std::string port = ":11434";
    if (const std::size_t mark = host.find("://"); mark != host.npos) {
        scheme = host.substr(0, mark);
        host.remove_prefix(mark + 3);
        port = scheme == "https" ? ":443" : ":80";
    }
    std::string path(host.substr(std::min(host.find('/'), host.size())));
    host = host.substr(0, host.size() - path.size());
    while (path.ends_with('/'))
        path.pop_back();
    std::string name(host);
    const std::size_t colon = host.rfind(':');
    const bool is_bare_address = host.find(':') != colon && !host.starts_with('[');
    const bool ends_in_bracket = host.ends_with(']');
    if (is_bare_address) {
        name = "[" + std::string(host) + "]";
    } else if (colon != host.npos && !ends_in_bracket) {
        name = host.substr(0, colon);
        port = host.substr(colon);
    }
    if (name.empty() || name == "0.0.0.0" || name == "[::]") name = "127.0.0.1";
    return scheme + "://" + name + port + path + "/v1";
}

/// The endpoints of a provider whose key or place the environment has, if it has.
template <class Lookup>
void add_provider(const known_provider& provider, const Lookup& lookup,
                  std::vector<endpoint>& endpoints) {
    std::string key;
    for (const char* name : provider.key_variables) {
        if (name != nullptr && key.empty()) key = lookup(name);
    }
    if (key.empty()) return;
    std::string base = provider.base_variable != nullptr ? lookup(provider.base_variable) : "";
    if (base.empty()) base = provider.base_url;
    for (const char* prefix : provider.prefixes) {
        if (prefix == nullptr) continue;
        endpoint& added = endpoints.emplace_back(base, key, provider.format());
        added.prefix = prefix;
        const std::string_view whole = provider.whole_name != nullptr ? provider.whole_name : "";
        if (*prefix != '\0' && whole.starts_with(prefix)) added.models.emplace(whole, whole);
    }
}

/// The endpoints that the environment names; see `client_options::from_environment`. `lookup` is
/// given the name of a variable and returns its value, empty for none.
template <class Lookup>
std::vector<endpoint> endpoints_from(const Lookup& lookup) {
    std::vector<endpoint> endpoints;
    if (const std::string base = lookup("CONCLAVE_BASE_URL"); !base.empty()) {
        endpoints.emplace_back(base, lookup("CONCLAVE_API_KEY"));
        return endpoints;
    }
    for (const known_provider& provider : known_providers)
        add_provider(provider, lookup, endpoints);
    if (const std::string host = lookup("OLLAMA_HOST"); !host.empty()) {
        endpoints.emplace_back(ollama_base_url(host)).prefix = "ollama/";
    }
    return endpoints;
}

/// The server that runs the roundtables, if the environment names one.
template <class Lookup>
std::optional<endpoint> hosted_roundtable_from(const Lookup& lookup) {
    const std::string base = lookup("CONCLAVE_HOSTED_ROUNDTABLE");
    if (base.empty()) return std::nullopt;
    return endpoint(base, lookup("CONCLAVE_HOSTED_ROUNDTABLE_KEY"));
}

}  // namespace conclave::detail
