#include "source.hpp"

#include "options.hpp"

#include <conclave/http/url.hpp>
#include <conclave/testing/demo_panel.hpp>

#include <cstdlib>
#include <string_view>
#include <utility>

namespace panel {

namespace {

const std::vector<std::string> every_provider = {"openai/gpt-5.5", "anthropic/claude-sonnet-4-6",
                                                 "gemini/gemini-2.5-pro"};
const std::vector<std::string> only_openai = {"openai/gpt-5.5", "openai/gpt-5-mini",
                                              "openai/gpt-4o"};

// Each in another format, the last one in Chat Completions, as is every other name.
const std::vector<std::string> one_of_every_format = {
    "openai/gpt-5.5", "anthropic/claude-sonnet-4-6", "gemini/gemini-2.5-pro",
    "google/gemini-2.5-flash", "mistral/mistral-large"};

bool is_set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

source start_scripted() {
    namespace testing = conclave::testing;
    source made;
    made.scripted = std::make_unique<testing::scripted_provider>(testing::provider_options().tls());
    testing::install_demo_panel(*made.scripted);
    std::string url = made.scripted->base_url();
    made.notice = "No key found: a scripted panel on " + url.substr(0, url.rfind("/v1")) +
                  " answers. Set OPPER_API_KEY, OPENAI_API_KEY or CONCLAVE_BASE_URL to ask real "
                  "models.";
    const std::string root = url.substr(0, url.rfind("/v1"));
    namespace wire = conclave::wire;
    const auto add = [&](std::string base, const std::string& model, wire::any_format format) {
        made.client.endpoints.emplace_back(std::move(base), "", std::move(format));
        if (!model.empty()) made.client.endpoints.back().models = {{model, model}};
    };
    add(url, "openai/gpt-5.5", wire::responses());
    add(root, "anthropic/claude-sonnet-4-6", wire::anthropic_messages());
    add(root, "gemini/gemini-2.5-pro", wire::google_generate_content());
    add(root, "google/gemini-2.5-flash", wire::google_interactions());
    add(url, "", wire::chat_completions());
    made.client.prices = testing::demo_prices();
    made.client.prices["google/gemini-2.5-flash"] = {.input = 0.3, .output = 2.5};
    made.client.tls.ca_pem = made.scripted->certificate_authority();
    made.models = every_provider;
    made.every_format = one_of_every_format;
    return made;
}

std::string host_of(const conclave::endpoint& asked) {
    conclave::http::url parsed;
    if (conclave::http::url::parse(asked.base_url, parsed)) {
        const char* variable =
            is_set("CONCLAVE_BASE_URL") ? "CONCLAVE_BASE_URL" : "OPENAI_BASE_URL";
        throw usage_error(std::string(variable) +
                          " is not an http or https URL, such as http://localhost:8080/v1");
    }
    return parsed.authority();
}

}  // namespace

source find_source() {
    source found;
    found.client = conclave::client_options::from_environment();
    const auto& endpoints = found.client.endpoints;
    if (endpoints.empty()) return start_scripted();

    found.notice = "Asking ";
    for (const conclave::endpoint& asked : endpoints) {
        if (&asked != endpoints.data()) found.notice += " and ";
        found.notice += host_of(asked);
        if (!asked.prefix.empty()) found.notice += " (for " + asked.prefix + "… models)";
    }
    found.notice += '.';
    if (is_set("CONCLAVE_BASE_URL")) return found;
    found.models = is_set("OPPER_API_KEY") ? every_provider : only_openai;
    return found;
}

}  // namespace panel
