#include "options.hpp"

#include <conclave/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>

namespace panel {

namespace {

// The parts between commas, without the spaces around them. Empty ones are kept, to be refused.
std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t comma = list.find(',');
        std::string_view part = list.substr(0, comma);
        part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
        part = part.substr(0, part.find_last_not_of(' ') + 1);
        parts.emplace_back(part);
        if (comma == list.npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

std::string read_file(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    std::string text;
    std::getline(file, text, '\0');
    if (!file.is_open() || file.bad()) {
        throw usage_error("--schema: cannot read " + name + ": " + std::strerror(errno));
    }
    if (text.empty()) throw usage_error("--schema: " + name + " is empty");
    return text;
}

conclave::resolution read_resolution(const std::string& word) {
    const auto meant = conclave::to_resolution(word);
    if (!meant) throw usage_error("--resolution must be summary, fast or multiple_choice");
    return *meant;
}

// Options as they are written, before they are looked into.
struct raw_options {
    std::string models;
    std::string resolution;
    std::string choices;
    std::string schema_file;
    bool no_color = false;
};

void declare(CLI::App& app, options& given, raw_options& raw) {
    app.set_version_flag("--version", CONCLAVE_VERSION_STRING);
    app.add_option("question", given.question, "What to ask")->type_name("");
    app.add_option("--models", raw.models, "Who sits on the panel")->type_name("A,B,C");
    app.add_option("--resolution", raw.resolution,
                   "How the answers become one: summary (default), fast (they do not), or\n"
                   "multiple_choice (default with --choices)")
        ->type_name("HOW");
    app.add_option("--choices", raw.choices, "What multiple_choice picks from")->type_name("A,B,C");
    app.add_option("--schema", raw.schema_file, "A file with a JSON Schema for every answer")
        ->type_name("FILE");
    app.add_option("--instructions", given.instructions, "A system prompt for every model")
        ->type_name("TEXT");
    app.add_option("--summary-model", given.summary_model, "The model that merges the answers")
        ->type_name("MODEL");
    app.add_option("--timeout", given.timeout_ms,
                   "The time of each model, 1 to 300000 (default 120000)")
        ->type_name("MS");
    app.add_option("--max-retries", given.max_retries,
                   "How often a model is tried again, 0 to 3 (default 1)")
        ->type_name("N");
    app.add_flag("--every-format", given.every_format,
                 "A scripted panel with a seat in each of the formats that the library speaks");
    app.add_flag("--json", given.json, "Print nothing but the answer as JSON");
    app.add_flag("--no-color", raw.no_color, "Without colours; so does the variable NO_COLOR");
    app.footer(
        "Asks real models with OPPER_API_KEY or OPENAI_API_KEY, or with CONCLAVE_BASE_URL any\n"
        "server that speaks Chat Completions (llama.cpp, Ollama, vLLM). With none of them set, a\n"
        "scripted panel on this machine answers.\n\n"
        "Status: 0 answered, 1 no model answered, 2 the command line or the request is not right.");
}

}  // namespace

std::optional<options> read_command_line(int count, const char* const* arguments) {
    options given;
    raw_options raw;
    CLI::App app("Asks a panel of language models one question and brings their answers together.",
                 "panel");
    declare(app, given, raw);
    try {
        app.parse(count, arguments);
    } catch (const CLI::Success& asked) {
        app.exit(asked);
        return std::nullopt;
    } catch (const CLI::ParseError& wrong) {
        throw usage_error(std::string(wrong.what()) + " (--help shows what there is)");
    }
    // An option that is there and empty is a mistake, and not one that is absent.
    if (app.count("--models") != 0) given.models = split(raw.models);
    if (app.count("--choices") != 0) given.choices = split(raw.choices);
    if (app.count("--resolution") != 0) given.resolution = read_resolution(raw.resolution);
    if (app.count("--schema") != 0) given.schema = read_file(raw.schema_file);
    const char* no_color = std::getenv("NO_COLOR");
    given.colours = !raw.no_color && (no_color == nullptr || *no_color == '\0');
    return given;
}

conclave::roundtable_request make_request(const options& given,
                                          const std::vector<std::string>& models) {
    conclave::roundtable_request request(given.question);
    for (const std::string& model : models)
        request.model(model);
    const auto unless_said = given.choices.empty() ? conclave::resolution::summary
                                                   : conclave::resolution::multiple_choice;
    request.resolve_by(given.resolution.value_or(unless_said))
        .choices(given.choices)
        .instructions(given.instructions)
        .output_schema(given.schema)
        .summary_model(given.summary_model);
    if (given.timeout_ms) request.timeout(std::chrono::milliseconds(*given.timeout_ms));
    if (given.max_retries) request.max_retries(*given.max_retries);
    return request;
}

}  // namespace panel
