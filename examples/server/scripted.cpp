#include "scripted.hpp"

#include <conclave/testing/demo_panel.hpp>

#include <string>
#include <utility>

namespace server {

scripted_source start_scripted() {
    namespace testing = conclave::testing;
    namespace wire = conclave::wire;
    scripted_source made;
    made.provider = std::make_unique<testing::scripted_provider>();
    testing::install_demo_panel(*made.provider);
    const std::string url = made.provider->base_url();
    const std::string root = url.substr(0, url.rfind("/v1"));

    config& settings = made.settings;
    const auto add = [&](const std::string& base, const std::string& model,
                         wire::any_format format) {
        settings.client.endpoints.emplace_back(base, "", std::move(format));
        if (!model.empty()) settings.client.endpoints.back().models = {{model, model}};
    };
    add(url, "openai/gpt-5.5", wire::responses());
    add(root, "anthropic/claude-sonnet-4-6", wire::anthropic_messages());
    add(root, "gemini/gemini-2.5-pro", wire::google_generate_content());
    add(root, "google/gemini-2.5-flash", wire::google_interactions());
    add(url, "mistral/mistral-large", wire::chat_completions());
    settings.client.prices = testing::demo_prices();
    settings.client.prices["google/gemini-2.5-flash"] = {.input = 0.3, .output = 2.5};

    panel_setting three;
    three.models = {"openai/gpt-5.5", "anthropic/claude-sonnet-4-6", "gemini/gemini-2.5-pro"};
    settings.panels["panel/default"] = three;
    three.models = {"openai/gpt-5.5", "anthropic/claude-sonnet-4-6", "gemini/gemini-2.5-pro",
                    "google/gemini-2.5-flash", "mistral/mistral-large"};
    settings.panels["panel/five"] = three;
    settings.notice =
        "no configuration was given, so that a scripted provider answers: no model is asked";
    return made;
}

}  // namespace server
